"""Computes how far the Union is behind the frontier, as a mean over the quarters of a window.

The lag at a single date is a bad measure of a purchase that is made once. After the purchase the lag grows by one year
per year, and a later purchase buys newer chips. A mean over the years after the announcement also counts the wait.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from juste_retour.agents.arrays import Floats, Integers, total


@dataclass(frozen=True, eq=False)
class Reading:
    """The lag behind the frontier over a window, (worlds,) each.

    Attributes:
        years_behind: mean compute lag, years; infinite if no quarter has a run.
        years_behind_at_end: compute lag in the last quarter, years.
        least_years_behind: smallest compute lag, years.
        capability_lag_years: mean capability lag, years; infinite if no quarter has a run.
        quarters_without_run: number of quarters whose lag is replaced by the cap.
    """

    years_behind: Floats
    years_behind_at_end: Floats
    least_years_behind: Floats
    capability_lag_years: Floats
    quarters_without_run: Integers


@dataclass(frozen=True, eq=False)
class OtherReadings:
    """Lags of other runs than the largest one of a project, means over the window in years, (worlds,) each.

    Per world, the lag of the program is at least `years_behind`, which is at least the lag of whole machines, which is
    at least that of all machines.

    Attributes:
        whole_machine_years_behind: of the largest run if one project had whole machines.
        all_machines_years_behind: of all machines as if they were one: the sum of what each could train.
        program_years_behind: of the largest run of one project on the program's machines alone.
        program_gain_years: the lag of the machines that stood before, less `years_behind`.
        quarters_without_program: share of the quarters in which no machine of the program works; each counts as the cap
            in `program_years_behind`.
    """

    whole_machine_years_behind: Floats
    all_machines_years_behind: Floats
    program_years_behind: Floats
    program_gain_years: Floats
    quarters_without_program: Floats


def other_readings(lag: Floats, lags: Mapping[str, Floats], cap: Floats) -> OtherReadings:
    """Summarize the lags of the other runs.

    Args:
        lag: (worlds, quarters) compute lag of the largest run, years.
        lags: those of the runs that `training.other_runs` returns, by name, likewise.
        cap: the parameter `lag_cap_years`, a number or (worlds, 1).
    """

    def mean(x: Floats) -> Floats:
        return total(capped(x, cap)) / x.shape[-1]

    def read(x: Floats) -> Floats:
        return np.where((x < cap).any(-1), mean(x), np.inf)

    return OtherReadings(
        read(lags["whole_machine"]),
        read(lags["all_machines"]),
        read(lags["program"]),
        mean(lags["standing"]) - mean(lag),
        np.isinf(lags["program"]).mean(-1),
    )


def capped(lag: Floats, cap: Floats) -> Floats:
    """Replace by the cap each lag that is NaN or above the cap, years; shapes broadcast."""
    with np.errstate(invalid="ignore"):
        return np.where(lag < cap, lag, cap)


def reading(lag: Floats, capability_lag: Floats, cap: Floats) -> Reading:
    """Summarize the lags of a window.

    Args:
        lag: (worlds, quarters) compute lag, years; infinite or NaN where nothing runs.
        capability_lag: (worlds, quarters) capability lag, likewise.
        cap: the parameter `lag_cap_years`, a number or (worlds, 1).

    >>> lags = np.array([[1.0, 2.0, np.inf]])
    >>> read = reading(lags, lags, 20.0)
    >>> read.years_behind.item(), read.least_years_behind.item(), read.quarters_without_run.item()
    (7.666666666666667, 1.0, 1)
    """
    counted, quarters = capped(lag, cap), lag.shape[-1]
    without = (~(lag < cap)).sum(-1)
    none = without == quarters

    def mean(x: Floats) -> Floats:
        return np.where(none, np.inf, total(x) / quarters)

    return Reading(
        years_behind=mean(counted),
        years_behind_at_end=counted[:, -1],
        least_years_behind=counted.min(-1),
        capability_lag_years=mean(capped(capability_lag, cap)),
        quarters_without_run=without,
    )
