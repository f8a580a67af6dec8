"""The states' payoffs from plans, the labs' letters of intent, and who pays."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from juste_retour.abm.bargaining.facts import Facts
from juste_retour.abm.base.identity_cache import IdentityCache
from juste_retour.agents import lab
from juste_retour.agents.arrays import Booleans, Floats, Integers, alike
from juste_retour.agents.payoff import payoff
from juste_retour.agents.situation import Offer, Prospect, Situation


class Payoffs(Facts):
    """Common knowledge, and the payoffs from plans in addition to what has already been decided.

    A plan is EUR bn (worlds, sites). An offer is a plan; with `side_payments` it may be (worlds, sites + states), where
    the last columns are the cash for each state.
    """

    def parts(self, offer: Floats) -> tuple[Floats, float | Floats]:
        """The plan (worlds, sites) and the cash (worlds, states) of an offer, EUR bn; the cash is 0 if it has none."""
        s = self.sites.count
        if offer.shape[-1] == s:
            return offer, 0.0
        return np.ascontiguousarray(offer[:, :s]), np.ascontiguousarray(offer[:, s:])

    # -- labs and the bill --------------------------------------------------------------------------------------------
    def _wishes(self, plan: Floats) -> tuple[lab.Market, Floats, Floats]:
        """The market that labs face under a plan, each lab's advantage (worlds, labs, sites), and the sites' chips."""
        chips, effective, wait = self.outlook.seen_by_labs(plan)
        home = self.labs.home[:, None] == self.sites.state[None, :]
        usable = np.where(plan > 0, effective, 0.0)
        market = self.env.market(self.rows, usable, wait, home)
        return market, self.institutions.decide_by_actor("anchor", market, rows=self.rows), chips

    def letters(self, plan: Floats) -> lab.Letters:
        """The letters of intent that labs write for a plan, EUR bn (worlds, sites)."""
        first, kind = alike(self.institutions.distinct[self.rows][:, None].astype(np.float64), plan)
        if (
            len(first) < len(kind) and self.institutions.cast is None
        ):  # compute equal worlds only once, unless agents act in them
            found = Payoffs(self.env, self.rows[first]).letters(plan[first])
            return lab.Letters(found.site[kind], found.money[kind], found.least[kind])
        market, advantage, chips = self._wishes(plan)
        return lab.letters(advantage, market, chips, self.labs, self.outlook.year_share)

    def wanted_by_labs(self, plan: Floats) -> Booleans:
        """Whether some lab would gain from each site of a plan over what it has; (worlds, sites)."""
        if self.labs.count == 0:
            return np.zeros(plan.shape, bool)
        advantage = self._wishes(plan)[1]
        return np.asarray((np.isfinite(advantage) & (advantage > 0)).any(1))

    def pledged(self, plan: Floats, letters: lab.Letters | None) -> Floats:
        """Labs' money by site from letters whose condition the plan meets, EUR bn (worlds, sites)."""
        if letters is None or self.labs.count == 0:
            return np.zeros(plan.shape)
        return np.minimum(letters.at_sites(self.outlook.chips(plan)), plan * (1 - self.split.private))

    def payment(self, plan: Floats, pledged: Floats) -> Floats:
        """EUR bn that each state pays for a plan with this labs' money, both (worlds, sites); (worlds, states)."""
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
        """An outcome as each state sees it, with its utility.

        Args:
            sites: (worlds, states) sites at home.
            received: (worlds, states) EUR bn spent at home.
            prospect: the expected results.
            payment: (worlds, states) EUR bn that each state pays.
            transfer: cash to each state, EUR bn; (worlds, states) or a number.
        """
        return payoff(self.states, self.scale, sites, received, prospect, payment, self.p, transfer, self.faded)

    @cached_property
    def standing(self) -> Offer:
        """The status quo as each state sees it: what has already been decided."""
        return self.seen(self.hosted, self.received, self.outlook.prospect(None), self.paid)

    def offer(self, plan: Floats, pledged: Floats | None = None, transfer: float | Floats = 0.0) -> Offer:
        """A plan in addition to the status quo, as each state sees it.

        Args:
            plan: EUR bn (worlds, sites).
            pledged: labs' money, EUR bn (worlds, sites); None for none.
            transfer: cash to each state, EUR bn; (worlds, states) or a number.
        """
        pledged = np.zeros(plan.shape) if pledged is None else pledged
        return self.seen(
            self.hosted + self.counted(plan),
            self.received + self.world.by_state(plan),
            self.outlook.prospect(plan),
            self.paid + self.payment(plan, pledged),
            transfer,
        )

    @cached_property
    def _offered(self) -> IdentityCache[Floats, Offer]:
        return IdentityCache()

    def offered(self, offer: Floats) -> Offer:
        """An offer as each state sees it, without labs' money; the results for the last few offers are cached."""
        return self._offered.get(offer, self._look)

    def _look(self, offer: Floats) -> Offer:
        plan, cash = self.parts(offer)
        return self.offer(plan, None, cash)

    def utility(self, offer: Floats) -> Floats:
        """Utility of an offer to each state, without labs' money; EUR bn (worlds, states)."""
        return self.offered(offer).utility

    # -- what a state knows -------------------------------------------------------------------------------------------
    @cached_property
    def situation(self) -> Situation:
        """What each state knows when it decides, if none of the Union's money is sunk."""
        return self.situation_if(0.0)

    def situation_if(self, sunk: float | Floats, asked: Floats | None = None) -> Situation:
        """What each state knows when it decides.

        Args:
            sunk: share of the Union's money that is spent whatever the state does; (worlds,) or a number.
            asked: EUR bn (worlds, sites) for which states have already asked and which they expect to get; its effect on
                the race is ignored.
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

        def alone(
            size: Floats,
        ) -> Offer:  # does not refer to `self`, so that the table can be freed from memory
            placed = np.where(best >= 0, size, 0.0)
            prospect = expected.alone(placed, best)
            bill = paid + own_cost * placed
            return payoff(states, scale, hosted + (placed > 0), received + placed, prospect, bill, p, 0.0, faded)

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
            won=self.world.bargaining.won[self.rows],
        )
