"""What the claims of the advice are held to: the scorecards of a comparison, as values a question and figures a variant."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tandem.claims import Measured
from tandem.economics import costs_of
from tandem.evidence import evidence_metrics
from tandem.params import Prices
from tandem.records import Scorecard, SetUp
from tandem.scoring import scorecard_to_json
from tasks.workspace import Workspace

CLAIMED = ("quality", "form", "citation_recall")  # the measures of a row that rules make claims about


def measured_by(scorecards: Mapping[str, Scorecard], prices: Prices) -> Measured:
    """What this comparison found."""
    return _measured({name: scorecard_to_json(card) for name, card in scorecards.items()}, prices)


def last_measured(workspace: Workspace) -> Measured | None:
    """What the last comparison found; None before one."""
    path = workspace.evaluation_dir / "scorecards.json"
    return _measured(json.loads(path.read_text(encoding="utf-8")), workspace.params.prices) if path.is_file() else None


def _measured(cards: Mapping[str, Mapping[str, Any]], prices: Prices) -> Measured:
    return Measured(
        {name: {measure: {row["example_id"]: row[measure] for row in card["rows"]} for measure in CLAIMED} for name, card in cards.items()},
        {name: _figures(card, prices) for name, card in cards.items()},
    )


def _figures(card: Mapping[str, Any], prices: Prices) -> dict[str, float | None]:
    setup = card.get("setup")
    costs = costs_of(Scorecard(**{**card, "rows": (), "setup": SetUp(**setup) if setup else None}), prices)
    return {
        "latency p95 in ms": card["latency_ms"]["p95"],
        "staleness": card["staleness"],
        "freshness lag in s": evidence_metrics(card["extra"])["freshness_lag_s"],
        "cost of a month": costs.per_month(prices.queries_per_day) if costs else None,
    }
