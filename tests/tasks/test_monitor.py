"""Which drift calls for a retraining."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

import pytest

from tandem.drift import Signal
from tandem.params import parse_params
from tasks.data_version import data_version
from tasks.monitor import retraining_helps
from tasks.train import Trained
from tasks.workspace import PROJECT, Settings, Workspace, write_json

QUIET = Signal("question_auc", 0.5, 0.75, False, 40, "not above")
OTHER_QUESTIONS = Signal("question_auc", 0.9, 0.75, True, 40, "above")
STALE = Signal("staleness", 0.5, 0.2, True, 40, "above")


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """One whose last training was on the examples that lie there now."""
    made = Workspace(tmp_path, parse_params((PROJECT / "params.yaml").read_text()), Settings())
    made.documents_dir.mkdir(parents=True)
    made.examples_path.write_text("{}\n")
    trained = Trained(True, lineage={"data_version": data_version(made)})
    write_json(made.adapter_dir / "training.json", asdict(trained))
    return made


def test_without_a_fired_signal_there_is_nothing_to_cure(workspace):
    assert not retraining_helps(workspace, [QUIET, replace(STALE, fired=False)])


def test_a_stale_adapter_is_cured(workspace):
    assert retraining_helps(workspace, [QUIET, STALE])


def test_other_questions_are_cured_by_other_examples_only(workspace):
    assert not retraining_helps(workspace, [OTHER_QUESTIONS])
    (workspace.documents_dir / "page.md").write_text("A page.")
    assert not retraining_helps(workspace, [OTHER_QUESTIONS])
    workspace.examples_path.write_text('{"new": 1}\n')
    assert retraining_helps(workspace, [OTHER_QUESTIONS])


def test_before_the_first_training_any_drift_calls_for_one(workspace):
    (workspace.adapter_dir / "training.json").unlink()
    assert retraining_helps(workspace, [OTHER_QUESTIONS])


def test_an_adapter_that_no_variant_uses_is_not_trained_again(workspace):
    alone = {"rag": workspace.params.variants["rag"]}
    unused = replace(workspace, params=workspace.params.model_copy(update={"variants": alone}))
    assert not retraining_helps(unused, [OTHER_QUESTIONS, STALE])
