"""The OpenAI-compatible generator against a real server: `transformers serve` on a small local model."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock, Thread
from typing import ClassVar

import pytest

from tandem.errors import Refused
from tandem.params import Base, Evaluation, Form, Params, Prompt, Variant
from tandem.records import Example, Generation, Row
from tasks.generate import load_generator
from tasks.inputs import Request
from tasks.judge import INSTRUCTION, Judge, request
from tasks.workspace import Settings, Workspace

PROMPT = Prompt(instruction="Answer from the passages.")
REQUESTS = [
    Request("How heavy is the kettle?", ("The kettle weighs 1.2 kg.",)),
    Request("Who made it?", ()),
    Request("How long is the warranty?", ("The warranty is 2 years.", "Repairs take 5 days.")),
]
ROW = Row("", "", "", "", "", (), None, None, None, None, None, None, None, None, False, False, 0, 0, 0.0)
CHAT_TEMPLATE = "{% for message in messages %}{{ message['role'] }}: {{ message['content'] }}\n{% endfor %}assistant: "


@pytest.fixture(scope="module")
def chat_model(tiny_llama: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny Llama with a chat template, which a chat server needs."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = tmp_path_factory.mktemp("chat-llama")
    tokenizer = AutoTokenizer.from_pretrained(tiny_llama)
    tokenizer.chat_template = CHAT_TEMPLATE
    tokenizer.save_pretrained(folder)
    AutoModelForCausalLM.from_pretrained(tiny_llama).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def server(chat_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The base URL of a running `transformers serve`."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log_path = tmp_path_factory.mktemp("serve") / "log.txt"
    command = [str(Path(sys.executable).parent / "transformers"), "serve", str(chat_model), "--host", "127.0.0.1", "--port", str(port)]
    with log_path.open("w") as log:
        process = subprocess.Popen([*command, "--device", "cpu"], stdout=log, stderr=log, env={**os.environ, "HF_HUB_OFFLINE": "1"})
    try:
        deadline = time.monotonic() + 120
        while not _is_up(f"http://127.0.0.1:{port}/health"):
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(log_path.read_text()[-2000:])
            time.sleep(0.3)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.terminate()
        process.wait(20)


def _is_up(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as reply:
            return reply.status == 200
    except (urllib.error.URLError, OSError):
        return False


def test_a_served_model_answers_as_the_same_model_does_locally(server: str, chat_model: Path):
    remote = load_generator(
        Base(model=str(chat_model), provider="openai", max_new_tokens=12), Form(), Settings(openai_base_url=server)
    ).generate(REQUESTS, PROMPT, adapter=False)
    local = load_generator(Base(model=str(chat_model), max_new_tokens=12, dtype="float32"), Form(), Settings(device="cpu")).generate(
        REQUESTS, PROMPT, adapter=False
    )
    assert [one.text for one in remote] == [one.text for one in local]
    assert any(one.text for one in remote)
    assert all(one.n_tokens_in > 0 and 0 < one.n_tokens_out <= 12 for one in remote)


def test_what_an_endpoint_needs_besides_is_obeyed(server: str, chat_model: Path):
    base = Base(model=str(chat_model), provider="openai", max_new_tokens=12, extra_body={"max_tokens": 3})
    answers = load_generator(base, Form(), Settings(openai_base_url=server)).generate(REQUESTS, PROMPT, adapter=False)
    assert [answer.n_tokens_out for answer in answers] == [3, 3, 3]


def test_a_field_that_is_null_is_not_sent_and_one_that_is_refused_says_where_to_set_it():
    bodies: list[dict[str, object]] = []

    class Picky(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            refused = "max_tokens" in bodies[-1]
            reply = {"error": {"message": "max_tokens is not supported"}} if refused else {
                "id": "1", "object": "chat.completion", "created": 1, "model": "m",
                "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "1.2 kg"}}],
            }  # fmt: skip
            self.send_response(400 if refused else 200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(reply).encode())

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Picky) as picky:
        Thread(target=picky.serve_forever, daemon=True).start()
        settings = Settings(openai_base_url=f"http://127.0.0.1:{picky.server_port}/v1")
        wanted = {"max_tokens": None, "temperature": None, "max_completion_tokens": 7}
        said = load_generator(Base(model="m", provider="openai", extra_body=wanted), Form(), settings)
        assert said.generate(REQUESTS[:1], PROMPT, adapter=False)[0].text == "1.2 kg"
        with pytest.raises(Refused, match=r"max_tokens is not supported.* `base\.extra_body`"):
            load_generator(Base(model="m", provider="openai"), Form(), settings).generate(REQUESTS[:1], PROMPT, adapter=False)
        picky.shutdown()
    assert [sorted(body) for body in bodies] == [
        ["max_completion_tokens", "messages", "model"],
        ["max_tokens", "messages", "model", "temperature"],
    ]


class Scripted(BaseHTTPRequestHandler):
    """Does what `steps` says, one of them a request: a status, or seconds of sleep before a good answer without a count of tokens."""

    steps: ClassVar[list[int | float]] = []
    now: ClassVar[list[int]] = [0, 0]
    lock = Lock()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        with self.lock:
            step = self.steps.pop(0)
            self.now[:] = [self.now[0] + 1, max(self.now[1], self.now[0] + 1)]
        status = step if isinstance(step, int) else 200
        time.sleep(0.0 if isinstance(step, int) else step)
        with self.lock:
            self.now[0] -= 1
        reply = {"error": {"message": "too many"}} if status != 200 else {
            "id": "1", "object": "chat.completion", "created": 1, "model": "m",
            "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "1.2 kg"}}],
        }  # fmt: skip
        with suppress(OSError):
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Retry-After", "1")
            self.end_headers()
            self.wfile.write(json.dumps(reply).encode())

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def scripted() -> Iterator[ThreadingHTTPServer]:
    """A server of `Scripted`."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Scripted) as running:
        Thread(target=running.serve_forever, daemon=True).start()
        yield running
        running.shutdown()


