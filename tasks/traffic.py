"""Traffic: every answered question as an MLflow trace, users' verdicts on it, and the recent questions for the drift signals.

An answer never waits for its trace and never fails because of it: one thread a process writes, the interpreter waits for that
thread when it exits, and what MLflow does not take goes to the outbox under the same trace id.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from tandem.errors import Refused
from tandem.records import Answer
from tasks.tracking import connected, experiment_id, put_aside, set_aside
from tasks.workspace import Workspace

if TYPE_CHECKING:
    from mlflow.entities import Span

MAX_PREVIEW_CHARS = 1_000
MAX_TAG_CHARS = 8_000
WAIT_S = 10.0
PAUSE_S = 30.0

_writer: ThreadPoolExecutor | None = None
_pending: set[Future[None]] = set()
_failed: dict[str, tuple[float, Refused]] = {}  # tracking URI -> when it last refused, and why


@dataclass(frozen=True, slots=True)
class AskedQuestion:
    """A question from the traces: `at` in seconds since 1970, `top_score` of its best source, `feedback` the last verdict (1 good)."""

    question: str
    at: float
    top_score: float | None
    trace_id: str
    variant: str | None = None
    abstained: bool = False
    feedback: float | None = None


def record_question(workspace: Workspace, question: str, answer: Answer, roles: Sequence[str] = ()) -> str | None:
    """Hand the question to the writing thread; its trace id at once. None where even that is impossible.

    An answer to a caller with `roles` may hold restricted text: its words and quotes are left out of the trace.
    """
    kept = asdict(_without_text(answer) if roles else answer)
    record = {"trace_id": f"tr-{os.urandom(16).hex()}", "at": time.time(), "question": question, "answer": kept}
    try:
        _write(workspace, record)
    except RuntimeError:  # the interpreter is shutting down
        return None
    return str(record["trace_id"])


def feedback(workspace: Workspace, trace_id: str, value: bool | float, comment: str = "") -> None:
    """A user's verdict on an answer; it waits in the outbox while MLflow is down. Raises Refused for a trace that nobody knows."""
    settle()
    record = {"trace_id": trace_id, "value": value, "comment": comment}
    try:
        replay_feedback(workspace, record)
    except Refused as error:
        if _is_unknown(error) and not _waits(workspace, trace_id):
            hint = "Give the trace_id that came with the answer."
            raise Refused(f"{workspace.name} has no answer with the trace id {trace_id}", hint=hint) from error
        put_aside(workspace, "feedback", record, error)


def recent_questions(workspace: Workspace, n: int) -> list[AskedQuestion]:
    """The last `n` questions, newest first. Raises Refused where the store cannot be reached."""
    settle()
    experiment = experiment_id(workspace)
    with connected(workspace) as client:
        found: list[AskedQuestion] = []
        token = None
        while len(found) < n:
            page = client.search_traces(
                locations=[experiment],
                filter_string="tag.kind = 'question'",
                max_results=min(n - len(found), 500),
                order_by=["timestamp_ms DESC"],
                page_token=token,
                include_spans=False,
            )
            found += [_asked(trace.info) for trace in page]
            token = page.token
            if not token:
                break
    return found


def settle(timeout_s: float = WAIT_S) -> None:
    """Wait until this process's questions are written (or set aside)."""
    wait(set(_pending), timeout=timeout_s)


def replay_question(workspace: Workspace, record: Mapping[str, Any]) -> None:
    """Write one question's trace: a root span, and a retriever span with the sources. Raises Refused where MLflow does not take it.

    Through the tracing client rather than `mlflow.start_span`: that one logs a failure and forgets the trace, and sends it later.
    """
    experiment = experiment_id(workspace)
    answer, at_ms = record["answer"], int(record["at"] * 1000)
    latency_ms = round(answer["latency_ms"] or 0)
    with connected(workspace):
        from mlflow.entities import TraceInfo, TraceLocation, TraceState
        from mlflow.tracing.client import TracingClient

        client = TracingClient(workspace.tracking_uri)
        spans = _spans(record, (at_ms - latency_ms) * 1_000_000, at_ms * 1_000_000)
        info = TraceInfo(
            trace_id=record["trace_id"],
            trace_location=TraceLocation.from_experiment_id(experiment),
            request_time=at_ms - latency_ms,
            execution_duration=latency_ms,
            state=TraceState.OK,
            request_preview=record["question"][:MAX_PREVIEW_CHARS],
            response_preview=answer["text"][:MAX_PREVIEW_CHARS],
            trace_metadata={"mlflow.trace_schema.version": "3"},
            tags=_tags(record),
        )
        client.start_trace(info)
        client.log_spans(experiment, spans)


