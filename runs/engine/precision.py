"""Estimate from a pilot how precisely the first outcome will be known: at a point, and between points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import chdtri, stdtrit

from juste_retour.agents.arrays import Floats
from juste_retour.runs.base.resampling import LEVEL, needed
from juste_retour.runs.engine.design import Point
from juste_retour.runs.results.paired import asks_price, measure

LEAST = 10  # replications that a plan asks for at least, so that t intervals hold
BOUND = 0.9  # confidence of the upper bound of a standard deviation that a plan uses


class Seen(NamedTuple):
    """A pilot point with its runs; points of one place are compared with its first."""

    place: int
    point: Point
    worlds: pd.DataFrame


@dataclass(frozen=True)
class Precision:
    """Standard deviations of the first outcome over replications in the pilot: at a point, and of a paired difference.

    `points` and `values`, (points, replications), are the pilot's points that have a finite outcome.
    """

    outcome: str
    of_a_point: float
    of_a_difference: float
    never_varies: bool = False
    pilot: int = 0  # replications of a pilot point
    points: Sequence[Point] = ()
    values: Floats = field(default_factory=lambda: np.zeros((0, 1)))

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
    found = [
        (one, measure({outcome: _numbers(one.worlds[outcome])}, outcome)) for one in tried if outcome in one.worlds
    ]
    found = [(one, v) for one, v in found if np.isfinite(v).all()]
    if len(found) < 2:
        return None
    first: dict[int, Floats] = {}
    differences = []
    for (place, _, _), mine in found:
        base = first.setdefault(place, mine)
        if base is not mine and (base != mine).any():
            differences.append(float(np.var(mine - base, ddof=1)))
    values = np.array([v for _, v in found])
    of_a_point = float(values.var(1, ddof=1).mean()) ** 0.5
    of_a_difference = float(np.mean(differences)) ** 0.5 if differences else np.nan
    return Precision(
        outcome,
        of_a_point,
        of_a_difference,
        bool((values == values[0, 0]).all()),
        values.shape[1],
        [one.point for one, _ in found],
        values,
    )


def _numbers(column: pd.Series) -> Floats:
    from juste_retour.abm.base.calendar import quarter

    if column.dtype.kind in "iuf":
        return column.to_numpy(dtype=float)
    return np.array([quarter(text, "quarter") if isinstance(text, str) else -1 for text in column], float)
