"""Plans that actors at the Council's table consider; a plan is EUR bn by site, (worlds, sites)."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from juste_retour.abm.bargaining.payoffs import Payoffs
from juste_retour.abm.politics.entitlement import Claims, best_of, spread
from juste_retour.agents.arrays import Booleans, Floats, Integers, pick, ranks, take, total


class Plans:
    """Builds the plans that actors at a table consider."""

    def __init__(self, known: Payoffs):
        self.known = known

    # -- building blocks ----------------------------------------------------------------------------------------------
    def valid(self, plan: Floats) -> Floats:
        """The plan without sites below the smallest size."""
        return np.where(plan >= self.known.p.smallest_eur_bn, plan, 0.0)

    def at_best(self, size: Floats) -> Floats:
        """The plan (worlds, sites) that places EUR bn `size` (worlds, states) at each state's best free site."""
        t = self.known
        return spread(np.where(t.best >= 0, size, 0.0), t.best, t.sites.count)

    def seat(self, size: Floats, state: int) -> Floats:
        """The plan of one site: EUR bn `size` (worlds, states) at the best free site of the state with this index."""
        return self.at_best(np.where(np.arange(self.known.states.count) == state, size, 0.0))

    def largest(self, count: int | Integers, part: float | Floats = 1.0) -> Floats:
        """A part of the envelope divided among the `count` best sites, each up to what its power can use.

        Sites are ranked by the money that they can take, up to an equal share, and then by merit.

        Args:
            count: number of sites; a number or (worlds, 1).
            part: share of the envelope; a number or (worlds, 1).
        """
        t = self.known
        envelope = t.envelope * part
        share = envelope / count
        cap = np.where(t.free, t.site_room, 0.0)
        order = np.lexsort((-t.merit, -np.minimum(cap, share)), axis=-1)
        chosen = (ranks(order) < count) & (cap > 0)
        plan = np.zeros(cap.shape)
        for _ in range(3):  # pass what does not fit at a full site on to the others
            open_ = chosen & (plan < cap)
            left = np.maximum(envelope - total(plan)[:, None], 0.0)
            plan = np.where(open_, np.minimum(plan + left / np.maximum(open_.sum(-1), 1)[:, None], cap), plan)
        return self.valid(plan)

    def one_each(self, part: float | Floats) -> Floats:
        """A part of the envelope in equal amounts at every state's best free site; `part` a number or (worlds, 1)."""
        t = self.known
        amount = np.minimum(part * t.envelope / t.states.count, t.at_best(t.site_room))
        return self.valid(self.at_best(amount))

    def spread_over(self, count: int, part: float | Floats) -> Floats:
        """A part of the envelope at the `count` best sites; if `count` is the number of states, one site in each."""
        n = self.known.states.count
        return self.one_each(part) if count == n and count > 1 else self.largest(count, part)

    def joined(self, first: Floats, rest: Floats) -> Floats:
        """The first plan, plus the second in other states with the money that is left."""
        t = self.known
        rest = np.where((first > 0) | take(t.world.by_state(first) > 0, t.sites.state), 0.0, rest)
        left = np.maximum(t.envelope - total(first)[:, None], 0.0)
        rest = rest * np.minimum(1.0, left / np.maximum(total(rest)[:, None], 1e-300))
        return first + self.valid(rest)

    def placed(self, plan: Floats, size: Floats) -> Floats:
        """The plan with EUR bn `size` (worlds, states) added at best free sites; the rest shrinks to stay in budget."""
        t = self.known
        added = np.where(plan > 0, 0.0, self.at_best(size))
        owed = total(added)[:, None]
        added = added * np.minimum(1.0, t.envelope / np.maximum(owed, 1e-300))
        left = np.maximum(t.envelope - owed, 0.0)
        return self.valid(plan * np.minimum(1.0, left / np.maximum(total(plan)[:, None], 1e-300)) + added)

    def entitled(self, plan: Floats, score: Floats | None = None, applied: Booleans | None = None) -> Floats:
        """The plan corrected by the entitlement rule, EUR bn (worlds, sites).

        Args:
            plan: EUR bn (worlds, sites).
            score: (worlds, sites) ranking of the sites; their merit if None.
            applied: (worlds, states) whether each state applied under a call for proposals; None without a call.
        """
        t = self.known
        taken, best = pick(plan, np.maximum(t.best, 0)) > 0, t.best
        if taken.any():
            free = t.free & ~(plan > 0)
            other = best_of(t.merit, free, t.sites, t.states, t.env.lot[t.rows])
            best = np.where(taken, other, best)
        claims = Claims(
            states=t.states,
            sites=t.sites,
            best=best,
            room=np.where(best >= 0, pick(t.cap, np.maximum(best, 0)), 0.0),
            smallest=t.p.smallest_eur_bn,
            envelope=t.envelope,
            split=t.split,
            score=t.merit if score is None else score,
            hosted=t.hosted,
            received=t.received,
            paid=t.paid,
            applied=applied,
        )
        return t.institutions.decide("entitlement", plan, claims, rows=t.rows)

    # -- a site at home -----------------------------------------------------------------------------------------------
    @property
    def home_size(self) -> Floats:
        """Size of the single site at home that each state prefers, EUR bn (worlds, states); 0 if it wants none."""
        return self._home[0]

    @property
    def home_value(self) -> Floats:
        """Each state's utility with that site, or with no further site if it wants none; EUR bn (worlds, states)."""
        return self._home[1]

    @cached_property
    def _home(self) -> tuple[Floats, Floats]:
        t = self.known
        situation, most, least = t.situation, np.minimum(t.room, t.envelope), t.p.smallest_eur_bn
        size, top = np.zeros(most.shape), t.standing.utility
        wanted = t.scale * (t.p.local_value / situation.own_cost - 1) - t.received
        for asked in (least, wanted / 2, wanted, most / 2, most):
            asked = np.where(most >= least, np.clip(asked, least, np.maximum(most, least)), 0.0)
            value = np.where(asked > 0, situation.alone(asked).utility, -np.inf)
            size, top = np.where(value > top, asked, size), np.maximum(value, top)
        return size, top

    def at_home(self, who: Integers) -> Floats:
        """The plan that holds only the preferred home site of one state per world; `who` (worlds,) is its index."""
        t = self.known
        only = np.arange(t.states.count) == who[:, None]
        return spread(np.where(only, self.home_size, 0.0), t.best, t.sites.count)

    def bundle(self, members: Booleans) -> Floats:
        """The preferred home sites of all members (worlds, states), scaled down to the envelope."""
        t = self.known
        plan = spread(np.where(members, self.home_size, 0.0), t.best, t.sites.count)
        return self.valid(plan * np.minimum(1.0, t.envelope / np.maximum(total(plan)[:, None], 1e-300)))

    # -- menus --------------------------------------------------------------------------------------------------------
    @cached_property
    def common(self) -> list[Floats]:
        """A fifth and all of the envelope at the best and the eight best sites; 20, 40 and 80 % shared equally."""
        largest = [self.largest(k, part) for part in (0.2, 1.0) for k in (1, 8) if k < self.known.sites.count]
        return [*largest, *(self.one_each(part) for part in (0.2, 0.4, 0.8))]

    def with_home(self, proposer: Integers) -> list[Floats]:
        """The proposer's preferred home site, the common plans, and the home site with each common plan."""
        home = self.at_home(proposer)
        return [home, *self.common, *(self.joined(home, plan) for plan in self.common)]

    def modest(self, proposer: Integers) -> list[Floats]:
        """The proposer's preferred home site, small equal sites in all states, and both together."""
        home, little = self.at_home(proposer), [self.one_each(part) for part in (0.05, 0.1, 0.2)]
        return [home, *little, *(self.joined(home, plan) for plan in little)]

    def mediated(self) -> list[Floats]:
        """A mediator's menu: every state's preferred home site, the common plans, and small sites in all states."""
        t = self.known
        every = np.ones((t.worlds, t.states.count), bool)
        return [self.bundle(every), *self.common, self.one_each(0.05), self.one_each(0.1)]
