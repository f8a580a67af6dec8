"""One run, quarter by quarter, as plain JSON. The stage draws it and computes no numbers of its own.

`play` advances the world with the same `quarter.advance` as an ensemble and reads its state after each quarter. The `outcome`
of a run has the same numbers as the tables of `simulate` for the same scenario, seed and replicate.

A run has constant parts (`scenario`, `facilities`, `ballots`, `decisions`, `outcome`, `states`) and one of `frames` per
quarter. Money is in EUR bn, compute in FLOP, lags in years. States and facilities are given by their index. A number that
is not finite is null.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import numpy as np

from juste_retour.abm.base.calendar import label, quarter
from juste_retour.abm.base.members import Members, union_of
from juste_retour.abm.base.toml import JsonObject
from juste_retour.abm.explanations.quarter_readings import Readings
from juste_retour.abm.explanations.reader import in_world
from juste_retour.abm.outcomes import Outcomes, outcomes
from juste_retour.abm.price_of_politics import prices
from juste_retour.abm.schedule.simulation import Simulation
from juste_retour.abm.worlds.environment import Environment
from juste_retour.abm.worlds.records import Bid, Draft, Selection, Vote
from juste_retour.abm.worlds.scenario import Scenario
from juste_retour.abm.worlds.training import other_runs
from juste_retour.runs.base.user_rules import blame
from juste_retour.runs.results.windows import Window
from juste_retour.visualization.views.narrative import says
from juste_retour.visualization.views.reason_texts import (
    ballot,
    decision,
    facilities,
    proposed_by,
    wave,
    who_proposes,
)

Votes = dict[str, dict[int, int]]
SELECTED, CONTRACTED, BUILDING, WORKING, CANCELLED, STOPPED = range(1, 7)


def number(value: Any) -> float | int | None:
    """A number for JSON; None if it is not finite."""
    if value is None:
        return None
    value = np.asarray(value).item()
    return None if isinstance(value, float) and not np.isfinite(value) else value


def play(
    scenario: Scenario,
    seed: int,
    replicate: int = 0,
    members: Members | None = None,
    votes: Votes | None = None,
    *,
    price: bool = True,
) -> JsonObject:
    """Run one world and return it as frames.

    Args:
        scenario: the scenario.
        seed: integer of at least 0.
        replicate: number of the replication, from 0.
        members: the union; the European one by default.
        votes: votes (1, 0, -1) in place of the states' own, by quarter and index of the state.
        price: whether to compare the run with a planner, for the price of politics.

    Raises:
        BadInput: an argument cannot be used.
        RuleFailed: a user's rule raised an error; the message has its line.
    """
    members = union_of(members, scenario.members)
    with blame():
        return _play(scenario, seed, replicate, members, votes or {}, price)


def _play(scenario: Scenario, seed: int, replicate: int, members: Members, votes: Votes, price: bool) -> JsonObject:
    simulation = Simulation(scenario, seed, [replicate], members, trace=True, timeline=True)
    env, world = simulation.env, simulation.world
    env.given = votes
    shots, ballots, decisions, waves, seen = [], [], [], [], 0
    added, readings = _Added(), Readings(env)
    while world.running:
        simulation.advance()
        new = list(in_world((env.trace or [])[seen:], 0))
        seen = len(env.trace or [])
        held = [ballot(env, record, proposed_by(env)) for record in new if isinstance(record, Vote) and record.held[0]]
        ballots += held
        decisions += [decision(env, record) for record in new if isinstance(record, Vote | Bid | Draft)]
        bid = next((record for record in new if isinstance(record, Bid)), None)
        waves += [wave(env, record, bid) for record in new if isinstance(record, Selection)]
        shots.append(_shot(readings, held, len(ballots), added(env)))
    found = outcomes(env, prices(env) if price else None)
    built = np.flatnonzero((world.program.selected >= 0)[0])
    frames = [_frame(shot, built) for shot in shots]
    run = {
        "scenario": scenario.name,
        "digest": scenario.digest,
        "seed": seed,
        "replicate": replicate,
        "version": version("juste-retour"),
        "rules": {name: choice.plain() for name, choice in scenario.rules.items()},
        "window_years": scenario.window_years,
        "window_start": Window.of(scenario).quarters[0],
        "window_end": scenario.window_end,
        "window_frame": _place(scenario, scenario.window_end),
        "announcement_frame": _place(scenario, scenario.announcement),
        "envelope_eur_bn": scenario.envelope_eur_bn,
        "dissent_cost_eur_bn": number(np.asarray(world.p.dissent_cost_eur_bn).reshape(-1)[0]),
        "proposer": who_proposes(env),
        "facilities": facilities(env, built),
        "ballots": ballots,
        "decisions": decisions,
        "waves": waves,
        "outcome": {name: number(column[0]) for name, column in found.worlds.items()}
        | {"first_operation": _quarter(found.worlds["first_operation"][0])},
        "states": _states(found),
        "frames": frames,
    }
    for k, frame in enumerate(frames):
        frame["says"] = says(run, k, members)
    return run


class _Added:
    """FLOP of a training run if the rates of all whole machines simply added up, for comparison with the largest real run."""

    def __init__(self) -> None:
        self.key: Any = None
        self.flop = 0.0

    def __call__(self, env: Environment) -> float:
        world = env.world
        key = (
            world.working.tobytes(),
            world.training.operational,
            world.training.talent.tobytes(),
            world.year if world.renews else 0,
        )
        if key != self.key:
            self.key, self.flop = key, float(other_runs(env)["all_machines"][0])
        return self.flop


def _place(scenario: Scenario, when: str) -> int | None:
    first, last, there = (quarter(text, "quarter") for text in (scenario.start, scenario.end, when))
    return there - first if first <= there <= last else None


def _quarter(value: Any) -> str | None:
    return label(int(value)) if value >= 0 else None


def _shot(readings: Readings, held: list[JsonObject], ballots: int, added: float) -> JsonObject:
    """The frame of a quarter, with phase and progress of all candidate sites."""
    world = readings.world
    d, now = world.program.delivered, world.now
    chosen, gone = (world.program.selected >= 0)[0], (d.cancelled & (d.contracted <= now))[0]
    contracted, working = world.contracted[0], world.working[0]
    phase = np.where(chosen, SELECTED, 0)
    phase = np.where(contracted & (d.contracted[0] == now), CONTRACTED, phase)
    phase = np.where(contracted & (d.contracted[0] < now), BUILDING, phase)
    phase = np.where(working, WORKING, phase)
    phase = np.where(contracted & (d.ready[0] <= now) & world.program.stopped[0], STOPPED, phase)
    phase = np.where(gone, CANCELLED, phase)
    building = np.maximum(d.ready[0] - d.contracted[0], 1)
    progress = np.clip((now - d.contracted[0]) / building, 0.0, 1.0)
    read = {name: number(value[0]) for name, value in readings.quarter.items()}
    lag = read["years_behind"]
    return {
        "phase": phase,
        "progress": np.where(contracted, progress, 0.0),
        "frame": {
            "quarter": world.quarter,
            "selected": read["selected"],
            "contracted": read["contracted"],
            "working": read["working"],
            "hosts": read["hosts"],
            "chosen_hosts": len(set(world.sites.state[chosen & ~gone].tolist())),
            "contracted_accelerators": read["aggregate_accelerators"],
            "accelerators": read["working_accelerators"],
            "committed_eur_bn": number(world.committed[0]),
            "largest_run_flop": read["largest_run_flop"],
            "added_up_flop": number(added),
            "frontier_flop": read["frontier_flop"],
            "years_behind": lag,
            "capability_lag_years": read["capability_lag_years"],
            "frontier_was_here": None if lag is None else round(world.year - lag, 2),
            "exited_labs": [world.labs.names[k] for k in np.flatnonzero(world.training.exited[0])],
            "pool": np.flatnonzero(world.training.pool[0]).tolist(),
            "voting": bool(held),
            "ballot": ballots - 1 if ballots else None,
        },
    }


def _frame(shot: JsonObject, built: Any) -> JsonObject:
    return shot["frame"] | {
        "phase": shot["phase"][built].tolist(),
        "progress": [round(x, 3) for x in shot["progress"][built].tolist()],
    }


def _states(found: Outcomes) -> list[JsonObject]:
    return [
        {"state": code} | {name: number(column[0, i]) for name, column in found.states.items()}
        for i, code in enumerate(found.members.states.codes)
    ]
