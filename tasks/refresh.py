"""Bring the index in step with `data/documents`: the critical path from a changed file to a searchable passage.

Run: python -m tasks.refresh   (the command of the DVC stage `index`, in the workspace's folder)
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from tandem.chunking import chunk
from tandem.errors import Refused
from tandem.params import Embedder as EmbedderParams
from tandem.records import Chunk, Document
from tasks import canaries, quarantine
from tasks.embed import CachedEmbedder, Embedder, embed_cached, embedding_cache, load_embedder
from tasks.follow import follow
from tasks.index import Index, layout_of, read_pointer, table_name, write_pointer
from tasks.manifest import (
    Entries,
    entry_of,
    hold,
    manifest_or_empty,
    out_of_step,
    read_manifest,
    read_stamps,
    write_manifest,
    write_stamps,
)
from tasks.readers import FileStamp, Unreadable, read_document, scan
from tasks.stage import run_stage
from tasks.table import Batch, Held, chunks_in, commit, documents_in, drop_table, find_table, open_sound
from tasks.workspace import Workspace

__all__ = ["Refreshed", "all_chunks", "read_manifest", "refresh"]

Progress = Callable[[str, int, int], None]
MAX_LISTED = 20


@dataclass(frozen=True)
class Refreshed:
    """What a refresh did.

    `unchanged` counts; `quarantined` maps ids to reasons; `searchable_s`: seconds from the start until readers saw the commit;
    `repaired`: the table was not what the manifest said of it, and now is. `notes`: what could not be done and is tried again by
    the next refresh.
    """

    added: tuple[str, ...]
    changed: tuple[str, ...]
    deleted: tuple[str, ...]
    unchanged: int
    quarantined: dict[str, str]
    chunks_embedded: int
    index_version: int
    rows: int
    searchable_s: float
    data_version: str | None = None
    repaired: bool = False
    notes: tuple[str, ...] = ()


@dataclass
class _Survey:
    """What there is before anything is touched.

    `served`: the manifest's documents as they were. `kept`: those of them whose rows stay as they are. `rescued`: those whose last
    good version goes on serving, for their file is bad, or is in quarantine already. `wrong`: the table is not what the manifest
    says of it. `unreadable`: folders that could not be looked into; what was served from there stays.
    """

    served: Entries
    table: Any | None
    version: int
    in_table: Held
    seen: dict[str, FileStamp]
    documents: dict[str, Document]
    bad: dict[str, tuple[str, ...]]
    kept: Entries
    rescued: set[str]
    wrong: bool
    unreadable: Mapping[str, str]


def refresh(
    workspace: Workspace, changed: Sequence[str] | None = None, progress: Progress | None = None, rebuild: bool = False
) -> Refreshed:
    """Read, check, chunk, embed and commit what has changed since the manifest. It may be killed at any line and run again.

    `changed` names documents whose bytes are read even where size and time look the same; `rebuild` writes all rows anew, from the
    embedding cache. Raises Refused and leaves the index as it was: no readable document at all, or a canary question that does not
    find its document any more.
    """
    report = progress or (lambda step, done, total: None)
    with workspace.writing():
        done = _refresh(workspace, changed or (), report, rebuild) or _refresh(workspace, (), report, rebuild=True)
        if done is None:
            raise Refused(
                f"the table at {workspace.index_uri} does not hold what was written to it, even after a rebuild",
                hint="Stop whatever else writes to it, or set TANDEM_INDEX_URI to another place, and run `tandem refresh` again.",
            )
        return replace(done, notes=(*done.notes, *follow(workspace, report)))


def _refresh(workspace: Workspace, suspects: Sequence[str], progress: Progress, rebuild: bool = False) -> Refreshed | None:
    """None: the audit found the table unlike the manifest. With `rebuild` all rows are written anew in one commit."""
    started = time.perf_counter()
    survey = _survey(workspace, suspects, progress, rebuild)
    _set_aside(workspace, survey)
    chunks = {doc_id: chunk(document, workspace.params.chunking) for doc_id, document in survey.documents.items()}
    entries = _entries(workspace, survey, chunks)
    stale = sorted((survey.in_table.keys() - entries.keys()) | (survey.in_table.keys() & chunks.keys()))
    table, n_embedded, searchable_s = survey.table, 0, 0.0
    if table is None or chunks or stale:  # where nothing changed no model is loaded
        rows = [piece for pieces in chunks.values() for piece in pieces]
        embedder = load_embedder(workspace.params.embedder, workspace.settings)
        texts = [piece.embedded_text for piece in rows]
        store = embedding_cache(workspace)
        vectors, n_embedded = embed_cached(embedder, texts, store, lambda done, total: progress("embed", done, total))
        batch = Batch(rows, vectors, {doc_id: document.md5 for doc_id, document in survey.documents.items()}, embedder.name)
        anew = rebuild or survey.table is None
        table = commit(workspace.index_uri, table_name(workspace), batch, stale, workspace.params.index.language, overwrite=anew)
        searchable_s = time.perf_counter() - started
        _hold_to_canaries(workspace, survey, entries, table, embedder)
        if out_of_step(entries, documents_in(table)):
            return None
    return _conclude(workspace, survey, entries, table, n_embedded, searchable_s or time.perf_counter() - started)


def _survey(workspace: Workspace, suspects: Sequence[str], progress: Progress, rebuild: bool) -> _Survey:
    """Raises Refused where nothing would be left to serve."""
    previous = manifest_or_empty(workspace)
    served: Entries = previous["documents"]
    table, in_table = open_sound(workspace.index_uri, table_name(workspace))
    known = served if previous["layout"] == layout_of(workspace.params) else {}
    wrong = out_of_step(known, in_table)
    sound = {} if rebuild else {doc_id: entry for doc_id, entry in known.items() if doc_id not in wrong}
    scanned = scan(workspace.documents_dir, read_stamps(workspace), suspects)
    seen = scanned.files
    same = {doc_id for doc_id, stamp in seen.items() if doc_id in sound and sound[doc_id]["md5"] == stamp.md5}
    checked = previous.get("checks") == workspace.params.documents.model_dump()
    passed = {doc_id for doc_id in same if checked and not _is_past(sound[doc_id])}
    read, bad = _read(workspace, [doc_id for doc_id in seen if doc_id not in passed], progress)
    documents = {doc_id: document for doc_id, document in read.items() if doc_id not in same or sound[doc_id]["md5"] != document.md5}
    rescued = {doc_id for doc_id, entry in served.items() if not _is_past(entry) and _is_replaced(workspace, doc_id, entry, seen, bad)}
    stays = seen.keys() - bad.keys() - documents.keys() | rescued | {doc_id for doc_id in served if scanned.hides(doc_id)}
    kept = {doc_id: entry for doc_id, entry in sound.items() if doc_id in stays}
    if not documents and not kept and not rescued:
        raise _nothing_to_serve(workspace, bad)
    return _Survey(
        served=served,
        table=table,
        version=int(table.version) if table is not None else 0,
        in_table=in_table,
        seen=seen,
        documents=documents,
        bad=bad,
        kept=kept,
        rescued=rescued,
        wrong=rebuild or bool(wrong and known),
        unreadable=scanned.unreadable,
    )


def _is_past(entry: Mapping[str, Any]) -> bool:
    """Whether a document's `valid_until` is over."""
    return entry["valid_until"] is not None and entry["valid_until"] < date.today().isoformat()


