"""Which uncertain parameters matter: each group's share of an outcome's variance, all parameters drawn jointly.

The politics that the calibration speaks about are one group, a draw of the posterior; the others are groups of the
parameter table and families of rules. What is left is chance: the random numbers of a replication.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.stats import qmc

from juste_retour.abm.outcomes import run
from juste_retour.abm.scenario import load
from juste_retour.agents.arrays import Floats, Integers
from juste_retour.agents.errors import BadInput
from juste_retour.runs.chunked import chunks
from juste_retour.runs.drawn import about, at_share, coordinates
from juste_retour.runs.europe.bench import Bench, uncertain
from juste_retour.runs.reports.sensitivity import sobol_indices

BASE = 32  # points of the sample, a power of two
REPLICATIONS = 2  # per point
POLITICS = "politics, calibrated"
GROUPS = {  # of the parameter table, by the name under which they are varied together
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
    """Uncertain parameters by group; the calibrated politics first, without names of their own."""
    found: dict[str, list[str]] = {POLITICS: []}
    for name in names:
        found.setdefault(group_of(name), []).append(name)
    return found


def checked(base: int) -> int:
    """A size of the sample; BadInput where it is not a power of two."""
    if base < 2 or base & (base - 1):
        raise BadInput(f"base = {base} is not a power of two of at least 2; give 32, 64 or 128.")
    return base


def sample(bench: Bench, base: int, seed: int) -> tuple[pd.DataFrame, Integers]:
    """Draws in Saltelli's order, one row per point, and the row of the base sample that each belongs to.

    Args:
        bench: whose draws hold the politics, other columns being passed over.
        base: points of the base sample.
        seed: of the sequence.
    """
    calibrated = list(bench.calibrated)
    names = uncertain(calibrated)
    groups = grouped(names)
    column = {name: 1 + k for name, k in zip(names, coordinates(names), strict=True)}
    width = 1 + max(column.values())
    points = qmc.Sobol(2 * width, scramble=True, rng=np.random.default_rng(seed)).random(base)
    a, b = points[:, :width], points[:, width:]
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
    """(points, replications) years behind of a preset; all points of a row of the base sample share their random numbers."""
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
    """One row per outcome and group: first and total share of the variance with 95 % intervals, and the share of chance.

    Args:
        bench: as in `lags`.
        quo: (points, replications) years behind of the status quo, by `lags`.
        reform: the same of the reform.
    """
    names = list(grouped(uncertain(bench.calibrated)))
    parts = []
    for outcome, values in zip(OUTCOMES, (quo, quo - reform), strict=True):
        found = sobol_indices(values, names, outcome, seed=bench.seed)
        parts.append(found.table.assign(outcome=outcome, chance=found.noise, spread=found.variance**0.5))
    return pd.concat(parts, ignore_index=True)
