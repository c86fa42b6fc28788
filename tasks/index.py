"""The index that is searched: hybrid search with roles filtered in the store, which table serves, and what it was made of."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np

from tandem.errors import Refused
from tandem.params import Params, Retrieval
from tandem.records import Passage
from tandem.retrieval import fuse, whole_documents
from tasks.embed import Embedder, load_embedder
from tasks.embedder_files import embedder_revision
from tasks.rankings import PASSAGE_COLUMNS, allowed, rankings
from tasks.table import chunks_in, connect, drop_table, find_table, optimize, put_aside, quoted, rewrite
from tasks.workspace import Workspace, write_json

FORMAT = 3  # part of the layout: raise it when columns, chunking code or full-text settings change what a table holds
MAX_TABLES = 1_000
KEYS_AT_ONCE = 1_000


def layout_of(params: Params) -> dict[str, Any]:
    """All that a table's rows depend on besides the documents. Raises Refused where the embedder's files cannot be had."""
    revision = embedder_revision(params.embedder)
    return {
        "format": FORMAT,
        "embedder": params.embedder.model_dump(),
        **({"embedder_revision": revision} if revision else {}),
        "chunking": params.chunking.model_dump(),
        "language": params.index.language,
    }


def table_name(workspace: Workspace) -> str:
    """Named after the layout, so that another layout is built beside it; in a store that workspaces share, after the workspace too."""
    return _name_of(workspace, layout_of(workspace.params))


def _name_of(workspace: Workspace, layout: Mapping[str, Any]) -> str:
    digest = hashlib.sha256(json.dumps(layout, sort_keys=True).encode()).hexdigest()[:10]
    return f"{_prefix(workspace)}{digest}"


def _prefix(workspace: Workspace) -> str:
    owner = re.sub(r"\W+", "_", workspace.name) + "_" if workspace.settings.index_uri else ""
    return f"{owner}chunks_"


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

    def count_tokens(self, texts: Sequence[str]) -> int:
        """Tokens that its embedder reads of these texts."""
        return self._embedder().count_tokens(texts)

    def pin(self, version: int) -> None:
        """Search one version from now on, whatever is committed after it."""
        self._table.checkout(version)

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
        one of them; `collections` narrows further. Both filters act in the store, before ranking. All of it comes from one version.
        """
        params = retrieval or self._retrieval
        depth = max(params.candidates, k or params.k)
        where = allowed(roles, collections)
        vectors = self.vectors_of(questions) if params.vector_weight and questions else None
        asked = questions if params.text_weight else [""] * len(questions)
        try:
            found = rankings(self.uri, self._table, vectors, asked, depth, where)
        except RuntimeError as error:
            seen = f"the table {self.table_name} at {self.uri} cannot be searched: {str(error).splitlines()[0][:200]}"
            raise Refused(seen, hint="Run `tandem refresh`, which rebuilds a damaged table, and ask again.") from error
        return [_fused(both, params)[: k or params.k] for both in found]

    def stored_vectors(self, chunk_ids: Collection[str]) -> dict[str, np.ndarray]:
        """Chunk id -> its vector in the table, (dimensions,) float32 of unit length."""
        ids = sorted(chunk_ids)
        found: dict[str, np.ndarray] = {}
        for start in range(0, len(ids), KEYS_AT_ONCE):
            where = f"chunk_id IN ({quoted(ids[start : start + KEYS_AT_ONCE])})"
            rows = self._table.search().where(where).select(["chunk_id", "vector"]).limit(None).to_arrow()
            found |= dict(zip(rows["chunk_id"].to_pylist(), map(np.asarray, rows["vector"].to_pylist()), strict=True))
        return found

    def documents(self, roles: Sequence[str] = (), collections: Sequence[str] = ()) -> list[Passage]:
        """Every document that the caller may see, whole and by id, as one passage each; filtered in the store as `search` does."""
        return whole_documents(chunks_in(self._table, allowed(roles, collections)))


def _fused(rankings: Sequence[Sequence[Mapping[str, Any]]], params: Retrieval) -> list[Passage]:
    """The rows of the vector and the full-text ranking as passages, best first."""
    rows = {row["chunk_id"]: row for ranking in rankings for row in ranking}
    ids = [[row["chunk_id"] for row in ranking] for ranking in rankings]
    fused = fuse(ids, (params.vector_weight, params.text_weight), params.rrf_k)
    return [Passage(score=score, **{name: rows[key][name] for name in PASSAGE_COLUMNS}) for key, score in fused]


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


def open_table_at(uri: str, table: str, embedder: Embedder | None, retrieval: Retrieval) -> Index:
    """A table outside any workspace; without an embedder it can be read, not searched. Raises Refused where it is missing or was filled
    by another embedder."""
    found = find_table(uri, table)
    if found is None:
        raise Refused(f"there is no table {table} at {uri}", hint="Run `tandem refresh`, or point TANDEM_INDEX_URI at the index.")
    filled_by = (found.schema.metadata or {}).get(b"tandem:embedder", b"").decode()
    if embedder is None:
        return Index(uri, found, _unsearched, retrieval)
    if filled_by != embedder.name:
        raise Refused(
            f"the table {table} at {uri} was filled by the embedder {filled_by or '(unknown)'}, not by {embedder.name}",
            hint="Run `tandem refresh`, or set embedder.model in params.yaml back, or the files of its folder.",
        )
    return Index(uri, found, lambda: embedder, retrieval)


