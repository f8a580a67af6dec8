"""A Council's table for tests: some worlds of a scenario at its announcement."""

import numpy as np

from juste_retour.abm.politics.council import Council
from juste_retour.abm.scenario import load
from juste_retour.abm.world import World


def council(worlds=6, seed=2, **changes):
    """The status quo with changes, at the table; (worlds,)."""
    world = World(load("eu-status-quo").changed(changes), seed, np.arange(worlds))
    world.now = world.announced
    return Council(world, np.arange(worlds))
