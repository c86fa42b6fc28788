"""The champion over a real socket, in a process of its own: one for all tests of this file, which go on from each other."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from tandem.params import Variant
from tandem.records import Answer, Decision
from tasks import registry
from tasks.answer import behaviour_of
from tasks.create import create_workspace
from tasks.data_version import data_version
from tasks.refresh import refresh
from tasks.registration import register
from tasks.traffic import recent_questions
from tasks.workspace import Workspace, open_workspace

TIMEOUT_S = 240.0


class Server:
    """`tandem serve` as it runs."""

    def __init__(self, workspace: Workspace):
        self.workspace, self.err = workspace, workspace.root.parent / "err.txt"
        command = [sys.executable, "-m", "flows.cli", "serve", "--port", "0", "--workspace", str(workspace.root)]
        with self.err.open("w") as err:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=err, env=dict(os.environ))
        self.until("the port", lambda: "listening on" in self.err.read_text())
        self.url = re.findall(r"listening on (http://127\.0\.0\.1:\d+)\n", self.err.read_text())[0]

    def until(self, what: str, holds: Callable[[], bool]) -> None:
        deadline = time.monotonic() + TIMEOUT_S
        while not holds():
            assert self.process.poll() is None, self.err.read_text()
            assert time.monotonic() < deadline, f"{what} did not come true; {self.err.read_text()}"
            time.sleep(0.05)

    def call(self, path: str, body: Any = None, raw: bytes | None = None) -> tuple[int, Any]:
        """Status and JSON of a GET, or of a POST with a body."""
        data = raw if raw is not None else None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_S) as reply:
                return reply.status, json.load(reply)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def ask(self, question: str, **more: Any) -> dict[str, Any]:
        status, record = self.call("/ask", {"question": question, **more})
        assert status == 200, record
        return dict(record)

    def promote(self, name: str, variant: Variant) -> str:
        decision = Decision(True, name, ("for the test",), 40, None, {})
        version = register(self.workspace, behaviour_of(self.workspace, name, variant), None, {}, decision)
        registry.promote(self.workspace, version)
        return version


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, small_inputs: tuple[Path, Path], cache_dir: Path) -> Iterator[Server]:
    os.environ["TANDEM_CACHE_DIR"] = str(cache_dir)
    root = tmp_path_factory.mktemp("serve") / "kb"
    create_workspace(root, *small_inputs)
    secret = root / "data" / "documents" / "people" / "bands.md"
    secret.parent.mkdir()
    secret.write_text("---\nroles: [people-team]\n---\n# Salary bands\n\nBand B3 earns 61000 euros a year.\n")
    workspace = open_workspace(root)
    refresh(workspace)
    started = Server(workspace)
    try:
        yield started
    finally:
        started.process.kill()
        started.process.wait()


def test_before_there_is_a_champion_it_says_so(server: Server):
    server.until("the first look", lambda: "no champion yet" in server.err.read_text())
    for status, record in (server.call("/health"), server.call("/ask", {"question": "What does the Elm kettle cost?"})):
        assert (status, record) == (503, {"detail": "kb has no champion yet: run `tandem run`."})


def test_the_first_champion_is_taken_up_and_answers_as_ask_does(server: Server):
    version = server.promote("rag", Variant(retrieve=True))
    server.until("the champion", lambda: "ready\n" in server.err.read_text())
    assert "MLflow at" not in server.err.read_text()  # the store was made while it was looked at
    record = server.ask("What does the Elm kettle cost?")
    assert list(record) == [field.name for field in fields(Answer)]
    assert (record["answer"], record["sources"][0]["document"]) == ("44 euros", "products/elm.md")
    assert (record["variant"], record["model_version"], record["data_version"]) == ("rag", version, data_version(server.workspace))
    health = {"model_version": version, "variant": "rag", "index_version": record["index_version"]}
    assert server.call("/health") == (200, {**health, "data_version": record["data_version"], "problem": None})


def test_questions_that_come_at_once_get_their_own_answers(server: Server):
    names = ["Alder", "Birch", "Cedar", "Dogwood", "Elm", "Fir", "Ginkgo", "Hazel"]
    with ThreadPoolExecutor(8) as pool:
        records = list(pool.map(lambda name: server.ask(f"What does the {name} kettle cost?"), names))
    assert [record["sources"][0]["document"] for record in records] == [f"products/{name.lower()}.md" for name in names]
    assert [record["answer"] for record in records] == [f"{40 + at} euros" for at in range(8)]
    assert len({record["trace_id"] for record in records}) == 8


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        ({"question": " "}, 422, "the question is empty"),
        ({"question": "x" * 2_001}, 422, "the question has 2,001 characters, the limit is 2,000"),
        ({"question": "Why\0?"}, 422, "question: character 3 is the control character U+0000"),
        ({"question": "Why?", "rolls": ["a"]}, 422, "unknown key rolls"),
        ({"question": 5}, 422, "question: Input should be a valid string"),
        ({"question": "Why?", "roles": ["\ud800"]}, 422, "roles.0: character 0 is the control character U+D800"),
        ({}, 422, "question is missing"),
        ({"question": "x" * 70_000}, 413, "the limit is 65,536"),
    ],
)
def test_an_unfit_question_is_refused_with_the_reason(server: Server, body: dict, status: int, reason: str):
    found, record = server.call("/ask", body)
    assert (found, reason in record["detail"]) == (status, True), record


def test_what_is_no_json_is_refused(server: Server):
    assert server.call("/ask", raw=b"{not json")[0] == 422
    assert server.call("/ask", raw=b"[" * 60_000)[0] in (400, 422)


def test_a_page_elsewhere_cannot_ask_through_a_browser_here(server: Server):
    host = server.url.removeprefix("http://")
    for name, status in (("evil.example:8080", 403), ("localhost:1", 200), (host, 200)):
        request = urllib.request.Request(f"{server.url}/", headers={"Host": name})
        try:
            with urllib.request.urlopen(request) as reply:
                seen, said = reply.status, reply.read().decode()
        except urllib.error.HTTPError as error:
            seen, said = error.code, error.read().decode()
        assert seen == status
        assert ("asked as evil.example, and only this machine is listened to" in said) == (status == 403)


def test_a_restricted_document_is_found_by_its_roles_alone(server: Server):
    question = "What does band B3 earn a year?"
    assert "people/bands.md" not in {source["document"] for source in server.ask(question)["sources"]}
    assert server.ask(question, roles=["people-team"])["sources"][0]["document"] == "people/bands.md"
    assert server.ask(question, roles=["people-team"], collections=["products"])["sources"] == []


def test_an_edited_document_is_in_the_answer_at_once(server: Server):
    page = server.workspace.documents_dir / "products" / "elm.md"
    before = server.ask("What does the Elm kettle cost?")
    page.write_text(page.read_text().replace("44 euros", "73 euros"))
    refresh(server.workspace)
    health = server.call("/health")[1]
    after = server.ask("What does the Elm kettle cost?")
    assert (before["answer"], after["answer"]) == ("44 euros", "73 euros")
    assert health["data_version"] in (None, after["data_version"])  # never the old one beside the new table
    assert server.call("/health")[1]["data_version"] == after["data_version"]
    assert (after["index_version"], after["data_version"]) == (before["index_version"] + 1, data_version(server.workspace))


def test_a_verdict_goes_to_the_answers_trace(server: Server):
    trace_id = server.ask("How heavy is the Fir kettle?")["trace_id"]
    verdict = {"trace_id": trace_id, "verdict": "bad"}
    assert server.call("/feedback", {**verdict, "comment": "outdated"}) == (200, verdict)
    assert [one.feedback for one in recent_questions(server.workspace, 50) if one.trace_id == trace_id] == [0.0]
    assert server.call("/feedback", {**verdict, "trace_id": f"tr-{'0' * 32}"})[0] == 404
    assert server.call("/feedback", {**verdict, "verdict": "meh"})[0] == 422


def test_another_champion_takes_over_without_a_pause(server: Server):
    version = server.promote("prompt", Variant())
    deadline, answered = time.monotonic() + TIMEOUT_S, ["1"]
    while answered[-1] != version and time.monotonic() < deadline:
        answered.append(server.ask("What does the Elm kettle cost?")["model_version"])
    assert sorted(set(answered)) == ["1", version]
    assert server.ask("What does the Elm kettle cost?")["variant"] == "prompt"
    registry.rollback(server.workspace)
    server.until("the way back", lambda: server.call("/health")[1]["model_version"] == "1")


def test_a_champion_that_cannot_be_loaded_leaves_the_one_before(server: Server):
    behaviour = {**behaviour_of(server.workspace, "rag", Variant(retrieve=True)), "table": "gone"}
    bad = register(server.workspace, behaviour, None, {}, Decision(True, "rag", (), 40, None, {}))
    registry.promote(server.workspace, bad)
    server.until("the complaint", lambda: "there is no table gone" in server.err.read_text())
    health = server.call("/health")[1]
    assert (health["model_version"], "there is no table gone" in health["problem"]) == ("1", True)
    assert server.ask("What does the Fir kettle cost?")["answer"] == "45 euros"


def test_the_page_loads_nothing_from_elsewhere(server: Server):
    with urllib.request.urlopen(server.url + "/") as reply:
        page, policy = reply.read().decode(), reply.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert re.findall(r"https?://|src=|innerHTML|insertAdjacentHTML", page) == []


def test_a_port_that_is_taken_is_refused(server: Server):
    port = server.url.rsplit(":", 1)[1]
    command = [sys.executable, "-m", "flows.cli", "serve", "--port", port, "--workspace", str(server.workspace.root)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1
    assert f"127.0.0.1:{port} cannot be listened on: Address already in use" in done.stderr


def test_a_signal_lets_it_answer_what_was_asked_and_write_its_traces(server: Server):
    body = json.dumps({"question": "How heavy is the Larch kettle?"}).encode()
    with socket.create_connection(("127.0.0.1", int(server.url.rsplit(":", 1)[1]))) as connection:
        reply = connection.makefile("rb")
        connection.sendall(b"POST /ask HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nExpect: 100-continue\r\n")
        connection.sendall(b"Content-Length: %d\r\n\r\n" % len(body))
        assert b"100 Continue" in reply.readline()  # so the request is under way
        server.process.send_signal(signal.SIGTERM)
        server.until("the signal", lambda: "stopping" in server.err.read_text())
        connection.sendall(body)
        answered = reply.read()
    assert b"2.0 kg" in answered
    assert server.process.wait(TIMEOUT_S) == 0
    assert recent_questions(server.workspace, 1)[0].question == "How heavy is the Larch kettle?"