def _is_replaced(workspace: Workspace, doc_id: str, entry: Mapping[str, Any], seen: Mapping[str, FileStamp], bad: Collection[str]) -> bool:
    """Whether a served document's file gave way to a bad one: now, or earlier without its good version coming back."""
    if doc_id in seen:
        return doc_id in bad and seen[doc_id].md5 != entry["md5"]
    return bool(entry.get("held")) and quarantine.holds(workspace, doc_id)


def _read(workspace: Workspace, doc_ids: Sequence[str], progress: Progress) -> tuple[dict[str, Document], dict[str, tuple[str, ...]]]:
    """The documents that can be served, and for each other one the reasons why it cannot."""
    documents: dict[str, Document] = {}
    bad: dict[str, tuple[str, ...]] = {}
    for number, doc_id in enumerate(doc_ids, start=1):
        try:
            documents[doc_id] = read_document(workspace.documents_dir, doc_id, workspace.params.documents, workspace.converted_dir)
        except Unreadable as error:
            bad[doc_id] = (str(error),)
        progress("read", number, len(doc_ids))
    if documents:
        from tasks.checks import check_documents

        refused = check_documents(list(documents.values()), workspace.params)
        bad.update({doc_id: tuple(reasons) for doc_id, reasons in refused.items() if reasons})
    return {doc_id: document for doc_id, document in documents.items() if doc_id not in bad}, bad


