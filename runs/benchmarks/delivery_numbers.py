"""Numbers of abm/delivery/README.md: pooling rules against all sets of sites, and the largest useful job at a site."""

from __future__ import annotations

from dataclasses import fields
from itertools import product
from types import SimpleNamespace
from typing import cast

import numpy as np

from juste_retour.abm.base.parameters import defaults, parameters
from juste_retour.abm.delivery.operations import Practice, audit_first, goodput, mfu, operator_led
from juste_retour.abm.delivery.pooling import Fleet, pooling
from juste_retour.abm.delivery.ring import plan_ring
from juste_retour.agents.arrays import Floats
from juste_retour.agents.values import Values
from juste_retour.runs.results.parameter_ranges import at_share

SITES = 8
H100_FLOP = 989e12


def drawn_fleet(draws: int, seed: int) -> Fleet:
    """Eight sites of 30 to 500,000 chips across Europe, with drawn parameters; half of the draws use `audit_first`."""
    rng = np.random.default_rng(seed)
    ring = plan_ring(rng.uniform(36, 66, SITES), rng.uniform(-9, 30, SITES))
    p = {
        name: at_share(name, rng.random((draws, 1))) if row.range is not None else value
        for name, (value, row) in parameters().items()
    }
    chips = 10 ** rng.uniform(1.5, 5.7, (draws, SITES))
    peak = H100_FLOP * rng.uniform(0.3, 5, (draws, SITES))
    led, practices = rng.random((draws, 1)) < 0.5, (operator_led(), audit_first())
    practice = Practice(**{f.name: np.where(led, *(getattr(x, f.name) for x in practices)) for f in fields(Practice)})
    return Fleet(chips, peak, practice, cast(Values, SimpleNamespace(**p)), ring)


def pool_losses(rule: str, fleet: Fleet) -> Floats:
    """Share of the best rate over all sets of sites that is lost by the pooling rule's choice of sites, (draws,)."""
    found = np.asarray(pooling[rule](fleet, None).rate)
    best = found
    for chosen in product((0.0, 1.0), repeat=SITES):
        some = Fleet(fleet.chips * np.array(chosen), fleet.peak, fleet.practice, fleet.p, fleet.ring)
        best = np.maximum(best, pooling[rule](some, None).rate)
    return 1 - found / best


def largest_job(practice: Practice) -> float:
    """The number of chips above which one job on all chips of a site is slower than on fewer."""
    chips = 10 ** np.linspace(3, 6.5, 3501)
    p = defaults()
    return float(chips[np.argmax(chips * mfu(chips, p) * goodput(chips, practice, p))])
