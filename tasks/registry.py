"""The registry: versions of a workspace's way of answering, and which of them is champion, previous and challenger.

MLflow keeps it. `champion` is the only alias that changes what users get, so it is always moved last.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tandem.errors import Refused
from tasks.runs import replay_drift, replay_refresh, replay_training
from tasks.tracking import begun, connected, experiment, experiment_id, quoted, set_aside
from tasks.workspace import Workspace

if TYPE_CHECKING:
    from mlflow import MlflowClient

EVENT = "tandem.event."


@dataclass(frozen=True)
class RegisteredVersion:
    """A version of the registered model. `behaviour` is all that answers need; `adapter_path` is a local folder, None without adapter."""

    version: str
    variant: str
    behaviour: dict[str, Any]
    adapter_path: Path | None
    tags: dict[str, str]


def champion_version(workspace: Workspace) -> str | None:
    """The champion's number alone, without its files; None before the first promotion."""
    if not begun(workspace):
        return None
    with connected(workspace) as client:
        return _aliases(client, workspace).get("champion")


def standing(workspace: Workspace) -> dict[str, str | None] | None:
    """`model_version` and `variant` of the champion, from the registry's tags; None before the first promotion."""
    version = champion_version(workspace)
    if version is None:
        return None
    with connected(workspace) as client:
        return {"model_version": version, "variant": client.get_model_version(workspace.name, version).tags.get("variant")}


def promote(workspace: Workspace, version: str, remarks: Sequence[str] = ()) -> None:
    """Make a version the champion and the old champion `previous`; `remarks` join its reasons.

    No retries, the champion's alias last: killed anywhere and run again, the result is that of one clean run. Raises Refused for an
    unknown version.
    """
    with connected(workspace) as client:
        found = _versions(client, workspace)
        if str(version) not in found:
            raise Refused(f"{workspace.name} has no version {version}, only {', '.join(found) or 'none yet'}", hint="Run `tandem history`.")
        tags = found[str(version)]
        _switch(client, workspace, str(version), [*json.loads(tags.get("reasons", "[]")), *remarks], tags)


def rollback(workspace: Workspace) -> tuple[str, str]:
    """Swap champion and `previous`; (old champion, new champion). Raises Refused where there is no previous version."""
    with connected(workspace) as client:
        old, new = _way_back(client, workspace)
        tags = _versions(client, workspace)[new]
        _switch(client, workspace, new, [f"rolled back from version {old}"], tags, kind="rollback")
        return old, new


def check_way_back(workspace: Workspace) -> tuple[str, str]:
    """The versions that `rollback` would swap. Raises Refused where it would."""
    with connected(workspace) as client:
        return _way_back(client, workspace)


def _way_back(client: MlflowClient, workspace: Workspace) -> tuple[str, str]:
    """The champion and the version that a rollback returns to. Raises Refused where there is none."""
    aliases = _aliases(client, workspace)
    old = aliases.get("champion")
    events = _events(client, workspace)
    unfinished = _is_unfinished(client, workspace, events, old)
    if unfinished and events[-1]["kind"] == "rollback":
        new = events[-1]["model_version"]  # killed half-way: finish it
    elif unfinished and aliases.get("previous") == old:
        new = events[-2]["from"] if len(events) > 1 else None  # a promotion killed half-way has overwritten the alias
    else:
        new = aliases.get("previous")
    if old is None or new is None or new == old or new not in _versions(client, workspace):
        raise Refused(
            f"{workspace.name} has no previous version to return to (champion: {old or 'none'}, previous: {new or 'none'})",
            hint="`tandem history` lists what was promoted.",
        )
    return old, new


def version_of(workspace: Workspace, name: str) -> str:
    """The version behind an alias (champion, challenger, previous), or the version itself. Raises Refused for anything else."""
    with connected(workspace) as client:
        aliases = _aliases(client, workspace)
        if name in aliases:
            return aliases[name]
        if name in _versions(client, workspace):
            return name
    known = ", ".join(f"{alias} = {holder}" for alias, holder in sorted(aliases.items()))
    raise Refused(f"{workspace.name} has no version or alias {name!r} (aliases: {known or 'none yet'})", hint="Run `tandem history`.")


def champion(workspace: Workspace) -> RegisteredVersion | None:
    """The version that answers; None before the first promotion."""
    if not begun(workspace):
        return None
    with connected(workspace) as client:
        chosen = _aliases(client, workspace).get("champion")
        return _load(client, workspace, chosen) if chosen is not None else None


def registered(workspace: Workspace, version: str) -> RegisteredVersion:
    """One version with its files. Raises Refused where they cannot be had."""
    with connected(workspace) as client:
        return _load(client, workspace, version)


def versions(workspace: Workspace) -> dict[str, tuple[str, ...]]:
    """Every version, oldest first -> its aliases. An alias that is left of a deleted version names it all the same."""
    if not begun(workspace):
        return {}
    with connected(workspace) as client:
        aliases = _aliases(client, workspace)
        known = dict.fromkeys([*_versions(client, workspace), *sorted(aliases.values())])
        return {version: tuple(sorted(alias for alias, holder in aliases.items() if holder == version)) for version in known}


def last_promoted(workspace: Workspace) -> str | None:
    """The version of the last promotion or rollback that was begun; None before the first."""
    if not begun(workspace):
        return None
    with connected(workspace) as client:
        events = _events(client, workspace)
        return str(events[-1]["model_version"]) if events else None


def _load(client: MlflowClient, workspace: Workspace, version: str) -> RegisteredVersion:
    found = client.get_model_version(workspace.name, version)
    folder = _fetch(client, workspace, version, str(found.source))
    behaviour, adapter = _read_model(folder)
    return RegisteredVersion(version, behaviour["variant"], behaviour, adapter, dict(found.tags))


