"""The reading of the race: how far behind the frontier, as a mean over the quarters of a window.

A single date is a bad measure of a purchase made once: after it the lag grows by one year per year, and whoever buys
later buys newer chips. The mean over the years that follow the announcement counts the wait too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from juste_retour.agents.arrays import Floats, Integers, total


@dataclass(frozen=True, eq=False)
class Reading:
    """The race over a window, (worlds,) each.

    Attributes:
        years_behind: mean compute lag; infinite where no quarter has a run.
        years_behind_at_end: the lag in the last quarter.
        least_years_behind: the smallest lag.
        capability_lag_years: mean capability lag; infinite where no quarter has a run.
        quarters_without_run: quarters whose lag counts as the cap.
    """

    years_behind: Floats
    years_behind_at_end: Floats
    least_years_behind: Floats
    capability_lag_years: Floats
    quarters_without_run: Integers


def capped(lag: Floats, cap: Floats) -> Floats:
    """Lags, of which those without a run or above the cap count as the cap, years; shapes broadcast."""
    with np.errstate(invalid="ignore"):
        return np.where(lag < cap, lag, cap)


def reading(lag: Floats, capability_lag: Floats, cap: Floats) -> Reading:
    """Read a window.

    Args:
        lag: (worlds, quarters) compute lag, years; infinite or NaN where nothing runs.
        capability_lag: (worlds, quarters) likewise.
        cap: (worlds, 1) or a number: `lag_cap_years`.

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