def _set_aside(workspace: Workspace, survey: _Survey) -> None:
    """Move bad files to quarantine and put the last good version of each back where there is one."""
    hold(workspace, survey.rescued)
    for doc_id, reasons in survey.bad.items():
        quarantine.put(workspace, doc_id, reasons, survey.seen[doc_id])
    for doc_id in sorted(survey.rescued):
        if _restore(workspace, doc_id, survey.served[doc_id]["md5"]) and doc_id not in survey.kept:
            survey.documents[doc_id] = read_document(workspace.documents_dir, doc_id, workspace.params.documents, workspace.converted_dir)


def _restore(workspace: Workspace, doc_id: str, md5: str) -> bool:
    """Whether the last good version is back in its place. Below `dvc repro` DVC is locked: nothing is asked of it."""
    if os.environ.get("DVC_STAGE") or not (workspace.root / ".dvc").is_dir():
        return False
    from tasks.versions import restore_file

    return restore_file(workspace, doc_id, md5)


def _entries(workspace: Workspace, survey: _Survey, chunks: Mapping[str, Sequence[Chunk]]) -> Entries:
    """The manifest's documents as they will be. A document served without its file is marked `held`."""
    entries = {doc_id: {key: value for key, value in entry.items() if key != "held"} for doc_id, entry in survey.kept.items()}
    for doc_id in survey.rescued & entries.keys():
        if not (workspace.documents_dir / doc_id).is_file():
            entries[doc_id]["held"] = True
    for doc_id, pieces in chunks.items():
        entries[doc_id] = entry_of(survey.documents[doc_id], [piece.id for piece in pieces])
    if not entries:
        raise _nothing_to_serve(workspace, survey.bad)
    return entries


def _nothing_to_serve(workspace: Workspace, bad: Mapping[str, Sequence[str]]) -> Refused:
    if not bad:
        return Refused(f"{workspace.documents_dir} holds no document", hint="Put documents there and run `tandem refresh`.")
    listed = [f"{quarantine.shown(doc_id)}: {'; '.join(reasons)}" for doc_id, reasons in list(bad.items())[:MAX_LISTED]]
    more = [f"and {len(bad) - MAX_LISTED} more"] if len(bad) > MAX_LISTED else []
    return Refused(
        f"none of the {len(bad)} documents in {workspace.documents_dir} can be served",
        *listed,
        *more,
        hint="Mend one and run `tandem refresh`.",
    )


def _hold_to_canaries(workspace: Workspace, survey: _Survey, entries: Entries, table: Any, embedder: Embedder) -> None:
    """Undo the commit and raise Refused where a question does not find any more what it found before."""
    settled = [doc_id for doc_id, entry in survey.served.items() if entries.get(doc_id, {}).get("md5") == entry["md5"]]
    store = embedding_cache(workspace)
    after = Index(workspace.index_uri, table, lambda: CachedEmbedder(embedder, store), workspace.params.retrieval)
    lost = canaries.lost(workspace, settled, after, lambda: _index_before(workspace, survey))
    if not lost:
        return
    if survey.table is None:
        drop_table(workspace.index_uri, table.name)
    else:
        table.restore(_version_before(workspace, survey))
    depth = workspace.params.index.canary_depth
    raise Refused(
        *(
            f"after this refresh the question {example.question!r} ({example.id}) would no longer find {' or '.join(example.sources)} "
            f"among the first {depth} documents"
            for example in lost
        ),
        hint="The index is as it was before. Mend the documents that crowd it out, or correct the example, and run `tandem refresh`.",
    )


