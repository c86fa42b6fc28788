"""The decision of what goes live: a pure function of scorecards and a policy. No promotion is a result, not an error.

1. *Limits.* A variant beyond any limit is out; every violation of every variant is listed. A measure that does not apply
   is none, unless `limits.required` names it.
2. *Utility* of a question = sum of weight x measure (minus it where lower is better); a measure that does not apply adds nothing.
   Questions count when every variant still in answered them and a weighted measure applies to at least one of the answers.
3. *Near the best.* A variant is near the best when it is measurably worse than no other: against each, the paired bootstrap interval of
   (it - other) reaches 0, or its mean loss is within the margin. It is the one-standard-error rule (Breiman et al. 1984, section 3.4.3)
   at two of them: a difference that the questions cannot show buys no extra moving parts. Strict non-inferiority here (lower end >=
   -margin) would hand every close call to the more complex variant, since it asks small data for a proof.
4. *First champion:* the simplest variant near the best; equally simple ones by utility, then name.
5. *Replacing a champion* asks for proof: its interval against the champion lies above 0 (better), or above -margin (shown equal) and it
   is simpler or cheaper by `cheaper_by`. The simplest variant near the best that passes is promoted, looking no further than the
   champion when that is near the best itself. "Better" is read at 1 - 0.05 / k, where k counts the challengers that are not measurably
   worse than this one, itself included: the others cannot be promoted in its place. The chance of replacing a champion by its equals
   stays about 2.5 % (nine of them: 2.8 %, if normal). A champion beyond a limit is kept all the same unless something passes.
   The champion's successor - the same variant on the table layout of the params - passes where it is not measurably worse.

*Better answers never cost a variant its promotion, nor the champion its place,* however many are compared. Let the utilities of v rise
and all else stay. Every resampled mean of (v - other) rises too, so what v measurably beats stays beaten, and so does what others beat:
of those near the best only v can join, the others only leave. v's own proof gets easier, as its k cannot grow; every other's gets harder,
as its k cannot shrink. So whoever stood before v in the order of 4 or 5 without passing has left or still does not pass, and a champion
that was kept is still met before anyone who passes. Near the best must therefore mean every other, not the best alone: as a new best
with a wider interval, v would let a simpler variant in that the former best kept out. And k may not count p-values below one's own, as
Holm's correction does: v's gain would loosen the proof of a simpler one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tandem.params import Limits, Promotion
from tandem.records import Decision, Interval, Row, Scorecard
from tandem.scoring import MEASURES
from tandem.stats import minimum_detectable_effect, paired_bootstrap


@dataclass(frozen=True)
class _Contest:
    """The variants still in, on the same questions in one order: utilities are `(n,)`."""

    cards: Mapping[str, Scorecard]
    utilities: Mapping[str, NDArray[np.float64]]
    policy: Promotion
    resamples: int
    seed: int
    successor: str | None = None

    @property
    def n(self) -> int:
        return len(next(iter(self.utilities.values())))

    def against(self, name: str, other: str, confidence: float = 0.95) -> Interval:
        """Interval of `name` minus `other`."""
        return paired_bootstrap(self.utilities[name], self.utilities[other], self.resamples, self.seed, confidence)

    def mean(self, name: str) -> float:
        # rounded: two orders of summation must not break a tie
        return round(float(self.utilities[name].mean()), 12) if self.n else 0.0

    def is_worse(self, name: str, other: str) -> bool:
        """Measurably, and by more than the margin."""
        loss = round(self.mean(other) - self.mean(name), 12)
        return loss > self.policy.margin and self.against(name, other).high < 0

    def simplest_first(self, names: Sequence[str]) -> list[str]:
        return sorted(names, key=lambda name: (self.cards[name].simplicity, -self.mean(name), name))


def decide(
    scorecards: Mapping[str, Scorecard], champion: str | None, policy: Promotion, resamples: int, seed: int, successor: str | None = None
) -> Decision:
    """What to promote and why, by the rules at the top of this file.

    `champion` is the name of what is live, measured in the same run; None for the first time. `successor` is the variant that differs
    from it in the table's layout. `variant` of the decision is the winner
    whether or not it replaces the champion. `interval` is the winner minus the champion (first time: minus the simplest variant); where
    the winner is that one itself, the best of the others minus it; None below two questions.
    """
    if champion is not None and champion not in scorecards:
        reason = f"the champion {champion} was not measured in this run, so nothing can be shown to be better"
        return Decision(False, None, (reason,), 0, None, {}, champion)
    names = sorted(scorecards)
    most_rows = max((len(card.rows) for card in scorecards.values()), default=0)
    violations = {name: found for name in names if (found := _violations(scorecards[name], policy, most_rows))}
    candidates = [name for name in names if name not in violations]
    out = tuple(f"{name} is out: {'; '.join(found)}" for name, found in violations.items())
    if not candidates:
        return Decision(False, None, (_nobody(names), *out), 0, None, violations, champion)
    compared = candidates if champion is None or champion in candidates else sorted([*candidates, champion])
    contest = _contest({name: scorecards[name] for name in compared}, policy, resamples, seed, successor)
    best = min(candidates, key=lambda name: (-contest.mean(name), scorecards[name].simplicity, name))
    near = contest.simplest_first([name for name in candidates if not any(contest.is_worse(name, other) for other in candidates)])
    winner, promoted, verdict = _pick(contest, near, best, champion)
    if contest.n < policy.min_n:
        promoted = False
        verdict = f"{contest.n} paired questions are too few to decide on, at least {policy.min_n} are needed: nothing is promoted"
    interval, comparison = _comparison(contest, winner, champion)
    return Decision(promoted, winner if contest.n else None, (verdict, *comparison, *out), contest.n, interval, violations, champion)


def violations_of(card: Scorecard, limits: Limits) -> tuple[str, ...]:
    """Every limit that the variant breaks, with the value seen and the limit. None on either side is none, unless it is required."""
    at_most: list[tuple[str, float | None, float | None]] = [
        ("latency p95 in ms", card.latency_ms.get("p95"), limits.max_latency_p95_ms),
        ("cost per 1,000 answers", card.cost_usd_per_1k, limits.max_cost_usd_per_1k),
        ("forgetting", card.forgetting, limits.max_forgetting),
        ("staleness", card.staleness, limits.max_staleness),
    ]
    at_least: list[tuple[str, float | None, float | None]] = [
        ("form", card.measures.get("form"), limits.min_form),
        ("grounding", card.measures.get("grounding"), limits.min_grounding),
    ]
    over = [
        f"{what} {_plain(seen)} is over the limit of {_plain(limit)}"
        for what, seen, limit in at_most
        if seen is not None and limit is not None and seen > limit
    ]
    under = [
        f"{what} {_plain(seen)} is under the limit of {_plain(limit)}"
        for what, seen, limit in at_least
        if seen is not None and limit is not None and seen < limit
    ]
    applies = {**card.measures, "forgetting": card.forgetting, "staleness": card.staleness}
    missing = [f"{name} does not apply, and promotion.limits.required names it" for name in limits.required if applies.get(name) is None]
    return (*over, *under, *missing)


def _violations(card: Scorecard, policy: Promotion, most_rows: int) -> tuple[str, ...]:
    """Its limits, and enough answers: a variant that failed on most questions must not take them from all the others."""
    found = violations_of(card, policy.limits)
    if len(card.rows) < policy.min_n <= most_rows:
        found = (f"it answered {len(card.rows)} questions where others answered {most_rows}, at least {policy.min_n} are needed", *found)
    return found


def utility_of(row: Row, weights: Mapping[str, float]) -> float | None:
    """Sum of weight x measure of one answer; None where no weighted measure applies."""
    terms = [
        weight * value * (1 if MEASURES[name].higher_is_better else -1)
        for name, weight in sorted(weights.items())
        if weight and (value := MEASURES[name].of(row)) is not None
    ]
    return sum(terms) if terms else None


def _plain(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 1_000 else f"{value:.4g}"


def _contest(cards: Mapping[str, Scorecard], policy: Promotion, resamples: int, seed: int, successor: str | None) -> _Contest:
    by_question = {name: {row.example_id: utility_of(row, policy.weights) for row in card.rows} for name, card in cards.items()}
    shared = sorted(set.intersection(*(set(found) for found in by_question.values())))
    counted = [question for question in shared if any(found[question] is not None for found in by_question.values())]
    # rounded: 0.1 + 0.2 must not be measurably better than 0.3
    utilities = {name: np.round([found[question] or 0.0 for question in counted], 12) for name, found in by_question.items()}
    return _Contest(cards, utilities, policy, resamples, seed, successor)


def _pick(contest: _Contest, near: Sequence[str], best: str, champion: str | None) -> tuple[str, bool, str]:
    """The winner, whether it goes live, and why. `near`: simplest first."""
    if champion is None:
        return near[0], True, f"{near[0]} is promoted as the first champion: {_why_simplest(contest, near[0], best)}"
    # at one simplicity the challengers come first: they have something to prove, the champion has not
    for name in sorted(near, key=lambda name: (contest.cards[name].simplicity, name == champion)):
        if name == champion:
            return champion, False, f"{champion} stays champion: nothing is measurably better, or shown equal and simpler or cheaper"
        if why := _replaces(contest, name, champion):
            return name, True, f"{name} replaces {champion}: {why}"
    return near[0], False, f"{champion} stays champion: {near[0]} is neither measurably better, nor shown equal and simpler or cheaper"


def _replaces(contest: _Contest, name: str, champion: str) -> str | None:
    """Why `name` may replace the champion; None where it may not."""
    gain = contest.against(name, champion)
    if gain.low > 0 and contest.against(name, champion, 1 - 0.05 / _n_rivals(contest, name, champion)).low > 0:
        return "it is measurably better"
    if name == contest.successor and not contest.is_worse(name, champion):
        return "it is the same on the table layout of params.yaml, and not measurably worse"
    card, live = contest.cards[name], contest.cards[champion]
    if gain.low < -contest.policy.margin:
        return None
    equal = f"it is equal within {contest.policy.margin:g}"
    if card.simplicity < live.simplicity:
        return f"{equal} and simpler"
    cost, live_cost = card.cost_usd_per_1k, live.cost_usd_per_1k
    if cost is None or not live_cost or cost > (1 - contest.policy.cheaper_by) * live_cost:
        return None
    return f"{equal} and cheaper ({cost:.4g} against {live_cost:.4g} per 1,000 answers)"


def _n_rivals(contest: _Contest, name: str, champion: str) -> int:
    """How many challengers are not measurably worse than `name`, itself included."""
    return sum(other != champion and not contest.is_worse(other, name) for other in contest.cards)


def _why_simplest(contest: _Contest, winner: str, best: str) -> str:
    if winner == best:
        return "it scores best"
    loss = _figures(contest.against(winner, best))
    return f"{best} scores best, but {winner} is simpler and not measurably worse ({loss})"


def _comparison(contest: _Contest, winner: str, champion: str | None) -> tuple[Interval | None, tuple[str, ...]]:
    """The interval of the decision and its sentences."""
    reference = champion if champion is not None else contest.simplest_first(list(contest.cards))[0]
    others = sorted((name for name in contest.cards if name != reference), key=lambda name: (-contest.mean(name), name))
    if not others or not contest.n:
        return None, ("there is nothing to compare it with" if not others else "no question is shared by all variants",)
    name = winner if winner != reference else others[0]
    interval = contest.against(name, reference)
    unit = "" if set(contest.policy.weights.values()) == {1.0} and len(contest.policy.weights) == 1 else "utility "
    sentence = f"{name} has {_means(contest, name)}, {reference} {_means(contest, reference)}: {unit}{_figures(interval)}"
    if contest.n < 2:
        return None, (sentence,)
    smallest = minimum_detectable_effect(contest.utilities[name] - contest.utilities[reference])
    if smallest is None or not interval.low <= 0 <= interval.high:
        return interval, (sentence,)
    return interval, (sentence, f"a set like this shows differences from {smallest:.2f} on (80 % power)")


def _means(contest: _Contest, name: str) -> str:
    measures = contest.cards[name].measures
    shown = [f"{weighed} {measures[weighed]:.2f}" for weighed in contest.policy.weights if measures.get(weighed) is not None]
    return ", ".join(shown) or "no measure that counts"


def _figures(interval: Interval) -> str:
    spread = f" [{interval.low:+.2f}, {interval.high:+.2f}]" if interval.n > 1 else ""
    return f"{interval.mean:+.2f}{spread} on {interval.n} questions"


def _nobody(names: Sequence[str]) -> str:
    seen = f"none of {', '.join(names)} is within the limits" if names else "no variant was measured"
    return f"nothing is promoted: {seen}"
