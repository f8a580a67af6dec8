"""The compute that decision makers expect from a plan, computed from means without random draws.

V is a mean over the years from `race_first_year` to `race_last_year` after the decision. In each of them it depends on
the best single run of all machines that are then expected to work.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from juste_retour.abm.base.identity_cache import IdentityCache
from juste_retour.abm.delivery import chips as chip
from juste_retour.abm.delivery.building import grid_wait, headroom, planned_years
from juste_retour.abm.delivery.frontier import frontier
from juste_retour.abm.delivery.gradient_exchange import run_flop
from juste_retour.abm.delivery.operations import Practice, goodput, in_service, money_kept
from juste_retour.abm.delivery.pooling import Fleet, Pool
from juste_retour.abm.delivery.procurement import Procedure
from juste_retour.abm.worlds.environment import Environment
from juste_retour.abm.worlds.fleet import access, facilities, operational, run_of
from juste_retour.agents.arrays import Booleans, Floats, Integers, alike, pick, total
from juste_retour.agents.payoff import race
from juste_retour.agents.situation import Prospect


class Outlook:
    """The expectations of decision makers in this quarter, in the worlds at the positions `rows`."""

    def __init__(self, env: Environment, rows: NDArray[np.int64]):
        self.env, self.world, self.institutions = env, env.world, env.institutions
        self.rows, self.year = rows, env.world.year
        self.p = env.world.parameters(rows)
        self.procedure: Procedure = self.institutions.expected_procedure(self.year, rows)
        self.practice: Practice = self.institutions.decide("operations", rows=rows)
        regime = access(self.world, self.institutions, rows)
        self.share, self.year_share = regime.share(self.p.run_days), regime.year_share  # of chips, of hours
        self.kept = money_kept(self.practice, np.inf)
        first, last = (int(x[0, 0]) for x in (self.p.race_first_year, self.p.race_last_year))
        self.horizon = range(first, last + 1)  # years after the decision
        self._seen = IdentityCache[Floats | None, Prospect]()
        self._parts: dict[bytes, Outlook] = {}

    @cached_property
    def bought(self) -> Floats:
        """(worlds, 1) decimal year of the chips that a decision of this quarter buys."""
        return self.year + self.procedure.refresh * planned_years(
            self.procedure, self.practice, self.p.sketch_mw, self.p
        )

    @cached_property
    def cap(self) -> Floats:
        """(worlds, sites) money that uses up each site's power, EUR bn."""
        sites = self.world.sites
        power = headroom(sites, self.procedure, self.p) * self.p.beyond_headroom
        most = chip.spend_cap(power, self.bought, sites.temperature, self.p, self.kept)
        return np.ascontiguousarray(np.broadcast_to(most, (len(self.rows), sites.count)))

    def chips(self, plan: Floats) -> Floats:
        """Accelerators that a plan, EUR bn, buys; same shape."""
        return chip.chips_bought(plan, self.bought, self.p, self.kept) * (self.p.export_supply * self.p.trains)

    @cached_property
    def at_once(self) -> Floats:
        """(worlds, sites) chips that each site's headroom can power without waiting for the grid."""
        sites = self.world.sites
        power = headroom(sites, self.procedure, self.p)
        carried = chip.chips_carried(power, self.bought, sites.temperature, self.p)
        return np.ascontiguousarray(np.broadcast_to(carried, (len(self.rows), sites.count)))

    @cached_property
    def peak(self) -> Floats:
        """(worlds, 1) peak FLOP/s of a chip bought now."""
        return chip.peak(self.bought, self.p)

    def ready(self, plan: Floats, temperature: Floats) -> Floats:
        """Decimal year in which each site of a plan, EUR bn, is expected to work; same shape as the plan."""
        mw = chip.power_mw(self.chips(plan), self.bought, temperature, self.p)
        return self.year + planned_years(self.procedure, self.practice, mw, self.p)

    def seen_by_labs(self, plan: Floats) -> tuple[Floats, Floats, Floats]:
        """Accelerators of a plan, the effective ones open to a lab, and years until they work; all (worlds, sites)."""
        n = self.chips(plan)
        usable = n * self.share
        job = goodput(usable, self.practice, self.p)
        return (
            n,
            usable * (in_service(self.practice, self.p) * self.practice.mfu_factor * job),
            np.broadcast_to(self.ready(plan, self.world.sites.temperature) - self.year, n.shape),
        )

    def prospect(self, plan: Floats | None) -> Prospect:
        """The prospect of a plan (worlds, sites), EUR bn, in addition to what is under way; None for no further plan."""
        return self._seen.get(plan, self._prospect)

    def _prospect(self, plan: Floats | None) -> Prospect:
        first, kind = alike(self._own, *([] if plan is None else [plan]))
        if len(first) == len(kind):
            return Prospect(self._value(self._runs(plan)), self._accelerators(plan))
        found = self._some(first).prospect(None if plan is None else plan[first])
        return Prospect(found.race[kind], found.accelerators[kind])

    @cached_property
    def _own(self) -> Floats:
        """(worlds, 3) all that a prospect depends on besides the plan.

        Worlds with the same scenario share a prospect until a site is selected.
        """
        w, rows = self.world, self.rows
        changing = (
            w.talent_moves or self.institutions.renegotiated("access") or self.institutions.renegotiated("standing")
        )
        apart = (w.program.selected[rows] >= 0).any(-1) | changing
        columns = self.institutions.distinct[rows], w.exited_share[rows], np.where(apart, rows, -1)
        return np.stack(columns, axis=-1).astype(np.float64)

    def _some(self, index: Integers) -> Outlook:
        """The outlook in some of these worlds, from the cache if it is there."""
        key = index.tobytes()
        if key not in self._parts:
            self._parts[key] = Outlook(self.env, self.rows[index])
        return self._parts[key]

    def alone(self, size: Floats, best: Integers) -> Prospect:
        """The prospect of one further site in each state, considered separately for each state; both (worlds, states).

        Args:
            size: (worlds, states) EUR bn.
            best: (worlds, states) index of the site; -1 if the state has no free site.
        """
        temperature = np.broadcast_to(self.world.sites.temperature, (len(self.rows), self.world.sites.count))
        ready = self.ready(size, pick(temperature, np.maximum(best, 0)))
        own = self._joined(self._at_once(size, best), best)
        base = self.runs_without
        worth = np.zeros(size.shape)
        for k, after in enumerate(self.horizon):
            run = np.maximum(base[k][:, None], np.where((ready <= self.year + after) & (size > 0), own, 0.0))
            worth = worth + race(run / self._frontier(after), self.p)
        return Prospect(
            self._kept_labs(worth / len(self.horizon)),
            self._accelerators(None) + self.chips(size) * (1 - self.year_share),
        )

    # ------------------------------------------------------------------------------------------------------------------
    @cached_property
    def runs_without(self) -> list[Floats]:
        """Largest run, FLOP (worlds,), in each year of the horizon without a further plan."""
        return self._runs(None)

    def _accelerators(self, plan: Floats | None) -> Floats:
        d = self.world.program.delivered
        there = total(np.where(self.world.live[self.rows], d.chips[self.rows], 0.0))[:, None]
        all_chips = there if plan is None else there + total(self.chips(plan))[:, None]
        return all_chips * (1 - self.year_share)

    def _frontier(self, after: float) -> Floats:
        return np.asarray(frontier(self.year + after, self.p)).reshape(-1, 1)

    def _value(self, runs: list[Floats]) -> Floats:
        worth = np.zeros((len(self.rows), 1))
        for after, run in zip(self.horizon, runs, strict=True):
            worth = worth + race(run[:, None] / self._frontier(after), self.p)
        return self._kept_labs(worth / len(self.horizon))

    def _kept_labs(self, worth: Floats) -> Floats:
        return worth * (1 - self.p.exit_cost * self.world.exited_share[self.rows][:, None])

    def _runs(self, plan: Floats | None) -> list[Floats]:
        """Largest run, FLOP (worlds,), in each year of the horizon."""
        w, d = self.world, self.world.program.delivered
        live, chips, peaks = w.live[self.rows], d.chips[self.rows], d.peak[self.rows]
        ready = np.where(live, d.expected[self.rows], np.inf)
        waiting, wait = np.where(live, d.waiting[self.rows], 0.0), d.grid_years[self.rows]
        if plan is not None:
            new = plan > 0
            chips, peaks = np.where(new, self.chips(plan), chips), np.where(new, self.peak, peaks)
            ready = np.where(new, self.ready(plan, w.sites.temperature), ready)
            if np.any(self.p.beyond_headroom > 1):
                waiting = np.where(new, np.maximum(chips - self.at_once, 0.0), waiting)
                wait = np.where(new, grid_wait(w.sites, self.p), wait)
        if waiting.any():
            return self._runs_in_steps(chips, peaks, ready, waiting, ready + wait)
        if self.institutions.local_pooling:  # the best run is that of one site, so each facility is rated once
            own = self._best(np.where(np.isfinite(ready), chips, 0.0), peaks).own
            out = []
            for after in self.horizon:
                best = np.where(ready <= self.year + after, own, 0.0).max(-1, initial=0.0)
                out.append(self._with_standing(best, after))
            return out
        out = []
        before: Booleans | None = None
        rate = np.zeros(len(self.rows))
        for after in self.horizon:
            works = ready <= self.year + after
            if before is None or not np.array_equal(works, before):
                rate = self._best(np.where(works, chips, 0.0), peaks).rate
            before = works
            out.append(self._with_standing(rate, after))
        return out

    def _best(self, chips: Floats, peaks: Floats) -> Pool:
        """The best run of facilities (rows, sites)."""
        return self._rule(facilities(self.world, self.institutions, self.rows, chips, peaks, self.share))

    def _with_standing(self, rate: Floats, after: float) -> Floats:
        """The largest run, FLOP, of facilities at this rate and of the machines that stand so many years from now."""
        machines = operational(self.world.machines, self.year + after)
        return run_flop(np.maximum(self.env.standing_rate(machines)[self.rows], rate), self.p)

    def _runs_in_steps(
        self, chips: Floats, peaks: Floats, ready: Floats, waiting: Floats, complete: Floats
    ) -> list[Floats]:
        """The same as `_runs` if some chips wait for power until the decimal years `complete`; all (rows, sites)."""
        out = []
        for after in self.horizon:
            date = self.year + after
            powered = np.where(ready <= date, chips - np.where(complete <= date, 0.0, waiting), 0.0)
            out.append(self._with_standing(self._best(powered, peaks).rate, after))
        return out

    def _at_once(self, size: Floats, best: Integers) -> Floats:
        """The part of each state's site, EUR bn (worlds, states), whose chips need not wait for the grid."""
        if not np.any(self.p.beyond_headroom > 1):
            return size
        most = chip.spend_for(self.at_once, self.bought, self.p, self.kept) / self.p.export_supply
        return np.minimum(size, pick(most, np.maximum(best, 0)))

    def _rule(self, fleet: Fleet, rows: NDArray[np.int64] | None = None) -> Pool:
        return run_of(self.institutions, fleet, None, self.rows if rows is None else rows)

    def _joined(self, size: Floats, best: Integers) -> Floats:
        """Largest run, FLOP (worlds, states), once the further site of each state works."""
        w, n = self.world, self.world.states.count
        chips = self.chips(size)
        if self.institutions.local_pooling:
            none = np.zeros((len(self.rows), w.sites.count))
            alone = replace(
                facilities(w, self.institutions, self.rows, none, self.peak, self.share),
                chips=chips * self.share,
                peak=np.broadcast_to(self.peak, chips.shape),
                talent=1.0,
            )
            return run_flop(self._rule(alone).own, self.p)
        rows = np.repeat(self.rows, n)
        d, live = w.program.delivered, w.live[self.rows]
        there, peaks = (
            np.repeat(np.where(live, d.chips[self.rows], 0.0), n, axis=0),
            np.repeat(d.peak[self.rows], n, axis=0),
        )
        at = np.maximum(best, 0).reshape(-1, 1)
        np.put_along_axis(there, at, np.where(best >= 0, chips, 0.0).reshape(-1, 1), axis=-1)
        np.put_along_axis(peaks, at, np.broadcast_to(self.peak, chips.shape).reshape(-1, 1), axis=-1)
        share = np.repeat(np.broadcast_to(self.share, (len(self.rows), 1)), n, axis=0)
        rate = self._rule(facilities(w, self.institutions, rows, there, peaks, share), rows).rate
        return run_flop(rate.reshape(len(self.rows), n), self.p)
