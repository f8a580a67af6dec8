"""The Council's side of bargaining over utilities: what it answers when an agenda protocol asks.

An offer is a plan of sites, EUR bn (worlds, sites). `Proposing` is mixed into the Council; the protocols themselves
know nothing of sites.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from abm.politics.entitlement import spread
from abm.politics.motion import Motion
from abm.politics.tables.table import better, mine
from agents.arrays import Reals, Truths, Whole, total
from agents.rules import family
from agents.situation import Offer

REHEARSALS = 16  # ballots that a proposer plays through where votes hang on luck


class Proposing:
    """What the Council answers to an agenda protocol; see `tables.table.Table`."""

    forced: Whole | None = None
    world: Any
    rows: Any
    worlds: int
    states: Any
    sites: Any
    p: Any
    now: int

    def lasting(self, channel: str, slots: int) -> Reals:
        """Luck by name that lasts for the run; (worlds, slots)."""
        return self.world.tape.uniform(channel, slots)[self.rows]

    def contribution(self: Any) -> Reals:
        """Each state's share of the Union's money; (states,)."""
        return self.split.key

    def utility(self: Any, plan: Reals) -> Reals:
        """What a plan is worth to each state, EUR bn (worlds, states)."""
        return self._looked_at(plan).utility

    def fallback(self: Any, sunk: Any = 0.0) -> Reals:
        """What each state is left with if nothing is agreed; (worlds, states)."""
        return self.failed(np.zeros((self.worlds, self.sites.count)), sunk).utility

    def reserve(self: Any, plan: Reals, sunk: Any) -> Reals:
        """What a plan must be worth to each state for it to say yes; (worlds, states)."""
        failed = self.failed(plan, sunk)
        return self.reservation(failed, self.utility(plan) - failed.utility)

    @cached_property
    def votes_by_luck(self) -> bool:
        """Whether some state's vote hangs on luck."""
        choice = self.world.scenario.rules["vote"]
        names = {choice.rule, *(rule for _, rule in choice.actors)}
        return any("deterministic" not in family("vote")[name].properties for name in names)

    def polled(self: Any, offer: Offer, reservation: Reals, luck: Reals | None = None) -> Reals:
        """Votes, 1, -1 or 0 (worlds, states), of this quarter's ballot or, with `luck`, of a rehearsed one."""
        situation = self.situation
        if self.votes_by_luck:
            luck = self.uniform("vote", self.states.count) if luck is None else luck
            situation = replace(situation, luck=luck)
        return np.asarray(self.world.decide_by_actor("vote", offer, reservation, situation, rows=self.rows))

    def chance(self: Any, plan: Reals, sunk: Any) -> Reals:
        """(worlds,) chance that a plan passes, as its proposer sees it."""
        offer, reservation = self._looked_at(plan), self.reserve(plan, sunk)
        gain = offer.utility - self.failed(plan, sunk).utility
        union_yes, weight = total(gain) >= 0, self.payment(plan, np.zeros(plan.shape))
        n = self.states.count
        if not self.votes_by_luck:
            votes = self.polled(offer, reservation)
            return self.passes(votes > 0, votes < 0, union_yes, weight).astype(np.float64)
        luck = self.uniform("rehearsal", REHEARSALS * n)
        passed = np.zeros(self.worlds, dtype=np.int64)
        for k in range(REHEARSALS):
            votes = self.polled(offer, reservation, np.ascontiguousarray(luck[:, k * n : (k + 1) * n]))
            passed += self.passes(votes > 0, votes < 0, union_yes, weight)
        return passed / REHEARSALS

    def hold(self: Any, offer: Reals, sunk: Any, *, held: Truths | None = None) -> Motion:
        """Put an offer to the vote as it stands; labs write their letters first."""
        plan, cash = self.parts(offer)
        return self.decide(plan, sunk, held=held, letters=self.letters(plan), transfer=cash)

    def parts(self: Any, offer: Reals) -> tuple[Reals, Any]:
        """The plan (worlds, sites) and the cash (worlds, states) of an offer, which carries cash only where it may."""
        s = self.sites.count
        if offer.shape[-1] == s:
            return offer, 0.0
        return np.ascontiguousarray(offer[:, :s]), np.ascontiguousarray(offer[:, s:])

    def proposals(self: Any, proposer: Whole, sunk: Any) -> list[Reals]:
        """The proposer's favourite plan with the cheapest winning coalition bought, and the plan that needs none."""
        favourite = self.favourite(proposer)
        plans = [self.with_coalition(self.entitled(favourite), sunk, self._only(proposer))[0]]
        if self.votes_by_luck:  # one more than is needed, against the luck of the vote
            plans.append(self.with_coalition(plans[0], sunk, self._only(proposer), everyone=True)[0])
        return plans

    def favourite(self: Any, proposer: Whole) -> Reals:
        """The plan that a proposer likes best if nobody else is asked: a site at home, or the Union's best sites."""
        best, worth = None, None
        for plan in [self.at_home(proposer), *self.race_plans]:
            value = mine(self.utility(plan), proposer)
            best, worth = (plan, value) if best is None else better(best, worth, plan, value)
        return best

    @cached_property
    def race_plans(self: Any) -> list[Reals]:
        """A fifth, half and all of the envelope at the one, three and eight best sites, and a fifth for all states."""
        plans = [self.largest(k, part) for part in (0.2, 0.5, 1.0) for k in (1, 3, 8) if k < self.sites.count]
        return [*plans, self.one_each(0.2)]

    @cached_property
    def home_size(self: Any) -> Reals:
        """(worlds, states) EUR bn of the site at home that each state likes best; 0 where it likes none."""
        situation, most = self.situation, np.minimum(self.room, self.envelope)
        size, top = np.zeros(most.shape), self.standing.utility
        wanted = self.scale * (self.p.local_value / situation.own_cost - 1) - self.received
        for asked in (self.p.smallest_eur_bn, wanted / 2, wanted, most / 2, most):
            asked = np.where(
                most >= self.p.smallest_eur_bn,
                np.clip(asked, self.p.smallest_eur_bn, np.maximum(most, self.p.smallest_eur_bn)),
                0.0,
            )
            value = np.where(asked > 0, situation.alone(asked).utility, -np.inf)
            size, top = np.where(value > top, asked, size), np.maximum(value, top)
        return size

    def at_home(self: Any, who: Whole) -> Reals:
        """The plan that one state a world would have for itself alone; (worlds, sites)."""
        return spread(np.where(self._only(who), self.home_size, 0.0), self.best, self.sites.count)

    def _only(self, who: Whole) -> Truths:
        return np.arange(self.states.count) == who[:, None]

    def _looked_at(self: Any, plan: Reals) -> Offer:
        """The plan as each state sees it, without letters; the last few are remembered."""
        seen = self.__dict__.setdefault("_looked", {})
        if id(plan) not in seen or seen[id(plan)][0] is not plan:
            if len(seen) > 64:
                seen.clear()
            seen[id(plan)] = (plan, self.offer(plan))
        return seen[id(plan)][1]
