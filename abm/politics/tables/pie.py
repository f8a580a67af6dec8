"""A divisible pie: an offer is everybody's share of one."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Unpack

import numpy as np
from numpy.typing import ArrayLike

from juste_retour.abm.politics import coalition
from juste_retour.abm.politics.tables.theory import Terms, TheoryTable, VotingRule, noise_grid, remainder
from juste_retour.agents.arrays import Booleans, Floats, Integers, pick, power, total
from juste_retour.agents.situation import States

SETTLING = 80  # steps in which shares and the envy that they cause find together


class Pie(TheoryTable):
    """A pie of size one, to be divided; without a deal everybody has `no_deal`.

    An outside option differs from the no-deal payoff: a player may take it at once instead of saying yes, and so never
    says yes to less, but it adds nothing to what bargaining on is worth.

    Args:
        states: the players, as from `theory.players`.
        voting_rule: name of a voting rule, or a function of (ballot, states).
        no_deal: (states,) utility without a deal.
        outside: (states,) utility that a player can have at once by leaving; None where nobody can leave.
        curvature: (states,) a player's utility of the share x is x to this power.
        coalitions: (draws, states, states) equally likely coalitions of each proposer, as from
            `stationary.Equilibrium`: proposers then mix as in equilibrium.
        floor_value: what holding the floor is worth under the open rule, and what having lost it is.
        more: see `TheoryTable`.
    """

    def __init__(
        self,
        states: States,
        voting_rule: VotingRule = "simple_majority",
        *,
        no_deal: ArrayLike = 0.0,
        outside: ArrayLike | None = None,
        curvature: ArrayLike = 1.0,
        coalitions: Booleans | None = None,
        floor_value: tuple[float, float] | None = None,
        **more: Unpack[Terms],
    ):
        super().__init__(states, voting_rule, **more)
        shape = (self.worlds, states.count)
        self._no_deal = np.ascontiguousarray(np.broadcast_to(np.asarray(no_deal, dtype=np.float64), shape))
        self._outside = None if outside is None else np.broadcast_to(outside, shape)
        self._curvature = np.broadcast_to(np.asarray(curvature, dtype=np.float64), shape)
        self._coalitions = coalitions
        self._floor = floor_value
        self.partners: Booleans | None = None  # (worlds, states) whom proposers buy, where that is given

    def utility(self, offer: Floats) -> Floats:
        """Share to the power of the player's curvature."""
        if (self._curvature == 1).all():
            return offer
        return power(np.maximum(offer, 0.0), self._curvature)

    def disagreement(self, sunk: float | Floats = 0.0) -> Floats:
        """What players have without a deal."""
        return self._no_deal

    def reserve(self, offer: Floats, sunk: float | Floats = 0.0) -> Floats:
        """What an offer must be worth to each player for it to say yes: what bargaining on, or leaving, is worth."""
        least = super().reserve(offer, sunk)
        return least if self._outside is None else np.maximum(least, self._outside)

    def share_worth(self, utility: Floats) -> Floats:
        """The share that is worth so much to each player."""
        if (self._curvature == 1).all():
            return np.maximum(utility, 0.0)
        return power(np.maximum(utility, 0.0), 1 / self._curvature)

    def proposals(self, proposer: Integers, sunk: float | Floats = 0.0) -> list[Floats]:
        """The cheapest winning coalition is paid its price and the proposer keeps the rest.

        Where votes are random, also with votes to spare and with better prices.
        """
        own = np.arange(self.states.count) == proposer[:, None]
        nothing = np.zeros(own.shape)
        price = np.where(own, 0.0, self.share_worth(self.reserve(nothing, sunk)))
        members = own | self._partners(price, own, proposer)
        every = self.uniform("consensus", 1)[:, 0] < self.p.consensus_norm[:, 0]
        offers = []
        for spare, margin in noise_grid(self.states.count) if self.votes_are_random else [(0, 0.0)]:
            paid = (coalition.with_spare(price, members, spare) | every[:, None]) & ~own
            offers.append(self._divided(paid, own, margin, sunk))
        return offers

    def _partners(self, price: Floats, own: Booleans, proposer: Integers) -> Booleans:
        if self.partners is not None:
            return self.partners
        if self._coalitions is None:
            ties = self.uniform("partners", self.states.count)
            return coalition.cheapest(price, self.wins, self.states, own, ties)[0]
        draw = (self.uniform("partners", 1)[:, 0] * len(self._coalitions)).astype(np.int64)
        return self._coalitions[draw, proposer]

    def _divided(self, paid: Booleans, own: Booleans, margin: float, sunk: float | Floats) -> Floats:
        """The paid get what wins them, envy included, and the proposer the rest."""
        return self._shared(paid, own, lambda x: self.reserve(x, sunk) + margin / self.states.count)

    def _shared(self, paid: Booleans, own: Booleans, least: Callable[[Floats], Floats]) -> Floats:
        """The paid get the least utility that they ask for, given all shares, and the proposer the rest."""
        shares = np.zeros(paid.shape)
        envious = np.any(self.p.inequality_aversion > 0)
        for _ in range(SETTLING if envious else 1):
            shares = np.where(own, remainder(np.where(own, 0.0, shares)), shares)
            asked = np.where(paid, self.share_worth(least(shares)), 0.0)
            shares = np.where(own, 0.0, (shares + asked) / 2) if envious else asked
        most = total(shares)[:, None]
        shares = shares / np.maximum(most, 1.0)
        return np.where(own, remainder(shares), shares)

    def seconded(self, proposer: Integers, floor: Floats | None = None) -> list[tuple[Floats, Floats]]:
        """Offers under the open rule, each with the share of the others who would second it.

        So many members are given what the floor would be worth to them a round later: those who have least by the motion
        on the floor, so that its holder is left out as long as possible, and at random among equals.
        """
        n, (worth, _) = self.states.count, self._floor or (0.0, 0.0)
        own = np.arange(n) == proposer[:, None]
        have = np.zeros(own.shape) if floor is None else floor
        order = np.lexsort((self.uniform("partners", n), np.where(own, np.inf, have)), axis=-1)
        rank = np.argsort(order, axis=-1, kind="stable")
        every = self.uniform("consensus", 1)[:, :1] < self.p.consensus_norm
        wish = np.broadcast_to(self._no_deal + self.p.patience * worth, own.shape)
        margins = sorted({m for _, m in noise_grid(n)}) if self.votes_are_random else [0.0]
        offers = []
        for many in range(1, n):
            paid = ((rank < many) | every) & ~own
            if not self.wins(paid | own).all():
                continue
            content = paid.sum(-1) / (n - 1)
            for margin in margins:
                least = partial(self._content, wish=wish, margin=margin)
                offers.append((self._shared(paid, own, least), content))
        return offers

    def _content(self, shares: Floats, wish: Floats, margin: float) -> Floats:
        """Utility at which players, who envy, would rather second than have so much."""
        return wish + self.utility(shares) - self.felt(shares) + margin / self.states.count

    def floor(self, new: Floats, who: Integers) -> Floats:
        """(worlds,) what taking the floor is worth to who would amend."""
        value = pick(self.felt(new), who[:, None])[:, 0] if self._floor is None else self._floor[0]
        return self.p.patience[:, 0] * value

    def displaced(self) -> float:
        """What having lost the floor is worth."""
        return 0.0 if self._floor is None else self._floor[1]

    def menu(self) -> list[Floats]:
        """All for one, for each player, after the no-deal shares."""
        n = self.states.count
        need = self.share_worth(self._no_deal)
        return [need + remainder(need) * (np.arange(n) == i) for i in range(n)]

    def valid(self, offer: Floats) -> Floats:
        """Shares that add up to one."""
        shares = np.maximum(offer, 0.0)
        return shares / np.maximum(total(shares)[:, None], 1e-300)

    def bundle(self, members: Booleans) -> Floats:
        """Members share by weight, the others go without."""
        weight = np.where(members, self.contribution(), 0.0)
        return weight / np.maximum(total(weight)[:, None], 1e-300)
