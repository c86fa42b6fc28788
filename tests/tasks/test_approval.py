"""What a comparison would promote waits for a yes, which moves exactly the version that was measured, or comes too late."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tandem.errors import Refused
from tandem.params import Base, Form, Params, Promotion, Prompt, Retrieval, Variant
from tandem.records import Decision
from tandem.scoring import scorecard
from tasks import approval, registry
from tasks.candidates import Candidate, training_digest
from tasks.compare import Live, publish
from tasks.evaluate import Comparison
from tasks.index import layout_of
from tasks.registration import register
from tasks.status import status_of
from tasks.terminal import outcome_text
from tasks.tracking import connected
from tasks.workspace import Settings, Workspace

MANUAL = Promotion(approve="manual")
PARAMS = Params(prompt=Prompt(instruction="Answer."), promotion=MANUAL, variants={"rag": Variant(retrieve=True)})
DECISION = Decision(True, "rag", ("rag is promoted: it scores best",), 40, None, {})
NOBODY = Live(None, None, None)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    made = Workspace(tmp_path_factory.mktemp("approval") / "shared", PARAMS, Settings())
    made.documents_dir.mkdir(parents=True)
    (made.documents_dir / "elm.md").write_text("The Elm kettle holds six cups and weighs 1.4 kg.")
    return made


@pytest.fixture
def workspace(shared: Workspace, request: pytest.FixtureRequest) -> Workspace:
    return Workspace(shared.root, PARAMS.model_copy(update={"name": request.node.name}), shared.settings)


def compared(workspace: Workspace, decision: Decision = DECISION, live: Live = NOBODY, dry_run: bool = False) -> dict:
    behaviour = {
        "variant": "rag", "retrieve": True, "adapter": False, "base": Base().model_dump(), "prompt": PARAMS.prompt.model_dump(),
        "form": Form().model_dump(), "retrieval": Retrieval().model_dump(), "layout": layout_of(PARAMS), "data_version": "aa-bb",
        "index_version": 7,
    }  # fmt: skip
    cards = {"rag": scorecard("rag", [], {}, {}, 1)}
    candidates = {"rag": Candidate("rag", behaviour, None, 1, training_digest(None))}
    lineage = {"data_version": "aa-bb", "index_version": 7}
    return publish(workspace, Comparison(cards, candidates, {}, 40, 0, 0, 0, 0, 0, lineage), decision, live, dry_run)


def test_nothing_moves_until_the_yes_which_moves_what_was_measured(workspace):
    outcome = compared(workspace)
    decision = outcome["decision"]
    assert (decision["promoted"], decision["would_promote"], outcome["model_version"], outcome["waiting"]) == (False, True, None, "1")
    assert registry.champion_version(workspace) is None
    assert "rag waits for approval (`tandem promote 1`)" in outcome_text("kb", outcome)
    assert "in production" not in Path(outcome["report"]).read_text()
    found = status_of(workspace)["waiting"]
    assert (found["model_version"], found["variant"], found["n"], found["refused"]) == ("1", "rag", 40, None)
    assert found["reasons"] == ["rag is promoted: it scores best"]

    approval.promote(workspace, registry.version_of(workspace, "challenger"))
    assert registry.champion_version(workspace) == "1"
    assert registry.history(workspace)[-1]["reasons"] == ["rag is promoted: it scores best", "approved by hand"]
    assert status_of(workspace)["waiting"] is None


def test_a_yes_after_the_champion_changed_is_refused(workspace):
    compared(workspace)
    by_hand = register(workspace, {"variant": "rag", "adapter": False, "base": {}, "data_version": "x", "index_version": 1},
                                None, {}, DECISION)  # fmt: skip
    approval.promote(workspace, by_hand)
    reason = f"version 1 was measured against champion nobody, and champion is {by_hand} now"
    assert approval.waiting(workspace)["refused"] == reason
    with pytest.raises(Refused, match=f"{reason}. Run `tandem compare` again."):
        approval.promote(workspace, "1")
    assert registry.champion_version(workspace) == by_hand


def test_a_later_comparison_replaces_what_waited_whatever_it_decides(workspace):
    compared(workspace)
    compared(workspace, dry_run=True)
    assert approval.waiting(workspace)["model_version"] == "1"
    assert compared(workspace)["waiting"] == "2"
    assert approval.waiting(workspace)["model_version"] == "2"
    outcome = compared(workspace, replace(DECISION, promoted=False))
    assert (outcome["waiting"], approval.waiting(workspace)) == (None, None)


def test_a_move_that_was_killed_before_its_mark_was_taken_away_waits_no_more(workspace):
    compared(workspace)
    registry.promote(workspace, "1")
    assert approval.waiting(workspace) is None
    approval.promote(workspace, "1")
    assert approval.withdraw(workspace) is None


def test_a_deleted_version_waits_no_more(workspace):
    compared(workspace)
    with connected(workspace) as client:
        client.delete_model_version(workspace.name, "1")
    assert approval.waiting(workspace) is None
    assert status_of(workspace)["waiting"] is None


def test_without_manual_approval_nothing_waits(workspace):
    auto = replace(workspace, params=workspace.params.model_copy(update={"promotion": Promotion()}))
    outcome = compared(auto)
    assert (outcome["decision"]["promoted"], outcome["model_version"], outcome["waiting"]) == (True, "1", None)
