"""Keep the tables of earlier layouts in step: a registered version answers from the one that it was made on until another takes over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tandem.chunking import chunk
from tandem.errors import Refused
from tandem.params import Chunking
from tandem.records import Document
from tasks.embed import embed_cached, embedder_of_layout, embedding_cache
from tasks.index import earlier_tables
from tasks.manifest import Entries
from tasks.progress import Progress
from tasks.readers import Unreadable, read_document
from tasks.table import Batch, commit, open_sound, quoted
from tasks.workspace import Workspace


def follow(workspace: Workspace, entries: Entries, progress: Progress) -> tuple[str, ...]:
    """Bring every earlier table up to the manifest's entries, in one commit each; returns notes on what could not be done.

    After the serving table and off its critical path. It goes by what each table holds, so a run that is killed is made up for.
    """
    notes = []
    for name, layout in earlier_tables(workspace).items():
        try:
            _bring_up(workspace, entries, name, layout, progress)
        except Refused as refusal:
            notes.append(f"the earlier table {name} lags behind: {refusal.paragraph()}")
    return tuple(notes)


def _bring_up(workspace: Workspace, entries: Entries, name: str, layout: Mapping[str, Any], progress: Progress) -> None:
    """Raises Refused where the layout's embedder cannot be had; what is gone or changed has then left the table all the same."""
    table, held = open_sound(workspace.index_uri, name, layout["language"])
    lagging = [doc_id for doc_id, entry in entries.items() if held.get(doc_id, ("",))[0] != entry["md5"]]
    documents = _served(workspace, entries, lagging)
    rows = [piece for document in documents for piece in chunk(document, Chunking(**layout["chunking"]))]
    stale = sorted((held.keys() - entries.keys()) | (held.keys() & set(lagging)))
    if not rows and not stale:
        return
    try:
        embedder = embedder_of_layout(layout, workspace.settings)
        texts = [piece.embedded_text for piece in rows]
        vectors, _ = embed_cached(embedder, texts, embedding_cache(workspace), lambda done, total: progress("embed", done, total))
    except Refused:
        if table is not None and stale:
            table.delete(f"doc_id IN ({quoted(stale)})")
        raise
    batch = Batch(rows, vectors, {document.id: document.md5 for document in documents}, embedder.name)
    commit(workspace.index_uri, name, batch, stale, layout["language"], overwrite=table is None)


def _served(workspace: Workspace, entries: Entries, doc_ids: list[str]) -> list[Document]:
    """Those documents whose file is the version of the manifest; the rows of the others give way, for they say what is no longer so."""
    found = []
    for doc_id in doc_ids:
        try:
            document = read_document(workspace.documents_dir, doc_id, workspace.params.documents, workspace.converted_dir)
        except Unreadable:
            continue
        if document.md5 == entries[doc_id]["md5"]:
            found.append(document)
    return found
