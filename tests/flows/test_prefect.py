"""The flows under a real Prefect server: what its page shows of a run, and what `tandem deploy` registers."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from flows.progress import REPORTER, StderrProgress
from tasks.index import open_index
from tasks.workspace import open_workspace

pytestmark = pytest.mark.usefixtures("prefect_server")


def recorded() -> tuple[list[Any], list[Any], list[Any]]:
    """(flow runs, task runs, artifacts) that the server knows."""
    from prefect.client.orchestration import get_client

    async def read() -> tuple[list[Any], list[Any], list[Any]]:
        async with get_client() as client:
            return await client.read_flow_runs(), await client.read_task_runs(), await client.read_artifacts()

    return asyncio.run(read())


def test_a_refresh_shows_as_a_completed_run_with_its_artifact(make_workspace):
    from flows.engine import run_flow
    from flows.refresh import refresh

    root = make_workspace()
    outcome = run_flow(refresh, start_server=False, workspace=str(root))
    assert len(outcome["added"]) == 12
    runs, tasks, artifacts = recorded()
    assert [(run.name, run.state_name) for run in runs if run.name.endswith(str(root))] == [(f"refresh {root}", "Completed")]
    assert {"refresh", "record_refresh"} <= {task.name.split("-")[0] for task in tasks}
    assert "kb: 12 added" in next(artifact.data for artifact in artifacts if artifact.key == "refresh")


def test_without_a_server_the_same_flow_runs_as_a_plain_function_and_says_what_it_could_not_record(make_workspace, monkeypatch):
    from prefect.settings import PREFECT_API_URL, temporary_settings

    from flows.engine import run_flow
    from flows.refresh import refresh

    root = make_workspace()
    config = root / ".dvc" / "config"
    config.write_text(config.read_text().replace(str(root / ".tandem" / "dvc-remote"), "/dev/null/remote"))
    before = len(recorded()[0])
    told = io.StringIO()
    token = REPORTER.set(StderrProgress(told))
    with temporary_settings(restore_defaults={PREFECT_API_URL}):
        outcome = run_flow(refresh, start_server=False, workspace=str(root))
    REPORTER.reset(token)
    assert len(outcome["added"]) == 12
    assert len(recorded()[0]) == before
    (line,) = outcome["notes"]
    assert line.startswith("not pushed: ")
    assert f"{line}\n" in told.getvalue()


def test_the_deployments_have_their_crons_and_triggers(make_workspace):
    from flows.deploy import deployments

    workspace = open_workspace(make_workspace())
    made = {deployment.flow_name: deployment for deployment in deployments(workspace)}
    assert set(made) == {"refresh", "retrain", "compare", "monitor", "run"}
    assert made["retrain"].schedules[0].schedule.cron == "0 3 * * 0"
    assert made["monitor"].schedules[0].schedule.cron == "0 * * * *"
    assert made["refresh"].triggers[0].expect == {"tandem.documents.changed"}
    assert made["retrain"].triggers[0].expect == {"tandem.drift.detected"}
    assert made["retrain"].triggers[0].match.root == {"prefect.resource.id": "tandem.workspace.kb"}
    assert made["retrain"].parameters["then_compare"] is True
    assert made["retrain"].triggers[0].parameters["then_compare"] is True
    assert [name for name, deployment in made.items() if deployment.triggers] == ["refresh", "retrain"]
    assert all(deployment.tags == [name] for name, deployment in made.items())


def test_one_step_is_a_task_in_a_recorded_flow_and_a_call_elsewhere():
    from flows.engine import step

    def double(value: int) -> int:
        return 2 * value

    async def plainly() -> int:
        return await step(double, 21, retries=3)

    assert asyncio.run(plainly()) == 42


def test_a_step_is_tried_again_in_a_recorded_flow_as_often_as_it_allows():
    from prefect import flow

    from flows.engine import run_flow, step

    tries = {"patient": 0, "once": 0}

    def works_at_the_second_try(name: str) -> int:
        tries[name] += 1
        if tries[name] < 2:
            raise OSError("the disk is away")
        return tries[name]

    @flow(name="retried")
    async def retried(name: str, retries: int) -> int:
        return await step(works_at_the_second_try, name, retries=retries)

    assert run_flow(retried, start_server=False, name="patient", retries=1) == 2
    with pytest.raises(OSError, match="the disk is away"):
        run_flow(retried, start_server=False, name="once", retries=0)
    assert tries == {"patient": 2, "once": 1}


def test_each_refresh_of_a_watcher_shows_as_a_run_and_the_last_records_for_all(make_workspace):
    from flows.recorder import record
    from tasks.refresh import refresh

    workspace = open_workspace(make_workspace())
    first = refresh(workspace)
    (workspace.documents_dir / "products" / "elm.md").write_text("# Elm kettle\n\nThe Elm kettle is no longer sold.\n")
    second = refresh(workspace)
    record(str(workspace.root), [first, second])
    runs, tasks, artifacts = recorded()
    mine = [run for run in runs if run.name == f"refresh {workspace.root}"]
    assert [run.state_name for run in mine] == ["Completed", "Completed"]
    assert sorted(task.name.split("-")[0] for task in tasks if task.flow_run_id in {run.id for run in mine}) == ["record_refresh"]
    assert [artifact.data.splitlines()[0] for artifact in artifacts if artifact.flow_run_id in {run.id for run in mine}] == [
        "# kb: 12 added, 0 changed, 0 deleted"
    ]


async def post(*events: tuple[str, dict[str, Any]]) -> None:
    """As docs/GUIDE.md does with curl, again and again, for nobody may be listening yet."""
    import uuid
    from datetime import UTC, datetime

    import httpx
    from prefect.settings import get_current_settings

    while True:
        for about, payload in events:
            event = {
                "id": str(uuid.uuid4()),
                "occurred": datetime.now(UTC).isoformat(),
                "event": "tandem.documents.changed",
                "resource": {"prefect.resource.id": f"tandem.workspace.{about}"},
                "payload": payload,
            }
            async with httpx.AsyncClient() as client:
                (await client.post(f"{get_current_settings().api.url}/events", json=[event])).raise_for_status()
        await asyncio.sleep(1)


def test_an_event_from_outside_names_the_documents_that_changed():
    from flows import remote

    async def hear() -> set[str]:
        heard: set[str] = set()
        posting = asyncio.create_task(post(("other", {"changed": ["x.md"]}), ("kb", {"changed": ["a/b.md", 5]}), ("kb", {})))
        async for names in remote.changed_documents("kb"):
            heard.add(str(names))
            if len(heard) == 2:
                break
        posting.cancel()
        return heard

    assert asyncio.run(asyncio.wait_for(hear(), 60)) == {"['a/b.md']", "None"}


def test_an_event_has_a_watcher_refresh_what_it_names_though_no_file_system_told_of_it(make_workspace, monkeypatch):
    from prefect.settings import get_current_settings

    from flows.watch import _Watcher
    from tasks.refresh import Refreshed

    monkeypatch.setenv("PREFECT_API_URL", get_current_settings().api.url)
    root = make_workspace("afar")
    shown: list[Refreshed] = []
    recorder: Any = SimpleNamespace(tell=lambda refreshed: None)

    async def watch() -> None:
        watcher = _Watcher(root, shown.append)
        await watcher._look(recorder)
        for name in ("elm", "fir"):
            (root / "data" / "documents" / "products" / f"{name}.md").write_text(f"# {name}\n\nThis kettle was edited afar, in Ulm.\n")
        tasks = [asyncio.create_task(watcher._subscribe()), asyncio.create_task(post(("afar", {"changed": ["products/elm.md"]})))]
        while len(shown) < 2:
            await watcher._wait()
            await watcher._look(recorder)
        for task in tasks:
            task.cancel()

    asyncio.run(asyncio.wait_for(watch(), 60))
    assert [(len(one.added), one.changed) for one in shown] == [(12, ()), (0, ("products/elm.md",))]
    passages = open_index(open_workspace(root)).search(["Which kettle was edited in Ulm?"], k=1)[0]
    assert [passage.doc_id for passage in passages] == ["products/elm.md"]


async def say_while_paused(name: str, say: Callable[[Any, Any], Awaitable[object]]) -> None:
    """Call `say(client, run)` once the run of that name is paused."""
    from prefect.client.orchestration import get_client

    async with get_client() as client:
        while True:
            for run in await client.read_flow_runs():
                if run.name == name and run.state_name == "Paused":
                    await say(client, run)
                    return
            await asyncio.sleep(0.2)


def test_a_comparison_pauses_until_its_form_says_yes(make_workspace, monkeypatch):
    from flows import approval as pausing
    from flows.compare import compare
    from flows.engine import run_flow
    from tasks import registry
    from tasks.refresh import refresh

    monkeypatch.setattr(pausing, "POLL_S", 0.2)
    quick = {"variants": {"prompt": {}}, "promotion.min_n": 5, "evaluation.latency_n": 1, "evaluation.max_examples": 6}
    workspace = open_workspace(make_workspace(changes={**quick, "promotion.approve": "manual", "versions.git_commit": False}))
    refresh(workspace)
    meanwhile: list[str | None] = []

    async def approve(client: Any, run: Any) -> None:
        meanwhile.append(registry.champion_version(workspace))
        await client.resume_flow_run(run.id, {"decision": "approve", "comment": "seen"})

    name = f"compare {workspace.root}"
    with ThreadPoolExecutor(1) as pool:
        saying = pool.submit(lambda: asyncio.run(asyncio.wait_for(say_while_paused(name, approve), 200)))
        outcome = run_flow(compare, start_server=False, workspace=str(workspace.root))
        saying.result()
    assert (meanwhile, outcome["model_version"], registry.champion_version(workspace)) == ([None], "1", "1")
    assert (outcome["decision"]["promoted"], outcome["waiting"]) == (True, None)
    assert registry.history(workspace)[-1]["reasons"][-1] == "approved by hand: seen"
    assert [run.state_name for run in recorded()[0] if run.name == name] == ["Completed"]
    address = Path(outcome["report"]).as_uri()
    shown = {artifact.key: artifact.data for artifact in recorded()[2] if address in artifact.data}
    assert shown["report"] == f"[Report of kb]({address})"
    assert f"[Report]({address})" in shown["compare"]


@pytest.mark.parametrize("said", ["reject", "promote elsewhere", "nothing"])
def test_a_pause_ends_with_a_no_with_a_promotion_elsewhere_and_with_patience(make_workspace, monkeypatch, said):
    from prefect import flow

    from flows import approval as pausing
    from flows.engine import run_flow
    from tandem.records import Decision
    from tasks import approval, registry
    from tasks.registration import register

    monkeypatch.setattr(pausing, "POLL_S", 0.2)
    monkeypatch.setattr(pausing, "PATIENCE_S", 2.0 if said == "nothing" else 100.0)
    workspace = open_workspace(make_workspace())
    behaviour = {"variant": "prompt", "adapter": False, "base": {}, "data_version": "aa-bb", "index_version": 1}
    version = register(workspace, behaviour, None, {}, Decision(True, "prompt", ("best",), 0, None, {}))
    approval.hold(workspace, version, None)
    name = f"pause {said}"

    @flow(name=name, flow_run_name=name)
    async def pause() -> dict[str, Any]:
        outcome = {"waiting": version, "model_version": None, "decision": {"promoted": False, "reasons": ["best"]}}
        return await pausing.settled(workspace, outcome, "| evidence |")

    async def say(client: Any, run: Any) -> None:
        if said == "reject":
            assert (await client.resume_flow_run(run.id)).status.value == "REJECT"  # the form must be filled in
            await client.resume_flow_run(run.id, {"decision": "reject", "comment": "too dear"})
        if said == "promote elsewhere":
            approval.promote(workspace, version)

    with ThreadPoolExecutor(1) as pool:
        saying = pool.submit(lambda: asyncio.run(asyncio.wait_for(say_while_paused(name, say), 200)))
        outcome = run_flow(pause, start_server=False)
        saying.result()
    moved, still = said == "promote elsewhere", version if said == "nothing" else None
    assert (outcome["decision"]["promoted"], outcome["waiting"]) == (moved, still)
    assert registry.champion_version(workspace) == (version if moved else None)
    assert outcome["decision"]["reasons"] == (["rejected by hand: too dear", "best"] if said == "reject" else ["best"])
    assert [run.state_name for run in recorded()[0] if run.name == name] == ["Completed"]
