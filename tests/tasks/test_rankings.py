"""The two rankings of a search come from one version of the table, whatever is committed between them."""

from __future__ import annotations

from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tandem.records import Chunk
from tasks.rankings import allowed, rankings
from tasks.table import Batch, commit

VECTOR = np.eye(1, 8, dtype=np.float32)


class Disturbed:
    """A table whose one document is replaced before each of the next `n` full-text queries."""

    def __init__(self, uri: str, n: int):
        self._uri, self._left, self._states = uri, n, count()
        self._table = self._replace()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._table, name)

    def search(self, *query: Any, **how: Any) -> Any:
        if how.get("query_type") == "fts" and self._left:
            self._left -= 1
            self._replace()
        return self._table.search(*query, **how)

    def _replace(self) -> Any:
        state = next(self._states)
        note = Chunk(id=f"note-{state}", doc_id="note.md", ordinal=0, heading="", text=f"The note stands at {state}.")
        return commit(self._uri, "t", Batch([note], VECTOR, {"note.md": str(state)}, "e"), ["note.md"])


@pytest.mark.parametrize(("n", "last"), [(0, 0), (1, 1), (2, 2), (9, 3)])
def test_a_commit_between_two_queries_is_seen_by_both_or_by_none(n: int, last: int, tmp_path: Path):
    table = Disturbed(str(tmp_path), n)
    by_vector, by_text = rankings(str(tmp_path), table, VECTOR, ["Where does the note stand?"], 5, allowed((), ()))[0]
    assert [row["chunk_id"] for row in by_vector] == [row["chunk_id"] for row in by_text] == [f"note-{last}"]


def test_without_a_vector_or_a_word_there_is_no_ranking(tmp_path: Path):
    table = Disturbed(str(tmp_path), 0)
    assert rankings(str(tmp_path), table, None, ["note", "?!"], 5, allowed((), ()))[1] == ([], [])
