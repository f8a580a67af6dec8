"""Variance decomposition: the share of each group of uncertain parameters in an outcome's variance (Sobol indices).

The calibrated political parameters are one group, drawn from the posterior. The other groups are those of the parameter
table and families of rules. The rest of the variance is chance: the random numbers of a replication.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.stats import qmc

from juste_retour.abm.outcomes import run
from juste_retour.abm.worlds.scenario import load
from juste_retour.agents.arrays import Floats, Integers
from juste_retour.agents.errors import BadInput
from juste_retour.runs.analysis.sensitivity import sobol_indices
from juste_retour.runs.base.chunked import chunks
from juste_retour.runs.results.parameter_ranges import about, at_share, coordinates
from juste_retour.runs.studies.europe.bench import Bench, uncertain

BASE = 32  # base points of the sample, a power of two
REPLICATIONS = 2  # replications per point
POLITICS = "politics, calibrated"
GROUPS = {  # groups of the parameter table, and the group here that they are part of
    "runs": "training and reliability",
    "reliability": "training and reliability",
    "pooling": "pooling across sites",
    "chips": "chips: price, power, peak",
    "sites": "sites, power and grid",
    "frontier": "frontier and talent",
    "labs": "labs",
}
OTHER = "politics, not calibrated"
OUTCOMES = ("years behind under the status quo", "what the reform gains")


def group_of(name: str) -> str:
    """The group of an uncertain parameter."""
    family, _, own = name.partition(".")
    if not own:
        return GROUPS.get(about(name).group, OTHER)
    return OTHER if family in ("agenda", "funding") else family


def grouped(names: Sequence[str]) -> dict[str, list[str]]:
    """Names of uncertain parameters by group. The calibrated politics come first, with an empty list."""
    found: dict[str, list[str]] = {POLITICS: []}
    for name in names:
        found.setdefault(group_of(name), []).append(name)
    return found


def checked(base: int) -> int:
    """`base` itself. Raises `BadInput` if it is not a power of two of at least 2."""
    if base < 2 or base & (base - 1):
        raise BadInput(f"base is {base}; it must be a power of two of at least 2, such as 32 or 64.")
    return base


def sample(bench: Bench, base: int, seed: int) -> tuple[pd.DataFrame, Integers]:
    """Points in Saltelli's order, one row per point, and the base point (points,) that each belongs to.

    Args:
        bench: the bench from whose draws the political parameters are taken; its other columns are not used.
        base: number of base points.
        seed: random seed of the Sobol sequence.

    Source: Saltelli et al. (2010).
    """
    calibrated = list(bench.calibrated)
    names = uncertain(calibrated)
    groups = grouped(names)
    column = {name: 1 + k for name, k in zip(names, coordinates(names), strict=True)}
    width = 1 + max(column.values())
    points = qmc.Sobol(2 * width, scramble=True, rng=np.random.default_rng(seed)).random(base)
    # in so many dimensions few points leave some pairs of columns correlated, unless one half is reordered
    a, b = points[:, :width], np.random.default_rng(seed).permutation(points[:, width:])
    parts = [a]
    for own in groups.values():
        mixed = a.copy()
        at = [column[name] for name in own] or [0]
        mixed[:, at] = b[:, at]
        parts.append(mixed)
    unit = np.stack([*parts, b], axis=1).reshape(-1, width)
    row = np.repeat(np.arange(base), len(groups) + 2)
    drawn = np.minimum((unit[:, 0] * bench.count).astype(np.int64), bench.count - 1)
    politics_drawn = bench.draws[calibrated].iloc[drawn].reset_index(drop=True)
    others = pd.DataFrame({name: at_share(name, unit[:, column[name]]) for name in names})
    return pd.concat([politics_drawn, others], axis=1), row


def lags(bench: Bench, scenario: str, base: int = BASE) -> Floats:
    """Years behind of a preset (points, replications). All points of the same base point share their random numbers."""
    draws, row = sample(bench, base, bench.seed)
    every = Bench(draws, bench.seed, bench.members).worlds(load(scenario))
    out = np.empty((len(draws), REPLICATIONS))
    for part in chunks(len(draws)):
        for k in range(REPLICATIONS):
            replicates = REPLICATIONS * row[part] + k
            found = run(every[part], bench.seed, replicates, bench.members, price=False)
            out[part, k] = found.worlds["years_behind"]
    return out


def shares(bench: Bench, quo: Floats, reform: Floats) -> pd.DataFrame:
    """One row per outcome and group: first-order and total share of the variance with 95 % intervals, and the share of chance.

    Args:
        bench: as in `lags`.
        quo: years behind of the status quo (points, replications), from `lags`.
        reform: the same for the reform.
    """
    names = list(grouped(uncertain(bench.calibrated)))
    parts = []
    for outcome, values in zip(OUTCOMES, (quo, quo - reform), strict=True):
        found = sobol_indices(values, names, outcome, seed=bench.seed)
        parts.append(found.table.assign(outcome=outcome, chance=found.noise, spread=found.variance**0.5))
    return pd.concat(parts, ignore_index=True)
