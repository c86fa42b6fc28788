"""The numbers among what a scorecard tells beside its measures (`Scorecard.extra`, filled by `tasks.evidence`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def evidence_metrics(extra: Mapping[str, Any]) -> dict[str, float | None]:
    """By name: `freshness_lag_s` is, for an adapter that waits for its schedule, the mean wait and the last training's time."""
    fresh = extra.get("freshness") or {}
    waits = fresh.get("wait_s")
    return {
        "moving_parts": len(extra["moving_parts"]) if "moving_parts" in extra else None,
        "freshness_lag_s": fresh.get("answer_s") if waits is None else waits + (fresh["training_s"] or 0.0),
        **{
            f"interference_{one['added']}_{one['measure']}{end}": one["interval"][key]
            for one in extra.get("interference", ())
            for key, end in (("mean", ""), ("low", "_low"), ("high", "_high"))
        },
    }
