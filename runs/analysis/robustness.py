"""Robustness: which institution does best at which parameters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from juste_retour.agents.errors import BadInput
from juste_retour.agents.rules import FAMILIES
from juste_retour.runs.analysis.clustered import over_replications
from juste_retour.runs.analysis.contrasts import paired_difference
from juste_retour.runs.analysis.sensitivity import binned, correlation_ratio
from juste_retour.runs.base.numerals import shown
from juste_retour.runs.base.resampling import half_width
from juste_retour.runs.engine.factors import SCENARIO, Factor, Level
from juste_retour.runs.engine.results import Results
from juste_retour.runs.results.paired import is_worse_when_high


@dataclass(frozen=True, eq=False)
class RobustnessMap:
    """Which level of an institution does best at each place in the parameter space.

    Attributes:
        outcome: the outcome that is compared.
        institution: the factor whose levels are compared.
        lower_is_better: whether a lower outcome is better.
        institutions: the levels compared.
        parameters: the parameters that span the space, those that change the margin most first.
        log: the parameters on a log scale.
        table: one row per place, with the parameters, `winner`, `probability` (share of the replications in which the
            winner is best), `margin` over the second, `clear` (whether the margin's 95 % interval excludes zero) and the
            mean under each level.
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
        """The share of the places at which each institution is clearly best."""
        clear = self.table["clear"]
        return {name: float((clear & (self.table["winner"] == name)).mean()) for name in self.institutions}


def robustness(results: Results, outcome: str = "years_behind", institution: str | None = None) -> RobustnessMap:
    """Compare institutions at every place of the parameter space, with common random numbers.

    Args:
        results: an experiment in which the institution is crossed with the parameters (a grid, or `cross` in a
            hypercube).
        outcome: the outcome that is compared.
        institution: the factor that is compared; by default the first that is a rule or a scenario.

    Raises:
        BadInput: no such factor, or no place at which two of its levels were run.
    """
    spec = results.spec
    key = institution or institution_of(spec.factors)
    if key is None or key not in spec.varied:
        raise BadInput(
            f"{results.out} does not vary {institution or 'a rule or a scenario'}; name a factor that is a rule or 'scenario'."
        )
    numbers, values = results.outcome(outcome)
    apart = results.independent(outcome)[1]
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
        block = values[at := [found[n] for n in here]]
        means = block.mean(1)
        best = int(np.argmin(means) if lower else np.argmax(means))
        second = int(np.argsort(means if lower else -means, kind="stable")[1])
        lead = paired_difference(apart[at[best]], apart[at[second]])
        few = results.solver_seeds is not None  # so few means have t intervals
        reach = np.ptp(over_replications(lead)[1:]) / 2 if few else half_width(lead)
        clear = bool(abs(lead.mean()) > reach) if np.isfinite(lead).all() else True
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
            f"{results.out} has no two levels of {key} at the same parameters; cross {key} with them in the design."
        )
    table = pd.DataFrame(rows)
    signed = np.where(table["winner"] == table["winner"].mode()[0], table["margin"], -table["margin"])
    moving = {
        k: correlation_ratio(signed, binned(list(table[k]), 8)) if np.isfinite(signed).all() else 0.0 for k in others
    }
    log = [f.key for f in spec.factors if f.scale == "log"]
    return RobustnessMap(outcome, key, lower, names, sorted(others, key=lambda k: -moving[k]), log, table)


def institution_of(factors: Sequence[Factor]) -> str | None:
    """The first factor that is a rule or a scenario; None if there is none."""
    return next((f.key for f in factors if f.key == SCENARIO or f.key in FAMILIES), None)


def _plain(level: Level) -> Level:
    """A number as it is, any other level as text."""
    return level if isinstance(level, int | float) and not isinstance(level, bool) else shown(level)
