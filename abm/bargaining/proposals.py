"""What a proposer in the Council offers: its favorite plan, changed to buy the cheapest winning coalition."""

from __future__ import annotations

import numpy as np

from juste_retour.abm.bargaining.payoffs import Payoffs
from juste_retour.abm.bargaining.plans import Plans
from juste_retour.abm.bargaining.prices import Prices
from juste_retour.abm.bargaining.tables.bargaining_table import mine
from juste_retour.abm.bargaining.votes import Votes
from juste_retour.abm.base.identity_cache import IdentityCache
from juste_retour.agents.arrays import Booleans, Floats, Integers

# If votes are random, a proposer also tries offers with these pairs of spare votes and margins in mean stakes.
HEDGES = ((0, 0.25), (0, 0.75), (3, 0.25), (3, 0.75), (9, 0.75))


class Proposals:
    """The offers of proposers; a proposer is one state per world, given by its index (worlds,)."""

    def __init__(self, known: Payoffs, plans: Plans, votes: Votes, prices: Prices):
        self.known, self.plans, self.votes, self.prices = known, plans, votes, prices
        self._favorites = IdentityCache[Integers, Floats](most=4)
        self._modest = IdentityCache[Integers, Floats](most=4)

    def priced(self, prices: Prices) -> Proposals:
        """The same proposers with other prices of votes; their favorite plans are not computed again."""
        other = Proposals(self.known, self.plans, self.votes, prices)
        other._favorites, other._modest = self._favorites, self._modest
        return other

    def only(self, who: Integers) -> Booleans:
        """Booleans (worlds, states), true for one state per world."""
        return np.arange(self.known.states.count) == who[:, None]

    def of(self, proposer: Integers, sunk: float | Floats) -> list[Floats]:
        """Offers that a proposer chooses from: first its favorite plan with the cheapest winning coalition bought.

        If no coalition can be bought for the favorite, the proposer's best modest plan replaces it. If votes are
        random, the list also has offers with spare votes and with more than the price paid.

        Args:
            proposer: (worlds,) index of the proposing state.
            sunk: share of the Union's money that is spent even if the offer fails; a number or (worlds,).
        """
        always = self.only(proposer)
        favorite = self.favorite(proposer)
        offer = self.prices.with_coalition(favorite, sunk, always)
        stuck = self._stuck(offer, proposer, sunk)
        if stuck.any():
            modest = self._modest.get(proposer, lambda who: self._best(who, self.plans.modest(who)))
            favorite = np.where(stuck[:, None], modest, favorite)
            offer = np.where(stuck[:, None], self.prices.with_coalition(modest, sunk, always), offer)
        if not self.votes.are_random:
            return [offer]
        buy = self.prices.with_coalition
        return [offer, *(buy(favorite, sunk, always, spare=k, margin=m) for k, m in HEDGES)]

    def _stuck(self, offer: Floats, proposer: Integers, sunk: float | Floats) -> Booleans:
        """Whether the offer fails or leaves its proposer worse off than no offer; (worlds,)."""
        own, least = (
            mine(self.known.utility(offer), proposer),
            mine(self.votes.reserve(offer, sunk), proposer),
        )
        return (self.votes.chance(offer, sunk) == 0) | (own < least - self.known.p.dissent_cost_eur_bn[:, 0])

    def favorite(self, proposer: Integers) -> Floats:
        """The plan with the highest payoff to the proposer, corrected for entitlements; EUR bn (worlds, sites)."""
        return self._favorites.get(proposer, lambda who: self._best(who, self.plans.with_home(who)))

    def _best(self, proposer: Integers, plans: list[Floats]) -> Floats:
        """The best of these plans for a proposer, corrected for entitlements."""
        t, count = self.known, len(plans)
        all_at_once = Payoffs(t.env, np.tile(t.rows, count), industrial=t.industrial)
        worth = mine(all_at_once.offer(np.concatenate(plans)).utility, np.tile(proposer, count))
        choice = worth.reshape(count, t.worlds).argmax(0)  # the first one if several tie
        best = np.stack(plans)[choice, np.arange(t.worlds)]
        return self.plans.entitled(best)

    def seconded(self, proposer: Integers, disagreement: Floats) -> list[tuple[Floats, Floats]]:
        """Offers under the open rule, each with the share (worlds,) of other states that would second it.

        A state seconds an offer if its utility is at least that of amending it.

        Args:
            proposer: (worlds,) index of the proposing state.
            disagreement: (worlds, states) payoff if nothing is agreed, EUR bn.
        """
        t, always, plan = self.known, self.only(proposer), self.of(proposer, 0.0)[0]
        offers = [plan]
        hedges = HEDGES if self.votes.are_random else ()
        for spare, margin in ((4, 0.0), (t.states.count, 0.0), *hedges):
            offers.append(self.prices.with_coalition(t.parts(plan)[0], 0.0, always, spare=spare, margin=margin))
        wish = disagreement + t.p.patience * (self.plans.home_value - disagreement)
        others = t.states.count - 1
        if not others:  # a single state: nobody can amend
            return [(x, np.ones(len(x))) for x in offers]
        content = [((self.votes.felt(x) >= wish) & ~always).sum(-1) / others for x in offers]
        return list(zip(offers, content, strict=True))
