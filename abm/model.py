"""The Mesa model: one world, stepped quarter by quarter, whose agents are views on its arrays.

The same scenario, seed and replicate give the same numbers here, in `mesa.batch_run` and in an ensemble, to the bit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import mesa
import numpy as np
from mesa.datacollection import DataCollector

from juste_retour.abm.accounts import Accounts
from juste_retour.abm.calendar import label
from juste_retour.abm.cast import KINDS, Agents, Cast, casting
from juste_retour.abm.members import Members, load_members
from juste_retour.abm.outcomes import Outcomes, outcomes
from juste_retour.abm.planner.price import Prices, prices
from juste_retour.abm.politics.payoffs import Payoffs
from juste_retour.abm.reader import in_world
from juste_retour.abm.readings import REPORTED, Readings
from juste_retour.abm.reasons import Decision, reasons
from juste_retour.abm.records import HeldBallot
from juste_retour.abm.scenario import Content, Scenario, load
from juste_retour.abm.simulation import Simulation
from juste_retour.agents.errors import BadInput, near
from juste_retour.agents.mesa_agents import Actor, Commissioner
from juste_retour.agents.mesa_facility import Facility
from juste_retour.agents.rules import Handed
from juste_retour.agents.situation import Situation

AGENT_REPORTERS = (
    "state",
    "sites",
    "accelerators",
    "received_eur_bn",
    "paid_eur_bn",
    "yes_votes",
    "no_votes",
    "last_vote",
    "spend_eur_bn",
    "power_mw",
    "working",
    "left",
)
Seed = int | np.integer | np.random.SeedSequence | np.random.Generator | None
_NEVER_ASKED = object()


class WorldModel(mesa.Model):
    """One world of a `Simulation` as a Mesa model; `AllocationModel` is the one to make.

    Args:
        simulation: which several models may share.
        readings: of the simulation, shared likewise.
        row: which of the worlds this is.
        kinds: the class of each actor, from `juste_retour.abm.cast.casting`.
    """

    def __init__(
        self,
        simulation: Simulation,
        readings: Readings,
        row: int,
        kinds: Mapping[str, list[type[Actor]]],
    ):
        super().__init__(rng=simulation.env.seed)
        self.simulation, self.readings, self.row = simulation, readings, row
        self.world = simulation.world
        self._now = self.world.now
        self._handed: dict[str, Handed] = {}
        self._situation: tuple[int, Situation] | None = None
        self._facilities: dict[int, Facility] = {}
        self._members: list[Actor] = [
            cls(self, place) for kind in kinds.values() for place, cls in enumerate(kind)
        ]
        self.minds: dict[str, list[Actor]] = {}  # agents that decide by themselves, by decision
        for agent in self._members:
            for name in agent.overridden():
                self.minds.setdefault(name, []).append(agent)
        self._learners = [a for a in self._members if type(a).step is not mesa.Agent.step]

    def step(self) -> None:
        """Let a quarter pass; nothing happens after the last."""
        if self._now >= self.world.last:
            self.running = False
            return
        self._now += 1
        if self.world.now < self._now:  # models that share a world share its quarters
            self.simulation.advance()
        self._see_facilities()
        for agent in self._learners:
            agent.step()
        self.running = self._now < self.world.last

    def _see_facilities(self) -> None:
        d, k = self.world.programme.delivered, self.row
        stands = (
            (self.world.programme.selected[k] >= 0) & ~d.cancelled[k] & (d.contracted[k] <= self.world.now)
        )
        for place in np.flatnonzero(stands).tolist():
            if place not in self._facilities:
                self._facilities[place] = Facility(self, place)
        for place in [p for p in self._facilities if not stands[p]]:
            self._facilities.pop(place).remove()

    # -- what agents see ----------------------------------------------------------------------------------------------
    @property
    def accounts(self) -> Accounts:
        """The accounts of this quarter, all worlds."""
        return self.readings.accounts

    @property
    def quarter(self) -> str:
        """This quarter, as "2026Q3"."""
        return self.world.quarter

    def __getattr__(self, name: str) -> Any:
        """A reported quantity as it is this quarter, such as `model.years_behind`."""
        if name in REPORTED:
            return self.readings.quarter[name][self.row].item()
        raise AttributeError(f"{type(self).__name__} has no {name!r}")

    @property
    def situation(self) -> Situation:
        """What the states of this world know this quarter."""
        if self._situation is None or self._situation[0] != self.world.now:
            rows = np.array([self.row])
            self._situation = (self.world.now, Payoffs(self.simulation.env, rows).situation)
        return self._situation[1]

    @property
    def last_ballot(self) -> HeldBallot | None:
        """The last ballot that was held in this world, its votes (1, states); None before the first."""
        return next(in_world(reversed(self.simulation.env.ballots), self.row), None)

    def handed(self, decision: str, otherwise: object = _NEVER_ASKED) -> Any:
        """What all actors of this world were last handed for a decision."""
        if decision in self._handed:
            return self._handed[decision]
        if otherwise is _NEVER_ASKED:
            raise BadInput(f"nobody in this world has been asked to {decision} yet; step the model on.")
        return otherwise

    def by_rule(self, decision: str, *handed: object) -> Any:
        """What the scenario's rule says in this world of anything that actors could be handed."""
        return self.simulation.institutions.by_rule(decision, *handed, rows=np.array([self.row]))

    def hand(self, decision: str, handed: Handed) -> None:
        """Show the actors of this world what they are to decide on."""
        self._handed[decision] = handed
        for thing in handed:
            if isinstance(thing, Situation):
                self._situation = (self.world.now, thing)

    @staticmethod
    def label(quarter: int) -> str:
        """A quarter's number as "2026Q3"."""
        return label(quarter)

    # -- why ----------------------------------------------------------------------------------------------------------
    def why(self, agent: Actor | str) -> list[Decision]:
        """Each decision of an agent so far: its terms, what they were held against, the result and who was pivotal.

        Args:
            agent: one of the model's agents; or its name, a state's code standing for the member state.
        """
        found = self._named(agent) if isinstance(agent, str) else agent
        kind = next(k for cls, k in KINDS.items() if isinstance(found, cls))
        own_mind = found.overridden()
        return [
            replace(d, rule=type(found).__name__) if d.family in own_mind else d
            for d in reasons(self.simulation.env, self.row, kind, found.place)
        ]

    def _named(self, name: str) -> Actor:
        known = {
            a.label: a
            for a in [*self._members, *self._facilities.values()]
            if not isinstance(a, Commissioner)
        }
        if name not in known:
            raise BadInput(f"no agent is called {name!r}; {near(name, known)}")
        return known[name]


