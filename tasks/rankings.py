"""What a search reads of a table: a ranking by vector and one by full text, filtered in the store, both of one version."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tasks.table import connect, quoted, search_text

PASSAGE_COLUMNS = ["chunk_id", "doc_id", "heading", "text"]
SAME_TO = 4  # decimals to which scores are equal; equals are ordered by id, for a store gives them in the order of its rows
VECTORS_AT_ONCE = 32
TRIES = 3

Ranking = list[dict[str, Any]]


def rankings(
    uri: str, table: Any, vectors: np.ndarray | None, questions: Sequence[str], depth: int, where: str
) -> list[tuple[Ranking, Ranking]]:
    """By vector and by text, for each question; an empty one where there is no vector, or no word.

    A commit may come between two queries: then all are asked again, at last of a version that is held fast.
    """
    for _ in range(TRIES):
        version = table.version
        found = _ask(table, vectors, questions, depth, where)
        if table.version == version:
            return found
    held = connect(uri).open_table(table.name)
    held.checkout(held.version)
    return _ask(held, vectors, questions, depth, where)


def _ask(table: Any, vectors: np.ndarray | None, questions: Sequence[str], depth: int, where: str) -> list[tuple[Ranking, Ranking]]:
    near = _by_vector(table, vectors, depth, where) if vectors is not None and len(vectors) else [[] for _ in questions]
    return list(zip(near, [_by_text(table, question, depth, where) for question in questions], strict=True))


def _by_vector(table: Any, vectors: np.ndarray, depth: int, where: str) -> list[Ranking]:
    """Many at once cost hardly more than one (8 of them 11 ms of CPU time, one 10 ms; 700 rows)."""
    found: list[Ranking] = [[] for _ in vectors]
    for start in range(0, len(vectors), VECTORS_AT_ONCE):
        asked = list(vectors[start : start + VECTORS_AT_ONCE])
        query = table.search(asked if len(asked) > 1 else asked[0], vector_column_name="vector").distance_type("cosine")
        query = query.nprobes(20).refine_factor(10).where(where, prefilter=True).select([*PASSAGE_COLUMNS, "_distance"]).limit(depth)
        for row in sorted(query.to_list(), key=lambda row: (round(row["_distance"], SAME_TO), row["chunk_id"])):
            found[start + row.get("query_index", 0)].append(row)
    return found


def _by_text(table: Any, question: str, depth: int, where: str) -> Ranking:
    if not any(letter.isalnum() for letter in question):
        return []
    query = search_text(table, question)
    rows = query.where(where, prefilter=True).select([*PASSAGE_COLUMNS, "_score"]).limit(depth).to_list()
    return sorted(rows, key=lambda row: (-round(row["_score"], SAME_TO), row["chunk_id"]))


def allowed(roles: Sequence[str], collections: Sequence[str]) -> str:
    """SQL: rows without roles and rows that share one with the caller, in these collections."""
    open_to = "array_length(roles) = 0"
    if roles:
        open_to = f"({open_to} OR array_has_any(roles, make_array({quoted(roles)})))"
    return f"{open_to} AND collection IN ({quoted(collections)})" if collections else open_to
