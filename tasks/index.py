"""The index that is searched: hybrid search with roles filtered in the store, which table serves, and its upkeep."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np

from tandem.errors import Refused
from tandem.params import Params, Retrieval
from tandem.records import Passage
from tandem.retrieval import fuse
from tasks.embed import Embedder, load_embedder
from tasks.table import ensure_text_index, find_table, optimize, quoted
from tasks.workspace import Workspace, write_json

FORMAT = 1  # part of the layout: raise it when columns, chunking code or full-text settings change what a table holds
PASSAGE_COLUMNS = ["chunk_id", "doc_id", "heading", "text"]
KEEP_VERSIONS = timedelta(days=1)
MAX_TABLES = 1_000


def layout_of(params: Params) -> dict[str, Any]:
    """All that a table's rows depend on besides the documents."""
    return {
        "format": FORMAT,
        "embedder": params.embedder.model_dump(),
        "chunking": params.chunking.model_dump(),
        "language": params.index.language,
    }


def table_name(workspace: Workspace) -> str:
    """Named after the layout, so that another layout is built beside it; in a store that workspaces share, after the workspace too."""
    digest = hashlib.sha256(json.dumps(layout_of(workspace.params), sort_keys=True).encode()).hexdigest()[:10]
    owner = re.sub(r"\W+", "_", workspace.name) + "_" if workspace.settings.index_uri else ""
    return f"{owner}chunks_{digest}"


class Index:
    """An open table. It sees each commit at once; its embedder is loaded with the first search."""

    def __init__(self, uri: str, table: Any, embedder: Callable[[], Embedder], retrieval: Retrieval):
        self.uri = uri
        self._table = table
        self._embedder = embedder
        self._retrieval = retrieval

    @property
    def table_name(self) -> str:
        return str(self._table.name)

    @property
    def version(self) -> int:
        return int(self._table.version)

    @property
    def rows(self) -> int:
        return int(self._table.count_rows())

    def vectors_of(self, texts: Sequence[str]) -> np.ndarray:
        """(n, dimensions) float32, unit length, by the embedder of this table."""
        return self._embedder().embed(texts)

    def search(
        self,
        questions: Sequence[str],
        retrieval: Retrieval | None = None,
        k: int | None = None,
        roles: Sequence[str] = (),
        collections: Sequence[str] = (),
    ) -> list[list[Passage]]:
        """The `k` best passages of each question (default: `retrieval.k`), best first; fewer where the table holds fewer.

        Vector and full-text rankings are fused by reciprocal rank. A passage with roles is found only by a caller who shares
        one of them; `collections` narrows further. Both filters act in the store, before ranking.
        """
        params = retrieval or self._retrieval
        depth = max(params.candidates, k or params.k)
        where = _where(roles, collections)
        vectors = self.vectors_of(questions) if params.vector_weight and questions else [None] * len(questions)
        asked = zip(questions, vectors, strict=True)
        return [self._search_one(text, vector, params, depth, where)[: k or params.k] for text, vector in asked]

    def _search_one(self, question: str, vector: np.ndarray | None, params: Retrieval, depth: int, where: str) -> list[Passage]:
        rows: dict[str, dict[str, Any]] = {}
        rankings: list[list[str]] = []
        for found in (self._by_vector(vector, depth, where), self._by_text(question if params.text_weight else "", depth, where)):
            rankings.append([row["chunk_id"] for row in found])
            rows.update((row["chunk_id"], row) for row in found)
        fused = fuse(rankings, (params.vector_weight, params.text_weight), params.rrf_k)
        return [Passage(score=score, **{name: rows[key][name] for name in PASSAGE_COLUMNS}) for key, score in fused]

    def _by_vector(self, vector: np.ndarray | None, depth: int, where: str) -> list[dict[str, Any]]:
        if vector is None:
            return []
        query = self._table.search(vector, vector_column_name="vector").distance_type("cosine").nprobes(20).refine_factor(10)
        return query.where(where, prefilter=True).select([*PASSAGE_COLUMNS, "_distance"]).limit(depth).to_list()

    def _by_text(self, question: str, depth: int, where: str) -> list[dict[str, Any]]:
        from lancedb.query import MatchQuery

        if not any(letter.isalnum() for letter in question):
            return []
        match: Any = MatchQuery
        query = self._table.search(match(question, "search_text"), query_type="fts")
        return query.where(where, prefilter=True).select([*PASSAGE_COLUMNS, "_score"]).limit(depth).to_list()


def _where(roles: Sequence[str], collections: Sequence[str]) -> str:
    """SQL: rows without roles and rows that share one with the caller, in these collections."""
    allowed = "array_length(roles) = 0"
    if roles:
        allowed = f"({allowed} OR array_has_any(roles, make_array({quoted(roles)})))"
    return f"{allowed} AND collection IN ({quoted(collections)})" if collections else allowed


