"""What waits is answered in batches, a bad question fails alone, and another champion is taken up; the answers are made up."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Event
from typing import Any

import pytest

from tandem.errors import Refused
from tandem.params import Params, Prompt, Variant
from tandem.records import Answer
from tasks.answer import Asked
from tasks.served import MAX_BATCH, MAX_WAITING, Served, Unavailable
from tasks.workspace import Settings, Workspace

PARAMS = Params(prompt=Prompt(instruction="Answer."), variants={"prompt": Variant()})


class Echo:
    """An answerer that says the question back, once it may; `bad` it refuses."""

    index, model_version, behaviour = None, "1", {"variant": "prompt", "data_version": "aa-bb", "retrieve": False}

    def __init__(self) -> None:
        self.may_go, self.batches = Event(), list[int]()

    def answer_all(self, asked: Sequence[Asked]) -> list[Answer]:
        self.may_go.wait(20)
        self.batches.append(len(asked))
        if any(one.question == "bad" for one in asked):
            raise ValueError("bad")
        return [Answer(one.question, one.question, (), False, "prompt") for one in asked]


@pytest.fixture
def served(tmp_path):
    """One whose champion is already in place; its MLflow does not run, so nothing is recorded."""
    made = Served(Workspace(tmp_path / "kb", PARAMS, Settings(tracking_uri="http://127.0.0.1:9")), lambda line: None)
    made._answerer = Echo()  # type: ignore[assignment]
    yield made
    made._answerer.may_go.set()  # type: ignore[union-attr]
    made.close()


def echo(served: Served) -> Any:
    return served._answerer


def test_what_waits_is_answered_together_and_in_order(served):
    waiting = [served.submit(Asked(f"question {at}")) for at in range(2 * MAX_BATCH)]
    echo(served).may_go.set()
    assert [one.result(20)["answer"] for one in waiting] == [f"question {at}" for at in range(2 * MAX_BATCH)]
    assert sum(echo(served).batches) == 2 * MAX_BATCH
    assert MAX_BATCH in echo(served).batches


def test_a_question_that_fails_fails_alone(served):
    waiting = [served.submit(Asked(question)) for question in ("one", "bad", "two")]
    echo(served).may_go.set()
    assert [waiting[at].result(20)["answer"] for at in (0, 2)] == ["one", "two"]
    with pytest.raises(ValueError, match="bad"):
        waiting[1].result(20)


def test_more_than_can_wait_are_turned_away(served):
    everyone = [Asked(f"question {at}") for at in range(MAX_WAITING + MAX_BATCH + 1)]
    with pytest.raises(Unavailable, match=f"{MAX_WAITING} questions are waiting, which is the limit"):
        list(map(served.submit, everyone))


def test_one_who_went_away_is_not_answered(served):
    first, gone = served.submit(Asked("first")), [served.submit(Asked("gone")) for _ in range(MAX_BATCH)]
    assert sum(one.cancel() for one in gone) > 0
    echo(served).may_go.set()
    assert first.result(20)["answer"] == "first"
    assert all(one.cancelled() or one.result(20)["answer"] == "gone" for one in gone)


def test_an_unfit_question_does_not_wait_at_all(served):
    with pytest.raises(Refused, match="the question is empty"):
        served.submit(Asked(" "))


def test_a_registry_that_is_down_is_asked_less_and_less_often(served):
    pauses = [served.look() for _ in range(8)]
    assert pauses == [4, 8, 16, 32, 60, 60, 60, 60]
    assert served.health()["problem"].startswith("MLflow at http://127.0.0.1:9 failed")
