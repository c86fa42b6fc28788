"""Refusals of the command line: one paragraph on stderr, exit 1, nothing lost or half-written. Wrong usage is exit 2."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from flows.cli import main
from tandem.errors import Notice
from tandem.records import Answer, Decision
from tasks import registry, traffic
from tasks.registration import register
from tasks.workspace import open_workspace

BIN = Path(sys.executable).parent


def tandem(*arguments: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "false"}
    return subprocess.run(
        [str(BIN / "tandem"), *map(str, arguments)], cwd=cwd, capture_output=True, text=True, timeout=120, env=environment, check=False
    )


def refused(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 1, done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    return done.stderr


def test_a_notice_is_shown_once_and_other_warnings_are_not(monkeypatch, capsys):
    def warn_all() -> None:
        for category in (Notice, Notice, UserWarning):
            warnings.warn("the last passages are not read", category, stacklevel=1)

    monkeypatch.setattr("flows.cli.app", warn_all)
    with warnings.catch_warnings():
        main()
    assert capsys.readouterr().err == "tandem: the last passages are not read\n"


def test_a_folder_that_is_no_workspace(tmp_path):
    assert "is no workspace: params.yaml and dvc.yaml missing. Run `tandem init" in refused(tandem("run", cwd=tmp_path))


def test_advice_on_a_folder_needs_no_workspace(tmp_path, small_inputs):
    documents, examples = small_inputs
    done = tandem("advise", documents, "--examples", examples, "--no-train", "--json", cwd=tmp_path)
    advice = json.loads(done.stdout)
    assert (advice["variant"], advice["facts"]["n_documents"], advice["facts"]["may_train"]) == ("rag", 12, False)
    assert [verdict["rule"] for verdict in advice["verdicts"] if verdict["vote"] == "bars"] == ["too few examples", "consent"]
    assert "Start with rag." in tandem("advise", documents, "--no-train", cwd=tmp_path).stdout
    assert "nowhere is no folder" in refused(tandem("advise", tmp_path / "nowhere"))
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_key_in_params_is_named(make_workspace):
    root = make_workspace(changes={"retrieval.depth": 3, "adapter.r": 0})
    message = refused(tandem("run", "--workspace", root))
    assert "unknown key retrieval.depth" in message
    assert "adapter.r = 0" in message


def test_an_empty_folder_of_documents(tmp_path):
    (tmp_path / "empty").mkdir()
    assert "holds no file" in refused(tandem("init", tmp_path / "kb", "--documents", tmp_path / "empty"))
    assert not (tmp_path / "kb").exists()


def test_every_bad_line_of_the_examples_is_listed_and_nothing_is_made(tmp_path, small_inputs):
    documents, examples = small_inputs
    bad = tmp_path / "bad.jsonl"
    bad.write_text(
        examples.read_text() + 'not json\n{"answer": "x", "sources": []}\n{"question": "q?", "answer": "a", "sources": ["gone.md"]}\n'
    )
    message = refused(tandem("init", tmp_path / "kb", "--documents", documents, "--examples", bad))
    assert "line 41" in message
    assert "line 42" in message
    assert "line 43" in message
    assert "gone.md" in message
    assert list(tmp_path.iterdir()) == [bad]


def test_a_target_that_holds_something_is_left_alone(tmp_path, small_inputs):
    (tmp_path / "mine.txt").write_text("mine")
    assert "is not empty" in refused(tandem("init", tmp_path, "--documents", small_inputs[0]))
    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_status_before_the_first_run_is_nulls(make_workspace):
    done = tandem("status", "--json", "--workspace", make_workspace())
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["champion"], found["index"], found["last_report"], found["quarantined"]) == (None, None, None, 0)
    assert Path(found["workspace"]).is_absolute()


def test_asking_before_the_first_run_names_the_next_command(make_workspace):
    assert "has no champion yet. Run `tandem run` first." in refused(tandem("ask", "Why?", "--workspace", make_workspace()))


@pytest.mark.parametrize("arguments", [("nonsense",), ("ask",), ("run", "--fast")])
def test_wrong_usage_is_exit_2(arguments):
    assert tandem(*arguments).returncode == 2


def test_a_workspace_made_inside_another_repository_has_its_own(tmp_path, small_inputs):
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    done = tandem("init", "kb", "--documents", small_inputs[0], "--examples", small_inputs[1], cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "kb" / ".git").is_dir()
    assert (tmp_path / "kb" / ".dvc" / "config").is_file()


@pytest.mark.slow
def test_faults_of_single_files_are_quarantined_with_their_reasons(make_workspace):
    root = make_workspace(changes={"documents.max_bytes": 50_000_000})
    documents = root / "data" / "documents"
    (documents / "huge.md").write_bytes(b"word " * 10_100_000)
    (documents / "binary.md").write_bytes(bytes(range(256)) * 10)
    (documents / "latin.txt").write_bytes("Größe und Gewicht".encode("latin-1"))
    (documents / "scan.tiff").write_bytes(b"II*\0")
    done = tandem("refresh", "--json", "--workspace", root)
    assert done.returncode == 0, done.stderr
    reasons = json.loads(done.stdout)["quarantined"]
    assert set(reasons) == {"huge.md", "binary.md", "latin.txt", "scan.tiff"}
    assert "50,500,000" in reasons["huge.md"] or "50500000" in reasons["huge.md"]
    assert json.loads(tandem("status", "--json", "--workspace", root).stdout)["quarantined"] == 4
    assert len(list((root / "data" / "quarantine").rglob("*.reason.json"))) == 4


@pytest.mark.slow
def test_a_rollback_to_data_that_is_not_there_leaves_the_champion(make_workspace):
    workspace = open_workspace(make_workspace())
    assert "no previous version" in refused(tandem("rollback", "--data", "deadbeef", "--workspace", workspace.root))
    behaviour = {"variant": "prompt", "retrieve": False, "adapter": False, "base": {}, "data_version": "aa-bb", "index_version": 1}
    for _ in range(2):
        registry.promote(workspace, register(workspace, behaviour, None, {}, Decision(True, "prompt", (), 0, None, {})))
    assert "deadbeef" in refused(tandem("rollback", "--data", "deadbeef", "--workspace", workspace.root))
    assert registry.champion_version(workspace) == "2"


def test_feedback_goes_to_a_trace_and_is_good_or_bad(make_workspace):
    workspace = open_workspace(make_workspace())
    trace_id = traffic.record_question(workspace, "How long?", Answer("2 years", "2 years", (), False, "rag"))
    traffic.settle()
    done = tandem("feedback", trace_id, "bad", "--comment", "outdated", "--json", "--workspace", workspace.root)
    assert (done.returncode, json.loads(done.stdout)) == (0, {"trace_id": trace_id, "verdict": "bad"})
    assert [one.feedback for one in traffic.recent_questions(workspace, 5)] == [0.0]
    assert tandem("feedback", trace_id, "meh", "--workspace", workspace.root).returncode == 2


@pytest.mark.slow
def test_the_doctor_exits_1_with_its_findings_and_0_once_they_are_mended(make_workspace):
    root = make_workspace()
    found = tandem("doctor", "--json", "--workspace", root)
    assert found.returncode == 1, found.stderr
    told = json.loads(found.stdout)
    assert (told["healthy"], told["findings"][0]["problem"], told["findings"][0]["mended"]) == (False, "there is no index yet", False)
    assert set(told["findings"][0]) == {"check", "problem", "value", "mended", "done", "next"}
    repaired = tandem("doctor", "--repair", "--workspace", root)
    assert repaired.returncode == 0, repaired.stdout + repaired.stderr
    assert "mended documents: there is no index yet" in repaired.stdout
    assert json.loads(tandem("doctor", "--json", "--workspace", root).stdout) == {"healthy": True, "findings": []}


@pytest.mark.slow
def test_forgetting_says_what_it_did_and_refuses_what_is_not_there(make_workspace):
    root = make_workspace()
    assert "no document 'elm.md' (close: products/elm.md)" in refused(tandem("forget", "elm.md", "--workspace", root))
    done = tandem("forget", "products/elm.md", "--json", "--workspace", root)
    assert done.returncode == 0, done.stderr
    outcome = json.loads(done.stdout)
    assert (outcome["forgotten"], outcome["rows"], outcome["examples"]) == (["products/elm.md"], 22, ["elm-0", "elm-1", "elm-2"])
    assert not (root / "data" / "documents" / "products" / "elm.md").exists()
