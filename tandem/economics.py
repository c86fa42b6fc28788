"""What answers, a month and a start cost under the price book, and where two variants cost the same. In `prices.currency` throughout."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from math import inf

from tandem.params import Prices
from tandem.records import Scorecard, SetUp, Usage

DAYS_PER_MONTH = 365 / 12
IDLE = "idle machine"  # the part of a month's cost that reserved hours make beyond those used


@dataclass(frozen=True, slots=True)
class Costs:
    """One variant under one price book: of an answer by part, of a month whatever the volume by part, and once, to start, by part.

    `reserved` is what the machine costs a month whether it answers or not, beyond what training takes of it: answers' machine time is
    paid for out of it first.
    """

    answer: dict[str, float]
    standing: dict[str, float]
    start: dict[str, float]
    reserved: float = 0.0

    @property
    def per_answer(self) -> float:
        """The sum of the parts of one answer."""
        return sum(self.answer.values())

    def month(self, queries_per_day: float) -> dict[str, float]:
        """A month (365 / 12 days) at a daily volume, by part."""
        queries = queries_per_day * DAYS_PER_MONTH
        answers = {part: price * queries for part, price in self.answer.items()}
        return {**answers, IDLE: max(0.0, self.reserved - answers.get("machine", 0.0)), **self.standing}

    def per_month(self, queries_per_day: float) -> float:
        """The sum of the parts of a month."""
        return sum(self.month(queries_per_day).values())

    @property
    def full_at(self) -> float:
        """Queries a day that use up the reserved machine: the cost's one bend. Infinite where answers take none of its time."""
        machine = self.answer.get("machine", 0.0)
        return self.reserved / machine / DAYS_PER_MONTH if machine else inf


def cost_by_part(prices: Prices, usage: Usage, adapter: bool = False) -> dict[str, float]:
    """One answer by part: input, output, embedding, machine (its time at the hourly price). With an adapter tokens bear the surcharge."""
    tuned = 1 + prices.fine_tuned_surcharge if adapter else 1.0
    whole = prices.input_per_1m_tokens
    cached = whole if prices.cached_input_per_1m_tokens is None else prices.cached_input_per_1m_tokens
    fresh_tokens = usage.n_tokens_in - usage.n_cached_tokens
    return {
        "input": tuned * (fresh_tokens * whole + usage.n_cached_tokens * cached) / 1e6,
        "output": tuned * usage.n_tokens_out * prices.output_per_1m_tokens / 1e6,
        "embedding": usage.n_embedding_tokens * prices.embedding_per_1m_tokens / 1e6,
        "machine": usage.seconds * prices.machine_per_hour / 3600,
    }


def cost_of_answer(prices: Prices, usage: Usage, adapter: bool = False) -> float:
    """The sum of `cost_by_part`."""
    return sum(cost_by_part(prices, usage, adapter).values())


def mean_usage(usages: Iterable[Usage | None]) -> Usage | None:
    """The mean answer; None where nothing was recorded."""
    known = [usage for usage in usages if usage is not None]
    if not known:
        return None
    return Usage(**{field.name: sum(getattr(usage, field.name) for usage in known) / len(known) for field in fields(Usage)})


def standing_by_part(prices: Prices, setup: SetUp) -> dict[str, float]:
    """A month whatever the volume: the store and what refreshes embed where it retrieves, training and curation where it has an adapter."""
    refreshed = setup.n_document_tokens * prices.refreshed_share * prices.refreshes_per_day * DAYS_PER_MONTH
    tokens, hours = prices.training_tokens_per_month, prices.training_hours_per_month
    return {
        "store": prices.store_per_month if setup.retrieve else 0.0,
        "refreshes": refreshed * prices.embedding_per_1m_tokens / 1e6 if setup.retrieve else 0.0,
        "training": tokens * prices.training_per_1m_tokens / 1e6 + hours * prices.machine_per_hour if setup.adapter else 0.0,
        "curation": prices.curation_hours_per_month * prices.curation_per_hour if setup.adapter else 0.0,
    }


