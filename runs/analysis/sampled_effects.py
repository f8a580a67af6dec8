"""Marginal effects in sampled designs: the change of the mean outcome with a level of a factor, or along a range.

Effects are averaged over the sample of all other factors. A range is cut into four parts of equal probability. In a Sobol
sample, and for the crossed factors of a hypercube, only points that differ in one factor are compared. For the ranges of
a hypercube all points are compared, net of the other factors' main effects. Intervals are clustered by sample point and by
replication (`clustered`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from juste_retour.agents.arrays import Floats, Integers
from juste_retour.agents.errors import BadInput
from juste_retour.runs.analysis.clustered import Fit, fitted
from juste_retour.runs.analysis.crossed_effects import (
    MOST_LEVELS,
    CellMeans,
    ConditionalEffect,
    LevelContrast,
    PairEffect,
    ThreeWay,
)
from juste_retour.runs.analysis.sensitivity import check_complete
from juste_retour.runs.base.numerals import brief, shown
from juste_retour.runs.engine.agreement import check_finite
from juste_retour.runs.engine.factors import Factor, Level
from juste_retour.runs.engine.results import Results

PARTS = 4  # parts of a range
ADJUSTED = 5  # sample points per column that are needed to adjust for other factors' main effects


@dataclass(frozen=True)
class Slope:
    """The linear effect on the mean of one unit more of a factor, or of its doubling on a log scale, with a 95 % interval."""

    factor: str
    per: str
    effect: float
    low: float
    high: float


class _Axis(NamedTuple):
    """A factor in a sample: the index of each point's level, (points,), names of levels, values of a range, unit of a step."""

    at: Integers
    names: list[str]
    along: Floats | None
    per: str


