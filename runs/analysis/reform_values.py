"""Votes on a reform at other values of the parameters: over draws of all, and over the range of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from juste_retour.abm.worlds.scenario import Scenario
from juste_retour.agents.arrays import Booleans, Floats
from juste_retour.agents.errors import BadInput
from juste_retour.runs.analysis.consent import UNCHANGED, Adoption
from juste_retour.runs.analysis.contrasts import paired_difference
from juste_retour.runs.analysis.packages import Sample, parts_of
from juste_retour.runs.base.statistics import HIGH, LOW, quantile, wilson
from juste_retour.runs.results.paired import Found, Runs
from juste_retour.runs.results.parameter_draws import ParameterDraws
from juste_retour.runs.results.parameter_ranges import at_share, full_name, setting
from juste_retour.runs.results.switches import Switches

STEPS = 33  # values of a parameter that are tried for break-even


@dataclass(frozen=True)
class InDraws:
    """A package over draws of the parameters: the share of the draws in which it passes, with Wilson's 95 % interval.

    `best_that_passes` is the share of the draws in which it gains most among those that pass. Between `gain_low` and
    `gain_high` lie 90 % of the gains.
    """

    parts: tuple[str, ...]
    passing: float
    low: float
    high: float
    best_that_passes: float
    gain_years: float
    gain_low: float
    gain_high: float


@dataclass(frozen=True)
class BreakEven:
    """The values of a parameter for which a package passes: the ends of the runs of tried values; empty if there are none."""

    parts: tuple[str, ...]
    intervals: list[tuple[float, float]]


@dataclass(frozen=True, eq=False)
class Means:
    """Mean outcomes of the packages at some values of the parameters.

    Attributes:
        values: the parameter draws, or values of one parameter.
        utility: (values, packages + 1, states) EUR bn; the first package is today's institutions.
        gain: (values, packages) years.
    """

    values: ParameterDraws
    utility: Floats
    gain: Floats

    @classmethod
    def of(cls, mixtures: Sequence[Scenario], runs: Runs, values: ParameterDraws, **how: Any) -> Means:
        """Run all mixtures at each value; `how` as in `Sample.of`."""
        sample = Sample.of(mixtures, runs, values.count * values.each, **how)
        shape = len(mixtures), values.count, values.each
        utility = np.moveaxis(sample.utility.reshape(*shape, -1).mean(2), 0, 1)
        return cls(
            values,
            utility,
            paired_difference(sample.lag[:1], sample.lag).reshape(shape).mean(2)[1:].T,
        )

    def passing(self, built: Switches, vote: Adoption) -> Booleans:
        """Whether each package passes at each value, (values, packages)."""
        yes = self.utility[:, 1:] - self.utility[:, :1] > UNCHANGED
        passed = [vote.passes(yes[:, m], vote.rules(parts_of(built, m + 1))) for m in range(yes.shape[1])]
        return np.stack(passed, axis=-1)


def checked_parameter(name: str, built: Switches) -> str:
    """The full name of a parameter with a range that at least one scenario uses."""
    name = full_name(name, built.source)
    at_share(name, np.zeros(1))  # refuses an unknown parameter and one without a range
    if all(setting(scenario, name) is None for scenario in (built.source, built.target)):
        raise BadInput(f"--break-even is {name!r}, which neither scenario uses; name a parameter of a rule in use.")
    return name


def range_of(parameter: str, each: int) -> ParameterDraws:
    """The values of a parameter that are tried, over its range."""
    tried = at_share(parameter, np.linspace(0, 1, STEPS))
    return ParameterDraws(pd.DataFrame({parameter: tried}), (parameter,), 0, "the range", each)


class AtValues(Runs):
    """Runs at each of some values of a parameter, which `draws` holds, with the same random numbers at each value."""

    def of(self, scenario: Scenario, first: int, count: int) -> Found:
        """Outcomes of runs `first` to `first + count`; run k has the value k // `draws.each`."""
        k, each = np.arange(first, first + count), self.draws.each if self.draws else count
        return self._measured(self.at(scenario, k), k % each, self.measured, price=False)


def in_draws(built: Switches, means: Means, vote: Adoption) -> tuple[list[InDraws], tuple[float, float, float]]:
    """Each package over the draws, and the share of the draws, with its interval, in which no package passes."""
    passing, gains, count = means.passing(built, vote), means.gain, means.values.count
    names = [parts_of(built, m) for m in range(1, len(built.mixtures))]
    order = sorted(range(len(names)), key=lambda k: (len(names[k]), names[k]))
    worth = np.where(passing & (gains > 0), gains, -np.inf)[:, order]
    best = np.where(worth.max(1) > 0, np.array(order)[worth.argmax(1)], -1)
    rows = []
    for k, parts in enumerate(names):
        hits, led = int(passing[:, k].sum()), float((best == k).mean())
        spread = (quantile(gains[:, k], share) for share in (0.5, LOW, HIGH))
        rows.append(InDraws(parts, hits / count, *wilson(hits, count), led, *spread))
    none = int((~passing.any(1)).sum())
    return rows, (none / count, *wilson(none, count))


def break_even(built: Switches, means: Means, vote: Adoption) -> tuple[list[BreakEven], list[tuple[float, float]]]:
    """The values for which each package passes, and those for which none does."""
    tried, passing = np.asarray(means.values.table.iloc[:, 0]), means.passing(built, vote)
    rows = [BreakEven(parts_of(built, m), runs_of(tried, column)) for m, column in enumerate(passing.T, 1)]
    return rows, runs_of(tried, ~passing.any(1))


def runs_of(values: Floats, true: Booleans) -> list[tuple[float, float]]:
    """The first and the last value of each run of neighbors at which a condition is true.

    >>> runs_of(np.array([1.0, 2.0, 3.0, 4.0]), np.array([True, True, False, True]))
    [(1.0, 2.0), (4.0, 4.0)]
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[False], true, [False]])))
    return [(float(values[a]), float(values[b - 1])) for a, b in edges.reshape(-1, 2)]
