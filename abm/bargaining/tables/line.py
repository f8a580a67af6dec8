"""Spatial bargaining on a line: an offer is a point, and utility falls with the distance from a player's ideal point."""

from __future__ import annotations

from typing import Unpack

import numpy as np
from numpy.typing import ArrayLike

from juste_retour.abm.bargaining.tables.theory import GameTerms, TheoryTable, VotingRule
from juste_retour.agents.arrays import Floats, Integers
from juste_retour.agents.situation import States


class Line(TheoryTable):
    """A line on which each player has an ideal point; utility is `height` less the distance from it.

    Args:
        states: the players, as from `theory.players`.
        ideals: (states,) or (worlds, states).
        voting_rule: name of a voting rule, or a function of (ballot, states).
        status_quo: the outcome without agreement; None if no agreement is worth zero to every player.
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
        **more: Unpack[GameTerms],
    ):
        super().__init__(states, voting_rule, **more)
        shape = (self.worlds, states.count)
        self.ideals = np.ascontiguousarray(np.broadcast_to(np.asarray(ideals, dtype=np.float64), shape))
        self.height = height
        self.status_quo = (
            None
            if status_quo is None
            else np.ascontiguousarray(np.broadcast_to(np.asarray(status_quo, dtype=np.float64), (self.worlds, 1)))
        )

    def utility(self, offer: Floats) -> Floats:
        """`height` less the distance from the ideal point; (worlds, states)."""
        return self.height - np.abs(offer - self.ideals)

    def disagreement(self, sunk: float | Floats = 0.0) -> Floats:
        """Utility of the status quo, or zero without one; (worlds, states)."""
        if self.status_quo is None:
            return np.zeros((self.worlds, self.states.count))
        return self.utility(self.status_quo)

    def proposals(self, proposer: Integers, sunk: float | Floats = 0.0) -> list[Floats]:
        """The proposer's ideal point, the status quo, and each point at which some player is just willing to vote yes."""
        own = np.take_along_axis(self.ideals, proposer[:, None], axis=-1)
        reach = self.height - self.reserve(own, sunk)
        ends = [
            self.ideals[:, i : i + 1] + sign * reach[:, i : i + 1] for i in range(self.states.count) for sign in (-1, 1)
        ]
        return [own, *([] if self.status_quo is None else [self.status_quo]), *ends]

    def menu(self) -> list[Floats]:
        """Each player's ideal point."""
        return [self.ideals[:, i : i + 1] for i in range(self.states.count)]

    def valid(self, offer: Floats) -> Floats:
        """The offer itself: every point is possible."""
        return offer
