"""Cohorts of chips: money for a site that is spent in several orders, and machines that are renewed when they are old.

A later order goes through procurement again, uses the existing hall and buys the chips of its date. Each cohort has a
`Delivered` of its own, (worlds, sites). A site's job may use its newest chips alone, or older ones too.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from juste_retour.abm.delivery.building import NEVER, Delivered
from juste_retour.abm.delivery.chips import h100_equivalents
from juste_retour.abm.worlds.scenario import Scenario
from juste_retour.abm.worlds.world import Program
from juste_retour.agents.arrays import Booleans, Floats

Order = tuple[int, float]  # quarter since year 0, and the share of a site's money that is spent then


def orders(scenario: Scenario, now: int) -> list[Order]:
    """The orders that spend the money of a site selected in the quarter `now`, by date; their shares sum to 1.

    >>> from juste_retour.abm.worlds.scenario import load
    >>> orders(load("eu-status-quo").changed({"tranches": 2}), 8100)
    [(8100, 0.5), (8104, 0.5)]
    """
    if not scenario.schedule:
        return [(now + 4 * k, 1 / scenario.tranches) for k in range(scenario.tranches)]
    money = sum(amount for _, amount in scenario.payments)
    due: dict[int, float] = {}
    for when, amount in scenario.payments:
        at = max(4 * when, now)
        due[at] = due.get(at, 0.0) + amount / money
    return sorted(due.items())


def ordered(program: Program, now: int) -> Booleans:
    """(worlds, sites) whether a later order or a renewal starts to work in the quarter `now`."""
    found = np.zeros(program.selected.shape, bool)
    for cohort in (*program.later, *program.renewals):
        found |= ~cohort.cancelled & (cohort.ready == now)
    return found


class SiteMachines:
    """The cohorts of each site in one quarter, in some worlds; all arrays are (rows, sites).

    Args:
        program: the selected sites and their delivery.
        rows: positions of the worlds.
        now: the quarter.
    """

    def __init__(self, program: Program, rows: NDArray[np.int64], now: int):
        self.program, self.rows, self.now = program, rows, now

    def candidates(self) -> list[tuple[Floats, Floats]]:
        """The chips and peak, FLOP/s, of the jobs that a site could run: on its newest chips, then also on older ones.

        A job on chips of several dates runs at the speed of the oldest. A renewal replaces all earlier chips.
        """
        p, rows = self.program, self.rows
        first = p.delivered
        if not p.later and not p.renewals:
            return [(first.powered(rows, self.now), first.peak[rows])]
        chips, peak = np.zeros(first.chips[rows].shape), np.zeros(first.chips[rows].shape)
        replaced = np.zeros(chips.shape, bool)
        found = []
        for cohort in reversed([first, *p.later, *p.renewals]):
            renewal = any(cohort is other for other in p.renewals)
            there = (cohort.ready[rows] <= self.now) & ~cohort.cancelled[rows] & ~replaced
            chips = chips + np.where(there, cohort.powered(rows, self.now), 0.0)
            peak = np.where(there, cohort.peak[rows], peak)
            if renewal:
                replaced |= there
            found.append((chips, peak))
        return found

    def working_chips(self) -> Floats:
        """The chips of all cohorts that are ready and have power."""
        return self.candidates()[-1][0]

    def contracted(self, name: str) -> Floats:
        """The sum of `chips`, `spend` or `power_mw` over cohorts under contract; a renewal replaces chips and power."""
        p, rows = self.program, self.rows
        out = np.where(self._signed(p.delivered), getattr(p.delivered, name)[rows], 0.0)
        for cohort in p.later:
            out = out + np.where(self._signed(cohort), getattr(cohort, name)[rows], 0.0)
        for cohort in p.renewals:
            signed, new = self._signed(cohort), getattr(cohort, name)[rows]
            out = np.where(signed, out + new if name == "spend" else new, out)
        return out

    def h100_equivalents(self) -> Floats:
        """The chips under contract, in H100 equivalents."""
        p, rows = self.program, self.rows

        def counted(cohort: Delivered) -> Floats:
            chips = np.where(self._signed(cohort), cohort.chips[rows], 0.0)
            return np.asarray(h100_equivalents(chips, cohort.peak[rows]))

        out = counted(p.delivered)
        for cohort in p.later:
            out = out + counted(cohort)
        for cohort in p.renewals:
            out = np.where(self._signed(cohort), counted(cohort), out)
        return out

    def _signed(self, cohort: Delivered) -> Booleans:
        chosen = self.program.selected[self.rows] >= 0
        return chosen & ~cohort.cancelled[self.rows] & (cohort.contracted[self.rows] <= self.now)


def due_for_renewal(program: Program, now: int, life_years: Floats) -> Booleans:
    """(worlds, sites) whether the site's newest machine reaches the age `life_years` (worlds, 1) now; 0 for never."""
    newest = np.where(program.delivered.cancelled, NEVER, program.delivered.ready)
    for cohort in (*program.later, *program.renewals):
        newest = np.where(cohort.ready < NEVER, np.maximum(newest, cohort.ready), newest)
    age = np.rint(4 * life_years).astype(np.int64)
    return (life_years > 0) & (newest + age == now) & ~program.own_money
