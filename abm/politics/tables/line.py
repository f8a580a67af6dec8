"""Points on a line: an offer is a point, and players like it the better the nearer it is to their own."""

from __future__ import annotations

from typing import Unpack

import numpy as np
from numpy.typing import ArrayLike

from juste_retour.abm.politics.tables.theory import Terms, TheoryTable, VotingRule
from juste_retour.agents.arrays import Floats, Integers
from juste_retour.agents.situation import States


class Line(TheoryTable):
    """A line on which each player has an ideal point; utility is `height` less the distance from it.

    Args:
        states: the players, as from `theory.players`.
        ideals: (states,) or (worlds, states).
        voting_rule: name of a voting rule, or a function of (ballot, states).
        status_quo: the point that stands without a deal; None where no deal is worth zero to everybody.
        height: utility at the ideal point.
        more: see `TheoryTable`.
    """

    def __init__(
        self,
        states: States,
        ideals: ArrayLike,
        voting_rule: VotingRule = "simple_majority",
        *,
        status_quo: ArrayLike | None = None,
        height: float = 1.0,
        **more: Unpack[Terms],
    ):
        super().__init__(states, voting_rule, **more)
        shape = (self.worlds, states.count)
        self.ideals = np.ascontiguousarray(np.broadcast_to(np.asarray(ideals, dtype=np.float64), shape))
        self.height = height
        self.status_quo = (
            None
            if status_quo is None
            else np.ascontiguousarray(
                np.broadcast_to(np.asarray(status_quo, dtype=np.float64), (self.worlds, 1))
            )
        )

    def utility(self, offer: Floats) -> Floats:
        """Height less distance."""
        return self.height - np.abs(offer - self.ideals)

    def disagreement(self, sunk: float | Floats = 0.0) -> Floats:
        """What the status quo is worth, or zero."""
        if self.status_quo is None:
            return np.zeros((self.worlds, self.states.count))
        return self.utility(self.status_quo)

    def proposals(self, proposer: Integers, sunk: float | Floats = 0.0) -> list[Floats]:
        """The proposer's ideal point, what stands, and every point at which some player just says yes."""
        own = np.take_along_axis(self.ideals, proposer[:, None], axis=-1)
        reach = self.height - self.reserve(own, sunk)
        ends = [
            self.ideals[:, i : i + 1] + sign * reach[:, i : i + 1]
            for i in range(self.states.count)
            for sign in (-1, 1)
        ]
        return [own, *([] if self.status_quo is None else [self.status_quo]), *ends]

    def menu(self) -> list[Floats]:
        """Everybody's ideal point."""
        return [self.ideals[:, i : i + 1] for i in range(self.states.count)]

    def valid(self, offer: Floats) -> Floats:
        """Every point is."""
        return offer
