"""Where a training starts: from the base on all rows, or from the adapter in place on what it has not learned yet (`adapter.start`).

Weights cannot unlearn. So what was taken away, or too much that has changed, sends the training back to the base.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tandem.chunking import text_hash
from tandem.staleness import staleness
from tasks.bases import revision_of
from tasks.dataset import TrainingRow, lineage_of
from tasks.refresh import all_chunks
from tasks.restricted import named, taken_away
from tasks.workspace import Workspace

if TYPE_CHECKING:
    from tasks.train import Trained

# How fast and how long to learn may differ from the last training; all else must be as it was.
PACE = {"adapter.dropout", "adapter.learning_rate", "adapter.epochs", "adapter.batch_size", "adapter.warmup_share", "adapter.patience"}


@dataclass(frozen=True)
class Start:
    """The rows to train on, and the lineage that the adapter then has: all that it ever learned from.

    `continued` counts the trainings since the base. At 0 this one starts there, and `reason` says why not from the adapter in place.
    """

    rows: Sequence[TrainingRow]
    lineage: dict[str, Any]
    reason: str = ""
    continued: int = 0
    n_replayed: int = 0


def choose_start(
    workspace: Workspace, rows: Sequence[TrainingRow], lineage: dict[str, Any], last: Trained | None, params: Mapping[str, Any]
) -> Start:
    """Start from the base, or from the adapter that `last` records where nothing bars it. `params`: what the new one will record.

    Validation rows all take part: the best epoch is the one that keeps the old and has the new. Those that the last training was fitted
    to validate nothing any more.
    """
    adapter, seed = workspace.params.adapter, workspace.params.seed
    if adapter.start == "base":
        return Start(rows, lineage, "adapter.start is base")
    if last is None or not last.trained:
        return Start(rows, lineage, "there is no adapter in place")
    if reason := _other_training(workspace, last, params) or _taken_away(workspace, last):
        return Start(rows, lineage, reason)
    learned = last.lineage.get("lessons", {})
    shown = [replace(row, validation=row.validation and row.example_id not in learned) for row in rows]
    known = [row.example_id for row in shown if not row.validation and learned.get(row.example_id) == row.lesson]
    if len(known) == sum(not row.validation for row in shown):
        return Start(rows, lineage, "no row is new or changed since the last training")
    replayed = set(random.Random(f"{seed}:{last.continued}").sample(known, round(adapter.replay_share * len(known))))
    left_out = set(known) - replayed
    chosen = [row for row in shown if row.example_id not in left_out]
    whole = _joined(last.lineage, lineage_of(chosen, lineage))
    share = staleness(whole["chunks"], {chunk.id: text_hash(chunk) for chunk in all_chunks(workspace)}).share or 0.0
    if share >= adapter.retrain_after_changed_share:
        limit = adapter.retrain_after_changed_share
        reason = f"{share:.0%} of all that it was trained on would be out of date (adapter.retrain_after_changed_share {limit:.0%})"
        return Start(rows, lineage, reason)
    return Start(chosen, whole, continued=last.continued + 1, n_replayed=len(replayed))


def _other_training(workspace: Workspace, last: Trained, params: Mapping[str, Any]) -> str:
    before, now = _leaves(last.params), _leaves(params)
    changed = sorted(key for key in (before.keys() | now.keys()) - PACE if before.get(key) != now.get(key))
    if changed:
        return f"params changed since the last training: {', '.join(changed)}"
    revision = revision_of(workspace.params.base)
    if last.base_revision != revision:
        return f"the base {last.base!r} is at revision {revision}, the adapter in place was trained on {last.base_revision}"
    return ""


def _taken_away(workspace: Workspace, last: Trained) -> str:
    taken = taken_away(workspace, last.lineage)
    ids = [*taken.restricted, *taken.gone]
    return f"it was trained on what is gone or restricted now: {named(ids)}" if ids else ""


def _leaves(params: Mapping[str, Any]) -> dict[str, Any]:
    sections = {name: value if isinstance(value, Mapping) else {"": value} for name, value in params.items()}
    return {f"{name}.{key}".rstrip("."): leaf for name, values in sections.items() for key, leaf in values.items()}


def _joined(last: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    both = {key: dict(sorted({**last.get(key, {}), **new[key]}.items())) for key in ("lessons", "documents", "chunks")}
    return {**new, **both, "examples": sorted({*last["examples"], *new["examples"]})}