def replay_feedback(workspace: Workspace, record: Mapping[str, Any]) -> None:
    """Write one verdict. Raises Refused for a trace that the store does not know."""
    with connected(workspace):
        from mlflow.entities import AssessmentSource, Feedback
        from mlflow.tracing.client import TracingClient

        source = AssessmentSource("HUMAN", "user")
        verdict = Feedback(name="verdict", value=record["value"], rationale=record["comment"] or None, source=source)
        TracingClient(workspace.tracking_uri).log_assessment(record["trace_id"], verdict)


def _without_text(answer: Answer) -> Answer:
    return replace(answer, answer="", text="", sources=tuple(replace(source, quote="") for source in answer.sources))


def _is_unknown(refusal: Refused) -> bool:
    return getattr(refusal.__cause__, "error_code", None) == "RESOURCE_DOES_NOT_EXIST"


def _waits(workspace: Workspace, trace_id: str) -> bool:
    """Whether the outbox holds that answer, or did when it was listed."""
    for path in set_aside(workspace):
        try:
            if trace_id in path.read_text(encoding="utf-8"):
                return True
        except FileNotFoundError:  # replayed meanwhile
            return True
    return False


def _write(workspace: Workspace, record: Mapping[str, Any]) -> None:
    global _writer
    if _writer is None:
        _writer = ThreadPoolExecutor(1, thread_name_prefix="tandem-traffic")
    future = _writer.submit(_write_or_put_aside, workspace, record)
    _pending.add(future)
    future.add_done_callback(_pending.discard)


def _write_or_put_aside(workspace: Workspace, record: Mapping[str, Any]) -> None:
    uri = workspace.tracking_uri
    failed_at, failure = _failed.get(uri, (0.0, None))
    if failure is not None and time.monotonic() - failed_at < PAUSE_S:
        put_aside(workspace, "question", record, failure)  # or each question of a burst would wait for a silent server
        return
    try:
        replay_question(workspace, record)
        _failed.pop(uri, None)
    except Refused as error:
        _failed[uri] = (time.monotonic(), error)
        put_aside(workspace, "question", record, error)
    except Exception as error:  # the thread's outer edge: whatever went wrong, the question is kept
        put_aside(workspace, "question", record, error)


def _tags(record: Mapping[str, Any]) -> dict[str, str]:
    answer = record["answer"]
    scores = [source["score"] for source in answer["sources"]]
    tags = {
        "kind": "question",
        "mlflow.traceName": "ask",
        "question": record["question"][:MAX_TAG_CHARS],
        "variant": answer["variant"],
        "model_version": answer["model_version"],
        "data_version": answer["data_version"],
        "index_version": answer["index_version"],
        "top_score": max(scores) if scores else None,
        "abstained": json.dumps(answer["abstained"]),
        "fallback": answer["fallback"],
    }
    return {name: str(value) for name, value in tags.items() if value is not None}


def _spans(record: Mapping[str, Any], start_ns: int, end_ns: int) -> list[Span]:
    """MLflow's retriever span holds documents with `page_content` and `metadata.doc_uri`: its pages and scorers read those."""
    answer, root = record["answer"], os.urandom(8).hex()
    documents = [
        {"id": one["chunk"], "page_content": one["quote"], "metadata": {"doc_uri": one["document"], "score": one["score"]}}
        for one in answer["sources"]
    ]
    spans = [_span(record, "ask", "CHAIN", root, None, {"question": record["question"]}, answer, start_ns, end_ns)]
    if documents:
        spans.append(_span(record, "sources", "RETRIEVER", os.urandom(8).hex(), root, record["question"], documents, start_ns, end_ns))
    return spans


def _span(
    record: Mapping[str, Any], name: str, kind: str, span_id: str, parent: str | None, inputs: Any, outputs: Any, start_ns: int, end_ns: int
) -> Span:
    from mlflow.entities import Span

    attributes = {
        "mlflow.traceRequestId": record["trace_id"],
        "mlflow.spanType": kind,
        "mlflow.spanInputs": inputs,
        "mlflow.spanOutputs": outputs,
    }
    return Span.from_dict({
        "name": name,
        "trace_id": record["trace_id"],
        "span_id": span_id,
        "parent_span_id": parent,
        "start_time_unix_nano": start_ns,
        "end_time_unix_nano": end_ns,
        "attributes": {key: json.dumps(value) for key, value in attributes.items()},
        "status": {"code": "OK", "message": ""},
        "events": [],
    })  # fmt: skip


def _asked(info: Any) -> AskedQuestion:
    tags = info.tags
    verdicts = [verdict for verdict in info.assessments if verdict.name == "verdict" and verdict.feedback is not None]
    last = max(verdicts, key=lambda verdict: verdict.create_time_ms, default=None)
    return AskedQuestion(
        question=tags.get("question", info.request_preview or ""),
        at=info.request_time / 1000,
        top_score=float(tags["top_score"]) if "top_score" in tags else None,
        trace_id=info.trace_id,
        variant=tags.get("variant"),
        abstained=tags.get("abstained") == "true",
        feedback=float(last.feedback.value) if last is not None else None,
    )
