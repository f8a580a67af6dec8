"""Shares of the variance: of each factor alone and in total, and of pairs of factors.

On a grid or a list, a main effect is a projection of the points' outcomes on the levels of one factor. An interaction is
a projection on pairs of levels, net of the main effects. Squares are computed as products of two different replications,
so that random draws, which points share, bias no share. Intervals are by the jackknife over replications.

Sources: Efron and Stein (1981), The Jackknife Estimate of Variance, Annals of Statistics 9; Liu and Owen (2006),
Estimating Mean Dimensionality of Analysis of Variance Decompositions, Journal of the American Statistical Association
101, for totals and pairs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy.special import stdtrit

from juste_retour.agents.arrays import Floats, Integers
from juste_retour.agents.errors import BadInput
from juste_retour.runs.analysis.sensitivity import Pair, binned
from juste_retour.runs.engine.agreement import check_finite, check_varies
from juste_retour.runs.engine.results import Results

MOST_COLUMNS = 1500  # dummies of two factors above which their interaction is omitted


@dataclass(frozen=True)
class Estimate:
    """A share of the variance with a 95 % interval, which is NaN with fewer than three replications."""

    share: float
    low: float
    high: float


@dataclass(frozen=True)
class FactorShares:
    """A factor's share of the variance alone, and in total with all interactions; no total if nothing is crossed."""

    factor: str
    alone: Estimate
    total: Estimate | None


@dataclass(frozen=True)
class Decomposition:
    """The variance of an outcome over the points of a grid or list and over random draws, by factor and pair.

    `noise` is the share of the random draws. `balanced` says whether the factors are fully crossed; if they are not, the
    shares of single factors overlap.
    """

    outcome: str
    factors: list[FactorShares]
    pairs: list[Pair]
    noise: float
    balanced: bool


def decomposition(results: Results, outcome: str = "years_behind") -> Decomposition:
    """Decompose the variance of an outcome over the points of a grid, a list or switches.

    Raises:
        BadInput: the outcome is missing in some runs, or never varies.
    """
    spec = results.spec
    numbers, values = results.outcome(outcome)
    check_finite(values, outcome)
    check_varies(results, outcome)
    points = [spec.points[n] for n in numbers]
    keys = [key for key in spec.varied if key != "label"]
    return decomposed(values, [binned([p.get(key) for p in points], len(points)) for key in keys], keys, outcome)


def decomposed(values: Floats, labels: Sequence[Integers], keys: Sequence[str], outcome: str = "") -> Decomposition:
    """Decompose the variance of `values`, (points, replications), given each factor's level at each point.

    >>> a, b = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
    >>> found = decomposed(np.array([[0.0], [0.0], [0.0], [4.0]]), [a, b], ["a", "b"])
    >>> [round(float(p.share), 3) for p in found.pairs], round(found.factors[0].total.share, 3)
    ([0.333], 0.667)
    """
    n = len(values)
    centered = values - values.mean()
    dummies = [_dummies(part) for part in labels]
    mains = np.column_stack([np.ones(n), *dummies])
    basis = _basis(mains)
    parts: list[Floats] = [centered - centered.mean(0)]
    parts += [_basis(d - d.mean(0)).T @ centered for d in dummies]
    totals = [_within(centered, [other for k, other in enumerate(labels) if k != i]) for i in range(len(keys))]
    pairs = []
    for i, j in combinations(range(len(keys)), 2):
        if not 0 < dummies[i].shape[1] * dummies[j].shape[1] <= MOST_COLUMNS:  # 0 if a factor has one level
            continue
        both = np.column_stack([a[:, None] * b for a in dummies[i].T for b in [dummies[j]]]).reshape(n, -1)
        pairs.append((i, j))
        parts.append(_basis(both - basis @ (basis.T @ both)).T @ centered)
    shares, noise = _shares([*parts, *(t for t in totals if t is not None)], centered)
    ends = iter(shares[1 + len(keys) + len(pairs) :])
    return Decomposition(
        outcome,
        [FactorShares(key, shares[1 + i], None if totals[i] is None else next(ends)) for i, key in enumerate(keys)],
        [
            Pair((keys[i], keys[j]), s.share, s.low, s.high)
            for (i, j), s in zip(pairs, shares[1 + len(keys) :], strict=False)
        ],
        noise,
        n == int(np.prod([len(np.unique(part)) for part in labels])),
    )


def _dummies(labels: Integers) -> Floats:
    """Dummy variables for all levels except the first, (points, levels - 1)."""
    return (labels[:, None] == np.unique(labels)[1:]).astype(np.float64)


def _basis(columns: Floats) -> Floats:
    """An orthonormal basis of the space that the columns span."""
    if not columns.size:
        return np.zeros((len(columns), 0))
    left, size, _ = np.linalg.svd(columns, full_matrices=False)
    return left[:, size > 1e-9 * max(float(size[0]), 1.0)]


def _within(values: Floats, others: Sequence[Integers]) -> Floats | None:
    """Values less the mean of the points that agree in all other factors; None if no two points do."""
    if not others:
        return values - values.mean(0)
    _, groups = np.unique(np.column_stack(others), axis=0, return_inverse=True)
    counts = np.bincount(groups)
    if counts.max() < 2:
        return None
    sums = np.zeros((len(counts), values.shape[1]))
    np.add.at(sums, groups, values)
    return values - (sums / counts[:, None])[groups]


def _shares(parts: Sequence[Floats], values: Floats) -> tuple[list[Estimate], float]:
    """The squared length of each part as a share of the variance, and the share of the random draws.

    Parts are (any, replications) each; the first holds all differences between points.
    """
    n, r = values.shape
    noise = float(values.var(1, ddof=1).mean()) if r > 1 else 0.0
    if r == 1:
        lengths = np.array([(p * p).sum() / n for p in parts])
        if not lengths[0] > 0:
            raise BadInput("the outcome is the same at every point, so there is no variance to explain.")
        return [Estimate(float(x), np.nan, np.nan) for x in lengths / lengths[0]], 0.0
    own = np.array([(p * p).sum(0) for p in parts])  # (parts, replications)
    sums = [p.sum(1) for p in parts]
    cross = np.array([s @ p for s, p in zip(sums, parts, strict=True)])
    whole = np.array([float(s @ s) for s in sums])
    lengths = (whole - own.sum(1)) / (n * r * (r - 1))
    variance = lengths[0] + noise
    if not variance > 0:
        raise BadInput(
            "the outcome is the same at every point and in every replication, so there is no variance to explain."
        )
    shares = lengths / variance
    if r < 3:
        return [Estimate(float(x), np.nan, np.nan) for x in shares], noise / float(variance)
    left = whole[:, None] - 2 * cross + own - (own.sum(1)[:, None] - own)
    left /= n * (r - 1) * (r - 2)
    mean, square = values.sum(1), (values * values).sum(1)
    again = np.array(
        [
            float(((square - values[:, k] ** 2) - (mean - values[:, k]) ** 2 / (r - 1)).mean() / max(r - 2, 1))
            for k in range(r)
        ]
    )
    replicated = left / (left[0] + again)
    error = np.sqrt((r - 1) / r * ((replicated - replicated.mean(1)[:, None]) ** 2).sum(1))
    reach = float(stdtrit(r - 1, 0.975)) * error
    return [Estimate(float(x), float(x - e), float(x + e)) for x, e in zip(shares, reach, strict=True)], noise / float(
        variance
    )
