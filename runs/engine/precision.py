"""Estimate from a pilot how precisely the first outcome will be known: at a point, between points, and by factor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import chdtri, stdtrit

from juste_retour.agents.arrays import Floats
from juste_retour.runs.base.numerals import shown
from juste_retour.runs.base.resampling import LEVEL, needed
from juste_retour.runs.engine.design import Point
from juste_retour.runs.engine.factors import Level
from juste_retour.runs.results.paired import asks_price, measure

LEAST = 10  # replications that a plan asks for at least, so that t intervals hold
BOUND = 0.9  # confidence of the upper bound of a standard deviation that a plan uses
LEAST_PLACES = 2  # minimum number of combinations of the other factors for a factor's variance


class Seen(NamedTuple):
    """A pilot point with its runs; points of one place differ in one factor from its first."""

    place: int
    point: Point
    worlds: pd.DataFrame


@dataclass(frozen=True)
class FactorSpread:
    """The variance over replications of a factor's paired difference, at one combination (place) of the other factors.

    `common` is the part of it that all places share because they use the same random draws. It does not average out.
    """

    variance: float
    common: float

    def of_an_effect(self, places: float) -> float:
        """The standard deviation of the effect, averaged over places."""
        return float((self.common + (self.variance - self.common) / places) ** 0.5)

    def of_an_interaction(self, places: float, order: int = 2) -> float:
        """An upper bound for the interaction of `order` factors, as if its effects, each averaged over places, were independent.

        An interaction of two factors is a difference of two effects, one of three factors a difference of two of these.
        """
        return float(2 ** ((order - 1) / 2)) * self.of_an_effect(places)


@dataclass(frozen=True)
class Precision:
    """Standard deviations of the first outcome over replications in the pilot: at a point, and of a paired difference."""

    outcome: str
    of_a_point: float
    of_a_difference: float
    never_varies: bool = False
    by_factor: Mapping[str, FactorSpread] = field(default_factory=dict)
    pilot: int = 0  # replications of a pilot point

    def half_widths(self, replications: int) -> tuple[float, float]:
        """Half-widths of the 95 % intervals of a point's mean, and of a difference between two points."""
        one, two = (1.96 * sd / replications**0.5 for sd in (self.of_a_point, self.of_a_difference))
        return one, two

    def replications(self, half_width: float) -> int | None:
        """Replications for that half-width of a difference between two points; None if no two pilot points differ."""
        return self.planned(self.of_a_difference, half_width)

    def planned(self, deviation: float, half_width: float) -> int | None:
        """Replications at which the 95 % t interval of a mean has that half-width; None if it cannot be estimated.

        The standard deviation of a pilot with few replications is often too small, so that its upper confidence bound is
        used, of one side and `BOUND`.
        """
        if not deviation > 0 or not np.isfinite(deviation):
            return None
        if self.pilot > 1:
            deviation *= ((self.pilot - 1) / float(chdtri(self.pilot - 1, BOUND))) ** 0.5
        count = max(int(needed(deviation, half_width)), LEAST)
        while float(stdtrit(count - 1, 0.5 + LEVEL / 2)) * deviation > half_width * count**0.5:
            count += 1
        return count


def precision(outcomes: Sequence[str], tried: Sequence[Seen]) -> Precision | None:
    """Estimate the precision of the first outcome that is not a price; None if the pilot has too few finite values."""
    outcome = next((name for name in outcomes if not asks_price([name])), "years_behind")
    values: list[tuple[int, Floats]] = [
        (one.place, measure({outcome: _numbers(one.worlds[outcome])}, outcome))
        for one in tried
        if outcome in one.worlds
    ]
    values = [(place, v) for place, v in values if np.isfinite(v).all()]
    if len(values) < 2:
        return None
    first: dict[int, Floats] = {}
    differences = []
    for place, mine in values:
        base = first.setdefault(place, mine)
        if base is not mine and (base != mine).any():
            differences.append(float(np.var(mine - base, ddof=1)))
    of_a_point = float(np.mean([np.var(v, ddof=1) for _, v in values])) ** 0.5
    of_a_difference = float(np.mean(differences)) ** 0.5 if differences else np.nan
    same = all((v == values[0][1][0]).all() for _, v in values)
    return Precision(
        outcome, of_a_point, of_a_difference, same, _by_factor(outcome, tried), len(values[0][1])
    )


def _by_factor(outcome: str, tried: Sequence[Seen]) -> dict[str, FactorSpread]:
    """The spread of each factor's difference from the first point of a place; only for factors seen at two or more."""
    first: dict[int, Seen] = {}
    apart: dict[str, list[Floats]] = {}
    for one in tried:
        base = first.setdefault(one.place, one)
        keys = [k for k in one.point if one.point[k] != base.point.get(k)]
        if len(keys) == 1:
            mine, other = (measure({outcome: _numbers(t.worlds[outcome])}, outcome) for t in (one, base))
            if np.isfinite(mine).all() and np.isfinite(other).all():
                sign = 1 if _later(one.point[keys[0]], base.point[keys[0]]) else -1
                apart.setdefault(keys[0], []).append(sign * (mine - other))
    found = {}
    for key, rows in apart.items():
        if len(rows) >= LEAST_PLACES:
            count, covariance = len(rows), np.cov(np.array(rows))
            variance = float(np.trace(covariance)) / count
            common = (float(covariance.sum()) / count - variance) / (count - 1)
            found[key] = FactorSpread(variance, min(max(common, 0.0), variance))
    return found


def _later(a: Level, b: Level) -> bool:
    """Whether level `a` comes after level `b`, so that all differences of a factor have the same direction."""
    if isinstance(a, int | float) and isinstance(b, int | float):
        return a > b
    return shown(a) > shown(b)


def _numbers(column: pd.Series) -> Floats:
    from juste_retour.abm.base.calendar import quarter

    if column.dtype.kind in "iuf":
        return column.to_numpy(dtype=float)
    return np.array([quarter(text, "quarter") if isinstance(text, str) else -1 for text in column], float)
