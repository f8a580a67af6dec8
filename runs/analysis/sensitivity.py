"""Sensitivity: the share of an outcome's variance that each factor accounts for, and that of random draws.

Sources: Saltelli et al. (2010), Variance based sensitivity analysis of model output, Computer Physics Communications
181; Campolongo, Cariboni and Saltelli (2007), An effective screening design for sensitivity analysis of large models,
Environmental Modelling and Software 22. Samples and the screening come from SALib.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from juste_retour.agents.arrays import Floats, Integers
from juste_retour.agents.errors import BadInput
from juste_retour.runs.base.resampling import interval, resampled_means
from juste_retour.runs.engine.agreement import check_finite, check_varies
from juste_retour.runs.engine.design import problem, unit_sample
from juste_retour.runs.engine.factors import Level
from juste_retour.runs.engine.results import Results

RESAMPLES = 300
DRAWN = {
    "sobol": "base points and, from three on, replications",
    "morris": "trajectories",
    "latin_hypercube": "sample points",
}  # what intervals cover, by kind of design; replications in all others


@dataclass(frozen=True)
class Index:
    """A factor's first-order and total share of the variance, each with a 95 % interval."""

    factor: str
    first: float
    first_low: float
    first_high: float
    total: float
    total_low: float
    total_high: float


@dataclass(frozen=True)
class Pair:
    """The interaction of two factors as a share of the variance, with a 95 % interval."""

    factors: tuple[str, str]
    share: float
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class Sobol:
    """Sobol indices of an outcome.

    Indices are shares of the total variance, which includes that of random draws; they concern the effects of factors on
    the outcome's mean over random draws. `noise` is the share of random draws at a fixed point. With one replication it
    cannot be estimated: `noise` is NaN, and the indices are valid for these draws only.

    `pairs` are second-order indices if the sample was drawn for them. Otherwise (`pairs_are_total`) they cover all
    interactions that include both factors, also those with further factors.
    """

    outcome: str
    base: int
    replications: int
    mean: float
    variance: float
    noise: float
    noise_low: float
    noise_high: float
    indices: list[Index]
    pairs: list[Pair]
    pairs_are_total: bool

    @property
    def table(self) -> pd.DataFrame:
        """The indices as a data frame, one row per factor."""
        return pd.DataFrame([asdict(i) for i in self.indices])


def sobol_indices(
    values: Floats, names: Sequence[str], outcome: str = "", second_order: bool = False, seed: int = 0
) -> Sobol:
    """First-order and total Sobol indices from a Saltelli sample.

    Products of two runs are computed over different draws, so that noise biases no index and its share can be estimated.
    Intervals are bootstrap intervals over base points. With three or more replications, a jackknife over replications
    widens them, since all points share the replications' draws. With two, they are valid for these draws only.

    Args:
        values: the outcome, (points, replications), with points in SALib's order.
        names: of the factors.
        outcome: the name of the outcome.
        second_order: whether the sample is the longer one for second-order indices.
        seed: of the bootstrap over base points.

    Raises:
        BadInput: an incomplete sample, or an outcome that is missing in some runs or never varies.
    """
    values = np.asarray(values, dtype=np.float64)
    count = len(names)
    stride = (2 * count if second_order else count) + 2
    if len(values) % stride:
        raise BadInput(
            f"{len(values)} points are not a complete Sobol sample of {count} factors; run the whole design first."
        )
    check_finite(values, outcome)
    replications = values.shape[1]
    values = values - values.mean()
    stacked = _moments(values, count, stride, second_order)
    means = np.concatenate([stacked.mean(1)[:, None], resampled_means(stacked, seed)], axis=1)
    whole = means[1] - means[0] ** 2 + means[2]
    if not whole[0] > 0:
        raise BadInput(f"{outcome} is the same at every point, so there is no variance to explain.")
    shares = means[2:] / whole
    low, high = interval(shares[:, 1:])
    if replications > 2:
        low, high = _widened(shares[:, 0], low, high, values, (count, stride, second_order))
    return Sobol(
        outcome,
        len(values) // stride,
        replications,
        float(means[0, 0]),
        float(whole[0]),
        *(_triple(shares, low, high, 0) if replications > 1 else (np.nan, np.nan, np.nan)),
        [
            Index(name, *_triple(shares, low, high, 1 + i), *_triple(shares, low, high, 1 + count + i))
            for i, name in enumerate(names)
        ],
        [
            Pair((names[i], names[j]), *_triple(shares, low, high, 1 + 2 * count + k))
            for k, (i, j) in enumerate(combinations(range(count), 2))
        ],
        not second_order,
    )


