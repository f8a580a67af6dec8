"""The window of quarters over which lags are averaged: the first scenario's for all, and other windows of the same runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from juste_retour.abm.base.calendar import label, quarter
from juste_retour.abm.explanations.reader import series
from juste_retour.abm.outcomes import Outcomes
from juste_retour.abm.worlds.compute_lag import Reading, reading
from juste_retour.abm.worlds.scenario import Scenario
from juste_retour.agents.arrays import Floats
from juste_retour.agents.errors import BadInput

SIDE_BY_SIDE = (5.0, 7.0, 10.0)  # years
OF_A_WINDOW = {f.name for f in fields(Reading)} | {"largest_run_flop", "frontier_flop"}


@dataclass(frozen=True)
class Window:
    """The quarters over which lags are averaged: the `years` after the quarter `begin`, counted from year 0."""

    begin: int
    years: float

    @classmethod
    def of(cls, scenario: Scenario, years: float | None = None) -> Window:
        """The window of a scenario, or another one that begins at the same time."""
        begin = quarter(scenario.window_start or scenario.announcement, "window_start")
        return cls(begin, scenario.window_years if years is None else years)

    @property
    def quarters(self) -> list[str]:
        """The names of the quarters, such as "2024Q4"."""
        return [label(self.begin + k) for k in range(1, int(4 * self.years) + 1)]

    def within(self, scenario: Scenario) -> bool:
        """Whether a scenario's runs cover all of these quarters."""
        first, last = quarter(scenario.start, "start"), quarter(scenario.end, "end")
        return first <= self.begin + 1 and self.begin + int(4 * self.years) <= last

    def __str__(self) -> str:
        """The first and the last quarter."""
        return f"{self.quarters[0]} to {self.quarters[-1]}"


def in_one_window(scenarios: Sequence[Scenario]) -> list[Scenario]:
    """All scenarios with the window and the cap on the lag of the first.

    Raises:
        BadInput: a scenario does not run long enough for that window.
    """
    first = scenarios[0]
    dates = {(s.window_start, s.announcement, s.window_years, s.lag_cap_years) for s in scenarios}
    if len(dates) == 1:
        return list(scenarios)
    changes = {
        "window_start": first.window_start or first.announcement,
        "window_years": first.window_years,
        "lag_cap_years": first.lag_cap_years,
    }
    found = []
    for scenario in scenarios:
        try:
            found.append(scenario.changed(changes))
        except BadInput as error:
            raise BadInput(f"{scenario.name} cannot use the window of {first.name}: {error}") from None
    return found


def read_over(window: Window, found: Outcomes, name: str) -> Floats:
    """An outcome of `OF_A_WINDOW` over a window, from the timeline of runs; (worlds,)."""
    quarters = set(window.quarters)
    rows = [row for row in found.timeline if row.quarter in quarters]
    if name in ("largest_run_flop", "frontier_flop"):
        return series(rows[-1:], name)[:, 0]
    lag, capability = series(rows, "years_behind"), series(rows, "capability_lag_years")
    cap = np.array(found.scenarios[0].lag_cap_years)
    values: Floats = getattr(reading(lag, capability, cap), name)
    return values if found.scenarios[0].trains else np.full(values.shape, np.nan)
