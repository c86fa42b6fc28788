"""Forget documents: out of the workspace, the index with its old versions, the caches. Run: tandem forget DOCUMENT...

Weights cannot unlearn and records are not rewritten: every adapter that was trained on a document is named, and so is what else still
holds its text. Killed at any line, it is finished by running it again.
"""

from __future__ import annotations

import json
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
from tasks.erase import Erased, erase, recorded_versions
from tasks.examples import document_ids, label_examples
from tasks.index import purge, text_hashes
from tasks.manifest import manifest_or_empty
from tasks.refresh import Progress, refresh
from tasks.tracking import begun
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
    with workspace.writing("training", timeout_s=1), workspace.writing():
        ids, everywhere = _begin(workspace, doc_ids, everywhere)
        notes = _label(workspace)
        examples = _naming(workspace, ids)
        adapters, unasked = _trained_on(workspace, ids)
        _drop_interrupted_training(workspace, ids)
        for doc_id in ids:
            quarantine.clear(workspace, doc_id)
            _remove(workspace.documents_dir / doc_id)
        refreshed = refresh(workspace, progress=progress)
        purge(workspace)
        n_vectors = embedding_cache(workspace).keep_only(text_hashes(workspace))
        keep_only(workspace.converted_dir, {entry["md5"] for entry in manifest_or_empty(workspace)["documents"].values()})
        recorded = record(workspace, ["index"], f"Forget {len(ids)} documents") if (workspace.root / ".dvc").is_dir() else None
        erased = erase(workspace, ids) if everywhere else Erased()
        still = tuple(_still(workspace, ids, examples, everywhere))
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
    if not document_ids(workspace.documents_dir) - set(ids):
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


def _naming(workspace: Workspace, ids: Sequence[str]) -> tuple[str, ...]:
    if not workspace.examples_path.is_file():
        return ()
    text = workspace.examples_path.read_text(encoding="utf-8", errors="replace")
    found = usable_examples(text, _known(workspace) | set(ids))
    return tuple(example.id for example in found if set(example.sources) & set(ids))


def _trained_on(workspace: Workspace, ids: Sequence[str]) -> tuple[list[TrainedOn], list[str]]:
    """The adapter in place and the registered ones that learned from these documents; and what could not be asked."""
    found = [TrainedOn(None, (), learned)] if (learned := _learned(workspace.adapter_dir, ids)) else []
    notes = []
    try:
        for version, aliases in registry.versions(workspace).items():
            with suppress(FileNotFoundError):
                adapter = registry.registered(workspace, version).adapter_path
                if adapter is not None and (learned := _learned(adapter, ids)):
                    found.append(TrainedOn(version, aliases, learned))
    except Refused as refusal:
        notes.append(f"which registered adapters were trained on it could not be asked: {refusal.paragraph()}")
    return found, notes


def _learned(adapter: Path, ids: Sequence[str]) -> tuple[str, ...]:
    trained = read_trained(adapter / "training.json")
    return tuple(sorted(set(trained.lineage.get("documents", {})) & set(ids))) if trained and trained.trained else ()


def _drop_interrupted_training(workspace: Workspace, ids: Sequence[str]) -> None:
    lineage = workspace.training_set_path.parent / "lineage.json"
    if lineage.is_file() and set(json.loads(lineage.read_text(encoding="utf-8"))["documents"]) & set(ids):
        drop_checkpoint(workspace)


def _still(workspace: Workspace, ids: Sequence[str], examples: Sequence[str], everywhere: bool) -> Iterator[str]:
    """What still holds the text, or words of it, with what to do."""
    if examples:
        yield f"{workspace.examples_path}: {len(examples)} examples name it and may quote it; they are set aside; delete their lines"
    training_set = workspace.training_set_path
    if any(_names(training_set, ids)):
        yield f"{training_set} and its versions in DVC's cache hold passages of it; `tandem retrain`, then `dvc gc --workspace`"
    reports = (workspace.evaluation_dir / "scorecards.json", *sorted(workspace.reports_dir.glob("*.html")))
    quoting = [path for path in reports if _quotes(path, ids)]
    if quoting:
        yield f"{len(quoting)} files of comparisons quote it, such as {quoting[0]}; `tandem compare`, then delete the older reports"
    if begun(workspace):
        yield f"MLflow at {workspace.tracking_uri}: traces of answers and the records of trainings and comparisons may quote it"
    n_versions = sum(bool(files.keys() & set(ids)) for files in recorded_versions(workspace).values())
    if n_versions and everywhere:
        yield f"its content is gone from DVC's cache: {n_versions} earlier data versions cannot be checked out any more"
    elif n_versions:
        yield f"DVC's cache and remote hold it in {n_versions} earlier data versions; `tandem forget --everywhere {' '.join(ids)}`"
    if (workspace.root / ".git").exists():
        yield "git's history holds its name (data/labels.json), no text"


def _names(path: Path, ids: Sequence[str]) -> Iterator[bool]:
    if path.is_file():
        for line in path.read_text(encoding="utf-8").splitlines():
            yield bool(set(json.loads(line)["documents"]) & set(ids))


def _quotes(path: Path, ids: Sequence[str]) -> bool:
    text: Any = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
    return any(doc_id in text for doc_id in ids)
