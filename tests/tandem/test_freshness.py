from datetime import datetime

import pytest

from tandem.freshness import lag_text, mean_wait_s

START = datetime(2026, 11, 21, 20, 0)


def test_an_edit_waits_half_the_gap_of_an_even_schedule():
    assert mean_wait_s("0 3 * * 0", START) == pytest.approx(3.5 * 86_400)
    assert mean_wait_s("0 * * * *", START) == pytest.approx(1_800)


def test_an_edit_more_often_falls_into_the_long_gap():
    # at 0 and 6 o'clock: gaps of 6 and 18 hours; (36 + 324) / (2 x 24) = 7.5 hours, not 6
    assert mean_wait_s("0 0,6 * * *", START) == pytest.approx(7.5 * 3_600, rel=0.001)


def test_a_schedule_that_never_comes_round_has_no_wait():
    assert mean_wait_s("0 0 29 2 *", datetime(2096, 3, 1)) is None  # 2100 is no leap year


def test_an_answer_that_no_single_passage_gave_is_told():
    fresh = {"kind": "refresh", "at": "2026-11-30T10:00:00", "n_answered": 1, "n": 3, "passage_s": None, "answer_s": 0.5}
    assert lag_text(fresh) == "0.50 s from the write to the answer, in no passage by itself (1 of 3 edits, 2026-11-30)"