def _asked(running: ThreadingHTTPServer, base: Base, n: int, **settings: float) -> list[Generation]:
    at = Settings(openai_base_url=f"http://127.0.0.1:{running.server_port}/v1", **settings)
    return load_generator(base, Form(), at).generate([REQUESTS[0]] * n, PROMPT, adapter=False)


def test_a_busy_endpoint_is_asked_again_when_it_says_so(scripted: ThreadingHTTPServer):
    Scripted.steps = [429, 503, 0.0]
    started = time.monotonic()
    (said,) = _asked(scripted, Base(model="m", provider="openai"), 1)
    assert said.text == "1.2 kg"
    assert time.monotonic() - started > 1.9
    assert not Scripted.steps


def test_tokens_that_a_server_does_not_count_are_counted_here(scripted: ThreadingHTTPServer):
    Scripted.steps = [0.0]
    (said,) = _asked(scripted, Base(model="m", provider="openai"), 1)
    assert 15 < said.n_tokens_in < 40
    assert said.n_tokens_out == 4


def test_no_more_requests_are_under_way_than_a_batch_holds(scripted: ThreadingHTTPServer):
    Scripted.steps, Scripted.now[:] = [0.1] * 9, [0, 0]
    assert len(_asked(scripted, Base(model="m", provider="openai", batch_size=3), 9)) == 9
    assert Scripted.now[1] == 3


def test_a_slow_endpoint_is_named_with_the_limit_that_it_passed(scripted: ThreadingHTTPServer, monkeypatch):
    monkeypatch.setattr("tasks.generate_openai.RETRIES", 1)
    Scripted.steps = [1.0, 1.0]
    with pytest.raises(Refused, match=r"no answer within 0\.2 s, asked 2 times\. Set TANDEM_OPENAI_TIMEOUT_S higher"):
        _asked(scripted, Base(model="m", provider="openai"), 1, openai_timeout_s=0.2)


def test_a_judge_behind_an_endpoint_is_the_same_model_asked_the_same(server: str, chat_model: Path, tmp_path: Path):
    example = Example(id="q", question="How heavy is the kettle?", answer="1.2 kg")
    asked = []
    for base in (
        Base(model=str(chat_model), provider="openai", max_new_tokens=6),
        Base(model=str(chat_model), max_new_tokens=6, dtype="float32"),
    ):
        params = Params(prompt=PROMPT, variants={"rag": Variant(retrieve=True)}, evaluation=Evaluation(judge=base))
        judge = Judge(Workspace(tmp_path, params, Settings(openai_base_url=server, device="cpu")))
        judge.added_to([ROW], [example], ["1.2 kg"])
        asked.append(judge._generator.generate([request(example, "1.2 kg")], Prompt(instruction=INSTRUCTION), adapter=False)[0].text)
    assert asked[0] == asked[1] != ""


def test_the_servers_own_fault_is_told(server: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("tasks.generate_openai.RETRIES", 0)
    with pytest.raises(Refused, match=r"endpoint of 'no-such-model' failed"):
        load_generator(Base(model="no-such-model", provider="openai"), Form(), Settings(openai_base_url=server)).generate(
            REQUESTS[:1], PROMPT, adapter=False
        )
