"""The frontier of training runs and the lag behind it (E3, E4, E20 to E23).

A number or an array (worlds,) is combined with parameters as (worlds,) and gives (worlds,). An array with more axes, such
as (worlds, quarters), is combined with parameters as (worlds, 1).
"""

import numpy as np

from juste_retour.abm.base.parameters import matching
from juste_retour.agents.arrays import Floats, Number, power
from juste_retour.agents.values import Values

ANCHOR_DATE = 2025.5  # the date of `frontier_anchor`


def frontier(t: Number, p: Values) -> Floats:
    """Training compute of the largest run in the world at date t, FLOP (E20).

    >>> from juste_retour.abm.base.parameters import defaults
    >>> frontier(2026.5, defaults()).item()
    2e+27
    >>> slower = defaults(frontier_growth_later=2.0)
    >>> round((frontier(2029.0, slower) / frontier(2028.0, slower)).item(), 9)
    2.0
    """
    growth = matching(t, p.frontier_growth)
    steady = matching(t, p.frontier_anchor) * power(growth, np.subtract(t, ANCHOR_DATE))
    later, change = matching(t, p.frontier_growth_later), matching(t, p.frontier_change_year)
    if not np.any(later > 0):
        return steady
    beyond = np.maximum(np.subtract(t, change), 0.0)
    return np.where(later > 0, steady * power(np.where(later > 0, later, growth) / growth, beyond), steady)


def _log_gap(flop: Number, t: Number, p: Values) -> tuple[Floats, Number]:
    shape = flop if np.ndim(flop) > np.ndim(t) else t
    at_frontier = np.log(matching(shape, p.frontier_anchor)) + np.subtract(t, ANCHOR_DATE) * np.log(
        matching(shape, p.frontier_growth)
    )
    with np.errstate(divide="ignore"):
        return at_frontier - np.log(flop), shape


def _after_a_change(behind: Floats, t: Number, shape: Number, beside: Number, p: Values) -> Floats:
    """The lag if the frontier's growth changes at a date, from the lag `behind` on a constant trend.

    The lag is the time since the frontier was at the same level. `beside` is growth in addition to that of compute, in
    log units per year. Without a change of growth the lag stays as it is.
    """
    later, change = matching(shape, p.frontier_growth_later), matching(shape, p.frontier_change_year)
    if not np.any(later > 0):
        return behind
    growth = matching(shape, p.frontier_growth)
    before, after = np.log(growth) + beside, np.log(np.where(later > 0, later, growth)) + beside
    past = np.maximum(np.subtract(t, change), 0.0)
    # slower growth between the change and today makes today's gap smaller
    gap = behind * before - past * (before - after)
    within = past * after  # part of the gap that opened after the change
    turned = np.where(gap <= within, gap / after, past + (gap - within) / before)
    return np.where(later > 0, turned, behind)


def compute_lag(flop: Number, t: Number, p: Values) -> Floats:
    """Years since the frontier run had this compute, `years_behind` (E21); infinite for zero compute."""
    gap, shape = _log_gap(flop, t, p)
    return _after_a_change(gap / np.log(matching(shape, p.frontier_growth)), t, shape, 0.0, p)


def capability_lag(flop: Number, t: Number, p: Values) -> Floats:
    """Years since the frontier had this capability, if algorithms are imported with a delay (E22).

    It is shorter than the compute lag, because algorithms diffuse. It is infinite for zero compute.
    """
    gap, shape = _log_gap(flop, t, p)
    algorithms = np.log(matching(shape, p.algorithm_growth))
    behind = gap + matching(shape, p.algorithm_delay) * algorithms
    steady = behind / (np.log(matching(shape, p.frontier_growth)) + algorithms)
    return _after_a_change(steady, t, shape, algorithms, p)


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
