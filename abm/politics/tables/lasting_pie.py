"""A pie that is divided anew every round, where the last division stands until another is agreed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import permutations, product
from typing import Any

import numpy as np

from juste_retour.abm.politics.tables.pie import Pie
from juste_retour.abm.politics.tables.theory import VotingRule, players
from juste_retour.agents.arrays import Floats, Integers

INDIFFERENT = 1e-10  # what rounding may make of two that are worth the same
SETTLING = 30  # rounds of best answers before they are averaged
LATEST = 4.0  # how strongly averages favor the latest rounds


class LastingPie(Pie):
    """Players who weigh a division not only for itself but as what stands in the next round.

    An offer is the number of a division, (worlds, 1).

    Args:
        divisions: (divisions, states) all that can be agreed.
        stands: (worlds,) the number of the division that stands.
        later: (divisions, states) what the next round is worth to each player if a division stands then.
        voting_rule: name of a voting rule, or a function of (ballot, states).
        patience: delta.
    """

    def __init__(
        self,
        divisions: Floats,
        stands: Integers,
        later: Floats,
        voting_rule: VotingRule = "simple_majority",
        *,
        patience: float = 1.0,
    ):
        super().__init__(players(divisions.shape[-1]), voting_rule, worlds=len(stands), patience=patience)
        self.divisions, self.stands, self.later = divisions, stands, later
        self.p.dissent_cost_eur_bn[:] = INDIFFERENT

    def worth(self, division: Integers) -> Floats:
        """What divisions are worth to each player, now and later; (worlds, states)."""
        return self.divisions[division] + self.p.patience * self.later[division]

    def utility(self, offer: Floats) -> Floats:
        """What the division is worth, now and later."""
        return self.worth(offer[:, 0].astype(np.int64))

    def disagreement(self, sunk: float | Floats = 0.0) -> Floats:
        """What it is worth that the last division stands."""
        return self.worth(self.stands)

    def proposals(self, proposer: Integers, sunk: float | Floats = 0.0) -> list[Floats]:
        """Every division."""
        return [np.full((self.worlds, 1), float(k)) for k in range(len(self.divisions))]


@dataclass(frozen=True, eq=False)
class Markov:
    """A symmetric Markov perfect equilibrium of dividing a pie that lasts.

    Attributes:
        divisions: (divisions, states) shares.
        values: (divisions, states) what the coming rounds are worth if a division stands.
        moves: (divisions, divisions) chance that the second follows the first.
        regret: the most that a proposer could still gain in any state of affairs, in pies.
    """

    divisions: Floats
    values: Floats
    moves: Floats
    regret: float


def markov_perfect(
    rule: Callable[[Any], Any],
    voting_rule: VotingRule,
    parts: int,
    patience: float,
    n: int = 3,
    rounds: int = 300,
) -> Markov:
    """The equilibrium that is reached from a last round far away, where chance decides evenly who proposes.

    All divisions into so many equal parts can be agreed. Best answers through the protocol are averaged over rounds,
    favoring the latest, so that proposers may mix; equal players are treated equally.

    Args:
        rule: the agenda protocol, as `agenda["closed_rule"]`.
        voting_rule: name of a voting rule, or a function of (ballot, states).
        parts: of the pie.
        patience: delta, below 1.
        n: how many players.
        rounds: of best answers.

    Source: Kalandrakis (2004), for three players and a majority.
    """
    whole = [x for x in product(range(parts + 1), repeat=n) if sum(x) == parts]
    number = {x: k for k, x in enumerate(whole)}
    divisions, m = np.array(whole) / parts, len(whole)
    renamed = [
        np.array([number[tuple(x[i] for i in order)] for x in whole]) for order in permutations(range(n))
    ]
    stands, who = np.repeat(np.arange(m), n), np.tile(np.arange(n), m)
    values, moves, regret = np.zeros((m, n)), np.zeros((m, m)), np.inf
    kept = np.zeros(m * n)  # what the mixtures bring proposers
    chosen = np.zeros((m * n, m))
    for k in range(rounds):
        table = LastingPie(divisions, stands, values, voting_rule, patience=patience)
        table.forced = who
        result = rule(table)
        after = np.where(result.passed, result.plan[:, 0].astype(np.int64), stands)
        worth = divisions + patience * values
        kept = np.sum(chosen * worth.T[who], axis=-1)
        regret = float((worth[after, who] - kept).max())
        step = 1.0 if k < SETTLING else LATEST / (k - SETTLING + LATEST)
        chosen *= 1 - step
        chosen[np.arange(m * n), after] += step
        moves = chosen.reshape(m, n, m).mean(1)
        moves = np.mean([moves[np.ix_(new, new)] for new in renamed], axis=0)
        values = np.linalg.solve(np.eye(m) - patience * moves, moves @ divisions)
    return Markov(divisions, values, moves, regret)
