"""Buying votes: what a yes costs, and the plan with the cheapest winning coalition bought."""

from __future__ import annotations

from typing import Any

import numpy as np

from abm.politics import coalition
from agents.arrays import Reals, Truths, pick, total
from agents.situation import Prospect


class Buying:
    """The part of the Council's table at which votes are bought, with sites at home or in cash."""

    def prices(self: Any, plan: Reals, sunk: Any, margin: float = 0.0) -> tuple[Reals, Reals]:
        """What each state's yes to a plan costs, and the site, or the cash, that buys it.

        Returns:
            price (worlds, states) EUR bn, 0 for who would say yes anyway, inf for who cannot be won; size (worlds,
            states) EUR bn of the site at the state's best free site that closes the gap, or of the cash that does.
        """
        offer, failed = self.offer(plan), self.failed(plan, sunk)
        stake = offer.utility - failed.utility
        reservation = self.reservation(failed, stake)
        if margin:
            reservation = reservation + margin * total(np.abs(stake))[:, None] / self.states.count
        gap = reservation - self.p.dissent_cost_eur_bn - offer.utility
        if self.p.side_payments:
            price = np.where(gap > 0, gap * (1 + 1e-9), 0.0)
            return price, price
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
        size = np.where(gap <= 0, 0.0, size)
        return size, size

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

        Where `side_payments` allows it, votes are bought in cash, which costs the public funds more than it brings;
        the proposer pays, or, where none is in `always`, all by their share of the Union's money.

        Args:
            plan: EUR bn (worlds, sites).
            sunk: share of the Union's money that a no does not give back.
            always: (worlds, states) the proposer.
            spare: votes bought beyond those needed, cheapest first.
            margin: what is offered beyond the price, in mean stakes.

        Returns:
            plan (worlds, sites) and cash (worlds, states), EUR bn; cash only where `side_payments` allows it.
        """
        cash = np.zeros((self.worlds, self.states.count))
        every = np.zeros(self.worlds, bool)
        if np.any(self.p.consensus_norm > 0):
            every = self.uniform("consensus", 1)[:, 0] < self.p.consensus_norm[:, 0]
        ties = self.uniform("partners", self.states.count)
        for _ in range(2):
            price, size = self.prices(plan, sunk, margin)
            members, _ = coalition.cheapest(price, self.wins, self.states, always, ties)
            members = coalition.with_spare(price, members, spare) | every[:, None]
            bought = np.where(members & np.isfinite(price), size, 0.0)
            if always is not None:
                bought = np.where(always, 0.0, bought)
            if not (bought > 0).any():
                break
            if self.p.side_payments:
                payers = self.split.key if always is None else always
                bill = (1 + self.p.cost_of_public_funds) * total(bought)[:, None]
                return plan, bought - payers * bill
            plan = self.placed(plan, bought)
        return plan, cash

    def placed(self: Any, plan: Reals, size: Reals) -> Reals:
        """Add sites at each state's best free site, (worlds, states) EUR bn; the rest shrinks to make room."""
        added = np.where(plan > 0, 0.0, self.placed_at_best(size))
        owed = total(added)[:, None]
        added = added * np.minimum(1.0, self.envelope / np.maximum(owed, 1e-300))
        left = np.maximum(self.envelope - owed, 0.0)
        out = plan * np.minimum(1.0, left / np.maximum(total(plan)[:, None], 1e-300)) + added
        return np.where(out >= self.p.smallest_eur_bn, out, 0.0)
