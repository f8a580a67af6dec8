"""How far behind the frontier the Union is expected to be, given some orders, over many draws of delivery.

An evaluation depends on a scenario's delivery and window, not on its politics. It computes the same years behind as
`abm.quarter`, except that a plan made in advance omits three things: scandals, researchers who move, and existing
machines as partners in a pool. Existing machines that train alone are included.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from juste_retour.abm.base.calendar import quarter, year
from juste_retour.abm.base.members import Members
from juste_retour.abm.delivery import chips as chip
from juste_retour.abm.delivery import talent
from juste_retour.abm.delivery.access import Capacity
from juste_retour.abm.delivery.building import (
    Delivered,
    SiteDraws,
    deliver,
    deliver_again,
    headroom,
    planned_years,
)
from juste_retour.abm.delivery.frontier import compute_lag
from juste_retour.abm.delivery.gradient_exchange import run_flop
from juste_retour.abm.delivery.operations import money_kept, talent_factor
from juste_retour.abm.delivery.pooling import Fleet
from juste_retour.abm.delivery.ring import Ring, plan_ring
from juste_retour.abm.worlds.cohorts import orders as payments
from juste_retour.abm.worlds.compute_lag import capped
from juste_retour.abm.worlds.fleet import each_alone, operational, run_of, standing
from juste_retour.abm.worlds.institutions import Institutions
from juste_retour.abm.worlds.scenario import Scenario
from juste_retour.abm.worlds.stacked import values
from juste_retour.agents.arrays import Floats, Integers, ranks, total


@dataclass(frozen=True, eq=False)
class Orders:
    """Several plans that order at the same sites, once at each.

    Attributes:
        sites: (sites,) indices of the sites.
        amounts: (plans, sites) EUR bn.
        quarters: (plans, sites) quarter of each order, since year 0.
    """

    sites: Integers
    amounts: Floats
    quarters: Integers


class Evaluation:
    """The expected years behind of orders under a scenario's delivery.

    Args:
        scenario: the scenario, of which procurement, operations, access, pooling, funding and parameters matter.
        members: the union.
    """

    def __init__(self, scenario: Scenario, members: Members):
        self.scenario, self.institutions = scenario, Institutions([scenario], members)
        self.p, self.sites, self.machines = values([scenario]), members.sites, members.machines
        self.window = scenario.window
        self.procedure, self.practice = self.institutions.procedure, self.institutions.practice
        announced = self._capacity(year(quarter(scenario.announcement, "announcement")))
        self.share = self.institutions.access_in(None, announced).share(self.p.run_days)
        near = talent.at_start(members.sites, members.states)
        self.talent = np.broadcast_to(talent_factor(near, 1.0, self.p), (1, self.sites.count))
        self.kept = money_kept(self.practice, np.inf)
        self.failing = np.where(np.asarray(self.institutions.split.host) > 0, self.p.cancellation, 0.0)
        self.ring = plan_ring(self.sites.latitude, self.sites.longitude)
        self.without = self._standing()

    def cap(self, when: int) -> Floats:
        """The most that an order in the quarter `when` is expected to be able to spend at each site, EUR bn; (sites,)."""
        years = planned_years(self.procedure, self.practice, self.p.sketch_mw, self.p)
        bought = year(when) + self.procedure.refresh * years
        power = headroom(self.sites, self.procedure, self.p) * self.p.beyond_headroom
        most = chip.spend_cap(power, bought, self.sites.temperature, self.p, self.kept)
        return np.broadcast_to(most, (1, self.sites.count))[0]

    @property
    def host_room(self) -> Floats:
        """The most that the sites in each state can receive, given what the state can pay, EUR bn; (states,)."""
        states = self.institutions.states
        none = np.zeros((1, states.count))
        return self.institutions.split.room(self.p.match_share_of_gdp * states.gdp, none)[0]

    def soonest(self) -> int:
        """Planned quarters from an order to operation, for a small site."""
        years = planned_years(self.procedure, self.practice, self.p.sketch_mw, self.p)
        return int(np.floor(4 * np.asarray(years)).item())

    @property
    def cohorts(self) -> int:
        """The largest number of parts in which an order is paid."""
        return max(self.scenario.tranches, len(self.scenario.payments))

    def years_behind(self, orders: Orders, uniforms: Sequence[SiteDraws]) -> Floats:
        """Mean years behind over the window; (plans, draws).

        Args:
            orders: the orders of the plans.
            uniforms: the draws of delivery, (draws, sites) at the sites of `orders`, one for each of the `cohorts`; all
                plans use the same draws.
        """
        plans, draws = len(orders.amounts), len(uniforms[0].award)
        rate = np.maximum(self._rates(orders, uniforms), self.without)
        return self._mean_lag(rate).reshape(plans, draws)

    @property
    def nothing(self) -> float:
        """Mean years behind if nothing is ordered."""
        return float(self._mean_lag(self.without).item())

    def _mean_lag(self, rate: Floats) -> Floats:
        """Mean years behind over the window of runs at these rates, FLOP/s (..., quarters)."""
        lag = compute_lag(run_flop(rate, self.p), year(np.array(self.window)), self.p)
        return total(capped(lag, self.p.lag_cap_years)) / len(self.window)

    # -- delivery -----------------------------------------------------------------------------------------------------
    def _payments(self, quarters: Integers) -> list[tuple[Integers, Floats]]:
        """The quarters and shares in which each order is paid: a pair of arrays (plans, sites) for each part."""
        if self.scenario.tranches == 1 and not self.scenario.schedule:
            return [(quarters, np.ones(quarters.shape))]
        found, at = np.unique(quarters, return_inverse=True)
        lists = [payments(self.scenario, int(now)) for now in found]
        parts = []
        for k in range(max(len(x) for x in lists)):
            when = np.array([x[min(k, len(x) - 1)][0] for x in lists], dtype=np.int64)
            share = np.array([x[k][1] if k < len(x) else 0.0 for x in lists])
            parts.append((when[at].reshape(quarters.shape), share[at].reshape(quarters.shape)))
        return parts

    def _delivered(self, orders: Orders, uniforms: Sequence[SiteDraws]) -> list[Delivered]:
        """The cohorts of chips that the orders bring, (plans * draws, sites), with all draws of a plan in sequence."""
        plans, draws = len(orders.amounts), len(uniforms[0].award)
        sites, rules = self.sites.some(orders.sites), (self.procedure, self.practice)
        made: list[Delivered] = []
        used: Floats = np.zeros(1)
        for (when, share), drawn in zip(self._payments(orders.quarters), uniforms, strict=False):
            plan, now = np.repeat(orders.amounts * share, draws, axis=0), np.repeat(when, draws, axis=0)
            mine = SiteDraws(*(np.tile(getattr(drawn, f.name), (plans, 1)) for f in fields(SiteDraws)))
            if made:
                new = deliver_again(plan, now, year(now), sites, *rules, mine, made[0], used, self.p)
            else:
                new = deliver(plan, now, year(now), sites, *rules, mine, self.failing, self.p)
            used = used + new.power_mw
            made.append(new)
        return made

    def _rates(self, orders: Orders, uniforms: Sequence[SiteDraws]) -> Floats:
        """FLOP/s of the best run of the ordered machines, in each quarter of the window; (plans * draws, quarters)."""
        made = self._delivered(orders, uniforms)
        if len(made) > 1 or (len(orders.sites) > 1 and not self.institutions.local_pooling):
            return self._by_event(made, orders.sites)
        first = made[0]
        own = self._own(first.chips, first.peak, orders.sites)
        waits = bool(first.waiting.any())
        at_once = self._own(first.chips - first.waiting, first.peak, orders.sites) if waits else own
        rates = np.zeros((len(own), len(self.window)))
        for k, now in enumerate(self.window):
            there = np.where(first.complete <= now, own, at_once) if waits else own
            works = (first.ready <= now) & ~first.cancelled
            rates[:, k] = np.where(works, there, 0.0).max(-1, initial=0.0)
        return rates

    def _by_event(self, made: Sequence[Delivered], sites: Integers) -> Floats:
        """The same if sites may train together or have several cohorts; rates are computed only when machines start."""
        begun, end = self.window[0], self.window[-1]
        new = np.zeros((len(made[0].ready), len(self.window)), bool)
        for cohort in made:
            for date in (cohort.ready, cohort.complete):
                row, site = np.nonzero((date <= end) & ~cohort.cancelled)
                new[row, np.maximum(date[row, site], begun) - begun] = True
        row, quarter = np.nonzero(new)
        rates = np.zeros(new.shape)
        if len(row):
            fleet = self._newest_first(made, row, begun + quarter[:, None], sites)
            rates[row, quarter] = run_of(self.institutions, fleet, None, None).rate
        return np.maximum.accumulate(rates, axis=-1)

    def _newest_first(self, made: Sequence[Delivered], row: Integers, now: Integers, sites: Integers) -> Fleet:
        """The fleet in the quarters `now` (rows, 1), each site running its best job over its newest chips.

        `abm.fleet.fleet_of` does the same for a run.
        """
        chips = peak = best = best_peak = top = np.zeros((len(row), len(sites)))
        for cohort in reversed(made):
            there = (cohort.ready[row] <= now) & ~cohort.cancelled[row]
            waiting = np.where(cohort.complete[row] <= now, 0.0, cohort.waiting[row])
            chips = chips + np.where(there, cohort.chips[row] - waiting, 0.0)
            peak = np.where(there, np.broadcast_to(cohort.peak, cohort.ready.shape)[row], peak)
            if len(made) == 1:
                return self._fleet(chips, peak, sites)
            own = self._own(chips, peak, sites)
            better = own > top
            best, best_peak = np.where(better, chips, best), np.where(better, peak, best_peak)
            top = np.maximum(own, top)
        return self._fleet(best, best_peak, sites)

    def _own(self, chips: Floats, peak: Floats, sites: Integers) -> Floats:
        """FLOP/s of each site alone; (rows, sites)."""
        return each_alone(self.institutions, self._fleet(chips, peak, sites), None)

    def _fleet(self, chips: Floats, peak: Floats, sites: Integers) -> Fleet:
        """A fleet of some sites; it repeats the parameters for each row if the pooling rule is called row by row."""
        each = self.institutions.choice("pooling").marks.get("each")
        return Fleet(
            chips=chips * self.share,
            peak=np.broadcast_to(peak, chips.shape),
            practice=self.practice,
            p=self.p.rows(np.zeros(len(chips), dtype=np.int64)) if each else self.p,
            ring=_part(self.ring, sites),
            talent=self.talent[:, sites],
        )

    def _standing(self) -> Floats:
        """FLOP/s of the best run of existing machines, in each quarter of the window; (quarters,)."""
        found: dict[tuple[int, int], float] = {}
        changing = self.institutions.renegotiated("standing")
        out = np.zeros(len(self.window))
        for k, now in enumerate(self.window):
            machines = operational(self.machines, year(now))
            key = machines, now if changing else 0
            if key not in found:
                chips, peaks, guessed = standing(self.machines, self.sites.count, machines)
                regime = self.institutions.standing_in(None, self._capacity(year(now), chips))
                fleet = Fleet(
                    chips=chips[None] * regime.share(self.p.run_days),
                    peak=peaks[None] * np.where(guessed, self.p.announced_peak, 1.0),
                    practice=self.institutions.standing_practice_in(None),
                    p=self.p,
                    ring=self.ring,
                    talent=self.talent,
                )
                found[key] = float(each_alone(self.institutions, fleet, None).max())
            out[k] = found[key]
        return out

    def _capacity(self, date: float, chips: Floats | float = 0.0) -> Capacity:
        """What a rule of access is handed at a decimal year, when these `chips` (sites,) work and no lab has left."""
        rules, shape = self.institutions, (1, self.sites.count)
        present = np.ones((1, rules.labs.count), bool)
        return Capacity(date, np.broadcast_to(chips, shape), present, rules.labs, rules.states, self.p)


def _part(ring: Ring, sites: Integers) -> Ring:
    """The fiber ring over some sites, in their order on the ring over all sites."""
    order = np.argsort(ring.place[sites], kind="stable")
    place = ring.place[sites][order]
    return Ring(order, ranks(order), np.ascontiguousarray(ring.between[np.ix_(place, place)]))
