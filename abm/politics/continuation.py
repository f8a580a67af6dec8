"""Continuation values at the Council's table, solved once for a scenario and remembered.

They are those of the mean world, in which nobody's ambition carries luck and nothing is placed yet. Every state that may
propose does, all at once, in worlds of their own; the spread of reservation values, of which there is always some,
smooths whom they buy, so that the mixture of equilibrium is that of luck. Where the common good weighs more than the pie
there may be several equilibria; the one given is reached from expecting nothing.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from juste_retour.abm.environment import Environment
from juste_retour.abm.institutions import Institutions
from juste_retour.abm.members import Members
from juste_retour.abm.noise import RandomStreams
from juste_retour.abm.politics.ballot_result import BallotResult
from juste_retour.abm.politics.council import Council
from juste_retour.abm.politics.stationary import NEVER_QUITE, Equilibrium, Response, evaluated, fixed_part
from juste_retour.abm.politics.tables.table import recognition
from juste_retour.abm.scenario import Scenario
from juste_retour.agents.arrays import Floats
from juste_retour.agents.rules import family

TOLERANCE = 0.05  # of the mean stake, as the spread of reservation values is
LUCK = 8  # worlds of other luck, a round
SHORTEST, ROUNDS = 16, 96  # fewest and most rounds
FASTEST, SLOWEST = 0.4, 0.1  # weight of a round in the running mean
NOBODY = -1  # no state proposes
REMEMBERED = 4096  # scenarios

_solved: OrderedDict[tuple[str, str], Equilibrium] = OrderedDict()


@dataclass
class Expecting:
    """The foresight of actors who expect given values, while these are being solved for.

    Attributes:
        values: (states,) EUR bn over the disagreement point.
    """

    values: Floats

    def rehearsed(self, rows: NDArray[np.int64]) -> list[Floats]:
        """Nothing is rehearsed while values are solved for."""
        return []

    def continuation(self, rows: NDArray[np.int64]) -> Floats:
        """The given values in every world; (rows, states)."""
        return np.broadcast_to(self.values, (len(rows), self.values.shape[-1]))


def equilibrium(scenario: Scenario, members: Members) -> Equilibrium:
    """The stationary equilibrium of a scenario in a union, from memory where it is known."""
    key = (scenario.digest, members.digest)
    if key not in _solved:
        _solved[key] = _solve(scenario, members)
        if len(_solved) > REMEMBERED:
            _solved.popitem(last=False)
    return _solved[key]


def _solve(scenario: Scenario, members: Members) -> Equilibrium:
    n = members.states.count
    mean = scenario.changed({"ambition_sd": 0.0, "consensus_norm": 0.0})
    if any("deterministic" not in family("vote")[r].properties for r in mean.rules["vote"].names):
        mean = mean.changed({"vote": "self_interest"})
    drawn = "recognition" in family("agenda")[mean.rules["agenda"].rule].parameters
    parts = n if drawn else 1  # who may be asked to propose
    proposers = np.tile(np.arange(n) if drawn else [NOBODY], LUCK)
    every = np.arange(len(proposers))
    expecting = Expecting(np.zeros(n))
    rows = np.repeat(np.arange(LUCK), parts)
    env = Environment(Institutions([mean] * len(rows), members), 0, rows, members, expecting)
    world, institutions = env.world, env.institutions
    world.now = world.announced
    table = Council(env, every, forced=proposers if drawn else None)
    chances = np.ones(1)
    if drawn:
        chances = recognition(table, str(institutions.settings("agenda")["recognition"]))[0]
    patience = float(world.p.patience[0, 0])

    def respond(values: Floats, draw: int) -> Response:
        env.streams = RandomStreams(draw, world.replicates)
        world.resolve = env.streams.normal("reservation", n)
        expecting.values = np.broadcast_to(values, (n,))
        result: BallotResult = institutions.decide("agenda", table, rows=every)
        reached = patience * values
        gross = 0.0 if result.terms is None else result.terms.offer.gross_stake(result.terms.failed)
        noise = 2 * world.p.reservation_noise * gross
        close = np.abs(result.gain - reached) <= 2 * mean.dissent_cost_eur_bn + noise
        bought = close & (proposers[:, None] != np.arange(n)) & (values > 0)
        passed = result.passed[:, None]
        gain = np.where(passed, result.gain, reached).reshape(LUCK, parts, n)
        return Response(gain.mean(0), np.where(passed, bought, 1.0).reshape(LUCK, parts, n).mean(0), False)

    return sampled(respond, chances, patience)


def sampled(respond: Callable[[Floats, int], Response], chances: Floats, patience: float) -> Equilibrium:
    """The fixed point of what proposers do on average, where luck smooths their choices.

    Offers are averaged over rounds with weight on the latest, and the values that they lead to are solved for. The mean
    of the later half of the rounds is the answer once the offers of those rounds bring just that on average.

    Args:
        respond: every proposer's offer, given continuation values (states,) and the number of the luck.
        chances: (proposers,) recognition probabilities.
        patience: delta.
    """
    delta = min(patience, NEVER_QUITE)
    first = respond(np.zeros(1), 0)
    fixed, inclusion = first.gain, first.bought
    expected: list[Floats] = []
    brought: list[Floats] = []
    residual, k = np.inf, 0
    for k in range(1, ROUNDS + 1):
        values = evaluated(fixed, inclusion, chances, delta, False)
        answer = respond(values, k)
        expected, brought = [*expected, values], [*brought, chances @ answer.gain]
        step = max(min(FASTEST, 4 / (k + 8)), SLOWEST)
        fixed = fixed + step * (fixed_part(answer, values, delta) - fixed)
        inclusion = inclusion + step * (answer.bought - inclusion)
        if k >= SHORTEST and k % 8 == 0:
            values, reached = (np.mean(x[k // 2 :], axis=0) for x in (expected, brought))
            stake = max(float(np.abs(reached).mean()), 1e-300)
            residual = float(np.abs(reached - values).max()) / stake
            if residual <= TOLERANCE:
                break
    return Equilibrium(values, inclusion, inclusion[None] > 0.5, residual, k, residual <= TOLERANCE)