class SampledDesign:
    """A Sobol sample or a hypercube, with one outcome.

    Args:
        results: an experiment with a `sobol` or `latin_hypercube` design.
        outcome: a column of the table `worlds`, finite in every run.

    Raises:
        BadInput: another design, an incomplete Sobol sample, or an outcome that is missing in some runs.
    """

    def __init__(self, results: Results, outcome: str = "years_behind"):
        self.spec = spec = results.spec
        if spec.design.kind not in ("sobol", "latin_hypercube"):
            raise BadInput(
                f"{results.out} has a {spec.design.kind} design; this needs a sobol or latin_hypercube design."
            )
        numbers, self.values = results.independent(outcome)
        check_finite(self.values, outcome)
        if spec.design.kind == "sobol":
            check_complete(numbers, len(spec.points))
        self.keys = [f.key for f in spec.factors]
        self.crossed = set(spec.design.settings.get("cross", ()))
        self.stride = len(spec.points) // int(spec.design.settings["base" if spec.design.kind == "sobol" else "points"])
        self.places: Integers = np.array(numbers) // self.stride
        points = [spec.points[n] for n in numbers]
        self.axes = {f.key: _axis(f, [p[f.key] for p in points]) for f in spec.factors}

    def contrasts(self) -> list[LevelContrast]:
        """Each level, or part of a range, less the first."""
        found = []
        for key, axis in self.axes.items():
            if 2 <= len(axis.names) <= 40 and self.enough(len(axis.names)):
                fit = self._fit(key, _dummies(axis.at, len(axis.names)))
                for k, name in enumerate(axis.names[1:]):
                    found.append(LevelContrast(key, name, axis.names[0], *fit.estimate(self._one(fit, key, k)), 1))
        return found

    def slopes(self) -> list[Slope]:
        """The linear slope along each range."""
        found = []
        for key, axis in self.axes.items():
            if axis.along is not None and self.enough(2):
                fit = self._fit(key, axis.along[:, None])
                found.append(Slope(key, axis.per, *fit.estimate(self._one(fit, key, 0))))
        return found

    def conditional(self, factor: str, other: str) -> list[ConditionalEffect]:
        """The effects of a factor's levels at each level of another; empty with too many levels or too few points."""
        mine, ground = self.axes[factor], self.axes[other]
        count = (len(mine.names) - 1) * len(ground.names)
        if not self._few(mine, ground):
            return []
        columns = np.column_stack(
            [(mine.at == k) & (ground.at == g) for k in range(1, len(mine.names)) for g in range(len(ground.names))]
        ).astype(np.float64)  # fmt: skip
        fit = self._fit(factor, columns, other)
        found = []
        for n in range(count):
            k, g = divmod(n, len(ground.names))
            here, first = self._one(fit, factor, n), self._one(fit, factor, k * len(ground.names))
            found.append(
                ConditionalEffect(
                    factor, mine.names[k + 1], mine.names[0], f"{other} = {ground.names[g]}",
                    *fit.estimate(here), *fit.estimate(here - first),
                )
            )  # fmt: skip
        return found

    def three_way(self, factor: str, other: str, third: str) -> ThreeWay | None:
        """The interaction of two factors at each level of a third; None with too many levels or too few points."""
        mine, ground, last = (self.axes[key] for key in (factor, other, third))
        sizes = len(mine.names) - 1, len(ground.names), len(last.names)
        cells = sizes[0] * sizes[1] * sizes[2]
        if min(sizes) < 1 or max(sizes) > MOST_LEVELS or not self.enough(cells + sizes[1] * sizes[2]):
            return None
        both = ground.at * sizes[2] + last.at
        columns = (mine.at[:, None] > 0) & (
            (mine.at[:, None] - 1) * sizes[1] * sizes[2] + both[:, None] == np.arange(cells)
        )
        fit = self._fit(factor, columns.astype(np.float64), other, third)
        one = np.array([self._one(fit, factor, n) for n in range(cells)]).reshape(*sizes, -1)
        pair = one - one[:, :1]
        beyond = pair - pair[:, :, :1]
        rows = [
            PairEffect(
                factor, mine.names[k + 1], mine.names[0],
                f"{other} = {ground.names[g]} instead of {ground.names[0]}", f"{third} = {last.names[t]}",
                *fit.estimate(pair[k, g, t]), *fit.estimate(beyond[k, g, t]),
            )
            for k in range(sizes[0]) for g in range(1, sizes[1]) for t in range(sizes[2])
        ]  # fmt: skip
        return ThreeWay((factor, other, third), rows, fit.jointly(beyond[:, 1:, 1:].reshape(-1, beyond.shape[-1])))

    def cells(self, factor: str, other: str) -> CellMeans | None:
        """The mean at each pair of levels, net of the other factors' main effects.

        None with too many levels or too few points.
        """
        mine, ground = self.axes[factor], self.axes[other]
        if not self._few(mine, ground):
            return None
        count = len(ground.names)
        both = mine.at * count + ground.at
        size = len(mine.names) * count
        columns = _dummies(both, size)
        fit = fitted(
            self.values,
            self._adjusted(columns, [k for k in self.keys if k not in (factor, other)]),
            self.places,
        )
        shares = columns.mean(0)
        rows = []
        for cell in range(size):
            weights = np.zeros(len(fit.coefficients))
            weights[0], weights[1:size] = 1.0, (np.arange(1, size) == cell) - shares
            there = bool((both == cell).any())
            rows.append(fit.estimate(weights) if there else (np.nan,) * 3)
        mean, low, high = (np.array(part).reshape(-1, count) for part in zip(*rows, strict=True))
        return CellMeans(factor, other, mine.names, ground.names, mean, low, high)

    def enough(self, columns: int) -> bool:
        """Whether there are at least twice as many sample points as coefficients."""
        return len(np.unique(self.places)) >= 2 * columns

    def _few(self, mine: _Axis, ground: _Axis) -> bool:
        sizes = len(mine.names), len(ground.names)
        return min(sizes) >= 2 and max(sizes) <= MOST_LEVELS and self.enough(sizes[0] * sizes[1])

    def _fit(self, key: str, columns: Floats, *grounds: str) -> Fit:
        """Fit the columns of a factor; if the design pairs points, only within pairs.

        Otherwise `grounds`, factors by whose levels the columns are split, are included with their means at each
        combination of levels.
        """
        if self.spec.design.kind == "sobol":
            first, second = self._pairs(self.keys.index(key))
            rows = np.concatenate([first, second])
            pair = np.tile(np.arange(len(first)), 2)
            return fitted(self.values[rows], columns[rows], self.places[rows], pair)
        others = [k for k in self.keys if k not in (key, *grounds)]
        if grounds:
            at = np.column_stack([self.axes[ground].at for ground in grounds])
            _, place = np.unique(at, axis=0, return_inverse=True)
            columns = np.column_stack([columns, _dummies(place, int(place.max()) + 1)])
        if key in self.crossed:
            beside = [self._dummies_of(k) for k in others if k in self.crossed]
            return fitted(self.values, np.column_stack([columns, *beside]), self.places, absorbed=self.places)
        return fitted(self.values, self._adjusted(columns, others), self.places)

    def _adjusted(self, columns: Floats, others: Sequence[str]) -> Floats:
        """The columns, with those of the other factors if there are enough points."""
        beside = [self._dummies_of(k) for k in others]
        whole = np.column_stack([columns, *beside])
        enough = len(np.unique(self.places)) >= ADJUSTED * whole.shape[1]
        return whole if enough else columns

    def _dummies_of(self, key: str) -> Floats:
        return _dummies(self.axes[key].at, len(self.axes[key].names))

    def _pairs(self, factor: int) -> tuple[Integers, Integers]:
        """Points of a Sobol sample that differ in one factor: A and AB, and in the longer sample also B and BA."""
        starts = np.arange(0, len(self.values), self.stride)
        first, second = starts, starts + 1 + factor
        if self.spec.design.settings["second_order"]:
            first = np.concatenate([first, starts + self.stride - 1])
            second = np.concatenate([second, starts + 1 + len(self.keys) + factor])
        return first, second

    def _one(self, fit: Fit, key: str, column: int) -> Floats:
        """Weights that select one column of `_fit`."""
        paired = self.spec.design.kind == "sobol" or key in self.crossed
        weights = np.zeros(len(fit.coefficients))
        weights[column + (0 if paired else 1)] = 1.0
        return weights


def _axis(factor: Factor, levels: Sequence[Level]) -> _Axis:
    """A factor's axis, given its level at each point; a range with many values is cut into parts of equal probability."""
    if factor.levels or (factor.integer and factor.high - factor.low < MOST_LEVELS):
        names = list(dict.fromkeys(shown(v) for v in (factor.levels or sorted(set(levels)))))
        known = {name: k for k, name in enumerate(names)}
        at = np.array([known[shown(v)] for v in levels])
        there = np.unique(at)
        names, at = [names[k] for k in there], np.searchsorted(there, at)
    else:
        edges = [float(factor.at(k / PARTS)) for k in range(PARTS)]
        ends = [edge - factor.integer for edge in edges[1:]] + [factor.high]
        at = np.searchsorted(edges[1:], np.array(levels, dtype=float), side="right")
        names = [f"{brief(a)} to {brief(b)}" for a, b in zip(edges, ends, strict=True)]
    if factor.levels:
        return _Axis(at, names, None, "")
    values = np.array(levels, dtype=float)
    log = factor.scale == "log" and not factor.integer
    return _Axis(at, names, np.log2(values) if log else values, "doubling" if log else "1 more")


def _dummies(at: Integers, count: int) -> Floats:
    """Dummy variables for all levels except the first, (points, count - 1)."""
    return (at[:, None] == np.arange(1, count)).astype(np.float64)
