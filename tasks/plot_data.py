"""What the report shows as CSV files, for `dvc plots` (dvc.yaml says which of them are drawn, and how)."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from math import isfinite
from pathlib import Path
from typing import Any

from tandem.contrasts import Contrast, contrasts
from tandem.economics import Costs, pareto_front
from tandem.evidence import evidence_metrics
from tandem.params import Params, Prices
from tandem.records import Scorecard
from tandem.scoring import MEASURES, mean_tokens
from tandem.slices import Slice, slices
from tasks import charts, costs
from tasks.report import in_order

COLUMNS = {
    "variants": ["variant", "quality", "cost_usd_per_1k"],
    "questions": ["variant", "example_id"],
    "latency": ["variant", "stage", "p50_ms", "p95_ms", "p99_ms"],
    "costs": ["variant", "of", "part", "cost"],
    "volumes": ["variant", "queries_per_day", "per_month"],
    "break_evens": ["a", "b", "per_day", "cheaper_above", "same_below", "per_month"],
    "contexts": ["variant", "context_tokens", "per_1k_answers"],
    "contrasts": ["difference", "measure", "mean", "low", "high", "n", "p", "p_holm", "detectable", "n_for_3_points"],
    "slices": ["variant", "by", "value", "quality", "low", "high", "n", "gap"],
}


def write_plot_data(directory: Path, scorecards: Mapping[str, Scorecard], params: Params) -> list[Path]:
    """A file a table of COLUMNS; empty where not measured. A row of `variants.csv` is a variant (with its staleness, forgetting and
    freshness lag), of `questions.csv` a variant and question, of `volumes.csv` and `contexts.csv` a point of a variant's line."""
    names = in_order(scorecards)
    draws = (params.evaluation.resamples, params.seed)
    tables = {
        "variants": _variants(scorecards, names),
        "questions": [
            {"variant": name, "example_id": row.example_id, **{measure: entry.of(row) for measure, entry in MEASURES.items()}}
            for name in names
            for row in scorecards[name].rows
        ],
        "latency": _latency(scorecards, names),
        **_costs(scorecards, costs.priced(scorecards, names, params.prices), params.prices),
        "contrasts": [_contrast(one) for measure in ("quality", "form") for one in contrasts(scorecards, names, measure, *draws)],
        "slices": [_slice(one) for name in names for one in slices(scorecards[name], *draws)],
    }
    directory.mkdir(parents=True, exist_ok=True)
    return [_write_csv(directory / f"{name}.csv", tables[name], columns) for name, columns in COLUMNS.items()]


def _variants(scorecards: Mapping[str, Scorecard], names: Sequence[str]) -> list[dict[str, Any]]:
    points = {
        name: (cost, quality)
        for name in names
        if (cost := scorecards[name].cost_usd_per_1k) is not None and (quality := scorecards[name].measures.get("quality")) is not None
    }
    front = pareto_front(points)
    return [
        {
            "variant": name,
            **scorecards[name].measures,
            **{key.replace("@", "_at_"): value for key, value in scorecards[name].retrieval.items()},
            **{f"latency_{key}_ms": value for key, value in scorecards[name].latency_ms.items()},
            **{f"tokens_{way}": value for way, value in mean_tokens(scorecards[name]).items()},
            "cost_usd_per_1k": scorecards[name].cost_usd_per_1k,
            "on_pareto_front": int(name in front) if name in points else None,
            "staleness": scorecards[name].staleness,
            "forgetting": scorecards[name].forgetting,
            **evidence_metrics(scorecards[name].extra),
        }
        for name in names
    ]


def _latency(scorecards: Mapping[str, Scorecard], names: Sequence[str]) -> list[dict[str, Any]]:
    """A row a variant and stage that was timed; the whole answer is in `variants.csv`."""
    return [
        {"variant": name, "stage": stage, **{f"p{at}_ms": scorecards[name].latency_ms.get(f"{stage}_p{at}") for at in (50, 95, 99)}}
        for name, medians in charts.latency_stages(scorecards, names).items()
        for stage in charts.stages_of(scorecards, names)
        if stage in medians
    ]


def _costs(scorecards: Mapping[str, Scorecard], priced: Mapping[str, Costs], prices: Prices) -> dict[str, list[dict[str, Any]]]:
    return {
        "costs": [
            {"variant": row["name"], "of": of, "part": part, "cost": row["amounts"].get(part, 0.0)}
            for of, table in costs.cost_tables(priced, prices).items()
            for row in table["rows"]
            for part in table["parts"]
        ],
        "volumes": [
            {"variant": name, "queries_per_day": volume, "per_month": one.per_month(volume)}
            for name, one in priced.items()
            for volume in sorted({*(share * prices.queries_per_day for share in costs.VOLUMES), one.full_at})
            if isfinite(volume)
        ],
        "break_evens": [{**pair, "per_month": priced[pair["a"]].per_month(pair["per_day"])} for pair in costs.break_evens(priced)],
        "contexts": [
            {"variant": row["name"], "context_tokens": tokens, "per_1k_answers": cost}
            for row in costs.by_context(scorecards, priced, prices)
            for tokens, cost in zip(costs.CONTEXTS, row["answers"], strict=True)
        ],
    }


def _contrast(one: Contrast) -> dict[str, Any]:
    figures = {key: getattr(one, key) for key in ("p", "p_holm", "detectable", "n_for_3_points")}
    return {"difference": f"{one.a} - {one.b}", "measure": one.measure, **asdict(one.interval), **figures}


def _slice(one: Slice) -> dict[str, Any]:
    interval = asdict(one.quality)
    return {"variant": one.variant, "by": one.by, "value": one.value, "quality": interval.pop("mean"), **interval, "gap": one.gap}


def _write_csv(path: Path, records: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> Path:
    """At least these columns, then whatever the records hold."""
    rows = list(records)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(dict.fromkeys([*columns, *(key for row in rows for key in row)])), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return path
