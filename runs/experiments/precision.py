"""How closely a pilot lets the first outcome be known: at a point, between two points, and by factor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pandas as pd

from juste_retour.agents.arrays import Floats
from juste_retour.runs.contrasts.paired import asks_price, measure
from juste_retour.runs.contrasts.resampling import needed
from juste_retour.runs.experiments.design import Point
from juste_retour.runs.experiments.factors import Level
from juste_retour.runs.numerals import shown

LEAST_PLACES = 2  # at which a factor's difference must have been seen


class Seen(NamedTuple):
    """A pilot point with its runs; points of one place differ in one factor from its first."""

    place: int
    point: Point
    worlds: pd.DataFrame


@dataclass(frozen=True)
class FactorSpread:
    """The variance of a factor's paired difference over replications, at one place of the other factors.

    `common` is the part that all places share, since they share their random draws; it does not average out over places.
    """

    variance: float
    common: float

    def of_an_effect(self, places: float) -> float:
        """The standard deviation of the effect, averaged over places."""
        return float((self.common + (self.variance - self.common) / places) ** 0.5)

    def of_an_interaction(self, places: float) -> float:
        """That of the difference of two effects, each averaged over so many places, at most: as if they were independent."""
        return 2**0.5 * self.of_an_effect(places)


@dataclass(frozen=True)
class Precision:
    """The spread of the first outcome over replications in the pilot: at a point, and of a paired difference of two."""

    outcome: str
    of_a_point: float
    of_a_difference: float
    never_varies: bool = False
    by_factor: Mapping[str, FactorSpread] = field(default_factory=dict)

    def half_widths(self, replications: int) -> tuple[float, float]:
        """Half of the 95 % interval of a point's mean, and of a difference of two points."""
        one, two = (1.96 * sd / replications**0.5 for sd in (self.of_a_point, self.of_a_difference))
        return one, two

    def replications(self, half_width: float) -> int | None:
        """Replications for a difference to within plus or minus a half-width; None where the pilot cannot tell."""
        count = float(needed(self.of_a_difference, half_width))
        return int(count) if np.isfinite(count) else None


def precision(outcomes: Sequence[str], tried: Sequence[Seen]) -> Precision | None:
    """The spread of the first outcome that is no price over replications, and of its difference between neighbors."""
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
    return Precision(outcome, of_a_point, of_a_difference, same, _by_factor(outcome, tried))


def _by_factor(outcome: str, tried: Sequence[Seen]) -> dict[str, FactorSpread]:
    """The spread of each factor's difference from a place's first point; none below two places."""
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
    """An order of levels, so that all differences of a factor point one way."""
    if isinstance(a, int | float) and isinstance(b, int | float):
        return a > b
    return shown(a) > shown(b)


def _numbers(column: pd.Series) -> Floats:
    from juste_retour.abm.calendar import quarter

    if column.dtype.kind in "iuf":
        return column.to_numpy(dtype=float)
    return np.array([quarter(text, "quarter") if isinstance(text, str) else -1 for text in column], float)
