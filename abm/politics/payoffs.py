"""What plans are worth to the states, with the labs' letters of intent and the bill."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from juste_retour.abm.politics.facts import Facts
from juste_retour.abm.remembered import Remembered
from juste_retour.agents import lab
from juste_retour.agents.arrays import Booleans, Floats, Integers, alike
from juste_retour.agents.payoff import payoff
from juste_retour.agents.situation import Offer, Prospect, Situation


class Payoffs(Facts):
    """What everyone knows, and what plans (worlds, sites), EUR bn, are worth on top of what stands.

    An offer is a plan; where `side_payments` allows it, the cash that each state gets stands behind it on the last axis.
    """

    def parts(self, offer: Floats) -> tuple[Floats, float | Floats]:
        """The plan (worlds, sites) and the cash (worlds, states) of an offer; 0 where it carries no cash."""
        s = self.sites.count
        if offer.shape[-1] == s:
            return offer, 0.0
        return np.ascontiguousarray(offer[:, :s]), np.ascontiguousarray(offer[:, s:])

    # -- labs and the bill --------------------------------------------------------------------------------------------
    def _wishes(self, plan: Floats) -> tuple[lab.Market, Floats, Floats]:
        """The market of a plan (worlds, sites), each lab's advantage (worlds, labs, sites), and the sites' chips."""
        chips, effective, wait = self.outlook.seen_by_labs(plan)
        home = self.labs.home[:, None] == self.sites.state[None, :]
        usable = np.where(plan > 0, effective, 0.0)
        market = self.env.market(self.rows, usable, wait, home)
        return market, self.institutions.decide_by_actor("anchor", market, rows=self.rows), chips

    def letters(self, plan: Floats) -> lab.Letters:
        """The letters of intent that the labs of the world write for a plan (worlds, sites)."""
        first, kind = alike(self.institutions.distinct[self.rows][:, None].astype(np.float64), plan)
        if len(first) < len(kind) and self.institutions.cast is None:  # agents are asked in their own worlds
            found = Payoffs(self.env, self.rows[first]).letters(plan[first])
            return lab.Letters(found.site[kind], found.money[kind], found.least[kind])
        market, advantage, chips = self._wishes(plan)
        return lab.letters(advantage, market, chips, self.labs, self.outlook.regime.share)

    def wanted_by_labs(self, plan: Floats) -> Booleans:
        """(worlds, sites) where some lab would gain on what it has."""
        if self.labs.count == 0:
            return np.zeros(plan.shape, bool)
        advantage = self._wishes(plan)[1]
        return np.asarray((np.isfinite(advantage) & (advantage > 0)).any(1))

    def pledged(self, plan: Floats, letters: lab.Letters | None) -> Floats:
        """Labs' money by site, EUR bn (worlds, sites), of the letters whose condition the plan keeps."""
        if letters is None or self.labs.count == 0:
            return np.zeros(plan.shape)
        return np.minimum(letters.at_sites(self.outlook.chips(plan)), plan * (1 - self.split.private))

    def payment(self, plan: Floats, pledged: Floats) -> Floats:
        """(worlds, states) EUR bn that each state pays for a plan."""
        return self.split.payments(self.world.by_state(plan), self.world.by_state(pledged))

    # -- payoffs ------------------------------------------------------------------------------------------------------
    def seen(
        self,
        sites: Integers,
        received: Floats,
        prospect: Prospect,
        payment: Floats,
        transfer: float | Floats = 0.0,
    ) -> Offer:
        """A state of affairs as each state sees it: sites and EUR bn at home, the prospect, the bill, cash."""
        return payoff(
            self.states, self.scale, sites, received, prospect, payment, self.p, transfer, self.faded
        )

    @cached_property
    def standing(self) -> Offer:
        """What stands already, as each state sees it."""
        return self.seen(self.hosted, self.received, self.outlook.prospect(None), self.paid)

    def offer(self, plan: Floats, pledged: Floats | None = None, transfer: float | Floats = 0.0) -> Offer:
        """A plan on top of what stands, as each state sees it."""
        pledged = np.zeros(plan.shape) if pledged is None else pledged
        return self.seen(
            self.hosted + self.counted(plan),
            self.received + self.world.by_state(plan),
            self.outlook.prospect(plan),
            self.paid + self.payment(plan, pledged),
            transfer,
        )

    @cached_property
    def _offered(self) -> Remembered[Floats, Offer]:
        return Remembered()

    def offered(self, offer: Floats) -> Offer:
        """An offer as each state sees it, without letters; the last few are remembered."""
        return self._offered.get(offer, self._look)

    def _look(self, offer: Floats) -> Offer:
        plan, cash = self.parts(offer)
        return self.offer(plan, None, cash)

    def utility(self, offer: Floats) -> Floats:
        """What an offer is worth to each state, EUR bn (worlds, states)."""
        return self.offered(offer).utility

    # -- what a state knows -------------------------------------------------------------------------------------------
    @cached_property
    def situation(self) -> Situation:
        """What each state knows."""
        return self.situation_if(0.0)

    def situation_if(self, sunk: float | Floats, asked: Floats | None = None) -> Situation:
        """What each state knows.

        Args:
            sunk: share of the Union's money that is spent whatever it does, (worlds,) or a number.
            asked: a plan (worlds, sites) that it counts on, for it has asked for it; what it adds to the race is left out.
        """
        own_cost = np.broadcast_to(self.split.own_cost(np.reshape(sunk, (-1, 1))), self.scale.shape)
        states, scale, p, faded = self.states, self.scale, self.p, self.faded
        hosted, received, paid = self.hosted, self.received, self.paid
        standing, room = self.standing, self.room
        if asked is not None:
            hosted, received = hosted + self.counted(asked), received + self.world.by_state(asked)
            paid, room = paid + own_cost * self.world.by_state(asked), self.room_beside(asked)
            standing = self.seen(hosted, received, self.outlook.prospect(None), paid)
        best, expected = self.best, self.outlook

        def alone(size: Floats) -> Offer:  # holds no table, so that a table is gone when its quarter is over
            placed = np.where(best >= 0, size, 0.0)
            prospect = expected.alone(placed, best)
            bill = paid + own_cost * placed
            return payoff(
                states, scale, hosted + (placed > 0), received + placed, prospect, bill, p, 0.0, faded
            )

        return Situation(
            states=self.states,
            p=self.p,
            year=self.year,
            hosted=hosted,
            received=received,
            scale=self.scale,
            own_cost=own_cost,
            room=room,
            centre=self.at_best(np.broadcast_to(self.sites.centre, self.cap.shape)) > 0,
            standing=standing,
            alone=alone,
            lost=self.world.bargaining.lost[self.rows],
            applied=self.world.bargaining.applied[self.rows],
            won=self.world.bargaining.bids[self.rows],
        )
