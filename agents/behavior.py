"""Behavioral utility: envy, and noise in votes."""

from __future__ import annotations

import numpy as np

from juste_retour.agents.arrays import Floats, Number, running_total, total


def envy(gain: Floats) -> Floats:
    """The average amount by which others gain more: sum_j max(g_j - g_i, 0) / (n - 1); same shape and unit as `gain`.

    Source: Fehr and Schmidt (1999), disadvantageous inequality only.

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


def logistic_noise(uniforms: Floats, stake: Floats) -> Floats:
    """Logistic noise for reservation values, in units of the mean stake, EUR bn; (worlds, states).

    Multiplied by a parameter `noise`, it lets a state whose offer is worth d more than its reservation value vote yes
    with probability 1 / (1 + exp(-d / (noise x mean stake))).

    Args:
        uniforms: (worlds, states) uniform random numbers in (0, 1).
        stake: (worlds, states) gain from the offer, EUR bn; its mean absolute value sets the unit.

    Source: quantal response, McKelvey and Palfrey (1995).
    """
    odds = np.log(uniforms) - np.log1p(-uniforms)
    return odds * total(np.abs(stake))[..., None] / stake.shape[-1]


def inequality(gain: Floats, aversion: Number) -> Floats:
    """The loss of each state from inequality: aversion times envy; same shape and unit as `gain`."""
    if not np.any(np.asarray(aversion) > 0):
        return np.zeros(gain.shape)
    return aversion * envy(gain)
