"""An endogenous status quo: a pie is divided every round, and the last division lasts until another is agreed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import permutations, product
from typing import Any

import numpy as np

from juste_retour.abm.bargaining.tables.pie import Pie
from juste_retour.abm.bargaining.tables.theory import VotingRule, players
from juste_retour.agents.arrays import Floats, Integers

INDIFFERENT = 1e-10  # largest difference that rounding causes between equal utilities
SETTLING = 30  # rounds of best responses before averaging begins
LATEST = 4.0  # weight of the latest rounds in the averages


class LastingPie(Pie):
    """A pie whose players value a division also as the status quo of the next round.

    An offer is the index of a division, (worlds, 1).

    Args:
        divisions: (divisions, states) all divisions that can be agreed.
        stands: (worlds,) index of the status quo.
        later: (divisions, states) each player's value of the next round if a division is then the status quo.
        voting_rule: name of a voting rule, or a function of (ballot, states).
        patience: discount factor delta of a round.
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
        """Utility of divisions to each player, this round and later ones; index (worlds,) to (worlds, states)."""
        return self.divisions[division] + self.p.patience * self.later[division]

    def utility(self, offer: Floats) -> Floats:
        """Utility of the offered division, this round and later ones; (worlds, states)."""
        return self.worth(offer[:, 0].astype(np.int64))

    def disagreement(self, sunk: float | Floats = 0.0) -> Floats:
        """Utility of keeping the status quo; (worlds, states)."""
        return self.worth(self.stands)

    def proposals(self, proposer: Integers, sunk: float | Floats = 0.0) -> list[Floats]:
        """Every division."""
        return [np.full((self.worlds, 1), float(k)) for k in range(len(self.divisions))]


@dataclass(frozen=True, eq=False)
class Markov:
    """A symmetric Markov perfect equilibrium of bargaining with an endogenous status quo.

    Attributes:
        divisions: (divisions, states) shares.
        values: (divisions, states) value of all coming rounds with each division as the status quo.
        moves: (divisions, divisions) probability that the second division replaces the first.
        regret: the most that a proposer could gain by deviating at any status quo, in pies.
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
    """The equilibrium found by backward induction from a distant last round; each player proposes equally often.

    Divisions into `parts` equal parts can be agreed. Best responses under the protocol are averaged over rounds, with
    more weight on the latest, so that proposers may mix. Equal players are treated equally.

    Args:
        rule: the agenda protocol, such as `agenda["closed_rule"]`.
        voting_rule: name of a voting rule, or a function of (ballot, states).
        parts: number of equal parts of the pie.
        patience: discount factor delta of a round, below 1.
        n: number of players.
        rounds: number of rounds of best responses.

    Source: Kalandrakis (2004), for three players and a majority.
    """
    compositions = [x for x in product(range(parts + 1), repeat=n) if sum(x) == parts]
    number = {x: k for k, x in enumerate(compositions)}
    divisions, m = np.array(compositions) / parts, len(compositions)
    renamed = [np.array([number[tuple(x[i] for i in order)] for x in compositions]) for order in permutations(range(n))]
    stands, who = np.repeat(np.arange(m), n), np.tile(np.arange(n), m)
    values, moves, regret = np.zeros((m, n)), np.zeros((m, m)), np.inf
    kept = np.zeros(m * n)  # payoff of each proposer's mixed strategy
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