def _moments(values: Floats, count: int, stride: int, second_order: bool, without: bool = False) -> Floats:
    """The mean, the mean square, the variance of random draws, and the numerator of each index.

    (moments, base points); `without`: (moments, replications), means over base points without each replication.
    """
    a, b = values[0::stride], values[stride - 1 :: stride]
    mixed = [values[1 + i :: stride] for i in range(count)]

    def product(x: Floats, y: Floats) -> Floats:
        return _product(x, y, without)

    rows = [
        (_mean(a, without) + _mean(b, without)) / 2,
        (product(a, a) + product(b, b)) / 2,
        (_variance(a, without) + _variance(b, without)) / 2,
        *(product(b, m) - product(b, a) for m in mixed),
        *(product(a - m, a - m) / 2 for m in mixed),
        *_together(a, b, mixed, values, stride if second_order else 0, product),
    ]
    return np.stack(rows)


def _widened(
    shares: Floats, low: Floats, high: Floats, values: Floats, design: tuple[int, int, bool]
) -> tuple[Floats, Floats]:
    """Intervals over base points, widened by the uncertainty over replications, which a jackknife estimates."""
    count = values.shape[1]
    without = _moments(values, *design, without=True).T
    again = without[:, 2:] / (without[:, 1] - without[:, 0] ** 2 + without[:, 2])[:, None]
    error = np.sqrt((count - 1) / count * ((again - again.mean(0)) ** 2).sum(0))
    reach = float(stdtrit(count - 1, 0.975)) * error
    return shares - np.hypot(shares - low, reach), shares + np.hypot(high - shares, reach)


def _together(
    a: Floats,
    b: Floats,
    mixed: Sequence[Floats],
    values: Floats,
    stride: int,
    product: Callable[[Floats, Floats], Floats],
) -> list[Floats]:
    """The numerator of each pair's interaction, in the shape of a row of `_moments`.

    With the longer sample (`stride` above 0), second-order indices after Saltelli (2002). Otherwise the totals of the two
    factors less the total of the pair, which is the superset importance of Liu and Owen (2006).
    """
    found = []
    for i, j in combinations(range(len(mixed)), 2):
        if stride:
            other = values[1 + len(mixed) + j :: stride]  # b, with factor j from a
            closed = product(other, mixed[i]) - product(a, b)
            found.append(closed - sum(product(b, mixed[k]) - product(b, a) for k in (i, j)))
        else:
            totals = sum(product(a - mixed[k], a - mixed[k]) / 2 for k in (i, j))
            found.append(totals - product(mixed[i] - mixed[j], mixed[i] - mixed[j]) / 2)
    return found


def _triple(shares: Floats, low: Floats, high: Floats, row: int) -> tuple[float, float, float]:
    return float(shares[row, 0]), float(low[row]), float(high[row])


def _mean(x: Floats, without: bool) -> Floats:
    """Mean over replications, (base points,); without each replication, and over base points, (replications,)."""
    if not without:
        return x.mean(1)
    return np.asarray(((x.sum(1)[:, None] - x) / (x.shape[1] - 1)).mean(0))


def _variance(x: Floats, without: bool) -> Floats:
    """Sample variance over replications, in the shapes of `_mean`; 0 for a single replication."""
    n = x.shape[1]
    if n == 1:
        return np.full(len(x), 0.0)
    if not without:
        return x.var(1, ddof=1)
    squares = (x - x.mean(1)[:, None]) ** 2
    return np.asarray(((squares.sum(1)[:, None] - n / (n - 1) * squares) / (n - 2)).mean(0))


def _product(x: Floats, y: Floats, without: bool) -> Floats:
    """Mean product of two runs over different replications, or of the only one, in the shapes of `_mean`."""
    n = x.shape[1]
    if n == 1:
        return x[:, 0] * y[:, 0]
    one, other, both = x.sum(1), y.sum(1), (x * y).sum(1)
    if not without:
        return (one * other - both) / (n * (n - 1))
    rest = (one[:, None] - x) * (other[:, None] - y) - (both[:, None] - x * y)
    return np.asarray(rest.mean(0) / ((n - 1) * (n - 2)))


def sobol(results: Results, outcome: str = "years_behind") -> Sobol:
    """Sobol indices of an outcome, for an experiment with a `sobol` design."""
    spec = results.spec
    _of_kind(results, "sobol")
    numbers, values = results.outcome(outcome)
    check_complete(numbers, len(spec.points))
    return sobol_indices(
        values, [f.key for f in spec.factors], outcome, bool(spec.design.settings["second_order"]), spec.seed
    )


@dataclass(frozen=True)
class Effect:
    """A factor's elementary effects across its range, in the outcome's unit.

    `mu` is their mean, `mu_star` the mean of their absolute values with a 95 % half-width, `sigma` their standard deviation.
    """

    factor: str
    mu: float
    mu_star: float
    mu_star_half_width: float
    sigma: float


