"""Versions of the data: DVC holds every document and artefact ever recorded, git the pointers to them. `dvc status` shows the state."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from contextlib import chdir, nullcontext, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from tandem.errors import Refused
from tasks.data_version import NO_DATA, combined, data_version, documents_md5, examples_md5, hashes_below
from tasks.dvc_objects import cached, entry_in, is_sound, is_whole, objects_of
from tasks.repository import commit_of, commit_pointers, dvc_repository, git
from tasks.workspace import Workspace

ADD_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Recorded:
    """What `record` did. `git_commit` and `n_pushed` are None where nothing was committed or pushed; `notes` say why."""

    data_version: str
    documents_md5: str
    examples_md5: str
    stages: tuple[str, ...]
    git_commit: str | None
    n_pushed: int | None
    notes: tuple[str, ...] = ()


def record(workspace: Workspace, stages: Sequence[str], message: str) -> Recorded:
    """Bring DVC and git up to what lies there: the data and the outputs of `stages` (names in `dvc.yaml`) that a flow just made.

    Afterwards `dvc status` is clean for these stages and `dvc repro` has nothing to do for them. A push or a git commit that
    fails is noted, not raised: the next record makes up for it. Inside `dvc repro` (`DVC_STAGE` is set) nothing is recorded, for
    DVC does it. Raises Refused when the documents change faster than they can be recorded, or DVC cannot record a stage.
    """
    if os.environ.get("DVC_STAGE"):
        documents, examples = documents_md5(workspace), examples_md5(workspace)
        note = f"inside the DVC stage {os.environ['DVC_STAGE']}: DVC records it"
        return Recorded(combined(documents, examples), documents, examples, (), None, None, (note,))
    from dvc.exceptions import DvcException

    if "evaluate" in stages:  # before the first training an empty folder stands for "no adapter": DVC records no missing dependency
        workspace.adapter_dir.mkdir(parents=True, exist_ok=True)
    notes = []
    n_pushed = None
    with dvc_repository(workspace.root) as repo:
        outs = _add_data(repo, workspace)
        for stage in stages:
            try:
                _commit_stage(repo, workspace.root, stage)
            except DvcException as error:
                raise Refused(f"DVC cannot record the stage {stage}: {error}", hint="Run `dvc status`, then the flow again.") from error
        if workspace.params.versions.push:
            try:
                n_pushed = repo.push(targets=_targets(workspace, stages), jobs=2)
            except (DvcException, OSError) as error:
                notes.append(f"not pushed: {error}; the next record does it, or `dvc push`")
    git_commit = None
    if workspace.params.versions.git_commit:
        git_commit, git_note = commit_pointers(workspace.root, message)
        notes += [git_note] if git_note else []
    documents, examples = (outs.get(key, {}).get("md5", NO_DATA) for key in ("documents", "examples"))
    _remember(workspace, outs, git_commit)
    return Recorded(combined(documents, examples), documents, examples, tuple(stages), git_commit, n_pushed, tuple(notes))


def _commit_stage(repo: Any, root: Path, name: str) -> None:
    pipeline = str(root / "dvc.yaml")
    in_run_cache = not all(out.persist for out in repo.stage.load_one(pipeline, name).outs)
    # DVC 3.67 looks for dvc.yaml in the current directory when it writes the run cache; the watcher's `index` never needs this.
    with chdir(root) if in_run_cache else nullcontext():
        repo.commit(f"{pipeline}:{name}", force=True, relink=False)


def _add_data(repo: Any, workspace: Workspace) -> dict[str, dict[str, Any]]:
    """`documents` and `examples` -> their entry in the `.dvc` file, once every byte of that version lies in the cache."""
    md5s = {"documents": documents_md5(workspace), "examples": examples_md5(workspace)}
    return {key: _add(repo, path, md5s[key]) for key, path in _data(workspace).items() if md5s[key] != NO_DATA}


def _add(repo: Any, path: Path, md5: str) -> dict[str, Any]:
    """`dvc add`, then read back the objects that are new: an edit during the add leaves an object that is not what its name says."""
    pointer = path.with_name(path.name + ".dvc")
    before = entry_in(pointer)
    if before.get("md5") == md5 and is_whole(repo, md5):
        return before
    known = set(objects_of(repo, before.get("md5", "")))
    for _ in range(ADD_ATTEMPTS):
        try:
            repo.add(str(path), relink=False)
        except FileNotFoundError:
            continue  # a file went while it was being added
        entry = entry_in(pointer)
        fresh = [object for object in objects_of(repo, entry["md5"]) if object not in known]
        wrong = [object for object in fresh if not is_sound(cached(repo, object), object)]
        if not wrong:
            return entry
        for object in wrong:
            cached(repo, object).unlink(missing_ok=True)
    if lost := _broken_links(path):
        raise Refused(
            f"{path} cannot be recorded: {', '.join(lost)} {'is a link' if len(lost) == 1 else 'are links'} to a file that is not there",
            hint="Delete it, or put the file there, then run `tandem refresh`.",
        )
    raise Refused(
        f"{path} changed during each of {ADD_ATTEMPTS} attempts to record it",
        hint="Let the writing finish, then run `tandem refresh`.",
    )


def _broken_links(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_symlink() and not path.exists())


def _targets(workspace: Workspace, stages: Sequence[str]) -> list[str]:
    pointers = [path.with_name(path.name + ".dvc") for path in _data(workspace).values()]
    return [str(path) for path in pointers if path.is_file()] + [f"{workspace.root / 'dvc.yaml'}:{stage}" for stage in stages]


def unsound_objects(workspace: Workspace) -> dict[str, str]:
    """Objects of the recorded data that DVC's local cache does not hold as they were recorded: md5 -> `missing` or `damaged`."""
    found = {}
    with dvc_repository(workspace.root) as repo:
        for path in _data(workspace).values():
            md5 = entry_in(path.with_name(path.name + ".dvc")).get("md5", "")
            for one in dict.fromkeys([md5, *objects_of(repo, md5)] if md5 else []):
                if not is_sound(cached(repo, one), one.removesuffix(".dir")):
                    found[one] = "damaged" if cached(repo, one).is_file() else "missing"
    return found


