"""The fleet that trains: existing machines and the program's facilities, by site."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from juste_retour.abm.delivery.pooling import Fleet, Pool, best_run
from juste_retour.abm.worlds.cohorts import SiteMachines
from juste_retour.abm.worlds.institutions import Institutions
from juste_retour.abm.worlds.world import World
from juste_retour.agents.arrays import Booleans, Floats
from juste_retour.agents.situation import Machines


@lru_cache(maxsize=4096)
def standing(machines: Machines, sites: int, operational: int) -> tuple[Floats, Floats]:
    """Chips and peak FLOP/s of the strongest existing machine at each site, both (sites,).

    Args:
        machines: the existing machines.
        sites: number of sites.
        operational: how many of the machines, by date, count.
    """
    chips, peak = np.zeros(sites), np.zeros(sites)
    for k in np.argsort(machines.operational, kind="stable")[:operational]:
        j = machines.site[k]
        if machines.chips[k] * machines.peak[k] > chips[j] * peak[j]:
            chips[j], peak[j] = machines.chips[k], machines.peak[k]
    return chips, peak


def operational(machines: Machines, year: float) -> int:
    """The number of existing machines that work at a decimal year."""
    return int((machines.operational <= year).sum())


def fleet_of(
    world: World,
    institutions: Institutions,
    rows: NDArray[np.int64],
    works: Booleans,
    machines: int,
) -> Fleet:
    """The fleet of some worlds in this quarter.

    If a site has both an existing machine and a facility, the stronger one counts. A site with several cohorts of chips
    runs the job, on the newest chips alone or also on older ones, that has the best rate.

    Args:
        world: the state of the worlds.
        institutions: their rules.
        rows: positions of the worlds.
        works: (rows, sites) whether the facility works.
        machines: how many of the existing machines, by date, count.
    """
    candidates = SiteMachines(world.program, rows, world.now).candidates()
    fleets = [
        combine(world, institutions, rows, np.where(works, chips, 0.0), peaks, machines)
        for chips, peaks in candidates
    ]
    best = fleets[0]
    if len(fleets) == 1:
        return best
    top = run_of(institutions, best, None, rows).own
    for fleet in fleets[1:]:
        own = run_of(institutions, fleet, None, rows).own
        better = own > top
        best = replace(
            best,
            chips=np.where(better, fleet.chips, best.chips),
            peak=np.where(better, fleet.peak, best.peak),
            joins=np.where(better, fleet.joins, best.joins),
        )
        top = np.maximum(own, top)
    return best


def combine(
    world: World,
    institutions: Institutions,
    rows: NDArray[np.int64],
    chips: Floats,
    peaks: Floats,
    machines: int,
) -> Fleet:
    """The fleet of facilities with these chips and peaks (rows, sites), and of the first `machines` existing ones."""
    old_chips, old_peak = standing(world.machines, world.sites.count, machines)
    regime, before = institutions.access_in(rows), institutions.standing_access
    new, old = chips * regime.share, old_chips * before.share
    newer = new * peaks >= old * old_peak
    return Fleet(
        chips=np.where(newer, new, old),
        peak=np.where(newer, peaks, old_peak),
        practice=institutions.decide("operations", rows=rows),
        p=world.parameters(rows),
        ring=world.ring,
        talent=world.training.talent[rows],
        joins=np.where(newer, regime.joins, before.joins),
    )


def run_of(
    institutions: Institutions, fleet: Fleet, before: Booleans | None, rows: NDArray[np.int64] | None
) -> Pool:
    """The best run of a fleet under the pooling rule; `before` (rows, sites) is the pool so far."""
    return best_run(lambda some, known: institutions.decide("pooling", some, known, rows=rows), fleet, before)
