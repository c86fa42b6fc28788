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
    """The smallest true mean difference that n such paired differences show with this power (two-sided alpha); None for n < 2.

    (z(1 - alpha/2) + z(power)) sd / sqrt(n): Miller 2024, "Adding error bars to evals", section 5; Card et al. 2020.
    """
    from scipy.stats import norm  # 0.6 s

    sample = np.asarray(differences, dtype=float)
    if len(sample) < 2:
        return None
    return float((norm.ppf(1 - alpha / 2) + norm.ppf(power)) * sample.std(ddof=1) / np.sqrt(len(sample)))


def _resampled_means(sample: NDArray[np.float64], resamples: int, seed: int) -> NDArray[np.float64]:
    """Means of `resamples` samples drawn with replacement, `(resamples,)`."""
    rng = np.random.default_rng(seed)
    rows = max(1, _DRAWS_AT_ONCE // len(sample))
    counts = [min(rows, resamples - start) for start in range(0, resamples, rows)]
    return np.concatenate([sample[rng.integers(0, len(sample), (count, len(sample)), dtype=np.int32)].mean(axis=1) for count in counts])
