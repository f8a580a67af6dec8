"""The schedule of a quarter, on one page: politics, contracts, building, operations, training, learning."""

from __future__ import annotations

from typing import Any

import numpy as np

from juste_retour.abm.delivery.exchange import run_flop as flop
from juste_retour.abm.delivery.frontier import capability_lag, compute_lag, frontier
from juste_retour.abm.delivery.operations import talent_factor
from juste_retour.abm.delivery.talent import moved
from juste_retour.abm.fleet import fleet_of, operational
from juste_retour.abm.politics.council import Council
from juste_retour.abm.records import Exit, HeldBallot, TimelineQuarter
from juste_retour.agents.arrays import total


def advance(world: Any) -> None:
    """Let a quarter pass in every world."""
    world.now += 1
    bargain(world)
    operate(world)
    train(world)
    learn(world)
    read(world)


def bargain(world: Any) -> None:
    """Those who have not settled meet; what passes is selected and goes to contract, then to building."""
    rows = np.flatnonzero(~world.settled)
    if world.now < world.announced or not len(rows):
        return
    council = Council(world, rows)
    motion = world.decide("agenda", council, rows=rows)
    if motion is None:
        return
    _keep_ballots(world, council, motion)
    plan = np.where(motion.passed[:, None], motion.plan, 0.0)
    world.enact(rows, plan, np.where(motion.passed[:, None], motion.pledged, 0.0))
    world.transfers[rows] += np.where(motion.passed[:, None], motion.transfer, 0.0)
    failed = motion.held & ~motion.passed
    union_part = world.decide("funding", world.states, world.decider, rows=rows).union
    lost = np.reshape(motion.sunk, (-1, 1)) * union_part * total(motion.plan)[:, None]
    world.envelope[rows] -= np.where(failed[:, None], lost, 0.0)
    world.rounds[rows] += 1
    _remember(world, rows, motion)
    world.settled[rows] = motion.last
    if world.choice("agenda").marks.get("calls"):
        return
    given_up = ~world.settled[rows] & (
        (world.rounds[rows] >= world.p.rounds_limit[rows, 0]) | (world.now == world.last)
    )
    if given_up.any():
        _revert(world, rows[given_up])


def _revert(world: Any, rows: Any) -> None:
    """Nothing was agreed: the reversion rule says what stands."""
    plan, own = Council(world, rows).reversion
    world.enact(rows, plan, np.zeros(plan.shape), own)
    world.settled[rows] = True


def _keep_ballots(world: Any, council: Council, motion: Any) -> None:
    held = motion.held
    world.yes_votes[council.rows] += motion.yes & held[:, None]
    world.no_votes[council.rows] += motion.no & held[:, None]
    if held.any():
        world.ballots.append(
            HeldBallot(
                world.quarter,
                council.rows[held],
                agenda=world.scenario.rules["agenda"].rule,
                rule=world.scenario.rules["voting"].rule,
                yes=motion.yes[held],
                no=motion.no[held],
                union_yes=motion.union_yes[held],
                commission_votes=world.commission_votes,
                passed=motion.passed[held],
            )
        )


def _remember(world: Any, rows: Any, motion: Any) -> None:
    rate = world.p.learning_rate[rows]
    learnt = world.memory[rows] + rate * (motion.gain - world.memory[rows])
    world.memory[rows] = np.where(motion.held[:, None], learnt, world.memory[rows])


def operate(world: Any) -> None:
    """Contracts are signed, sites open, scandals close one for a quarter."""
    d = world.delivered
    chosen = world.selected >= 0
    if not chosen.any():
        return
    hazard = world.practice.scandal_a_year
    stopped = world.stopped
    if np.any(np.asarray(hazard) > 0):
        open_ = chosen & ~d.cancelled & (d.ready <= world.now)
        if open_.any():
            luck = world.yearly("scandal", world.sites.count)
            stopped = (
                open_ & (luck < hazard) & (np.floor(4 * luck / np.maximum(hazard, 1e-300)) == world.now % 4)
            )
    opened = (chosen & ~d.cancelled & ((d.ready == world.now) | (d.complete == world.now))).any(-1)
    world.stale |= opened | (stopped != world.stopped).any(-1)
    world.stopped = stopped


