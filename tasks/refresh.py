"""Bring the index in step with `data/documents`: the critical path from a changed file to a searchable passage.

Run: python -m tasks.refresh   (the command of the DVC stage `index`, in the workspace's folder)
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tandem.chunking import chunk
from tandem.errors import Refused
from tandem.records import Chunk
from tasks import canaries, quarantine
from tasks.embed import CachedEmbedder, Embedder, embed_cached, embedder_of_layout, embedding_cache, load_embedder
from tasks.follow import follow
from tasks.index import Index, layout_of, pointer_path, read_pointer, table_name, write_pointer
from tasks.manifest import (
    Entries,
    entry_of,
    hold,
    out_of_step,
    read_manifest,
    replace_documents,
    settled,
    write_manifest,
    write_stamps,
)
from tasks.progress import Progress
from tasks.readers import read_document
from tasks.stage import run_stage
from tasks.state import State, read_state
from tasks.survey import Survey, nothing_to_serve, take_survey
from tasks.table import Batch, chunks_in, commit, documents_in, drop_table, find_table, open_sound, quoted
from tasks.warm import Warm
from tasks.workspace import Workspace, write_json

__all__ = ["Refreshed", "all_chunks", "read_manifest", "refresh"]


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

    @property
    def is_news(self) -> bool:
        """Whether anything was done at all."""
        return bool(self.added or self.changed or self.deleted or self.quarantined or self.repaired)

    def then(self, later: Refreshed) -> Refreshed:
        """The two as one: what a single refresh in place of both would have done, in the time of the slower."""
        added, changed, deleted = set(self.added), set(self.changed), set(self.deleted)
        came_back = deleted & set(later.added)
        all_added = (added | set(later.added)) - set(later.deleted) - came_back
        all_deleted = (deleted | set(later.deleted)) - (added & set(later.deleted)) - came_back
        all_changed = (changed | set(later.changed) | came_back) - all_added - all_deleted
        return replace(
            later,
            added=tuple(sorted(all_added)),
            changed=tuple(sorted(all_changed)),
            deleted=tuple(sorted(all_deleted)),
            quarantined={**self.quarantined, **later.quarantined},
            chunks_embedded=self.chunks_embedded + later.chunks_embedded,
            searchable_s=max(self.searchable_s, later.searchable_s),
            repaired=self.repaired or later.repaired,
            notes=tuple(dict.fromkeys((*self.notes, *later.notes))),
        )


def refresh(
    workspace: Workspace,
    changed: Sequence[str] | None = None,
    progress: Progress | None = None,
    rebuild: bool = False,
    warm: Warm | None = None,
    guarded: bool = True,
) -> Refreshed:
    """Read, check, chunk, embed and commit what has changed since the manifest. It may be killed at any line and run again.

    `changed` names documents whose bytes are read even where size and time look the same; `rebuild` writes all rows anew, from the
    embedding cache. With `warm`, what a long-lived process keeps from one refresh to the next, `changed` may also name folders, and
    nothing else is looked at: the time until the text is searchable does not grow with the number of documents. Raises Refused and
    leaves the index as it was: no readable document at all, or a canary question that does not find its document any more. Deleted
    documents leave it then too, and so do those that fewer callers may see now, until a refresh passes. `guarded=False` asks no canary.
    """
    report = progress or (lambda step, done, total: None)
    with workspace.writing():
        for state, anew in _starts(workspace, None if rebuild else warm, rebuild):
            done = _refresh(workspace, state, changed, report, anew, guarded)
            if done is not None:
                notes = follow(workspace, state.entries, report)
                if warm is not None:
                    warm.keep(workspace, state)
                return replace(done, notes=(*done.notes, *notes))
    raise Refused(
        f"the table at {workspace.index_uri} does not hold what was written to it, even after a rebuild",
        hint="Stop whatever else writes to it, or set TANDEM_INDEX_URI to another place, and run `tandem refresh` again.",
    )


def _starts(workspace: Workspace, warm: Warm | None, rebuild: bool) -> Iterator[tuple[State, bool]]:
    """The states to start from, each where the audit after the one before failed, and whether to write all rows anew."""
    kept = warm.take(workspace) if warm is not None else None
    if kept is not None:
        yield kept, False
    yield read_state(workspace), rebuild
    yield read_state(workspace), True


def _refresh(
    workspace: Workspace, state: State, changed: Sequence[str] | None, progress: Progress, rebuild: bool, guarded: bool
) -> Refreshed | None:
    """None: the audit found the table unlike the manifest. With `rebuild` all rows are written anew in one commit."""
    started = time.perf_counter()
    survey = take_survey(workspace, state, changed, progress, rebuild)
    _set_aside(workspace, survey)
    chunks = {doc_id: chunk(document, workspace.params.chunking) for doc_id, document in survey.documents.items()}
    entries = _entries(workspace, survey, chunks)
    stale = sorted((survey.with_rows - entries.keys()) | (survey.with_rows & chunks.keys()))
    table, n_embedded, searchable_s = survey.table, 0, 0.0
    if table is None or chunks or stale:  # where nothing changed no model is loaded
        rows = [piece for pieces in chunks.values() for piece in pieces]
        embedder = load_embedder(workspace.params.embedder, workspace.settings)
        texts = [piece.embedded_text for piece in rows]
        store = embedding_cache(workspace)
        vectors, n_embedded = embed_cached(embedder, texts, store, lambda done, total: progress("embed", done, total))
        batch = Batch(rows, vectors, {doc_id: document.md5 for doc_id, document in survey.documents.items()}, embedder.name)
        name, language = table_name(workspace), workspace.params.index.language
        anew = rebuild or table is None
        table = commit(workspace.index_uri, name, batch, stale, language, overwrite=anew, table=table)
        searchable_s = time.perf_counter() - started
        if guarded:
            _hold_to_canaries(workspace, state, survey, entries, table, embedder)
        if not _is_in_step(state, survey, entries, table):
            return None
    return _conclude(workspace, state, survey, entries, table, n_embedded, searchable_s or time.perf_counter() - started)


def _set_aside(workspace: Workspace, survey: Survey) -> None:
    """Move bad files to quarantine and put the last good version of each back where there is one."""
    hold(workspace, survey.rescued)
    for doc_id, reasons in list(survey.bad.items()):
        if not quarantine.put(workspace, doc_id, reasons, survey.seen[doc_id]):
            del survey.bad[doc_id]
    for doc_id in sorted(survey.rescued):
        if _restore(workspace, doc_id, survey.served[doc_id]["md5"]) and doc_id not in survey.kept:
            survey.documents[doc_id] = read_document(workspace.documents_dir, doc_id, workspace.params.documents, workspace.converted_dir)


def _restore(workspace: Workspace, doc_id: str, md5: str) -> bool:
    """Whether the last good version is back in its place, where nothing else was.

    Below `dvc repro` DVC is locked: nothing is asked of it.
    """
    if os.environ.get("DVC_STAGE") or not (workspace.root / ".dvc").is_dir() or os.path.lexists(workspace.documents_dir / doc_id):
        return False
    from tasks.versions import restore_file

    return restore_file(workspace, doc_id, md5)


def _entries(workspace: Workspace, survey: Survey, chunks: Mapping[str, Sequence[Chunk]]) -> Entries:
    """The manifest's documents as they will be. A document served without its file is marked `held`."""
    entries = {doc_id: {key: value for key, value in entry.items() if key != "held"} for doc_id, entry in survey.kept.items()}
    for doc_id in survey.rescued & entries.keys():
        if not (workspace.documents_dir / doc_id).is_file():
            entries[doc_id]["held"] = True
    for doc_id, pieces in chunks.items():
        entries[doc_id] = entry_of(survey.documents[doc_id], [piece.id for piece in pieces])
    if not entries and not survey.n_beside:
        raise nothing_to_serve(workspace, survey.bad)
    return entries


