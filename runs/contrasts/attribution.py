"""Attribution: which part of the institutions makes how much of the difference between two scenarios.

All 2^k switches of k groups run on the same luck; the Shapley value splits the difference so that the shares add up
to it, and the interaction index says which two groups work only together.

Sources: Shapley (1953), A Value for n-Person Games; Grabisch and Roubens (1999), An axiomatic approach to the concept
of interaction among players in cooperative games, International Journal of Game Theory 28.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from math import factorial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from juste_retour.abm.members import Members
from juste_retour.abm.scenario import Scenario, load, parameters
from juste_retour.agents.arrays import Reals
from juste_retour.agents.errors import BadInput
from juste_retour.agents.rules import FAMILIES
from juste_retour.runs.chunked import Progress
from juste_retour.runs.contrasts.contrasts import mean
from juste_retour.runs.contrasts.paired import Paired, outcome
from juste_retour.runs.contrasts.resampling import interval, resampled_means
from juste_retour.runs.ensemble import whole

GROUPS = ("placement", "funding", "procurement", "operations", "pooling")
PARAMETERS = "parameters"
WORLDS = 400


@dataclass(frozen=True)
class Share:
    """A group's part of the difference, with a 95 % interval.

    `alone` is what switching this group changes first, `last` what it changes when all others are switched: they
    differ where groups work together.
    """

    group: str
    share: float
    low: float
    high: float
    alone: float
    last: float


@dataclass(frozen=True)
class Interaction:
    """How much two groups do together beyond what each does apart, with a 95 % interval."""

    groups: tuple[str, str]
    interaction: float
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class Attribution:
    """The difference in an outcome between two scenarios (to less from), split by group.

    `joined` lists groups that had to move as one because some mixture of theirs is refused, each with the reason.
    `left_out` counts worlds in which some switch leaves no run at all; the rest are attributed.
    """

    outcome: str
    source: str
    target: str
    seed: int
    worlds: int
    value_from: float
    value_to: float
    difference: float
    low: float
    high: float
    shares: list[Share]
    interactions: list[Interaction]
    joined: list[tuple[tuple[str, ...], str]]
    left_out: int

    @property
    def table(self) -> pd.DataFrame:
        """One row a group."""
        return pd.DataFrame([asdict(s) for s in self.shares])

    def __repr__(self) -> str:
        """What was found, a line each."""
        lines = [
            f"{self.outcome}: {self.source} {self.value_from:.4g}, {self.target} {self.value_to:.4g}, "
            f"difference {self.difference:.4g} ({self.worlds} worlds)"
        ]
        return "\n".join(
            lines + [f"  {s.group}: {s.share:.4g} ({s.low:.4g} to {s.high:.4g})" for s in self.shares]
        )


@dataclass(frozen=True)
class Switches:
    """The switches between two scenarios: units of groups that move together, and the scenario of every mixture.

    `mixtures[m]` has unit k from the target where bit k of m is set.
    """

    source: Scenario
    target: Scenario
    units: tuple[tuple[str, ...], ...]
    mixtures: tuple[Scenario, ...]
    joined: tuple[tuple[tuple[str, ...], str], ...]


def group_of(key: str) -> str:
    """The attribution group that a family or a parameter belongs to."""
    return FAMILIES[key].group if key in FAMILIES else PARAMETERS


def groups_between(source: Scenario, target: Scenario) -> list[str]:
    """The groups in which two scenarios differ, in their order."""
    a, b = source.plain(), target.plain()
    moved = {group_of(key) for key in (*FAMILIES, *parameters()) if a[key] != b[key]}
    known = [*GROUPS, *sorted({f.group for f in FAMILIES.values()} - set(GROUPS)), PARAMETERS]
    return [group for group in known if group in moved]


def switches(source: Scenario, target: Scenario) -> Switches:
    """Build every mixture of two scenarios; groups whose mixture is refused are joined.

    Raises:
        BadInput: the two are about different unions.
    """
    if source.members != target.members:
        raise BadInput(
            f"{source.name} is about {source.members} and {target.name} about {target.members}, and no mixture of two "
            "unions makes sense; contrast them by `compare`."
        )
    units: list[tuple[str, ...]] = [(group,) for group in groups_between(source, target)]
    joined: list[tuple[tuple[str, ...], str]] = []
    while True:
        mixtures: list[Scenario] = []
        refusals: dict[int, str] = {}
        for m in range(2 ** len(units)):
            taken = [group for k, unit in enumerate(units) if m >> k & 1 for group in unit]
            try:
                mixtures.append(mixed(source, target, taken))
            except BadInput as error:
                refusals[m] = str(error)
        if not refusals:
            return Switches(source, target, tuple(units), tuple(mixtures), tuple(joined))
        i, j = _culprits(refusals, len(units))
        together = units[i] + units[j]
        joined = [(g, why) for g, why in joined if not set(g) <= set(together)]
        joined.append((together, next(iter(refusals.values()))))
        units[i] = together
        del units[j]


def _culprits(refusals: Mapping[int, str], count: int) -> tuple[int, int]:
    """The two units that, always moving together, leave the fewest refusals."""
    pairs = list(combinations(range(count), 2))
    return min(pairs, key=lambda p: sum((m >> p[0] & 1) == (m >> p[1] & 1) for m in refusals))


def mixed(source: Scenario, target: Scenario, groups: Iterable[str]) -> Scenario:
    """The source with some groups as in the target; a rule's parameters travel with its family."""
    there, taken = target.plain(), list(dict.fromkeys(groups))
    changes = {key: there[key] for key in (*FAMILIES, *parameters()) if group_of(key) in taken}
    if not changes:
        return source
    return Scenario.of(source.plain() | changes, " + ".join([source.name, *taken]))


