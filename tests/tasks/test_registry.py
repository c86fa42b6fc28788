"""Runs, versions and aliases in a real MLflow store (SQLite, local artifacts) in a temporary folder."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from mlflow import MlflowClient

from tandem.errors import Refused
from tandem.params import Params, Prompt, Variant, plain_name
from tandem.records import Answer, Decision, Interval, Row, Scorecard
from tasks import registry, traffic
from tasks.registration import register
from tasks.runs import log_comparison, log_refresh, log_training
from tasks.tracking import connected, experiment, set_aside
from tasks.workspace import Settings, Workspace

MD5 = "0123456789abcdef0123456789abcdef"
PARAMS = Params(prompt=Prompt(instruction="Answer."), variants={"prompt": Variant(), "rag+lora": Variant(retrieve=True, adapter=True)})
DECISION = Decision(True, "rag+lora", ("quality 0.80 against 0.60",), 40, Interval(0.2, 0.1, 0.3, 40), {}, None)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """One store for the tests of this file: making one takes seconds. Each test takes a model name of its own."""
    return Workspace(tmp_path_factory.mktemp("registry") / "shared", PARAMS, Settings())


@pytest.fixture
def workspace(shared: Workspace, request: pytest.FixtureRequest) -> Workspace:
    return Workspace(shared.root, PARAMS.model_copy(update={"name": request.node.name.translate({91: "-", 93: None})}), shared.settings)


@pytest.fixture
def client(workspace: Workspace) -> MlflowClient:
    with experiment(workspace):
        return MlflowClient()


@pytest.fixture
def down(tmp_path: Path) -> Workspace:
    """A workspace whose tracking server does not run (port 9 is discard)."""
    return Workspace(tmp_path / "down", PARAMS, Settings(tracking_uri="http://127.0.0.1:9"))


@pytest.fixture
def adapter_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "adapter"
    folder.mkdir()
    (folder / "adapter_model.safetensors").write_bytes(b"weights")
    return folder


def behaviour(variant: str = "prompt", adapter: bool = False) -> dict:
    base = {"model": "reader"}
    return {"variant": variant, "retrieve": False, "adapter": adapter, "base": base, "data_version": "aa-bb", "index_version": 7}


def registered(workspace: Workspace, variant: str = "prompt") -> str:
    return register(workspace, behaviour(variant), None, {"quality": 0.8}, DECISION)


def scorecard(variant: str) -> Scorecard:
    row = Row(
        "e1", "How long?", "2 years", "Answer: 2 years", "2 years", (), 1.0, 1.0, 1.0, 1.0, 1.0, None, None, None, False, False, 9, 3, 0.001
    )
    retrieval: dict[str, float | None] = {"hit@1": 0.5, "hit@5": 0.75, "mrr": 0.6, "n": 40.0}
    return Scorecard(
        variant, {"quality": 0.8, "grounding": None}, {"quality": 1, "grounding": 0}, (row,), retrieval, {"p50": 90.0, "p95": 120.0}, 1.5, 3
    )


def test_names_that_mlflow_refuses_are_rewritten() -> None:
    assert [plain_name(name) for name in ("hit@1", "rag+lora", "p50")] == ["hit_at_1", "rag_lora", "p50"]


def test_artifacts_have_an_absolute_place(workspace: Workspace, client: MlflowClient) -> None:
    found = client.get_experiment_by_name(workspace.name)
    assert found is not None
    assert found.artifact_location == (workspace.root / ".tandem" / "mlartifacts").as_uri()


def test_a_comparison_is_a_run_with_one_nested_run_a_variant(workspace: Workspace, client: MlflowClient, tmp_path: Path) -> None:
    report = tmp_path / "report.html"
    report.write_text("<p>rag+lora wins</p>")
    lineage = {"documents": f"{MD5}.dir", "examples": MD5, "data_version": "01234567-89abcdef", "index_version": 7}
    lineage |= {"split": {"train": 5, "expired": 1}, "expired": {"e7": {"a.md": "changed"}}}

    run_id = log_comparison(workspace, {"rag+lora": scorecard("rag+lora")}, DECISION, lineage, report)

    run = client.get_run(run_id)
    assert run.info.status == "FINISHED"
    assert run.data.params["variants.rag_lora.retrieve"] == "True"
    assert run.data.metrics == {
        "n": 40, "difference_n": 40, "difference_mean": 0.2, "difference_low": 0.1, "difference_high": 0.3,
        "split_train": 5, "split_expired": 1,
    }  # fmt: skip
    assert run.data.tags["winner"] == "rag+lora"
    assert run.inputs is not None
    digests = {entry.dataset.name: entry.dataset.digest for entry in run.inputs.dataset_inputs}
    assert digests == {"documents": f"{MD5}.dir", "examples": MD5, "data_version": "01234567-89abcdef"}
    assert {file.path for file in client.list_artifacts(run_id)} == {"report.html", "lineage.json"}
    logged = json.loads(Path(client.download_artifacts(run_id, "lineage.json")).read_text())
    assert logged["expired"] == {"e7": {"a.md": "changed"}}
    (nested,) = client.search_runs([run.info.experiment_id], f"tags.mlflow.parentRunId = '{run_id}'")
    assert nested.data.tags["variant"] == "rag+lora"
    assert nested.data.metrics == {
        "quality": 0.8, "n_quality": 1, "n_grounding": 0, "hit_at_1": 0.5, "hit_at_5": 0.75, "mrr": 0.6, "retrieval_n": 40,
        "latency_p50_ms": 90, "latency_p95_ms": 120, "tokens_in": 9, "tokens_out": 3, "cost_usd_per_1k": 1.5, "simplicity": 3,
        "cost_per_month": 45.625, "cost_to_start": 0,
    }  # fmt: skip
    table = json.loads(Path(client.download_artifacts(nested.info.run_id, "rows.json")).read_text())
    assert dict(zip(table["columns"], table["data"][0], strict=True))["answer"] == "2 years"
    assert {"judge", "consistency", "closed_book_facts"} < set(table["columns"])


def test_a_training_is_a_run_with_a_loss_curve_and_the_adapter_as_a_model(
    workspace: Workspace, client: MlflowClient, adapter_dir: Path
) -> None:
    history = [{"epoch": 1, "loss": 2.0, "validation_loss": 1.5}, {"epoch": 2, "loss": 1.0, "validation_loss": 1.2}]

    measured = {"tokens_per_s": 900.5, "forgetting": None}
    run_id = log_training(workspace, history, {"r": 16}, {"data_version": "aa-bb", "documents": {"a.md": MD5}}, adapter_dir, measured)

    assert run_id is not None
    run = client.get_run(run_id)
    assert (run.data.metrics["tokens_per_s"], "forgetting" in run.data.metrics) == (900.5, False)
    assert [(point.step, point.value) for point in client.get_metric_history(run_id, "validation_loss")] == [(1, 1.5), (2, 1.2)]
    assert run.inputs is not None
    assert [entry.dataset.digest for entry in run.inputs.dataset_inputs] == ["aa-bb"]
    (model,) = client.search_logged_models([run.info.experiment_id])
    assert (model.name, model.tags["data_version"], model.source_run_id) == ("adapter", "aa-bb", run_id)
    assert [path.name for path in Path(model.artifact_location.removeprefix("file://")).iterdir()] == ["adapter_model.safetensors"]


def test_a_refresh_is_a_run_with_its_counts(workspace: Workspace, client: MlflowClient) -> None:
    record = {"added": ["a.md", "b.md"], "changed": [], "chunks_embedded": 12, "data_version": "aa-bb", "note": None}

    assert log_refresh(workspace, record) is True

    found = client.get_experiment_by_name(workspace.name)
    assert found is not None
    (run,) = client.search_runs([found.experiment_id])
    assert run.data.metrics == {"added": 2, "changed": 0, "chunks_embedded": 12}
    assert run.data.tags["data_version"] == "aa-bb"


def test_a_version_carries_its_behaviour_and_its_adapter_and_nothing_else(
    workspace: Workspace, client: MlflowClient, adapter_dir: Path
) -> None:
    version = register(workspace, behaviour("rag+lora", adapter=True), adapter_dir, {"quality": 0.8}, DECISION)
    registry.promote(workspace, version)

    found = registry.champion(workspace)

    assert found is not None
    assert (found.version, found.variant, found.behaviour) == ("1", "rag+lora", behaviour("rag+lora", adapter=True))
    assert found.adapter_path is not None
    assert (found.adapter_path / "adapter_model.safetensors").read_bytes() == b"weights"
    assert client.get_model_version_by_alias(workspace.name, "challenger").version == 1
    assert {name: found.tags[name] for name in ("variant", "base", "data_version", "n", "interval", "reasons")} == {
        "variant": "rag+lora", "base": "reader", "data_version": "aa-bb", "n": "40", "interval": "[0.1, 0.3]",
        "reasons": '["quality 0.80 against 0.60"]',
    }  # fmt: skip
    assert sum(path.stat().st_size for path in found.adapter_path.parents[1].rglob("*") if path.is_file()) < 20_000


def test_a_behaviour_with_an_adapter_is_refused_without_one(workspace: Workspace, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="'rag\\+lora' needs an adapter"):
        register(workspace, behaviour("rag+lora", adapter=True), tmp_path / "none", {}, DECISION)


def test_before_the_first_promotion_there_is_no_champion_and_no_store_is_made(tmp_path: Path) -> None:
    fresh = Workspace(tmp_path / "fresh", PARAMS, Settings())
    assert registry.champion(fresh) is None
    assert registry.history(fresh) == []
    assert not fresh.state_dir.exists()


def test_promotions_and_rollbacks_are_told_in_order(workspace: Workspace) -> None:
    first, second = registered(workspace), registered(workspace, "rag")
    registry.promote(workspace, first)
    registry.promote(workspace, second)
    assert registry.rollback(workspace) == (second, first)

    told = registry.history(workspace)

    assert [(one["model_version"], one["variant"], one["n"], one["interval"]) for one in told] == [
        ("1", "prompt", 40, [0.1, 0.3]), ("2", "rag", 40, [0.1, 0.3]), ("1", "prompt", None, None),
    ]  # fmt: skip
    assert told[2]["reasons"] == ["rolled back from version 2"]
    assert set(told[0]) == {"model_version", "variant", "at", "n", "interval", "data_version", "reasons"}
    assert registry.rollback(workspace) == (first, second)


def test_promoting_the_champion_again_changes_nothing(workspace: Workspace, client: MlflowClient) -> None:
    first, second = registered(workspace), registered(workspace)
    for version in (first, second, second):
        registry.promote(workspace, version)
    assert [one["model_version"] for one in registry.history(workspace)] == [first, second]
    assert client.get_model_version_by_alias(workspace.name, "previous").version == int(first)


def test_a_rollback_without_a_previous_version_is_refused(workspace: Workspace) -> None:
    with pytest.raises(Refused, match="champion: none, previous: none"):
        registry.rollback(workspace)
    registry.promote(workspace, registered(workspace))
    with pytest.raises(Refused, match="champion: 1, previous: none"):
        registry.rollback(workspace)


def test_the_way_back_and_the_champion_are_known_without_its_files(workspace: Workspace) -> None:
    assert registry.standing(workspace) is None
    registry.promote(workspace, registered(workspace))
    with pytest.raises(Refused, match="champion: 1, previous: none"):
        registry.check_way_back(workspace)
    registry.promote(workspace, registered(workspace, "rag"))
    registry.check_way_back(workspace)
    assert registry.standing(workspace) == {"model_version": "2", "variant": "rag"}


def test_an_error_of_mlflow_without_words_is_refused_by_its_name(workspace: Workspace) -> None:
    with pytest.raises(Refused, match="failed: OSError"), connected(workspace):
        raise OSError


def test_an_unknown_version_is_refused(workspace: Workspace) -> None:
    registered(workspace)
    with pytest.raises(Refused, match="has no version 9, only 1"):
        registry.promote(workspace, "9")


def test_a_version_is_found_by_its_number_and_by_its_alias(workspace: Workspace) -> None:
    registry.promote(workspace, registered(workspace))
    registered(workspace)
    assert [registry.version_of(workspace, name) for name in ("1", "champion", "challenger")] == ["1", "1", "2"]
    with pytest.raises(Refused, match=r"no version or alias 'best' \(aliases: challenger = 2, champion = 1\)"):
        registry.version_of(workspace, "best")


class Killed(BaseException):
    """What a kill looks like from inside."""


@pytest.mark.parametrize("writes", [0, 1, 2, 3])
def test_a_promotion_killed_anywhere_and_run_again_equals_a_clean_one(
    workspace: Workspace, client: MlflowClient, monkeypatch: pytest.MonkeyPatch, writes: int
) -> None:
    first, second, third = (registered(workspace) for _ in range(3))
    registry.promote(workspace, first)
    registry.promote(workspace, second)
    with monkeypatch.context() as killing:
        _kill_after(killing, writes)
        with pytest.raises(Killed):
            registry.promote(workspace, third)
    assert [one["model_version"] for one in registry.history(workspace)] == [first, second]

    registry.promote(workspace, third)

    assert [one["model_version"] for one in registry.history(workspace)] == [first, second, third]
    assert client.get_model_version_by_alias(workspace.name, "previous").version == int(second)


@pytest.mark.parametrize("writes", [0, 1, 2])
def test_a_rollback_killed_anywhere_and_run_again_equals_a_clean_one(
    workspace: Workspace, client: MlflowClient, monkeypatch: pytest.MonkeyPatch, writes: int
) -> None:
    first, second = registered(workspace), registered(workspace)
    registry.promote(workspace, first)
    registry.promote(workspace, second)
    with monkeypatch.context() as killing:
        _kill_after(killing, writes)
        with pytest.raises(Killed):
            registry.rollback(workspace)

    assert registry.rollback(workspace) == (second, first)

    assert [one["model_version"] for one in registry.history(workspace)] == [first, second, first]
    assert client.get_model_version_by_alias(workspace.name, "previous").version == int(second)


def test_a_rollback_after_a_promotion_killed_before_its_last_step_returns_to_the_version_before(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, third = (registered(workspace) for _ in range(3))
    registry.promote(workspace, first)
    registry.promote(workspace, second)
    with monkeypatch.context() as killing:
        _kill_after(killing, 3)  # `previous` is written, `champion` is not
        with pytest.raises(Killed):
            registry.promote(workspace, third)

    assert registry.rollback(workspace) == (second, first)


def _kill_after(killing: pytest.MonkeyPatch, writes: int) -> None:
    """The process dies at the write to the registry after `writes` of them."""
    done: list[object] = []
    for name in ("set_registered_model_tag", "set_model_version_tag", "set_registered_model_alias"):
        real = getattr(MlflowClient, name)

        def write(*args: object, real=real) -> None:  # type: ignore[no-untyped-def]
            if len(done) == writes:
                raise Killed
            done.append(args)
            real(*args)

        killing.setattr(MlflowClient, name, write)


def test_a_server_that_does_not_run_is_refused_within_seconds_with_its_address(down: Workspace) -> None:
    with pytest.raises(Refused, match=r"nothing answers at 127\.0\.0\.1:9 within 3 s"):
        registry.champion(down)


def test_a_store_that_is_no_database_is_refused(tmp_path: Path) -> None:
    store = tmp_path / "notes.db"
    store.write_text("not a database, but long enough to look like one" * 100)
    with pytest.raises(Refused, match="file is not a database"):
        registry.champion(Workspace(tmp_path, PARAMS, Settings(tracking_uri=f"sqlite:///{store}")))


def test_a_password_in_the_address_is_not_shown(tmp_path: Path) -> None:
    broken = Workspace(tmp_path, PARAMS, Settings(tracking_uri="postgresql://user:secret@127.0.0.1:9/mlflow"))
    with pytest.raises(Refused) as refused:
        registry.champion(broken)
    assert "secret" not in str(refused.value)


def test_records_wait_in_the_outbox_while_mlflow_is_down_and_are_replayed(
    down: Workspace, workspace: Workspace, client: MlflowClient, adapter_dir: Path
) -> None:
    assert log_refresh(down, {"added": ["a.md"]}) is False
    assert log_training(down, [{"epoch": 1, "loss": 2.0}], {}, {}, adapter_dir, {}) is None
    assert len(set_aside(down)) == 2
    with pytest.raises(Refused):
        registry.flush_outbox(down)
    assert len(set_aside(down)) == 2

    up = Workspace(down.root, workspace.params, Settings(tracking_uri=workspace.tracking_uri, artifact_uri=workspace.artifact_uri))
    assert registry.flush_outbox(up) == 2

    assert set_aside(up) == []
    found = client.get_experiment_by_name(workspace.name)
    assert found is not None
    assert {run.info.run_name for run in client.search_runs([found.experiment_id])} == {"refresh", "train"}
    assert len(client.search_logged_models([found.experiment_id])) == 1


def test_an_adapter_that_was_replaced_while_mlflow_was_down_is_not_logged_as_the_old_one(
    down: Workspace, workspace: Workspace, client: MlflowClient, adapter_dir: Path
) -> None:
    log_training(down, [], {}, {}, adapter_dir, {})
    (adapter_dir / "adapter_model.safetensors").write_bytes(b"newer weights")
    up = Workspace(down.root, workspace.params, Settings(tracking_uri=workspace.tracking_uri, artifact_uri=workspace.artifact_uri))
    assert registry.flush_outbox(up) == 1
    found = client.get_experiment_by_name(workspace.name)
    assert found is not None
    assert client.search_logged_models([found.experiment_id]) == []


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """A real tracking server on SQLite that also serves the artifacts."""
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    stores = ["--backend-store-uri", f"sqlite:///{tmp_path / 'server.db'}", "--artifacts-destination", str(tmp_path / "artifacts")]
    environment = {**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    with (tmp_path / "log").open("w") as log:
        command = ["mlflow", "server", *stores, "--port", str(port), "--workers", "1"]
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
    try:
        for _ in range(240):
            assert process.poll() is None, (tmp_path / "log").read_text()
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2).close()
                break
            except OSError:
                time.sleep(0.5)
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_versions_runs_and_traces_go_through_a_tracking_server(server: str, tmp_path: Path, adapter_dir: Path) -> None:
    workspace = Workspace(tmp_path / "remote", PARAMS, Settings(tracking_uri=server))
    workspace.root.mkdir()
    report = tmp_path / "report.html"
    report.write_text("<p></p>")
    run_id = log_comparison(workspace, {"rag+lora": scorecard("rag+lora")}, DECISION, {"examples": MD5}, report)
    first = register(workspace, behaviour("rag+lora", adapter=True), adapter_dir, {}, DECISION, run_id)
    second = registered(workspace)
    registry.promote(workspace, first)
    registry.promote(workspace, second)
    assert registry.rollback(workspace) == ("2", "1")

    found = registry.champion(workspace)

    assert found is not None
    assert (found.version, found.behaviour) == ("1", behaviour("rag+lora", adapter=True))
    assert found.adapter_path is not None
    assert found.adapter_path.is_relative_to(workspace.state_dir / "models")
    assert (found.adapter_path / "adapter_model.safetensors").read_bytes() == b"weights"
    assert [one["model_version"] for one in registry.history(workspace)] == ["1", "2", "1"]
    trace_id = traffic.record_question(workspace, "How long?", Answer("2 years", "2 years", (), False, "rag"))
    assert trace_id is not None
    traffic.feedback(workspace, trace_id, True)
    assert [(one.question, one.feedback) for one in traffic.recent_questions(workspace, 5)] == [("How long?", 1.0)]
    assert set_aside(workspace) == []
