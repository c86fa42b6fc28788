"""What the rules of advice claim of the variants, and how a comparison answers: confirmed, overruled or open, with its figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from tandem.facts import Facts
from tandem.params import Advice
from tandem.records import Interval
from tandem.stats import mean_interval, paired_bootstrap

State = Literal["confirmed", "overruled", "open", "not measured"]
OPPOSITE: dict[State, State] = {"confirmed": "overruled", "overruled": "confirmed", "open": "open", "not measured": "not measured"}


@dataclass(frozen=True)
class Measured:
    """What a comparison found. `values`: variant -> measure -> question -> value (None: does not apply); `figures`: variant -> name ->
    one number of the whole variant (None: not known)."""

    values: Mapping[str, Mapping[str, Mapping[str, float | None]]]
    figures: Mapping[str, Mapping[str, float | None]]


@dataclass(frozen=True)
class Finding:
    """How a claim fared; `said` holds the figures, or why there are none."""

    state: State
    said: str


Claim = Callable[[Measured, Facts, Advice], Finding]
Limit = Callable[[Facts, Advice], float]


def ahead(better: str, worse: str, measure: str) -> Claim:
    """`better` beats `worse` on a measure: the interval of the paired difference lies above 0."""
    return lambda measured, facts, limits: _difference(measured, better, worse, measure)


def reaches(variant: str, measure: str, limit: Limit) -> Claim:
    """The interval of a variant's mean lies above a limit."""

    def judge(measured: Measured, facts: Facts, limits: Advice) -> Finding:
        least = limit(facts, limits)
        values = [value for _, value in sorted(measured.values.get(variant, {}).get(measure, {}).items()) if value is not None]
        if len(values) < 2:
            return Finding("not measured", f"{_word(measure)} applies to {len(values)} questions of {variant}")
        found = mean_interval(values, resamples=2_000, seed=0)
        said = f"{_word(measure)} of {variant} {found.mean:.2f} [{found.low:.2f}, {found.high:.2f}], limit {least:g}, n = {found.n}"
        return Finding(_state(found, least), said)

    return judge


def lower(variant: str, other: str, figure: str, hint: str = "") -> Claim:
    """A variant's figure lies below that of another. Figures of a whole variant have no interval."""

    def judge(measured: Measured, facts: Facts, limits: Advice) -> Finding:
        mine, theirs = (measured.figures.get(name, {}).get(figure) for name in (variant, other))
        if mine is None or theirs is None:
            return Finding("not measured", f"no {figure} of {variant if mine is None else other}{hint}")
        state: State = "confirmed" if mine < theirs else "overruled" if mine > theirs else "open"
        return Finding(state, f"{figure} {_number(mine)} of {variant}, {_number(theirs)} of {other}")

    return judge


def exceeds(variant: str, figure: str, limit: Limit, below: State = "overruled") -> Claim:
    """A variant's figure lies above a limit. `below`: what it says of the claim where it does not."""

    def judge(measured: Measured, facts: Facts, limits: Advice) -> Finding:
        seen, most = measured.figures.get(variant, {}).get(figure), limit(facts, limits)
        if seen is None:
            return Finding("not measured", f"no {figure} of {variant}")
        return Finding("confirmed" if seen > most else below, f"{figure} of {variant} {_number(seen)}, limit {_number(most)}")

    return judge


def worth_both(measured: Measured, facts: Facts, limits: Advice) -> Finding:
    """rag+lora is ahead of lora and of rag in quality and behind in nothing; where a form is asked for, ahead of rag in form will do."""
    over_rag = [_difference(measured, "rag+lora", "rag", measure) for measure in ("quality", *(["form"] if facts.fixed_form else []))]
    over_lora = _difference(measured, "rag+lora", "lora", "quality")
    found = [*over_rag, over_lora]
    said = "; ".join(one.said for one in found)
    states = [one.state for one in found]
    if "not measured" in states:
        return Finding("not measured", "; ".join(dict.fromkeys(one.said for one in found if one.state == "not measured")))
    if "overruled" in states:
        return Finding("overruled", said)
    is_ahead = over_lora.state == "confirmed" and any(one.state == "confirmed" for one in over_rag)
    return Finding("confirmed" if is_ahead else "open", said)


def not_worth_both(measured: Measured, facts: Facts, limits: Advice) -> Finding:
    """The opposite of `worth_both`."""
    found = worth_both(measured, facts, limits)
    return Finding(OPPOSITE[found.state], found.said)


def _difference(measured: Measured, better: str, worse: str, measure: str) -> Finding:
    lacking = [name for name in (better, worse) if name not in measured.values]
    if lacking:
        return Finding("not measured", f"no scorecard of {' and '.join(lacking)}")
    a, b = (measured.values[name].get(measure, {}) for name in (better, worse))
    pairs = [(a[question], b[question]) for question in sorted(a.keys() & b.keys())]
    known = [(left, right) for left, right in pairs if left is not None and right is not None]
    if len(known) < 2:
        return Finding("not measured", f"{_word(measure)} applies to {len(known)} questions of both {better} and {worse}")
    found = paired_bootstrap([left for left, _ in known], [right for _, right in known], resamples=2_000, seed=0)
    said = f"{better} - {worse} in {_word(measure)} {found.mean:+.2f} [{found.low:+.2f}, {found.high:+.2f}], n = {found.n}"
    return Finding(_state(found, 0.0), said)


def _state(found: Interval, limit: float) -> State:
    return "confirmed" if found.low > limit else "overruled" if found.high < limit else "open"


def _word(name: str) -> str:
    return name.replace("_", " ")


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
