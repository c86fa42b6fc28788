"""How far a judge model agrees with the deterministic measure of quality."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tandem.misses import is_right
from tandem.records import Row


@dataclass(frozen=True, slots=True)
class Agreement:
    """Share of the answers that both call right or both wrong; `kappa` is what is left of it beyond chance, None where one of them
    always says the same (Cohen 1960)."""

    share: float
    kappa: float | None
    n: int


def agreement(rows: Iterable[Row]) -> Agreement | None:
    """Over the answers that were graded by both; None without any. Abstentions, which no one had to judge, are left out."""
    pairs = [(is_right(row.judge), is_right(row.quality)) for row in rows if None not in (row.judge, row.quality) and not row.abstained]
    if not pairs:
        return None
    n = len(pairs)
    same = sum(a == b for a, b in pairs) / n
    yes = [sum(side) / n for side in zip(*pairs, strict=True)]
    by_chance = yes[0] * yes[1] + (1 - yes[0]) * (1 - yes[1])
    varies = all(0 < share < 1 for share in yes)
    return Agreement(same, (same - by_chance) / (1 - by_chance) if varies else None, n)
