"""What a person reads about who is in production, and why."""

from __future__ import annotations

from tasks.terminal import history_text, rollback_text

FIRST = {
    "model_version": "1", "variant": "rag", "at": "2026-11-21T18:38:37+00:00", "n": 300, "interval": [0.224, 0.261],
    "data_version": "aa-bb", "reasons": ["rag is promoted as the first champion: it scores best", "rag has quality 0.80"],
}  # fmt: skip
BACK = {**FIRST, "at": "2026-11-22T09:00:00+00:00", "n": None, "interval": None, "reasons": ["rolled back from version 2"]}


def test_history_is_a_paragraph_an_event_with_the_last_one_in_production():
    assert history_text([FIRST, BACK]).splitlines() == [
        "2026-11-21 18:38 UTC  version 1: rag",
        "    300 questions, difference [+0.22, +0.26], data version aa-bb",
        "    rag is promoted as the first champion: it scores best",
        "    rag has quality 0.80",
        "2026-11-22 09:00 UTC  version 1: rag  (in production)",
        "    data version aa-bb",
        "    rolled back from version 2",
    ]
    assert history_text([]) == "no promotion yet: tandem run"


def test_a_rollback_says_what_changes_and_the_way_back():
    outcome = {"from": "2", "to": "1", "variant": "rag", "data": None, "changed": {"adapter": (True, False), "retrieval.k": (5, 3)}}
    assert rollback_text("kb", outcome).splitlines() == [
        "kb: version 1 (rag) answers again; documents stay as they are.",
        "  adapter: yes -> no",
        "  retrieval.k: 5 -> 3",
        "Back to version 2: tandem rollback",
    ]
    assert "it answers by the same settings as version 2" in rollback_text("kb", {**outcome, "changed": {}})
    assert "documents are those of aa-bb" in rollback_text("kb", {**outcome, "changed": None, "data": "aa-bb"})
