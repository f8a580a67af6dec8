"""The table at which the Union bargains: what an agenda protocol may ask for, in some worlds in one quarter.

Protocols see plans (worlds, sites) only through the utilities that they yield; the same protocols run on a divisible
pie or on points on a line with another table.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm import prospect as outlook
from abm.politics import coalition
from abm.politics.continuation import continuation
from abm.politics.entitlement import Claims, best_of, spread
from abm.politics.motion import Motion
from abm.politics.proposing import Proposing
from abm.politics.voting import Ballot
from agents import commissioner, lab
from agents.arrays import Reals, Truths, Whole, pick, total
from agents.minds import inequality
from agents.payoff import payoff
from agents.situation import Memory, Offer, Prospect, Situation


class Council(Proposing):
    """One quarter's table for the worlds `rows` of a `World`."""

    def __init__(self, world: Any, rows: NDArray[np.int64]):
        self.world, self.rows = world, rows
        self.states, self.sites, self.college, self.labs = (
            world.states,
            world.sites,
            world.college,
            world.labs,
        )
        self.p = world.p.rows(rows)
        self.worlds = len(rows)
        self.year = world.year
        self.now = world.now
        self.industrial = True  # whether industrial sites may be used; a call narrows it

    def some_worlds(self, index: NDArray[np.int64]) -> Council:
        """The same table for some of its worlds."""
        mine = type(self)(self.world, self.rows[index])
        mine.industrial = self.industrial
        return mine

    # -- what everyone knows ------------------------------------------------------------------------------------------
    def uniform(self, channel: str, slots: int) -> Reals:
        """This quarter's luck by name; (worlds, slots)."""
        return self.world.tape.uniform(channel, slots, self.now)[self.rows]

    def normal(self, channel: str, slots: int) -> Reals:
        """The same as standard normals."""
        return self.world.tape.normal(channel, slots, self.now)[self.rows]

    @cached_property
    def split(self) -> Any:
        """Who pays for a euro."""
        return self.world.decide("funding", self.states, self.world.decider, rows=self.rows)

    @cached_property
    def envelope(self) -> Reals:
        """EUR bn left to place; (worlds, 1)."""
        return self.world.envelope[self.rows]

    @cached_property
    def hosted(self) -> Whole:
        """(worlds, states) sites that each state counts on."""
        return self.world.hosted[self.rows]

    @cached_property
    def faded(self) -> Any:
        """(worlds, states) sites' worth of credit that voters have withdrawn from sites that produce nothing."""
        w = self.world
        if not np.any(self.p.trophy_fade > 0):
            return 0.0
        idle = w.live[self.rows] & ~w.working[self.rows]
        years = (self.now - w.selected[self.rows]) / 4
        return w.by_state(np.where(idle, -np.expm1(-self.p.trophy_fade * years), 0.0))

    @cached_property
    def received(self) -> Reals:
        """(worlds, states) EUR bn placed in each state so far."""
        w = self.world
        return w.by_state(np.where(w.live, w.planned, 0.0)[self.rows])

    @cached_property
    def paid(self) -> Reals:
        """(worlds, states) EUR bn that each state has agreed to pay so far."""
        w = self.world
        live = w.live[self.rows]
        plan, pledged = np.where(live, w.planned[self.rows], 0.0), np.where(live, w.pledged[self.rows], 0.0)
        own = np.where(w.own_money[self.rows], plan, 0.0)
        return self.split.payments(w.by_state(plan - own), w.by_state(pledged)) + w.by_state(own)

    @cached_property
    def cap(self) -> Reals:
        """(worlds, sites) EUR bn that fill each site's power."""
        return self.outlook.cap

    @cached_property
    def outlook(self) -> outlook.Outlook:
        """What plans decided now are expected to become, and when."""
        return outlook.Outlook(self.world, self.rows)

    @cached_property
    def merit(self) -> Reals:
        """(worlds, sites) score of each site before noise and money: experience, power price, climate, specialists."""
        s = self.sites

        def standard(x: Reals) -> Reals:
            mean = total(x) / len(x)
            sd = np.sqrt(total((x - mean) ** 2) / len(x))
            return (x - mean) / sd if sd > 0 else x * 0.0

        conditions = standard(s.specialists) - standard(s.power_price) - standard(s.temperature)
        return self.p.panel_experience * (s.centre - 0.5) + self.p.panel_conditions * conditions

    @cached_property
    def free(self) -> Truths:
        """(worlds, sites) sites that may still be chosen, with power for the smallest facility."""
        open_to_all = np.array([k != "industrial" for k in self.sites.kind]) | self.industrial
        return (self.world.selected[self.rows] < 0) & open_to_all & (self.cap >= self.p.smallest_eur_bn)

    @cached_property
    def best(self) -> Whole:
        """(worlds, states) each state's best free site, -1 for none."""
        return best_of(self.merit, self.free, self.sites, self.states, self.world.lot[self.rows])

    def at_best(self, by_site: Reals, missing: float = 0.0) -> Reals:
        """A site quantity (worlds, sites) at each state's best free site; (worlds, states)."""
        found = pick(by_site, np.maximum(self.best, 0))
        return np.where(self.best >= 0, found, missing)

    @cached_property
    def room(self) -> Reals:
        """(worlds, states) EUR bn that the best free site can take and the state can match."""
        budget = self.p.match_share_of_gdp * self.states.gdp
        already = self.split.host * self.received
        with np.errstate(divide="ignore"):
            match = np.where(
                self.split.host > 0, (budget - already) / np.maximum(self.split.host, 1e-12), np.inf
            )
        return np.maximum(np.minimum(self.at_best(self.cap), np.broadcast_to(match, self.best.shape)), 0.0)

    # -- payoffs ------------------------------------------------------------------------------------------------------
    def counted(self, plan: Reals) -> Whole:
        """(worlds, states) number of sites of a plan in each state."""
        return np.rint(self.world.by_state(plan > 0)).astype(np.int64)

    def letters(self, plan: Reals) -> lab.Letters:
        """The letters of intent that the labs of the world write for a plan (worlds, sites)."""
        chips, effective, wait = self.outlook.seen_by_labs(plan)
        home = self.labs.home[:, None] == self.sites.state[None, :]
        market = self.world.market(
            self.rows, np.where(plan > 0, self.p.access_share * effective, 0.0), wait, home
        )
        advantage = self.world.decide_by_actor("anchor", market, rows=self.rows)
        return lab.letters(advantage, market, chips, self.labs)

    def pledged(self, plan: Reals, letters: lab.Letters | None) -> Reals:
        """Labs' money by site, EUR bn (worlds, sites), of the letters whose condition the plan keeps."""
        if letters is None or self.labs.count == 0:
            return np.zeros(plan.shape)
        return np.minimum(letters.at_sites(self.outlook.chips(plan)), plan * (1 - self.split.private))

    def payment(self, plan: Reals, pledged: Reals) -> Reals:
        """(worlds, states) EUR bn that each state pays for a plan."""
        return self.split.payments(self.world.by_state(plan), self.world.by_state(pledged))

    def _offer(
        self, sites: Any, received: Reals, prospect: Prospect, payment: Reals, transfer: Any = 0.0
    ) -> Offer:
        return payoff(
            self.states, self.scale, sites, received, prospect, payment, self.p, transfer, self.faded
        )

    @cached_property
    def scale(self) -> Reals:
        """(worlds, states) S, EUR bn."""
        return self.world.scale[self.rows]

    @cached_property
    def standing(self) -> Offer:
        """What stands already, as each state sees it."""
        return self._offer(self.hosted, self.received, self.outlook.prospect(None), self.paid)

    def offer(self, plan: Reals, pledged: Any = None, transfer: Any = 0.0) -> Offer:
        """A plan on top of what stands, as each state sees it."""
        pledged = np.zeros(plan.shape) if pledged is None else pledged
        return self._offer(
            self.hosted + self.counted(plan),
            self.received + self.world.by_state(plan),
            self.outlook.prospect(plan),
            self.paid + self.payment(plan, pledged),
            transfer,
        )

    def failed(self, plan: Reals, sunk: Any) -> Offer:
        """What each state is left with if the plan fails: what stands, or what the reversion rule puts in its place.

        `sunk` of the Union's part of the plan is paid all the same; (worlds,) or a number.
        """
        fallback, own = self.reversion
        lost = self.split.key * (self.split.union * np.reshape(sunk, (-1, 1)) * total(plan)[:, None])
        if not fallback.any():
            return replace(self.standing, payment=self.standing.payment + lost)
        bill = self.world.by_state(fallback) if own else self.payment(fallback, np.zeros(fallback.shape))
        return self._offer(
            self.hosted + self.counted(fallback),
            self.received + self.world.by_state(fallback),
            self.outlook.prospect(fallback),
            self.paid + bill + lost,
        )

    @cached_property
    def reversion(self) -> tuple[Reals, bool]:
        """The plan that stands if nothing is agreed, EUR bn (worlds, sites), and whether hosts pay for it alone."""
        return self.world.decide("reversion", self, rows=self.rows)

    @cached_property
    def situation(self) -> Situation:
        """What each state knows."""
        return self.situation_if(0.0)

    def situation_if(self, sunk: Any) -> Situation:
        """What each state knows when `sunk` of the Union's money is spent whatever it does, (worlds,) or a number."""
        own_cost = np.broadcast_to(self.split.own_cost(np.reshape(sunk, (-1, 1))), self.scale.shape)

        states, scale, p, faded = self.states, self.scale, self.p, self.faded
        hosted, received, paid, best, expected = (
            self.hosted,
            self.received,
            self.paid,
            self.best,
            self.outlook,
        )

        def alone(size: Reals) -> Offer:  # holds no table, so that a table is gone when its quarter is over
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
            hosted=self.hosted,
            received=self.received,
            scale=self.scale,
            own_cost=own_cost,
            room=self.room,
            centre=self.at_best(np.broadcast_to(self.sites.centre, self.cap.shape)) > 0,
            standing=self.standing,
            alone=alone,
            lost=self.world.lost[self.rows],
        )

    # -- votes --------------------------------------------------------------------------------------------------------
    def reservation(self, failed: Offer, stake: Reals | None = None) -> Reals:
        """(worlds, states) EUR bn below which a state says no; it carries the world's draw."""
        memory = Memory(self.world.memory[self.rows], lambda: continuation(self))
        value = self.world.decide_by_actor("expect", failed, memory, self.situation, rows=self.rows)
        if stake is None:
            return value
        mean = total(np.abs(stake))[:, None] / self.states.count
        value = value + self.p.reservation_noise * self.world.resolve[self.rows] * mean
        return value + inequality(stake, self.p.inequality_aversion)

    def passes(self, yes: Truths, no: Truths, union_yes: Truths, weight: Any = None) -> Truths:
        """(worlds,) whether the voting rule passes the ballot."""
        return self.world.decide(
            "voting", Ballot(yes, no, union_yes, weight, self.world.decider), self.states, rows=self.rows
        )

    def wins(self, yes: Truths) -> Truths:
        """(worlds,) whether these yes votes, all others no, pass with the Union's support."""
        return self.passes(yes, ~yes, np.ones(yes.shape[:-1], bool))

    def decide(
        self,
        plan: Reals,
        sunk: Any,
        *,
        held: Truths | None = None,
        last: Truths | None = None,
        letters: Any = None,
        transfer: Any = 0.0,
    ) -> Motion:
        """Put a plan to the vote as it stands."""
        held = total(plan) > 0 if held is None else held & (total(plan) > 0)
        pledged = self.pledged(plan, letters)
        offer, failed = self.offer(plan, pledged, transfer), self.failed(plan, sunk)
        gain = offer.utility - failed.utility
        reservation = self.reservation(failed, gain)
        votes = self.polled(offer, reservation)
        union_yes = total(gain) >= 0
        yes, no = votes > 0, votes < 0
        weight = self.payment(plan, pledged)
        passed = held & self.passes(yes, no, union_yes, weight)
        self.world.record(
            "vote",
            worlds=self.rows,
            offer=offer,
            failed=failed,
            reservation=reservation,
            votes=votes,
            union_yes=union_yes,
            weight=weight,
            letters=letters,
            held=held,
            passed=passed,
        )
        return Motion(
            plan=plan,
            pledged=pledged,
            yes=yes,
            no=no,
            union_yes=union_yes,
            held=held,
            passed=passed,
            last=passed if last is None else last,
            gain=gain,
            sunk=sunk,
            transfer=transfer,
        )

    def choose(self, plan: Reals) -> Motion:
        """Carry a plan out without a vote."""
        nobody = np.zeros((self.worlds, self.states.count), bool)
        every = np.ones(self.worlds, bool)
        pledged = self.pledged(plan, self.letters(plan))
        return Motion(
            plan, pledged, nobody, nobody, every, ~every, total(plan) > 0, every, np.zeros(nobody.shape)
        )

    # -- claims and coalitions ----------------------------------------------------------------------------------------
    def entitled(self, plan: Reals, score: Reals | None = None) -> Reals:
        """The plan that honours what must come back; (worlds, sites)."""
        taken = pick(plan, np.maximum(self.best, 0)) > 0
        free = self.free & ~(plan > 0)
        best = (
            np.where(
                taken,
                best_of(self.merit, free, self.sites, self.states, self.world.lot[self.rows]),
                self.best,
            )
            if taken.any()
            else self.best
        )
        claims = Claims(
            states=self.states,
            sites=self.sites,
            best=best,
            room=np.where(best >= 0, pick(self.cap, np.maximum(best, 0)), 0.0),
            smallest=self.p.smallest_eur_bn,
            envelope=self.envelope,
            split=self.split,
            score=self.merit if score is None else score,
            hosted=self.hosted,
            received=self.received,
            paid=self.paid,
        )
        return self.world.decide("entitlement", plan, claims, rows=self.rows)

    def prices(self, plan: Reals, sunk: Any, margin: float = 0.0) -> tuple[Reals, Reals]:
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
        self, plan: Reals, sunk: Any, always: Truths | None = None, *, spare: int = 0, margin: float = 0.0
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
            wanted = np.where(members, np.inf, price)
            further = np.argsort(np.argsort(wanted, axis=-1, kind="stable"), axis=-1, kind="stable") < spare
            members = (members | further | every[:, None]) & np.isfinite(price)
            bought = np.where(members, size, 0.0)
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

    def placed(self, plan: Reals, size: Reals) -> Reals:
        """Add sites at each state's best free site, (worlds, states) EUR bn; the rest shrinks to make room."""
        added = spread(np.where(self.best >= 0, size, 0.0), self.best, self.sites.count)
        added = np.where(plan > 0, 0.0, added)
        owed = total(added)[:, None]
        added = added * np.minimum(1.0, self.envelope / np.maximum(owed, 1e-300))
        left = np.maximum(self.envelope - owed, 0.0)
        out = plan * np.minimum(1.0, left / np.maximum(total(plan)[:, None], 1e-300)) + added
        return np.where(out >= self.p.smallest_eur_bn, out, 0.0)

    # -- plans --------------------------------------------------------------------------------------------------------
    def largest(self, count: int, part: float = 1.0) -> Reals:
        """A part of the envelope over the `count` best-placed sites, each up to its power; (worlds, sites) EUR bn.

        Sites rank by the money that they can take, up to an equal share of the envelope, then by merit.
        """
        envelope = self.envelope * part
        share = envelope / count
        cap = np.where(self.free, self.cap, 0.0)
        order = np.lexsort((-self.merit, -np.minimum(cap, share)), axis=-1)
        rank = np.empty_like(order)
        np.put_along_axis(rank, order, np.broadcast_to(np.arange(self.sites.count), order.shape), axis=-1)
        chosen = (rank < count) & (cap > 0)
        plan = np.zeros(cap.shape)
        for _ in range(3):  # pour what does not fit into those that have power left
            open_ = chosen & (plan < cap)
            left = np.maximum(envelope - total(plan)[:, None], 0.0)
            plan = np.where(open_, np.minimum(plan + left / np.maximum(open_.sum(-1), 1)[:, None], cap), plan)
        return np.where(plan >= self.p.smallest_eur_bn, plan, 0.0)

    def rehearsed(self) -> list[Reals]:
        """What every other agenda would place, EUR bn (worlds, sites)."""
        return self.world.rehearsed(self.rows)

    def drafts(self) -> list[Reals]:
        """The plans that the Commission's services put before the College.

        From one site to one in each state, for a fifth, half and all of the envelope; (worlds, sites) EUR bn each.
        """
        n = self.states.count
        counts = sorted({c for c in (1, 2, 3, 5, 8, 13, 21, 34, 55) if c < n and c < self.sites.count} | {1})
        plans = [self.largest(c, share) for share in (0.2, 0.5, 1.0) for c in counts]
        return plans + [self.one_each(share) for share in (0.2, 0.5, 1.0)]

    def one_each(self, share: float) -> Reals:
        """A share of the envelope in equal parts at every state's best free site; (worlds, sites) EUR bn."""
        amount = np.minimum(share * self.envelope / self.states.count, self.at_best(self.cap))
        plan = spread(np.where(self.best >= 0, amount, 0.0), self.best, self.sites.count)
        return np.where(plan >= self.p.smallest_eur_bn, plan, 0.0)

    def drafted(self) -> tuple[Reals, Truths]:
        """The Commission's proposal: the lead's best draft among those that the College adopts.

        Returns:
            plan (worlds, sites) and whether the College adopted any (worlds,).
        """
        plans = self.drafts()
        gain = np.stack([self.offer(plan).utility - self.standing.utility for plan in plans], axis=1)
        poor = (
            self.states.gdp / self.states.population < total(self.states.gdp) / self.states.population.sum()
        )
        n = self.states.count
        views = commissioner.views(
            gain,
            self.college,
            self.states,
            race=np.stack(
                [(self.outlook.prospect(x).race - self.outlook.prospect(None).race) / n for x in plans],
                axis=1,
            ),
            cohesion=np.stack(
                [total(np.where(poor, self.world.by_state(x), 0.0))[:, None] / n for x in plans], axis=1
            ),
            spend=np.stack([total(x)[:, None] / n for x in plans], axis=1),
            private=np.stack([total(self.pledged(x, self.letters(x)))[:, None] / n for x in plans], axis=1),
            p=self.p,
        )
        scores = self.world.decide_by_actor("draft", views, self.college, rows=self.rows)
        yes = np.asarray(self.world.decide_by_actor("endorse", views, self.college, rows=self.rows))
        adopted = 2 * yes.sum(-1) > self.college.count
        choice = commissioner.ranked(scores, self.college.lead, adopted)
        if self.world.trace is not None:
            self.world.record(
                "draft",
                worlds=self.rows,
                scores=scores,
                endorsed=yes,
                choice=choice,
                sites=np.stack([(x > 0).sum(-1) for x in plans], axis=1),
                spend=np.stack([total(x) for x in plans], axis=1),
            )
        plan = np.zeros(plans[0].shape)
        for k, candidate in enumerate(plans):
            plan = np.where((choice == k)[:, None], candidate, plan)
        return plan, choice >= 0
