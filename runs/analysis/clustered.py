"""Least squares with intervals that are clustered by sample point and by replication.

A sampled design has two sources of chance: the points that were drawn, and the replications, which all points share. A
standard error for only one of them is too small. The variance covers both as in Cameron, Gelbach and Miller (2011), with
each cluster's residuals from a fit without it (MacKinnon, Nielsen and Webb 2023), and degrees of freedom after
Satterthwaite (1946).

Sources: Cameron, Gelbach and Miller (2011), Robust Inference with Multiway Clustering, Journal of Business & Economic
Statistics 29; MacKinnon, Nielsen and Webb (2023), Cluster-Robust Inference: A Guide to Empirical Practice, Journal of
Econometrics 232; Satterthwaite (1946), An Approximate Distribution of Estimates of Variance Components, Biometrics
Bulletin 2.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from juste_retour.agents.arrays import Floats, Integers


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
            float(weights @ part @ weights)
            for part in (self.over_points, self.over_replications, self.over_both)
        )
        variance = max(points + draws - both, points, draws)
        if not variance > 0:
            return value, value, value
        spread = points**2 / (self.clusters - 1)
        spread += draws**2 / (self.replications - 1) if self.replications > 1 else 0.0
        reach = float(stdtrit(max(variance**2 / spread, 1.0), 0.975)) * variance**0.5
        return value, value - reach, value + reach


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
