"""A LanceDB table of chunks: one row a chunk, one atomic commit a change set, and what it holds."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np

from tandem.chunking import text_hash
from tandem.errors import Refused
from tandem.records import Chunk

RETRIES = 3
ASIDE = ".damaged"

Held = dict[str, tuple[str, tuple[str, ...]]]  # document id -> md5 of the file that its rows came from, its chunk ids sorted


def find_table(uri: str, name: str) -> Any | None:
    """The LanceDB table, or None where there is none that can be opened. Reads through it see each commit at once."""
    if "://" not in uri and not Path(uri, f"{name}.lance").is_dir():
        return None
    try:
        return connect(uri).open_table(name)
    except (ValueError, FileNotFoundError):
        return None
    except RuntimeError:
        if "://" in uri:  # perhaps it is only out of reach
            raise
        return None


def open_sound(uri: str, name: str, language: str | None = None) -> tuple[Any | None, Held]:
    """The table and what it holds. None where there is none, and for one that cannot be read: files of it are gone or cut short.

    With `language`, one that lacks its full-text index, for a writer was killed before it, gets it. A store that is not a folder is
    never taken for damaged: its errors may be the network's, and are raised.
    """
    table = find_table(uri, name)
    try:
        held = documents_in(table)
        if table is not None:
            search_text(table, "tandem").limit(1).to_list()
            if language:
                ensure_text_index(table, language)
    except (RuntimeError, ValueError):
        if "://" in uri:
            raise
        return None, {}
    return table, held


def search_text(table: Any, question: str) -> Any:
    """A full-text query, to be narrowed and run."""
    from lancedb.query import MatchQuery

    match: Any = MatchQuery
    return table.search(match(question, "search_text"), query_type="fts")


def connect(uri: str) -> Any:
    """The store, made where it is a folder that does not exist yet. Raises Refused where it cannot be made."""
    import lancedb

    try:
        return lancedb.connect(uri, read_consistency_interval=timedelta(0))
    except OSError as error:
        raise Refused(
            f"there can be no index at {uri}: {error.strerror or error}",
            hint="Set TANDEM_INDEX_URI to a folder that can be written, or unset it, and run again.",
        ) from error


@dataclass(frozen=True)
class Batch:
    """Chunks to be written: their `vectors` (n, d) float32 in the same order, the md5 of each one's document, the embedder's name."""

    chunks: Sequence[Chunk]
    vectors: np.ndarray
    md5s: Mapping[str, str]
    embedder: str


def commit(
    uri: str,
    name: str,
    batch: Batch,
    stale: Sequence[str] = (),
    language: str = "English",
    overwrite: bool = False,
    table: Any | None = None,
) -> Any:
    """One atomic commit: upsert the batch and drop all other rows of the `stale` documents. Creates the table where there is none.

    `language` is that of the full-text index; `overwrite` replaces all rows; `table` is the open one, where it is at hand.
    """
    rows = _rows(batch)
    table = find_table(uri, name) if table is None else table
    if table is None or overwrite:
        return rewrite(uri, name, rows, language, table)
    if batch.chunks:
        merge = table.merge_insert("chunk_id").when_matched_update_all().when_not_matched_insert_all()
        if stale:
            merge = merge.when_not_matched_by_source_delete(f"doc_id IN ({quoted(stale)})")
        merge.execute(rows)
    elif stale:
        table.delete(f"doc_id IN ({quoted(stale)})")
    ensure_text_index(table, language)
    return table


def rewrite(uri: str, name: str, rows: Any, language: str, table: Any | None) -> Any:
    """The table with these rows alone, and a new full-text index. Of `table`, a sound one, they are replaced in one commit under the
    old text index, so that no version is without one; its other indexes are left to the upkeep."""
    if table is not None and _replace(table, rows):
        for index in table.list_indices():
            if index.columns != ["search_text"]:
                table.drop_index(index.name)
        _index_text(table, language)
        return table
    table = _write_anew(uri, name, rows)
    ensure_text_index(table, language)
    return table


def _replace(table: Any, rows: Any) -> bool:
    """Whether all rows could be replaced: not where a key is there twice, which a merge leaves, nor where the old rows cannot be read."""
    try:
        keys = table.search().select(["chunk_id"]).limit(None).to_arrow()["chunk_id"]
        if len(keys.unique()) < len(keys):
            return False
        merge = table.merge_insert("chunk_id").when_matched_update_all().when_not_matched_insert_all()
        merge.when_not_matched_by_source_delete().execute(rows)
    except (RuntimeError, ValueError):
        return False
    return True


def _write_anew(uri: str, name: str, rows: Any) -> Any:
    """The table with these rows alone: as another version of the one that is there. One that cannot even be opened stands aside
    until the new one is whole, and comes back where that cannot be written (a full disk, say)."""
    folder = Path(uri, f"{name}.lance")
    connection = connect(uri)
    if "://" not in uri and not folder.is_dir():
        return connection.create_table(name, data=rows)
    try:
        return connection.create_table(name, data=rows, mode="overwrite")
    except RuntimeError:
        if "://" in uri:
            raise
    aside = folder.with_name(f"{name}{ASIDE}")
    shutil.rmtree(aside, ignore_errors=True)
    folder.rename(aside)
    try:
        table = connection.create_table(name, data=rows)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        aside.rename(folder)
        raise
    shutil.rmtree(aside)
    return table


def _rows(batch: Batch) -> Any:
    import pyarrow as pa

    chunks = batch.chunks

    columns = {
        "chunk_id": pa.array([chunk.id for chunk in chunks], pa.string()),
        "doc_id": pa.array([chunk.doc_id for chunk in chunks], pa.string()),
        "doc_md5": pa.array([batch.md5s[chunk.doc_id] for chunk in chunks], pa.string()),
        "ordinal": pa.array([chunk.ordinal for chunk in chunks], pa.int32()),
        "heading": pa.array([chunk.heading for chunk in chunks], pa.string()),
        "text": pa.array([chunk.text for chunk in chunks], pa.string()),
        "search_text": pa.array([chunk.search_text for chunk in chunks], pa.string()),
        "collection": pa.array([chunk.collection for chunk in chunks], pa.string()),
        "roles": pa.array([list(chunk.roles) for chunk in chunks], pa.list_(pa.string())),
        "file_title": pa.array([chunk.file_title for chunk in chunks], pa.string()),
        "text_hash": pa.array([text_hash(chunk) for chunk in chunks], pa.string()),
        "vector": pa.FixedSizeListArray.from_arrays(pa.array(batch.vectors.reshape(-1), pa.float32()), batch.vectors.shape[1]),
    }
    # LanceDB takes a key for one only with this metadata on a non-null field; without it two writers could double every row.
    key = pa.field("chunk_id", pa.string(), nullable=False, metadata={"lance-schema:unenforced-primary-key": "true"})
    others = [pa.field(name, array.type) for name, array in columns.items() if name != key.name]
    schema = pa.schema([key, *others], metadata={"tandem:embedder": batch.embedder})
    return pa.Table.from_arrays([columns[name] for name in schema.names], schema=schema)


def ensure_text_index(table: Any, language: str) -> None:
    """Give it a full-text index where it has none."""
    if not any(index.columns == ["search_text"] for index in table.list_indices()):
        _index_text(table, language)


def _index_text(table: Any, language: str) -> None:
    """Full-text search by stems, without stop words: kept, they cost text search a third of its first places (bench/retrieval.py)."""
    from lancedb.index import FTS

    table.create_index("search_text", config=FTS(language=language, stem=True, remove_stop_words=True))


def documents_in(table: Any | None, only: Collection[str] | None = None) -> Held:
    """What a table holds, of all documents or `only` of some. One whose rows came from two versions of its file has an empty md5."""
    if table is None or (only is not None and not only):
        return {}
    query = table.search() if only is None else table.search().where(f"doc_id IN ({quoted(sorted(only))})")
    columns = query.select(["doc_id", "doc_md5", "chunk_id"]).limit(None).to_arrow()
    held: dict[str, tuple[set[str], list[str]]] = {}
    for doc_id, md5, key in zip(*(columns[name].to_pylist() for name in ("doc_id", "doc_md5", "chunk_id")), strict=True):
        md5s, keys = held.setdefault(doc_id, (set(), []))
        md5s.add(md5)
        keys.append(key)
    return {doc_id: (md5s.pop() if len(md5s) == 1 else "", tuple(sorted(keys))) for doc_id, (md5s, keys) in held.items()}


def chunks_in(table: Any, where: str | None = None) -> list[Chunk]:
    """Every row as a chunk, or those of an SQL condition, by document and place."""
    names = ["chunk_id", "doc_id", "ordinal", "heading", "text", "collection", "roles", "file_title"]
    query = table.search().where(where) if where else table.search()
    rows = query.select(names).limit(None).to_list()
    found = [Chunk(id=row.pop("chunk_id"), **{**row, "roles": tuple(row["roles"] or ())}) for row in rows]
    return sorted(found, key=lambda chunk: (chunk.doc_id, chunk.ordinal))


def drop_table(uri: str, name: str) -> None:
    """Remove a table that is not being served."""
    connect(uri).drop_table(name)


def put_aside(uri: str, prefix: str) -> list[Path]:
    """Damaged tables whose rebuild was killed before it deleted them; a store that is not a folder has none."""
    return sorted(Path(uri).glob(f"{prefix}*{ASIDE}")) if "://" not in uri else []


def optimize(table: Any, keep: timedelta, tries: int = RETRIES, leftovers: bool = False) -> None:
    """Compact, update the indexes and drop versions older than `keep`; tried again where another commit came between.

    `leftovers`: also delete the files of commits that were refused or killed; only while nobody else can be in the middle of one.
    """
    for attempt in range(tries):
        try:
            table.optimize(cleanup_older_than=keep, delete_unverified=leftovers)
            return
        except RuntimeError as error:
            if attempt == tries - 1 or "onflict" not in str(error):
                raise


def quoted(values: Sequence[str]) -> str:
    """The values as a list of SQL literals."""
    return ", ".join("'" + value.replace("'", "''") + "'" for value in values)
