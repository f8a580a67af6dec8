"""Updates the best single training run of the machines that work, only in worlds where something changed.

Existing machines train alone and are rated once for each date. So is each facility if sites train alone, because its rate
then does not change while it works. Everything is rated twice: with the chips that one project gets, and with whole
machines.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from juste_retour.abm.delivery.access import WHOLE
from juste_retour.abm.delivery.gradient_exchange import run_flop as flop
from juste_retour.abm.delivery.pooling import Pool
from juste_retour.abm.worlds.cohorts import ordered
from juste_retour.abm.worlds.environment import Environment
from juste_retour.abm.worlds.fleet import access, fleet_of, operational, run_of
from juste_retour.agents.arrays import Booleans, Floats, total


def run_flop(env: Environment) -> Floats:
    """The largest single run of the machines that work, FLOP; (worlds,)."""
    refresh(env)
    return flop(env.world.training.rate, env.world.p)


def other_runs(env: Environment) -> dict[str, Floats]:
    """The runs of the other readings of capability, FLOP; (worlds,) each.

    `standing`: the largest run of the machines that stood before. `program`: that of the program's machines.
    `whole_machine`: the largest run if one project had whole machines. `all_machines`: the sum of what all machines
    could train, each as a whole and alone.
    """
    refresh(env)
    world, training = env.world, env.world.training
    old, whole = env.standing(training.operational), env.standing(training.operational, whole=True)
    new, entire = training.facilities, training.whole
    return {
        "standing": flop(old.rate, world.p),
        "program": flop(new.rate, world.p),
        # a run need not use the whole machine, if it is faster on a part of it
        "whole_machine": flop(np.maximum(np.maximum(entire.rate, whole.rate), training.rate), world.p),
        "all_machines": flop(total(np.maximum(entire.own, new.own)) + total(np.maximum(whole.own, old.own)), world.p),
    }


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
    """Update the number of existing machines that work."""
    world, training = env.world, env.world.training
    machines = operational(world.machines, world.year)
    if machines != training.operational:
        training.operational, training.combined = machines, False


def note_terms(env: Environment) -> None:
    """Mark all runs whose terms of access may change, with the quarter or because a lab leaves."""
    rules, training = env.institutions, env.world.training
    training.stale |= rules.renegotiated("access")
    training.combined &= not rules.renegotiated("standing")


def refresh(env: Environment) -> None:
    """Update the best run in the worlds where something changed."""
    training = env.world.training
    rows = np.flatnonzero(training.stale)
    if len(rows):
        for kept, new in zip((training.facilities, training.whole), _of_facilities(env, rows), strict=False):
            kept.write(rows, new)
        training.stale[rows], training.combined = False, False
    if not training.combined:
        best = training.facilities.or_better(env.standing(training.operational))
        training.rate, training.pool, training.combined = best.rate, best.members, True


def _of_facilities(env: Environment, rows: NDArray[np.int64]) -> list[Pool]:
    """The best run of the facilities that work, in some worlds; until the window ends, also with whole machines."""
    world, training = env.world, env.world.training
    works, before = world.working[rows], [training.facilities.members[rows], training.whole.members[rows]]
    constant = world.constant_rates and not env.institutions.renegotiated("access")
    if not (env.institutions.local_pooling and constant):
        return _rated(env, rows, works, before[: 1 + (world.now <= world.window[-1])])
    unrated = np.flatnonzero(training.unrated)
    if len(unrated):  # each selected facility is rated once, working or not
        everything = np.ones((len(unrated), world.sites.count), bool)
        found = _rated(env, unrated, everything, [None, None])
        training.own[unrated], training.whole_own[unrated] = (pool.own for pool in found)
        training.unrated[unrated] = False
    return [Pool.alone(np.where(works, own[rows], 0.0)) for own in (training.own, training.whole_own)]


def _rated(env: Environment, rows: NDArray[np.int64], works: Booleans, before: Sequence[Booleans | None]) -> list[Pool]:
    """The best run of facilities, and with two pools `before` also that of whole machines, from one call of the rule."""
    world, rules, times = env.world, env.institutions, len(before)
    every, days = np.tile(rows, times), world.p.run_days[rows]
    regimes = (access(world, rules, rows), WHOLE)[:times]
    share = np.concatenate([np.broadcast_to(regime.share(days), days.shape) for regime in regimes])
    fleet = fleet_of(world, rules, every, np.tile(works, (times, 1)), share)
    known = [x for x in before if x is not None]
    pool = run_of(rules, fleet, np.concatenate(known) if known else None, every)
    return [pool.rows(np.arange(k * len(rows), (k + 1) * len(rows))) for k in range(times)]
