"""Council tables for tests: some worlds of a scenario in the quarter of its announcement."""

import numpy as np

from juste_retour.abm.bargaining.council import Council
from juste_retour.abm.schedule.simulation import Simulation
from juste_retour.abm.worlds.scenario import load


def council(worlds=6, seed=2, **changes):
    """The table of the status quo with changes; leading axis (worlds,)."""
    env = Simulation(load("eu-status-quo").changed(changes), seed, np.arange(worlds)).env
    env.world.now = env.world.announced
    return Council(env, np.arange(worlds))
