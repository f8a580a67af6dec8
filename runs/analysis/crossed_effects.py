"""Effects in a grid or a list: of a level, at each level of a second factor, and of the pair at each level of a third.

An effect is the mean of paired differences between points that agree in all else, replication by replication. Intervals
and joint tests are over replications (`clustered`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from juste_retour.agents.arrays import Floats
from juste_retour.runs.analysis.clustered import JointTest, jointly, over_replications
from juste_retour.runs.analysis.contrasts import paired_difference
from juste_retour.runs.base.numerals import shown
from juste_retour.runs.engine.design import Point
from juste_retour.runs.engine.results import Results

MOST_LEVELS = 12  # levels above which a factor's conditional effects are not computed


@dataclass(frozen=True)
class LevelContrast:
    """An outcome at a level of a factor less that at its first level, averaged over points that agree in all else.

    `low` and `high` are a 95 % interval. `matches` is the number of such pairs of points, and `each` their differences,
    which vary if factors interact.
    """

    factor: str
    level: str
    against: str
    difference: float
    low: float
    high: float
    matches: int
    each: tuple[float, ...] = ()


@dataclass(frozen=True)
class ConditionalEffect:
    """A level of a factor less its first level, at one level of another factor, averaged over all else.

    `low` and `high` are a 95 % interval. `beyond` is the effect less the effect at the other factor's first level, which is
    the interaction of the two, with its own interval.
    """

    factor: str
    level: str
    against: str
    under: str
    effect: float
    low: float
    high: float
    beyond: float
    beyond_low: float
    beyond_high: float


@dataclass(frozen=True)
class PairEffect:
    """The interaction of two factors (a difference of differences) at one level of a third, averaged over all else.

    `effect` is the effect of `level` under `under` less that under the first level of the second factor, with its 95 %
    interval. `beyond` is that less the same at the first level of the third factor: the three-way effect.
    """

    factor: str
    level: str
    against: str
    under: str
    at: str
    effect: float
    low: float
    high: float
    beyond: float
    beyond_low: float
    beyond_high: float


@dataclass(frozen=True)
class ThreeWay:
    """The interaction of two factors at each level of a third, and the joint test that it is the same at all of them."""

    factors: tuple[str, str, str]
    rows: list[PairEffect]
    test: JointTest | None

    @property
    def significant(self) -> bool:
        """Whether the interaction differs between levels of the third factor at 5 %."""
        return self.test is not None and self.test.p < 0.05


@dataclass(frozen=True)
class CellMeans:
    """The mean of an outcome at each pair of levels of two factors, averaged over all else, with a 95 % interval.

    `mean`, `low` and `high` are (levels, grounds): the levels of `factor` and of `other`.
    """

    factor: str
    other: str
    levels: list[str]
    grounds: list[str]
    mean: Floats
    low: Floats
    high: Floats


class Crossed:
    """The points of a grid or a list, with one outcome, (points, replications)."""

    def __init__(self, points: Sequence[Point], values: Floats):
        self.points, self.values = points, values

    @classmethod
    def of(cls, results: Results, outcome: str = "years_behind") -> Self:
        """The points of an experiment."""
        numbers, values = results.independent(outcome)
        return cls([results.spec.points[n] for n in numbers], values)

    def levels(self, key: str) -> list[str]:
        """The levels of a factor, in the order of the points."""
        return list(dict.fromkeys(shown(p.get(key)) for p in self.points))

    def apart(self, key: str, level: str, against: str, at: Mapping[str, str] | None = None) -> Floats | None:
        """A level less another at points that agree in all else, (pairs, replications); None if there are no such points.

        `at` holds the levels of other factors to which the points are limited.
        """
        places: dict[str, dict[str, int]] = {}
        for row, point in enumerate(self.points):
            if all(shown(point.get(other)) == ground for other, ground in (at or {}).items()):
                place = repr({k: v for k, v in point.items() if k not in (key, "label")})
                places.setdefault(place, {})[shown(point.get(key))] = row
        pairs = [(p[level], p[against]) for p in places.values() if level in p and against in p]
        if not pairs:
            return None
        up, down = (np.array(side) for side in zip(*pairs, strict=True))
        return paired_difference(self.values[up], self.values[down])

    def contrasts(self) -> list[LevelContrast]:
        """The levels of each factor less its first level."""
        found = []
        for key in dict.fromkeys(key for point in self.points for key in point):
            levels = self.levels(key)
            if key == "label" or not 2 <= len(levels) <= 40:
                continue
            for level in levels[1:]:
                apart = self.apart(key, level, levels[0])
                if apart is not None:
                    with np.errstate(invalid="ignore"):  # a missing lag is infinite
                        mean, low, high = map(float, over_replications(apart.mean(0)))
                        each = tuple(map(float, apart.mean(1)))
                    found.append(LevelContrast(key, level, levels[0], mean, low, high, len(apart), each))
        return found

    def conditional(self, factor: str, other: str) -> list[ConditionalEffect]:
        """The effects of a factor's levels at each level of another; empty with more than `MOST_LEVELS` levels."""
        levels, grounds = self.levels(factor), self.levels(other)
        found: list[ConditionalEffect] = []
        for level in levels[1:] if max(len(levels), len(grounds)) <= MOST_LEVELS else ():
            base: Floats | None = None
            for ground in grounds:
                apart = self._mean_apart(factor, level, levels[0], {other: ground})
                if apart is not None:
                    base = apart if base is None else base
                    found.append(
                        ConditionalEffect(factor, level, levels[0], f"{other} = {ground}", *_with_beyond(apart, base))
                    )
        return found

    def three_way(self, factor: str, other: str, third: str) -> ThreeWay | None:
        """The interaction of two factors at each level of a third; None with too many levels or missing points."""
        levels, grounds, settings = (self.levels(key) for key in (factor, other, third))
        if max(map(len, (levels, grounds, settings))) > MOST_LEVELS:
            return None
        rows, beyond = [], []
        for level in levels[1:]:
            for ground in grounds[1:]:
                base: Floats | None = None
                for setting in settings:
                    ends = [
                        self._mean_apart(factor, level, levels[0], {other: g, third: setting})
                        for g in (ground, grounds[0])
                    ]
                    if ends[0] is None or ends[1] is None:
                        continue
                    apart = ends[0] - ends[1]
                    if base is not None:
                        beyond.append(apart - base)
                    base = apart if base is None else base
                    under, at = f"{other} = {ground} instead of {grounds[0]}", f"{third} = {setting}"
                    rows.append(PairEffect(factor, level, levels[0], under, at, *_with_beyond(apart, base)))
        if not beyond:
            return None
        return ThreeWay((factor, other, third), rows, jointly(np.array(beyond)))

    def each(self, keys: Sequence[str], at: Mapping[str, str] | None = None) -> dict[tuple[str, ...], Floats]:
        """The effects of a factor, or interactions of several, in each replication, by the levels that are not the first.

        `at` holds the levels of other factors to which the points are limited.
        """
        at, last = dict(at or {}), keys[-1]
        levels = self.levels(last)
        if len(keys) == 1:
            found = {(level,): self._mean_apart(last, level, levels[0], at) for level in levels[1:]}
            return {level: apart for level, apart in found.items() if apart is not None}
        base, *more = (self.each(keys[:-1], at | {last: level}) for level in levels)
        return {
            (*key, level): apart - base[key]
            for level, found in zip(levels[1:], more, strict=True)
            for key, apart in found.items()
            if key in base
        }

    def cells(self, factor: str, other: str) -> CellMeans | None:
        """Means at pairs of levels, for an interaction plot; None if a factor has more than `MOST_LEVELS` levels."""
        levels, grounds = self.levels(factor), self.levels(other)
        if max(len(levels), len(grounds)) > MOST_LEVELS:
            return None
        rows = np.full((len(levels), len(grounds), self.values.shape[1]), np.nan)
        there = [(levels.index(shown(p.get(factor))), grounds.index(shown(p.get(other)))) for p in self.points]
        for i, j in set(there):
            rows[i, j] = self.values[[here == (i, j) for here in there]].mean(0)
        return CellMeans(factor, other, levels, grounds, *over_replications(rows))

    def _mean_apart(self, key: str, level: str, against: str, at: Mapping[str, str]) -> Floats | None:
        apart = self.apart(key, level, against, at)
        with np.errstate(invalid="ignore"):
            return None if apart is None else np.asarray(apart.mean(0))


def _with_beyond(apart: Floats, base: Floats) -> Sequence[float]:
    """An effect and its difference from another, (replications,) each, with their intervals."""
    with np.errstate(invalid="ignore"):
        ends = over_replications(np.stack([apart, paired_difference(apart, base)]))
    return [float(part[row]) for row in (0, 1) for part in ends]
