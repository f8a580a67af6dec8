"""Least squares with intervals clustered by sample point and by replication.

A sampled design has two sources of chance: the points that were drawn, and the replications, which all points share. A
standard error that knows only one of them is too small. Both are counted, as in Cameron, Gelbach and Miller (2011), with
each cluster's residuals as they are without that cluster in the fit (MacKinnon, Nielsen and Webb 2023), and degrees of
freedom after Satterthwaite (1946).

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
    """Coefficients (columns,), and their covariance (columns, columns) from each source of chance and from both at once."""

    coefficients: Floats
    over_points: Floats
    over_replications: Floats
    over_both: Floats
    clusters: int
    replications: int

    def estimate(self, weights: Floats) -> tuple[float, float, float]:
        """A weighted sum of the coefficients with its 95 % interval; with one replication over the points alone."""
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
    """Regress values (points, replications) on columns (points, columns).

    Args:
        values: the outcome; replications are the same random draws at every point.
        columns: the regressors; their means are taken off, and the first coefficient is then the mean of the outcome.
        clusters: (points,) the sample point that each row belongs to; two or more.
        absorbed: (points,) groups whose means are taken off, so that only differences within a group count. The
            coefficients are then those of `columns` alone.
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
    """(rows, anything) less the mean of each row's group."""
    _, at = np.unique(groups, return_inverse=True)
    sums = np.zeros((int(at.max()) + 1, values.shape[1]))
    np.add.at(sums, at, values)
    return np.asarray(values - (sums / np.bincount(at)[:, None])[at])
