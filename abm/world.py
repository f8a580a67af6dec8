"""All state of some worlds: what was chosen, what it will become, and what has been learnt.

Arrays are (worlds, states) or (worlds, sites); the worlds of one `World` share their rules and may differ in every
real parameter. Luck comes from the tape alone, so a world is the same whoever stands beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, Concatenate

import numpy as np
from numpy.typing import NDArray

from juste_retour.abm import quarter as quarterly
from juste_retour.abm.calendar import label, quarter, year
from juste_retour.abm.delivery import talent
from juste_retour.abm.delivery.building import Delivered, Luck, deliver
from juste_retour.abm.delivery.operations import talent_factor
from juste_retour.abm.delivery.tour import plan_tour
from juste_retour.abm.fleet import combine
from juste_retour.abm.members import Members, load_members
from juste_retour.abm.noise import Tape
from juste_retour.abm.politics.voting import Ballot
from juste_retour.abm.records import HeldBallot, Record, Selection, TimelineQuarter
from juste_retour.abm.scenario import Scenario, check_actors, settings, values
from juste_retour.agents.arrays import Reals, Truths, total, total_by
from juste_retour.agents.lab import Market
from juste_retour.agents.payoff import local_scale
from juste_retour.agents.rules import FAMILIES, Rule, family

ONE_A_WORLD = {"voting"}  # families whose rules yield one value a world; all others keep their last axis


class World:
    """The state of some worlds of one seed.

    Args:
        scenarios: one scenario for all worlds, or one a world; they may differ in real parameters only.
        seed: whole number of at least 0.
        replicates: (worlds,) which world of the seed each one is.
        members: the union; the European one by default.
        trace: keep each decision with its terms.
        timeline: read the race in every quarter, not only where it is asked for.
    """

    def __init__(
        self,
        scenarios: Scenario | Sequence[Scenario],
        seed: int,
        replicates: Sequence[int] | NDArray[np.int64],
        members: Members | None = None,
        *,
        trace: bool = False,
        timeline: bool = False,
    ):
        self.replicates = np.asarray(replicates, dtype=np.int64)
        self.count = w = len(self.replicates)
        self.scenarios = [scenarios] * w if isinstance(scenarios, Scenario) else list(scenarios)
        self.scenario = self.scenarios[0]
        self.members = members or load_members()
        self.states, self.sites = self.members.states, self.members.sites
        self.labs, self.college, self.machines = (
            self.members.labs,
            self.members.college,
            self.members.machines,
        )
        check_actors(
            self.scenario,
            {
                "state": self.states.codes,
                "lab": self.labs.names,
                "commissioner": [self.states.codes[i] for i in self.college.state],
            },
        )
        self.seed = int(seed)
        self.tape = Tape(seed, self.replicates)
        self.p = values(self.scenarios)
        self.expected: Reals | None = None  # continuation values, where they are being solved for
        self.cast: Any = None  # agents with minds of their own: `cast.decide(family, handed, rows, by_rule)`
        self._settings: dict[tuple[str, str], dict[str, Any]] = {}
        self._standing: dict[int, Reals] = {}
        self._yearly: dict[str, tuple[int, Reals]] = {}
        self.trace: list[Record] | None = [] if trace else None
        self.timeline: list[TimelineQuarter] | None = [] if timeline else None

        self.first, self.last = quarter(self.scenario.start, "start"), quarter(self.scenario.end, "end")
        self.announced, self.assessed = (
            quarter(self.scenario.announcement, "announcement"),
            quarter(self.scenario.assess, "assess"),
        )
        self.now = self.first - 1

        n, s, nl = self.states.count, self.sites.count, self.labs.count
        self.ambition = np.exp(self.p.ambition_sd * self.tape.normal("ambition", n))
        self.resolve = self.tape.normal("reservation", n)
        self.scale = local_scale(self.states, self.ambition, self.p)
        self.bids = np.zeros((w, n), dtype=np.int64)  # bids written so far, won or lost
        self.lost = np.zeros((w, n), bool)
        self.memory = np.zeros((w, n))  # gain that offers brought, EUR bn
        self.envelope = np.broadcast_to(self.p.envelope_eur_bn, (w, 1)).copy()
        self.settled = np.zeros(w, bool)
        self.rounds = np.zeros(w, dtype=np.int64)
        self.ballots: list[HeldBallot] = []
        self.yes_votes = np.zeros((w, n), dtype=np.int64)
        self.no_votes = np.zeros((w, n), dtype=np.int64)

        self.planned = np.zeros((w, s))  # EUR bn selected for each site
        self.selected = np.full((w, s), -1, dtype=np.int64)
        self.wave = np.zeros((w, s), dtype=np.int64)  # of selection, from 1
        self.pledged = np.zeros((w, s))  # labs' money, EUR bn
        self.own_money = np.zeros((w, s), bool)  # paid by the host alone, outside the programme
        self.delivered = Delivered.nothing(w, s)
        self.stopped = np.zeros((w, s), bool)  # by a scandal, this quarter

        self.rate = np.zeros(w)  # FLOP/s of the best single run
        self.pool = np.zeros((w, s), bool)  # sites in it
        self.stale = np.ones(w, bool)
        self.operational = -1  # machines that stood already and work
        self.asked = timeline  # whether the race is read every quarter
        self.transfers = np.zeros((w, n))  # cash for a yes, EUR bn
        self.race: dict[str, Reals] = {}  # as read at the assessment
        self.exited = np.zeros((w, nl), bool)
        self.near = np.broadcast_to(talent.at_start(self.sites, self.states), (w, s))
        self.talent = talent_factor(self.near, 1.0, self.p)

    # -- rules ------------------------------------------------------------------------------------------------------
    def choice(self, name: str) -> Rule:
        """The rule of a family."""
        return family(name)[self.scenario.rules[name].rule]

    def settings(self, name: str, rows: Any = None, code: str = "") -> dict[str, Any]:
        """The parameters of a family's rule, or of the one that an actor goes by, for some worlds."""
        key = name, code
        if key not in self._settings:
            self._settings[key] = settings(self.scenarios, name, name not in ONE_A_WORLD, code)
        found = self._settings[key]
        if rows is None:
            return found
        return {k: v[rows] if isinstance(v, np.ndarray) else v for k, v in found.items()}

    def decide(self, name: str, *args: Any, rows: Any = None) -> Any:
        """Ask a family's rule; for some worlds if `rows` says which."""
        return self.choice(name)(*args, **self.settings(name, rows))

    def decide_by_actor(self, name: str, *args: Any, rows: Any = None) -> Any:
        """Ask an actor family: each actor by its own mind where it has one, and else by the scenario's rule."""
        out = self.by_rule(name, *args, rows=rows)
        return out if self.cast is None else self.cast.decide(name, args, rows, out)

    def by_rule(self, name: str, *args: Any, rows: Any = None) -> Any:
        """Each actor by the rule that the scenario gives it; the actors' axis is the last but places'."""
        out = self.decide(name, *args, rows=rows)
        for code, choice in self.scenario.rules[name].actors:
            own = family(name)[choice.rule](*args, **self.settings(name, rows, code))
            mine = self._actors(name) == code
            out = np.where(mine[:, None] if FAMILIES[name].actor == "lab" else mine, own, out)
        return out

    def _actors(self, name: str) -> NDArray[np.str_]:
        actor = FAMILIES[name].actor
        if actor == "state":
            return np.array(self.states.codes)
        if actor == "commissioner":
            return np.array([self.states.codes[i] for i in self.college.state])
        return np.array([c.upper() for c in self.labs.names])

    @cached_property
    def decider(self) -> int:
        """Index of the state that decides alone, -1 where it is the Commission or a lab."""
        name = self.scenario.decider
        return self.states.index(name) if name in self.states.codes else -1

    @cached_property
    def practice(self) -> Any:
        """The operations rule's practice."""
        return self.decide("operations")

    @cached_property
    def procedure(self) -> Any:
        """The procurement rule's procedure."""
        return self.decide("procurement")

    @cached_property
    def split(self) -> Any:
        """The funding rule's split of a euro."""
        return self.decide("funding", self.states, self.decider)

    @cached_property
    def commission_votes(self) -> bool:
        """Whether the Commission's own vote counts under the voting rule."""
        everyone = np.ones((self.count, self.states.count), bool)
        without = Ballot(everyone, ~everyone, np.zeros(self.count, bool), None, self.decider)
        return not self.decide("voting", without, self.states).all()

    @cached_property
    def local_pooling(self) -> bool:
        """Whether the best run hangs on single sites only."""
        return bool(self.choice("pooling").marks.get("local"))

    # -- time -------------------------------------------------------------------------------------------------------
    def yearly(self, channel: str, slots: int) -> Reals:
        """This year's luck by name, drawn once a year; (worlds, slots)."""
        if channel not in self._yearly or self._yearly[channel][0] != self.now // 4:
            self._yearly[channel] = (self.now // 4, self.tape.uniform(channel, slots, self.now // 4))
        return self._yearly[channel][1]

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
        """Whether quarters are left."""
        return self.now < self.last

    # -- what stands --------------------------------------------------------------------------------------------------
    @property
    def contracted(self) -> Truths:
        """(worlds, sites) facilities under contract by now, working or not."""
        d = self.delivered
        return (self.selected >= 0) & ~d.cancelled & (d.contracted <= self.now)

    @property
    def working(self) -> Truths:
        """(worlds, sites) facilities that work this quarter."""
        return self.contracted & (self.delivered.ready <= self.now) & ~self.stopped

    @property
    def live(self) -> Truths:
        """(worlds, sites) selected and not cancelled by now: what actors count on."""
        d = self.delivered
        return (self.selected >= 0) & ~(d.cancelled & (d.contracted <= self.now))

    @property
    def hosted(self) -> NDArray[np.int64]:
        """(worlds, states) sites that each state counts on."""
        out = np.zeros((self.count, self.states.count), dtype=np.int64)
        live = self.live
        for j in range(self.sites.count):
            out[:, self.sites.state[j]] += live[:, j]
        return out

    def by_state(self, amount: Any) -> Reals:
        """Sum sites' amounts by state; (worlds, sites) to (worlds, states)."""
        return total_by(amount, self.sites.state, self.states.count)

    # -- change -------------------------------------------------------------------------------------------------------
    def enact(self, rows: NDArray[np.int64], plan: Reals, pledged: Reals, own_money: bool = False) -> None:
        """Select sites in some worlds: `plan` and labs' `pledged` money, EUR bn, (rows, sites); a site is chosen once."""
        new = (plan > 0) & (self.selected[rows] < 0)
        if not new.any():
            return
        plan, pledged = np.where(new, plan, 0.0), np.where(new, pledged, 0.0)
        self.selected[rows] = np.where(new, self.now, self.selected[rows])
        self.wave[rows] = np.where(new, self.rounds[rows][:, None] + 1, self.wave[rows])
        self.planned[rows] += plan
        self.pledged[rows] += pledged
        self.own_money[rows] |= new & own_money
        if not own_money:
            self.envelope[rows] -= total(plan)[:, None]
        delivered = self._delivery(rows, plan)
        self.delivered.write(rows, new, delivered)
        self.record(Selection, rows, chosen=new, plan=plan, pledged=pledged, delivered=delivered)
        self.stale[rows] = True

    def rehearsed(self, rows: NDArray[np.int64]) -> list[Reals]:
        """What every other shipped agenda would place in some worlds, EUR bn (rows, sites), run until all is settled."""
        plans = []
        for rule in family("agenda"):
            if rule.name == self.scenario.rules["agenda"].rule or rule.marks.get("decider"):
                continue
            if not rule.shipped:
                continue  # a user's file must not change a run that names none of its rules
            other = World(
                [self.scenarios[k].changed({"agenda": rule.name}) for k in rows],
                self.seed,
                self.replicates[rows],
                self.members,
            )
            while other.running and not other.settled.all():
                quarterly.advance(other)
            plans.append(other.planned)
        return plans

    def _delivery(self, rows: NDArray[np.int64], plan: Reals) -> Delivered:
        p = self.p.rows(rows)
        procedure, practice = self.decide("procurement", rows=rows), self.decide("operations", rows=rows)
        luck = Luck.of(self.tape, self.sites.count, rows)
        matched = np.asarray(self.decide("funding", self.states, self.decider, rows=rows).host) > 0
        failing = np.where(matched, p.cancellation, 0.0)  # it is the match that fails
        return deliver(plan, self.now, self.year, self.sites, procedure, practice, luck, failing, p)

    def record[**P](
        self, kind: Callable[Concatenate[str, P], Record], *arrays: P.args, **named: P.kwargs
    ) -> None:
        """Keep a record of this quarter if the world keeps a trace."""
        if self.trace is not None:
            self.trace.append(kind(self.quarter, *arrays, **named))

    def market(self, rows: Any, usable: Reals, wait: Reals, home: Truths, outside: Any = None) -> Market:
        """Places to train, as the labs see them."""
        p = self.p.rows(rows)
        if outside is None:
            outside = np.maximum(self.labs.accelerators, p.least_outside_accelerators)[..., None]
        return Market(usable[:, None, :], wait[:, None, :], home, outside, p)

    @cached_property
    def lot(self) -> Reals:
        """(worlds, sites) a lot between sites that a state finds equally good."""
        return self.tape.uniform("place", self.sites.count)

    @cached_property
    def tour(self) -> Any:
        """The closed tour over all candidate sites."""
        return plan_tour(self.sites.latitude, self.sites.longitude)

    @cached_property
    def renews(self) -> bool:
        """Whether machines are renewed in any world."""
        return bool((self.p.life_years > 0).any())

    @property
    def exited_share(self) -> Reals:
        """(worlds,) share of the Union's labs, by capital, that have left for a cloud abroad."""
        capital = np.where(self.labs.home >= 0, self.labs.capital, 0.0)
        return total(self.exited * capital) / max(float(total(capital)), 1e-300)

    def standing_rate(self, machines: int) -> Reals:
        """(worlds,) FLOP/s of the best single run of the first machines that stood already, under local pooling."""
        if machines not in self._standing:
            every = np.arange(self.count)
            nothing = np.zeros((self.count, self.sites.count))
            fleet = combine(self, every, nothing, nothing, machines)
            self._standing[machines] = self.decide("pooling", fleet, None).rate
        return self._standing[machines]