def train(world: Any) -> None:
    """The best single run of what works now; only where something changed."""
    machines = operational(world.machines, world.year)
    if machines != world.operational or (world.renews and world.now % 4 == 0):
        world.stale[:] = True
        world.operational = machines
    if world.local_pooling and not world.asked:
        return  # the best run hangs on single sites and needs no history: it is read when it is asked for
    refresh(world)


def refresh(world: Any) -> None:
    """Bring the best run up to date in the worlds where something changed."""
    rows = np.flatnonzero(world.stale)
    if not len(rows):
        return
    fleet = fleet_of(world, rows, world.working[rows], world.operational, world.year)
    pool = world.decide("pooling", fleet, world.pool[rows], rows=rows)
    world.rate[rows], world.pool[rows] = pool.rate, pool.members
    world.stale[rows] = False


def learn(world: Any) -> None:
    """Once a year the labs of the Union ask whether to stay."""
    if world.now % 4 != 3 or world.now <= world.announced or not world.labs.count:
        return
    refresh(world)
    p, labs = world.p, world.labs
    equivalent = world.rate / (p.chip_peak[:, 0] * p.mfu_reference[:, 0])
    usable = (p.access_share[:, 0] * equivalent)[:, None]
    hired = labs.capital * 1e9 / p.cloud_price_eur_year
    outside = np.maximum(np.maximum(labs.accelerators, hired), p.least_outside_accelerators)[..., None]
    home = (labs.home >= 0)[:, None]
    market = world.market(np.arange(world.count), usable, np.zeros(usable.shape), home, outside)
    advantage = np.asarray(world.decide_by_actor("anchor", market))[..., 0]
    mine = (labs.home >= 0) & np.array([k == "company" for k in labs.kind], dtype=bool)
    world.exited = mine & (advantage < 0)
    world.record(Exit, np.arange(world.count), advantage=advantage, exited=world.exited)
    follow_the_machines(world)


def follow_the_machines(world: Any) -> None:
    """Talent moves toward sites that work and away from a gap; only where it matters."""
    if not np.any(world.p.talent_elasticity > 0):
        return
    fleet = fleet_of(world, np.arange(world.count), world.working, world.operational, world.year)
    gap = np.asarray(compute_lag(run_flop(world), world.year, world.p)).reshape(-1)
    world.near = moved(world.near, fleet.chips * fleet.peak, gap, world.exited_share, world.p)
    world.talent = talent_factor(world.near, 1.0, world.p)
    world.stale[:] = True


def run_flop(world: Any) -> Any:
    """Largest single run of the machines that work, FLOP; (worlds,)."""
    refresh(world)
    return flop(world.rate, world.p)


def read(world: Any) -> None:
    """Read the race: at the assessment, and in every quarter where a timeline is asked for."""
    if world.now != world.assessed and world.timeline is None:
        return
    race = race_of(world, run_flop(world))
    if world.now == world.assessed:
        world.race = race
    if world.timeline is not None:
        world.timeline.append(TimelineQuarter(world.quarter, **standing(world), **race))


def race_of(world: Any, run: Any) -> dict[str, Any]:
    """The largest run, FLOP (worlds,), against this quarter's frontier."""
    at_the_frontier = np.asarray(frontier(world.year, world.p)).reshape(-1)
    return {
        "largest_run_flop": run,
        "frontier_flop": np.broadcast_to(at_the_frontier, run.shape).copy(),
        "years_behind": np.asarray(compute_lag(run, world.year, world.p)).reshape(-1),
        "capability_lag_years": np.asarray(capability_lag(run, world.year, world.p)).reshape(-1),
    }


def standing(world: Any) -> dict[str, Any]:
    """How far the programme has come, (worlds,) each."""
    works = world.working
    return {
        "selected": world.live.sum(-1),
        "contracted": world.contracted.sum(-1),
        "working": works.sum(-1),
        "working_accelerators": total(
            np.where(works, world.delivered.powered(np.arange(world.count), world.now), 0.0)
        ),
        "exited_labs": world.exited.sum(-1),
    }