def _hold_to_canaries(workspace: Workspace, state: State, survey: Survey, entries: Entries, table: Any, embedder: Embedder) -> None:
    """Undo the commit and raise Refused where a question does not find any more what it found before."""

    def settled_md5(doc_id: str) -> str | None:
        before, after = state.entries.get(doc_id), entries.get(doc_id)
        if before is None or (doc_id in survey.served and (after is None or after["md5"] != before["md5"])):
            return None
        return str(before["md5"])

    store = embedding_cache(workspace)
    after = Index(workspace.index_uri, table, lambda: CachedEmbedder(embedder, store), workspace.params.retrieval)
    lost = canaries.lost(workspace, settled_md5, after, lambda: _index_before(workspace, survey))
    if not lost:
        return
    if survey.table is None:
        drop_table(workspace.index_uri, table.name)
    else:
        table.restore(_version_before(workspace, survey))
    withdrawn = _withdraw(workspace, survey, entries)
    depth = workspace.params.index.canary_depth
    raise Refused(
        *(
            f"after this refresh the question {example.question!r} ({example.id}) would no longer find {' or '.join(example.sources)} "
            f"among the first {depth} documents"
            for example in lost
        ),
        hint=f"The index is as it was before{withdrawn}. Mend the documents that crowd it out, or correct the example, and run "
        "`tandem refresh`.",
    )


def _withdraw(workspace: Workspace, survey: Survey, entries: Entries) -> str:
    """Take out of all tables what was deleted, or may be seen by fewer callers than before; says how much that was."""
    gone = [doc_id for doc_id in survey.served if doc_id not in entries]
    narrowed = [doc_id for doc_id, before in survey.served.items() if doc_id in entries and _is_narrower(entries[doc_id], before)]
    leaving = sorted((*gone, *narrowed))
    if not leaving:
        return ""
    table = find_table(workspace.index_uri, read_pointer(workspace)["table"])
    if table is not None:
        table.delete(f"doc_id IN ({quoted(leaving)})")
        write_json(pointer_path(workspace), {**read_pointer(workspace), "version": int(table.version)})
    left = {doc_id: entry for doc_id, entry in read_manifest(workspace)["documents"].items() if doc_id not in leaving}
    replace_documents(workspace, left)
    follow(workspace, left, lambda *_: None)
    return f", but for {len(gone)} deleted and {len(narrowed)} restricted documents, which have left it"


