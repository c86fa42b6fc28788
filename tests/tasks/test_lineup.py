"""Latency is measured fairly: the candidates take turns on every question, at a real endpoint that notes who asks what."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tandem.params import Base, Form, Params, Prompt, Retrieval, Variant
from tandem.records import Example
from tasks.candidates import Candidate
from tasks.lineup import Lineup
from tasks.workspace import Settings, Workspace

PROMPT = Prompt(instruction="Answer.")
EXAMPLES = [Example(id=f"e{at}", question=f"How heavy is kettle {at}?", answer=f"{at} kg") for at in range(3)]


class Endpoint(BaseHTTPRequestHandler):
    """Chat completions; `asked` holds the model and the question of each, in order."""

    asked: list[tuple[str, str]]

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.asked.append((request["model"], request["messages"][-1]["content"]))
        message = {"role": "assistant", "content": "1 kg"}
        body = {
            "id": "1", "object": "chat.completion", "created": 0, "model": request["model"],
            "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
            "usage": {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7},
        }  # fmt: skip
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def endpoint() -> Iterator[str]:
    Endpoint.asked = []
    server = HTTPServer(("127.0.0.1", 0), Endpoint)
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()
    server.server_close()


def candidate(name: str) -> Candidate:
    behaviour = {
        "variant": name, "retrieve": False, "adapter": False, "base": Base(model=name, provider="openai").model_dump(),
        "prompt": PROMPT.model_dump(), "form": Form().model_dump(), "retrieval": Retrieval().model_dump(), "prices": {},
    }  # fmt: skip
    return Candidate(name, behaviour, None, 0, None)


def test_candidates_take_turns_on_each_question_and_the_first_question_warms_them_up(endpoint: str, tmp_path: Path):
    workspace = Workspace(tmp_path, Params(prompt=PROMPT, variants={"a": Variant()}), Settings(openai_base_url=endpoint))
    timed = Lineup(workspace, [candidate("a"), candidate("b")], {}, lambda *_: None).time(EXAMPLES)
    asked = [(model, text.removeprefix("Question: ")) for model, text in Endpoint.asked]
    assert asked == [(model, one.question) for one in [EXAMPLES[0], *EXAMPLES] for model in ("a", "b")]
    n_timed = {"retrieve": 0, "rerank": 0, "generate": 3, "total": 3}
    assert {name: {stage: len(found) for stage, found in of.items()} for name, of in timed.items()} == {"a": n_timed, "b": n_timed}
