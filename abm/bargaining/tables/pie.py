"""Dividing a pie of size one: an offer is each player's share."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Unpack

import numpy as np
from numpy.typing import ArrayLike

from juste_retour.abm.bargaining import coalition
from juste_retour.abm.bargaining.tables.theory import (
    GameTerms,
    TheoryTable,
    VotingRule,
    noise_grid,
    remainder,
)
from juste_retour.agents.arrays import Booleans, Floats, Integers, pick, power, total
from juste_retour.agents.situation import States

SETTLING = 80  # steps of the fixed point of shares and the envy that they cause
PLAYERS = 12  # most players whose coalitions are all compared


class Pie(TheoryTable):
    """A pie of size one to be divided; without agreement each player has `no_deal`.

    An outside option differs from the no-deal payoff. A player may take it at once instead of voting yes, and so never
    accepts less, but it does not raise the continuation value.

    Args:
        states: the players, as from `theory.players`.
        voting_rule: name of a voting rule, a double majority or weighted game, or a function of (ballot, states).
        no_deal: (states,) utility without agreement.
        outside: (states,) utility that a player has at once if it leaves; None if no player can leave.
        curvature: (states,) exponent of the utility function: a share x is worth x to this power.
        coalitions: (draws, states, states) equally likely coalitions of each proposer, from `stationary.Equilibrium`;
            proposers then mix as in equilibrium. None: each proposer buys its cheapest coalition.
        floor_value: under the open rule, the value of holding the floor and of having lost it.
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
        **more: Unpack[GameTerms],
    ):
        super().__init__(states, voting_rule, **more)
        shape = (self.worlds, states.count)
        self._no_deal = np.ascontiguousarray(np.broadcast_to(np.asarray(no_deal, dtype=np.float64), shape))
        self._outside = None if outside is None else np.broadcast_to(outside, shape)
        self._curvature = np.broadcast_to(np.asarray(curvature, dtype=np.float64), shape)
        self._coalitions = coalitions
        self._floor = floor_value
        self.partners: Booleans | None = None  # (worlds, states) a solver sets whom proposers buy

    def utility(self, offer: Floats) -> Floats:
        """Each player's share to the power of its curvature; (worlds, states)."""
        if (self._curvature == 1).all():
            return offer
        return power(np.maximum(offer, 0.0), self._curvature)

    def disagreement(self, sunk: float | Floats = 0.0) -> Floats:
        """Each player's utility without agreement; (worlds, states)."""
        return self._no_deal

    def reserve(self, offer: Floats, sunk: float | Floats = 0.0) -> Floats:
        """Each player's reservation value, the larger of its continuation value and its outside option."""
        least = super().reserve(offer, sunk)
        return least if self._outside is None else np.maximum(least, self._outside)

    def share_worth(self, utility: Floats) -> Floats:
        """The share that gives each player this utility; the inverse of `utility`."""
        if (self._curvature == 1).all():
            return np.maximum(utility, 0.0)
        return power(np.maximum(utility, 0.0), 1 / self._curvature)

    def proposals(self, proposer: Integers, sunk: float | Floats = 0.0) -> list[Floats]:
        """The offer that pays the cheapest winning coalition its price and leaves the rest to the proposer.

        If votes are random, also offers with spare votes and with more than the price paid.
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
            game = self.double_majority() if self.forced is not None else None  # in a solver, a row a proposer
            if game is not None and self.states.count <= coalition.MANY:
                return np.array([coalition.among_all(game)(each) for each in price])
            ties = self.uniform("partners", self.states.count)
            return coalition.cheapest(price, self.wins, self.states, own, ties, PLAYERS)[0]
        draw = (self.uniform("partners", 1)[:, 0] * len(self._coalitions)).astype(np.int64)
        return self._coalitions[draw, proposer]

    def _divided(self, paid: Booleans, own: Booleans, margin: float, sunk: float | Floats) -> Floats:
        """Shares that pay each seller its reservation value, envy included, and leave the rest to the proposer."""
        return self._shared(paid, own, lambda x: self.reserve(x, sunk) + margin / self.states.count)

    def _shared(self, paid: Booleans, own: Booleans, least: Callable[[Floats], Floats]) -> Floats:
        """Shares that give the paid the utility `least(shares)` and leave the rest to the proposer."""
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
        """Offers under the open rule, each with the share of other players that would second it.

        An offer gives a number of members what holding the floor a round later is worth to them. They are those with
        the least in the motion on the floor, so that its mover is included last; ties are broken at random.

        Args:
            proposer: (worlds,) index of the player that moves.
            floor: the motion that it would amend, (worlds, states); None for the first motion.
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
        """The least utility at which players second rather than amend, envy included."""
        return wish + self.utility(shares) - self.felt(shares) + margin / self.states.count

    def floor(self, new: Floats, who: Integers) -> Floats:
        """Payoff to the amender from gaining the floor; (worlds,)."""
        value = pick(self.felt(new), who[:, None])[:, 0] if self._floor is None else self._floor[0]
        return self.p.patience[:, 0] * value

    def displaced(self) -> float:
        """Payoff from having lost the floor."""
        return 0.0 if self._floor is None else self._floor[1]

    def menu(self) -> list[Floats]:
        """One division for each player, which gives it all that is left after the no-deal shares."""
        n = self.states.count
        need = self.share_worth(self._no_deal)
        return [need + remainder(need) * (np.arange(n) == i) for i in range(n)]

    def valid(self, offer: Floats) -> Floats:
        """The offer scaled to shares that add up to one."""
        shares = np.maximum(offer, 0.0)
        return shares / np.maximum(total(shares)[:, None], 1e-300)

    def bundle(self, members: Booleans) -> Floats:
        """The division among the members in proportion to their weights."""
        weight = np.where(members, self.contribution(), 0.0)
        return weight / np.maximum(total(weight)[:, None], 1e-300)
