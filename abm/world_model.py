"""One world of a simulation as a Mesa model; its agents are views on the world's arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import mesa
import numpy as np

from juste_retour.abm.bargaining.payoffs import Payoffs
from juste_retour.abm.base.calendar import label
from juste_retour.abm.explanations.quarter_readings import REPORTED, Readings
from juste_retour.abm.explanations.reader import in_world
from juste_retour.abm.explanations.reasons import Decision, reasons
from juste_retour.abm.schedule.cast import KINDS, Agents, Cast, Maker, agent_makers
from juste_retour.abm.worlds.accounts import Accounts
from juste_retour.abm.worlds.agent_choice import AgentChoice
from juste_retour.abm.worlds.records import RecordedBallot
from juste_retour.agents.asking import timed
from juste_retour.agents.errors import BadInput, near
from juste_retour.agents.mesa_agents import Actor, Commissioner, MemberState
from juste_retour.agents.mesa_facility import Facility
from juste_retour.agents.rules import Handed
from juste_retour.agents.situation import Situation

if TYPE_CHECKING:
    from juste_retour.abm.schedule.simulation import Simulation

_REQUIRED = object()


class WorldModel(mesa.Model):
    """One world of a `Simulation` as a Mesa model; users create its subclass `AllocationModel`.

    Args:
        simulation: the simulation, which several models may share.
        readings: the reported quantities of the simulation, shared likewise.
        row: position of the model's world.
        makers: the functions that create the agents, from `juste_retour.abm.schedule.cast.agent_makers`.
    """

    def __init__(
        self,
        simulation: Simulation,
        readings: Readings,
        row: int,
        makers: Sequence[Maker],
    ):
        self._learners: list[mesa.Agent] = []  # agents that do something at the end of each quarter
        super().__init__(rng=_agents_seed(simulation.env.seed, int(simulation.world.replicates[row])))
        self.simulation, self.readings, self.row = simulation, readings, row
        self.world = simulation.world
        self._now = self.world.now
        self._handed: dict[str, Handed] = {}
        self._situation: tuple[int, Situation] | None = None
        self._facilities: dict[int, Facility] = {}
        self._cash: dict[mesa.Agent, float] = {}  # of agents other than states
        self.complete = False
        made = [make(self) for make in makers]
        self._members = [agent for agent in made if isinstance(agent, Actor)]
        self.complete = True  # the tables have no row for a further actor
        self.deciders: dict[str, list[Actor]] = {}  # by decision, the agents that take it themselves
        for agent in self._members:
            for name in agent.overridden():
                self.deciders.setdefault(name, []).append(agent)

    def step(self) -> None:
        """Advance by one quarter; do nothing after the last."""
        if self._now >= self.world.last:
            self.running = False
            return
        self._now += 1
        if self.world.now < self._now:  # another model of the same simulation may have advanced it
            self.simulation.advance()
        self._update_facilities()
        for agent in tuple(self._learners):
            if agent in self.agents:  # an agent without a row in the tables may have been removed
                with timed(agent, "step"):
                    agent.step()
        self.running = self._now < self.world.last

    def register_agent(self, agent: mesa.Agent) -> None:
        """Register an agent; Mesa calls this when the agent is created."""
        super().register_agent(agent)
        if type(agent).step is not mesa.Agent.step:
            self._learners.append(agent)

    def deregister_agent(self, agent: mesa.Agent) -> None:
        """Deregister an agent, which must have no row in the tables."""
        super().deregister_agent(agent)
        self._learners = [other for other in self._learners if other is not agent]

    def _update_facilities(self) -> None:
        d, k = self.world.program.delivered, self.row
        contracted = (self.world.program.selected[k] >= 0) & ~d.cancelled[k] & (d.contracted[k] <= self.world.now)
        for place in np.flatnonzero(contracted).tolist():
            if place not in self._facilities:
                self._facilities[place] = Facility(self, place)
        for place in [p for p in self._facilities if not contracted[p]]:
            mesa.Agent.remove(self._facilities.pop(place))

    def pay(self, payer: mesa.Agent, to: mesa.Agent | str, eur_bn: float) -> None:
        """Move cash from one agent to another at once; the cash of all agents adds up to zero.

        A state's cash is its `transfer_eur_bn`. Call it in `step`, not in a decision.

        Args:
            payer: the agent that pays.
            to: the agent that is paid, or a state's code or a lab's name.
            eur_bn: EUR bn, at least 0.

        Raises:
            BadInput: an agent that is not known, or an amount that is not valid.
        """
        try:
            amount = float(eur_bn)
        except (TypeError, ValueError):
            amount = np.nan
        if not 0 <= amount < np.inf:
            raise BadInput(f"pay: {eur_bn!r} is not an amount; give EUR bn of at least 0.")
        receiver = self._named(to) if isinstance(to, str) else to
        for agent in (payer, receiver):
            if agent not in self.agents:
                raise BadInput(f"pay: {agent!r} is not an agent of this model; give an agent, or a state's code.")
        for agent, change in ((payer, -amount), (receiver, amount)):
            if isinstance(agent, MemberState):
                self.world.program.transfers[self.row, agent.place] += change
            else:
                self._cash[agent] = self._cash.get(agent, 0.0) + change

    def cash_eur_bn(self, agent: mesa.Agent) -> float:
        """The cash that an agent has received so far less what it has paid, EUR bn."""
        if isinstance(agent, MemberState):
            return float(self.world.program.transfers[self.row, agent.place])
        return self._cash.get(agent, 0.0)

    # -- what agents see ----------------------------------------------------------------------------------------------
    @property
    def accounts(self) -> Accounts:
        """The accounts of this quarter, for all worlds."""
        return self.readings.accounts

    @property
    def quarter(self) -> str:
        """This quarter, as "2026Q3"."""
        return self.world.quarter

    def __getattr__(self, name: str) -> Any:
        """A reported quantity of this quarter, such as `model.years_behind`."""
        if name in REPORTED:
            return self.readings.quarter[name][self.row].item()
        raise AttributeError(f"{type(self).__name__} has no {name!r}")

    @property
    def situation(self) -> Situation:
        """The information of this world's states this quarter."""
        if self._situation is None or self._situation[0] != self.world.now:
            rows = np.array([self.row])
            self._situation = (self.world.now, Payoffs(self.simulation.env, rows).situation)
        return self._situation[1]

    @property
    def last_ballot(self) -> RecordedBallot | None:
        """The last ballot held in this world, with votes (1, states); None before the first."""
        return next(in_world(reversed(self.simulation.env.ballots), self.row), None)

    def handed(self, decision: str, otherwise: object = _REQUIRED) -> Any:
        """The arguments of a decision when it was last taken in this world, for all actors.

        Args:
            decision: such as "vote".
            otherwise: what to return if the decision has not been taken yet.

        Raises:
            BadInput: the decision has not been taken yet, and `otherwise` is not given.
        """
        if decision in self._handed:
            return self._handed[decision]
        if otherwise is _REQUIRED:
            raise BadInput(f"the decision {decision!r} has not been taken in this world yet; step the model first.")
        return otherwise

    def by_rule(self, decision: str, *handed: object) -> Any:
        """The result of the scenario's rule in this world for these arguments."""
        return self.simulation.institutions.by_rule(decision, *handed, rows=np.array([self.row]))

    def hand(self, decision: str, handed: Handed) -> None:
        """Store the arguments of a decision, where this world's actors can read them."""
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
        """Each decision of an agent so far: its terms, the reservation value, the result and whether it was pivotal.

        Args:
            agent: one of the model's agents, or a state's code, a lab's name or a site's name.

        Raises:
            BadInput: no agent has that name, or the agent takes no decisions.
        """
        found = self._named(agent) if isinstance(agent, str) else agent
        kind = next((k for cls, k in KINDS.items() if isinstance(found, cls)), None)
        if kind is None:
            raise BadInput(
                f"{type(found).__name__} takes no decisions that the model records; name a state, a lab or a site."
            )
        overridden = found.overridden()
        return [
            replace(d, rule=type(found).__name__) if d.family in overridden else d
            for d in reasons(self.simulation.env, self.row, kind, found.place)
        ]

    def _named(self, name: str) -> Actor:
        known = {a.label: a for a in [*self._members, *self._facilities.values()] if not isinstance(a, Commissioner)}
        if name not in known:
            raise BadInput(f"no agent is called {name!r}; {near(name, known)}")
        return known[name]


def _agents_seed(seed: int, replicate: int) -> int:
    """The seed of the agents' own random numbers in a world; in the first world the run's seed, as Mesa expects."""
    return int(np.random.SeedSequence([seed, replicate]).generate_state(1)[0]) if replicate else seed


def play(simulation: Simulation, agents: Agents) -> list[WorldModel]:
    """Create the agents of each world, let their decisions replace the rules, and return a model for each world.

    Each model must be stepped after each quarter.
    """
    readings = Readings(simulation.env)
    makers: dict[tuple[AgentChoice, ...], list[Maker]] = {}
    models = []
    for row, scenario in enumerate(simulation.env.scenarios):
        if scenario.agents not in makers:
            makers[scenario.agents] = agent_makers(simulation.world, agents, scenario.agents)
        models.append(WorldModel(simulation, readings, row, makers[scenario.agents]))
    simulation.institutions.cast = Cast(models)
    return models
