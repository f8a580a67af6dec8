"""Bootstrap intervals for many quantities over the same replications at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from juste_retour.agents.arrays import Floats, Integers

RESAMPLES = 2000
LEVEL = 0.95
_MOST = 4096  # with more replications, equal blocks are resampled: asymptotically the same, and far less work


def resampled_means(values: ArrayLike, seed: int = 0, resamples: int = RESAMPLES) -> Floats:
    """Means of replications drawn with replacement; `values` (quantities, worlds) give (quantities, resamples).

    All quantities use the same draws, so that differences between them are paired. A mean with an infinite value in it
    is infinite.
    """
    values = np.atleast_2d(np.asarray(values, dtype=np.float64))
    worlds = values.shape[1]
    rng = np.random.default_rng([seed, worlds, 20260114])
    infinite = np.isinf(values)
    finite = np.where(infinite, 0.0, values)
    size = np.ones(worlds)
    signs = [np.where(infinite & (values > 0), 1.0, 0.0), np.where(infinite & (values < 0), 1.0, 0.0)]
    if worlds > _MOST:
        edges = np.linspace(0, worlds, _MOST // 2 + 1).astype(np.int64)
        size = np.diff(edges).astype(np.float64)
        finite, signs = _summed(finite, edges), [_summed(s, edges) for s in signs]
    out = np.empty((len(values), resamples))
    count = len(size)
    for start in range(0, resamples, 250):
        stop = min(start + 250, resamples)
        drawn = rng.multinomial(count, np.full(count, 1 / count), size=stop - start).T.astype(np.float64)
        mean = (finite @ drawn) / (size @ drawn)
        if infinite.any():
            up, down = (s @ drawn > 0 for s in signs)
            mean = np.where(up, np.inf, np.where(down, -np.inf, mean))
            mean = np.where(up & down, np.nan, mean)
        out[:, start:stop] = mean
    return out


def interval(means: Floats, level: float = LEVEL) -> tuple[Floats, Floats]:
    """Percentile interval of resampled values over their last axis; lower and upper bounds."""
    tail = (1 - level) / 2
    ranked = np.sort(means, axis=-1)
    last = ranked.shape[-1] - 1
    return ranked[..., int(np.floor(tail * last))], ranked[..., int(np.ceil((1 - tail) * last))]


def half_width(values: ArrayLike, level: float = LEVEL) -> Floats:
    """Half-width of the mean's normal interval over the last axis."""
    values = np.asarray(values, dtype=np.float64)
    return _z(level) * spread(values) / np.sqrt(values.shape[-1])


def needed(standard_deviation: ArrayLike, wanted: ArrayLike, level: float = LEVEL) -> Floats:
    """Replications at which the mean's interval is plus or minus `wanted`, at least 2."""
    with np.errstate(divide="ignore", invalid="ignore"):
        count = np.ceil((_z(level) * np.asarray(standard_deviation) / np.asarray(wanted)) ** 2)
    return np.where(np.asarray(standard_deviation) == 0, 2.0, np.maximum(count, 2.0))


def spread(values: ArrayLike) -> Floats:
    """Standard deviation over the last axis; infinite if a value is, NaN for fewer than two values."""
    values = np.asarray(values, dtype=np.float64)
    if values.shape[-1] < 2:
        return np.full(values.shape[:-1], np.nan)
    infinite = np.isinf(values).any(-1)
    finite = np.where(np.isinf(values), 0.0, values)
    return np.where(infinite, np.inf, finite.std(-1, ddof=1))


def _z(level: float) -> float:
    return float(ndtri(0.5 + level / 2))


def _summed(x: Floats, edges: Integers) -> Floats:
    return np.add.reduceat(x, edges[:-1], axis=1)
