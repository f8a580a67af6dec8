"""The Mesa model: one world, stepped quarter by quarter, whose agents are views on its arrays.

The same scenario, seed and replicate give the same numbers here, in `mesa.batch_run` and in an ensemble, to the bit.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import mesa
import numpy as np
from mesa.datacollection import DataCollector

from juste_retour.abm.cast import Agents, Cast, casting
from juste_retour.abm.members import Members, union_of
from juste_retour.abm.outcomes import Outcomes, outcomes
from juste_retour.abm.planner.price import Prices, prices
from juste_retour.abm.readings import REPORTED, Readings
from juste_retour.abm.scenario import Content, Scenario, load
from juste_retour.abm.simulation import Simulation
from juste_retour.abm.world_model import WorldModel
from juste_retour.agents.errors import BadInput

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


class AllocationModel(WorldModel):
    """The bargain over Europe's AI factories in one world, from the scenario's first quarter to its last.

    `step()` is a quarter, `running` ends with the last one, `outcomes()` are then the same as those of an ensemble.

    Args:
        scenario: a preset's name, the path of a TOML file, what such a file would say, or a `Scenario`.
        rng: the seed, an integer of at least 0; where it is None one is drawn and kept as `seed`.
        replicate: which world of that seed.
        members: a folder of tables, or a union as loaded; the one that the scenario names by default.
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
        if "seed" in changes:
            given = changes["seed"]
            raise BadInput(
                f"seed = {given!r}: the seed is called rng here; write AllocationModel(rng={given!r})."
            )
        self.chosen = load(scenario).changed(changes) if changes else load(scenario)
        union = union_of(members, self.chosen.members)
        self.seed, self.replicate = seed_of(rng), _whole(replicate, "replicate")
        simulation = Simulation(self.chosen, self.seed, [self.replicate], union, trace=True, timeline=True)
        simulation.models = ()  # this one, which steps it
        makers = casting(simulation.world, agents, self.chosen.agents)
        super().__init__(simulation, Readings(simulation.env), 0, makers)
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

    def __repr__(self) -> str:
        """The scenario, the seed, the replicate, the quarter and the sites under contract."""
        return (
            f"<{type(self).__name__} {self.chosen.name}, seed {self.seed}, replicate {self.replicate}, {self.quarter}: "
            f"{self.contracted} sites>"
        )

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
    """The seed that `rng` stands for: an integer as it is, one drawn where it is None or a generator."""
    if rng is None:
        rng = np.random.SeedSequence()
    if isinstance(rng, np.random.SeedSequence):
        return int(rng.generate_state(1)[0])
    if isinstance(rng, np.random.Generator):
        return int(rng.integers(2**32))
    return _whole(rng, "rng")


def _whole(value: object, name: str) -> int:
    if not isinstance(value, int | np.integer) or isinstance(value, bool) or not 0 <= value < 2**63:
        raise BadInput(f"{name} = {value!r} cannot be used; give an integer of at least 0.")
    return int(value)
