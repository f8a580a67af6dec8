"""The lag of the machines that existed before the program: a scenario's lag if none of its facilities beats them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from juste_retour.abm.base.members import Members
from juste_retour.abm.delivery.gradient_exchange import run_flop
from juste_retour.abm.schedule.quarter import race_of
from juste_retour.abm.schedule.simulation import Simulation
from juste_retour.abm.worlds.compute_lag import reading
from juste_retour.abm.worlds.fleet import operational
from juste_retour.abm.worlds.scenario import Scenario
from juste_retour.agents.arrays import Floats, Integers


def standing_lag(
    scenarios: Sequence[Scenario], seed: int, replicates: Integers, members: Members | None
) -> Floats:
    """Years behind over the window if no facility ever worked, (worlds,); infinite if there were no earlier machines.

    Args:
        scenarios: one per world.
        seed: of the runs.
        replicates: numbers of the replications, (worlds,).
        members: the union; the scenarios' own if None.
    """
    env = Simulation(scenarios, seed, replicates, members).env
    world, races = env.world, []
    for now in world.window:
        world.now = now
        races.append(
            race_of(world, run_flop(env.standing_rate(operational(world.machines, world.year)), world.p))
        )
    lag, capability = (
        np.stack([race[name] for race in races], axis=1) for name in ("years_behind", "capability_lag_years")
    )
    return reading(lag, capability, world.p.lag_cap_years).years_behind