def _unsearched() -> Embedder:
    raise Refused("a table that was opened without an embedder is searched", hint="Give `open_table_at` the embedder that filled it.")


def read_pointer(workspace: Workspace) -> dict[str, Any]:
    """`.tandem/index.json`: table, version, layout, the layouts that served earlier, from which version to which
    the last upkeep went.

    Raises Refused where there is no index yet.
    """
    path = pointer_path(workspace)
    if not path.is_file():
        raise Refused(f"{workspace.root} has no index yet", hint="Run `tandem refresh`.")
    return dict(json.loads(path.read_text(encoding="utf-8")))


def write_pointer(workspace: Workspace, table: Any) -> None:
    """Make `table` the serving one, in one step; the layout that served before is remembered."""
    layout = layout_of(workspace.params)
    before = read_pointer(workspace) if pointer_path(workspace).is_file() else {}
    known = [*before.get("earlier", []), *([before["layout"]] if before else [])]
    pointer = {"table": table.name, "version": int(table.version), "layout": layout, "earlier": [one for one in known if one != layout]}
    if before.get("table") == table.name:
        pointer["maintained"] = before.get("maintained", 0)
    write_json(pointer_path(workspace), pointer)


def remember_earlier(workspace: Workspace, layouts: Iterable[Mapping[str, Any]]) -> None:
    """Keep the tables of these layouts in step from now on."""
    pointer = read_pointer(workspace)
    known = [pointer["layout"], *pointer.get("earlier", [])]
    known += [dict(one) for one in layouts if dict(one) not in known]
    write_json(pointer_path(workspace), {**pointer, "earlier": known[1:]})


def earlier_tables(workspace: Workspace) -> dict[str, dict[str, Any]]:
    """Tables that served before the present one -> layout: a registered version goes on answering from the one that it was made on."""
    layouts = read_pointer(workspace).get("earlier", [])
    return {_name_of(workspace, layout): layout for layout in layouts if layout["format"] == FORMAT}


def pointer_path(workspace: Workspace) -> Path:
    """Where `read_pointer` reads."""
    return workspace.state_dir / "index.json"


def found_tables(workspace: Workspace, names: Iterable[str]) -> list[Any]:
    """Those of the tables that are there."""
    return [table for name in names if (table := find_table(workspace.index_uri, name)) is not None]


def text_hashes(workspace: Workspace) -> set[str]:
    """The keys in the embedding cache of all that answers can come from: the serving table and those before it."""
    names = [read_pointer(workspace)["table"], *earlier_tables(workspace)]
    columns = [table.search().select(["text_hash"]).limit(None).to_arrow() for table in found_tables(workspace, names)]
    return {key for column in columns for key in column["text_hash"].to_pylist()}


def stray_tables(workspace: Workspace) -> list[str]:
    """Tables of this workspace that neither serve nor served before: of layouts that were tried and given up."""
    known = {read_pointer(workspace)["table"], *earlier_tables(workspace)}
    names = connect(workspace.index_uri).list_tables(limit=MAX_TABLES).tables
    return sorted(name for name in names if name.startswith(_prefix(workspace)) and name not in known)


def tables_put_aside(workspace: Workspace) -> list[Path]:
    """Damaged tables of this workspace that a rebuild put aside and, killed, did not delete."""
    return put_aside(workspace.index_uri, _prefix(workspace))


def drop_put_aside(workspace: Workspace) -> list[str]:
    """Delete them: all that they held is made from the documents. The caller holds the writer's lock."""
    folders = tables_put_aside(workspace)
    for folder in folders:
        shutil.rmtree(folder)
    return [folder.name for folder in folders]


def purge(workspace: Workspace) -> None:
    """Leave no deleted text on disk: rewrite the serving table and those before it, drop all their old versions and every other table.

    `maintain` does not do: compaction keeps the bytes of a deleted row until a tenth of its fragment is gone.
    """
    with workspace.writing("upkeep"), workspace.writing():
        pointer = read_pointer(workspace)
        layouts = {pointer["table"]: pointer["layout"], **earlier_tables(workspace)}
        versions = {}
        for table in found_tables(workspace, layouts):
            fresh = rewrite(workspace.index_uri, table.name, table.to_arrow(), layouts[table.name]["language"], table)
            for _ in range(2):  # the first pass leaves the version that it began with
                optimize(fresh, timedelta(0), leftovers=True)
            versions[table.name] = int(fresh.version)
        for other in stray_tables(workspace):
            drop_table(workspace.index_uri, other)
        drop_put_aside(workspace)
        if pointer["table"] in versions:
            version = versions[pointer["table"]]
            write_json(pointer_path(workspace), {**pointer, "version": version, "maintained": version})
