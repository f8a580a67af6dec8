"""From selection to operation: the dates, chips and costs of selected sites.

A site's random draws depend on the site, not on the quarter in which it is selected. Two rules that select the same site
at different times therefore face the same draws.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from juste_retour.abm.base.noise import RandomStreams
from juste_retour.abm.delivery import chips as chip
from juste_retour.abm.delivery.operations import Practice, money_kept
from juste_retour.abm.delivery.procurement import (
    REFERENCE_MW,
    Procedure,
    award_time,
    build_time,
    chip_date,
    given_up,
    litigation_years,
    shell_time,
    tender_fails,
)
from juste_retour.agents.arrays import Booleans, Floats, Integers, Number, power
from juste_retour.agents.situation import Sites
from juste_retour.agents.values import Values

NEVER = 1 << 40
TO_CONTRACT = ("award_years", "retender_years", "litigation_years")
TO_OPERATION = (*TO_CONTRACT, "building_years", "grid_years")


@dataclass(eq=False)
class Delivered:
    """The dates, chips and costs of selected sites; quarters are integers since year 0.

    Five times explain a delay, in years. Award, repeated tenders and litigation add up to the time from selection to
    contract. With building they add up to the time to operation, and with the wait for the grid to the time until the
    site has all of its power. The contract's quarter is rounded to the nearest and at least one after selection.
    Operation starts in the quarter of its date, at least one after the contract. A site opens with the chips that its
    headroom can power.

    Attributes:
        cancelled: (worlds, sites) whether the selection ends without a contract.
        contracted: (worlds, sites) quarter of the contract.
        ready: (worlds, sites) quarter of first operation.
        complete: (worlds, sites) quarter from which the chips that wait for power work.
        failed_tenders: (worlds, sites) number of failed tenders.
        expected: (worlds, sites) planned date of operation, decimal year.
        since: (worlds, sites) actual date of operation, decimal year.
        bought: (worlds, sites) date of the chips, decimal year.
        chips: (worlds, sites) number of accelerators.
        waiting: (worlds, sites) number of accelerators that need power above the headroom.
        peak: (worlds, sites) FLOP/s of one accelerator.
        spend: (worlds, sites) cost, EUR bn.
        power_mw: (worlds, sites) power at the meter, MW.
        award_years: (worlds, sites) years from selection to the award of the first tender.
        retender_years: (worlds, sites) years of repeated tenders.
        litigation_years: (worlds, sites) years in court.
        building_years: (worlds, sites) years of building.
        grid_years: (worlds, sites) years from operation until power above the headroom is available.
    """

    cancelled: Booleans
    contracted: Integers
    ready: Integers
    complete: Integers
    failed_tenders: Integers
    expected: Floats
    since: Floats
    bought: Floats
    chips: Floats
    waiting: Floats
    peak: Floats
    spend: Floats
    power_mw: Floats
    award_years: Floats
    retender_years: Floats
    litigation_years: Floats
    building_years: Floats
    grid_years: Floats

    @classmethod
    def nothing(cls, worlds: int, sites: int) -> Delivered:
        """The state of all sites before any is selected."""
        never = np.full((worlds, sites), NEVER, dtype=np.int64)
        zero = np.zeros((worlds, sites))
        failed = zero.astype(np.int64)
        return cls(zero > 0, never, never.copy(), never.copy(), failed, *(zero.copy() for _ in range(13)))

    def powered(self, rows: NDArray[np.int64], now: int) -> Floats:
        """Chips of each site that have power in the quarter `now` if the site works; (rows, sites)."""
        if not self.waiting[rows].any():
            return self.chips[rows]
        return self.chips[rows] - np.where(self.complete[rows] <= now, 0.0, self.waiting[rows])

    def write(self, rows: NDArray[np.int64], where: Booleans, new: Delivered) -> None:
        """Copy the entries of `new` in the worlds `rows` at the sites `where`, booleans (rows, sites)."""
        for field in fields(self):
            mine = getattr(self, field.name)
            mine[rows] = np.where(where, getattr(new, field.name), mine[rows])


@dataclass(frozen=True, eq=False)
class SiteDraws:
    """The random draws of each site, uniform numbers (worlds, sites); one field per decision."""

    award: Floats
    again: Floats
    court: Floats
    tender: Floats
    build: Floats
    cancel: Floats
    shell: Floats | None = None  # None: every site has a shell

    @classmethod
    def of(cls, streams: RandomStreams, sites: int, rows: NDArray[np.int64], order: str = "") -> SiteDraws:
        """The draws from the random streams; `order` is a suffix that gives later orders draws of their own."""
        return cls(*(streams.uniform(f"delivery:{f.name}{order}", sites)[rows] for f in fields(cls)))


def headroom(sites: Sites, procedure: Procedure, p: Values) -> Floats:
    """Power at the meter that each site has on opening, MW; (worlds, sites)."""
    return sites.headroom * p.headroom_scale * procedure.behind_the_meter


def grid_wait(sites: Sites, p: Values) -> Floats:
    """Years until each site has power above its headroom: the scenario's `grid_years`, or its state's value if that is 0."""
    return np.where(p.grid_years > 0, p.grid_years, sites.grid_years)


def planned_years(procedure: Procedure, practice: Practice, mw: Number, p: Values) -> Floats:
    """Mean years from selection to operation of a site of `mw` MW, without a wait for the grid."""
    size = power(np.maximum(mw, 1e-9) / REFERENCE_MW, p.build_exponent)
    building = procedure.build_years + procedure.without_shell * procedure.shell_years
    return procedure.award_years + building * size * practice.build_factor


class _Tender(NamedTuple):
    """The steps from an order to its contract: years of each and in total, and the contract's quarter; (worlds, sites)."""

    award: Floats
    again: Floats
    fails: Booleans
    court: Floats
    years: Floats
    contracted: Integers