def _index_before(workspace: Workspace, survey: _Survey) -> Index | None:
    """What was served before this refresh, at its version; None where there was nothing or its embedder is gone."""
    try:
        pointer = read_pointer(workspace)
        embedder = load_embedder(EmbedderParams(**pointer["layout"]["embedder"]), workspace.settings)
    except Refused:
        return None
    table = find_table(workspace.index_uri, pointer["table"])
    if table is None:
        return None
    if survey.table is not None and table.name == survey.table.name:
        table.checkout(_version_before(workspace, survey))
    return Index(workspace.index_uri, table, lambda: CachedEmbedder(embedder, embedding_cache(workspace)), workspace.params.retrieval)


def _version_before(workspace: Workspace, survey: _Survey) -> int:
    """The version that the last finished refresh left, and not what a killed one committed after it."""
    assert survey.table is not None
    pointer = read_pointer(workspace)
    kept = {entry["version"] for entry in survey.table.list_versions()}
    return int(pointer["version"]) if pointer["table"] == survey.table.name and pointer["version"] in kept else survey.version


def _conclude(workspace: Workspace, survey: _Survey, entries: Entries, table: Any, n_embedded: int, searchable_s: float) -> Refreshed:
    """Write what readers and the next refresh go by, and say what was done."""
    served = survey.served
    fresh = [doc_id for doc_id in entries if doc_id not in served]
    changed = [doc_id for doc_id in entries if doc_id in served and entries[doc_id]["md5"] != served[doc_id]["md5"]]
    write_manifest(workspace, entries)
    write_stamps(workspace, survey.seen)
    write_pointer(workspace, table)
    deleted = [doc_id for doc_id in served if doc_id not in entries and doc_id not in survey.bad]
    for doc_id in (*fresh, *changed, *(doc_id for doc_id in deleted if not served[doc_id].get("held"))):
        quarantine.clear(workspace, doc_id)
    return Refreshed(
        added=tuple(sorted(fresh)),
        changed=tuple(sorted(changed)),
        deleted=tuple(sorted(deleted)),
        unchanged=len(entries) - len(fresh) - len(changed),
        quarantined={quarantine.shown(doc_id): "; ".join(reasons) for doc_id, reasons in survey.bad.items()},
        chunks_embedded=n_embedded,
        index_version=int(table.version),
        rows=int(table.count_rows()),
        searchable_s=round(searchable_s, 3),
        repaired=survey.wrong,
        notes=tuple(_unread(workspace, survey)),
    )


def _unread(workspace: Workspace, survey: _Survey) -> Iterator[str]:
    for folder, why in survey.unreadable.items():
        n_kept = sum(folder == "." or doc_id.startswith(f"{folder}/") for doc_id in survey.kept)
        place = workspace.documents_dir / folder
        yield f"{place} cannot be read ({why}): {n_kept} documents served from there stay as they were; run `chmod u+rx {place}`"


def all_chunks(workspace: Workspace) -> list[Chunk]:
    """Every chunk that the manifest names, by document and place: from the table, or cut anew from the documents where the table is
    not what the manifest says (a fresh clone, say)."""
    entries: Entries = read_manifest(workspace)["documents"]
    table, held = open_sound(workspace.index_uri, table_name(workspace))
    if table is not None and not out_of_step(entries, held):
        return chunks_in(table)
    wanted = {key for entry in entries.values() for key in entry["chunks"]}
    present = sorted(doc_id for doc_id, entry in entries.items() if not entry.get("held"))
    documents = [read_document(workspace.documents_dir, doc_id, workspace.params.documents, workspace.converted_dir) for doc_id in present]
    return [piece for document in documents for piece in chunk(document, workspace.params.chunking) if piece.id in wanted]


def main() -> None:
    """Refresh the workspace in the current folder; exit 1 with the reasons where it is refused."""
    run_stage(_refresh_once)


def _refresh_once(workspace: Workspace) -> str:
    done = refresh(workspace)
    counts = f"{len(done.added)} added, {len(done.changed)} changed, {len(done.deleted)} deleted, {len(done.quarantined)} quarantined"
    return f"Documents: {counts}; {done.rows} chunks in the index."


if __name__ == "__main__":
    main()
