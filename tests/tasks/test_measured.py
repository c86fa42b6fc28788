"""What claims are held to, out of scorecards: fresh from a comparison or as it wrote them."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tandem.params import Prices
from tandem.records import Row, SetUp
from tandem.scoring import scorecard, scorecard_to_json
from tasks.facts import default_params
from tasks.measured import last_measured, measured_by
from tasks.workspace import Settings, Workspace

ROW = Row("q1", "Who?", "Ann", "Ann", "Ann", (), 1.0, 1.0, 1.0, 1.0, 0.0, None, None, 0.5, False, False, 9, 3, 0.01)
PRICES = Prices(store_per_month=30, queries_per_day=1_200)


def cards():
    rows = [ROW, replace(ROW, example_id="q2", quality=None, citation_recall=None)]
    fresh = {"freshness": {"kind": "retrain", "wait_s": 3600.0, "training_s": 60.0}}
    lora = scorecard("lora", rows, {}, {"total": [100.0, 200.0]}, 2, staleness=0.25, extra=fresh, setup=SetUp(False, True))
    return {"rag": scorecard("rag", rows, {}, {"total": [90.0]}, 1, setup=SetUp(True, False)), "lora": lora}


def test_measures_are_kept_by_question_and_figures_by_variant():
    found = measured_by(cards(), PRICES)
    assert found.values["rag"] == {
        "quality": {"q1": 1.0, "q2": None},
        "form": {"q1": 0.0, "q2": 0.0},
        "citation_recall": {"q1": 0.5, "q2": None},
    }
    month = 0.01 * 1_200 * 365 / 12
    assert found.figures["lora"]["cost of a month"] == pytest.approx(month)
    assert found.figures["rag"]["cost of a month"] == pytest.approx(month + 30)
    rest = {name: value for name, value in found.figures["lora"].items() if name != "cost of a month"}
    assert rest == {"latency p95 in ms": 195.0, "staleness": 0.25, "freshness lag in s": 3660.0}
    assert (found.figures["rag"]["staleness"], found.figures["rag"]["freshness lag in s"]) == (None, None)


def test_the_last_comparison_says_the_same_when_it_is_read_again(tmp_path):
    params = default_params()
    workspace = Workspace(tmp_path, params.model_copy(update={"prices": PRICES}), Settings())
    assert last_measured(workspace) is None
    workspace.evaluation_dir.mkdir(parents=True)
    (workspace.evaluation_dir / "scorecards.json").write_text(json.dumps({name: scorecard_to_json(card) for name, card in cards().items()}))
    assert last_measured(workspace) == measured_by(cards(), PRICES)
