"""Freshness lag: how long a variant goes on with the old answer after a document was edited."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import pairwise, takewhile
from typing import Any

from cronsim import CronSim

HORIZON = timedelta(days=4 * 365 + 1)  # every leap day and every weekday of a month comes round
MOST_FIRINGS = 2_000


def mean_wait_s(cron: str, start: datetime) -> float | None:
    """Seconds that an edit at a random moment waits for the next firing; None where it fires less than twice in four years.

    Half the mean gap, each gap weighed by its length: an edit more often falls into a long one.
    """
    firings: list[datetime] = []
    for firing in takewhile(lambda one: one - start <= HORIZON, CronSim(cron, start)):
        firings.append(firing)
        if len(firings) == MOST_FIRINGS:
            break
    gaps = [(later - earlier).total_seconds() for earlier, later in pairwise(firings)]
    return sum(gap * gap for gap in gaps) / (2 * sum(gaps)) if gaps else None


def lag_text(fresh: Mapping[str, Any]) -> str:
    """A record of `tasks.freshness.freshness_of` in words."""
    if fresh["kind"] == "never":
        return "an edit never shows: it answers from the base model alone"
    if fresh["kind"] == "retrain":
        training = f", and {_span(fresh['training_s'])} of training" if fresh["training_s"] else ""
        wait = "with the next training" if fresh["wait_s"] is None else f"next retrain: {_span(fresh['wait_s'])} on average"
        return f"{wait} (schedule {fresh['schedule']}, where `tandem deploy` runs){training}; whether it then says so is another matter"
    if "at" not in fresh:
        return "with the next refresh; not timed (tandem compare --freshness)"
    day, edits = fresh["at"][:10], f"{fresh['n_answered']} of {fresh['n']} edits"
    if fresh["answer_s"] is None:
        read = "not found" if fresh["passage_s"] is None else f"read after {fresh['passage_s']:.2f} s"
        return f"the probe was {read}, its answer was never right ({edits}, {day})"
    passages = "in no passage by itself" if fresh["passage_s"] is None else f"{fresh['passage_s']:.2f} s to its passages"
    return f"{fresh['answer_s']:.2f} s from the write to the answer, {passages} ({edits}, {day})"


def _span(seconds: float) -> str:
    size, unit = next((size, unit) for size, unit in ((86_400, "days"), (3_600, "hours"), (60, "minutes"), (0, "s")) if seconds >= 2 * size)
    return f"{seconds / (size or 1):.1f} {unit}"
