"""The report's figures on money and its charts: what a month costs, where costs cross, and pixel positions for its SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from math import ceil, floor, isfinite, log10
from typing import Any

from tandem.economics import DAYS_PER_MONTH, break_even_queries_per_month, cost_per_month, fixed_per_month
from tandem.params import Prices
from tandem.records import Interval, Scorecard

PLOT = {"left": 52, "right": 620, "top": 18, "bottom": 264}  # the plotting area of a 640 x 300 SVG
_STEPS = (1, 2, 2.5, 5, 10)
_MOST_TICKS = 6


def months(scorecards: Mapping[str, Scorecard], names: Sequence[str], prices: Prices) -> list[dict[str, Any]]:
    """Per variant: `fixed` US dollars a month, `per_query` and `month` at the price book's volume (None where no cost was measured)."""
    found = []
    for name in names:
        fixed, marginal = _month(scorecards[name], prices)
        month = None if marginal is None else cost_per_month(fixed, marginal, prices.queries_per_day)
        found.append({"name": name, "fixed": fixed, "per_query": marginal, "month": month})
    return found


def break_evens(scorecards: Mapping[str, Scorecard], names: Sequence[str], prices: Prices) -> list[dict[str, Any]]:
    """Pairs of variants whose costs cross at some volume above none: `a`, `b`, `per_day`, and which is `cheaper_above` it."""
    found = []
    for a, b in combinations(names, 2):
        (fixed_a, marginal_a), (fixed_b, marginal_b) = _month(scorecards[a], prices), _month(scorecards[b], prices)
        if marginal_a is None or marginal_b is None:
            continue
        queries = break_even_queries_per_month(fixed_a, marginal_a, fixed_b, marginal_b)
        if queries:
            found.append({"a": a, "b": b, "per_day": queries / DAYS_PER_MONTH, "cheaper_above": a if marginal_a < marginal_b else b})
    return found


def scatter(scorecards: Mapping[str, Scorecard], intervals: Mapping[str, Interval | None]) -> dict[str, Any]:
    """Quality with its interval against cost per 1,000 answers: `points` with labels 15 px apart, and ticks."""
    shown = [(name, scorecards[name].cost_usd_per_1k, interval) for name, interval in intervals.items()]
    ticks_x, ticks_y = _ticks(1.15 * max((cost for _, cost, _ in shown if cost), default=0.0)), _ticks(1.0)
    points: list[dict[str, Any]] = []
    for name, cost, interval in shown:
        if cost is not None and interval is not None:
            low, high = (interval.low, interval.high) if isfinite(interval.low) else (interval.mean, interval.mean)
            points.append({"name": name, "x": _x(cost / ticks_x[-1]), "y": _y(interval.mean), "low": _y(low), "high": _y(high)})
    _spread_labels(points)
    return {"points": points, **_axes(ticks_x, ticks_y)}


def cost_lines(scorecards: Mapping[str, Scorecard], names: Sequence[str], prices: Prices) -> dict[str, Any]:
    """US dollars a month against queries a day, up to twice the volume or past the farthest crossing within five times of it."""
    crossings = [pair["per_day"] for pair in break_evens(scorecards, names, prices) if pair["per_day"] <= 5 * prices.queries_per_day]
    ticks_x = _ticks(max(2 * prices.queries_per_day, *(1.25 * crossing for crossing in crossings), 0.0))
    ends = [
        (name, fixed, cost_per_month(fixed, marginal, ticks_x[-1]))
        for name in names
        for fixed, marginal in [_month(scorecards[name], prices)]
        if marginal is not None
    ]
    ticks_y = _ticks(1.1 * max((end for _, _, end in ends), default=0.0))
    top = ticks_y[-1]
    points: list[dict[str, Any]] = [{"name": name, "x": _x(1), "start": _y(fixed / top), "y": _y(end / top)} for name, fixed, end in ends]
    _spread_labels(points)
    return {"points": points, "volume_x": _x(prices.queries_per_day / ticks_x[-1]), **_axes(ticks_x, ticks_y)}


def _month(card: Scorecard, prices: Prices) -> tuple[float, float | None]:
    """Fixed US dollars a month, and US dollars a query. The flags are the two bits of `simplicity` (params.Variant.simplicity)."""
    fixed = fixed_per_month(prices, retrieve=bool(card.simplicity & 1), adapter=bool(card.simplicity & 2))
    return fixed, None if card.cost_usd_per_1k is None else card.cost_usd_per_1k / 1000


def _spread_labels(points: Sequence[dict[str, Any]]) -> None:
    label_y = -100.0
    for point in sorted(points, key=lambda point: (point["y"], point["name"])):
        label_y = point["label_y"] = max(point["y"] + 4, label_y + 15)


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
