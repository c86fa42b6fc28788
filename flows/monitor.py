"""monitor: measure drift and say so; drift that a retraining could cure emits `tandem.drift.detected`, on which retrain is deployed.

Run: tandem monitor.
"""

from __future__ import annotations

from typing import Any

from prefect import flow

from flows.engine import announce, note, step
from tandem.drift import Signal
from tasks.monitor import measure_drift, retraining_helps, save_drift
from tasks.registry import flush_outbox
from tasks.runs import log_drift
from tasks.workspace import Workspace, open_workspace

DRIFT = "tandem.drift.detected"


@flow(name="monitor", flow_run_name="monitor {workspace}")
async def monitor(workspace: str = ".") -> dict[str, Any]:
    """All drift signals against their thresholds."""
    opened = open_workspace(workspace)
    signals = await step(measure_drift, opened)
    outcome = save_drift(opened, signals)
    await step(record_drift, opened, signals, retries=2)
    await note("drift", "\n".join(["| signal | value | limit | fired |", "|---|---|---|---|", *map(_row, outcome["signals"].values())]))
    if await step(retraining_helps, opened, signals):
        reason = "; ".join(signal.reason for signal in signals if signal.fired)
        announce(DRIFT, opened.name, {"reason": reason, "workspace": str(opened.root)})
    return outcome


def record_drift(workspace: Workspace, signals: list[Signal]) -> None:
    """The signals into MLflow, after whatever it could not take before."""
    if log_drift(workspace, signals):
        flush_outbox(workspace)


def _row(signal: dict[str, Any]) -> str:
    value = "-" if signal["value"] is None else f"{signal['value']:.3f}"
    return f"| {signal['name']} | {value} | {signal['threshold']} | {'yes' if signal['fired'] else 'no'} |"
