"""Every pair of variants on one measure: the difference, how sure it is, and what these questions could show at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from tandem.records import Interval, Scorecard
from tandem.scoring import MEASURES
from tandem.stats import holm, minimum_detectable_effect, paired_bootstrap, questions_for, sign_flip_p

POINTS = 0.03  # the difference that "how many questions would it take" is asked about


@dataclass(frozen=True, slots=True)
class Contrast:
    """`a` minus `b` over the questions that the measure applies to for both. `p_holm` is corrected for all pairs of the measure.

    `detectable`: the smallest true difference that as many questions show with a power of .8; `n_for_3_points`: how many show .03.
    """

    a: str
    b: str
    measure: str
    interval: Interval
    p: float
    p_holm: float
    detectable: float | None
    n_for_3_points: int | None


def contrasts(scorecards: Mapping[str, Scorecard], names: Sequence[str], measure: str, resamples: int, seed: int) -> list[Contrast]:
    """All pairs of `names`, the later minus the earlier; pairs without two common questions are left out."""
    found = []
    for b, a in combinations(names, 2):
        pairs = _paired(scorecards[a], scorecards[b], measure)
        if len(pairs) < 2:
            continue
        differences = [left - right for left, right in pairs]
        interval = paired_bootstrap([left for left, _ in pairs], [right for _, right in pairs], resamples, seed)
        p = sign_flip_p(differences, resamples, seed)
        needed = questions_for(POINTS, differences)
        found.append(Contrast(a, b, measure, interval, p, p, minimum_detectable_effect(differences), needed))
    corrected = holm([one.p for one in found])
    return [replace(one, p_holm=float(p)) for one, p in zip(found, corrected, strict=True)]


def _paired(a: Scorecard, b: Scorecard, measure: str) -> list[tuple[float, float]]:
    """The values of both by example id, where the measure applies to both."""
    of = MEASURES[measure].of
    others = {row.example_id: of(row) for row in b.rows}
    pairs = [(of(row), others.get(row.example_id)) for row in sorted(a.rows, key=lambda row: row.example_id)]
    return [(left, right) for left, right in pairs if left is not None and right is not None]
