"""Where a variant does worst: its quality by collection, kind of question, length of answer and date of the document."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tandem.records import Interval, Row, Scorecard
from tandem.stats import mean_interval

MIN_ROWS = 8  # a slice of fewer questions says nothing
SHORT_WORDS, LONG_WORDS = 3, 10


def _length(row: Row) -> str:
    n_words = len(row.expected.split())
    return "up to 3 words" if n_words <= SHORT_WORDS else "4 to 10 words" if n_words <= LONG_WORDS else "more than 10 words"


def _half_year(row: Row) -> str:
    """Calendar halves, not days of age: a slice is the same whenever it is looked at."""
    return f"{row.dated[:4]}, {'first' if row.dated[5:7] <= '06' else 'second'} half" if row.dated else "(undated)"


SLICES: dict[str, Callable[[Row], str]] = {
    "collection": lambda row: row.collection or "(none)",
    "kind": lambda row: row.kind,
    "expected answer": _length,
    "document of": _half_year,
}


@dataclass(frozen=True, slots=True)
class Slice:
    """The rows of one variant that share a trait: their mean quality, and how far it lies from that of its other rows."""

    variant: str
    by: str
    value: str
    quality: Interval
    gap: float


def slices(card: Scorecard, resamples: int, seed: int) -> list[Slice]:
    """Every slice of at least `MIN_ROWS` rows that leaves as many outside, worst gap first."""
    rows = [row for row in card.rows if row.quality is not None and not row.restricted]  # those hold no text to be sliced by
    found = []
    for by, trait in SLICES.items():
        for value in sorted({trait(row) for row in rows}):
            inside = [row.quality for row in rows if trait(row) == value and row.quality is not None]
            outside = [row.quality for row in rows if trait(row) != value and row.quality is not None]
            if min(len(inside), len(outside)) < MIN_ROWS:
                continue
            interval = mean_interval(inside, resamples, seed)
            found.append(Slice(card.variant, by, value, interval, interval.mean - sum(outside) / len(outside)))
    return sorted(found, key=lambda one: (one.gap, one.by, one.value))


def worst_slices(scorecards: Mapping[str, Scorecard], names: Sequence[str], resamples: int, seed: int, n: int = 3) -> list[Slice]:
    """The `n` slices of each variant that lie furthest below its other rows."""
    found = {name: [one for one in slices(scorecards[name], resamples, seed) if one.gap < 0] for name in names}
    return [one for several in found.values() for one in several[:n]]
