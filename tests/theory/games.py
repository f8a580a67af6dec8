"""Games shared by the theory tests: majority rules, and a solver for games at a table."""

import numpy as np

from juste_retour.abm.bargaining.stationary_values import at_table
from juste_retour.abm.bargaining.tables.pie import Pie


def k_of(k):
    """The rule that at least k members must agree."""
    return lambda ballot, states: ballot.yes.sum(-1) >= k


def weighted(quota, weights):
    """The rule that the weights of the yes votes must reach the quota."""
    return lambda ballot, states: (ballot.yes * np.array(weights)).sum(-1) >= quota


def solved_pie(states, rule, patience, by="equal"):
    """The stationary equilibrium of dividing a pie under the closed rule."""
    return at_table(
        lambda values, worlds: Pie(states, rule, worlds=worlds, patience=patience, values=values),
        by,
        transferable=True,
    )
