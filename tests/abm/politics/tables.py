"""Council tables for tests: some worlds of a scenario in the quarter of its announcement."""

import numpy as np

from juste_retour.abm.politics.council import Council
from juste_retour.abm.scenario import load
from juste_retour.abm.simulation import Simulation


def council(worlds=6, seed=2, **changes):
    """The table of the status quo with changes; leading axis (worlds,)."""
    env = Simulation(load("eu-status-quo").changed(changes), seed, np.arange(worlds)).env
    env.world.now = env.world.announced
    return Council(env, np.arange(worlds))
