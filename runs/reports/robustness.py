"""Robustness: which institution wins at which parameters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from juste_retour.agents.errors import BadInput
from juste_retour.agents.rules import FAMILIES
from juste_retour.runs.contrasts.contrasts import paired_difference
from juste_retour.runs.contrasts.paired import is_worse_when_high
from juste_retour.runs.contrasts.resampling import half_width
from juste_retour.runs.experiments.factors import SCENARIO, Factor, Level
from juste_retour.runs.experiments.results import Results
from juste_retour.runs.numerals import shown
from juste_retour.runs.reports.sensitivity import binned, correlation_ratio


@dataclass(frozen=True, eq=False)
class RobustnessMap:
    """Which level of an institution wins where: one row of `table` per place in the parameter space.

    `table` has the parameters, `winner`, `probability` (of worlds in which the winner is best), `margin` over the second,
    `clear` (whether the 95 % interval of the margin excludes zero) and the mean under each level. `institutions` are the levels compared, `parameters` what spans the space, those
    that move the margin most first; `log` names those that are drawn by their logarithm.
    """

    outcome: str
    institution: str
    lower_is_better: bool
    institutions: list[str]
    parameters: list[str]
    log: list[str]
    table: pd.DataFrame

    @property
    def share(self) -> dict[str, float]:
        """Share of the places that each institution clearly wins."""
        clear = self.table["clear"]
        return {name: float((clear & (self.table["winner"] == name)).mean()) for name in self.institutions}


def robustness(
    results: Results, outcome: str = "years_behind", institution: str | None = None
) -> RobustnessMap:
    """Compare institutions at every place of the parameter space, with common random numbers.

    Args:
        results: an experiment in which the institution is crossed with the parameters (a grid, or a hypercube's
            `cross`).
        outcome: what to win by.
        institution: the factor that is compared; the first that is no range, by default.
    """
    spec = results.spec
    key = institution or institution_of(spec.factors)
    if key is None or key not in spec.varied:
        raise BadInput(
            f"{results.out}: no factor {institution or ''!r} of institutions to compare is varied."
        )
    numbers, values = results.outcome(outcome)
    places: dict[str, dict[str, int]] = {}
    others = [k for k in spec.varied if k not in (key, "label")]
    for row, number in enumerate(numbers):
        point = spec.points[number]
        place = repr([point.get(k) for k in others])
        places.setdefault(place, {})[shown(point[key])] = row
    names = list(dict.fromkeys(shown(spec.points[n][key]) for n in numbers))
    lower = is_worse_when_high(outcome)
    rows = []
    for found in places.values():
        if len(found) < 2:
            continue
        here = [n for n in names if n in found]
        block = values[[found[n] for n in here]]
        means = block.mean(1)
        best = int(np.argmin(means) if lower else np.argmax(means))
        second = int(np.argsort(means if lower else -means, kind="stable")[1])
        lead = paired_difference(block[best], block[second])
        clear = bool(abs(lead.mean()) > half_width(lead)) if np.isfinite(lead).all() else True
        ahead = block == (block.min(0) if lower else block.max(0))
        point = spec.points[numbers[found[here[best]]]]
        rows.append(
            {k: _plain(point.get(k)) for k in others}
            | {"winner": here[best], "probability": float((ahead[best] / ahead.sum(0)).mean())}
            | {"margin": float(np.abs(np.diff(np.sort(means if lower else -means)[:2]))[0])}
            | {"clear": clear}
            | {f"mean_{n}": float(m) for n, m in zip(here, means, strict=True)}
        )
    if not rows:
        raise BadInput(
            f"{results.out}: nowhere do two levels of {key} meet the same parameters; cross them in the design."
        )
    table = pd.DataFrame(rows)
    signed = np.where(table["winner"] == table["winner"].mode()[0], table["margin"], -table["margin"])
    moving = {
        k: correlation_ratio(signed, binned(list(table[k]), 8)) if np.isfinite(signed).all() else 0.0
        for k in others
    }
    log = [f.key for f in spec.factors if f.scale == "log"]
    return RobustnessMap(outcome, key, lower, names, sorted(others, key=lambda k: -moving[k]), log, table)


def institution_of(factors: Sequence[Factor]) -> str | None:
    """The first factor that is a rule or a scenario."""
    return next((f.key for f in factors if f.key == SCENARIO or f.key in FAMILIES), None)


def _plain(level: Level) -> Level:
    """A number as it is, anything else in words."""
    return level if isinstance(level, int | float) and not isinstance(level, bool) else shown(level)
