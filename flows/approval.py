"""approval: a comparison pauses until somebody approves or rejects what it would promote (`promotion.approve: manual`).

On Prefect's page the paused run has a form; `tandem promote` elsewhere ends the pause too. Without a server that others can reach
nothing pauses, and without an answer the run ends after a day: the version then waits for `tandem promote`.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import Any, Literal

from prefect.client.orchestration import get_client
from prefect.context import FlowRunContext
from prefect.exceptions import PrefectException
from prefect.flow_runs import apause_flow_run
from prefect.input import RunInput
from prefect.settings import get_current_settings

from flows.progress import REPORTER
from tandem.errors import Refused
from tasks import approval, registry
from tasks.workspace import Workspace

PATIENCE_S = 86_400.0
POLL_S = 5


class Approval(RunInput):
    """The form of the paused run. `later`: the run ends, and the version goes on waiting."""

    decision: Literal["approve", "reject", "later"]
    comment: str = ""


async def settled(workspace: Workspace, outcome: dict[str, Any], evidence: str) -> dict[str, Any]:
    """The outcome of a comparison after whatever was said about the version that waits. Raises Refused for a yes that is too late."""
    version = outcome["waiting"]
    if FlowRunContext.get() is None or get_current_settings().api.url is None:
        return outcome
    REPORTER.get().say(f"Waiting for approval: in Prefect, or `tandem promote {version}`")
    answer = await _answer(workspace, version, evidence)
    said = f": {answer.comment}" if answer and answer.comment else ""
    reasons = outcome["decision"]["reasons"]
    if answer and answer.decision == "approve":
        approval.promote(workspace, version, f"approved by hand{said}")
    elif answer and answer.decision == "reject":
        approval.withdraw(workspace)
        reasons = [f"rejected by hand{said}", *reasons]
    champion = registry.champion_version(workspace)
    still = approval.waiting(workspace)
    return {
        **outcome,
        "model_version": champion,
        "waiting": version if still and still["model_version"] == version else None,
        "decision": {**outcome["decision"], "promoted": champion == version, "reasons": reasons},
    }


async def _answer(workspace: Workspace, version: str, evidence: str) -> Approval | None:
    """What the form said; None where nobody filled it in, or the version waits no more."""
    context = FlowRunContext.get()
    assert context is not None
    assert context.flow_run is not None
    form = Approval.with_initial_data(description=evidence)
    limit_s = int(2 * PATIENCE_S)  # a run that has reached Prefect's own limit can only fail
    pause = asyncio.create_task(apause_flow_run(wait_for_input=form, timeout=limit_s, poll_interval=POLL_S))
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until and _waits(workspace, version):
        if (await asyncio.wait({pause}, timeout=POLL_S))[0]:
            return pause.result()
    async with get_client() as client:
        await client.resume_flow_run(context.flow_run.id, {"decision": "later"})
    pause.cancel()
    with suppress(asyncio.CancelledError, PrefectException):
        await pause
    return None


def _waits(workspace: Workspace, version: str) -> bool:
    try:
        found = approval.waiting(workspace)
    except Refused:  # MLflow is down just now, and the pause is long
        return True
    return found is not None and found["model_version"] == version
