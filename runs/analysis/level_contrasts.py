"""Contrasts within a design: each level of a factor less its first level."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from juste_retour.runs.analysis.contrasts import paired_difference
from juste_retour.runs.base.numerals import shown
from juste_retour.runs.base.resampling import interval, resampled_means
from juste_retour.runs.engine.design import Point
from juste_retour.runs.engine.results import Results


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


def level_contrasts(results: Results, outcome: str = "years_behind") -> list[LevelContrast]:
    """Contrast the levels of each factor with its first level, at points that agree in all else."""
    spec = results.spec
    numbers, values = results.outcome(outcome)
    points: list[Point] = [spec.points[n] for n in numbers]
    found = []
    for key in spec.varied:
        levels = list(dict.fromkeys(shown(p.get(key)) for p in points))
        if key == "label" or not 2 <= len(levels) <= 40:
            continue
        places: dict[str, dict[str, int]] = {}
        for row, point in enumerate(points):
            place = repr({k: v for k, v in point.items() if k not in (key, "label")})
            places.setdefault(place, {})[shown(point.get(key))] = row
        for level in levels[1:]:
            pairs = [(p[level], p[levels[0]]) for p in places.values() if level in p and levels[0] in p]
            if not pairs:
                continue
            up, down = (np.array(side) for side in zip(*pairs, strict=True))
            with np.errstate(invalid="ignore"):  # a missing lag is infinite
                apart = paired_difference(values[up], values[down])
                difference, each = apart.mean(0), tuple(map(float, apart.mean(1)))
                low, high = interval(resampled_means(difference, spec.seed))
                mean = float(difference.mean())
            found.append(
                LevelContrast(key, level, levels[0], mean, float(low[0]), float(high[0]), len(pairs), each)
            )
    return found
