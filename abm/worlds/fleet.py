"""The fleet that trains: existing machines and the program's facilities, by site."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from juste_retour.abm.delivery.access import WHOLE, Capacity, Regime
from juste_retour.abm.delivery.operations import Practice
from juste_retour.abm.delivery.pooling import Fleet, Pool
from juste_retour.abm.worlds.cohorts import SiteMachines
from juste_retour.abm.worlds.institutions import Institutions
from juste_retour.abm.worlds.world import World
from juste_retour.agents.arrays import Booleans, Floats, Number
from juste_retour.agents.situation import Machines


@lru_cache(maxsize=4096)
def standing(machines: Machines, sites: int, operational: int) -> tuple[Floats, Floats, Booleans]:
    """Chips and peak FLOP/s of the strongest existing machine at each site, and whether its peak is guessed; (sites,).

    Args:
        machines: the existing machines.
        sites: number of sites.
        operational: how many of the machines, by date, count.
    """
    chips, peak, guessed = np.zeros(sites), np.zeros(sites), np.zeros(sites, bool)
    for k in np.argsort(machines.operational, kind="stable")[:operational]:
        j = machines.site[k]
        if machines.chips[k] * machines.peak[k] > chips[j] * peak[j]:
            chips[j], peak[j], guessed[j] = machines.chips[k], machines.peak[k], machines.guessed[k]
    return chips, peak, guessed


def operational(machines: Machines, year: float) -> int:
    """The number of existing machines that work at a decimal year."""
    return int((machines.operational <= year).sum())


def capacity_of(world: World, rows: NDArray[np.int64], chips: Floats) -> Capacity:
    """What a rule of access is handed in some worlds in this quarter; `chips` (rows, sites) work."""
    p = world.parameters(rows)
    return Capacity(world.year, chips, ~world.training.exited[rows], world.labs, world.states, p)


def access(world: World, institutions: Institutions, rows: NDArray[np.int64]) -> Regime:
    """The regime of access to the program's machines in some worlds in this quarter."""
    chips = np.where(world.working[rows], SiteMachines(world.program, rows, world.now).working_chips(), 0.0)
    return institutions.access_in(rows, capacity_of(world, rows, chips))


def fleet_of(
    world: World,
    institutions: Institutions,
    rows: NDArray[np.int64],
    works: Booleans,
    share: Number,
) -> Fleet:
    """The fleet of the program's facilities in some worlds in this quarter.

    A site with several cohorts of chips runs the job, on the newest chips alone or also on older ones, that has the best
    rate.

    Args:
        world: the state of the worlds.
        institutions: their rules.
        rows: positions of the worlds.
        works: (rows, sites) whether the facility works.
        share: share of the chips that one run may use, a number or (rows, 1).
    """
    candidates = SiteMachines(world.program, rows, world.now).candidates()
    chips, peaks = candidates[0]
    best = facilities(world, institutions, rows, np.where(works, chips, 0.0), peaks, share)
    top: Floats | None = None
    for newer, (chips, peaks) in pairwise(candidates):
        # the same chips have the same rate, so only other ones are rated
        other = works & (chips > 0) & ((chips != newer[0]) | (peaks != newer[1]))
        at = np.flatnonzero(other.any(1))
        if not len(at):
            continue
        if top is None:
            top = each_alone(institutions, best, rows).copy()
            best = replace(best, chips=best.chips.copy(), peak=best.peak.copy())
        part = share[at] if isinstance(share, np.ndarray) and share.ndim else share
        fleet = facilities(world, institutions, rows[at], np.where(other, chips, 0.0)[at], peaks[at], part)
        own = each_alone(institutions, fleet, rows[at])
        better = own > top[at]
        best.chips[at] = np.where(better, fleet.chips, best.chips[at])
        best.peak[at] = np.where(better, fleet.peak, best.peak[at])
        top[at] = np.maximum(own, top[at])
    return best


def facilities(
    world: World,
    institutions: Institutions,
    rows: NDArray[np.int64],
    chips: Floats,
    peaks: Floats,
    share: Number,
    practice: Practice | None = None,
) -> Fleet:
    """The fleet of facilities with these chips and peaks, (rows, sites) each; `share` as in `fleet_of`.

    They are run as the operations rule has it, unless `practice` says how.
    """
    p = world.parameters(rows)
    return Fleet(
        chips=chips * share,
        peak=peaks,
        practice=institutions.decide("operations", rows=rows) if practice is None else practice,
        p=p,
        ring=world.ring,
        talent=world.training.talent[rows],
    )


def standing_fleet(
    world: World, institutions: Institutions, rows: NDArray[np.int64], machines: int, *, whole: bool = False
) -> Fleet:
    """The fleet of the first `machines` existing machines, by date; of whole machines, or as access to them has it."""
    chips, peaks, guessed = standing(world.machines, world.sites.count, machines)
    p = world.parameters(rows)
    peaks = peaks * np.where(guessed, p.announced_peak, 1.0)
    chips = np.broadcast_to(chips, peaks.shape)
    share = (WHOLE if whole else institutions.standing_in(rows, capacity_of(world, rows, chips))).share(p.run_days)
    practice = institutions.standing_practice_in(rows)
    return facilities(world, institutions, rows, chips, peaks, share, practice)


def each_alone(institutions: Institutions, fleet: Fleet, rows: NDArray[np.int64] | None) -> Floats:
    """FLOP/s of each site of a fleet alone, under the pooling rule; (rows, sites)."""
    settings = institutions.settings("pooling", rows)
    if "joins" in settings:  # the rule then need not look for the best set of sites
        settings = settings | {"joins": False}
    return institutions.choice("pooling")(fleet, None, **settings).own


def run_of(institutions: Institutions, fleet: Fleet, before: Booleans | None, rows: NDArray[np.int64] | None) -> Pool:
    """The best run of a fleet under the pooling rule; `before` (rows, sites) is the pool so far."""
    return institutions.decide("pooling", fleet, before, rows=rows)
