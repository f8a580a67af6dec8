"""Updates the best single training run of the machines that work, only in worlds where something changed.

Existing machines that may not join others are rated once for each date. So is each facility if sites train alone,
because its rate then does not change while it works.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from juste_retour.abm.delivery.gradient_exchange import run_flop as flop
from juste_retour.abm.delivery.pooling import Pool
from juste_retour.abm.worlds.cohorts import ordered
from juste_retour.abm.worlds.environment import Environment
from juste_retour.abm.worlds.fleet import fleet_of, operational, run_of
from juste_retour.agents.arrays import Booleans, Floats


def run_flop(env: Environment) -> Floats:
    """The largest single run of the machines that work, FLOP; (worlds,)."""
    refresh(env)
    return flop(env.world.training.rate, env.world.p)


def note_changes(env: Environment, stopped: Booleans) -> None:
    """Mark the worlds whose best run may change this quarter, because a site opens, grows, stops or resumes.

    Args:
        env: the run.
        stopped: (worlds, sites) whether a scandal closes the site this quarter.
    """
    world, program, training = env.world, env.world.program, env.world.training
    d = program.delivered
    opened = (program.selected >= 0) & ~d.cancelled & ((d.ready == world.now) | (d.complete == world.now))
    if program.later or program.renewals:
        opened |= ordered(program, world.now)
    training.stale |= (opened | (stopped != program.stopped)).any(-1)


def note_machines(env: Environment) -> None:
    """Update the number of existing machines that work; if they may join others, all runs may change."""
    world, training = env.world, env.world.training
    machines = operational(world.machines, world.year)
    if machines != training.operational:
        training.stale[:] |= env.institutions.standing_access.joins
        training.operational, training.combined = machines, False


def refresh(env: Environment) -> None:
    """Update the best run in the worlds where something changed."""
    training, apart = env.world.training, not env.institutions.standing_access.joins
    rows = np.flatnonzero(training.stale)
    if len(rows):
        pool = _of_facilities(env, rows, training.facilities.members[rows])
        training.facilities.write(rows, pool)
        training.stale[rows], training.combined = False, False
    if not training.combined:
        best = training.facilities
        if apart:  # existing machines train alone, and the better run counts
            best = best.or_better(env.standing(training.operational))
        training.rate, training.pool, training.combined = best.rate, best.members, True


def _of_facilities(env: Environment, rows: NDArray[np.int64], before: Booleans) -> Pool:
    """The best run, in some worlds, of the facilities that work and of the existing machines that may join them."""
    world, institutions = env.world, env.institutions
    if institutions.standing_access.joins:
        fleet = fleet_of(world, institutions, rows, world.working[rows], world.training.operational)
    elif institutions.local_pooling and world.constant_rates:
        return Pool.alone(np.where(world.working[rows], _rates(env, rows), 0.0))
    else:
        fleet = fleet_of(world, institutions, rows, world.working[rows], 0)
    return run_of(institutions, fleet, before, rows)


def _rates(env: Environment, rows: NDArray[np.int64]) -> Floats:
    """FLOP/s of each selected facility alone, working or not; (rows, sites)."""
    world, training = env.world, env.world.training
    unrated = np.flatnonzero(training.unrated)
    if len(unrated):
        everything = np.ones((len(unrated), world.sites.count), bool)
        fleet = fleet_of(world, env.institutions, unrated, everything, 0)
        training.own[unrated] = run_of(env.institutions, fleet, None, unrated).own
        training.unrated[unrated] = False
    return training.own[rows]
