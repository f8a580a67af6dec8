"""Paired contrasts: what one institution changes against another, on the same luck, world by world."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from juste_retour.abm.members import Members
from juste_retour.abm.scenario import Scenario
from juste_retour.agents.arrays import Reals
from juste_retour.agents.errors import BadInput
from juste_retour.runs.chunked import Progress
from juste_retour.runs.contrasts.paired import OUTCOMES, Paired, named, outcome
from juste_retour.runs.contrasts.resampling import half_width, interval, needed, resampled_means, spread
from juste_retour.runs.ensemble import whole
from juste_retour.runs.tables import PRICES

WORLDS = 400
MOST = 1_000_000
PRECISION = 0.1  # of the difference: the half-width that `replications_needed` is for unless one is asked for


@dataclass(frozen=True)
class Contrast:
    """An outcome under a less the same outcome under b.

    `low` and `high` are a 95 % bootstrap interval of the difference over paired worlds. `variance_saved` is the share
    of the variance of the difference that pairing takes away, against independent worlds. `replications_needed` is the
    number of pairs for a half-width of `aimed`. `missing_a` and `missing_b` count worlds without a run, which are
    worse than any number.
    """

    outcome: str
    unit: str
    a: str
    b: str
    mean_a: float
    mean_b: float
    difference: float
    low: float
    high: float
    probability_a_greater: float
    probability_equal: float
    half_width: float
    variance_saved: float
    aimed: float
    replications_needed: float
    missing_a: int
    missing_b: int


@dataclass(frozen=True, eq=False)
class Contrasts:
    """Contrasts between every two of some scenarios; `table` is a DataFrame, `values` each outcome by world."""

    scenarios: list[Scenario]
    names: list[str]
    seed: int
    worlds: int
    values: dict[str, Reals]
    contrasts: list[Contrast]

    @property
    def table(self) -> pd.DataFrame:
        """One row a contrast."""
        return pd.DataFrame([asdict(c) for c in self.contrasts])

    def __getitem__(self, name: str) -> Contrast:
        """The first two scenarios' contrast in an outcome."""
        outcome(name)
        return next(c for c in self.contrasts if c.outcome == name)

    def __repr__(self) -> str:
        """What was found, a line each."""
        lines = [f"{', '.join(self.names)} on {self.worlds} paired worlds of seed {self.seed}"]
        lines += [
            f"  {c.outcome}, {c.a} less {c.b}: {c.difference:.4g} ({c.low:.4g} to {c.high:.4g}) {c.unit}"
            for c in self.contrasts
        ]
        return "\n".join(lines)


def compare(
    *scenarios: str | Path | Mapping[str, Any] | Scenario,
    worlds: int | None = None,
    seed: int = 0,
    outcomes: Iterable[str] = tuple(OUTCOMES),
    until: float | None = None,
    headline: str = "years_behind",
    most: int = MOST,
    changes: Mapping[str, Any] | None = None,
    members: Members | Path | str | None = None,
    progress: Progress | None = None,
) -> Contrasts:
    """Contrast every two of some scenarios on the same worlds.

    Args:
        scenarios: two or more, by name, path, content or as they are.
        worlds: pairs to run (400 by default); with `until`, the least.
        seed: whole number of at least 0.
        outcomes: columns of the table `worlds`.
        until: run more pairs until the half-width of every contrast in `headline` is at most this.
        headline: the outcome that `until` watches, in its unit.
        most: the most pairs that `until` may run.
        changes: keys that are changed in all of the scenarios.
        members: a union, or a folder of its tables; each scenario's own where none is given.
        progress: called with runs done and runs to do.
    """
    if len(scenarios) < 2:
        raise BadInput("compare needs two scenarios or more; name another, as in compare A B.")
    worlds = whole(WORLDS if worlds is None else worlds, "worlds", 2)
    seed = whole(seed, "seed", 0)
    chosen, names = named(scenarios, changes)
    wanted = [outcome(name) for name in OUTCOMES if name in {outcome(n) for n in outcomes}]
    if until is not None and not (np.isfinite(until) and until > 0):
        raise BadInput(f"until = {until!r} is no half-width; give a number above 0.")
    if until is not None and outcome(headline) not in wanted:
        wanted.append(headline)
    if not all(s.priced for s in chosen):
        wanted = [name for name in wanted if name not in PRICES]
    paired = Paired(chosen, seed, members, wanted)
    paired.extend(worlds, progress)
    while until is not None and paired.worlds < most:
        deviation = _deviation(paired.values[headline])
        if not np.isfinite(deviation) or half_width_of(deviation, paired.worlds) <= until:
            break
        goal = int(min(max(float(needed(deviation, until)), paired.worlds * 1.1), paired.worlds * 4, most))
        paired.extend(goal, progress)
    values = paired.values
    found = [
        c
        for i, j in combinations(range(len(chosen)), 2)
        for c in contrasts(
            {k: v[i] for k, v in values.items()},
            {k: v[j] for k, v in values.items()},
            names[i],
            names[j],
            seed,
            {headline: until} if until is not None else {},
        )
    ]
    return Contrasts(chosen, names, seed, paired.worlds, values, found)


