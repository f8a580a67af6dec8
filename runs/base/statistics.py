"""Medians and quantiles in which a missing lag counts as worse than any number.

A lag is missing in the tables if no machine works in a replication. Here such a replication ranks above all others, as
infinity: a median is infinite only if half of the replications have no working machine.
"""

from collections.abc import Iterable, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike

from juste_retour.agents.arrays import Floats, Integers

LOW, HIGH = 0.05, 0.95
Value = TypeVar("Value")
SHARES = {"median": 0.5, "low": LOW, "high": HIGH}


def worst_when_missing(values: ArrayLike) -> Floats:
    """The values as floats, with infinity for missing ones, so that they are worse than any number."""
    values = np.asarray(values, dtype=np.float64)
    return np.where(np.isnan(values), np.inf, values)


def quantile(values: ArrayLike, share: float) -> float:
    """A quantile over replications, with linear interpolation; infinite if it falls among missing values, NaN if empty.

    >>> quantile([1.0, 2.0, float("nan")], .5)
    2.0
    >>> quantile([1.0, float("nan")], .5)
    inf
    """
    ranked = np.sort(worst_when_missing(values))
    if not len(ranked):
        return float("nan")
    place = (len(ranked) - 1) * share
    below = int(np.floor(place))
    part = place - below
    if part == 0:
        return float(ranked[below])
    low, high = float(ranked[below]), float(ranked[below + 1])
    return high if low == high or np.isinf(high) else low + part * (high - low)


def clustered_means(values: Floats, clusters: Integers) -> Floats:
    """Means over the last axis within clusters, (..., clusters), given each value's cluster in ascending order.

    >>> clustered_means(np.array([1.0, 3.0, 5.0]), np.array([0, 0, 1]))
    array([2., 5.])
    """
    starts = np.flatnonzero(np.diff(clusters, prepend=-1))
    return np.asarray(np.add.reduceat(values, starts, -1) / np.diff(starts, append=len(clusters)))


def median(values: ArrayLike) -> float:
    """The median over replications, with missing values worse than any number."""
    return quantile(values, 0.5)


def wilson(hits: int, count: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share, given how many of `count` it covers."""
    from scipy.stats import binomtest  # slow to import

    found = binomtest(hits, count).proportion_ci(0.95, method="wilson")
    return float(found.low), float(found.high)


def summary(values: ArrayLike) -> dict[str, float]:
    """Median, 5 % and 95 % quantiles, as `median`, `low` and `high`."""
    return {name: quantile(values, share) for name, share in SHARES.items()}


def known_summary(values: ArrayLike) -> dict[str, float]:
    """Median and 90 % interval of draws, missing ones omitted; NaN if all are missing."""
    values = np.asarray(values, dtype=np.float64)
    known = values[~np.isnan(values)]
    low, middle, high = np.quantile(known, [LOW, 0.5, HIGH]) if len(known) else (np.nan,) * 3
    return {"median": float(middle), "low": float(low), "high": float(high)}


def weighted_summary(values: ArrayLike, weights: ArrayLike) -> dict[str, float]:
    """Median and 90 % interval of the weighted distribution of some values.

    >>> weighted_summary([1.0, 2.0, 3.0], [1.0, 1.0, 1.0])["median"]
    2.0
    """
    values, weights = np.asarray(values, dtype=np.float64), np.asarray(weights, dtype=np.float64)
    order = np.argsort(values, kind="stable")
    at = np.cumsum(weights[order]) - weights[order] / 2
    return {k: float(np.interp(q, at / weights.sum(), values[order])) for k, q in SHARES.items()}


def ranked_quantile(values: Iterable[Value | None], share: float) -> Value | None:
    """The value at a quantile's rank among ordered values such as quarters; None ranks last.

    >>> ranked_quantile(["2026Q3", None, "2026Q1"], .5)
    '2026Q3'
    """
    ranked = sorted(values, key=lambda value: (value is None, value or ""))
    return ranked[max(int(np.ceil(share * len(ranked))) - 1, 0)] if ranked else None


def ranked_summary(values: Sequence[Value | None]) -> dict[str, Value | None]:
    """Median, 5 % and 95 % quantiles of ordered values, by `ranked_quantile`."""
    return {name: ranked_quantile(values, share) for name, share in SHARES.items()}


def without_a_run(years_behind: ArrayLike) -> int:
    """The number of replications whose lag is missing because no machine works."""
    return int(np.isnan(np.asarray(years_behind, dtype=np.float64)).sum())