def renew_objects(workspace: Workspace) -> None:
    """Put the recorded data that still lies in the workspace, unchanged, back into DVC's local cache."""
    unsound = unsound_objects(workspace)
    here = {documents_md5(workspace), examples_md5(workspace), *hashes_below(workspace.root, workspace.documents_dir).values()}
    with dvc_repository(workspace.root) as repo:
        for md5 in unsound.keys() & here:
            cached(repo, md5).unlink(missing_ok=True)
        _add_data(repo, workspace)


def recorded_md5s(workspace: Workspace) -> dict[str, str]:
    """`documents`, `examples` and `manifest` -> the md5 that DVC recorded last, empty where it has none."""
    import yaml

    lock = workspace.root / "dvc.lock"
    stages = (yaml.safe_load(lock.read_text(encoding="utf-8")) or {}).get("stages", {}) if lock.is_file() else {}
    outs = {out["path"]: out["md5"] for out in stages.get("index", {}).get("outs", [])}
    data = {key: entry_in(path.with_name(path.name + ".dvc")).get("md5", "") for key, path in _data(workspace).items()}
    return {**data, "manifest": outs.get(workspace.manifest_path.relative_to(workspace.root).as_posix(), "")}


# --- going back -----------------------------------------------------------------------------------------------------------


def restore_file(workspace: Workspace, doc_id: str, md5: str) -> bool:
    """Put the bytes with this md5 back as the document, from the DVC cache or else the remote; False where neither holds them."""
    with dvc_repository(workspace.root) as repo:
        source = cached(repo, md5)
        if not is_sound(source, md5):
            source = _fetched(repo, workspace, md5)
            if not is_sound(source, md5):
                return False
        _copy_atomically(source, workspace.documents_dir / doc_id, near=workspace.state_dir)
    return True


def _fetched(repo: Any, workspace: Workspace, md5: str) -> Path:
    """The object from the default remote, below `.tandem/`; a missing one is a path without a file."""
    from dvc.exceptions import DvcException

    path = workspace.state_dir / "fetched" / md5
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        remote = repo.cloud.get_remote_odb()
        remote.fs.get_file(remote.oid_to_path(md5), str(path))
    except (DvcException, OSError):
        path.unlink(missing_ok=True)
    return path


def _copy_atomically(source: Path, target: Path, near: Path) -> None:
    near.mkdir(parents=True, exist_ok=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=near, prefix="restoring-", delete=False) as part:
        part.write(source.read_bytes())
    os.chmod(part.name, 0o644)
    os.replace(part.name, target)