def contrasts(
    a: Mapping[str, Reals],
    b: Mapping[str, Reals],
    name_a: str,
    name_b: str,
    seed: int = 0,
    aimed: Mapping[str, float] | None = None,
) -> list[Contrast]:
    """Contrast two sets of outcomes of the same worlds; a and b map outcomes to (worlds,)."""
    outcomes = list(a)
    first, second = np.stack([a[k] for k in outcomes]), np.stack([b[k] for k in outcomes])
    difference = paired_difference(first, second)
    low, high = interval(resampled_means(difference, seed))
    deviation, half = spread(difference), half_width(difference)
    with np.errstate(invalid="ignore", divide="ignore"):
        apart = spread(first) ** 2 + spread(second) ** 2
        saved = np.where(apart > 0, 1 - deviation**2 / apart, np.nan)
    found = []
    for k, name in enumerate(outcomes):
        mean_a, mean_b = mean(first[k]), mean(second[k])
        delta = mean_a - mean_b if np.isfinite(mean_a - mean_b) else mean(difference[k])
        aim = (aimed or {}).get(name) or PRECISION * abs(delta)
        found.append(
            Contrast(
                outcome=name,
                unit=OUTCOMES[name].unit if OUTCOMES[name].kind != "quarter" else "years",
                a=name_a,
                b=name_b,
                mean_a=mean_a,
                mean_b=mean_b,
                difference=delta,
                low=min(float(low[k]), delta),
                high=max(float(high[k]), delta),
                probability_a_greater=float((first[k] > second[k]).mean()),
                probability_equal=float((first[k] == second[k]).mean()),
                half_width=float(half[k]),
                variance_saved=float(saved[k]),
                aimed=aim,
                replications_needed=float(needed(deviation[k], aim)) if aim > 0 else float("nan"),
                missing_a=int(np.isinf(first[k]).sum()),
                missing_b=int(np.isinf(second[k]).sum()),
            )
        )
    return found


def paired_difference(a: Reals, b: Reals) -> Reals:
    """a less b world by world; 0 where both are infinite, for neither is worse."""
    with np.errstate(invalid="ignore"):
        return np.where(np.isinf(a) & (a == b), 0.0, a - b)


def mean(values: Reals) -> float:
    """Mean of some worlds, infinite where one is."""
    with np.errstate(invalid="ignore"):
        return float(np.mean(values))


def half_width_of(deviation: float, worlds: int) -> float:
    """Half-width of a mean's 95 % interval from the standard deviation of a world."""
    return float(1.959963984540054 * deviation / np.sqrt(worlds))


def _deviation(values: Reals) -> float:
    pairs: Sequence[tuple[int, int]] = list(combinations(range(len(values)), 2))
    return max(float(spread(paired_difference(values[i], values[j]))) for i, j in pairs)
