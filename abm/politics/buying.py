"""Buying votes: what a yes costs, and the plan with the cheapest winning coalition bought."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from juste_retour.abm.politics import coalition
from juste_retour.agents.arrays import Reals, Truths, pick, total
from juste_retour.agents.situation import Offer, Prospect

CASH_ROUNDS = 4  # times that the bill for cash is reckoned with in the prices


class Buying:
    """The part of the Council's table at which votes are bought, with sites at home or in cash."""

    def gap(self: Any, offer: Offer, failed: Offer, margin: float = 0.0) -> Reals:
        """What each state lacks to say yes to an offer, EUR bn (worlds, states); at most 0 for who says it anyway."""
        stake = offer.utility - failed.utility
        reservation = self.reservation(failed, stake)
        if margin:
            reservation = reservation + margin * total(np.abs(stake))[:, None] / self.states.count
        return reservation - self.p.dissent_cost_eur_bn - offer.utility

    def prices(self: Any, plan: Reals, sunk: Any, margin: float = 0.0) -> Reals:
        """The site at home that buys each state's yes to a plan, EUR bn (worlds, states).

        0 for who would say yes anyway, inf for who cannot be won by the largest site at its best free site.
        """
        offer = self.offer(plan)
        gap = self.gap(offer, self.failed(plan, sunk), margin)
        size = np.full(gap.shape, np.inf)
        room = np.where(pick(plan, np.maximum(self.best, 0)) > 0, 0.0, self.at_best(self.cap))
        before, without = 0.0, gap * 0.0
        for multiple in (1.0, 1.5, 2.0, 3.0, 5.0, 8.0, 13.0, 21.0, 34.0):  # the first step that is enough
            step = self.p.smallest_eur_bn * multiple
            grown = self._offer(
                offer.sites + 1,
                offer.received + step,
                Prospect(np.zeros((self.worlds, 1)), np.zeros((self.worlds, 1))),
                offer.payment + self.split.own_cost(0.0) * step,
            )
            worth = (
                grown.trophies + grown.local - grown.payment - offer.trophies - offer.local + offer.payment
            )
            enough = np.isinf(size) & (worth >= gap) & (step <= room)
            part = np.where(worth > without, (gap - without) / np.maximum(worth - without, 1e-300), 1.0)
            between = before + np.clip(part * (1 + 1e-9), 0.0, 1.0) * (step - before)  # worth is concave
            size = np.where(enough, step if multiple == 1.0 else between, size)
            before, without = step, worth
        return np.where(gap <= 0, 0.0, size)

    def with_coalition(
        self: Any,
        plan: Reals,
        sunk: Any,
        always: Truths | None = None,
        *,
        spare: int = 0,
        margin: float = 0.0,
    ) -> tuple[Reals, Reals]:
        """The plan with the cheapest winning coalition bought: place sites, price once more, place again.

        Where `side_payments` allows it, cash is weighed against sites: votes are bought with what serves the proposer
        better, given whether the offer then passes; without a proposer in `always`, with what serves all together.

        Args:
            plan: EUR bn (worlds, sites).
            sunk: share of the Union's money that a no does not give back.
            always: (worlds, states) the proposer.
            spare: votes bought beyond those needed, cheapest first.
            margin: what is offered beyond the price, in mean stakes.

        Returns:
            plan (worlds, sites) and cash (worlds, states), EUR bn; cash only where `side_payments` allows it.
        """
        by_sites, none = plan, np.zeros((self.worlds, self.states.count))
        for _ in range(2):
            size = self.prices(by_sites, sunk, margin)
            bought = self._bought_for(size, always, spare)
            if not (bought > 0).any():
                break
            by_sites = self.placed(by_sites, bought)
        if not self.p.side_payments:
            return by_sites, none
        cash = self._cash(plan, sunk, always, spare, margin)
        pays = self._expected(plan, cash, sunk, always) > self._expected(by_sites, none, sunk, always)
        return np.where(pays[:, None], plan, by_sites), np.where(pays[:, None], cash, none)

    def _bought_for(self: Any, price: Reals, always: Truths | None, spare: int) -> Reals:
        """What is given to whom at these prices, EUR bn (worlds, states), for the cheapest coalition that wins."""
        members, _ = coalition.cheapest(price, self.wins, self.states, always, self._ties)
        members = coalition.with_spare(price, members, spare) | self._every[:, None]
        bought = np.where(members & np.isfinite(price), price, 0.0)
        return bought if always is None else np.where(always, 0.0, bought)

    @cached_property
    def _every(self: Any) -> Truths:
        """(worlds,) whether the norm of consensus has all bought this quarter who can be had."""
        if not np.any(self.p.consensus_norm > 0):
            return np.zeros(self.worlds, bool)
        return self.uniform("consensus", 1)[:, 0] < self.p.consensus_norm[:, 0]

    @cached_property
    def _ties(self: Any) -> Reals:
        """(worlds, states) this quarter's order of partners who ask for the same."""
        return self.uniform("partners", self.states.count)

    def _cash(self: Any, plan: Reals, sunk: Any, always: Truths | None, spare: int, margin: float) -> Reals:
        """Cash that each state gets for its yes, less its part of the bill, EUR bn (worlds, states).

        Cash costs the public funds more than it brings. The proposer pays the bill, or, where none is in `always`, all
        by their share of the Union's money; prices hold what the bill takes from those who are to be won. A yes is bought
        that stands with the labs' letters and without.
        """
        payers = self.split.key if always is None else always
        pledged, failed = self.pledged(plan, self.letters(plan)), self.failed(plan, sunk)
        cost = 1 + self.p.cost_of_public_funds
        bought, bill = np.zeros((self.worlds, self.states.count)), np.zeros((self.worlds, 1))
        for _ in range(CASH_ROUNDS):
            paid = bought - payers * bill
            asked = bought + np.maximum(
                self.gap(self.offer(plan, None, paid), failed, margin),
                self.gap(self.offer(plan, pledged, paid), failed, margin),
            )
            members = self._bought_for(np.maximum(asked, 0.0), always, spare) > 0
            # what they ask for were there no bill, a hair more so that rounding leaves no yes short, and what is left of
            # a euro when their part of it is paid back
            without = np.where(members, asked * (1 + 1e-9) - payers * bill, 0.0)
            left = 1 - cost * total(np.where(members, payers, 0.0))[:, None]
            bill = np.where(left > 0, cost * total(without)[:, None] / np.maximum(left, 1e-300), bill)
            bought = np.where(members, np.maximum(without + payers * bill, 0.0), 0.0)
        return bought - payers * (cost * total(bought)[:, None])

    def _expected(self: Any, plan: Reals, cash: Reals, sunk: Any, always: Truths | None) -> Reals:
        """(worlds,) EUR bn that an offer brings its proposer over its failure, or all where none is in `always`."""
        offer = np.concatenate([plan, cash], axis=-1)
        gain = self.utility(offer) - self.failed(plan, sunk).utility
        return self.chance(offer, sunk) * total(gain if always is None else np.where(always, gain, 0.0))

    def placed(self: Any, plan: Reals, size: Reals) -> Reals:
        """Add sites at each state's best free site, (worlds, states) EUR bn; the rest shrinks to make room."""
        added = np.where(plan > 0, 0.0, self.placed_at_best(size))
        owed = total(added)[:, None]
        added = added * np.minimum(1.0, self.envelope / np.maximum(owed, 1e-300))
        left = np.maximum(self.envelope - owed, 0.0)
        out = plan * np.minimum(1.0, left / np.maximum(total(plan)[:, None], 1e-300)) + added
        return np.where(out >= self.p.smallest_eur_bn, out, 0.0)
