"""The Mesa model of one world, which is stepped quarter by quarter; its agents are views on the world's arrays.

The same scenario, seed and replicate give bitwise equal numbers here, in `mesa.batch_run` and in an ensemble.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import mesa
import numpy as np
from mesa.datacollection import DataCollector

from juste_retour.abm.base.members import Members, union_of
from juste_retour.abm.explanations.quarter_readings import REPORTED, Readings
from juste_retour.abm.outcomes import Outcomes, outcomes
from juste_retour.abm.price_of_politics import PriceOfPolitics, prices
from juste_retour.abm.schedule.cast import Agents, Cast, agent_makers
from juste_retour.abm.schedule.simulation import Simulation
from juste_retour.abm.world_model import WorldModel
from juste_retour.abm.worlds.scenario import Content, Scenario, load
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
    """The bargaining over Europe's AI factories in one world, from the scenario's first quarter to its last.

    `step()` advances by one quarter. `running` is False after the last one. `outcomes()` then returns the same as an
    ensemble.

    Args:
        scenario: a preset's name, the path of a TOML file, a mapping with the content of such a file, or a `Scenario`.
        rng: the seed, an integer of at least 0; None draws one. It is stored as `seed`.
        replicate: the number of the world of that seed.
        members: a folder of tables, or a loaded union; by default the one that the scenario names.
        agents: subclasses of `MemberState`, `Commissioner` or `Lab` whose decisions replace the scenario's rules; see
            `juste_retour.abm.schedule.cast.agent_makers`.
        price: whether to compute the price of politics after the last quarter, which runs a planner.
        agent_reporters: True to collect the agents' properties every quarter, or your own reporters. `mesa.batch_run`
            then returns a row for each agent, and otherwise a row for each run.
        **changes: single keys of the scenario, as in `voting="unanimity"` or `envelope_eur_bn=20`.

    Raises:
        BadInput: an argument that cannot be used.
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
            raise BadInput(f"seed = {given!r}: this model calls the seed rng; write AllocationModel(rng={given!r}).")
        self.chosen = load(scenario).changed(changes) if changes else load(scenario)
        union = union_of(members, self.chosen.members)
        self.seed, self.replicate = seed_of(rng), _natural(replicate, "replicate")
        simulation = Simulation(self.chosen, self.seed, [self.replicate], union, trace=True, timeline=True)
        simulation.models = ()  # the simulation must not step this model, which steps it
        makers = agent_makers(simulation.world, agents, self.chosen.agents)
        super().__init__(simulation, Readings(simulation.env), 0, makers)
        simulation.institutions.cast = Cast([self])
        self._price = price
        self._prices: PriceOfPolitics | None = None
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
        """Advance by one quarter; do nothing after the last."""
        before = self._now
        super().step()
        if self._now == before:
            return
        if self._price and not self.running:
            self._prices = prices(self.simulation.env)
        self.datacollector.collect(self)

    def outcomes(self) -> Outcomes:
        """The outcomes of the run, equal to those of `juste_retour.abm.outcomes.run`; `BadInput` before its end."""
        if self.running:
            raise BadInput(f"the run has only reached {self.world.quarter}; step the model until `running` is False.")
        return outcomes(self.simulation.env, self._prices)

    @property
    def price_of_politics(self) -> float:
        """The price of politics in years; NaN before the end of the run, and with `price=False`."""
        return float("nan") if self._prices is None else self._prices.price_of_politics.item()


class _Shown:
    """A reporter that returns an attribute of an agent, or None if it has none; unlike a lambda it can be pickled."""

    def __init__(self, name: str):
        self.name = name

    def __call__(self, agent: mesa.Agent) -> object:
        return getattr(agent, self.name, None)


def seed_of(rng: Seed) -> int:
    """Return the integer seed: `rng` itself, or one drawn from the generator; None draws a new one."""
    if rng is None:
        rng = np.random.SeedSequence()
    if isinstance(rng, np.random.SeedSequence):
        return int(rng.generate_state(1)[0])
    if isinstance(rng, np.random.Generator):
        return int(rng.integers(2**32))
    return _natural(rng, "rng")


def _natural(value: object, name: str) -> int:
    if not isinstance(value, int | np.integer) or isinstance(value, bool) or not 0 <= value < 2**63:
        raise BadInput(f"{name} = {value!r} is not an integer from 0 to 2**63 - 1; give one.")
    return int(value)
