"""retrain: build the training set, train the adapter, record both; deployed, it ends in a comparison. Run: tandem retrain.

Gates (enough labelled examples, nothing restricted) are in the training set; a closed gate leaves no adapter and says why.
"""

from __future__ import annotations

from typing import Any

from prefect import flow

from flows.compare import compare
from flows.engine import note, step, tell
from flows.progress import REPORTER
from tasks import runs
from tasks.dataset import build_training_set, save_training_set
from tasks.train import Trained, check_quantize, train
from tasks.versions import Recorded, record
from tasks.workspace import Workspace, open_workspace


@flow(name="retrain", flow_run_name="retrain {workspace}: {reason}")
async def retrain(workspace: str = ".", reason: str = "asked for", then_compare: bool = False) -> dict[str, Any]:
    """A fresh adapter with its lineage, from where `adapter.start` says; where it trained, `then_compare` puts it to the test."""
    opened = open_workspace(workspace)
    check_quantize(opened)
    with opened.writing("training", timeout_s=1):
        REPORTER.get().say(f"Training the adapter: {reason}")
        await step(make_training_set, opened)
        trained = await step(train, opened, REPORTER.get())
        recorded = await step(record_training, opened, trained, reason, retries=2)
    tell([*trained.warnings, *recorded.notes])
    outcome = training_record(trained, recorded, reason)
    await note("retrain", _markdown(opened, outcome))
    if then_compare and trained.trained:
        outcome["comparison"] = await step(compare, workspace)
    return outcome


def make_training_set(workspace: Workspace) -> int:
    """Build and save the training set; the number of its rows."""
    training_set = build_training_set(workspace)
    save_training_set(workspace, training_set)
    return len(training_set.rows)


def record_training(workspace: Workspace, trained: Trained, reason: str) -> Recorded:
    """Training set and adapter into DVC and git, the loss curve and the adapter into MLflow."""
    recorded = record(workspace, ["dataset", "train"], f"Train the adapter: {reason}")
    params = {
        "reason": reason,
        **trained.params,
        "continued": trained.continued,
        "start_reason": trained.start_reason,
        "n_rows": trained.n_rows,
        "n_exercises": trained.n_exercises,
        "n_replayed": trained.n_replayed,
    }
    measured = {name: getattr(trained, name) for name in ("tokens_per_s", "seconds", "forgetting", "reading_before", "reading_after")}
    adapter_dir = workspace.adapter_dir if trained.trained else None
    runs.log_training(workspace, trained.history, params, trained.lineage, adapter_dir, measured if adapter_dir else {})
    return recorded


def training_record(trained: Trained, recorded: Recorded, reason: str) -> dict[str, Any]:
    """What `tandem retrain --json` prints."""
    return {
        "trained": trained.trained,
        "reason": reason,
        "refused": list(trained.reasons),
        "continued": trained.continued,
        "start_reason": trained.start_reason,
        "n_rows": trained.n_rows,
        "n_exercises": trained.n_exercises,
        "n_replayed": trained.n_replayed,
        "n_validation": trained.n_validation,
        "best_epoch": trained.best_epoch,
        "seconds": trained.seconds,
        "tokens_per_s": trained.tokens_per_s,
        "forgetting": trained.forgetting,
        "history": list(trained.history),
        "notes": [*trained.warnings, *recorded.notes],
    }


def _markdown(workspace: Workspace, outcome: dict[str, Any]) -> str:
    start = [f"from the base: {outcome['start_reason']}"] if outcome["start_reason"] else []
    notes = [f"- {line}" for line in [*outcome["refused"], *start, *outcome["notes"]]]
    if not outcome["trained"]:
        return "\n".join([f"# {workspace.name}: no adapter", "", *notes])
    rows = [f"| {row['epoch']:.0f} | {row['loss']:.3f} | {row['validation_loss']:.3f} |" for row in outcome["history"]]
    return "\n".join(
        [f"# {workspace.name}: {outcome['reason']}", "", "| epoch | loss | validation loss |", "|---|---|---|", *rows, "", *notes]
    )
