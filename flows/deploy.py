"""deploy: serve the deployments of a workspace until stopped - crons for retrain and monitor, events for refresh and retrain.

A deployed retraining ends in a comparison, so that a better adapter goes live by itself; no comparison starts a retraining.

Run: tandem deploy (with a Prefect server at PREFECT_API_URL; `prefect server start` runs one).
"""

from __future__ import annotations

from typing import Any

from prefect import serve
from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy
from prefect.events import DeploymentEventTrigger

from flows.compare import compare
from flows.engine import resource_id
from flows.monitor import DRIFT, monitor
from flows.refresh import refresh
from flows.remote import DOCUMENTS_CHANGED
from flows.retrain import retrain
from flows.run import run
from tasks.workspace import Workspace


def deployments(workspace: Workspace) -> list[Any]:
    """The deployments of a workspace, named after it; a flow's name is also its tag. One retraining at a time: newcomers are dropped."""
    root, about = str(workspace.root), {"prefect.resource.id": resource_id(workspace.name)}
    schedule = workspace.params.schedule
    retraining = {"workspace": root, "reason": "scheduled", "then_compare": True}
    one_at_a_time = ConcurrencyLimitConfig(limit=1, collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW)
    return [
        refresh.to_deployment(
            workspace.name,
            parameters={"workspace": root},
            tags=["refresh"],
            triggers=[DeploymentEventTrigger(name=f"{workspace.name}: documents changed", expect={DOCUMENTS_CHANGED}, match=about)],
        ),
        retrain.to_deployment(
            workspace.name,
            cron=schedule.retrain,
            parameters=retraining,
            tags=["retrain"],
            concurrency_limit=one_at_a_time,
            triggers=[
                DeploymentEventTrigger(
                    name=f"{workspace.name}: drift detected",
                    expect={DRIFT},
                    match=about,
                    parameters={**retraining, "reason": "{{ event.payload.reason }}"},
                )
            ],
        ),
        compare.to_deployment(workspace.name, parameters={"workspace": root}, tags=["compare"]),
        monitor.to_deployment(workspace.name, cron=schedule.monitor, parameters={"workspace": root}, tags=["monitor"]),
        run.to_deployment(workspace.name, parameters={"workspace": root}, tags=["run"]),
    ]


def serve_deployments(workspace: Workspace) -> None:
    """Register the deployments and run what they trigger, until interrupted."""
    serve(*deployments(workspace), query_seconds=1, pause_on_shutdown=False)
