"""Pixel positions of the report's charts: points, lines and stacked bars on axes with round figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil, floor, isfinite, log10
from typing import Any

from tandem.economics import Costs, cost_with_context, pareto_front, setup_of
from tandem.params import Prices
from tandem.records import Interval, Scorecard
from tandem.scoring import STAGES
from tasks.costs import CONTEXTS, about, break_evens, context_usage

PLOT = {"left": 64, "right": 620, "top": 36, "bottom": 250}  # the plotting area of a 640 x 300 SVG
BARS = {"left": 12, "right": 520, "row": 48}  # of a stacked bar chart, 640 wide
LABEL_HEIGHT, LABEL_WIDTH = 19, 110
_STEPS = (1, 2, 2.5, 5, 10)
_MOST_TICKS = 6


def scatter(scorecards: Mapping[str, Scorecard], intervals: Mapping[str, Interval | None]) -> dict[str, Any]:
    """Quality with its interval against cost per 1,000 answers: `points`, the `front` with its `stairs`, and ticks."""
    shown = {
        name: (cost, interval)
        for name, interval in intervals.items()
        if (cost := scorecards[name].cost_usd_per_1k) is not None and interval is not None
    }
    front = pareto_front({name: (cost, interval.mean) for name, (cost, interval) in shown.items()})
    ticks_x, ticks_y = _ticks(1.15 * max((cost for cost, _ in shown.values()), default=0.0)), _ticks(1.0)
    points: list[dict[str, Any]] = []
    for name, (cost, interval) in shown.items():
        low, high = (interval.low, interval.high) if isfinite(interval.low) else (interval.mean, interval.mean)
        x, y = _x(cost / ticks_x[-1]), _y(interval.mean)
        points.append({"name": name, "label": name, "x": x, "y": y, "low": _y(low), "high": _y(high), "on_front": name in front})
    _spread_labels(points)
    places = {point["name"]: point for point in points}
    return {"points": points, "front": front, "stairs": _path(_stairs([places[name] for name in front])), **_axes(ticks_x, ticks_y)}


def cost_lines(costs: Mapping[str, Costs], prices: Prices) -> dict[str, Any]:
    """A month's cost against queries a day, `most_queries` of them or some more, with the break-even volumes as `marks`."""
    ticks_x = _ticks(most_queries(costs, prices))
    lines = {
        name: [(at, one.per_month(at)) for at in sorted({0.0, min(one.full_at, ticks_x[-1]), ticks_x[-1]})] for name, one in costs.items()
    }
    crossings = [(pair["per_day"], costs[pair["a"]].per_month(pair["per_day"]), pair) for pair in break_evens(costs)]
    marks = [
        (volume, month, f"{pair['a']} and {pair['b']}: about {about(volume)} queries a day")
        for volume, month, pair in crossings
        if volume <= ticks_x[-1]
    ]
    return {"volume_x": _x(prices.queries_per_day / ticks_x[-1]), **_lines(lines, ticks_x, marks)}


def most_queries(costs: Mapping[str, Costs], prices: Prices) -> float:
    """How far the costs are drawn: to twice the volume, or past the farthest crossing within five times of it."""
    near = [pair["per_day"] for pair in break_evens(costs) if pair["per_day"] <= 5 * prices.queries_per_day]
    return max([2 * prices.queries_per_day, *(1.25 * volume for volume in near)])


def context_lines(scorecards: Mapping[str, Scorecard], costs: Mapping[str, Costs], prices: Prices) -> dict[str, Any]:
    """What 1,000 answers cost against context tokens, a line a variant that retrieves, with what was `measured` on it."""
    lines = context_costs(scorecards, costs, prices)
    return _lines(lines, _ticks(max((line[-1][0] for line in lines.values()), default=CONTEXTS[-1])))


def context_costs(scorecards: Mapping[str, Scorecard], costs: Mapping[str, Costs], prices: Prices) -> dict[str, list[tuple[float, float]]]:
    """Variant that retrieves -> (context tokens, cost of 1,000 answers): without any, as measured, and at the right edge."""
    usages = {name: usage for name in costs if (usage := context_usage(scorecards[name])) is not None}
    most = _ticks(max([CONTEXTS[-1], *(1.25 * usage.n_context_tokens for usage in usages.values())]))[-1]
    lines = {}
    for name, usage in usages.items():
        adapter = setup_of(scorecards[name]).adapter
        lines[name] = [
            (tokens, 1_000 * cost_with_context(prices, usage, adapter, tokens)) for tokens in (0.0, usage.n_context_tokens, most)
        ]
    return lines


def _lines(
    lines: Mapping[str, Sequence[tuple[float, float]]], ticks_x: Sequence[float], marked: Sequence[tuple[float, float, str]] = ()
) -> dict[str, Any]:
    """A path a name, its label at the end, its middle point where it has three; `marks` (x, y, what it is), one a place."""
    ticks_y = _ticks(1.1 * max((y for line in lines.values() for _, y in line), default=0.0))
    points: list[dict[str, Any]] = []
    for name, line in lines.items():
        places = [(_x(x / ticks_x[-1]), _y(y / ticks_y[-1])) for x, y in line]
        middle = places[1] if len(places) == 3 else None
        points.append({"name": name, "label": name, "path": _path(places), "x": places[-1][0], "y": places[-1][1] - 10, "middle": middle})
    marks: dict[tuple[float, float], dict[str, Any]] = {}
    for x, y, text in marked:
        place = (_x(x / ticks_x[-1]), _y(y / ticks_y[-1]))
        mark = marks.setdefault(place, {"name": "", "x": place[0], "y": place[1], "label": about(x), "texts": []})
        mark["texts"].append(text)
    _spread_labels([*_joined(points), *marks.values()])
    return {"points": points, "marks": list(marks.values()), **_axes(ticks_x, ticks_y)}


