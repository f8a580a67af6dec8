"""A simulation: some worlds of one seed, run quarter by quarter, and what can be learnt from other runs of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from juste_retour.abm import quarter
from juste_retour.abm.environment import Environment
from juste_retour.abm.institutions import Institutions
from juste_retour.abm.members import Members, union_of
from juste_retour.abm.politics.continuation import expected_values
from juste_retour.abm.scenario import Scenario
from juste_retour.abm.world import World
from juste_retour.agents.arrays import Floats
from juste_retour.agents.rules import family

if TYPE_CHECKING:
    from juste_retour.abm.cast import Agents
    from juste_retour.abm.world_model import WorldModel


class OtherRuns:
    """What actors of some worlds may look up in other runs of them; see `environment.Foresight`."""

    def __init__(
        self, institutions: Institutions, seed: int, replicates: NDArray[np.int64], members: Members
    ):
        self.institutions, self.seed = institutions, seed
        self.replicates, self.members = replicates, members

    def rehearsed(self, rows: NDArray[np.int64]) -> list[Floats]:
        """What every other shipped agenda would place in some worlds, EUR bn (rows, sites), run until all is settled."""
        plans = []
        for rule in family("agenda"):
            if rule.name == self.institutions.choice("agenda").name or rule.marks.get("decider"):
                continue
            if not rule.shipped:
                continue  # a user's file must not change a run that names none of its rules
            scenarios = [self.institutions.scenarios[k].by_rules.changed({"agenda": rule.name}) for k in rows]
            other = Simulation(scenarios, self.seed, self.replicates[rows], self.members)
            while other.running and not other.world.bargaining.settled.all():
                other.advance()
            plans.append(other.world.programme.planned)
        return plans

    def continuation(self, rows: NDArray[np.int64]) -> Floats:
        """(rows, states) EUR bn that bargaining on is worth over what is left without it.

        Zero under an agenda that does not come back to the table with the same matter.

        Raises:
            NotConverged: no fixed point was found.
        """
        out = np.zeros((len(rows), self.members.states.count))
        if not self.institutions.choice("agenda").marks.get("repeated"):
            return out
        for k, row in enumerate(rows):
            out[k] = expected_values(self.institutions.scenarios[row], self.members)
        return out


class Simulation:
    """Some worlds of one seed, with their rules, random streams and record.

    Args:
        scenarios: one for all worlds, or one per world; they may differ in real parameters only.
        seed: an integer of at least 0.
        replicates: (worlds,) which world of the seed each one is.
        members: the union; the one that the scenarios name by default.
        trace: keep each decision with its terms.
        timeline: read the race in every quarter, not only where it is asked for.
        agents: Mesa agents with minds of their own besides those that the scenarios name, as
            `juste_retour.abm.model.AllocationModel` takes them; each world has its own.

    Raises:
        BadInput: a scenario names an actor whom the union does not have.
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
        agents: Agents = None,
    ):
        chosen = np.asarray(replicates, dtype=np.int64)
        listed = [scenarios] * len(chosen) if isinstance(scenarios, Scenario) else list(scenarios)
        union = union_of(members, listed[0].members)
        institutions = Institutions(listed, union)
        foresight = OtherRuns(institutions, int(seed), chosen, union)
        self.env = Environment(institutions, seed, chosen, union, foresight, trace=trace, timeline=timeline)
        self._agents = agents
        self.models: Sequence[WorldModel] | None = (
            None  # of its worlds where agents decide; made at the first quarter
        )

    @property
    def world(self) -> World:
        """The state of the worlds."""
        return self.env.world

    @property
    def institutions(self) -> Institutions:
        """The rules of the worlds."""
        return self.env.institutions

    @property
    def running(self) -> bool:
        """Whether quarters are left."""
        return self.env.world.running

    def advance(self) -> None:
        """Let a quarter pass in every world."""
        if self.models is None:
            self.models = self._played()
        quarter.advance(self.env)
        for model in self.models:
            model.step()

    def _played(self) -> Sequence[WorldModel]:
        if not self._agents and not any(scenario.agents for scenario in self.env.scenarios):
            return ()
        from juste_retour.abm.world_model import play  # Mesa takes two seconds to import

        return play(self, self._agents)

    def run(self) -> Simulation:
        """Let all quarters pass that are left."""
        while self.running:
            self.advance()
        return self
