"""The schedule of a quarter: bargaining, contracts, building, operations, training and learning."""

from __future__ import annotations

from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from juste_retour.abm.bargaining.council import Council
from juste_retour.abm.bargaining.facts import Facts
from juste_retour.abm.delivery.frontier import capability_lag, compute_lag, frontier
from juste_retour.abm.delivery.operations import talent_factor
from juste_retour.abm.delivery.talent import moved
from juste_retour.abm.politics.ballot_result import BallotResult
from juste_retour.abm.worlds.cohorts import SiteMachines
from juste_retour.abm.worlds.environment import Environment
from juste_retour.abm.worlds.fleet import access, fleet_of, standing_fleet
from juste_retour.abm.worlds.records import Exit, RecordedBallot, TimelineQuarter, Vote
from juste_retour.abm.worlds.training import note_changes, note_machines, note_terms, other_runs, refresh, run_flop
from juste_retour.abm.worlds.world import Race, World
from juste_retour.agents.arrays import Floats, Integers, total

Rows = NDArray[np.int64]


class Progress(TypedDict):
    """Counts that show the program's progress; (worlds,) each."""

    selected: Integers
    contracted: Integers
    working: Integers
    working_accelerators: Floats
    exited_labs: Integers


def advance(env: Environment) -> None:
    """Advance all worlds by one quarter."""
    env.world.now += 1
    bargain(env)
    operate(env)
    train(env)
    learn(env)
    read(env)


def bargain(env: Environment) -> None:
    """Hold a round of bargaining in the worlds that have not settled, and select the sites of plans that pass."""
    world, program = env.world, env.world.program
    rows = np.flatnonzero(~world.bargaining.settled)
    if world.now < world.announced or not len(rows):
        return
    council = Council(env, rows)
    result: BallotResult | None = env.institutions.decide("agenda", council, rows=rows)
    if result is None:
        return
    result = council.completed(result)
    _keep_ballots(env, rows, result)
    passed = result.passed[:, None]
    env.enact(rows, np.where(passed, result.plan, 0.0), np.where(passed, result.pledged, 0.0))
    program.transfers[rows] += np.where(passed, result.transfer, 0.0)
    failed = result.held & ~result.passed
    union_part = env.institutions.split_in(rows).union
    lost = np.reshape(result.sunk, (-1, 1)) * union_part * total(result.plan)[:, None]
    program.envelope[rows] -= np.where(failed[:, None], lost, 0.0)
    world.bargaining.rounds[rows] += np.where(result.waits, 0, 1)
    _update_memory(world, rows, result)
    world.bargaining.settled[rows] = result.ends
    if env.institutions.choice("agenda").marks.get("calls"):
        if result.tops_up:  # after the last wave the selected sites share the remaining money
            env.top_up(rows, Facts(env, rows).topped_up())
        return
    given_up = ~world.bargaining.settled[rows] & (
        (world.bargaining.rounds[rows] >= world.p.rounds_limit[rows, 0]) | (world.now == world.last)
    )
    if given_up.any():
        _revert(env, rows[given_up])


def _revert(env: Environment, rows: Rows) -> None:
    """Apply the reversion rule where nothing was agreed."""
    plan, own = Council(env, rows).reversion
    env.enact(rows, plan, np.zeros(plan.shape), own)
    env.world.bargaining.settled[rows] = True


def _keep_ballots(env: Environment, rows: Rows, result: BallotResult) -> None:
    """Count the votes, and record the ballot as the agenda protocol returned it."""
    held, bargaining, rules = result.held, env.world.bargaining, env.institutions.scenario.rules
    so_far = bargaining.rounds[rows][:, None], bargaining.yes_votes[rows], bargaining.no_votes[rows]
    bargaining.yes_votes[rows] += result.yes & held[:, None]
    bargaining.no_votes[rows] += result.no & held[:, None]
    if env.trace is not None and (terms := result.terms) is not None:
        env.record(
            Vote,
            rows,
            offer=terms.offer,
            failed=terms.failed,
            reservation=terms.reservation,
            votes=result.yes.astype(np.int64) - result.no,
            union_yes=result.union_yes,
            weight=terms.weight,
            letters=terms.letters,
            held=held,
            passed=result.passed,
            round=so_far[0],
            yes_votes=so_far[1],
            no_votes=so_far[2],
        )
    if held.any():
        env.ballots.append(
            RecordedBallot(
                env.world.quarter,
                rows[held],
                agenda=rules["agenda"].rule,
                rule=rules["voting"].rule,
                yes=result.yes[held],
                no=result.no[held],
                union_yes=result.union_yes[held],
                commission_votes=env.institutions.commission_votes,
                passed=result.passed[held],
            )
        )


def _update_memory(world: World, rows: Rows, result: BallotResult) -> None:
    """Update the average gain from offers, and the bids won and lost.

    A state that won starts its next application; one that lost submits the same application again.
    """
    bargaining, rate = world.bargaining, world.p.learning_rate[rows]
    learnt = bargaining.memory[rows] + rate * (result.gain - bargaining.memory[rows])
    bargaining.memory[rows] = np.where(result.held[:, None], learnt, bargaining.memory[rows])
    if result.bids is not None:
        hosts, applied = world.by_state(result.plan > 0) > 0, result.bids > 0
        won = applied & hosts & result.passed[:, None]
        bargaining.lost[rows] = applied & ~won
        bargaining.won[rows] += won
        bargaining.applied[rows] = applied
        bargaining.bids[rows] += result.bids