def history(workspace: Workspace) -> list[dict[str, Any]]:
    """Promotions and rollbacks in the order in which they took effect, as the registry itself records them."""
    if not begun(workspace):
        return []
    with connected(workspace) as client:
        events = _events(client, workspace)
        if _is_unfinished(client, workspace, events, _aliases(client, workspace).get("champion")):
            events.pop()  # written, but killed before the alias moved
    return [{key: value for key, value in event.items() if key not in ("kind", "from")} for event in events]


def flush_outbox(workspace: Workspace) -> int:
    """Replay the records that MLflow could not take, oldest first; how many. One that is still refused stays, for its `why` to be read.

    Raises Refused where MLflow cannot be reached at all.
    """
    from tasks.traffic import replay_feedback, replay_question

    replay = {
        "refresh": replay_refresh,
        "training": replay_training,
        "drift": replay_drift,
        "question": replay_question,
        "feedback": replay_feedback,
    }
    waiting, flushed = set_aside(workspace), 0
    if waiting:
        experiment_id(workspace)
    for path in waiting:
        try:
            put = json.loads(path.read_text(encoding="utf-8"))
            replay[put["kind"]](workspace, put["record"])
        except Exception:  # whatever is wrong with one record, the others are written
            continue
        path.unlink(missing_ok=True)
        flushed += 1
    return flushed


def _switch(
    client: MlflowClient, workspace: Workspace, new: str, reasons: list[str], tags: Mapping[str, str], kind: str = "promotion"
) -> None:
    """Event, then `previous`, then `champion`. An event whose alias never moved is written over."""
    name, old, events = workspace.name, _aliases(client, workspace).get("champion"), _events(client, workspace)
    if old == new:
        return
    unfinished = _is_unfinished(client, workspace, events, old)
    event = {
        "model_version": new,
        "variant": tags.get("variant"),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "n": json.loads(tags.get("n", "null")) if kind == "promotion" else None,
        "interval": json.loads(tags.get("interval", "null")) if kind == "promotion" else None,
        "data_version": tags.get("data_version"),
        "reasons": reasons,
        "kind": kind,
        "from": old,
    }
    client.set_registered_model_tag(name, f"{EVENT}{len(events) - unfinished:06d}", json.dumps(event))
    if kind == "promotion":
        client.set_model_version_tag(name, new, "promoted_at", event["at"])
    if old is not None:
        client.set_registered_model_alias(name, "previous", old)
    client.set_registered_model_alias(name, "champion", new)


def _is_unfinished(client: MlflowClient, workspace: Workspace, events: Sequence[Mapping[str, Any]], champion: str | None) -> bool:
    """Whether the last event was written and its alias never moved: the champion is the one before it. The first one has none before it,
    nor is there a champion where the first was deleted since."""
    if not events or champion != events[-1]["from"] or champion == events[-1]["model_version"]:
        return False
    return champion is not None or events[-1]["model_version"] in _versions(client, workspace)


def _events(client: MlflowClient, workspace: Workspace) -> list[dict[str, Any]]:
    model = _model(client, workspace)
    tags = dict(model.tags) if model else {}
    return [json.loads(tags[name]) for name in sorted(tags) if name.startswith(EVENT)]


def _aliases(client: MlflowClient, workspace: Workspace) -> dict[str, str]:
    """Alias -> version as a string (an int over SQLite, a string over REST)."""
    model = _model(client, workspace)
    return {alias: str(holder) for alias, holder in model.aliases.items()} if model else {}


def _model(client: MlflowClient, workspace: Workspace) -> Any:
    from mlflow.exceptions import MlflowException

    try:
        return client.get_registered_model(workspace.name)
    except MlflowException as error:
        if error.error_code == "RESOURCE_DOES_NOT_EXIST":
            return None
        raise


def _versions(client: MlflowClient, workspace: Workspace) -> dict[str, dict[str, str]]:
    """Version -> tags, oldest first."""
    found = client.search_model_versions(f"name = {quoted(workspace.name)}")
    return {str(entry.version): dict(entry.tags) for entry in sorted(found, key=lambda entry: int(entry.version))}


def _fetch(client: MlflowClient, workspace: Workspace, chosen: str, source: str) -> Path:
    """The version's files on this machine: in place over a local store, downloaded once into `.tandem/models/` otherwise."""
    kept = workspace.state_dir / "models" / f"{chosen}-{hashlib.sha256(source.encode()).hexdigest()[:12]}"
    if (kept / "MLmodel").is_file():
        return kept
    uri = client.get_model_version_download_uri(workspace.name, chosen)
    local = Path(uri.removeprefix("file://"))
    if (local / "MLmodel").is_file():
        return local
    with experiment(workspace):
        from mlflow.artifacts import download_artifacts

        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=kept.parent) as partial:
            found = Path(download_artifacts(f"models:/{workspace.name}/{chosen}", dst_path=partial))
            if not (found / "MLmodel").is_file():  # of a folder that is gone MLflow makes an empty one
                raise Refused(
                    f"the files of {workspace.name} version {chosen} are not at {uri}",
                    hint="Bring them back there; `tandem doctor` says of every version whether it can answer.",
                )
            shutil.rmtree(kept, ignore_errors=True)
            found.rename(kept)
    return kept


def _read_model(folder: Path) -> tuple[dict[str, Any], Path | None]:
    import yaml

    pyfunc = yaml.safe_load((folder / "MLmodel").read_text(encoding="utf-8"))["flavors"]["python_function"]
    adapter = (pyfunc.get("artifacts") or {}).get("adapter")
    behaviour = {name: value for name, value in pyfunc["config"].items() if name != "project"}
    return behaviour, folder / adapter["path"] if adapter else None
