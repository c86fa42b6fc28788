"""Questions as traces in a real MLflow store (SQLite) in a temporary folder."""

import json
import socket
import subprocess
import sys
import textwrap
import time
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

import pytest

from tandem.errors import Refused
from tandem.params import Params, Prompt, Variant
from tandem.records import Answer, Source
from tasks import registry, traffic
from tasks.tracking import experiment, experiment_id, set_aside
from tasks.workspace import PROJECT, Settings, Workspace

PARAMS = Params(prompt=Prompt(instruction="Answer."), variants={"rag": Variant(retrieve=True)})
SOURCES = (Source("manuals/kettle.md", "c1", "2 years", 0.5), Source("manuals/mill.md", "c2", "3 years", 0.75))


def answered(text: str = "2 years", sources: tuple[Source, ...] = SOURCES) -> Answer:
    return Answer(text, f"Answer: {text}", sources, not sources, "rag", "4", "aa-bb", 7, 120.0, 0.001)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    made = Workspace(tmp_path_factory.mktemp("traffic") / "shared", PARAMS, Settings())
    experiment_id(made)
    return made


@pytest.fixture
def workspace(shared: Workspace, request: pytest.FixtureRequest) -> Workspace:
    return Workspace(shared.root, PARAMS.model_copy(update={"name": request.node.name}), shared.settings)


@pytest.fixture
def down(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "down", PARAMS, Settings(tracking_uri="http://127.0.0.1:9"))


def up_again(down: Workspace, workspace: Workspace) -> Workspace:
    return Workspace(down.root, workspace.params, Settings(tracking_uri=workspace.tracking_uri, artifact_uri=workspace.artifact_uri))


def test_a_question_becomes_a_trace_with_its_sources_and_versions(workspace: Workspace) -> None:
    trace_id = traffic.record_question(workspace, "How long is the warranty?", answered())
    traffic.settle()

    assert trace_id is not None
    with experiment(workspace):
        import mlflow

        trace = mlflow.get_trace(trace_id)
    assert (trace.info.request_preview, trace.info.response_preview) == ("How long is the warranty?", "Answer: 2 years")
    assert trace.info.execution_duration == 120
    expected = {"variant": "rag", "model_version": "4", "data_version": "aa-bb", "index_version": "7", "top_score": "0.75"}
    assert {name: trace.info.tags[name] for name in expected} == expected
    root, retriever = trace.data.spans
    assert (root.span_type, root.inputs, root.outputs["answer"]) == ("CHAIN", {"question": "How long is the warranty?"}, "2 years")
    assert (retriever.span_type, retriever.parent_id) == ("RETRIEVER", root.span_id)
    assert retriever.outputs[0] == {"id": "c1", "page_content": "2 years", "metadata": {"doc_uri": "manuals/kettle.md", "score": 0.5}}


def test_recording_does_not_make_the_answer_wait(workspace: Workspace) -> None:
    traffic.record_question(workspace, "warm", answered())
    traffic.settle()
    started = time.perf_counter()
    for at in range(20):
        traffic.record_question(workspace, f"question {at}", answered())
    assert (time.perf_counter() - started) / 20 < 0.02
    assert len(traffic.recent_questions(workspace, 100)) == 21


def test_recent_questions_come_newest_first_with_score_and_verdict(workspace: Workspace) -> None:
    first = traffic.record_question(workspace, "first", answered())
    time.sleep(0.01)
    second = traffic.record_question(workspace, "second", answered("I don't know", ()))
    time.sleep(0.01)
    traffic.record_question(workspace, "third", answered())
    assert first is not None
    assert second is not None
    traffic.feedback(workspace, first, True, "quick")
    traffic.feedback(workspace, second, True)
    time.sleep(0.01)
    traffic.feedback(workspace, second, 0.0, "on second thoughts, no")

    found = traffic.recent_questions(workspace, 10)

    assert [(one.question, one.top_score, one.abstained, one.feedback) for one in found] == [
        ("third", 0.75, False, None), ("second", None, True, 0.0), ("first", 0.75, False, 1.0),
    ]  # fmt: skip
    assert [one.question for one in traffic.recent_questions(workspace, 2)] == ["third", "second"]
    assert found[2].at == pytest.approx(time.time(), abs=60)


def test_a_long_question_is_kept_whole(workspace: Workspace) -> None:
    question = "why " * 500
    traffic.record_question(workspace, question, answered())
    assert traffic.recent_questions(workspace, 1)[0].question == question


