"""Forget documents: out of the workspace, the index with its old versions, the caches. Run: tandem forget DOCUMENT...

Weights cannot unlearn and records are not rewritten: every adapter that was trained on a document is named, and so is what else still
holds its text. Killed at any line, it is finished by running it again.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from tandem.errors import Refused
from tandem.examples import usable_examples
from tasks import quarantine, registry
from tasks.checkpoint import drop_checkpoint
from tasks.converted import keep_only
from tasks.embed import embedding_cache
from tasks.erase import Erased, Kept, erase, kept, mentions, recorded_versions, sentences_of
from tasks.examples import document_ids, label_examples
from tasks.index import purge, text_hashes
from tasks.index_health import restore_earlier
from tasks.manifest import manifest_or_empty
from tasks.progress import Progress
from tasks.readers import is_name
from tasks.refresh import all_chunks, refresh
from tasks.tracking import begun, set_aside
from tasks.train import load_trained, read_trained
from tasks.versions import record
from tasks.workspace import Workspace, write_json

RETRAIN = "tandem retrain && tandem compare"


@dataclass(frozen=True)
class TrainedOn:
    """An adapter whose lineage names forgotten documents; `model_version` is None for the one in place."""

    model_version: str | None
    aliases: tuple[str, ...]
    documents: tuple[str, ...]
    next: str = RETRAIN


@dataclass(frozen=True)
class Forgotten:
    """What was done. `rows` of the table are left; `examples` (ids) name a forgotten document and are set aside from now on.

    `objects_removed` from DVC's cache and remote; `still` says what holds the text all the same; `notes` what could not be done.
    """

    forgotten: tuple[str, ...]
    rows: int
    vectors_dropped: int
    objects_removed: int
    adapters: tuple[TrainedOn, ...]
    examples: tuple[str, ...]
    still: tuple[str, ...]
    data_version: str | None
    notes: tuple[str, ...] = ()


def forget(workspace: Workspace, doc_ids: Sequence[str], everywhere: bool = False, progress: Progress | None = None) -> Forgotten:
    """Take documents out of all that answers and out of all that is kept to make it; `everywhere`: out of DVC's cache and remote too.

    Raises Refused, before anything is touched, for a document that is nowhere and where no document would be left.
    """
    with workspace.writing("training", timeout_s=1), workspace.writing("upkeep"), workspace.writing():
        ids, everywhere = _begin(workspace, doc_ids, everywhere)
        notes = [*_label(workspace), *_restore(workspace)]
        sentences = sentences_of(workspace, ids)
        examples = _naming(workspace, ids)
        adapters, showing, unasked = _holding_versions(workspace, ids)
        drop_checkpoint(workspace)  # an interrupted training may have begun on any earlier set
        for copy in (*workspace.state_dir.glob("fetched/*"), *workspace.state_dir.glob("restoring-*")):  # of files that were put back
            copy.unlink(missing_ok=True)
        for doc_id in ids:
            quarantine.clear(workspace, doc_id)
            _remove(workspace.documents_dir / doc_id)
        refreshed = refresh(workspace, progress=progress, guarded=False)  # nothing that crowds a canary out may keep it served
        purge(workspace)
        n_vectors = embedding_cache(workspace).keep_only(text_hashes(workspace))
        keep_only(workspace.converted_dir, {entry["md5"] for entry in manifest_or_empty(workspace)["documents"].values()})
        recorded = record(workspace, ["index"], f"Forget {len(ids)} documents") if (workspace.root / ".dvc").is_dir() else None
        sentences -= _said_elsewhere(workspace, sentences)
        found = kept(workspace, ids, sentences)
        erased = erase(workspace, found) if everywhere else Erased()
        still = (*_still(workspace, ids, examples, sentences), *showing, *_in_dvc(workspace, ids, found, everywhere))
        _marker(workspace).unlink(missing_ok=True)
    return Forgotten(
        forgotten=tuple(ids),
        rows=refreshed.rows,
        vectors_dropped=n_vectors,
        objects_removed=erased.n_removed,
        adapters=tuple(adapters),
        examples=examples,
        still=still,
        data_version=recorded.data_version if recorded else None,
        notes=(*notes, *unasked, *refreshed.notes, *(recorded.notes if recorded else ()), *erased.notes),
    )


def _begin(workspace: Workspace, doc_ids: Sequence[str], everywhere: bool) -> tuple[list[str], bool]:
    """The documents, with those of a run that was killed; written down before anything is touched."""
    marker = _marker(workspace)
    before: dict[str, Any] = json.loads(marker.read_text(encoding="utf-8")) if marker.is_file() else {"documents": [], "everywhere": False}
    asked = [doc_id.replace("\\", "/").removeprefix("./").removeprefix("data/documents/") for doc_id in doc_ids]
    known = _known(workspace) | set(before["documents"])
    unknown = [doc_id for doc_id in asked if doc_id not in known]
    if unknown:
        raise Refused(*(_nowhere(doc_id, known) for doc_id in unknown), hint="Give the path below data/documents; nothing was forgotten.")
    ids = sorted({*asked, *before["documents"]})
    if not {doc_id for doc_id in document_ids(workspace.documents_dir) if is_name(doc_id)} - set(ids):
        raise Refused(
            f"these are all of the documents below {workspace.documents_dir}: no index could be made of the rest",
            hint="Put another document there first, or delete the workspace.",
        )
    everywhere = everywhere or before["everywhere"]
    write_json(marker, {"documents": ids, "everywhere": everywhere})
    return ids, everywhere


def _known(workspace: Workspace) -> set[str]:
    """Documents on disk, served, in quarantine, in any recorded version, or learned by the adapter in place."""
    on_disk = document_ids(workspace.documents_dir)
    aside = set(quarantine.read_reasons(workspace)) if workspace.quarantine_dir.is_dir() else set()
    earlier = {doc_id for files in recorded_versions(workspace).values() for doc_id in files}
    trained = load_trained(workspace)
    learned = set(trained.lineage.get("documents", {})) if trained else set()
    return on_disk | manifest_or_empty(workspace)["documents"].keys() | aside | earlier | learned


def _nowhere(doc_id: str, known: Collection[str]) -> str:
    same_name = [one for one in sorted(known) if Path(one).name == Path(doc_id).name]
    close = list(dict.fromkeys([*same_name, *get_close_matches(doc_id, sorted(known), n=3)]))[:3]
    seen = f"close: {', '.join(close)}" if close else f"{len(known)} are known, none is close"
    return f"there is no document {doc_id!r} ({seen})"


def _marker(workspace: Workspace) -> Path:
    return workspace.state_dir / "forgetting.json"


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        hint = "Make its folder writable, then run the same command again."
        raise Refused(f"{path} cannot be deleted: {error.strerror}", hint=hint) from error


def _label(workspace: Workspace) -> list[str]:
    """Label the examples while their sources are there: one that was never labelled would be refused once its source is gone."""
    if workspace.examples_path.is_file() and workspace.manifest_path.is_file():
        try:
            label_examples(workspace)
        except Refused as refusal:
            return [f"the examples could not be labelled: {refusal.paragraph()}"]
    return []


def _restore(workspace: Workspace) -> list[str]:
    """Bring back into step what a registered version answers from: the purge drops every other table."""
    try:
        restore_earlier(workspace)
    except Refused as refusal:
        seen = "which tables registered versions answer from could not be asked, and all but the listed ones were dropped"
        return [f"{seen}: {refusal.paragraph()}"]
    return []


def _said_elsewhere(workspace: Workspace, sentences: Collection[str]) -> set[str]:
    """Those that the documents that are left hold too."""
    text = "\n".join(" ".join(piece.text.split()) for piece in all_chunks(workspace))
    return {sentence for sentence in sentences if sentence in text}


def _naming(workspace: Workspace, ids: Sequence[str]) -> tuple[str, ...]:
    if not workspace.examples_path.is_file():
        return ()
    text = workspace.examples_path.read_text(encoding="utf-8", errors="replace")
    found = usable_examples(text, _known(workspace) | set(ids))
    return tuple(example.id for example in found if set(example.sources) & set(ids))


def _holding_versions(workspace: Workspace, ids: Sequence[str]) -> tuple[list[TrainedOn], list[str], list[str]]:
    """The adapter in place and the registered ones that learned from these documents; the versions whose shots quote them, a line each;
    and what could not be asked."""
    found = [TrainedOn(None, (), learned)] if (learned := _learned(workspace.adapter_dir, ids)) else []
    showing, notes = [], []
    try:
        for version, aliases in registry.versions(workspace).items():
            with suppress(FileNotFoundError):
                known = registry.registered(workspace, version)
                if known.adapter_path is not None and (learned := _learned(known.adapter_path, ids)):
                    found.append(TrainedOn(version, aliases, learned))
                shots = [shot for shot in known.behaviour.get("shots", ()) if set(shot["documents"]) & set(ids)]
                if shots:
                    named = f"version {version} ({', '.join(aliases) or 'no alias'})"
                    showing.append(f"{named} shows {len(shots)} shots that quote it; `tandem compare`, then delete the version in MLflow")
    except Refused as refusal:
        notes.append(f"which registered adapters were trained on it could not be asked: {refusal.paragraph()}")
    return found, showing, notes


def _learned(adapter: Path, ids: Sequence[str]) -> tuple[str, ...]:
    trained = read_trained(adapter / "training.json")
    return tuple(sorted(set(trained.lineage.get("documents", {})) & set(ids))) if trained and trained.trained else ()


def _still(workspace: Workspace, ids: Sequence[str], examples: Sequence[str], sentences: Collection[str]) -> Iterator[str]:
    """What still holds the text in the workspace, or words of it, with what to do."""
    again = f"then `{_everywhere(ids)}` for the recorded ones"
    if examples:
        seen = f"{workspace.examples_path}: {len(examples)} examples name it and may quote it; they are set aside; delete their lines"
        yield f"{seen} (earlier versions of the file stay in DVC's cache)"
    if _quotes(workspace.training_set_path, ids, sentences):
        yield f"{workspace.training_set_path} holds passages of it; `tandem retrain`, {again}"
    reports = (workspace.evaluation_dir / "scorecards.json", *sorted(workspace.reports_dir.glob("*.html")))
    quoting = [path for path in reports if _quotes(path, ids, sentences)]
    if quoting:
        yield f"{len(quoting)} files of comparisons quote it, such as {quoting[0]}; `tandem compare`, delete the older reports, {again}"
    waiting = [path for path in set_aside(workspace) if _quotes(path, ids, sentences)]
    if waiting:
        yield f"{len(waiting)} records that wait for MLflow quote it, such as {waiting[0]}; delete them, or MLflow will get them"
    if begun(workspace):
        yield f"MLflow at {workspace.tracking_uri}: traces of answers and the records of trainings and comparisons may quote it"


def _in_dvc(workspace: Workspace, ids: Sequence[str], found: Kept, everywhere: bool) -> Iterator[str]:
    """What DVC's cache and remote hold of it, or did."""
    outputs = " and ".join(f"earlier {kind} ({len(md5s)} files)" for kind, md5s in found.outputs.items())
    if everywhere and found.doomed:
        gone = "its content is" if not found.shared else f"{len(found.doomed)} of its {len(found.doomed) + len(found.shared)} contents are"
        yield f"{gone} gone from DVC's cache: {found.n_versions} earlier data versions cannot be checked out any more"
    elif found.doomed:
        yield f"DVC's cache and remote hold it in {found.n_versions} earlier data versions; `{_everywhere(ids)}`"
    if outputs and everywhere:
        yield f"{outputs} that quoted it are gone from DVC's cache"
    elif outputs:
        yield f"DVC's cache and remote hold words of it in {outputs}; `{_everywhere(ids)}`"
    sharing = sorted({doc_id for doc_ids in found.shared.values() for doc_id in doc_ids})
    if sharing:
        seen = f"DVC's cache and remote keep {len(found.shared)} of its contents, for {', '.join(sharing)} has the same today"
        yield f"{seen}; `{_everywhere([*ids, *sharing])}`"
    if found.other_names:
        seen = f"DVC's cache and remote hold other contents of {', '.join(found.other_names)}, which had the same content once"
        yield f"{seen}; `{_everywhere(found.other_names)}`"
    if not found.knows_outputs:
        yield (
            "git has no history of dvc.lock: earlier training sets and scorecards in DVC's cache may quote it; `dvc gc --workspace "
            "--cloud` drops them, and with them every earlier data version: `tandem rollback --data` to those stops working"
        )
    if (workspace.root / ".git").exists():
        yield "git's history holds its name (data/labels.json), no text"


def _everywhere(ids: Sequence[str]) -> str:
    return shlex.join(["tandem", "forget", "--everywhere", *ids])


def _quotes(path: Path, ids: Sequence[str], sentences: Collection[str]) -> bool:
    return path.is_file() and mentions(path.read_text(encoding="utf-8", errors="replace"), ids, sentences)
