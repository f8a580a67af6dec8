"""Scores of probability forecasts, and simple forecasts for comparison.

Sources: Brier (1950), Verification of forecasts expressed in terms of probability; Good (1952), Rational decisions, for
the logarithmic score; Gneiting and Raftery (2007), Strictly proper scoring rules, for both.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from juste_retour.agents.arrays import Floats

LEAST = 1e-3  # probabilities are limited to this distance from 0 and 1


def brier(probability: ArrayLike, happened: ArrayLike) -> float:
    """The Brier score: the mean squared error of probabilities; 0 is perfect, 1/4 is a coin toss.

    >>> brier([0.5, 0.5], [1, 0]), brier([1, 0], [1, 0])
    (0.25, 0.0)
    """
    return float(np.mean((np.asarray(probability, dtype=float) - np.asarray(happened, dtype=float)) ** 2))


def log_score(probability: ArrayLike, happened: ArrayLike) -> float:
    """The mean log probability of the events; 0 is perfect, -0.69 is a coin toss. Probabilities are limited by `LEAST`.

    >>> round(log_score([0.5, 0.5], [1, 0]), 4)
    -0.6931
    """
    p = np.clip(np.asarray(probability, dtype=float), LEAST, 1 - LEAST)
    return float(np.mean(np.where(np.asarray(happened, dtype=bool), np.log(p), np.log1p(-p))))


def log_score_of_count(draws: ArrayLike, seen: int) -> float:
    """The log probability of an observed integer under the distribution of `draws`, with half a draw added to each integer.

    The integers are those from the smallest to the largest of the draws and the observed one.

    >>> round(log_score_of_count([6, 6, 7, 5], 6), 3)
    -0.788
    """
    draws = np.asarray(draws)
    reach = np.arange(min(int(draws.min()), seen), max(int(draws.max()), seen) + 1)
    return float(np.log(((draws == seen).sum() + 0.5) / (len(draws) + 0.5 * len(reach))))


def log_score_of_poisson(mean: float, seen: int) -> float:
    """The log probability of a count under a Poisson distribution.

    >>> round(log_score_of_poisson(6.5, 6), 3)
    -1.848
    """
    factorial = float(np.log(np.arange(1, seen + 1)).sum())
    return float(seen * np.log(mean) - mean - factorial)


def in_proportion(weight: ArrayLike, count: float) -> Floats:
    """The probability of at least one site if `count` sites are drawn in proportion to `weight`: 1 - (1 - w)^count.

    >>> in_proportion([1, 1, 2], 1)
    array([0.25, 0.25, 0.5 ])
    """
    share = np.asarray(weight, dtype=float)
    share = share / share.sum()
    return -np.expm1(count * np.log1p(-np.minimum(share, 1 - 1e-12)))


def first_to(having: ArrayLike, count: float, share: float) -> Floats:
    """The probability of a site if `share` of the sites is divided equally among those where `having` is true.

    The rest is divided equally among the others.

    >>> first_to([True, True, False, False], 2, 0.75)
    array([0.75, 0.75, 0.25, 0.25])
    """
    having = np.asarray(having, dtype=bool)
    yes, no = max(int(having.sum()), 1), max(int((~having).sum()), 1)
    return np.minimum(np.where(having, count * share / yes, count * (1 - share) / no), 1.0)


def difference(better: ArrayLike, other: ArrayLike, seed: int = 0, resamples: int = 4000) -> tuple[float, float, float]:
    """The mean difference of two paired losses, with a 90 % bootstrap interval. Below zero the first is better."""
    gap = np.asarray(better, dtype=float) - np.asarray(other, dtype=float)
    rng = np.random.default_rng(seed)
    means = gap[rng.integers(0, len(gap), (resamples, len(gap)))].mean(1)
    low, high = np.quantile(means, [0.05, 0.95])
    return float(gap.mean()), float(low), float(high)
