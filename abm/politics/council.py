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

from juste_retour.abm import prospect as outlook
from juste_retour.abm.politics.buying import Buying
from juste_retour.abm.politics.continuation import continuation
from juste_retour.abm.politics.drafting import Drafting
from juste_retour.abm.politics.entitlement import best_of
from juste_retour.abm.politics.motion import Motion
from juste_retour.abm.politics.proposing import Proposing
from juste_retour.abm.politics.voting import Ballot
from juste_retour.abm.records import Vote
from juste_retour.agents import lab
from juste_retour.agents.arrays import Reals, Truths, Whole, pick, total
from juste_retour.agents.minds import inequality
from juste_retour.agents.payoff import payoff
from juste_retour.agents.situation import Memory, Offer, Prospect, Situation


class Council(Proposing, Buying, Drafting):
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

    def alike(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Worlds that no luck has parted yet: of one scenario, with nothing decided and the same labs at home.

        Returns:
            a world of each kind, as an index of the table's, and which of these each world is like (worlds,).
        """
        w, like = self.world, np.empty(self.worlds, dtype=np.int64)
        first: dict[Any, tuple[int, int]] = {}
        begun = (w.selected[self.rows] >= 0).any(-1)
        for k, row in enumerate(self.rows.tolist()):
            kind = (
                (id(w.scenarios[row]), w.envelope[row, 0], w.exited[row].tobytes(), w.talent[row].tobytes())
                if not begun[k]
                else (row,)
            )
            like[k] = first.setdefault(kind, (len(first), k))[0]
        return np.array([k for _, k in first.values()], dtype=np.int64), like

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
            Vote,
            self.rows,
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
