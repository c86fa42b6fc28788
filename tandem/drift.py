"""Drift signals: do people still ask what the examples ask, are they content, and does the adapter still know what is written?

A new signal is one function, one entry in `SIGNALS`, and one threshold of the same name in `params.drift`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tandem.params import Drift
from tandem.staleness import Staleness

Vectors = NDArray[np.floating[Any]]

FOLDS = 5
FEWEST = 2 * FOLDS  # distinct questions a side, so that every fold tests on two of each
PERMUTATIONS = 999  # the smallest p-value is 1 / 1000, below any sensible threshold


@dataclass(frozen=True, slots=True)
class Signal:
    """One measured signal. `value` is None where it cannot be measured; then it has not fired and `reason` says why."""

    name: str
    value: float | None
    threshold: float
    fired: bool
    n: int
    reason: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the signals look at: embeddings of the questions asked `(n_asked, d)` and of the examples' questions `(n_examples, d)`,
    users' verdicts (1 good, 0 bad), the adapter's staleness (None: no adapter in use)."""

    asked: Vectors
    examples: Vectors
    feedback: Sequence[float] = ()
    staleness: Staleness | None = None
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Measured:
    """A signal's value over `n` items, and what it means in words."""

    value: float | None
    n: int
    note: str


@dataclass(frozen=True, slots=True)
class Watch:
    """How a signal is measured, and whether it fires above its threshold (else below it)."""

    measure: Callable[[Evidence, Drift], Measured]
    above: bool


def question_auc(evidence: Evidence, limits: Drift) -> Measured:
    """How well a classifier tells asked questions from the examples' questions: 0.5 not at all, 1.0 perfectly.

    The domain classifier of Rabanser, Guenther and Lipton 2019 ("Failing Loudly"), as the AUC of a logistic regression rather than
    its accuracy, so that the sides may differ in size; the interval is that of Hanley and McNeil 1982. Identical questions count
    once a side and stay in one fold: a repeated question must not be recognised from its copy.
    """
    asked, examples = _distinct(evidence, limits)
    if (few := _too_few(asked, examples, limits)) is not None:
        return few
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedGroupKFold

    vectors = np.concatenate([asked, examples])
    is_asked = np.repeat([1, 0], [len(asked), len(examples)])
    groups = np.unique(vectors, axis=0, return_inverse=True)[1].ravel()
    folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=evidence.seed)
    scores = []
    for train, test in folds.split(vectors, is_asked, groups):
        if len(set(is_asked[test])) == 2:
            model = LogisticRegression(max_iter=1_000).fit(vectors[train], is_asked[train])
            scores.append(roc_auc_score(is_asked[test], model.decision_function(vectors[test])))
    auc = float(np.mean(scores))
    low, high = _auc_interval(auc, len(asked), len(examples))
    note = f"a classifier tells {len(asked)} asked questions from {len(examples)} examples with AUC {auc:.2f} [{low:.2f}, {high:.2f}]"
    return Measured(auc, len(asked), note)


def question_mmd_p(evidence: Evidence, limits: Drift) -> Measured:
    """The p-value that asked questions and examples come from one distribution: a permutation test on the MMD.

    Biased squared MMD with an RBF kernel (Gretton et al. 2012, equation 5), the bandwidth being the median distance of the pooled
    vectors. It sees small shifts that the AUC does not; with hundreds of questions hardly any real traffic passes it.
    """
    asked, examples = _distinct(evidence, limits)
    if (few := _too_few(asked, examples, limits)) is not None:
        return few
    from scipy.spatial.distance import pdist, squareform

    squared = pdist(np.concatenate([asked, examples]).astype(np.float64), "sqeuclidean")
    kernel = np.exp(-squareform(squared) / max(float(np.median(squared)), np.finfo(float).tiny))
    weights = np.repeat([1 / len(asked), -1 / len(examples)], [len(asked), len(examples)])
    rng = np.random.default_rng(evidence.seed)
    shuffled = np.stack([weights, *(rng.permutation(weights) for _ in range(PERMUTATIONS))], axis=1)
    mmd = np.einsum("ij,ij->j", shuffled, kernel @ shuffled)
    p = float(np.mean(mmd >= mmd[0] - 1e-12))  # the observed labelling counts as one, so p is never 0
    note = f"squared MMD {mmd[0]:.4f} between {len(asked)} asked questions and {len(examples)} examples, p = {p:.3f}"
    return Measured(p, len(asked), note)


