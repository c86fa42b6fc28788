"""The report's tables of what goes wrong: questions missed, quotations that are none, and what is known without any passage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tandem import misses, quotations
from tandem.agreement import agreement
from tandem.records import Row, Scorecard
from tandem.scoring import MEASURES

MISSES = (misses.ANSWERED, misses.NOT_RETRIEVED, misses.NOT_USED, misses.WRONG_THOUGH_USED)
QUOTATIONS = (
    quotations.VERBATIM, quotations.WRONG_PASSAGE, quotations.WRONG_DOCUMENT, quotations.STITCHED, quotations.FABRICATED,
)  # fmt: skip
_SHOWN_ELSEWHERE = (
    "quality", "form", "grounding", "citation_precision", "not_retrieved", "retrieved_not_used", "wrong_though_used",
    *(name for name in MEASURES if name.endswith("_quotes")),
)  # fmt: skip


def further_measures(scorecards: Mapping[str, Scorecard]) -> list[str]:
    """The measures without a table of their own that apply to any variant."""
    applying = {name for card in scorecards.values() for name, n in card.counts.items() if n}
    return [name for name in MEASURES if name in applying and name not in _SHOWN_ELSEWHERE]


def counted(
    scorecards: Mapping[str, Scorecard], names: Sequence[str], words: Sequence[str], of: Callable[[Row], str | None]
) -> list[dict[str, Any]]:
    """A line a variant: how many rows have each of the words, and how many have any; variants without such rows are left out."""
    lines = []
    for name in names:
        seen = Counter(of(row) for row in scorecards[name].rows)
        if n := sum(seen[word] for word in words):
            lines.append({"name": name, "counts": {word: seen[word] for word in words}, "n": n})
    return lines


def judged(scorecards: Mapping[str, Scorecard], names: Sequence[str]) -> list[str]:
    """Per variant that a judge model graded: how far it agrees with the measured quality."""
    found = {name: agreement(scorecards[name].rows) for name in names}
    return [
        f"{name}: the judge and quality agree on {one.share:.2f} of {one.n} answers"
        + (f", kappa {one.kappa:.2f}" if one.kappa is not None else "")
        for name, one in found.items()
        if one is not None
    ]


def closed_book(scorecards: Mapping[str, Scorecard], names: Sequence[str]) -> str | None:
    """What the variants state without passages, against the best of those that read them; None where none answers closed-book.

    The warning stands only where this run bears it out.
    """
    shares = {name: scorecards[name].measures.get("closed_book_facts") for name in names}
    closed = {name: share for name, share in shares.items() if share is not None}
    if not closed:
        return None
    said = ", ".join(
        f"{name} states {share:.2f} of the facts (n {scorecards[name].counts['closed_book_facts']})" for name, share in closed.items()
    )
    sentence = f"Without any passage {said}"
    reading = [name for name in names if name not in closed and scorecards[name].measures.get("quality") is not None]
    best = max(reading, key=lambda name: scorecards[name].measures["quality"] or 0.0, default=None)
    if best is None:
        return f"{sentence}."
    quality = scorecards[best].measures["quality"] or 0.0
    advice = " Facts are not to be expected of fine-tuning: they come from passages." if quality > max(closed.values()) else ""
    return f"{sentence}; {best}, which reads passages, has a quality of {quality:.2f}.{advice}"
