"""What stands beside the measures: upkeep and interference, in words and as numbers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tandem.evidence import evidence_metrics
from tandem.freshness import lag_text
from tandem.params import Params, Promotion, Prompt
from tandem.promotion import decide
from tandem.records import Row
from tandem.scoring import scorecard
from tasks.candidates import Candidate
from tasks.evidence import with_evidence
from tasks.report import write_report
from tasks.runs import scorecard_metrics
from tasks.workspace import Settings, Workspace

ROW = Row("", "", "", "", "", (), None, None, None, None, 1.0, None, None, None, False, False, 0, 0, 0.0)
FLAGS = {"prompt": (False, False), "rag": (True, False), "lora": (False, True), "rag+lora": (True, True)}
PARAMS = Params(prompt=Prompt(instruction="Answer."), variants={name: {"retrieve": r, "adapter": a} for name, (r, a) in FLAGS.items()})
TIMED = {"kind": "index", "at": "2026-11-21T20:00:00+00:00", "passage_s": 0.21, "answer_s": 0.64, "n": 5, "n_answered": 5}


def candidate(name: str) -> Candidate:
    retrieve, adapter = FLAGS[name]
    behaviour = {"retrieve": retrieve, "adapter": adapter, "retrieval": PARAMS.retrieval.model_dump(), "base": PARAMS.base.model_dump()}
    return Candidate(name, behaviour, None, int(retrieve) + 2 * int(adapter))


@pytest.fixture(scope="module")
def cards(tmp_path_factory: pytest.TempPathFactory):
    workspace = Workspace(tmp_path_factory.mktemp("kb"), PARAMS, Settings())
    right = {"prompt": 0, "rag": 30, "lora": 4, "rag+lora": 10}
    bare = {
        name: scorecard(
            name,
            [replace(ROW, example_id=f"e{at:02d}", quality=float(at < n_right), context_holds=FLAGS[name][0]) for at in range(40)],
            {},
            {},
            candidate(name).simplicity,
        )
        for name, n_right in right.items()
    }
    return with_evidence(workspace, [candidate(name) for name in FLAGS], bare)


def test_every_variant_has_its_parts_and_only_the_one_with_both_tells_of_interference(cards):
    assert [len(cards[name].extra["moving_parts"]) for name in FLAGS] == [1, 4, 4, 7]
    assert [len(cards[name].extra["interference"]) for name in FLAGS] == [0, 0, 0, 3]
    assert [cards[name].extra["freshness"]["kind"] for name in FLAGS] == ["never", "index", "retrain", "index"]
    assert cards["lora"].extra["freshness"]["wait_s"] == pytest.approx(3.5 * 86_400)


def test_mlflow_takes_them_as_numbers(cards):
    metrics = scorecard_metrics(cards["rag+lora"])
    assert (metrics["moving_parts"], metrics["interference_adapter_quality"]) == (7, -0.5)
    assert metrics["interference_adapter_quality_low"] < -0.5 < metrics["interference_adapter_quality_high"] < 0
    assert scorecard_metrics(cards["lora"])["freshness_lag_s"] == pytest.approx(3.5 * 86_400)
    assert evidence_metrics({"freshness": TIMED})["freshness_lag_s"] == 0.64
    assert evidence_metrics({}) == {"moving_parts": None, "freshness_lag_s": None}


def test_the_report_has_a_sentence_for_each_effect_and_a_row_of_upkeep_for_each_variant(cards, tmp_path: Path):
    page = write_report(tmp_path / "one.html", cards, decide(cards, None, Promotion(), 200, 0), {}).read_text()
    upkeep = page[page.index("<h2>Upkeep") : page.index("<h2>Adapter and context together")]
    assert upkeep.count("<tr><td>") == 4
    assert "base model, index, refresh on every change, embedder" in upkeep
    assert "next retrain: 3.5 days on average (schedule 0 3 * * 0" in upkeep
    assert "the adapter hurts in quality: rag+lora - rag is -0.500" in page
    assert "To the adapted model, context helps in quality: rag+lora - lora is +0.150" in page
    assert "To see a 3-point difference in quality four times in five" in page


def test_a_lag_is_told_with_its_date_or_as_not_timed():
    assert lag_text(TIMED) == "0.64 s from the write to the answer, 0.21 s to its passages (5 of 5 edits, 2026-11-21)"
    assert lag_text({"kind": "index"}) == "with the next refresh; not timed (tandem compare --freshness)"
    assert "read after 0.21 s, its answer was never right (0 of 5" in lag_text({**TIMED, "answer_s": None, "n_answered": 0})
    assert "and 12.1 minutes of training" in lag_text({"kind": "retrain", "schedule": "0 3 * * 0", "wait_s": 7_300, "training_s": 724})
