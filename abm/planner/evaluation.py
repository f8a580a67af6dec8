"""How far behind the Union is expected to be under some orders: readings over many draws of delivery, by arrays.

An evaluation knows a scenario's delivery and its window, and nothing of politics. It reads what `abm.quarter` reads, but
for three things that a plan made in advance leaves out: scandals, researchers who move, and machines that stood before
as partners in a pool (alone they count).
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from juste_retour.abm.calendar import year
from juste_retour.abm.delivery import chips as chip
from juste_retour.abm.delivery import talent
from juste_retour.abm.delivery.building import NEVER, Delivered, Luck, deliver, headroom, planned_years
from juste_retour.abm.delivery.exchange import run_flop
from juste_retour.abm.delivery.frontier import compute_lag
from juste_retour.abm.delivery.operations import money_kept, talent_factor
from juste_retour.abm.delivery.pooling import Fleet
from juste_retour.abm.delivery.tour import Tour, plan_tour
from juste_retour.abm.fleet import operational, run_of, standing
from juste_retour.abm.institutions import Institutions
from juste_retour.abm.members import Members
from juste_retour.abm.reading import capped
from juste_retour.abm.scenario import Scenario, values
from juste_retour.agents.arrays import Reals, Whole, ranks, total


@dataclass(frozen=True, eq=False)
class Orders:
    """Plans that order at the same sites, once at each.

    Attributes:
        sites: (sites,) indices.
        amounts: (plans, sites) EUR bn.
        quarters: (plans, sites) of the orders, since year 0.
    """

    sites: Whole
    amounts: Reals
    quarters: Whole


class Evaluation:
    """Expected readings of orders under a scenario's delivery.

    Args:
        scenario: its procurement, operations, access, pooling, funding and parameters count.
        members: the union.
    """

    def __init__(self, scenario: Scenario, members: Members):
        self.institutions = Institutions([scenario], members)
        self.p, self.sites, self.machines = values([scenario]), members.sites, members.machines
        self.window = scenario.window
        self.procedure, self.practice = self.institutions.procedure, self.institutions.practice
        self.regime = self.institutions.access_in(None)
        near = talent.at_start(members.sites, members.states)
        self.talent = np.broadcast_to(talent_factor(near, 1.0, self.p), (1, self.sites.count))
        self.kept = money_kept(self.practice, np.inf)
        self.failing = np.where(np.asarray(self.institutions.split.host) > 0, self.p.cancellation, 0.0)
        self.tour = plan_tour(self.sites.latitude, self.sites.longitude)
        self.without = self._standing()

    def cap(self, quarter: int) -> Reals:
        """EUR bn that an order of this quarter is expected to be able to spend at each site; (sites,)."""
        years = planned_years(self.procedure, self.practice, self.p.sketch_mw, self.p)
        bought = year(quarter) + self.procedure.refresh * years
        power = headroom(self.sites, self.procedure, self.p) * self.p.beyond_headroom
        most = chip.spend_cap(power, bought, self.sites.temperature, self.p, self.kept)
        return np.broadcast_to(most, (1, self.sites.count))[0]

    def soonest(self) -> int:
        """Quarters from an order to operation, as planned for a small site."""
        years = planned_years(self.procedure, self.practice, self.p.sketch_mw, self.p)
        return int(np.floor(4 * np.asarray(years)).item())

    def years_behind(self, orders: Orders, luck: Luck) -> Reals:
        """Mean years behind over the window; (plans, draws).

        Args:
            orders: of some plans.
            luck: (draws, sites) of the sites in `orders`, the same for all plans.
        """
        plans, draws = len(orders.amounts), len(luck.award)
        rate = np.maximum(self._rates(orders, luck), self.without)
        lag = compute_lag(run_flop(rate, self.p), year(np.array(self.window)), self.p)
        return (total(capped(lag, self.p.lag_cap_years)) / len(self.window)).reshape(plans, draws)

    @property
    def nothing(self) -> float:
        """Years behind if nothing is ordered."""
        lag = compute_lag(run_flop(self.without, self.p), year(np.array(self.window)), self.p)
        return float(total(capped(lag, self.p.lag_cap_years)).item() / len(self.window))

    # -- delivery -----------------------------------------------------------------------------------------------------
    def _delivered(self, orders: Orders, luck: Luck) -> Delivered:
        """What the orders become, plan by plan and in each every draw; (plans * draws, sites)."""
        plans, draws = len(orders.amounts), len(luck.award)
        amounts, now = np.repeat(orders.amounts, draws, axis=0), np.repeat(orders.quarters, draws, axis=0)
        drawn = Luck(*(np.tile(getattr(luck, f.name), (plans, 1)) for f in fields(Luck)))
        sites = self.sites.some(orders.sites)
        return deliver(
            amounts, now, year(now), sites, self.procedure, self.practice, drawn, self.failing, self.p
        )

    def _rates(self, orders: Orders, luck: Luck) -> Reals:
        """FLOP/s of the best run of what was ordered, in each quarter of the window; (plans * draws, quarters)."""
        made = self._delivered(orders, luck)
        at_once, full = (self._fleet(made, x, orders.sites) for x in (made.chips - made.waiting, made.chips))
        ready = np.where(made.cancelled, NEVER, made.ready)
        complete = np.where(made.cancelled, NEVER, made.complete)
        if len(orders.sites) > 1 and not self.institutions.local_pooling:
            return self._pooled(at_once, full, ready, complete)
        waits = bool(made.waiting.any())
        own = run_of(self.institutions, self._each(full), None, None).own
        first = run_of(self.institutions, self._each(at_once), None, None).own if waits else own
        rates = np.zeros((len(ready), len(self.window)))
        for k, now in enumerate(self.window):
            there = np.where(complete <= now, own, first) if waits else own
            rates[:, k] = np.where(ready <= now, there, 0.0).max(-1, initial=0.0)
        return rates

    def _pooled(self, at_once: Fleet, full: Fleet, ready: Whole, complete: Whole) -> Reals:
        """The same where sites may train together: the pool is found anew where a site opened or got its power."""
        begun, end = self.window[0], self.window[-1]
        new = np.zeros((len(ready), len(self.window)), bool)
        for date in (ready, complete):
            row, site = np.nonzero(date <= end)
            new[row, np.maximum(date[row, site], begun) - begun] = True
        row, quarter = np.nonzero(new)
        rates, now = np.zeros(new.shape), begun + quarter[:, None]
        if len(row):
            powered = np.where(complete[row] <= now, full.chips[row], at_once.chips[row])
            some = replace(full, chips=np.where(ready[row] <= now, powered, 0.0), peak=full.peak[row])
            rates[row, quarter] = run_of(self.institutions, self._each(some), None, None).rate
        return np.maximum.accumulate(rates, axis=-1)

    def _fleet(self, made: Delivered, chips: Reals, sites: Whole) -> Fleet:
        chips = np.broadcast_to(chips * self.regime.share, made.ready.shape)
        return Fleet(
            chips=chips,
            peak=np.broadcast_to(made.peak, chips.shape),
            practice=self.practice,
            p=self.p,
            tour=_part(self.tour, sites),
            talent=self.talent[:, sites],
            joins=self.regime.joins,
        )

    def _each(self, fleet: Fleet) -> Fleet:
        """The fleet with a row of parameters for each of its rows, where the rule is asked row by row."""
        if not self.institutions.choice("pooling").marks.get("each"):
            return fleet
        return replace(fleet, p=self.p.rows(np.zeros(len(fleet.chips), dtype=np.int64)))

    def _standing(self) -> Reals:
        """FLOP/s of the best run of machines that stood before, in each quarter of the window; (quarters,)."""
        before, found = self.institutions.standing_access, {}
        out = np.zeros(len(self.window))
        for k, now in enumerate(self.window):
            machines = operational(self.machines, year(now))
            if machines not in found:
                chips, peaks = standing(self.machines, self.sites.count, machines)
                fleet = Fleet(
                    chips=chips[None] * before.share,
                    peak=peaks[None],
                    practice=self.practice,
                    p=self.p,
                    tour=self.tour,
                    talent=self.talent,
                    joins=before.joins,
                )
                found[machines] = run_of(self.institutions, fleet, None, None).rate.item()
            out[k] = found[machines]
        return out


def _part(tour: Tour, sites: Whole) -> Tour:
    """The fiber ring over some sites, in the order of the ring over all."""
    order = np.argsort(tour.place[sites], kind="stable")
    place = tour.place[sites][order]
    return Tour(order, ranks(order), np.ascontiguousarray(tour.between[np.ix_(place, place)]))