def _tendered(procedure: Procedure, uniforms: SiteDraws, now: int | Integers, p: Values) -> _Tender:
    award, fails = award_time(procedure, uniforms.award), tender_fails(procedure, uniforms.tender)
    again = np.where(fails, award_time(procedure, uniforms.again), 0.0)
    court = litigation_years(procedure, uniforms.court, p)
    years = award + again + court
    contracted = now + np.maximum(np.rint(4 * years), 1).astype(np.int64)
    return _Tender(award, again, fails, court, years, contracted)


def _affordable_and_carried(
    plan: Floats, date: Floats, most: Floats, kept: Number, sites: Sites, p: Values
) -> tuple[Floats, Floats]:
    """Number of chips of a date that the money buys, and number that `most` MW can power."""
    wanted = chip.chips_bought(plan, date, p, kept) * (p.export_supply * p.trains)
    return wanted, chip.chips_carried(most, date, sites.temperature, p)


def deliver(
    plan: Floats,
    now: int | Integers,
    year: Number,
    sites: Sites,
    procedure: Procedure,
    practice: Practice,
    uniforms: SiteDraws,
    cancellation: Number,
    p: Values,
) -> Delivered:
    """The dates, chips and costs of sites selected now.

    Args:
        plan: (worlds, sites) EUR bn; 0 for sites not selected.
        now: quarter of the selection since year 0; a number or (worlds, sites).
        year: its decimal year.
        sites: the candidate sites.
        procedure: from the procurement rule.
        practice: from the operations rule.
        uniforms: the sites' random draws.
        cancellation: probability that a selection ends without a contract.
        p: parameters, each (worlds, 1).
    """
    tender = _tendered(procedure, uniforms, now, p)
    kept, power_there = money_kept(practice, np.inf), headroom(sites, procedure, p)
    most = power_there * p.beyond_headroom
    sketch = year + procedure.refresh * planned_years(procedure, practice, p.sketch_mw, p)
    sketched = np.minimum(*_affordable_and_carried(plan, sketch, most, kept, sites, p))
    mw = np.maximum(chip.power_mw(sketched, sketch, sites.temperature, p), 1e-3)
    shell = shell_time(procedure, mw, practice, uniforms.shell, p)
    building = build_time(procedure, mw, practice, uniforms.build, p) + shell
    since = year + tender.years + building
    bought = chip_date(procedure, year, since)
    wanted, carried = _affordable_and_carried(plan, bought, most, kept, sites, p)
    chips = np.minimum(wanted, carried)
    waiting = np.maximum(chips - chip.chips_carried(power_there, bought, sites.temperature, p), 0.0)
    grid = np.where(waiting > 0, grid_wait(sites, p), 0.0)
    ready = np.maximum(np.floor(4 * since).astype(np.int64), tender.contracted + 1)
    return Delivered(
        cancelled=(uniforms.cancel < cancellation) | given_up(procedure, uniforms.tender),
        contracted=tender.contracted,
        ready=ready,
        complete=np.maximum(np.floor(4 * (since + grid)).astype(np.int64), ready),
        expected=np.broadcast_to(year + planned_years(procedure, practice, mw, p), plan.shape),
        since=since,
        bought=bought,
        chips=chips,
        waiting=waiting,
        peak=chip.peak(bought, p),
        spend=np.where(wanted > carried, chip.spend_for(chips, bought, p, kept), plan * p.export_supply),
        power_mw=chip.power_mw(chips, bought, sites.temperature, p),
        award_years=tender.award,
        retender_years=tender.again,
        failed_tenders=np.asarray(tender.fails, dtype=np.int64),
        litigation_years=tender.court,
        building_years=building,
        grid_years=grid,
    )


