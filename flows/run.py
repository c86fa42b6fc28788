"""run: the whole loop - refresh, retrain where it is due, compare, promote. Run: tandem run."""

from __future__ import annotations

from typing import Any

from prefect import flow

from flows.compare import compare
from flows.engine import step
from flows.progress import REPORTER
from flows.refresh import refresh
from flows.retrain import retrain
from tasks.due import retrain_reason
from tasks.examples import read_examples
from tasks.workspace import open_workspace


@flow(name="run", flow_run_name="run {workspace}")
async def run(workspace: str = ".") -> dict[str, Any]:
    """What `tandem run` does: the comparison's outcome, with what the refresh and the training did."""
    opened = open_workspace(workspace)
    read_examples(opened)  # refuse a bad line before any work
    refreshed = await step(refresh, workspace)
    reason = retrain_reason(opened)
    if reason is None:
        REPORTER.get().say("The adapter is not due: it stays")
    trained = await step(retrain, workspace, reason) if reason else None
    compared = await step(compare, workspace)
    return {**compared, "refresh": refreshed, "retrain": trained}
