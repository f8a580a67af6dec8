"""Effects as linear functions of the runs, with intervals clustered by sample point and by replication.

In a grid or a list the points are the whole population: an effect is a mean over points in each replication, and only the
replications are a sample (`over_replications`). With normal effects its t interval and its joint test are exact, also with
ten replications; a percentile bootstrap of ten is too narrow.

A sampled design has two sources of chance: the points that were drawn, and the replications, which all points share. A
standard error for only one of them is too small. The variance covers both as in Cameron, Gelbach and Miller (2011), with
each cluster's residuals from a fit without it (MacKinnon, Nielsen and Webb 2023), and degrees of freedom after
Satterthwaite (1946).

Sources: Cameron, Gelbach and Miller (2011), Robust Inference with Multiway Clustering, Journal of Business & Economic
Statistics 29; MacKinnon, Nielsen and Webb (2023), Cluster-Robust Inference: A Guide to Empirical Practice, Journal of
Econometrics 232; Satterthwaite (1946), An Approximate Distribution of Estimates of Variance Components, Biometrics
Bulletin 2; Hotelling (1931), The Generalization of Student's Ratio, Annals of Mathematical Statistics 2, for the joint
test.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import fdtrc, stdtrit

from juste_retour.agents.arrays import Floats, Integers


@dataclass(frozen=True)
class JointTest:
    """The F test that several effects are all zero, with its degrees of freedom and p value."""

    statistic: float
    effects: int
    freedom: int
    p: float

    def __str__(self) -> str:
        """The test as papers print it."""
        p = "p < 0.001" if self.p < 0.001 else f"p = {self.p:.3f}"
        return f"F({self.effects}, {self.freedom}) = {self.statistic:.1f}, {p}"


def over_replications(values: Floats) -> tuple[Floats, Floats, Floats]:
    """Means over the last axis, the replications, with 95 % t intervals; an infinite mean has no bounds.

    With one replication nothing is known of the random draws, so there are no bounds either.
    """
    count = values.shape[-1]
    with np.errstate(invalid="ignore"):
        mean = np.asarray(values.mean(-1))
        spread = np.std(values, axis=-1, ddof=1) if count > 1 else np.full(mean.shape, np.inf)
        reach = float(stdtrit(max(count - 1, 1), 0.975)) * spread / count**0.5
        low, high = mean - reach, mean + reach
    known = np.isfinite(mean)
    return mean, np.where(known, low, -np.inf), np.where(known, high, np.inf)


def equivalence_margin(low: float, high: float) -> float:
    """The size beyond which two one-sided tests at 5 % exclude effects in both directions, given a 95 % interval.

    The 90 % interval is narrower by the factor of the normal distribution, which is on the safe side with few replications.

    Source: Schuirmann (1987), A Comparison of the Two One-Sided Tests Procedure, Journal of Pharmacokinetics 15.

    >>> round(equivalence_margin(-0.1, 0.3), 3)
    0.268
    """
    return abs(low + high) / 2 + 0.8392 * (high - low) / 2


def jointly(values: Floats) -> JointTest | None:
    """Hotelling's test that effects, (effects, replications), have mean zero.

    Effects that repeat others, or never differ from zero, do not count. None without effects, with infinite ones, or with
    too few replications.
    """
    count = values.shape[1]
    if not np.isfinite(values).all():
        return None
    mean = values.mean(1)
    return _tested(mean, (values - mean[:, None]) @ (values - mean[:, None]).T / (count * max(count - 1, 1)), count)


def _tested(effects: Floats, covariance: Floats, count: int) -> JointTest | None:
    size, axes = np.linalg.eigh(covariance)
    kept = size > 1e-10 * max(float(size.max(initial=0.0)), 1e-300)
    rank = int(kept.sum())
    if not 0 < rank < count - 1:
        return None
    squared = float(((axes[:, kept].T @ effects) ** 2 / size[kept]).sum())
    statistic = squared * (count - rank) / (rank * (count - 1))
    return JointTest(statistic, rank, count - rank, float(fdtrc(rank, count - rank, statistic)))


@dataclass(frozen=True, eq=False)
class Fit:
    """Coefficients, (columns,), and their covariances, (columns, columns), by source of chance.

    `over_both` is the covariance clustered by point and replication together, which the other two both contain.
    """

    coefficients: Floats
    over_points: Floats
    over_replications: Floats
    over_both: Floats
    clusters: int
    replications: int

    def estimate(self, weights: Floats) -> tuple[float, float, float]:
        """A weighted sum of the coefficients with its 95 % interval; with one replication it covers only the points."""
        value = float(weights @ self.coefficients)
        points, draws, both = (
            float(weights @ part @ weights) for part in (self.over_points, self.over_replications, self.over_both)
        )
        variance = max(points + draws - both, points, draws)
        if not variance > 0:
            return value, value, value
        spread = points**2 / (self.clusters - 1)
        spread += draws**2 / (self.replications - 1) if self.replications > 1 else 0.0
        reach = float(stdtrit(max(variance**2 / spread, 1.0), 0.975)) * variance**0.5
        return value, value - reach, value + reach

    def jointly(self, weights: Floats) -> JointTest | None:
        """The test that weighted sums, (sums, columns), are all zero; the fewer of points and replications count."""
        parts = (self.over_points, self.over_replications, self.over_both)
        points, draws, both = (weights @ part @ weights.T for part in parts)
        count = min(self.clusters, self.replications) if self.replications > 1 else self.clusters
        return _tested(weights @ self.coefficients, points + draws - both, count)


def fitted(values: Floats, columns: Floats, clusters: Integers, absorbed: Integers | None = None) -> Fit:
    """Regress an outcome on columns by least squares.

    Args:
        values: the outcome, (points, replications); replication k has the same random draws at every point.
        columns: the regressors, (points, columns); they are centered, and the first coefficient is the outcome's mean.
        clusters: the sample point of each row, (points,); two or more different ones.
        absorbed: groups of rows, (points,), whose means are subtracted, so that only differences within groups count.
            Then there is no coefficient for the mean.
    """
    replications = values.shape[1]
    if absorbed is None:
        x, y = np.column_stack([np.ones(len(columns)), columns - columns.mean(0)]), values
    else:
        x, y = _less_means(columns, absorbed), _less_means(values, absorbed)
    inverse = np.linalg.pinv(x.T @ x, hermitian=True)
    each = inverse @ (x.T @ y)
    coefficients = each.mean(1)
    rest = y - (x @ coefficients)[:, None]
    over_points, over_both = np.zeros_like(inverse), np.zeros_like(inverse)
    order = np.argsort(clusters, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(clusters[order])) + 1)
    for rows in groups:
        own = x[rows]
        left_out = np.linalg.pinv(np.eye(len(rows)) - own @ inverse @ own.T, hermitian=True) @ rest[rows]
        moved = inverse @ (own.T @ left_out) / replications
        over_both += moved @ moved.T
        over_points += np.outer(moved.sum(1), moved.sum(1))
    count = len(groups)
    apart = each - coefficients[:, None]
    over_replications, share = np.zeros_like(inverse), (count - 1) / count
    if replications > 1:
        over_replications = apart @ apart.T / (replications * (replications - 1))
        share *= replications / (replications - 1)
    else:
        over_both[:] = 0.0
    return Fit(
        coefficients,
        over_points * (count - 1) / count,
        over_replications,
        over_both * share,
        count,
        replications,
    )


def _less_means(values: Floats, groups: Integers) -> Floats:
    """Values, (rows, any), less the mean of each row's group."""
    _, at = np.unique(groups, return_inverse=True)
    sums = np.zeros((int(at.max()) + 1, values.shape[1]))
    np.add.at(sums, at, values)
    return np.asarray(values - (sums / np.bincount(at)[:, None])[at])