def attribute(
    source: str | Path | Mapping[str, Any] | Scenario,
    target: str | Path | Mapping[str, Any] | Scenario,
    *,
    outcome_name: str = "years_behind",
    worlds: int = WORLDS,
    seed: int = 0,
    members: Members | Path | str | None = None,
    progress: Progress | None = None,
) -> Attribution:
    """Split the difference of an outcome under `target` less that under `source` by group of institutions.

    Args:
        source: the scenario to start from.
        target: the scenario to end at.
        outcome_name: a column of the table `worlds`.
        worlds: worlds of each of the 2^k switches.
        seed: whole number of at least 0.
        members: a union, or a folder of its tables.
        progress: called with runs done and runs to do.
    """
    outcome(outcome_name)
    built = switches(load(source), load(target))
    paired = Paired(built.mixtures, whole(seed, "seed", 0), members, [outcome_name])
    paired.extend(whole(worlds, "worlds", 2), progress)
    return attributed(built, paired.values[outcome_name], outcome_name, seed)


def attributed(built: Switches, values: Reals, outcome_name: str, seed: int = 0) -> Attribution:
    """Split the difference, given the outcome of every mixture; values (mixtures, worlds)."""
    good = np.isfinite(values).all(0)
    left_out = int((~good).sum())
    if not good.any():
        raise BadInput(
            f"{outcome_name} cannot be attributed between {built.source.name} and {built.target.name}: in every "
            "world some mixture of the two leaves no run; choose another outcome, such as largest_run_flop."
        )
    values = np.ascontiguousarray(values[:, good])
    shares, pairs = shapley(values), interactions(values)
    alone, last = _first_and_last(values)
    difference = values[-1] - values[0]
    every = np.concatenate([shares, pairs, difference[None]])
    low, high = interval(resampled_means(every, seed))
    means = [mean(row) for row in every]
    k = len(built.units)
    found: dict[str, Share] = {}
    for unit, group in enumerate(u[0] for u in built.units):
        found[group] = Share(
            group, means[unit], float(low[unit]), float(high[unit]), mean(alone[unit]), mean(last[unit])
        )
    listed = list(GROUPS) + [g for u in built.units for g in u if g not in GROUPS]
    order = list(combinations(range(k), 2))
    return Attribution(
        outcome=outcome_name,
        source=built.source.name,
        target=built.target.name,
        seed=seed,
        worlds=values.shape[1],
        value_from=mean(values[0]),
        value_to=mean(values[-1]),
        difference=means[-1],
        low=float(low[-1]),
        high=float(high[-1]),
        shares=[found.get(group, Share(group, 0.0, 0.0, 0.0, 0.0, 0.0)) for group in dict.fromkeys(listed)],
        interactions=[
            Interaction(
                (built.units[i][0], built.units[j][0]), means[k + n], float(low[k + n]), float(high[k + n])
            )
            for n, (i, j) in enumerate(order)
        ],
        joined=list(built.joined),
        left_out=left_out,
    )


def shapley(values: Reals) -> Reals:
    """Shapley values of a game; values (2^k coalitions, ...) by bits, to (k, ...), adding up to the last less the first.

    >>> shapley(np.array([0.0, 1.0, 2.0, 5.0]))
    array([2., 3.])
    """
    k = (len(values) - 1).bit_length()
    out = np.zeros((k, *np.shape(values)[1:]))
    for player in range(k):
        for m in range(len(values)):
            if not m >> player & 1:
                size = m.bit_count()
                weight = factorial(size) * factorial(k - size - 1) / factorial(k)
                out[player] += weight * (values[m | 1 << player] - values[m])
    return out


def interactions(values: Reals) -> Reals:
    """Shapley interaction index of every two players; (2^k, ...) to (k (k - 1) / 2, ...), pairs in order.

    >>> interactions(np.array([0.0, 1.0, 2.0, 5.0]))
    array([2.])
    """
    k = (len(values) - 1).bit_length()
    pairs: Sequence[tuple[int, int]] = list(combinations(range(k), 2))
    out = np.zeros((len(pairs), *np.shape(values)[1:]))
    for n, (i, j) in enumerate(pairs):
        for m in range(len(values)):
            if m >> i & 1 or m >> j & 1:
                continue
            size = m.bit_count()
            weight = factorial(size) * factorial(k - size - 2) / factorial(k - 1)
            both, one, other = values[m | 1 << i | 1 << j], values[m | 1 << i], values[m | 1 << j]
            out[n] += weight * (both - one - other + values[m])
    return out


def _first_and_last(values: Reals) -> tuple[list[Reals], list[Reals]]:
    k, full = (len(values) - 1).bit_length(), len(values) - 1
    first = [values[1 << p] - values[0] for p in range(k)]
    return first, [values[full] - values[full ^ 1 << p] for p in range(k)]
