"""The report's charts as PNG files, for MLflow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING

from tandem.economics import pareto_front
from tandem.params import Prices
from tandem.records import Scorecard
from tasks import charts, costs
from tasks.report import in_order, quality_interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def write_figures(stem: Path, scorecards: Mapping[str, Scorecard], prices: Prices) -> list[Path]:
    """Every chart of the report, as `<stem>-<chart>.png`."""
    figures = {"quality": plot_quality, "latency": plot_latency, "month": plot_month, "costs": plot_costs, "contexts": plot_contexts}
    return [plot(stem.with_name(f"{stem.name}-{name}.png"), scorecards, prices) for name, plot in figures.items()]


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
        axes.errorbar(*points[name], yerr=bars, fmt="o", capsize=3, color=f"C{number}")
        axes.annotate(name, points[name], xytext=(6, 4 + 13 * (number % 2)), textcoords="offset points")
    if len(points) > 1:
        front = [points[name] for name in pareto_front(points)]
        axes.step(*zip(*front, strict=True), where="post", linestyle="--", color="grey", linewidth=1, label="Pareto front", zorder=0)
        axes.legend(loc="upper left")
    axes.set(xlabel=f"{prices.currency} per 1,000 answers", ylabel="quality", ylim=(-0.03, 1.05))
    axes.margins(x=0.15)
    return _saved(figure, path)


def plot_latency(path: Path, scorecards: Mapping[str, Scorecard], prices: Prices) -> Path:
    """A PNG at `path`: the median milliseconds of each stage of an answer, a bar a variant."""
    names = in_order(scorecards)
    return _saved(_bars(charts.latency_stages(scorecards, names), charts.stages_of(scorecards, names), "ms, median"), path)


def plot_month(path: Path, scorecards: Mapping[str, Scorecard], prices: Prices) -> Path:
    """A PNG at `path`: a month's cost at the price book's volume by part, a bar a variant."""
    table = costs.cost_tables(costs.priced(scorecards, in_order(scorecards), prices), prices)["month"]
    amounts = {row["name"]: row["amounts"] for row in table["rows"]}
    return _saved(_bars(amounts, table["parts"], f"{prices.currency} a month"), path)


def plot_costs(path: Path, scorecards: Mapping[str, Scorecard], prices: Prices) -> Path:
    """A PNG at `path`: a month's cost of each variant against queries a day, the price book's volume dashed, break-evens marked."""
    figure, axes = _figure()
    priced = costs.priced(scorecards, in_order(scorecards), prices)
    most = charts.most_queries(priced, prices)
    for name, one in priced.items():
        volumes = sorted({0.0, min(one.full_at, most), most})
        axes.plot(volumes, [one.per_month(volume) for volume in volumes], color=_colour(name, scorecards), label=name)
    for pair in costs.break_evens(priced):
        if pair["per_day"] <= most:
            axes.plot(pair["per_day"], priced[pair["a"]].per_month(pair["per_day"]), "o", color="black", markersize=4)
    axes.axvline(prices.queries_per_day, color="grey", linestyle="--", linewidth=1)
    axes.set(xlabel="queries a day", ylabel=f"{prices.currency} a month", xlim=(0, most))
    axes.set_ylim(bottom=0)
    if priced:
        axes.legend()
    return _saved(figure, path)


def plot_contexts(path: Path, scorecards: Mapping[str, Scorecard], prices: Prices) -> Path:
    """A PNG at `path`: the cost of 1,000 answers against context tokens, a line a variant that retrieves, a dot where it was measured."""
    figure, axes = _figure()
    lines = charts.context_costs(scorecards, costs.priced(scorecards, in_order(scorecards), prices), prices)
    for name, line in lines.items():
        axes.plot(*zip(*line, strict=True), marker="o", markevery=[1], color=_colour(name, scorecards), label=name)
    axes.set(xlabel="tokens of context a question", ylabel=f"{prices.currency} per 1,000 answers")
    axes.set_xlim(left=0)
    axes.set_ylim(bottom=0)
    if lines:
        axes.legend()
    return _saved(figure, path)


def _bars(amounts: Mapping[str, Mapping[str, float]], parts: Sequence[str], unit: str) -> Figure:
    """A bar a name, the simplest on top, of parts side by side in their order."""
    figure, axes = _figure()
    starts = dict.fromkeys(amounts, 0.0)
    for part in parts:
        widths = [amounts[name].get(part, 0.0) for name in amounts]
        axes.barh(list(amounts), widths, left=list(starts.values()), height=0.6, label=part.replace("_", " "))
        starts = {name: start + width for (name, start), width in zip(starts.items(), widths, strict=True)}
    axes.set(xlabel=unit)
    axes.invert_yaxis()
    if parts:
        figure.legend(loc="outside upper center", ncols=4)
    return figure


def _colour(name: str, scorecards: Mapping[str, Scorecard]) -> str:
    """The same in every chart."""
    return f"C{in_order(scorecards).index(name)}"


def _figure() -> tuple[Figure, Axes]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.grid(alpha=0.3)
    axes.set_axisbelow(True)
    return figure, axes


def _saved(figure: Figure, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)
    return path
