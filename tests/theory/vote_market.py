"""Vote buying by two lobbies: the first pays members for a yes, the second moves last and pays for a no."""

from __future__ import annotations

from typing import Unpack

import numpy as np
from numpy.typing import ArrayLike

from juste_retour.abm.bargaining import coalition
from juste_retour.abm.bargaining.tables.theory import GameTerms, TheoryTable, VotingRule, players
from juste_retour.abm.politics.conditions import Ballot
from juste_retour.agents.arrays import Booleans, Floats, Integers, total

HALVINGS = 60
TINY = 1e-10  # share of its budget that a counteroffer must save the second lobby, and that it pays above each price


class VoteMarket(TheoryTable):
    """A market for votes in which player 0 is the first lobby and all other players are the members.

    The first lobby proposes and has no vote. An offer is what each member is paid for a yes, (worlds, states). It passes
    if a blocking coalition costs the second lobby more than its budget. The first lobby compares offers to every number
    of members: the larger the coalition, the less it must pay each member to keep the vote.

    Args:
        leanings: (members,) what a yes is worth to each member without payment, in money; negative for opponents.
        voting_rule: name of a voting rule, or a function of (ballot, states); only members vote.
        prize: what passing is worth to the first lobby.
        budget: what blocking is worth to the second lobby.
        more: see `TheoryTable`.

    Source: Groseclose and Snyder (1996).
    """

    def __init__(
        self,
        leanings: ArrayLike,
        voting_rule: VotingRule = "simple_majority",
        *,
        prize: float,
        budget: float,
        **more: Unpack[GameTerms],
    ):
        leanings = np.asarray(leanings, dtype=np.float64)
        super().__init__(players(len(leanings) + 1), voting_rule, **more)
        self.members = players(len(leanings))
        self.leanings = np.broadcast_to(np.append(0.0, leanings), (self.worlds, self.states.count))
        self.prize, self.budget = prize, budget
        self.forced = np.zeros(self.worlds, dtype=np.int64)

    def passes(self, yes: Booleans, no: Booleans) -> Booleans:
        """Whether the members' votes pass; (..., worlds)."""
        yes, no = np.ascontiguousarray(yes[..., 1:]), np.ascontiguousarray(no[..., 1:])
        return self._voting(Ballot(yes, no, np.ones(yes.shape[:-1], bool)), self.members)

    def utility(self, offer: Floats) -> Floats:
        """The first lobby's prize less what it pays; each member's leaning plus what it is paid; (worlds, states)."""
        lobby = np.arange(self.states.count) == 0
        return np.where(lobby, self.prize - total(offer)[:, None], self.leanings + offer)

    def reserve(self, offer: Floats, sunk: float | Floats = 0.0) -> Floats:
        """What each member receives for a no: the second lobby's counteroffer; (worlds, states)."""
        return self.counteroffer(offer)

    def counteroffer(self, offer: Floats) -> Floats:
        """What the second lobby pays each member of the cheapest blocking coalition; zero if that exceeds its budget."""
        price = self._price(offer)
        blocking = self._blocking(price)
        cost = total(np.where(blocking, price, 0.0))
        worth = (cost < self.budget * (1 - TINY))[:, None]
        return np.where(worth & blocking, price + TINY * max(self.budget, 1.0), 0.0)

    def _price(self, offer: Floats) -> Floats:
        members = np.arange(self.states.count) > 0
        return np.where(members, np.maximum(self.leanings + offer, 0.0), 0.0)

    def _blocking(self, price: Floats) -> Booleans:
        """The cheapest blocking coalition."""
        return coalition.cheapest(price, lambda no: ~self.wins(~no), self.states)[0]

    def proposals(self, proposer: Integers, sunk: float | Floats = 0.0) -> list[Floats]:
        """The cheapest offers that the second lobby does not defeat, to one member, two and so on, supporters first.

        Every member that is paid costs the second lobby the same. That level is the least at which no blocking coalition
        is within its budget.
        """
        first = np.argsort(np.argsort(-self.leanings[:, 1:], axis=-1, kind="stable"), axis=-1, kind="stable")
        rank = np.concatenate([np.full((self.worlds, 1), self.states.count), first], axis=-1)
        return [self._level(rank < many) for many in range(1, self.states.count)]

    def _level(self, paid: Booleans) -> Floats:
        low, high = np.zeros((self.worlds, 1)), np.full((self.worlds, 1), self.budget)
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            price = self._price(self._raised(paid, middle))
            holds = total(np.where(self._blocking(price), price, 0.0))[:, None] >= self.budget
            low, high = np.where(holds, low, middle), np.where(holds, middle, high)
        return self._raised(paid, high)

    def _raised(self, paid: Booleans, level: Floats) -> Floats:
        return np.where(paid, np.maximum(level - self.leanings, 0.0), 0.0)
