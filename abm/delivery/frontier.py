"""The frontier of training runs and the lag behind it (E3, E4, E20 to E23).

A number or an array (worlds,) is combined with parameters as (worlds,) and gives (worlds,). An array with more axes, such
as (worlds, quarters), is combined with parameters as (worlds, 1).
"""

import numpy as np

from juste_retour.abm.base.parameters import matching
from juste_retour.agents.arrays import Floats, Number, power
from juste_retour.agents.values import Values

ANCHOR_DATE = 2025.5  # the date of `frontier_anchor`, and from which the frontier grows by `frontier_growth_later`


def frontier(t: Number, p: Values) -> Floats:
    """Training compute of the largest run in the world at date t, FLOP (E20).

    >>> from juste_retour.abm.base.parameters import defaults
    >>> frontier(2026.5, defaults()).item(), frontier(2024.5, defaults()).item()
    (2e+27, 1.25e+26)
    """
    since = np.subtract(t, ANCHOR_DATE)
    growth = np.where(since < 0, matching(t, p.frontier_growth), matching(t, p.frontier_growth_later))
    return matching(t, p.frontier_anchor) * power(growth, since)


def _lag(flop: Number, t: Number, beside: Number, delay: Number, p: Values) -> Floats:
    """Years since the frontier was at the level of a run of date t.

    Args:
        flop: compute of the run.
        t: the date.
        beside: growth in addition to that of compute, in log units per year, with a shape that broadcasts.
        delay: years until the Union has that additional growth.
        p: parameters.
    """
    shape = flop if np.ndim(flop) > np.ndim(t) else t
    before, after = (np.log(matching(shape, g)) + beside for g in (p.frontier_growth, p.frontier_growth_later))
    with np.errstate(divide="ignore"):
        anchored = np.log(matching(shape, p.frontier_anchor)) - np.log(flop)
    since = np.subtract(t, ANCHOR_DATE)
    # log units by which the run is below the frontier's level of its own date, with the additional growth
    gap = anchored + since * np.where(since < 0, before - beside, after - beside) + delay * beside
    within = np.maximum(since, 0.0) * after  # the part of the gap that opened after the growth changed
    turned = np.maximum(since, 0.0) + (gap - within) / before
    return np.where(gap <= within, gap / np.where(since < 0, before, after), turned)


def compute_lag(flop: Number, t: Number, p: Values) -> Floats:
    """Years since the frontier run had this compute, `years_behind` (E21); infinite for zero compute."""
    return _lag(flop, t, 0.0, 0.0, p)


def capability_lag(flop: Number, t: Number, p: Values) -> Floats:
    """Years since the frontier had this capability, if algorithms are imported with a delay (E22).

    It is shorter than the compute lag, because algorithms diffuse. It is infinite for zero compute.
    """
    shape = flop if np.ndim(flop) > np.ndim(t) else t
    algorithms = np.log(matching(shape, p.algorithm_growth))
    return _lag(flop, t, algorithms, matching(shape, p.algorithm_delay), p)


def model_size(flop: Number, p: Values) -> tuple[Floats, Floats]:
    """Numbers of parameters and of training tokens of the compute-optimal model (E4)."""
    tokens_per_parameter = matching(flop, p.tokens_per_parameter)
    size = np.sqrt(flop / (6 * tokens_per_parameter))
    return size, tokens_per_parameter * size


def loss(size: Number, tokens: Number) -> Floats:
    """Pretraining loss of a model with `size` parameters trained on `tokens` tokens (E23).

    Source: Besiroglu et al. (2024), the refit of Hoffmann et al. (2022).
    """
    by_size = 482.01 * power(np.asarray(size, dtype=float), -0.3478)
    return 1.8172 + by_size + 2085.43 * power(np.asarray(tokens, dtype=float), -0.3658)


def longest_run(growth: Number) -> Floats:
    """Longest sensible duration of a run in years: a later start overtakes any longer run (E3).

    `growth` is the annual growth factor of hardware, software and spending together.

    >>> round(float(longest_run(np.e ** 2)), 3)
    0.5
    """
    return 1 / np.log(growth)
