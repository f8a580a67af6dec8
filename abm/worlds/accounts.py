"""The accounts of a run so far: facilities under contract, their cost, and who pays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from juste_retour.abm.worlds.cohorts import SiteMachines
from juste_retour.abm.worlds.environment import Environment
from juste_retour.agents.arrays import Floats


@dataclass(frozen=True, eq=False)
class Accounts:
    """What is under contract so far; money in EUR bn.

    Attributes:
        chips: (worlds, sites) accelerators.
        spend: (worlds, sites) cost.
        sites: (worlds, states) facilities.
        accelerators: (worlds, states).
        received: (worlds, states) cost of the facilities in the state.
        common: (worlds, states) the part of `received` that the program spends, without sites that hosts pay alone.
        paid: (worlds, states) payments of the state.
        private: (worlds, states) payments of labs and firms for facilities in the state.
    """

    chips: Floats
    spend: Floats
    sites: NDArray[np.int64]
    accelerators: Floats
    received: Floats
    common: Floats
    paid: Floats
    private: Floats


def accounts(env: Environment) -> Accounts:
    """Compute the accounts of all worlds in this quarter."""
    world, split = env.world, env.institutions.split
    contracted = world.contracted
    zero = np.zeros(contracted.shape)
    machines = SiteMachines(world.program, np.arange(world.count), world.now)
    chips, spend = machines.contracted("chips"), machines.contracted("spend")
    pledged = np.minimum(np.where(contracted, world.program.pledged, zero), spend)
    own = np.where(world.program.own_money, spend, zero)
    common = world.by_state(spend - own)
    letters = np.minimum(world.by_state(np.where(world.program.own_money, zero, pledged)), common * (1 - split.private))
    return Accounts(
        chips=chips,
        spend=spend,
        sites=np.rint(world.by_state(contracted)).astype(np.int64),
        accelerators=world.by_state(chips),
        received=world.by_state(spend),
        common=common,
        paid=split.payments(common, letters) + world.by_state(own),
        private=letters + split.private * common,
    )
