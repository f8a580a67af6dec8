"""Continuation values at the Council's table, solved once for a scenario and remembered.

They are those of the mean world: nobody's ambition, resolve or vote carries luck, and nothing is placed yet. Every
state is made the proposer in turn, all at once, one world each.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import numpy as np

from abm.politics.stationary import Equilibrium, Response, solve
from abm.politics.tables.table import recognition
from agents.arrays import Reals
from agents.rules import family

TOLERANCE = 5e-3  # of the mean proposer's gain
ROUNDS = 400
REMEMBERED = 4096  # scenarios

_solved: OrderedDict[tuple[str, str], Equilibrium] = OrderedDict()


def continuation(council: Any) -> Reals:
    """(worlds, states) EUR bn that bargaining on is worth over what is left without it.

    Nought under an agenda that does not come back to the table with the same matter.

    Raises:
        NotConverged: no fixed point was found.
    """
    world = council.world
    if world.expected is not None:
        return world.expected[council.rows]
    out = np.zeros((council.worlds, council.states.count))
    if not family("agenda")[world.scenario.rules["agenda"].rule].marks.get("repeated"):
        return out
    known: dict[str, Reals] = {}
    for k, row in enumerate(council.rows):
        scenario = world.scenarios[row]
        if scenario.digest not in known:
            known[scenario.digest] = equilibrium(council, scenario).values
        out[k] = known[scenario.digest]
    return out


def equilibrium(council: Any, scenario: Any) -> Equilibrium:
    """The stationary equilibrium of a scenario among the members at this table, from memory where it is known."""
    key = (scenario.digest, council.world.members.digest)
    if key not in _solved:
        _solved[key] = _solve(council, scenario)
        if len(_solved) > REMEMBERED:
            _solved.popitem(last=False)
    return _solved[key]


def _solve(council: Any, scenario: Any) -> Equilibrium:
    n = council.states.count
    mean = scenario.changed({"ambition_sd": 0.0, "reservation_noise": 0.0, "consensus_norm": 0.0})
    if any("deterministic" not in family("vote")[r].properties for r in _vote_rules(mean)):
        mean = mean.changed({"vote": "self_interest"})
    world = type(council.world)(mean, 0, np.zeros(n, dtype=np.int64), council.world.members)
    world.now = world.announced
    everyone = np.arange(n)
    patience, rounds = float(world.p.patience[0, 0]), 0
    by = str(world.settings("agenda").get("recognition", "equal"))

    def respond(values: Reals) -> Response:
        nonlocal rounds
        rounds += 1
        world.tape = type(world.tape)(rounds, world.replicates)  # ties are broken anew each round
        world.expected = np.broadcast_to(values, (n, n))
        table = type(council)(world, everyone)
        table.forced = everyone
        motion = world.decide("agenda", table, rows=everyone)
        reached = patience * values
        close = 3 * mean.dissent_cost_eur_bn + 1e-9
        bought = (np.abs(motion.gain - reached) <= close) & ~np.eye(n, dtype=bool) & (values > 0)
        passed = motion.passed[:, None]
        return Response(np.where(passed, motion.gain, reached), np.where(passed, bought, True), False)

    world.expected = np.zeros((n, n))
    chances = recognition(type(council)(world, everyone), by)[0]
    return solve(respond, chances, patience, start=np.zeros(n), tolerance=TOLERANCE, rounds=ROUNDS)


def _vote_rules(scenario: Any) -> set[str]:
    choice = scenario.rules["vote"]
    return {choice.rule, *(rule for _, rule in choice.actors)}
