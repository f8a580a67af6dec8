"""Computes how far the Union is behind the frontier, as a mean over the quarters of a window.

The lag at a single date is a bad measure of a purchase that is made once. After the purchase the lag grows by one year
per year, and a later purchase buys newer chips. A mean over the years after the announcement also counts the wait.
"""

from __future__ import annotations

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
