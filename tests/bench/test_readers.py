"""Readers beside a writer: what they find is judged by what was searchable at that moment, and none of it is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bench.changes import PARTS, Document, page, word
from bench.readers import History, Trial, disturb, make_workspace

FIRST, SECOND = {"a.md": ("qx", 0), "b.md": ("qy", 0)}, {"c.md": ("qx", 1), "b.md": ("qy", 0)}


def rows(doc_id: str, name: str, revision: int, n: int = 3) -> list[list[Any]]:
    return [[doc_id, name, revision, part] for part in PARTS[:n]]


@pytest.mark.parametrize(
    ("began", "ended", "found", "verdict"),
    [
        (1, 2, rows("a.md", "qx", 0), "right"),
        (1, 2, rows("a.md", "qx", 0) + rows("b.md", "qy", 0, 1), "right"),
        (1, 2, rows("a.md", "qx", 0, 2), "missing"),
        (1, 2, rows("c.md", "qx", 1), "stale"),
        (1, 11, rows("a.md", "qx", 0), "right"),
        (1, 11, rows("c.md", "qx", 1), "right"),
        (1, 11, rows("a.md", "qx", 0, 1) + rows("c.md", "qx", 1, 2), "mixed"),
        (21, 22, rows("a.md", "qx", 0), "stale"),
        (21, 22, [], "missing"),
    ],
)
def test_a_read_is_held_against_the_states_that_it_may_see(began: float, ended: float, found: list[Any], verdict: str):
    history = History(states=[FIRST, SECOND], begun=[0, 10], done=[0.5, 20])
    assert history.verdict({"word": "qx", "began": began, "ended": ended, "rows": found, "error": ""}) == verdict


def test_a_read_that_failed_is_counted():
    assert History().verdict({"error": "Refused: no"}) == "failed"


def test_each_number_has_a_word_of_letters_in_all_three_parts():
    assert (word(0), word(70315)) == ("qaaaaax", "qhadbfx")
    assert page(Document(word(7), 2)).count("of the entry qaaaahx stands at revision 2.") == 3


@pytest.mark.timeout(900)
def test_no_read_is_wrong_while_documents_change(tmp_path: Path):
    make_workspace(tmp_path / "kb")
    trial = Trial(tmp_path / "kb", tmp_path, n_operations=60, n_readers=2, n_documents=16, in_threads=True, pause_s=0.2)
    history, reads = disturb(trial)
    assert min(len(reads), len(history.states)) > 8  # a busy machine reads less often
    assert {history.verdict(read) for read in reads} == {"right"}
