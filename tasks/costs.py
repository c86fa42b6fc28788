"""The report's figures on money: what answers, a month and a start cost by part, where costs cross, what they are sensitive to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from math import floor, isclose, log10
from typing import Any

from tandem.economics import Costs, cost_with_context, costs_of, crossings, mean_usage, setup_of
from tandem.params import Prices
from tandem.records import Scorecard, Usage

CONTEXTS = (500, 1_000, 2_000, 3_000)  # tokens of context
VOLUMES = (0.1, 1, 10)  # times the price book's
SIGNS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}
UNITS = {
    "per_1m_tokens": "{sign} a million tokens", "per_month": "{sign} a month", "per_hour": "{sign} an hour", "per_day": "a day",
    "hours": "hours, once", "hours_per_month": "hours a month", "tokens": "tokens, once", "tokens_per_month": "tokens a month",
}  # fmt: skip


def money(value: float | None) -> str:
    """A sum for people: whole from 100 up, else two decimals, below 1 two figures; a dash where nothing was priced."""
    if value is None:
        return "-"
    if value == 0:
        return "0"
    digits = 0 if abs(value) >= 100 else 2 if abs(value) >= 1 else 1 - floor(log10(abs(value)))
    return f"{value:,.{digits}f}"


def about(volume: float) -> str:
    """A volume for people, to three figures: more would pretend that assumptions are measurements."""
    digits = 2 - floor(log10(volume)) if volume > 0 else 0
    return f"{round(volume, digits):,.{max(digits, 0)}f}"


def sign_of(currency: str) -> str:
    """A currency's sign, or its code."""
    return SIGNS.get(currency, currency)


def priced(scorecards: Mapping[str, Scorecard], names: Sequence[str], prices: Prices) -> dict[str, Costs]:
    """The costs of the variants whose answers were priced."""
    found = {name: costs_of(scorecards[name], prices) for name in names}
    return {name: costs for name, costs in found.items() if costs is not None}


def cost_tables(costs: Mapping[str, Costs], prices: Prices) -> dict[str, dict[str, Any]]:
    """`answers` (1,000 of them), `month` and `start`: `parts` that cost something in any variant, and `rows` of them with their `total`."""
    volume = prices.queries_per_day
    amounts = {
        "answers": {name: {part: 1_000 * value for part, value in one.answer.items()} for name, one in costs.items()},
        "month": {name: one.month(volume) for name, one in costs.items()},
        "start": {name: one.start for name, one in costs.items()},
    }
    return {of: _table(by_variant) for of, by_variant in amounts.items()}


def _table(by_variant: Mapping[str, Mapping[str, float]]) -> dict[str, Any]:
    parts = list(dict.fromkeys(part for amounts in by_variant.values() for part, value in amounts.items() if value))
    rows = [{"name": name, "amounts": amounts, "total": sum(amounts.values())} for name, amounts in by_variant.items()]
    return {"parts": parts, "rows": rows}


def break_evens(costs: Mapping[str, Costs]) -> list[dict[str, Any]]:
    """Volumes above none where the cheaper of a pair changes: `a`, `b`, `per_day`, which is `cheaper_above` it, and whether both cost
    the same up to it."""
    return [
        {
            "a": a,
            "b": b,
            "per_day": volume,
            "cheaper_above": a if is_a else b,
            "same_below": isclose(costs[a].per_month(volume / 2), costs[b].per_month(volume / 2)),
        }
        for a, b in combinations(costs, 2)
        for volume, is_a in crossings(costs[a], costs[b])
    ]


def never_even(costs: Mapping[str, Costs], volume: float) -> list[dict[str, Any]]:
    """Pairs without a break-even: the `cheaper` and the `dearer` of them at every volume; both None where they always cost the same."""
    found = []
    for a, b in combinations(costs, 2):
        if not crossings(costs[a], costs[b]):
            cheaper, dearer = sorted((a, b), key=lambda name: costs[name].per_month(volume))
            same = isclose(costs[a].per_month(volume), costs[b].per_month(volume))
            found.append({"a": a, "b": b, "cheaper": None if same else cheaper, "dearer": None if same else dearer})
    return found


def by_volume(costs: Mapping[str, Costs], prices: Prices) -> dict[str, Any]:
    """`volumes` in queries a day, and per variant the `months` that cost so much at each."""
    volumes = [share * prices.queries_per_day for share in VOLUMES]
    return {"volumes": volumes, "rows": [{"name": name, "months": [one.per_month(at) for at in volumes]} for name, one in costs.items()]}


def by_context(scorecards: Mapping[str, Scorecard], costs: Mapping[str, Costs], prices: Prices) -> list[dict[str, Any]]:
    """Per variant that retrieves: `measured` context tokens, and what 1,000 answers cost with each of CONTEXTS."""
    found = []
    for name in costs:
        usage = context_usage(scorecards[name])
        if usage is not None:
            adapter = setup_of(scorecards[name]).adapter
            answers = [1_000 * cost_with_context(prices, usage, adapter, tokens) for tokens in CONTEXTS]
            found.append({"name": name, "measured": usage.n_context_tokens, "answers": answers})
    return found


def context_usage(card: Scorecard) -> Usage | None:
    """The mean answer of a variant that reads passages; None for another, or where it was not recorded."""
    usage = mean_usage(row.usage for row in card.rows)
    return usage if usage is not None and usage.n_context_tokens else None


def price_sheet(prices: Prices) -> list[dict[str, Any]]:
    """Every figure of the price book: `key`, `value`, `unit`, and whether it is the preset's assumption or `given`."""
    preset, sign = Prices.model_validate({"preset": prices.preset}), sign_of(prices.currency)
    figures = [(key, getattr(prices, key), getattr(preset, key)) for key in Prices.model_fields if key not in ("preset", "currency")]
    return [{"key": key, "value": value, "unit": _unit(key, sign), "given": value != assumed} for key, value, assumed in figures]


def _unit(key: str, sign: str) -> str:
    fitting = [ending for ending in UNITS if key.endswith(ending)]
    return UNITS[max(fitting, key=len)].format(sign=sign) if fitting else "share"