def test_a_question_is_found_after_its_process_has_ended(workspace: Workspace, tmp_path: Path) -> None:
    code = f"""
        import sys
        from pathlib import Path
        from tandem.params import Params, Prompt, Variant
        from tandem.records import Answer
        from tasks import traffic
        from tasks.workspace import Settings, Workspace
        params = Params(name={workspace.name!r}, prompt=Prompt(instruction="."), variants={{"rag": Variant()}})
        answer = Answer("yes", "yes", (), False, "rag")
        print(traffic.record_question(Workspace(Path({str(workspace.root)!r}), params, Settings()), "from elsewhere", answer))
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True, cwd=PROJECT)
    found = traffic.recent_questions(workspace, 10)
    assert [(one.question, one.trace_id) for one in found] == [("from elsewhere", done.stdout.strip())]


def test_without_a_store_the_question_waits_in_the_outbox_and_keeps_its_trace_id(down: Workspace, workspace: Workspace) -> None:
    trace_id = traffic.record_question(down, "asked while MLflow was down", answered())
    assert trace_id is not None
    traffic.feedback(down, trace_id, False, "wrong")
    assert len(set_aside(down)) == 2

    assert registry.flush_outbox(up_again(down, workspace)) == 2

    (found,) = traffic.recent_questions(workspace, 10)
    assert (found.question, found.trace_id, found.feedback) == ("asked while MLflow was down", trace_id, 0.0)


def test_a_burst_of_questions_does_not_wait_for_a_silent_server_again_and_again(tmp_path: Path) -> None:
    with closing(socket.socket()) as silent:  # accepts into its backlog of none: later callers get no reply at all
        silent.bind(("127.0.0.1", 0))
        silent.listen(0)
        address = silent.getsockname()
        with closing(socket.create_connection(address)):
            workspace = Workspace(tmp_path / "burst", PARAMS, Settings(tracking_uri=f"http://127.0.0.1:{address[1]}"))
            started = time.perf_counter()
            for at in range(20):
                traffic.record_question(workspace, f"question {at}", answered())
            traffic.settle(60)
    assert len(set_aside(workspace)) == 20
    assert time.perf_counter() - started < 12


def test_a_record_that_mlflow_refuses_stays_and_does_not_hold_up_the_others(down: Workspace, workspace: Workspace) -> None:
    traffic.record_question(down, "first", answered())
    traffic.settle()
    waiting = set_aside(down)[0]
    bad = waiting.with_name("0-feedback-bad.json")
    bad.write_text('{"kind": "feedback", "why": "", "record": {"trace_id": "tr-unknown", "value": true, "comment": ""}}')
    odd = waiting.with_name("1-question-odd.json")
    odd.write_text('{"kind": "question", "why": "", "record": {"trace_id": "tr-1"}}')

    assert registry.flush_outbox(up_again(down, workspace)) == 1

    assert set_aside(down) == [bad, odd]
    assert [one.question for one in traffic.recent_questions(workspace, 10)] == ["first"]


def test_a_question_replayed_twice_is_one_trace(workspace: Workspace) -> None:
    record = {"trace_id": f"tr-{'ab' * 16}", "at": time.time(), "question": "once", "answer": asdict(answered("a", ()))}
    for _ in range(2):
        traffic.replay_question(workspace, record)
    assert [one.question for one in traffic.recent_questions(workspace, 10)] == ["once"]


def test_feedback_on_an_unknown_trace_is_refused(workspace: Workspace) -> None:
    with pytest.raises(Refused, match="has no answer with the trace id tr-0000"):
        traffic.feedback(workspace, f"tr-{'0' * 32}", True)


def test_feedback_that_a_busy_store_refuses_waits(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_: object) -> None:
        raise Refused("the database is locked")

    monkeypatch.setattr("tasks.traffic.replay_feedback", busy)
    before = len(set_aside(workspace))
    traffic.feedback(workspace, f"tr-{'1' * 32}", True)
    (waiting,) = set_aside(workspace)[before:]
    assert json.loads(waiting.read_text())["record"]["trace_id"] == f"tr-{'1' * 32}"
    waiting.unlink()


def test_a_trace_of_a_caller_with_roles_holds_no_restricted_text(workspace: Workspace) -> None:
    trace_id = traffic.record_question(workspace, "What does band B3 earn?", answered(), roles=["people-team"])
    traffic.settle()

    with experiment(workspace):
        import mlflow

        trace = mlflow.get_trace(str(trace_id))
    assert "2 years" not in trace.to_json()
    assert "3 years" not in trace.to_json()
    assert trace.data.spans[1].outputs[0]["metadata"]["doc_uri"] == "manuals/kettle.md"
    assert [one.question for one in traffic.recent_questions(workspace, 1)] == ["What does band B3 earn?"]
