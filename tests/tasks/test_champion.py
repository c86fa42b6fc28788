"""The registered model loaded and served by MLflow. The generator is real, its endpoint a small local server."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tandem.params import Base, Chunking, Embedder, Form, Params, Prices, Prompt, Retrieval, Variant
from tandem.records import Answer, Decision
from tasks import champion, registry
from tasks.data_version import data_version
from tasks.registration import register
from tasks.tracking import experiment
from tasks.traffic import recent_questions
from tasks.workspace import Settings, Workspace, open_workspace

PROMPT = Prompt(instruction="Answer.")
PARAMS = Params(name="kettles", prompt=PROMPT, variants={"prompt": Variant()})
RECORD = {
    "answer", "text", "sources", "abstained", "variant", "model_version", "data_version", "index_version", "latency_ms", "cost_usd",
    "trace_id", "fallback",
}  # fmt: skip


class Endpoint(BaseHTTPRequestHandler):
    """Chat completions: every question is answered with the number of its words."""

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        n = len(request["messages"][-1]["content"].split())
        reply = {"role": "assistant", "content": f"Answer: {n} words Source: none"}
        body = {
            "id": "1", "object": "chat.completion", "created": 0, "model": request["model"],
            "choices": [{"index": 0, "finish_reason": "stop", "message": reply}],
            "usage": {"prompt_tokens": n, "completion_tokens": 5, "total_tokens": n + 5},
        }  # fmt: skip
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()


@pytest.fixture(scope="module")
def promoted(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace whose champion is version 2 of `kettles`: no retrieval, no adapter, a generator behind an endpoint."""
    workspace = Workspace(tmp_path_factory.mktemp("champion") / "kettles", PARAMS, Settings())
    form = Form(pattern=r"^Answer: \S.* Source: .+$", answer="Answer: {answer} Source: {source}")
    behaviour = {
        "variant": "prompt", "retrieve": False, "adapter": False, "base": Base(model="stand-in", provider="openai").model_dump(),
        "prompt": PROMPT.model_dump(), "form": form.model_dump(),
        "retrieval": Retrieval().model_dump(), "embedder": Embedder().model_dump(), "chunking": Chunking().model_dump(),
        "prices": Prices().model_dump(), "table": "none", "index_uri": "/nowhere", "data_version": "aa-bb", "index_version": 0,
        "model_name": "kettles", "workspace": str(workspace.root),
    }  # fmt: skip
    decision = Decision(True, "prompt", ("the only variant",), 40, None, {})
    for _ in range(2):
        version = register(workspace, behaviour, None, {}, decision)
    registry.promote(workspace, version)
    return workspace


def test_importing_the_module_makes_no_model() -> None:
    code = "import tasks.champion, sys; print('mlflow' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path(champion.__file__).parents[1])
    assert done.stdout == "False\n"


def test_the_champion_loads_as_a_pyfunc_and_takes_records_and_frames(
    promoted: Workspace, endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pandas as pd

    monkeypatch.setenv("TANDEM_OPENAI_BASE_URL", endpoint)
    with experiment(promoted):
        import mlflow

        model = mlflow.pyfunc.load_model("models:/kettles@champion")

    asked = [{"question": "How long does it take?"}, {"question": "And?", "roles": ["staff"], "collections": ["manuals"]}]
    for given in (asked, pd.DataFrame(asked), pd.DataFrame([{"question": "How long does it take?"}, {"question": "And?"}])):
        answers = model.predict(given)
        assert [set(answer) for answer in answers] == [RECORD, RECORD]
        assert [answer["text"].endswith("words Source: none") for answer in answers] == [True, True]
        assert [(answer["variant"], answer["model_version"]) for answer in answers] == [("prompt", "2")] * 2


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_mlflow_serves_the_champion_to_both_kinds_of_request(promoted: Workspace, endpoint: str, tmp_path: Path) -> None:
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **os.environ,
        "MLFLOW_TRACKING_URI": promoted.tracking_uri,
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "TANDEM_OPENAI_BASE_URL": endpoint,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    command = ["mlflow", "models", "serve", "-m", "models:/kettles@champion", "--env-manager", "local", "-p", str(port), "-w", "1"]
    with (tmp_path / "log").open("w") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True, cwd=tmp_path)
    try:
        _wait_for(f"http://127.0.0.1:{port}/ping", server, tmp_path / "log")
        asked = [{"question": "How long does it take?"}]
        for payload in ({"inputs": asked}, {"dataframe_records": asked}, {"inputs": [{**asked[0], "roles": ["staff"]}]}):
            (answer,) = _post(f"http://127.0.0.1:{port}/invocations", payload)["predictions"]
            assert set(answer) == RECORD
            assert answer["text"].endswith("words Source: none")
            assert answer["model_version"] == "2"
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(30)


def _wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        assert server.poll() is None, log.read_text()
        try:
            urllib.request.urlopen(url, timeout=2).close()
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.5)
    pytest.fail(log.read_text())


def _post(url: str, payload: dict[str, Any]) -> dict[str, Any]:
    request = urllib.request.Request(url, json.dumps(payload).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as response:
        return dict(json.load(response))


def test_a_served_version_names_the_data_of_now_and_leaves_a_trace(make_workspace: Callable[..., Path]) -> None:
    workspace = open_workspace(make_workspace())
    served = Served({"retrieve": True, "data_version": "of-registration", "workspace": str(workspace.root)})
    (record,) = champion.answer_all(served, [{"question": "How long?", "roles": ["board"]}])
    assert record["data_version"] == data_version(workspace)
    (asked,) = recent_questions(workspace, 5)
    assert (asked.question, asked.trace_id) == ("How long?", record["trace_id"])

    elsewhere = Served({**served.behaviour, "workspace": "/nowhere"})
    (record,) = champion.answer_all(elsewhere, [{"question": "How long?"}])
    assert (record["data_version"], record["trace_id"]) == (None, None)


class Served:
    """An answerer that says one thing."""

    def __init__(self, behaviour: dict[str, Any]):
        self.behaviour = behaviour

    def answer(self, question: str, roles: tuple[str, ...], collections: tuple[str, ...]) -> Answer:
        return Answer("2 years", "2 years", (), False, "rag", data_version=self.behaviour["data_version"])
