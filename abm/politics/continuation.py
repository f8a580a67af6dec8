"""Continuation values at the Council's table, solved once for a scenario and remembered.

They are those of the mean world, in which nobody's ambition carries luck and nothing is placed yet. Every state is made
the proposer in turn, all at once, in worlds of their own; the spread of reservation values, of which there is always
some, smooths whom they buy, so that the mixture of equilibrium is that of luck.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np

from abm.politics.stationary import Equilibrium, Response, evaluated, fixed_part
from abm.politics.tables.table import recognition
from agents.arrays import Reals, total
from agents.rules import family

TOLERANCE = 1e-2  # of the mean proposer's gain
LUCK = 8  # worlds of other luck that stand for the spread of reservation values
ROUNDS = 64
CHECKS = 4  # fresh rounds on which values are checked
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
    mean = scenario.changed({"ambition_sd": 0.0, "consensus_norm": 0.0})
    if any("deterministic" not in family("vote")[r].properties for r in _vote_rules(mean)):
        mean = mean.changed({"vote": "self_interest"})
    proposers = np.tile(np.arange(n), LUCK)
    world = type(council.world)(mean, 0, np.repeat(np.arange(LUCK), n), council.world.members)
    world.now = world.announced
    every = np.arange(len(proposers))
    patience = float(world.p.patience[0, 0])
    by = str(world.settings("agenda").get("recognition", "equal"))

    def respond(values: Reals, luck: int) -> Response:
        world.tape = type(world.tape)(luck, world.replicates)
        world.resolve = world.tape.normal("reservation", n)
        world.expected = np.broadcast_to(values, (len(every), n))
        table = type(council)(world, every)
        table.forced = proposers
        motion = world.decide("agenda", table, rows=every)
        reached = patience * values
        noise = 2 * world.p.reservation_noise * total(np.abs(motion.gain))[:, None] / n
        close = np.abs(motion.gain - reached) <= 2 * mean.dissent_cost_eur_bn + noise
        bought = close & (proposers[:, None] != np.arange(n)) & (values > 0)
        passed = motion.passed[:, None]
        gain = np.where(passed, motion.gain, reached).reshape(LUCK, n, n)
        return Response(gain.mean(0), np.where(passed, bought, 1.0).reshape(LUCK, n, n).mean(0), False)

    world.expected = np.zeros((len(every), n))
    chances = recognition(type(council)(world, every), by)[0]
    return sampled(respond, chances, patience)


def sampled(respond: Callable[[Reals, int], Response], chances: Reals, patience: float) -> Equilibrium:
    """The fixed point of what proposers do on average, where luck smooths their choices.

    Args:
        respond: every proposer's offer, given continuation values (states,) and the number of the luck.
        chances: (states,) recognition probabilities.
        patience: delta.
    """
    values = np.zeros(len(chances))
    first = respond(values, 0)
    fixed, inclusion = fixed_part(first, values, patience), first.bought
    residual, k = np.inf, 0
    for k in range(1, ROUNDS + 1):
        values = evaluated(fixed, inclusion, chances, patience, False)
        answer = respond(values, k)
        step = max(2 / (k + 2), 1 / 16)
        fixed = fixed + step * (fixed_part(answer, values, patience) - fixed)
        inclusion = inclusion + step * (answer.bought - inclusion)
        if k % 16 == 0:
            fresh = [respond(values, ROUNDS * (k + 1) + c).gain for c in range(CHECKS)]
            reached = chances @ np.mean(fresh, axis=0)
            own = max(float(np.mean([np.diag(x).mean() for x in fresh])), 1e-300)
            residual = float(np.abs(reached - values).max()) / own
            if residual <= TOLERANCE:
                break
    return Equilibrium(values, inclusion, inclusion[None] > 0.5, residual, k, residual <= TOLERANCE)


def _vote_rules(scenario: Any) -> set[str]:
    choice = scenario.rules["vote"]
    return {choice.rule, *(rule for _, rule in choice.actors)}
