"""Two minds: what a behavioral actor feels and a rational one does not."""

from __future__ import annotations

import numpy as np

from juste_retour.agents.arrays import Floats, Number, running_total, total


def envy(gain: Floats) -> Floats:
    """How far others' gains are above one's own, on average: sum_j max(g_j - g_i, 0) / (n - 1); (worlds, states).

    Source: Fehr and Schmidt (1999), the disadvantageous half, which is the half that votes turn on.

    >>> import numpy as np
    >>> envy(np.array([[2.0, 0.0, 1.0]]))
    array([[0. , 1.5, 0.5]])
    """
    n = gain.shape[-1]
    order = np.argsort(-gain, axis=-1, kind="stable")
    ranked = np.take_along_axis(gain, order, axis=-1)
    above = running_total(ranked) - ranked - np.arange(n) * ranked
    out = np.empty(gain.shape)
    np.put_along_axis(out, order, above, axis=-1)
    return np.maximum(out, 0.0) / max(n - 1, 1)


def swayed(uniforms: Floats, stake: Floats) -> Floats:
    """What random noise adds to a reservation value: logistic noise in units of the mean stake; (worlds, states).

    A state whose offer is worth d more than its reservation value then says yes with probability
    1 / (1 + exp(-d / (noise x stake))), when the result is multiplied by the noise.
    """
    odds = np.log(uniforms) - np.log1p(-uniforms)
    return odds * total(np.abs(stake))[..., None] / stake.shape[-1]


def inequality(gain: Floats, aversion: Number) -> Floats:
    """What inequality takes from each state's gain; (worlds, states), zero where nobody is averse to it."""
    if not np.any(np.asarray(aversion) > 0):
        return np.zeros(gain.shape)
    return aversion * envy(gain)
