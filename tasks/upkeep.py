"""Upkeep of the tables: compaction, their indexes, old versions. Edits go on meanwhile."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any

from tasks.index import earlier_tables, found_tables, pointer_path, read_pointer
from tasks.table import Held, documents_in, find_table, optimize
from tasks.workspace import Busy, Workspace, write_json

KEEP_VERSIONS = timedelta(days=1)
FOREVER = timedelta(days=36_500)
MAINTAIN_EVERY = 20  # commits: a refresh that changes something is one, or two
PASSES = 4


def maintain(workspace: Workspace, keep: timedelta = KEEP_VERSIONS, every: int = MAINTAIN_EVERY) -> bool:
    """Once in `every` commits: compact the tables, bring their indexes up to date, and drop their versions older than `keep`.

    Off the critical path: new rows are found before it, and it holds the writer's lock only to note what it did. From
    `index.vector_index_rows` rows on it builds indexes of vectors and collections. Whether anything was done.
    """
    if _due(workspace, every) is None:
        return False
    with suppress(Busy), workspace.writing("upkeep", timeout_s=0):  # Busy: another process is at it
        table = _due(workspace, every)
        if table is None:
            return False
        tables = (table, *found_tables(workspace, earlier_tables(workspace)))
        for one in tables:
            _compact(workspace, one)
        if _note(workspace, table):
            for one in tables:
                with suppress(RuntimeError):  # an edit came between: the next upkeep drops them
                    optimize(one, keep, tries=1)
        return True
    return False


def _due(workspace: Workspace, every: int) -> Any | None:
    """The serving table, where `every` commits were made since its last upkeep."""
    pointer = read_pointer(workspace)
    table = find_table(workspace.index_uri, pointer["table"])
    return table if table is not None and int(table.version) >= pointer.get("maintained", 0) + every else None


def _compact(workspace: Workspace, table: Any) -> None:
    """Several passes, for one joins only what is indexed alike. Where an edit comes between, LanceDB takes the edit and refuses the
    compaction (213 commits against 513 compactions and index builds: no commit failed, no row was lost); after one that was refused
    the last pass holds the lock.
    """
    min_rows, is_refused = workspace.params.index.vector_index_rows, False
    for _ in range(PASSES):
        version = int(table.version)
        try:
            index_large(table, min_rows)
            optimize(table, FOREVER, tries=1)
        except RuntimeError:
            is_refused = True
            continue
        if int(table.version) == version:
            break
    else:
        is_refused = True
    if is_refused:
        with workspace.writing():
            index_large(table, min_rows)
            optimize(table, FOREVER, leftovers=workspace.settings.index_uri is None)


def index_large(table: Any, min_rows: int) -> None:
    """Give a table of so many rows the indexes that a small one is faster without: of the vectors, and of the collections."""
    from lancedb.index import Bitmap, IvfRq

    wanted = {"vector": IvfRq(distance_type="cosine"), "collection": Bitmap()} if table.count_rows() >= min_rows else {}
    for column in wanted.keys() - {index.columns[0] for index in table.list_indices()}:
        table.create_index(column, config=wanted[column])


def _note(workspace: Workspace, table: Any) -> bool:
    """Whether the pointer names the compacted version now. Not where that holds other rows than the last refresh left: an edit came, or
    a refresh was killed; its old versions may be needed still.
    """
    served, compacted = read_pointer(workspace)["version"], int(table.version)
    is_same = _held_at(workspace, table.name, served) == _held_at(workspace, table.name, compacted)
    with workspace.writing():
        pointer, version = read_pointer(workspace), int(table.version)
        if pointer["table"] != table.name:
            return False
        is_same = is_same and (pointer["version"], version) == (served, compacted)
        noted = {"version": version, "maintained_from": served} if is_same else {"maintained_from": None}
        write_json(pointer_path(workspace), {**pointer, "maintained": version, **noted})
        return is_same


def _held_at(workspace: Workspace, name: str, version: int) -> Held | None:
    table = find_table(workspace.index_uri, name)
    if table is None or version not in {entry["version"] for entry in table.list_versions()}:
        return None
    table.checkout(version)
    return documents_in(table)
