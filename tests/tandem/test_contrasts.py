"""Pairs of variants and slices of one, on scorecards whose truth is known."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tandem.contrasts import contrasts
from tandem.records import Row, Scorecard
from tandem.slices import slices, worst_slices

ROW = Row(
    "", "", "", "", "", (), None, None, None, None, None, None, None, None, False, False, 0, 0, 0.0
)  # fmt: skip


def card(name, values, **traits):
    rows = tuple(
        replace(ROW, example_id=f"e{at}", quality=value, **{key: of(at) for key, of in traits.items()}) for at, value in enumerate(values)
    )
    return Scorecard(name, {}, {}, rows, {}, {}, None, 0)


def test_every_pair_is_compared_once_the_later_minus_the_earlier():
    cards = {"prompt": card("prompt", [0.0] * 20), "rag": card("rag", [1.0] * 20), "lora": card("lora", [1.0, 0.0] * 10)}
    found = contrasts(cards, ["prompt", "rag", "lora"], "quality", 1_000, 0)
    assert [(one.a, one.b, one.interval.mean) for one in found] == [("rag", "prompt", 1.0), ("lora", "prompt", 0.5), ("lora", "rag", -0.5)]
    assert all(one.interval.n == 20 for one in found)


def test_p_values_are_corrected_over_the_pairs_of_a_measure():
    cards = {"prompt": card("prompt", [0.0] * 20), "rag": card("rag", [1.0] * 20), "lora": card("lora", [0.0] * 20)}
    found = {(one.a, one.b): one for one in contrasts(cards, ["prompt", "rag", "lora"], "quality", 999, 0)}
    assert found["lora", "prompt"].p == 1.0
    assert found["rag", "prompt"].p == 0.001
    assert found["rag", "prompt"].p_holm == pytest.approx(0.003)


def test_only_questions_that_both_were_measured_on_count():
    cards = {"rag": card("rag", [1.0, None, 0.0, 1.0]), "lora": card("lora", [0.0, 1.0, None, 1.0])}
    (one,) = contrasts(cards, ["rag", "lora"], "quality", 100, 0)
    assert (one.interval.n, one.interval.mean) == (2, -0.5)


def test_the_questions_that_3_points_would_take_follow_from_the_spread():
    cards = {"rag": card("rag", [1.0, 0.0] * 50), "lora": card("lora", [0.0, 1.0] * 50)}
    (one,) = contrasts(cards, ["rag", "lora"], "quality", 100, 0)
    assert one.detectable == pytest.approx((1.959964 + 0.841621) * 1.0050378 / 10, rel=1e-5)
    assert one.n_for_3_points == 8_810


def test_pairs_that_never_differ_show_nothing_of_what_could_be_detected():
    (one,) = contrasts({"rag": card("rag", [0.0] * 9), "lora": card("lora", [0.0] * 9)}, ["rag", "lora"], "quality", 100, 0)
    assert (one.detectable, one.n_for_3_points) == (None, None)


def test_restricted_rows_are_in_no_slice():
    values = [0.0] * 10 + [1.0] * 30
    rows = card("rag", values, collection=lambda at: "board" if at < 10 else "products")
    hidden = replace(rows, rows=tuple(replace(row, restricted=at < 10) for at, row in enumerate(rows.rows)))
    assert [one.value for one in slices(rows, 200, 0)] == ["board", "products"]
    assert slices(hidden, 200, 0) == []


def test_the_worst_slice_is_that_which_lies_furthest_below_the_rest():
    values = [0.0 if at % 4 == 0 else 1.0 for at in range(40)]
    traits = {"collection": lambda at: "policies" if at % 4 == 0 else "products", "kind": lambda at: "normal"}
    (worst,) = worst_slices({"rag": card("rag", values, **traits)}, ["rag"], 200, 0)
    assert (worst.by, worst.value, worst.quality.mean, worst.quality.n, worst.gap) == ("collection", "policies", 0.0, 10, -1.0)


def test_documents_are_sliced_by_the_half_year_of_their_date():
    days = {0: "2025-11-20", 1: "2026-03-02", 2: "2026-07-01"}
    found = slices(card("rag", [0.0, 1.0, 1.0] * 10, dated=lambda at: days[at % 3]), 200, 0)
    assert [(one.by, one.value, one.quality.n) for one in found] == [
        ("document of", "2025, second half", 10),
        ("document of", "2026, first half", 10),
        ("document of", "2026, second half", 10),
    ]


def test_slices_of_few_questions_are_left_out():
    values = [0.0] * 7 + [1.0] * 33
    traits = {"collection": lambda at: "policies" if at < 7 else "products", "kind": lambda at: "normal"}
    assert slices(card("rag", values, **traits), 200, 0) == []
