"""Intervals and tests for paired comparisons: every mean carries its n and how sure it is."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tandem.records import Interval

_DRAWS_AT_ONCE = 4_000_000  # bounds memory to 64 MB whatever n


def paired_bootstrap(a: ArrayLike, b: ArrayLike, resamples: int, seed: int, confidence: float = 0.95) -> Interval:
    """Interval of mean(a - b) where `a[i]` and `b[i]`, both `(n,)`, are two variants on question i.

    Percentile bootstrap over questions (Efron & Tibshirani 1993, ch. 13; for paired systems Koehn 2004, section 3): pairing takes the
    questions' own difficulty out. Fewer than two questions say nothing of the spread: the interval is then (-inf, inf), around 0.0
    for n = 0. Deterministic for one order of the questions: sort them first where that order may vary.
    """
    left, right = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    if left.shape != right.shape or left.ndim != 1:
        raise ValueError(f"pairs are two arrays of one shape (n,), not {left.shape} and {right.shape}")
    return mean_interval(left - right, resamples, seed, confidence)


def mean_interval(values: ArrayLike, resamples: int, seed: int, confidence: float = 0.95) -> Interval:
    """Interval of the mean of `values` `(n,)`: the percentile bootstrap of `paired_bootstrap`, for one variant."""
    sample = np.asarray(values, dtype=float)
    n = len(sample)
    if n < 2:
        return Interval(float(sample[0]) if n else 0.0, -np.inf, np.inf, n)
    tail = 100 * (1 - confidence) / 2
    low, high = np.percentile(_resampled_means(sample, resamples, seed), [tail, 100 - tail])
    return Interval(float(sample.mean()), float(low), float(high), n)


def minimum_detectable_effect(differences: ArrayLike, power: float = 0.8, alpha: float = 0.05) -> float | None:
    """The smallest true mean difference that n such paired differences show with this power (two-sided alpha).

    None for n < 2, and where all are the same: they say nothing of the spread.

    (z(1 - alpha/2) + z(power)) sd / sqrt(n): Miller 2024, "Adding error bars to evals", section 5; Card et al. 2020.
    """
    from scipy.stats import norm  # 0.6 s

    sample = np.asarray(differences, dtype=float)
    if len(sample) < 2 or not sample.std():
        return None
    return float((norm.ppf(1 - alpha / 2) + norm.ppf(power)) * sample.std(ddof=1) / np.sqrt(len(sample)))


def questions_for(effect: float, differences: ArrayLike, power: float = 0.8, alpha: float = 0.05) -> int | None:
    """How many questions would show a true mean difference of `effect`, at the spread of these differences; None for n < 2.

    `minimum_detectable_effect` solved for n.
    """
    detectable, n = minimum_detectable_effect(differences, power, alpha), np.size(np.asarray(differences))
    return None if detectable is None else max(2, int(np.ceil(n * (detectable / effect) ** 2)))


def sign_flip_p(differences: ArrayLike, resamples: int, seed: int) -> float:
    """Two-sided p-value of a mean paired difference `(n,)`: how often chance signs give as large a mean. 1.0 where all are 0.

    The paired randomisation test (Fisher 1935; Dror et al. 2018, section 3.2), by `resamples` drawn assignments of signs.
    """
    sample = np.asarray(differences, dtype=float)
    sample = sample[sample != 0]
    if not len(sample):
        return 1.0
    rng, seen, n_at_least = np.random.default_rng(seed), abs(sample.sum()) - 1e-9, 0
    rows = max(1, _DRAWS_AT_ONCE // len(sample))
    for start in range(0, resamples, rows):
        signs = rng.integers(0, 2, (min(rows, resamples - start), len(sample)), dtype=np.int8) * 2 - 1
        n_at_least += int((np.abs(signs @ sample) >= seen).sum())
    return (n_at_least + 1) / (resamples + 1)


def holm(p_values: ArrayLike) -> NDArray[np.float64]:
    """The p-values `(k,)` corrected for being k at once, in their order (Holm 1979): the smallest x k, the next x (k - 1), ..."""
    p = np.asarray(p_values, dtype=float)
    order = np.argsort(p, kind="stable")
    corrected = np.empty_like(p)
    corrected[order] = np.minimum(1.0, np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)))
    return corrected


def _resampled_means(sample: NDArray[np.float64], resamples: int, seed: int) -> NDArray[np.float64]:
    """Means of `resamples` samples drawn with replacement, `(resamples,)`."""
    rng = np.random.default_rng(seed)
    rows = max(1, _DRAWS_AT_ONCE // len(sample))
    counts = [min(rows, resamples - start) for start in range(0, resamples, rows)]
    return np.concatenate([sample[rng.integers(0, len(sample), (count, len(sample)), dtype=np.int32)].mean(axis=1) for count in counts])