def _joined(points: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The points that keep a label of their own: lines that end in the same place share the first one's, the others have none."""
    kept: dict[float, dict[str, Any]] = {}
    for point in points:
        first = kept.setdefault(point["y"], point)
        if first is not point:
            first["label"], point["label"] = f"{first['label']}, {point['name']}", ""
    return list(kept.values())


def latency_bars(scorecards: Mapping[str, Scorecard], names: Sequence[str]) -> dict[str, Any]:
    """The median milliseconds of each stage of an answer, a bar a variant; whatever stages the cards have."""
    return stacked(latency_stages(scorecards, names), stages_of(scorecards, names))


def latency_stages(scorecards: Mapping[str, Scorecard], names: Sequence[str]) -> dict[str, dict[str, float]]:
    """The median milliseconds of each stage, of the variants that were timed."""
    stages = {}
    for name in names:
        medians = {key.removesuffix("_p50"): value for key, value in scorecards[name].latency_ms.items() if key.endswith("_p50")}
        stages[name] = {stage: value for stage, value in medians.items() if value is not None}
    return {name: parts for name, parts in stages.items() if parts}


def stages_of(scorecards: Mapping[str, Scorecard], names: Sequence[str]) -> list[str]:
    """The stages that any variant was timed in, in the order of an answer."""
    found = {stage: None for parts in latency_stages(scorecards, names).values() for stage in parts}
    return [*(stage for stage in STAGES if stage in found), *(stage for stage in found if stage not in STAGES)]


def stacked(amounts: Mapping[str, Mapping[str, float]], parts: Sequence[str]) -> dict[str, Any]:
    """A bar a name of parts side by side, in their order: `bars` with `pieces` (x, width, part), `parts` that are anywhere above 0."""
    shown = [part for part in parts if any(row.get(part, 0.0) > 0 for row in amounts.values())]
    most = max((sum(row.get(part, 0.0) for part in shown) for row in amounts.values()), default=0.0) or 1.0
    bars = []
    for at, (name, row) in enumerate(amounts.items()):
        x, pieces = float(BARS["left"]), []
        for part in shown:
            width = (BARS["right"] - BARS["left"]) * row.get(part, 0.0) / most
            if width > 0:
                pieces.append({"part": part, "x": round(x, 1), "width": round(max(width, 0.5), 1), "value": row[part]})
            x += width
        total = sum(row.get(part, 0.0) for part in shown)
        bars.append({"name": name, "y": BARS["row"] * at, "pieces": pieces, "end": round(x, 1), "total": total})
    return {"bars": bars, "parts": shown, "height": BARS["row"] * len(bars) + 6}


def _stairs(points: Sequence[Mapping[str, Any]]) -> list[tuple[float, float]]:
    """Corners of a line that rises at each point, cheapest first, and goes on to the right edge."""
    corners: list[tuple[float, float]] = []
    for point in points:
        corners += [(point["x"], corners[-1][1])] if corners else []
        corners.append((point["x"], point["y"]))
    return [*corners, (PLOT["right"], corners[-1][1])] if corners else []


def _spread_labels(points: Sequence[dict[str, Any]]) -> None:
    """`label_y` beside each point, none below the plot; one that would touch a lower one moves up."""
    placed: list[dict[str, Any]] = []
    for point in sorted(points, key=lambda point: (-point["y"], point["name"])):
        label_y = min(point["y"] + 4, PLOT["bottom"] - 4)
        for other in sorted(placed, key=lambda other: -other["label_y"]):
            if abs(other["x"] - point["x"]) < LABEL_WIDTH and abs(other["label_y"] - label_y) < LABEL_HEIGHT:
                label_y = other["label_y"] - LABEL_HEIGHT
        point["label_y"] = round(label_y, 1)
        placed.append(point)


def _path(places: Sequence[tuple[float, float]]) -> str:
    """The `points` of an SVG polyline."""
    return " ".join(f"{x},{y}" for x, y in places)


def _ticks(most: float) -> list[float]:
    """Round figures from 0 to the first that is not below `most`, at most six of them, evenly apart; an axis of 0 reaches 1."""
    rough = (most or 1.0) / (_MOST_TICKS - 1)
    power = 10.0 ** floor(log10(rough))
    step = next(step * power for step in _STEPS if step * power >= rough * (1 - 1e-9))
    return [round(step * at, 12) for at in range(ceil((most or 1.0) / step - 1e-9) + 1)]


def _texts(ticks: Sequence[float]) -> list[str]:
    """Without an exponent, with as many decimals as the finest needs."""
    digits = next(digits for digits in range(13) if all(abs(round(tick, digits) - tick) < 1e-12 for tick in ticks))
    return [f"{tick:,.{digits}f}" for tick in ticks]


def _axes(ticks_x: Sequence[float], ticks_y: Sequence[float]) -> dict[str, Any]:
    return {
        "ticks_x": [{"x": _x(tick / ticks_x[-1]), "text": text} for tick, text in zip(ticks_x, _texts(ticks_x), strict=True)],
        "ticks_y": [{"y": _y(tick / ticks_y[-1]), "text": text} for tick, text in zip(ticks_y, _texts(ticks_y), strict=True)],
    }


def _x(share: float) -> float:
    return round(PLOT["left"] + (PLOT["right"] - PLOT["left"]) * share, 1)


def _y(share: float) -> float:
    return round(PLOT["bottom"] - (PLOT["bottom"] - PLOT["top"]) * min(max(share, 0.0), 1.0), 1)