def _is_narrower(entry: Mapping[str, Any], before: Mapping[str, Any]) -> bool:
    now, then = set(entry["roles"]), set(before["roles"])
    return bool(now) and (not then or not then <= now)


def _index_before(workspace: Workspace, survey: Survey) -> Index | None:
    """What was served before this refresh, at its version; None where there was nothing or its embedder is gone."""
    try:
        pointer = read_pointer(workspace)
        embedder = embedder_of_layout(pointer["layout"], workspace.settings)
    except Refused:
        return None
    table = find_table(workspace.index_uri, pointer["table"])
    if table is None:
        return None
    if survey.table is not None and table.name == survey.table.name:
        table.checkout(_version_before(workspace, survey))
    return Index(workspace.index_uri, table, lambda: CachedEmbedder(embedder, embedding_cache(workspace)), workspace.params.retrieval)


def _version_before(workspace: Workspace, survey: Survey) -> int:
    """The version that the last finished refresh left, and not what a killed one committed after it."""
    assert survey.table is not None
    pointer = read_pointer(workspace)
    kept = {entry["version"] for entry in survey.table.list_versions()}
    return int(pointer["version"]) if pointer["table"] == survey.table.name and pointer["version"] in kept else survey.version


def _is_in_step(state: State, survey: Survey, entries: Entries, table: Any) -> bool:
    """The audit: whether the table holds what the manifest will say, in all, and of each document that was looked at."""
    if state.is_fresh:
        return not out_of_step(entries, documents_in(table))
    beside = sum(len(entry["chunks"]) for doc_id, entry in state.entries.items() if doc_id not in survey.served)
    expected = beside + sum(len(entry["chunks"]) for entry in entries.values())
    return int(table.count_rows()) == expected and not out_of_step(entries, documents_in(table, survey.served.keys() | entries.keys()))


def _conclude(
    workspace: Workspace, state: State, survey: Survey, entries: Entries, table: Any, n_embedded: int, searchable_s: float
) -> Refreshed:
    """Write what readers and the next refresh go by, and say what was done."""
    served = survey.served
    fresh = [doc_id for doc_id in entries if doc_id not in served]
    changed = [doc_id for doc_id in entries if doc_id in served and entries[doc_id]["md5"] != served[doc_id]["md5"]]
    _keep(workspace, state, survey, entries, table)
    deleted = [doc_id for doc_id in served if doc_id not in entries and doc_id not in survey.bad]
    for doc_id in (*fresh, *changed, *(doc_id for doc_id in deleted if not served[doc_id].get("held"))):
        quarantine.clear(workspace, doc_id)
    return Refreshed(
        added=tuple(sorted(fresh)),
        changed=tuple(sorted(changed)),
        deleted=tuple(sorted(deleted)),
        unchanged=len(state.entries) - len(fresh) - len(changed),
        quarantined={quarantine.shown(doc_id): "; ".join(reasons) for doc_id, reasons in survey.bad.items()},
        chunks_embedded=n_embedded,
        index_version=int(table.version),
        rows=int(table.count_rows()),
        searchable_s=round(searchable_s, 3),
        repaired=survey.wrong,
        notes=tuple(_unread(workspace, survey)),
    )


def _unread(workspace: Workspace, survey: Survey) -> Iterator[str]:
    for folder, why in survey.unreadable.items():
        n_kept = sum(folder == "." or doc_id.startswith(f"{folder}/") for doc_id in survey.kept)
        place = workspace.documents_dir / folder
        yield f"{place} cannot be read ({why}): {n_kept} documents served from there stay as they were; run `chmod u+rx {place}`"


def _keep(workspace: Workspace, state: State, survey: Survey, entries: Entries, table: Any) -> None:
    """Bring the state up to date, on disk too. Old stamps there do no harm, so only a look at all files writes them."""
    looked_at = survey.served.keys() | entries.keys()
    is_same = entries == survey.served and not survey.rescued and not state.is_fresh
    state.entries = {**{doc_id: entry for doc_id, entry in state.entries.items() if doc_id not in looked_at}, **entries}
    state.layout, state.checks, state.table = layout_of(workspace.params), workspace.params.documents.model_dump(), table
    stamps = settled(survey.seen)
    if survey.n_beside:
        state.stamps = {**{doc_id: one for doc_id, one in state.stamps.items() if doc_id not in looked_at}, **stamps}
    elif stamps != state.stamps:
        state.stamps = stamps
        write_stamps(workspace, stamps)
    if not is_same:
        write_manifest(workspace, state.entries, state.lines)
        write_pointer(workspace, table)


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