def open_index(workspace: Workspace, embedder: Embedder | None = None, version: int | None = None) -> Index:
    """The serving table, at one `version` if given. Raises Refused where there is none, or params want another layout."""
    pointer = read_pointer(workspace)
    wanted = layout_of(workspace.params)
    if pointer["layout"] != wanted:
        changed = [key for key in wanted if pointer["layout"].get(key) != wanted[key]]
        raise Refused(
            f"the index was built with another {' and '.join(changed)} than params.yaml names",
            hint="Run `tandem refresh` to build it anew beside the old one.",
        )
    table = find_table(workspace.index_uri, pointer["table"])
    if table is None:
        raise Refused(f"the table {pointer['table']} is gone from {workspace.index_uri}", hint="Run `tandem refresh` to rebuild it.")
    if version is not None:
        table.checkout(version)
    return Index(workspace.index_uri, table, _loader(workspace, embedder), workspace.params.retrieval)


def _loader(workspace: Workspace, embedder: Embedder | None) -> Callable[[], Embedder]:
    return lambda: embedder or load_embedder(workspace.params.embedder, workspace.settings)


def open_table_at(uri: str, table: str, embedder: Embedder, retrieval: Retrieval) -> Index:
    """A table outside any workspace. Raises Refused where it is missing or was filled by another embedder."""
    found = find_table(uri, table)
    if found is None:
        raise Refused(f"there is no table {table} at {uri}", hint="Run `tandem refresh`, or point TANDEM_INDEX_URI at the index.")
    filled_by = (found.schema.metadata or {}).get(b"tandem:embedder", b"").decode()
    if filled_by != embedder.name:
        raise Refused(
            f"the table {table} at {uri} was filled by the embedder {filled_by or '(unknown)'}, not by {embedder.name}",
            hint="Run `tandem refresh`, or set embedder.model in params.yaml back.",
        )
    return Index(uri, found, lambda: embedder, retrieval)


def read_pointer(workspace: Workspace) -> dict[str, Any]:
    """`.tandem/index.json`: table, version, layout and, once recorded, data_version. Raises Refused where there is no index yet."""
    path = _pointer_path(workspace)
    if not path.is_file():
        raise Refused(f"{workspace.root} has no index yet", hint="Run `tandem refresh`.")
    return dict(json.loads(path.read_text(encoding="utf-8")))


def write_pointer(workspace: Workspace, table: Any, **more: Any) -> dict[str, Any]:
    """Make `table` the serving one, in one step; `more` is kept beside it (data_version, say)."""
    pointer = {"table": table.name, "version": int(table.version), "layout": layout_of(workspace.params), **more}
    write_json(_pointer_path(workspace), pointer)
    return pointer


def _pointer_path(workspace: Workspace) -> Path:
    return workspace.state_dir / "index.json"


def maintain(workspace: Workspace, keep: timedelta = KEEP_VERSIONS) -> None:
    """Compact the serving table, bring its indexes up to date, and drop its versions older than `keep`.

    Off the critical path: new rows are found before it. From `index.vector_index_rows` rows on it builds a vector index. Tables of
    older layouts stay: a registered version may still name one.
    """
    with workspace.writing():
        pointer = read_pointer(workspace)
        table = find_table(workspace.index_uri, pointer["table"])
        if table is None:
            return
        indexed = {index.columns[0] for index in table.list_indices()}
        if table.count_rows() >= workspace.params.index.vector_index_rows and "vector" not in indexed:
            from lancedb.index import IvfRq

            table.create_index("vector", config=IvfRq(distance_type="cosine"))
        optimize(table, keep)
        write_json(_pointer_path(workspace), {**pointer, "version": int(table.version)})


def purge(workspace: Workspace) -> None:
    """Leave no deleted text on disk: rewrite the serving table, drop all its old versions and every table of another layout.

    `maintain` does not do: compaction keeps the bytes of a deleted row until a tenth of its fragment is gone.
    """
    import lancedb

    with workspace.writing():
        pointer = read_pointer(workspace)
        table = find_table(workspace.index_uri, pointer["table"])
        if table is None:
            return
        connection = lancedb.connect(workspace.index_uri, read_consistency_interval=timedelta(0))
        table = connection.create_table(table.name, data=table.to_arrow(), mode="overwrite")
        ensure_text_index(table, workspace.params.index.language)
        for _ in range(2):  # the first pass leaves the version that it began with
            optimize(table, timedelta(0))
        prefix = table_name(workspace).rsplit("chunks_", 1)[0] + "chunks_"
        for other in connection.list_tables(limit=MAX_TABLES).tables:
            if other.startswith(prefix) and other != table.name:
                connection.drop_table(other)
        write_json(_pointer_path(workspace), {**pointer, "version": int(table.version)})
