"""The state of some worlds as arrays: the program, the bargaining and the training.

Arrays are (worlds, states) or (worlds, sites). The worlds of one `World` have the same rules and may differ in all
parameters that are floats. This module holds data only: `abm.institutions` applies the rules, and `abm.quarter`
advances time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from juste_retour.abm.base.calendar import label, quarter, year
from juste_retour.abm.base.identity_cache import IdentityCache
from juste_retour.abm.base.members import Members
from juste_retour.abm.base.noise import RandomStreams
from juste_retour.abm.delivery import talent
from juste_retour.abm.delivery.building import Delivered
from juste_retour.abm.delivery.frontier import compute_lag
from juste_retour.abm.delivery.operations import talent_factor
from juste_retour.abm.delivery.pooling import Pool
from juste_retour.abm.delivery.ring import Ring, plan_ring
from juste_retour.abm.worlds.compute_lag import OtherReadings, Reading, other_readings, reading
from juste_retour.abm.worlds.scenario import Scenario
from juste_retour.agents.arrays import Booleans, Floats, Integers, total, total_by
from juste_retour.agents.payoff import local_scale
from juste_retour.agents.values import Values


@dataclass(eq=False)
class Program:
    """The program: the selected sites and their delivery.

    Attributes:
        planned: (worlds, sites) money selected for each site, EUR bn.
        selected: (worlds, sites) quarter of selection, -1 for never.
        wave: (worlds, sites) wave or round of selection, from 1.
        pledged: (worlds, sites) labs' money, EUR bn.
        own_money: (worlds, sites) whether the host alone pays for the site, outside the program.
        delivered: the machines of the first order, and their dates.
        stopped: (worlds, sites) whether a scandal closes the site this quarter.
        envelope: (worlds, 1) money left to place, EUR bn.
        transfers: (worlds, states) side payments for a yes, EUR bn.
        later: the machines of later orders, each like `delivered`.
        later_money: (worlds, sites) the part of `planned` that later orders spend, EUR bn.
        renewals: the machines that replace others, each like `delivered`.
    """

    planned: Floats
    selected: Integers
    wave: Integers
    pledged: Floats
    own_money: Booleans
    delivered: Delivered
    stopped: Booleans
    envelope: Floats
    transfers: Floats
    later_money: Floats
    later: list[Delivered] = field(default_factory=list)
    renewals: list[Delivered] = field(default_factory=list)

    @classmethod
    def at_start(cls, worlds: int, states: int, sites: int, envelope: Floats) -> Program:
        """The program before any selection; `envelope` is (worlds, 1) or (1, 1), EUR bn."""
        return cls(
            planned=np.zeros((worlds, sites)),
            selected=np.full((worlds, sites), -1, dtype=np.int64),
            wave=np.zeros((worlds, sites), dtype=np.int64),
            pledged=np.zeros((worlds, sites)),
            own_money=np.zeros((worlds, sites), bool),
            delivered=Delivered.nothing(worlds, sites),
            stopped=np.zeros((worlds, sites), bool),
            envelope=np.broadcast_to(envelope, (worlds, 1)).copy(),
            transfers=np.zeros((worlds, states)),
            later_money=np.zeros((worlds, sites)),
        )


@dataclass(eq=False)
class Bargaining:
    """The state of the bargaining.

    Attributes:
        settled: (worlds,) whether bargaining has ended.
        rounds: (worlds,) rounds so far.
        bids: (worlds, states) bids so far.
        won: (worlds, states) waves in which a bid won; the state's next application has this number.
        lost: (worlds, states) whether the last bid lost.
        applied: (worlds, states) whether the state applied in the last wave.
        memory: (worlds, states) moving average of the gain from past offers, EUR bn.
        yes_votes: (worlds, states) ballots in which the state voted yes.
        no_votes: (worlds, states) ballots in which the state voted no.
    """

    settled: Booleans
    rounds: Integers
    bids: Integers
    won: Integers
    lost: Booleans
    applied: Booleans
    memory: Floats
    yes_votes: Integers
    no_votes: Integers

    @classmethod
    def at_start(cls, worlds: int, states: int) -> Bargaining:
        """The state before the first round."""
        return cls(
            settled=np.zeros(worlds, bool),
            rounds=np.zeros(worlds, dtype=np.int64),
            bids=np.zeros((worlds, states), dtype=np.int64),
            won=np.zeros((worlds, states), dtype=np.int64),
            lost=np.zeros((worlds, states), bool),
            applied=np.zeros((worlds, states), bool),
            memory=np.zeros((worlds, states)),
            yes_votes=np.zeros((worlds, states), dtype=np.int64),
            no_votes=np.zeros((worlds, states), dtype=np.int64),
        )


class Race(TypedDict):
    """The largest run, the frontier and the distance between them in one quarter; (worlds,) each."""

    largest_run_flop: Floats
    frontier_flop: Floats
    years_behind: Floats
    capability_lag_years: Floats


@dataclass(eq=False)
class Training:
    """The training runs, labs and researchers.

    Attributes:
        rate: (worlds,) FLOP/s of the best single run.
        pool: (worlds, sites) whether the site takes part in that run.
        facilities: the best run of the program's facilities, without existing machines.
        whole: the same if one run may use whole machines.
        stale: (worlds,) whether `facilities` is out of date.
        combined: whether `rate` and `pool` have been computed from `facilities`.
        own: (worlds, sites) FLOP/s of each selected facility alone, where rates do not change.
        whole_own: (worlds, sites) the same for whole machines.
        unrated: (worlds,) whether `own` is out of date.
        operational: number of existing machines that work; -1 before the first quarter.
        read: the race in the quarters of the window so far.
        runs: the runs of the other readings in these quarters, as `training.other_runs` returns them.
        exited: (worlds, labs) whether the lab has left for a cloud abroad.
        near: (worlds, sites) specialists within reach, relative to the mean site at the start.
        talent: (worlds, sites) factor on utilization that follows from `near`.
    """

    rate: Floats
    pool: Booleans
    facilities: Pool
    whole: Pool
    stale: Booleans
    combined: bool
    own: Floats
    whole_own: Floats
    unrated: Booleans
    operational: int
    read: list[Race]
    runs: list[dict[str, Floats]]
    exited: Booleans
    near: Floats
    talent: Floats


class World:
    """The state of some worlds of one seed.

    Args:
        members: the union.
        p: the parameters of all worlds.
        scenario: the scenario of the first world; dates and rules are the same in all.
        replicates: (worlds,) the number of each world within the seed.
        streams: the random streams.

    Attributes:
        ambition: (worlds, states) factor by which the state values money spent at home; drawn once.
        resolve: (worlds, states) noise in the state's reservation value, in standard deviations; drawn once.
        scale: (worlds, states) scale of the local good, EUR bn.
        program: the selected sites and their delivery.
        bargaining: the state of the bargaining.
        training: the training runs, labs and researchers.
    """

    def __init__(
        self,
        members: Members,
        p: Values,
        scenario: Scenario,
        replicates: Sequence[int] | NDArray[np.int64],
        streams: RandomStreams,
    ):
        self.replicates = np.asarray(replicates, dtype=np.int64)
        self.count = w = len(self.replicates)
        self.members, self.p = members, p
        self._reading: tuple[int, Reading] | None = None
        self._parameters = IdentityCache[NDArray[np.int64], Values](most=4)
        self.states, self.sites = members.states, members.sites
        self.labs, self.college, self.machines = members.labs, members.college, members.machines
        self.first, self.last = quarter(scenario.start, "start"), quarter(scenario.end, "end")
        self.announced = quarter(scenario.announcement, "announcement")
        self.window = scenario.window  # quarters over which the race is averaged
        self.now = self.first - 1
        n, s = self.states.count, self.sites.count
        self.ambition = np.exp(p.ambition_sd * streams.normal("ambition", n))
        self.resolve = streams.normal("reservation", n)
        self.scale = local_scale(self.states, self.ambition, p)
        self.program = Program.at_start(w, n, s, p.envelope_eur_bn)
        self.bargaining = Bargaining.at_start(w, n)
        near = np.broadcast_to(talent.at_start(self.sites, self.states), (w, s))
        self.training = Training(
            rate=np.zeros(w),
            pool=np.zeros((w, s), bool),
            facilities=Pool.alone(np.zeros((w, s))),
            whole=Pool.alone(np.zeros((w, s))),
            stale=np.ones(w, bool),
            combined=False,
            own=np.zeros((w, s)),
            whole_own=np.zeros((w, s)),
            unrated=np.ones(w, bool),
            operational=-1,
            read=[],
            runs=[],
            exited=np.zeros((w, self.labs.count), bool),
            near=near,
            talent=talent_factor(near, 1.0, p),
        )

    def parameters(self, rows: NDArray[np.int64]) -> Values:
        """The parameters of some worlds; the results of the last few calls are cached."""
        return self._parameters.get(rows, self.p.rows)

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """All arrays that change while the worlds run, by name, as in `program.planned`."""
        groups = {
            "program": self.program,
            "program.delivered": self.program.delivered,
            "bargaining": self.bargaining,
            "training": self.training,
        }
        found = {name: x for name, x in vars(self).items() if isinstance(x, np.ndarray)}
        for group, part in groups.items():
            found |= {f"{group}.{name}": x for name, x in vars(part).items() if isinstance(x, np.ndarray)}
        return found

    # -- time -------------------------------------------------------------------------------------------------------
    @property
    def year(self) -> float:
        """The decimal year at the middle of this quarter."""
        return year(self.now)

    @property
    def quarter(self) -> str:
        """This quarter, as "2026Q3"."""
        return label(self.now)

    @property
    def running(self) -> bool:
        """Whether the last quarter has not been reached."""
        return self.now < self.last

    # -- facilities ---------------------------------------------------------------------------------------------------
    @property
    def contracted(self) -> Booleans:
        """(worlds, sites) whether a facility is under contract, working or not."""
        d = self.program.delivered
        return (self.program.selected >= 0) & ~d.cancelled & (d.contracted <= self.now)

    @property
    def working(self) -> Booleans:
        """(worlds, sites) whether a facility works this quarter."""
        return self.contracted & (self.program.delivered.ready <= self.now) & ~self.program.stopped

    @property
    def live(self) -> Booleans:
        """(worlds, sites) whether a site is selected and not known to be cancelled, so that actors count on it."""
        d = self.program.delivered
        return (self.program.selected >= 0) & ~(d.cancelled & (d.contracted <= self.now))

    @property
    def hosted(self) -> NDArray[np.int64]:
        """(worlds, states) number of live sites in the state."""
        return np.rint(self.by_state(self.live)).astype(np.int64)

    def by_state(self, amount: Floats | Booleans) -> Floats:
        """Sum over the sites of each state; (worlds, sites) to (worlds, states)."""
        return total_by(amount, self.sites.state, self.states.count)

    @cached_property
    def ring(self) -> Ring:
        """The fiber ring over all candidate sites."""
        return plan_ring(self.sites.latitude, self.sites.longitude)

    @property
    def committed(self) -> Floats:
        """(worlds,) money of the envelope in the plans that passed, cancelled selections included, EUR bn."""
        return total(np.where(self.program.own_money, 0.0, self.program.planned))

    @property
    def constant_rates(self) -> bool:
        """Whether a facility's rate is the same from its first to its last quarter, in all worlds."""
        program = self.program
        changes = bool(program.later) or bool(program.renewals) or self.renews or self.talent_moves
        return not changes and not program.delivered.waiting.any()

    @cached_property
    def talent_moves(self) -> bool:
        """Whether researchers move toward machines in any world."""
        return bool((self.p.talent_elasticity > 0).any())

    @cached_property
    def renews(self) -> bool:
        """Whether machines are renewed in any world."""
        return bool((self.p.life_years > 0).any())

    def reading(self) -> Reading:
        """The mean lag over the quarters of the window that have passed; NaN before the first, or if nothing trains."""
        read = self.training.read
        if self._reading is None or self._reading[0] != len(read):
            self._reading = len(read), self._read_so_far(read)
        return self._reading[1]

    def _read_so_far(self, read: list[Race]) -> Reading:
        if not read or not self.p.trains:
            unread = np.full(self.count, np.nan)
            return Reading(unread, unread, unread, unread, np.zeros(self.count, dtype=np.int64))
        lag, capability = (
            np.stack([race[name] for race in read], axis=-1) for name in ("years_behind", "capability_lag_years")
        )
        return reading(lag, capability, self.p.lag_cap_years)

    def other_readings(self) -> OtherReadings:
        """The other readings of capability over the window; NaN if nothing trains."""
        if not self.p.trains:
            return OtherReadings(*[np.full(self.count, np.nan)] * len(fields(OtherReadings)))
        runs, dates = self.training.runs, year(np.array(self.window))
        lags = {name: compute_lag(np.stack([x[name] for x in runs], axis=-1), dates, self.p) for name in runs[0]}
        own = np.stack([race["years_behind"] for race in self.training.read], axis=-1)
        return other_readings(own, lags, self.p.lag_cap_years)

    @property
    def exited_share(self) -> Floats:
        """(worlds,) share of the Union's labs, weighted by capital, that have left for a cloud abroad."""
        capital = np.where(self.labs.home >= 0, self.labs.capital, 0.0)
        return total(self.training.exited * capital) / max(float(total(capital)), 1e-300)