def start_by_part(prices: Prices, setup: SetUp) -> dict[str, float]:
    """Once: every document embedded where it retrieves, the examples curated and one training where it has an adapter."""
    tokens = setup.n_training_tokens if prices.training_tokens is None else prices.training_tokens
    hours = setup.training_hours if prices.training_hours is None else prices.training_hours
    return {
        "first embedding": setup.n_document_tokens * prices.embedding_per_1m_tokens / 1e6 if setup.retrieve else 0.0,
        "training": tokens * prices.training_per_1m_tokens / 1e6 + hours * prices.machine_per_hour if setup.adapter else 0.0,
        "curation": prices.curation_hours * prices.curation_per_hour if setup.adapter else 0.0,
    }


def costs_of(card: Scorecard, prices: Prices) -> Costs | None:
    """The costs of a measured variant; None where its answers were not priced."""
    if card.cost_usd_per_1k is None:
        return None
    setup = setup_of(card)
    training_hours = prices.training_hours_per_month if setup.adapter else 0.0
    reserved = max(0.0, prices.machine_hours_per_month - training_hours) * prices.machine_per_hour
    answer = card.cost_by_part or {"answer": card.cost_usd_per_1k / 1000}
    return Costs(answer, standing_by_part(prices, setup), start_by_part(prices, setup), reserved)


def setup_of(card: Scorecard) -> SetUp:
    """What the card says, or the two flags that `simplicity` counts (params.Variant.simplicity)."""
    return card.setup or SetUp(retrieve=bool(card.simplicity & 1), adapter=bool(card.simplicity & 2))


def cost_with_context(prices: Prices, usage: Usage, adapter: bool, n_context_tokens: float) -> float:
    """One answer if its passages had so many tokens. Machine time is taken to grow with all tokens read and written: a rough guide,
    since a model writes more slowly than it reads."""
    n_in = max(usage.n_tokens_in - usage.n_context_tokens, 0) + n_context_tokens
    before, after = usage.n_tokens_in + usage.n_tokens_out, n_in + usage.n_tokens_out
    seconds = usage.seconds * after / before if before else usage.seconds
    n_cached = min(usage.n_cached_tokens, n_in)
    changed = replace(usage, n_tokens_in=n_in, n_cached_tokens=n_cached, n_context_tokens=n_context_tokens, seconds=seconds)
    return cost_of_answer(prices, changed, adapter)


def crossings(a: Costs, b: Costs) -> list[tuple[float, bool]]:
    """Queries a day above none at which another of the two becomes the cheaper, each with whether it is `a` from there on.

    Each cost is a straight line with at most one bend, where the reserved machine is used up; so each piece between bends has at most
    one crossing. Where both cost the same up to some volume, that volume counts.
    """
    bends = sorted({0.0, *(bend for bend in (a.full_at, b.full_at) if bend < inf)})
    pieces: list[tuple[float, int]] = []  # from a volume on, the sign of a - b
    for low, high in zip(bends, [*bends[1:], inf], strict=True):
        sample = min(high, 2 * low + 1e6)
        at_low, at_sample = _difference(a, b, low), _difference(a, b, sample)
        pieces.append((low, _sign(at_low) or _sign(at_sample)))
        if at_low and _sign(at_sample - at_low) == -_sign(at_low):
            root = low + (sample - low) * at_low / (at_low - at_sample)
            pieces += [(root, -_sign(at_low))] if root < high else []
    found, before = [], pieces[0][1]
    for volume, after in pieces:
        if after and after != before:
            found.append((volume, after < 0))
        before = after or before
    return found


def _difference(a: Costs, b: Costs, queries_per_day: float) -> float:
    """a - b a month; 0 where only rounding tells them apart."""
    cost_a, cost_b = a.per_month(queries_per_day), b.per_month(queries_per_day)
    return 0.0 if abs(cost_a - cost_b) <= 1e-12 * max(cost_a, cost_b) else cost_a - cost_b


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)


def pareto_front(points: Mapping[str, tuple[float, float]]) -> list[str]:
    """Of (cost, quality) by name, those that no other beats in one without losing in the other, cheapest first."""
    front = [
        name
        for name, (cost, quality) in points.items()
        if not any(c <= cost and q >= quality and (c, q) != (cost, quality) for c, q in points.values())
    ]
    return sorted(front, key=lambda name: (*points[name], name))
