"""The whole loop on a small workspace, as a user runs it: init, run, ask, edit, refresh, rollback, repro - in order, on one workspace."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tasks.create import create_workspace

PROJECT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent


def tandem(root: Path, *arguments: str, expect: int = 0) -> subprocess.CompletedProcess[str]:
    """Run the command line in the workspace, without a Prefect server."""
    environment = {**os.environ, "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "false", "PATH": f"{BIN}:{os.environ['PATH']}"}
    done = subprocess.run(
        [str(BIN / "tandem"), *arguments], cwd=root, capture_output=True, text=True, timeout=280, env=environment, check=False
    )
    assert done.returncode == expect, done.stderr[-3000:]
    return done


def dvc(root: Path, *arguments: str) -> str:
    environment = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}"}
    done = subprocess.run(
        [str(BIN / "dvc"), *arguments], cwd=root, capture_output=True, text=True, timeout=280, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory, small_inputs: tuple[Path, Path], cache_dir: Path) -> Path:
    """A workspace after its first `tandem run`, with a short training."""
    os.environ["TANDEM_CACHE_DIR"] = str(cache_dir)
    root = tmp_path_factory.mktemp("loop") / "kb"
    create_workspace(root, *small_inputs)
    params = yaml.safe_load((root / "params.yaml").read_text())
    params["adapter"].update(epochs=1, min_examples=10, exercises=8)
    params["evaluation"].update(forgetting_n=4, latency_n=2)
    params["promotion"].update(min_n=5)
    (root / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False))
    outcome = json.loads(tandem(root, "run", "--json").stdout)
    (root.parent / "outcome.json").write_text(json.dumps(outcome))
    return root


@pytest.fixture
def outcome(workspace: Path) -> dict:
    return json.loads((workspace.parent / "outcome.json").read_text())


def test_all_four_variants_are_measured_on_the_same_questions(outcome):
    assert list(outcome["variants"]) == ["prompt", "rag", "lora", "rag+lora"]
    for card in outcome["variants"].values():
        measures = {"quality", "form", "grounding", "citation_precision"}
        assert set(card) == {*measures, "retrieval", "latency_ms", "tokens", "cost_usd_per_1k"}
        assert 0 <= card["quality"] <= 1
        assert card["latency_ms"]["p50"] > 0
    assert outcome["variants"]["prompt"]["retrieval"]["hit@5"] is None
    assert outcome["variants"]["rag"]["retrieval"]["n"] == 36
    assert outcome["variants"]["rag"]["retrieval"]["hit@5"] >= 0.9


def test_the_decision_names_its_reasons_and_its_n(outcome):
    decision = outcome["decision"]
    assert decision["n"] >= 5
    assert decision["reasons"]
    low, high = decision["interval"]
    assert low <= high


def test_dvc_has_nothing_to_do_after_a_run(workspace):
    assert "up to date" in dvc(workspace, "status")
    assert "up to date" in dvc(workspace, "repro")
    assert "rag+lora" in dvc(workspace, "metrics", "show", "--md") or "quality" in dvc(workspace, "metrics", "show")
    assert "evaluate" in dvc(workspace, "dag")


def test_git_holds_pointers_and_nothing_else(workspace):
    tracked = subprocess.run(["git", "ls-files"], cwd=workspace, capture_output=True, text=True, check=True).stdout.split()
    assert {"params.yaml", "dvc.yaml", "dvc.lock", "data/documents.dvc", "data/examples.jsonl.dvc", "data/labels.json"} <= set(tracked)
    assert not [name for name in tracked if name.startswith(("data/documents/", "artifacts/", ".tandem/"))]
    status = subprocess.run(["git", "status", "--porcelain"], cwd=workspace, capture_output=True, text=True, check=True).stdout
    assert [line for line in status.splitlines() if not line.endswith("params.yaml")] == []


def test_the_champion_answers_with_its_sources(workspace, outcome):
    record = json.loads(tandem(workspace, "ask", "What does the Cedar kettle cost?", "--json").stdout)
    assert set(record) >= {
        "answer",
        "sources",
        "abstained",
        "variant",
        "model_version",
        "data_version",
        "index_version",
        "latency_ms",
        "cost_usd",
        "trace_id",
    }
    assert record["variant"] == outcome["decision"]["variant"]
    assert record["model_version"] == outcome["model_version"]


def test_status_names_what_is_in_production(workspace, outcome):
    found = json.loads(tandem(workspace, "status", "--json").stdout)
    assert found["registered_model"] == "kb"
    assert found["champion"]["variant"] == outcome["decision"]["variant"]
    assert found["index"]["rows"] == 24
    assert Path(found["last_report"]).is_file()


def test_an_edit_costs_one_document_and_leaves_dvc_clean(workspace):
    page = workspace / "data" / "documents" / "products" / "larch.md"
    page.write_text(page.read_text().replace("50 euros", "66 euros"))
    done = json.loads(tandem(workspace, "refresh", "--json").stdout)
    assert (done["changed"], done["added"], done["deleted"], done["unchanged"]) == (["products/larch.md"], [], [], 11)
    assert done["chunks_embedded"] == 1
    assert "up to date" in dvc(workspace, "status")


def test_a_bad_file_is_quarantined_and_the_run_goes_on(workspace):
    bad = workspace / "data" / "documents" / "products" / "noise.md"
    bad.write_bytes(bytes(range(256)) * 40)
    done = json.loads(tandem(workspace, "refresh", "--json").stdout)
    assert list(done["quarantined"]) == ["products/noise.md"]
    assert not bad.exists()
    assert (workspace / "data" / "quarantine" / "products" / "noise.md").read_bytes() == bytes(range(256)) * 40


def test_monitor_says_what_it_needs(workspace):
    found = json.loads(tandem(workspace, "monitor", "--json").stdout)
    assert found["signals"]["question_auc"]["value"] is None
    assert "1 distinct questions asked and 40 in the examples, at least 30 of each needed" in found["signals"]["question_auc"]["reason"]
    assert 0 < found["signals"]["staleness"]["value"] < 0.2


def test_a_clone_rebuilds_index_and_adapter_without_prefect(workspace, tmp_path):
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", str(workspace), str(clone)], check=True)
    (clone / "params.yaml").write_text((workspace / "params.yaml").read_text())
    dvc(clone, "pull", "data/documents.dvc", "data/examples.jsonl.dvc")
    dvc(clone, "repro")
    manifest = Path("artifacts", "index", "manifest.json")
    assert (clone / manifest).read_bytes() == (workspace / manifest).read_bytes()
    assert (clone / "artifacts" / "adapter" / "adapter_model.safetensors").is_file()
    assert not (clone / ".tandem" / "mlflow.db").exists()


def test_rollback_needs_a_previous_champion(workspace):
    assert "no previous" in tandem(workspace, "rollback", expect=1).stderr


def test_history_tells_who_was_champion_and_why(workspace, outcome):
    events = json.loads(tandem(workspace, "history", "--json").stdout)
    assert [event["variant"] for event in events] == [outcome["decision"]["variant"]]
    assert events[0]["n"] == outcome["decision"]["n"]
