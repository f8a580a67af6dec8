"""The time of a gradient exchange between sites, and its cost in efficiency (E5 to E8).

Arguments broadcast with parameters of shape (worlds, 1). `sites` is the number of sites in a pool, and `ring_km` the
length of the fiber ring that connects them.
"""

import numpy as np

from juste_retour.abm.base.parameters import matching
from juste_retour.abm.delivery.frontier import model_size
from juste_retour.agents.arrays import Floats, Number, power
from juste_retour.agents.values import Values

FIBRE_KM_S = 299_792 / 1.468
DAY_S = 86_400.0
_REFERENCE_STEPS = np.log(30.0)  # log of the inner steps at which the penalty was measured


def run_flop(rate: Number, p: Values) -> Floats:
    """Compute of a run of `run_days` at a rate in FLOP/s (E3); FLOP, of the rate's shape."""
    return rate * (matching(rate, p.run_days) * DAY_S)


def critical_batch(tokens: Number, p: Values) -> Floats:
    """Critical batch size in tokens of a run on `tokens` tokens: at this batch it needs twice the tokens (E5)."""
    return p.critical_batch_tokens * power(tokens, np.asarray(p.critical_batch_exponent))


def tokens_needed(tokens: Number, batch: Number, p: Values) -> Floats:
    """Tokens that a run needs at a batch size, to learn what it would learn from `tokens` at a small batch (E5)."""
    return tokens * (1 + batch / critical_batch(tokens, p))


def ring_costs(sites: Number, ring_km: Number, p: Values) -> tuple[Floats, Floats]:
    """Seconds per bit in an exchange around a ring of sites, and seconds of signal travel (E6)."""
    sites = np.maximum(sites, 1.0)
    stragglers = 1 + p.straggler * np.log2(sites)
    light = np.where(sites > 1, ring_km, 0.0) * (p.detour / FIBRE_KM_S)
    return (sites - 1) / (sites * p.bandwidth_bps) * stragglers, light * stragglers


def exchange_seconds(sites: Number, size: Number, bits: Number, ring_km: Number, p: Values) -> Floats:
    """Seconds of one exchange of a model with `size` parameters around a two-way ring (E6); 0 for one site."""
    a_bit, light = ring_costs(sites, ring_km, p)
    return size * bits * a_bit + light


def synchronous_efficiency(x: Number) -> Floats:
    """Efficiency of a synchronous pool at its best batch size (E7).

    `x` is the part of the exchange that computing does not hide, divided by the time of a step at the critical batch.

    >>> float(synchronous_efficiency(0.0)), float(synchronous_efficiency(1.0))
    (1.0, 0.25)
    """
    return 1 / np.square(1 + np.sqrt(x))


def step_efficiency(x: Number, batch: Number) -> Floats:
    """Share of a step spent on computing; `batch` in critical batches, `x` as in `synchronous_efficiency`.

    Experiments that add a site at the same batch size measure this: tokens per second per accelerator.
    """
    return 1 / (1 + np.divide(x, batch))


def pool_efficiency(x: Number, size: Number, p: Values) -> Floats:
    """Efficiency of a synchronous pool relative to one site, for a model with `size` parameters (E7).

    It is the better of two choices. The pool uses its best batch size, and needs more tokens as the batch grows. Or it
    keeps the batch that a single site uses, `site_batch_tokens`, and needs no more tokens than that site.
    """
    kept = p.site_batch_tokens / critical_batch(p.tokens_per_parameter * size, p)
    return np.maximum(synchronous_efficiency(x), step_efficiency(x, kept))


def round_speed(exchange: Number, inner: Number, p: Values) -> Floats:
    """Share of its time that a low-communication pool computes (E8).

    An exchange overlaps with the inner steps of the next round, except for a share 1 - `outer_overlap` and for the part
    that is longer than the round. With `outer_overlap` = 0 the exchange blocks, as in INTELLECT-1.

    Args:
        exchange: seconds of an exchange.
        inner: seconds of the inner steps between two exchanges.
        p: parameters.
    """
    exposed = np.maximum(exchange - inner, (1 - p.outer_overlap) * exchange)
    return inner / (inner + exposed)


def penalty_exponent(p: Values) -> Floats:
    """Exponent by which efficiency falls with the number of replicas, delta ln H / ln 30 (E8)."""
    return p.replica_penalty * np.log(p.inner_steps) / _REFERENCE_STEPS


def replica_efficiency(replicas: Number, p: Values) -> Floats:
    """Efficiency of a low-communication pool by its number of replicas (E8); 1 for one replica or one inner step."""
    return np.exp(-penalty_exponent(p) * np.log(replicas))


def step(rate: Number, p: Values) -> tuple[Floats, Floats]:
    """Size of the compute-optimal model for a rate in FLOP/s (E4), and seconds of its step at the critical batch."""
    size, tokens = model_size(run_flop(rate, p), p)
    return size, 6 * size * critical_batch(tokens, p) / rate
