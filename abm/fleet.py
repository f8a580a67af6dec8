"""What works where: the machines that stand already and the facilities of the program, as one fleet of sites."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from juste_retour.abm.cohorts import SiteMachines
from juste_retour.abm.delivery.pooling import Fleet, Pool, best_run
from juste_retour.abm.institutions import Institutions
from juste_retour.abm.world import World
from juste_retour.agents.arrays import Booleans, Floats
from juste_retour.agents.situation import Machines


@lru_cache(maxsize=4096)
def standing(machines: Machines, sites: int, operational: int) -> tuple[Floats, Floats]:
    """Chips and peak by site of the first `operational` machines in order of their dates, each site's strongest."""
    chips, peak = np.zeros(sites), np.zeros(sites)
    for k in np.argsort(machines.operational, kind="stable")[:operational]:
        j = machines.site[k]
        if machines.chips[k] * machines.peak[k] > chips[j] * peak[j]:
            chips[j], peak[j] = machines.chips[k], machines.peak[k]
    return chips, peak


def operational(machines: Machines, year: float) -> int:
    """How many machines work by a date."""
    return int((machines.operational <= year).sum())


def fleet_of(
    world: World,
    institutions: Institutions,
    rows: NDArray[np.int64],
    works: Booleans,
    machines: int,
) -> Fleet:
    """The fleet of some worlds: facilities that work (rows, sites), and the first `machines` that stood already.

    Where a site has both, the stronger one is its main machine. A site with several cohorts runs the job over the newest
    of its chips that gives the best rate alone.
    """
    candidates = SiteMachines(world.programme, rows, world.now).candidates()
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
    """The fleet of facilities (rows, sites) beside the first `machines` that stood already."""
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
    """The best run of a fleet under the pooling rule, given the best pool so far."""
    return best_run(lambda some, known: institutions.decide("pooling", some, known, rows=rows), fleet, before)