def checkout(workspace: Workspace, rev: str) -> str:
    """Put the documents and examples of a data version (or the start of one) or of a git revision back; returns the data version.

    What lies there now is added to DVC first, so nothing is lost: its data version is the way back. Raises Refused for an
    unknown version and where neither cache nor remote holds the bytes.
    """
    from dvc.exceptions import DvcException

    outs = _outs_of(workspace, rev)
    with dvc_repository(workspace.root) as repo:
        _remember(workspace, _add_data(repo, workspace), commit_of(workspace.root))
        pointers = {path.with_name(path.name + ".dvc"): outs[key] for key, path in _data(workspace).items() if key in outs}
        before = {pointer: pointer.read_bytes() for pointer in pointers if pointer.is_file()}
        for pointer, entry in pointers.items():
            _write_pointer(pointer, entry)
        targets = [str(pointer) for pointer in pointers]
        with suppress(DvcException, OSError):  # what could not be fetched is found missing below
            repo.fetch(targets=targets, jobs=2)
        if not all(is_whole(repo, entry["md5"]) for entry in outs.values()):
            for pointer, content in before.items():
                pointer.write_bytes(content)
            raise Refused(
                f"the data of {rev} lies neither whole in DVC's cache nor in its remote",
                hint="Make the remote reachable (`dvc remote list`), run `dvc fetch --all-commits`, and try again.",
            )
        repo.checkout(targets=targets, force=True)
    return data_version(workspace)


def _data(workspace: Workspace) -> dict[str, Path]:
    return {"documents": workspace.documents_dir, "examples": workspace.examples_path}


def _outs_of(workspace: Workspace, rev: str) -> dict[str, dict[str, Any]]:
    """The entries of the `.dvc` files of that version: from the workspace's own list, else from git."""
    import yaml

    known = {line["data_version"]: line["outs"] for line in remembered(workspace)}
    matching = [version for version in known if version.startswith(rev)]
    if len(matching) == 1 or rev in known:
        return dict(known[rev if rev in known else matching[0]])
    outs = {}
    for key, name in (("documents", "data/documents.dvc"), ("examples", "data/examples.jsonl.dvc")):
        shown = git(workspace.root, "show", f"{rev}:./{name}", check=False)
        if shown:
            outs[key] = dict(yaml.safe_load(shown)["outs"][0])
    if outs:
        return outs
    if len(matching) > 1:
        raise Refused(f"{rev} fits {len(matching)} data versions: {', '.join(matching)}", hint="Give more digits.")
    latest = ", ".join(list(known)[-5:]) or "none yet"
    raise Refused(f"{rev} is no recorded data version and no git revision with data; the latest: {latest}", hint="See `tandem history`.")


def _write_pointer(path: Path, entry: Mapping[str, Any]) -> None:
    import yaml

    path.write_text(yaml.safe_dump({"outs": [dict(entry)]}, sort_keys=False), encoding="utf-8")


def remembered(workspace: Workspace) -> list[dict[str, Any]]:
    """The workspace's own list of recorded data versions, oldest first."""
    path = workspace.state_dir / "versions.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.is_file() else []


def remembered_files(workspace: Workspace) -> list[tuple[str, dict[str, str]]]:
    """Per data version, oldest first: when it was recorded (ISO 8601), and path -> md5 of its documents. Those that are no longer in
    DVC's cache are left out."""
    lines, found = remembered(workspace), []
    if not lines:
        return []
    with dvc_repository(workspace.root) as repo:
        for line in lines:
            path = cached(repo, line["outs"].get("documents", {}).get("md5", NO_DATA))
            if path.is_file():
                files = {entry["relpath"]: entry["md5"] for entry in json.loads(path.read_text(encoding="utf-8"))}
                found.append((line["at"], files))
    return found


def _remember(workspace: Workspace, outs: Mapping[str, Mapping[str, Any]], git_commit: str | None) -> None:
    """Append to the workspace's own list of versions, which serves `checkout` where git does not track the pointers."""
    version = combined(*(outs.get(key, {}).get("md5", NO_DATA) for key in ("documents", "examples")))
    lines = remembered(workspace)
    if lines and lines[-1]["data_version"] == version:
        return
    workspace.state_dir.mkdir(parents=True, exist_ok=True)
    line = {"data_version": version, "at": datetime.now(UTC).isoformat(timespec="seconds"), "git_commit": git_commit, "outs": outs}
    with open(workspace.state_dir / "versions.jsonl", "a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
