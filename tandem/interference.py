"""Interference: what the adapter does to an answer from passages, and what passages do to an adapted answer.

Both are paired differences of variants that differ in that one part, on the questions that a comparison asks anyway.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tandem.grounding import likeness_by_words
from tandem.records import Example, Interval, Passage, Row, Scorecard
from tandem.scoring import MEASURES, facts_share
from tandem.stats import minimum_detectable_effect, paired_bootstrap

RETRIEVE, ADAPTER = 1, 2  # the bits of Scorecard.simplicity
SUPPORTED = 0.8  # of the expected answer's content words, for an example that names no facts


@dataclass(frozen=True, slots=True)
class Effect:
    """`both` minus `alone` on one measure, where `both` has `added` ("adapter" or "context") and is like `alone` otherwise.

    `detectable`: the smallest true difference that as many questions show with a power of .8.
    """

    added: str
    both: str
    alone: str
    measure: str
    interval: Interval
    detectable: float | None

    @property
    def verdict(self) -> str:
        """helps, hurts, or neither where the interval holds 0."""
        return "helps" if self.interval.low > 0 else "hurts" if self.interval.high < 0 else "neither helps nor hurts measurably"

    @property
    def sentence(self) -> str:
        """What was found, in words, with its n and interval."""
        found = self.interval
        what = "the adapter" if self.added == "adapter" else "context"
        where = "Where the retrieved passages hold the answer" if self.added == "adapter" else "To the adapted model"
        figures = f"{self.both} - {self.alone} is {found.mean:+.3f} [{found.low:+.3f}, {found.high:+.3f}] on {found.n} questions"
        unseen = (
            f" (a true difference from {self.detectable:.3f} on would show)" if found.low <= 0 <= found.high and self.detectable else ""
        )
        return f"{where}, {what} {self.verdict} in {self.measure}: {figures}{unseen}."


def context_holds(example: Example, passages: Sequence[Passage | str]) -> bool | None:
    """Whether passages hold what a right answer must say; None without passages or where there is no answer.

    Every fact, word for word; of an example that names none, `SUPPORTED` of the content words of its answer.
    """
    if not passages or not example.answerable:
        return None
    texts = [passage if isinstance(passage, str) else passage.shown_text for passage in passages]
    share = facts_share("\n".join(texts), example.facts)
    if share is not None:
        return share == 1
    return likeness_by_words(example.answer, ["\n".join(texts)])[0] >= SUPPORTED


def effects(cards: Mapping[str, Scorecard], settings: Mapping[str, Mapping[str, Any]], resamples: int, seed: int) -> list[Effect]:
    """Every effect that these variants can show. `settings`: what else each answers by (base, prompt, retrieval ...).

    The adapter's is read in quality, on the questions whose passages hold the answer; that of context in form and in quality.
    """
    found: list[Effect | None] = []
    for both in sorted(name for name, card in cards.items() if card.simplicity == RETRIEVE + ADAPTER):
        for alone in sorted(cards):
            flags, pair = cards[alone].simplicity, (cards[both], cards[alone])
            if flags == RETRIEVE and _alike(settings, both, alone):
                found.append(_effect("adapter", "quality", *pair, resamples, seed, _holding(*pair)))
            if flags == ADAPTER and _alike(settings, both, alone, besides=("retrieval", "layout")):
                found += [_effect("context", measure, *pair, resamples, seed) for measure in ("form", "quality")]
    return [one for one in found if one is not None]


def _alike(settings: Mapping[str, Mapping[str, Any]], one: str, other: str, besides: Collection[str] = ()) -> bool:
    mine, theirs = ({key: value for key, value in settings[name].items() if key not in besides} for name in (one, other))
    return mine == theirs


def _holding(one: Scorecard, other: Scorecard) -> set[str]:
    """Questions whose passages hold the answer in both."""
    held = [{row.example_id for row in card.rows if row.context_holds} for card in (one, other)]
    return held[0] & held[1]


def _effect(
    added: str, measure: str, both: Scorecard, alone: Scorecard, resamples: int, seed: int, only: Collection[str] | None = None
) -> Effect | None:
    """None below two questions that both were measured on."""
    values = [_values(card.rows, measure) for card in (both, alone)]
    shared = sorted(question for question in values[0].keys() & values[1].keys() if only is None or question in only)
    if len(shared) < 2:
        return None
    mine, theirs = ([one[question] for question in shared] for one in values)
    detectable = minimum_detectable_effect([a - b for a, b in zip(mine, theirs, strict=True)])
    return Effect(added, both.variant, alone.variant, measure, paired_bootstrap(mine, theirs, resamples, seed), detectable)


def _values(rows: Sequence[Row], measure: str) -> dict[str, float]:
    of = MEASURES[measure].of
    return {row.example_id: value for row in rows if (value := of(row)) is not None}