def morris(results: Results, outcome: str = "years_behind") -> list[Effect]:
    """Morris screening of an outcome, for an experiment with a `morris` design, by SALib on means over replications."""
    from SALib.analyze import morris as analysis

    spec = results.spec
    _of_kind(results, "morris")
    numbers, values = results.outcome(outcome)
    check_complete(numbers, len(spec.points))
    check_finite(values, outcome)
    found = analysis.analyze(
        problem(spec.factors),
        unit_sample(spec.design, spec.factors, spec.seed),
        values.mean(1),
        num_levels=spec.design.settings["levels"],
        seed=spec.seed,
    )
    columns = zip(*(found[k] for k in ("mu", "mu_star", "mu_star_conf", "sigma")), strict=True)
    return [Effect(f.key, *(float(x) for x in row)) for f, row in zip(spec.factors, columns, strict=True)]


@dataclass(frozen=True)
class MainEffect:
    """A factor's share of an outcome's variance alone, over the points that were run, with a 95 % interval."""

    factor: str
    share: float
    low: float
    high: float


def main_effects(results: Results, outcome: str = "years_behind", bins: int = 8) -> tuple[list[MainEffect], float]:
    """The correlation ratio of each factor, as a share of the variance, and the share of random draws.

    In a hypercube the points are a sample: ranges are cut into bins, the ratio's upward bias is subtracted, and intervals
    are over points. In other designs the points are the whole population, and intervals are over replications.

    Raises:
        BadInput: the outcome is missing in some runs, or does not vary between points.
    """
    spec = results.spec
    numbers, values = results.outcome(outcome)
    check_finite(values, outcome)
    sampled = spec.design.kind == "latin_hypercube"
    points = [spec.points[p] for p in numbers]
    keys = [k for k in spec.varied if k != "label"]
    labels = [binned([p.get(key) for p in points], bins) for key in keys]
    shares = _main_shares(values, labels, sampled)
    if shares is None:
        check_varies(results, outcome)
        raise BadInput(f"{outcome} does not vary between points, so there is no variance to explain.")
    rng = np.random.default_rng([spec.seed, len(values)])
    again = []
    for _ in range(RESAMPLES):
        # resampled together, since the shares of factors and of random draws have one variance as denominator
        if sampled:
            rows = rng.integers(0, len(values), len(values))
            drawn = _main_shares(values[rows], [part[rows] for part in labels], sampled)
        else:
            worlds = rng.integers(0, values.shape[1], values.shape[1])
            drawn = _main_shares(values[:, worlds], labels, sampled)
        if drawn is not None:
            again.append(drawn)
    low, high = interval(np.array(again or [shares]).T)
    found = [
        MainEffect(key, float(shares[k]), min(float(low[k]), shares[k]), max(float(high[k]), shares[k]))
        for k, key in enumerate(keys)
    ]
    return found, float(shares[-1])


def _main_shares(values: Floats, labels: Sequence[Integers], sampled: bool) -> Floats | None:
    """The share of the variance of `values` for each factor, and last that of random draws; None without variance."""
    mean, replications = values.mean(1), values.shape[1]
    noise = float(values.var(1, ddof=1).mean()) if replications > 1 else 0.0
    between = max(float(mean.var()) - noise / replications, 0.0)
    whole = between + noise
    if whole <= 0:
        return None
    return np.array([*(correlation_ratio(mean, part, sampled) * between / whole for part in labels), noise / whole])


def binned(levels: Sequence[Level], bins: int) -> Integers:
    """An integer for each level: of its bin if there are more than `bins` different floats, else of the level itself."""
    if all(isinstance(v, float) for v in levels) and len(set(levels)) > bins:
        ranks = np.argsort(np.argsort(np.array(levels, dtype=float), kind="stable"), kind="stable")
        return ranks * bins // len(levels)
    known = {text: n for n, text in enumerate(dict.fromkeys(repr(v) for v in levels))}
    return np.array([known[repr(v)] for v in levels])


def correlation_ratio(values: Floats, labels: Integers, sampled: bool = True) -> float:
    """Share of the variance between labels; if the values are `sampled`, less its expected value by chance."""
    variance = float(values.var())
    if variance <= 0:
        return 0.0
    counts = np.bincount(labels)
    there = counts > 0
    means = np.bincount(labels, weights=values)[there] / counts[there]
    ratio = float((counts[there] * (means - values.mean()) ** 2).sum() / len(values)) / variance
    levels, n = int(there.sum()), len(values)
    return max((ratio * (n - 1) - (levels - 1)) / (n - levels), 0.0) if sampled and n > levels else ratio


def _of_kind(results: Results, kind: str) -> None:
    if results.spec.design.kind != kind:
        raise BadInput(f"{results.out} has a {results.spec.design.kind} design; this needs a {kind} design.")


def check_complete(numbers: Sequence[int], count: int) -> None:
    """Raise `BadInput` if results are there for fewer than `count` points."""
    if len(numbers) != count:
        raise BadInput(f"only {len(numbers)} of {count} points are finished; give the same `batch` command to resume.")
