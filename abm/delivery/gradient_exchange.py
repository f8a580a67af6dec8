"""What an exchange between sites takes and costs (E5 to E8).

Arguments broadcast against parameters of shape (worlds, 1); `sites` is how many sites a pool has, `ring_km` once round.
"""

import numpy as np

from juste_retour.abm.delivery.frontier import model_size
from juste_retour.abm.parameters import matching
from juste_retour.agents.arrays import Floats, Number, power
from juste_retour.agents.values import Values

FIBRE_KM_S = 299_792 / 1.468
DAY_S = 86_400.0
_REFERENCE_STEPS = np.log(30.0)  # at which the penalty was measured


def run_flop(rate: Number, p: Values) -> Floats:
    """Compute of a run at a rate in FLOP/s (E3), FLOP; (worlds,) to (worlds,), or (worlds, n) to (worlds, n)."""
    return rate * (matching(rate, p.run_days) * DAY_S)


def critical_batch(tokens: Number, p: Values) -> Floats:
    """Tokens of a batch at which twice the tokens are needed, for a run on some tokens (E5)."""
    return p.critical_batch_tokens * power(tokens, np.asarray(p.critical_batch_exponent))


def tokens_needed(tokens: Number, batch: Number, p: Values) -> Floats:
    """Tokens that a run needs at a batch in tokens, for what it would learn from `tokens` at a small one (E5)."""
    return tokens * (1 + batch / critical_batch(tokens, p))


def ring_costs(sites: Number, ring_km: Number, p: Values) -> tuple[Floats, Floats]:
    """Return the seconds that each bit sent takes round a ring of sites, and those that the light takes (E6)."""
    sites = np.maximum(sites, 1.0)
    stragglers = 1 + p.straggler * np.log2(sites)
    light = np.where(sites > 1, ring_km, 0.0) * (p.detour / FIBRE_KM_S)
    return (sites - 1) / (sites * p.bandwidth_bps) * stragglers, light * stragglers


def exchange_seconds(sites: Number, size: Number, bits: Number, ring_km: Number, p: Values) -> Floats:
    """Seconds of one exchange of a model of `size` parameters round a two-way ring of sites (E6); 0 for one site."""
    a_bit, light = ring_costs(sites, ring_km, p)
    return size * bits * a_bit + light


def synchronous_efficiency(x: Number) -> Floats:
    """Efficiency of a synchronous pool at its best batch, x being the exchange laid open over a critical step (E7).

    >>> float(synchronous_efficiency(0.0)), float(synchronous_efficiency(1.0))
    (1.0, 0.25)
    """
    return 1 / np.square(1 + np.sqrt(x))


def step_efficiency(x: Number, batch: Number) -> Floats:
    """Share of a step left for computing at a batch in critical ones, x as in `synchronous_efficiency`.

    This is what an experiment measures that keeps the batch and adds a site: tokens per second and accelerator.
    """
    return 1 / (1 + np.divide(x, batch))


def pool_efficiency(x: Number, size: Number, p: Values) -> Floats:
    """Efficiency of a synchronous pool that trains a model of `size` parameters (E7), against one site.

    The pool takes its best batch and pays in tokens for what it exceeds the critical one, or it keeps the batch
    that one site uses anyway, `site_batch_tokens`, where it needs no more tokens than that site.
    """
    kept = p.site_batch_tokens / critical_batch(p.tokens_per_parameter * size, p)
    return np.maximum(synchronous_efficiency(x), step_efficiency(x, kept))


def round_speed(exchange: Number, inner: Number, p: Values) -> Floats:
    """Share of its time that a low-communication pool computes (E8), from seconds of an exchange and of the inner steps.

    An exchange hides behind the inner steps of the next round, but for a share 1 - `outer_overlap` and what is longer
    than the round; 0 makes the exchange block, as in INTELLECT-1.
    """
    exposed = np.maximum(exchange - inner, (1 - p.outer_overlap) * exchange)
    return inner / (inner + exposed)


def penalty_exponent(p: Values) -> Floats:
    """Exponent of replicas in a low-communication pool's efficiency, delta ln H / ln 30 (E8)."""
    return p.replica_penalty * np.log(p.inner_steps) / _REFERENCE_STEPS


def replica_efficiency(replicas: Number, p: Values) -> Floats:
    """Efficiency of a low-communication pool of some replicas (E8); one where replicas or inner steps are one."""
    return np.exp(-penalty_exponent(p) * np.log(replicas))


def step(rate: Number, p: Values) -> tuple[Floats, Floats]:
    """Size of the model that a rate trains best (E4) and the seconds of its step at the critical batch, t(B_c)."""
    size, tokens = model_size(run_flop(rate, p), p)
    return size, 6 * size * critical_batch(tokens, p) / rate