def negative_feedback(evidence: Evidence, limits: Drift) -> Measured:
    """The share of users' verdicts below 0.5, with the interval of Wilson 1927."""
    n = len(evidence.feedback)
    if n < limits.min_questions:
        return Measured(None, n, f"{n} verdicts, fewer than drift.min_questions = {limits.min_questions}")
    share = sum(value < 0.5 for value in evidence.feedback) / n
    z = 1.96
    centre, half = share + z * z / (2 * n), z * float(np.sqrt(share * (1 - share) / n + z * z / (4 * n * n)))
    low, high = ((centre + sign * half) / (1 + z * z / n) for sign in (-1, 1))
    return Measured(share, n, f"{share:.0%} of {n} verdicts are negative [{low:.0%}, {high:.0%}]")


def stale(evidence: Evidence, limits: Drift) -> Measured:
    """The share of what the adapter was trained on that has changed or gone since."""
    seen = evidence.staleness
    if seen is None or seen.share is None:
        return Measured(None, 0, "no adapter in use, nothing to be stale")
    return Measured(seen.share, seen.n, f"{len(seen.changed)} changed and {len(seen.gone)} gone of {seen.n} the adapter was trained on")


SIGNALS: dict[str, Watch] = {
    "question_auc": Watch(question_auc, above=True),
    "question_mmd_p": Watch(question_mmd_p, above=False),
    "negative_feedback": Watch(negative_feedback, above=True),
    "staleness": Watch(stale, above=True),
}


def measure(evidence: Evidence, limits: Drift) -> list[Signal]:
    """Every signal of SIGNALS, in that order, against its threshold in `limits`."""
    return [_judge(name, watch, evidence, limits) for name, watch in SIGNALS.items()]


def _judge(name: str, watch: Watch, evidence: Evidence, limits: Drift) -> Signal:
    measured, threshold = watch.measure(evidence, limits), float(getattr(limits, name))
    if measured.value is None:
        return Signal(name, None, threshold, False, measured.n, f"{name} not measured: {measured.note}")
    fired = measured.value > threshold if watch.above else measured.value < threshold
    side = ("above" if watch.above else "below") if fired else ("not above" if watch.above else "not below")
    reason = f"{name} = {measured.value:.3g} is {side} {threshold:g} (n = {measured.n}): {measured.note}"
    return Signal(name, measured.value, threshold, fired, measured.n, reason)


def _distinct(evidence: Evidence, limits: Drift) -> tuple[Vectors, Vectors]:
    """Each side without repeats, a seeded sample where it has more than `max_questions`."""
    rng = np.random.default_rng(evidence.seed)
    sides = [np.unique(np.atleast_2d(side), axis=0) if len(side) else side for side in (evidence.asked, evidence.examples)]
    asked, examples = (
        side[rng.choice(len(side), limits.max_questions, replace=False)] if len(side) > limits.max_questions else side for side in sides
    )
    return asked, examples


def _too_few(asked: Vectors, examples: Vectors, limits: Drift) -> Measured | None:
    fewest = max(limits.min_questions, FEWEST)
    if min(len(asked), len(examples)) >= fewest:
        return None
    note = f"{len(asked)} distinct questions asked and {len(examples)} in the examples, at least {fewest} of each needed"
    return Measured(None, len(asked), note)


def _auc_interval(auc: float, n: int, m: int) -> tuple[float, float]:
    """The 95 % interval of an AUC over n and m items (Hanley and McNeil 1982, equation 1), cut to [0, 1]."""
    one, two = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    variance = (auc * (1 - auc) + (n - 1) * (one - auc**2) + (m - 1) * (two - auc**2)) / (n * m)
    half = 1.96 * float(np.sqrt(max(variance, 0.0)))
    return max(0.0, auc - half), min(1.0, auc + half)
