"""The OpenAI-compatible generator against a real server: `transformers serve` on a small local model."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tandem.params import Base, Form, Prompt
from tasks.generate import Request, load_generator
from tasks.workspace import Settings

PROMPT = Prompt(instruction="Answer from the passages.")
REQUESTS = [
    Request("How heavy is the kettle?", ("The kettle weighs 1.2 kg.",)),
    Request("Who made it?", ()),
    Request("How long is the warranty?", ("The warranty is 2 years.", "Repairs take 5 days.")),
]
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


def test_the_servers_own_fault_is_told(server: str, monkeypatch: pytest.MonkeyPatch):
    from tandem.errors import Refused

    monkeypatch.setattr("tasks.generate_openai.RETRIES", 0)
    with pytest.raises(Refused, match=r"endpoint of 'no-such-model' failed"):
        load_generator(Base(model="no-such-model", provider="openai"), Form(), Settings(openai_base_url=server)).generate(
            REQUESTS[:1], PROMPT, adapter=False
        )
