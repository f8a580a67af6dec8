"""Vote buying: the price of each state's yes, and the offer that buys the cheapest winning coalition."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from juste_retour.abm.bargaining import coalition
from juste_retour.abm.bargaining.payoffs import Payoffs
from juste_retour.abm.bargaining.plans import Plans
from juste_retour.abm.bargaining.votes import Votes
from juste_retour.agents.arrays import Booleans, Floats, pick, total
from juste_retour.agents.payoff import local_good, trophies
from juste_retour.agents.situation import Offer

CASH_ROUNDS = 4  # times that prices in cash are recomputed with the bill for that cash included
# site sizes tried, as multiples of the smallest site
STEPS = (1.0, 1.5, 2.0, 3.0, 5.0, 8.0, 13.0, 21.0, 34.0)


class Prices:
    """The prices of votes in the Council, in sites at home or in cash."""

    def __init__(self, known: Payoffs, plans: Plans, votes: Votes):
        self.known, self.plans, self.votes = known, plans, votes

    def gap(self, offer: Offer, failed: Offer, margin: float = 0.0) -> Floats:
        """What an offer lacks for each state to vote yes, EUR bn (worlds, states); at most 0 if it votes yes anyway.

        Args:
            offer: the offer as each state sees it.
            failed: the disagreement point.
            margin: amount added to the reservation value, in mean stakes.
        """
        t = self.known
        reservation = self.votes.reservation(failed, offer)
        if margin:
            stake = offer.utility - failed.utility
            reservation = reservation + margin * total(np.abs(stake))[:, None] / t.states.count
        return reservation - t.p.dissent_cost_eur_bn - offer.utility

    def prices(self, plan: Floats, sunk: float | Floats, margin: float = 0.0) -> Floats:
        """Size of the site at home that buys each state's yes to a plan, EUR bn (worlds, states).

        It is 0 if the state votes yes anyway, and inf if even the most at its best free site does not suffice.

        Args:
            plan: EUR bn (worlds, sites).
            sunk: share of the Union's money that is spent even if the plan fails; a number or (worlds,).
            margin: amount added to the reservation value, in mean stakes.
        """
        t = self.known
        offer = t.offer(plan)
        gap = self.gap(offer, self.votes.failed(plan, sunk), margin)
        size = np.full(gap.shape, np.inf)
        room = np.where(pick(plan, np.maximum(t.best, 0)) > 0, 0.0, t.at_best(t.site_room))
        own_cost = t.split.own_cost(0.0)
        trophy = trophies(offer.sites + 1, t.p, offer.sites + 1 - t.faded)
        before: float | Floats = 0.0
        without = gap * 0.0
        for multiple in STEPS:  # take the first step that suffices, and interpolate between it and the one before
            step = t.p.smallest_eur_bn * multiple
            local, bill = local_good(offer.received + step, t.scale, t.p), offer.payment + own_cost * step
            worth = trophy + local - bill - offer.trophies - offer.local + offer.payment
            enough = np.isinf(size) & (worth >= gap) & (step <= room)
            part = np.where(worth > without, (gap - without) / np.maximum(worth - without, 1e-300), 1.0)
            # the worth of a site is concave in its size, so that the interpolated size is enough
            between = before + np.clip(part * (1 + 1e-9), 0.0, 1.0) * (step - before)
            size = np.where(enough, step if multiple == 1.0 else between, size)
            before, without = step, worth
        return np.where(gap <= 0, 0.0, size)

    def with_coalition(
        self,
        plan: Floats,
        sunk: float | Floats,
        always: Booleans | None = None,
        *,
        spare: int = 0,
        margin: float = 0.0,
    ) -> Floats:
        """The offer that buys the cheapest winning coalition for a plan.

        Sites are placed at the prices for the plan, and once more at the prices for the changed plan. With
        `side_payments`, votes are bought with sites or with cash, whichever gives the proposer the higher expected
        gain. Without a proposer in `always`, the expected gain of all states counts.

        Args:
            plan: EUR bn (worlds, sites).
            sunk: share of the Union's money that is spent even if the offer fails; a number or (worlds,).
            always: (worlds, states) true for the proposer; None without one.
            spare: votes bought beyond those needed, cheapest first.
            margin: amount offered above the price, in mean stakes.

        Returns:
            the plan, EUR bn (worlds, sites); with `side_payments`, (worlds, sites + states) with each state's cash.
        """
        t = self.known
        by_sites, none = plan, np.zeros((t.worlds, t.states.count))
        own = np.zeros((t.worlds, 1)) if always is None else total(np.where(always, t.split.key, 0.0))[:, None]
        for _ in range(2):
            size = self.prices(by_sites, sunk, margin)
            bought = self._bought_for(size, always, spare, own * t.split.union)
            if not (bought > 0).any():
                break
            by_sites = self.plans.placed(by_sites, bought)
        if not t.p.side_payments:
            return by_sites
        cash = self._cash(plan, sunk, always, spare, margin)
        pays = self._expected(plan, cash, sunk, always) > self._expected(by_sites, none, sunk, always)
        plan, cash = np.where(pays[:, None], plan, by_sites), np.where(pays[:, None], cash, none)
        return np.concatenate([plan, cash], axis=-1)

    def _bought_for(self, price: Floats, always: Booleans | None, spare: int, part: float | Floats) -> Floats:
        """What each state is paid at these prices in the cheapest winning coalition; EUR bn (worlds, states).

        Under `consultation = "consensus"` a vote is also bought if the proposer's `part` of the price, a number or
        (worlds, 1), is at most the cost of a no.
        """
        members, _ = coalition.cheapest(price, self.votes.wins, self.known.states, always, self._ties)
        members = coalition.with_spare(price, members, spare) | self._every[:, None]
        priced = np.isfinite(price)
        if self.known.p.consultation == "consensus":
            members = members | (np.where(priced, price, 0.0) * part <= self.known.p.dissent_cost_eur_bn)
        bought = np.where(members & priced, price, 0.0)
        return bought if always is None else np.where(always, 0.0, bought)

    @cached_property
    def _every(self) -> Booleans:
        """Whether the consensus norm applies this quarter, so that every vote with a price is bought; (worlds,)."""
        t = self.known
        if not np.any(t.p.consensus_norm > 0):
            return np.zeros(t.worlds, bool)
        return t.uniform("consensus", 1)[:, 0] < t.p.consensus_norm[:, 0]

    @cached_property
    def _ties(self) -> Floats:
        """Random numbers (worlds, states) that order states with equal prices this quarter."""
        return self.known.uniform("partners", self.known.states.count)

    def _cash(self, plan: Floats, sunk: float | Floats, always: Booleans | None, spare: int, margin: float) -> Floats:
        """Cash that each state receives for its yes, less its part of the bill; EUR bn (worlds, states).

        A euro of cash costs 1 + `cost_of_public_funds` euros. The proposer pays the bill; without a proposer in
        `always`, all states pay by their share of the Union's money. The price of a vote covers the seller's own part of
        the bill. It is high enough for a yes both with the labs' letters of intent and without them.
        """
        t = self.known
        payers = t.split.key if always is None else always
        pledged, failed = t.pledged(plan, t.letters(plan)), self.votes.failed(plan, sunk)
        cost = 1 + t.p.cost_of_public_funds
        bought, bill = np.zeros((t.worlds, t.states.count)), np.zeros((t.worlds, 1))
        for _ in range(CASH_ROUNDS):
            paid = bought - payers * bill
            asked = bought + np.maximum(
                self.gap(t.offer(plan, None, paid), failed, margin),
                self.gap(t.offer(plan, pledged, paid), failed, margin),
            )
            members = self._bought_for(np.maximum(asked, 0.0), always, spare, 0.0 if always is None else cost) > 0
            # `without` is the price without the bill, slightly raised so that rounding loses no yes;
            # `left` is what remains of a euro of cash after the sellers have paid their part of its cost
            without = np.where(members, asked * (1 + 1e-9) - payers * bill, 0.0)
            left = 1 - cost * total(np.where(members, payers, 0.0))[:, None]
            bill = np.where(left > 0, cost * total(without)[:, None] / np.maximum(left, 1e-300), bill)
            bought = np.where(members, np.maximum(without + payers * bill, 0.0), 0.0)
        return bought - payers * (cost * total(bought)[:, None])

    def _expected(self, plan: Floats, cash: Floats, sunk: float | Floats, always: Booleans | None) -> Floats:
        """Expected gain from an offer to its proposer, or to all states if `always` is None; EUR bn (worlds,)."""
        offer = np.concatenate([plan, cash], axis=-1)
        gain = self.known.utility(offer) - self.votes.failed(plan, sunk).utility
        mine = gain if always is None else np.where(always, gain, 0.0)
        return self.votes.chance(offer, sunk) * total(mine)