def play(simulation: Simulation, agents: Agents) -> list[WorldModel]:
    """Give a world that is about to run agents with minds of their own; each of its worlds gets its own of them.

    Returns:
        a model for each world, to be stepped after each quarter.
    """
    kinds = casting(simulation.world, agents)
    readings = Readings(simulation.env)
    models = [WorldModel(simulation, readings, row, kinds) for row in range(simulation.world.count)]
    simulation.institutions.cast = Cast(models)
    return models


class AllocationModel(WorldModel):
    """The bargain over Europe's AI factories in one world, from the scenario's first quarter to its last.

    `step()` is a quarter, `running` ends with the last one, `outcomes()` are then the same as those of an ensemble.

    Args:
        scenario: a preset's name, the path of a TOML file, what such a file would say, or a `Scenario`.
        rng: the seed, a whole number of at least 0; where it is None one is drawn and kept as `seed`.
        replicate: which world of that seed.
        members: a folder of tables, or a union as loaded; the European Union by default.
        agents: subclasses of `MemberState`, `Commissioner` or `Lab` that take decisions by themselves; see `juste_retour.abm.cast.casting`.
        price: whether the last quarter reckons the price of politics, which takes a planner's run.
        agent_reporters: True to collect what agents show every quarter, or reporters of your own. `mesa.batch_run`
            returns a row for each agent then, and one for each run otherwise.
        **changes: single keys of the scenario, as in `voting="unanimity"` or `envelope_eur_bn=20`.

    Raises:
        BadInput: anything given that cannot be used, in one sentence.
    """

    def __init__(
        self,
        scenario: str | Path | Content | Scenario = "eu-status-quo",
        rng: Seed = 0,
        replicate: int = 0,
        members: Members | Path | str | None = None,
        agents: Agents = None,
        price: bool = True,
        agent_reporters: Mapping[str, object] | bool = False,
        **changes: object,
    ):
        self.chosen = load(scenario).changed(changes) if changes else load(scenario)
        union = members if isinstance(members, Members) else load_members(members)
        self.seed, self.replicate = seed_of(rng), _whole(replicate, "replicate")
        simulation = Simulation(self.chosen, self.seed, [self.replicate], union, trace=True, timeline=True)
        super().__init__(simulation, Readings(simulation.env), 0, casting(simulation.world, agents))
        simulation.institutions.cast = Cast([self])
        self._price = price
        self._prices: Prices | None = None
        if agent_reporters is True:
            agent_reporters = {name: _Shown(name) for name in AGENT_REPORTERS}
        self.datacollector = DataCollector(
            model_reporters={name: name for name in REPORTED},
            agent_reporters=agent_reporters or None,
        )
        self.datacollector.collect(self)

    def step(self) -> None:
        """Let a quarter pass; nothing happens after the last."""
        before = self._now
        super().step()
        if self._now == before:
            return
        if self._price and not self.running:
            self._prices = prices(self.simulation.env)
        self.datacollector.collect(self)

    def outcomes(self) -> Outcomes:
        """All that the run yields, as `juste_retour.abm.outcomes.run` of the same scenario, seed and replicate."""
        if self.running:
            raise BadInput(
                f"the run has come to {self.world.quarter} only; step the model until it is no longer running."
            )
        return outcomes(self.simulation.env, self._prices)

    @property
    def price_of_politics(self) -> float:
        """Years; NaN until the run has ended, and where it was not asked for."""
        return float("nan") if self._prices is None else self._prices.price_of_politics.item()


class _Shown:
    """Reports an attribute of the agents that have it, and nothing of the others; it can be pickled."""

    def __init__(self, name: str):
        self.name = name

    def __call__(self, agent: mesa.Agent) -> object:
        return getattr(agent, self.name, None)


def seed_of(rng: Seed) -> int:
    """The seed that `rng` stands for: a whole number as it is, one drawn where it is None or a generator."""
    if rng is None:
        rng = np.random.SeedSequence()
    if isinstance(rng, np.random.SeedSequence):
        return int(rng.generate_state(1)[0])
    if isinstance(rng, np.random.Generator):
        return int(rng.integers(2**32))
    return _whole(rng, "rng")


def _whole(value: object, name: str) -> int:
    if not isinstance(value, int | np.integer) or isinstance(value, bool) or not 0 <= value < 2**63:
        raise BadInput(f"{name} = {value!r} cannot be used; give a whole number of at least 0.")
    return int(value)