def operate(env: Environment) -> None:
    """Sign contracts, open sites, renew machines, and close sites with a scandal for this quarter."""
    world, program = env.world, env.world.program
    d, chosen = program.delivered, program.selected >= 0
    if not chosen.any():
        return
    _return_later_orders(env)
    env.renew()
    hazard = np.asarray(env.institutions.practice.scandal_a_year)
    stopped = program.stopped
    if np.any(hazard > 0):
        open_ = chosen & ~d.cancelled & (d.ready <= world.now)
        if open_.any():
            draw = env.yearly("scandal", world.sites.count)
            this_quarter = np.floor(4 * draw / np.maximum(hazard, 1e-300)) == world.now % 4
            stopped = open_ & (draw < hazard) & this_quarter
    note_changes(env, stopped)
    program.stopped = stopped


def _return_later_orders(env: Environment) -> None:
    """Return to the envelope the later orders of sites whose selection ends without a contract."""
    program = env.world.program
    if not program.later:
        return
    d = program.delivered
    lost = np.where(d.cancelled & (d.contracted == env.world.now), program.later_money, 0.0)
    program.planned -= lost
    program.later_money -= lost
    program.envelope += total(np.where(program.own_money, 0.0, lost))[:, None]


def train(env: Environment) -> None:
    """Update the best single run, if it depends on earlier quarters; otherwise it is computed when it is needed."""
    note_machines(env)
    note_terms(env)
    if not env.institutions.local_pooling or env.every_quarter:
        refresh(env)


def learn(env: Environment) -> None:
    """Let the Union's labs decide, once a year, whether to leave; then let researchers move."""
    world, labs, p = env.world, env.world.labs, env.world.p
    if world.now % 4 != 3 or world.now <= world.announced or not labs.count:
        return
    refresh(env)
    every = np.arange(world.count)
    equivalent = world.training.rate / (p.chip_peak[:, 0] * p.mfu_reference[:, 0])
    usable = equivalent[:, None]  # the best run's rate, in reference accelerators
    hired = labs.capital * 1e9 / p.cloud_price_eur_year
    outside = np.maximum(np.maximum(labs.accelerators, hired), p.least_outside_accelerators)[..., None]
    home = (labs.home >= 0)[:, None]
    market = env.market(every, usable, np.zeros(usable.shape), home, outside)
    advantage = np.asarray(env.institutions.decide_by_actor("anchor", market))[..., 0]
    mine = (labs.home >= 0) & np.array([k == "company" for k in labs.kind], dtype=bool)
    world.training.exited = mine & (advantage < 0)
    note_terms(env)
    env.record(Exit, every, advantage=advantage, exited=world.training.exited)
    move_talent(env)


def move_talent(env: Environment) -> None:
    """Let researchers move toward sites that work, and leave as the gap to the frontier grows."""
    world, training = env.world, env.world.training
    if not np.any(world.p.talent_elasticity > 0):
        return
    every = np.arange(world.count)
    share = access(world, env.institutions, every).share(world.p.run_days)
    new = fleet_of(world, env.institutions, every, world.working, share)
    old = standing_fleet(world, env.institutions, every, training.operational)
    computing = np.maximum(new.chips * new.peak, old.chips * old.peak)  # the stronger machine of each site
    gap = np.asarray(compute_lag(run_flop(env), world.year, world.p)).reshape(-1)
    training.near = moved(training.near, computing, gap, world.exited_share, world.p)
    training.talent = talent_factor(training.near, 1.0, world.p)
    training.stale[:] = True


def read(env: Environment) -> None:
    """Record the race in the quarters of the window, and in every quarter if the run keeps a timeline."""
    world = env.world
    if world.now not in world.window and env.timeline is None:
        return
    race = race_of(world, run_flop(env))
    if world.now in world.window:
        world.training.read.append(race)
        world.training.runs.append(other_runs(env))
    if env.timeline is not None:
        env.timeline.append(TimelineQuarter(world.quarter, **progress(world), **race))


def race_of(world: World, run: Floats) -> Race:
    """Compare the largest run, FLOP (worlds,), with this quarter's frontier."""
    at_the_frontier = np.asarray(frontier(world.year, world.p)).reshape(-1)
    known = run if world.p.trains else np.full(run.shape, np.nan)
    return {
        "largest_run_flop": run,
        "frontier_flop": np.broadcast_to(at_the_frontier, run.shape).copy(),
        "years_behind": np.asarray(compute_lag(known, world.year, world.p)).reshape(-1),
        "capability_lag_years": np.asarray(capability_lag(known, world.year, world.p)).reshape(-1),
    }


def progress(world: World) -> Progress:
    """The counts that show the program's progress; (worlds,) each."""
    works = world.working
    return {
        "selected": world.live.sum(-1),
        "contracted": world.contracted.sum(-1),
        "working": works.sum(-1),
        "working_accelerators": total(
            np.where(works, SiteMachines(world.program, np.arange(world.count), world.now).working_chips(), 0.0)
        ),
        "exited_labs": world.training.exited.sum(-1),
    }
