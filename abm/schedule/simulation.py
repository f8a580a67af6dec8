"""A simulation: some worlds of one seed, run quarter by quarter, and what actors may learn from other runs of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from juste_retour.abm.bargaining.continuation import expected_values
from juste_retour.abm.base.members import Members, union_of
from juste_retour.abm.schedule import quarter
from juste_retour.abm.worlds.environment import Environment
from juste_retour.abm.worlds.institutions import Institutions
from juste_retour.abm.worlds.scenario import Scenario
from juste_retour.abm.worlds.world import World
from juste_retour.agents.arrays import Floats
from juste_retour.agents.rules import family

if TYPE_CHECKING:
    from juste_retour.abm.schedule.cast import Agents
    from juste_retour.abm.world_model import WorldModel


class OtherRuns:
    """Results of other runs of the same worlds, which some rules use; see `environment.Foresight`.

    Args:
        institutions: the rules of the worlds.
        seed: the seed.
        replicates: (worlds,) the number of each world within the seed.
        members: the union.
    """

    def __init__(self, institutions: Institutions, seed: int, replicates: NDArray[np.int64], members: Members):
        self.institutions, self.seed = institutions, seed
        self.replicates, self.members = replicates, members

    def rehearsed(self, rows: NDArray[np.int64]) -> list[Floats]:
        """The plan of every other shipped agenda in some worlds, EUR bn (rows, sites), run until all have settled."""
        plans = []
        for rule in family("agenda"):
            if rule.name == self.institutions.choice("agenda").name or rule.marks.get("decider"):
                continue
            if not rule.shipped:
                continue  # loading a user's file must not change a run that uses none of its rules
            scenarios = [self.institutions.scenarios[k].by_rules.changed({"agenda": rule.name}) for k in rows]
            other = Simulation(scenarios, self.seed, self.replicates[rows], self.members)
            while other.running and not other.world.bargaining.settled.all():
                other.advance()
            plans.append(other.world.program.planned)
        return plans

    def continuation(self, rows: NDArray[np.int64]) -> Floats:
        """(rows, states) continuation value of bargaining over the disagreement point, EUR bn.

        It is zero under an agenda that does not return to the same issue.

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
        scenarios: one for all worlds, or one per world; they may differ only in parameters that are floats.
        seed: an integer of at least 0.
        replicates: (worlds,) the number of each world within the seed.
        members: the union; by default the one that the scenarios name.
        trace: whether to record each decision with its terms.
        timeline: whether to record the race in every quarter, and not only in the window.
        agents: Mesa agents whose decisions replace the rules, besides those that the scenarios name; in the form that
            `juste_retour.abm.model.AllocationModel` takes. Each world has agents of its own.

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
        self.models: Sequence[WorldModel] | None = None  # set at the first quarter; empty if no agents decide

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
        """Whether the last quarter has not been reached."""
        return self.env.world.running

    def advance(self) -> None:
        """Advance all worlds by one quarter."""
        if self.models is None:
            self.models = self._world_models()
        quarter.advance(self.env)
        for model in self.models:
            model.step()

    def _world_models(self) -> Sequence[WorldModel]:
        if not self._agents and not any(scenario.agents for scenario in self.env.scenarios):
            return ()
        from juste_retour.abm.world_model import play  # Mesa takes two seconds to import

        return play(self, self._agents)

    def run(self) -> Simulation:
        """Run all remaining quarters."""
        while self.running:
            self.advance()
        return self