def deliver_again(
    plan: Floats,
    now: int | Integers,
    year: Number,
    sites: Sites,
    procedure: Procedure,
    practice: Practice,
    uniforms: SiteDraws,
    first: Delivered,
    used_mw: Floats,
    p: Values,
) -> Delivered:
    """The dates, chips and costs of a later order at selected sites: a new award, installed in the existing hall.

    Args:
        plan: (worlds, sites) EUR bn; 0 for sites without an order.
        now: quarter of the order since year 0.
        year: its decimal year.
        sites: the candidate sites.
        procedure: from the procurement rule.
        practice: from the operations rule.
        uniforms: the order's random draws.
        first: the site's first order; machines are not installed before its hall is built.
        used_mw: (worlds, sites) power that earlier orders use, MW.
        p: parameters, each (worlds, 1).
    """
    tender = _tendered(procedure, uniforms, now, p)
    since = np.maximum(year + tender.years + p.install_years, first.since)
    bought, kept = chip_date(procedure, year, since), money_kept(practice, np.inf)
    room = np.maximum(headroom(sites, procedure, p) * p.beyond_headroom - used_mw, 0.0)
    wanted, carried = _affordable_and_carried(plan, bought, room, kept, sites, p)
    chips, none = np.minimum(wanted, carried), np.zeros(plan.shape)
    ready = np.maximum(np.floor(4 * since).astype(np.int64), tender.contracted + 1)
    return Delivered(
        cancelled=first.cancelled | (plan <= 0),
        contracted=tender.contracted,
        ready=ready,
        complete=ready,
        expected=since,
        since=since,
        bought=bought,
        chips=chips,
        waiting=none,
        peak=np.broadcast_to(chip.peak(bought, p), plan.shape),
        spend=np.where(wanted > carried, chip.spend_for(chips, bought, p, kept), plan * p.export_supply),
        power_mw=chip.power_mw(chips, bought, sites.temperature, p),
        award_years=tender.award,
        retender_years=tender.again,
        failed_tenders=np.asarray(tender.fails, dtype=np.int64),
        litigation_years=tender.court,
        building_years=since - year - tender.years,
        grid_years=none,
    )
