"""The figures of a comparison outside its report: PNG files for MLflow, CSV files for `dvc plots`."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tandem.economics import pareto_front
from tandem.params import Prices
from tandem.records import Scorecard
from tandem.scoring import MEASURES, mean_tokens
from tasks import charts, costs
from tasks.report import in_order, quality_interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def plot_quality(path: Path, scorecards: Mapping[str, Scorecard], prices: Prices) -> Path:
    """A PNG at `path`: quality with its 95 % interval against cost per 1,000 answers, one labelled point a variant, the Pareto front."""
    figure, axes = _figure()
    points = {}
    for number, name in enumerate(in_order(scorecards)):
        card, interval = scorecards[name], quality_interval(scorecards[name], {})
        if interval is None or card.cost_usd_per_1k is None:
            continue
        points[name] = (card.cost_usd_per_1k, interval.mean)
        bars = [[interval.mean - interval.low], [interval.high - interval.mean]] if isfinite(interval.low) else None
        axes.errorbar(*points[name], yerr=bars, fmt="o", capsize=3)
        axes.annotate(name, points[name], xytext=(6, 4 + 13 * (number % 2)), textcoords="offset points")
    if len(points) > 1:
        front = [points[name] for name in pareto_front(points)]
        axes.step(*zip(*front, strict=True), where="post", linestyle="--", color="grey", linewidth=1, label="Pareto front", zorder=0)
        axes.legend(loc="upper left")
    axes.set(xlabel=f"{prices.currency} per 1,000 answers", ylabel="quality", ylim=(-0.03, 1.05))
    axes.margins(x=0.15)
    return _saved(figure, path)


def plot_costs(path: Path, scorecards: Mapping[str, Scorecard], prices: Prices) -> Path:
    """A PNG at `path`: a month's cost of each variant against queries a day, the price book's volume dashed, break-evens marked."""
    figure, axes = _figure()
    priced = costs.priced(scorecards, in_order(scorecards), prices)
    most = charts.most_queries(priced, prices)
    for name, one in priced.items():
        volumes = sorted({0.0, min(one.full_at, most), most})
        axes.plot(volumes, [one.per_month(volume) for volume in volumes], label=name)
    for pair in costs.break_evens(priced):
        if pair["per_day"] <= most:
            axes.plot(pair["per_day"], priced[pair["a"]].per_month(pair["per_day"]), "o", color="black", markersize=4)
    axes.axvline(prices.queries_per_day, color="grey", linestyle="--", linewidth=1)
    axes.set(xlabel="queries a day", ylabel=f"{prices.currency} a month", xlim=(0, most))
    axes.set_ylim(bottom=0)
    if priced:
        axes.legend()
    return _saved(figure, path)


def write_plot_data(directory: Path, scorecards: Mapping[str, Scorecard], prices: Prices) -> list[Path]:
    """What the report draws, for `dvc plots`; empty where not measured. A row of `variants.csv` is a variant, of `questions.csv` a
    variant and question, of `costs.csv` a variant and part, of `volumes.csv` and `contexts.csv` a point of a variant's line."""
    names = in_order(scorecards)
    priced = costs.priced(scorecards, names, prices)
    tables = {
        "variants": _variants(scorecards, names),
        "questions": [
            {"variant": name, "example_id": row.example_id, **{measure: entry.of(row) for measure, entry in MEASURES.items()}}
            for name in names
            for row in scorecards[name].rows
        ],
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
        "contexts": [
            {"variant": row["name"], "context_tokens": tokens, "per_1k_answers": cost}
            for row in costs.by_context(scorecards, priced, prices)
            for tokens, cost in zip(costs.CONTEXTS, row["answers"], strict=True)
        ],
    }
    columns = {
        "costs": ["variant", "of", "part", "cost"],
        "volumes": ["variant", "queries_per_day", "per_month"],
        "contexts": ["variant", "context_tokens", "per_1k_answers"],
    }
    directory.mkdir(parents=True, exist_ok=True)
    return [_write_csv(directory / f"{name}.csv", rows, columns.get(name, ["variant"])) for name, rows in tables.items()]


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
        }
        for name in names
    ]


def _figure() -> tuple[Figure, Axes]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.grid(alpha=0.3)
    return figure, axes


def _saved(figure: Figure, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)
    return path


def _write_csv(path: Path, records: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> Path:
    """At least these columns, then whatever the records hold."""
    names = dict.fromkeys([*columns, *(key for record in records for key in record)])
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(names), lineterminator="\n")
        writer.writeheader()
        writer.writerows(records)
    return path
