"""The environment of a run: the world, its institutions, the random streams and the records."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Concatenate, ParamSpec, Protocol

import numpy as np
from numpy.typing import NDArray

from juste_retour.abm.base.calendar import year
from juste_retour.abm.base.members import Members
from juste_retour.abm.base.noise import RandomStreams
from juste_retour.abm.delivery.building import NEVER, Delivered, SiteDraws, deliver, deliver_again
from juste_retour.abm.delivery.pooling import Pool
from juste_retour.abm.politics.fitted import fitted
from juste_retour.abm.worlds.cohorts import SiteMachines, due_for_renewal, orders
from juste_retour.abm.worlds.fleet import each_alone, standing_fleet
from juste_retour.abm.worlds.institutions import Institutions
from juste_retour.abm.worlds.records import DecisionRecord, RecordedBallot, Selection, TimelineQuarter
from juste_retour.abm.worlds.stacked import values
from juste_retour.abm.worlds.world import World
from juste_retour.agents.arrays import Booleans, Floats, total
from juste_retour.agents.lab import Market
from juste_retour.agents.some_worlds import some_worlds

P = ParamSpec("P")


class Foresight(Protocol):
    """Results of other runs that some rules use."""

    def rehearsed(self, rows: NDArray[np.int64]) -> list[Floats]:
        """The plan of every other shipped agenda in some worlds, EUR bn, (rows, sites) each."""
        ...

    def continuation(self, rows: NDArray[np.int64]) -> Floats:
        """(rows, states) continuation value of bargaining over the disagreement point, EUR bn."""
        ...


class Environment:
    """The state, institutions, random streams and records of some worlds of one seed.

    Args:
        institutions: the rules of the worlds.
        seed: an integer of at least 0.
        replicates: (worlds,) the number of each world within the seed.
        members: the union.
        foresight: results of other runs.
        trace: whether to record each decision with its terms.
        timeline: whether to record the race in every quarter, and not only in the window.
    """

    def __init__(
        self,
        institutions: Institutions,
        seed: int,
        replicates: NDArray[np.int64],
        members: Members,
        foresight: Foresight,
        *,
        trace: bool = False,
        timeline: bool = False,
    ):
        self.institutions, self.scenarios = institutions, institutions.scenarios
        self.seed, self.members, self.foresight = int(seed), members, foresight
        self.streams = RandomStreams(seed, replicates)
        self.world = World(members, values(self.scenarios), self.scenarios[0], replicates, self.streams)
        self.every_quarter = timeline  # whether the race is recorded every quarter
        self.ballots: list[RecordedBallot] = []
        self.given: dict[str, dict[int, int]] = {}  # votes that replace the states', by quarter and state
        self.trace: list[DecisionRecord] | None = [] if trace else None
        self.timeline: list[TimelineQuarter] | None = [] if timeline else None
        self._standing: dict[tuple[int, bool], Pool] = {}
        self._site_draws: dict[str, SiteDraws] = {}
        self._yearly: dict[str, tuple[int, Floats]] = {}

    def record(self, kind: Callable[Concatenate[str, P], DecisionRecord], *arrays: P.args, **named: P.kwargs) -> None:
        """Add a record of this quarter to the trace, if the run has one."""
        if self.trace is not None:
            self.trace.append(kind(self.world.quarter, *arrays, **named))

    # -- random draws -----------------------------------------------------------------------------------------------
    def yearly(self, channel: str, slots: int) -> Floats:
        """The uniform draws of a random stream for this year; (worlds, slots)."""
        this = self.world.now // 4
        if channel not in self._yearly or self._yearly[channel][0] != this:
            self._yearly[channel] = (this, self.streams.uniform(channel, slots, this))
        return self._yearly[channel][1]

    def site_draws(self, rows: NDArray[np.int64], order: str = "") -> SiteDraws:
        """The draws of delivery of all sites in some worlds; each `order` has draws of its own."""
        if order not in self._site_draws:
            every = np.arange(self.world.count)
            self._site_draws[order] = SiteDraws.of(self.streams, self.world.sites.count, every, order)
        return some_worlds(self._site_draws[order], rows)

    @cached_property
    def lot(self) -> Floats:
        """(worlds, sites) random numbers that break ties between sites that a state values equally."""
        return self.streams.uniform("place", self.world.sites.count)

    # -- selection --------------------------------------------------------------------------------------------------
    def enact(self, rows: NDArray[np.int64], plan: Floats, pledged: Floats, own_money: bool = False) -> None:
        """Select the sites of a plan in some worlds and order their machines; a site is selected only once.

        Args:
            rows: positions of the worlds.
            plan: (rows, sites) EUR bn.
            pledged: (rows, sites) labs' money, EUR bn.
            own_money: whether the hosts alone pay, outside the envelope.
        """
        world, program = self.world, self.world.program
        new = (plan > 0) & (program.selected[rows] < 0)
        some = new.any(-1)
        if not some.any():
            return
        rows, new, plan, pledged = rows[some], new[some], plan[some], pledged[some]
        plan, pledged = np.where(new, plan, 0.0), np.where(new, pledged, 0.0)
        program.selected[rows] = np.where(new, world.now, program.selected[rows])
        wave = world.bargaining.rounds[rows][:, None] + 1
        program.wave[rows] = np.where(new, wave, program.wave[rows])
        program.planned[rows] += plan
        program.pledged[rows] += pledged
        program.own_money[rows] |= new & own_money
        if not own_money:
            program.envelope[rows] -= total(plan)[:, None]
        (when, share), *later = orders(self.institutions.scenario, world.now)
        delivered = self._delivery(rows, plan * share, when)
        program.delivered.write(rows, new, delivered)
        for k, (date, part) in enumerate(later):
            self._order(program.later, k, rows, plan * part, date, f":order{k + 1}")
            program.later_money[rows] += plan * part
        self.record(Selection, rows, chosen=new, plan=plan, pledged=pledged, delivered=delivered)
        world.training.stale[rows] = True
        world.training.unrated[rows] = True

    def top_up(self, rows: NDArray[np.int64], amount: Floats) -> None:
        """Give selected sites more money from the envelope, EUR bn (rows, sites), and order machines for it now."""
        program = self.world.program
        if not (amount > 0).any():
            return
        program.planned[rows] += amount
        program.later_money[rows] += amount
        program.envelope[rows] -= total(amount)[:, None]
        self._order(program.later, len(program.later), rows, amount, self.world.now, ":top-up")

    def renew(self) -> None:
        """Renew machines that reach their age from uncommitted money, the oldest site first.

        A renewal costs only the machine, because the hall remains.
        """
        world, program = self.world, self.world.program
        if not world.renews:
            return
        due = due_for_renewal(program, world.now, world.p.life_years)
        rows = np.flatnonzero(due.any(1))
        if not len(rows):
            return
        machine = 1 - world.parameters(rows).facility_share
        cost = np.where(due[rows], SiteMachines(program, rows, world.now).contracted("spend") * machine, 0.0)
        paid = fitted(cost, -program.delivered.ready[rows].astype(np.float64), program.envelope[rows])
        some = (paid > 0).any(1)
        rows, paid, machine = rows[some], paid[some], np.broadcast_to(machine, (len(rows), 1))[some]
        if not len(rows):
            return
        program.planned[rows] += paid
        program.envelope[rows] -= total(paid)[:, None]
        # sites share a slot if their machines are renewed at different dates, so that there are few
        used = [(cohort.ready[rows] < NEVER)[paid > 0].any() for cohort in program.renewals]
        slot = max((k for k, there in enumerate(used, 1) if there), default=0)
        self._order(program.renewals, slot, rows, paid / machine, world.now, f":renewal{world.now}")
        spend = program.renewals[slot].spend
        spend[rows] = np.where(paid > 0, spend[rows] * machine, spend[rows])

    def _order(
        self,
        slots: list[Delivered],
        slot: int,
        rows: NDArray[np.int64],
        amount: Floats,
        when: int,
        name: str,
    ) -> None:
        """Order more machines for selected sites.

        Args:
            slots: the cohorts to which the order belongs: later orders or renewals.
            slot: position of this order among them.
            rows: positions of the worlds.
            amount: (rows, sites) EUR bn.
            when: the quarter of the order.
            name: the name of its random draws.
        """
        world, program, institutions = self.world, self.world.program, self.institutions
        if slot == len(slots):
            slots.append(Delivered.nothing(world.count, world.sites.count))
        first = some_worlds(program.delivered, rows)
        earlier = program.later[:slot] if slots is program.later else []
        used = first.power_mw if slots is program.later else np.zeros(amount.shape)
        for cohort in earlier:
            used = used + cohort.power_mw[rows]
        again = deliver_again(
            amount,
            when,
            year(when),
            world.sites,
            institutions.procedure_in(year(when), rows, self.streams),
            institutions.decide("operations", rows=rows),
            self.site_draws(rows, name),
            first,
            used,
            world.p.rows(rows),
        )
        slots[slot].write(rows, amount > 0, again)

    def _delivery(self, rows: NDArray[np.int64], plan: Floats, when: int) -> Delivered:
        world, institutions = self.world, self.institutions
        p = world.p.rows(rows)
        procedure = institutions.procedure_in(year(when), rows, self.streams)
        practice = institutions.decide("operations", rows=rows)
        uniforms = self.site_draws(rows)
        matched = np.asarray(institutions.split_in(rows).host) > 0
        failing = np.where(matched, p.cancellation, 0.0)  # a selection fails because its match fails
        return deliver(plan, when, year(when), world.sites, procedure, practice, uniforms, failing, p)

    # -- training ---------------------------------------------------------------------------------------------------
    def market(
        self,
        rows: NDArray[np.int64],
        usable: Floats,
        wait: Floats,
        home: Booleans,
        outside: Floats | None = None,
    ) -> Market:
        """The places where labs could train; see `Market`.

        Args:
            rows: positions of the worlds.
            usable: (rows, places) effective accelerators open to a lab.
            wait: (rows, places) years until they work.
            home: (labs, places) whether the place is in the lab's home state.
            outside: (rows or 1, labs, 1) effective accelerators of the outside option; by default those that the lab has.
        """
        p = self.world.parameters(rows)
        if outside is None:
            outside = np.maximum(self.world.labs.accelerators, p.least_outside_accelerators)[..., None]
        return Market(usable[:, None, :], wait[:, None, :], home, outside, p, self.world.labs.names)

    def standing(self, machines: int, *, whole: bool = False) -> Pool:
        """The best run of the first `machines` existing machines, each alone, in all worlds.

        With `whole` a run may use whole machines, whatever the rules of access.
        """
        key = machines, whole
        apart = self.world.talent_moves or self.institutions.renegotiated("standing")
        if key not in self._standing or apart:
            kinds = np.arange(self.world.count) if apart else self.institutions.distinct
            asked, like = np.unique(kinds, return_inverse=True)  # one world for each scenario is enough
            fleet = standing_fleet(self.world, self.institutions, asked, machines, whole=whole)
            self._standing[key] = Pool.alone(each_alone(self.institutions, fleet, asked)).rows(like)
        return self._standing[key]

    def standing_rate(self, machines: int) -> Floats:
        """(worlds,) FLOP/s of the run that `standing` returns."""
        return self.standing(machines).rate
