"""Attribute the difference between two scenarios to groups of institutions, by Shapley values.

All 2^k mixtures of k groups run with common random numbers. The Shapley values of the groups sum to the difference. The
Shapley interaction index of a pair is what both groups change together beyond what each changes by itself.

Money is a group like the others: a scenario's envelope, its tranches, its rule for what is left, and a cap on the
committed sum. The cap is the smaller of the sums that the two scenarios commit in a replication. It applies to the money
of the scenario that commits no more, and to every mixture at equal spending.

Sources: Shapley (1953), A Value for n-Person Games; Grabisch and Roubens (1999), An axiomatic approach to the concept
of interaction among players in cooperative games, International Journal of Game Theory 28.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from html import escape
from itertools import combinations
from math import factorial
from pathlib import Path

import numpy as np
import pandas as pd

from juste_retour.abm.base.members import Members
from juste_retour.abm.worlds.scenario import Content, Scenario, load
from juste_retour.agents.arrays import Booleans, Floats, Integers
from juste_retour.agents.errors import BadInput
from juste_retour.runs.analysis.clustered import over_replications
from juste_retour.runs.analysis.contrasts import checked_equal, mean
from juste_retour.runs.base.chunked import Progress, chunks, reporter
from juste_retour.runs.base.resampling import interval, resampled_means
from juste_retour.runs.base.statistics import HIGH, LOW, clustered_means, quantile
from juste_retour.runs.results.ensemble import checked_integer
from juste_retour.runs.results.paired import COMMITTED, Found, Runs, outcome, over
from juste_retour.runs.results.parameter_draws import ParameterDraws, draws_of
from juste_retour.runs.results.result_tables import PRICES
from juste_retour.runs.results.switches import GROUPS, MONEY, Switches, switches
from juste_retour.runs.results.windows import OF_A_WINDOW, SIDE_BY_SIDE, Window, in_one_window

WORLDS = 400


@dataclass(frozen=True)
class Share:
    """A group's Shapley share of the difference, in the outcome's unit, with a 95 % interval (`low`, `high`).

    `alone` is the change if the group is switched before all others, `last` the change if it is switched after them; the
    two differ if groups interact. Between `range_low` and `range_high` lie 90 % of the shares of single replications.
    If parameters are drawn, each replication has its own draw.
    """

    group: str
    share: float
    low: float
    high: float
    alone: float
    last: float
    range_low: float = 0.0
    range_high: float = 0.0


@dataclass(frozen=True)
class Interaction:
    """The Shapley interaction index of two groups, with a 95 % interval (`low`, `high`)."""

    groups: tuple[str, str]
    interaction: float
    low: float
    high: float


@dataclass(frozen=True)
class OverWindow:
    """The difference and its shares over another window of the same runs."""

    window_years: float
    difference: float
    shares: list[Share]


@dataclass(frozen=True, eq=False)
class Attribution:
    """The difference in an outcome between two scenarios (`target` less `source`) and each group's share of it.

    Attributes:
        joined: groups that are switched together because a scenario with only one of them is invalid, with the reason.
        left_out: replications omitted because no machine works in some mixture.
        window: the quarters over which lags are averaged, for both scenarios.
        windows: difference and shares over other windows of the same runs.
        windows_left_out: lengths of the windows, in years, that end after the last quarter.
        at_equal_spending: the same attribution at equal spending, if it was not asked for by itself.
        draws: the parameter draws, if parameters are drawn.
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
    equal: str = "envelopes"
    committed_from: float = np.nan
    committed_to: float = np.nan
    window: str = ""
    windows: list[OverWindow] = field(default_factory=list)
    windows_left_out: list[float] = field(default_factory=list)
    at_equal_spending: Attribution | None = None
    draws: ParameterDraws | None = None

    @property
    def table(self) -> pd.DataFrame:
        """One row per group."""
        return pd.DataFrame([asdict(s) for s in self.shares])

    @property
    def sensitive(self) -> list[str]:
        """Groups whose share changes rank or sign from one window to another."""
        return sensitive_to_the_window([{s.group: s.share for s in w.shares} for w in self.windows])

    def _repr_html_(self) -> str:
        """What notebooks show: the difference, the table of shares, and the cautions."""
        what = repr(self).partition("\n")[0]
        table = self.table.to_html(index=False, border=0, max_rows=60, float_format="{:.4g}".format)
        return "".join([f"<p>{escape(what)}</p>", table, *(f"<p>{escape(c)}</p>" for c in self.cautions)])

    @property
    def cautions(self) -> list[str]:
        """Sentences on omitted replications, groups switched together, and shares that depend on the window."""
        said = [f"{' and '.join(groups)} are switched together: {why}" for groups, why in self.joined]
        if self.left_out:
            said.append(f"{self.left_out} replications are omitted: in some mixture no machine works.")
        if self.sensitive:
            said.append(f"Sensitive to the window: {', '.join(self.sensitive)}.")
        return said

    def __repr__(self) -> str:
        """The difference and each group's share, one line each."""
        lines = [
            f"{self.outcome}: {self.source} {self.value_from:.4g}, {self.target} {self.value_to:.4g}, "
            f"difference {self.difference:.4g} ({self.worlds} replications, equal {self.equal})"
        ]
        return "\n".join(lines + [f"  {s.group}: {s.share:.4g} ({s.low:.4g} to {s.high:.4g})" for s in self.shares])


def attribute(
    source: str | Path | Content | Scenario,
    target: str | Path | Content | Scenario,
    *,
    outcome_name: str = "years_behind",
    worlds: int = WORLDS,
    seed: int = 0,
    equal: str = "envelopes",
    members: Members | Path | str | None = None,
    draws: int | None = None,
    from_prior: bool = False,
    posterior: pd.DataFrame | None = None,
    progress: Progress | bool | None = None,
) -> Attribution:
    """Attribute the difference in an outcome, `target` less `source`, to groups of institutions.

    Args:
        source: the scenario to start from. Its window is used for both.
        target: the scenario to end at.
        outcome_name: a column of the table `worlds`.
        worlds: replications of each of the 2^k mixtures.
        seed: integer of at least 0.
        equal: "envelopes" for the scenarios as they are, with the attribution at equal spending as
            `at_equal_spending`; "spending" for the latter only.
        members: a union, or a folder of its tables.
        draws, from_prior, posterior: as in `compare`; `worlds` is then the number of draws.
        progress: called with runs done and runs to do; True prints them every 15 seconds.

    Raises:
        BadInput: an unknown outcome, scenarios that cannot be mixed, or a price of politics with `draws`.

    Example:
        `attribute("eu-status-quo", "essay-reform", worlds=100).table` has a row for each group.
    """
    outcome(outcome_name)
    progress = reporter(progress, "runs")
    checked_equal(equal, [outcome_name])
    ends = in_one_window([load(source), load(target)])
    built = switches(ends[0], ends[1], [MONEY])
    beside, left_out = _windows_beside(outcome_name, ends)
    priced = outcome_name in PRICES
    drawn = None
    if draws is not None:
        if priced:
            raise BadInput(f"{outcome_name} is not computed for draws of parameters; name another outcome.")
        drawn = draws_of(list(built.mixtures), draws, seed, from_prior=from_prior, table=posterior, progress=progress)
        worlds = drawn.count
    runs = Runs(checked_integer(seed, "seed", 0), members, [outcome_name], beside, drawn)
    games = mixtures_run(built, runs, checked_integer(worlds, "worlds", 2), progress)
    found = [
        replace(
            _with_windows(built, game, outcome_name, seed, beside), equal=name, windows_left_out=left_out, draws=drawn
        )
        for name, game in zip(("envelopes", "spending"), games, strict=True)
        if name == "envelopes" or not priced
    ]
    if priced or equal == "spending":
        return found[-1]
    return replace(found[0], at_equal_spending=found[1])


def mixtures_run(built: Switches, runs: Runs, worlds: int, progress: Progress | None = None) -> tuple[Found, Found]:
    """Run every mixture and return outcomes by name, (mixtures, worlds) each, at equal envelopes and at equal spending.

    Prices of politics are computed without the cap, and omitted at equal spending.
    """
    distinct = {mixture.digest: mixture for mixture in built.mixtures}
    ends = (built.source.digest, built.target.digest)
    free: list[Found] = []
    equal: list[Found] = []
    for part in chunks(worlds):
        first, count = part.start, part.stop - part.start
        found = {digest: runs.of(distinct[digest], first, count) for digest in ends}
        sums = [found[digest][COMMITTED] for digest in ends]
        target = np.minimum(*sums)
        held: dict[str, Found] = {}
        for done, (digest, mixture) in enumerate(distinct.items(), 1):
            if digest not in found:
                found[digest] = runs.of(mixture, first, count)
            held[digest] = runs.at_most(mixture, first, found[digest], target)
            if progress is not None:
                progress(first * len(distinct) + count * done, worlds * len(distinct))
        capped = [np.asarray(committed <= target) for committed in sums]
        free.append(
            _stacked(
                [
                    _where(capped[built.switched(m, MONEY)], held[mixture.digest], found[mixture.digest])
                    for m, mixture in enumerate(built.mixtures)
                ]
            )
        )
        equal.append(_stacked([held[mixture.digest] for mixture in built.mixtures]))
    return _joined(free), _joined(equal)


def _where(capped: Booleans, held: Found, free: Found) -> Found:
    return {name: np.where(capped, held.get(name, values), values) for name, values in free.items()}


def _stacked(mixtures: Sequence[Found]) -> Found:
    return {name: np.stack([m[name] for m in mixtures]) for name in mixtures[0]}


def _joined(parts: Sequence[Found]) -> Found:
    return {name: np.concatenate([part[name] for part in parts], axis=1) for name in parts[0]}


def _windows_beside(outcome_name: str, ends: Sequence[Scenario]) -> tuple[list[Window], list[float]]:
    """The further windows of an outcome, and the years of those omitted because they end after the last quarter."""
    if outcome_name not in OF_A_WINDOW:
        return [], []
    every = [Window.of(ends[0], years) for years in SIDE_BY_SIDE]
    kept = [w for w in every if all(w.within(end) for end in ends)]
    return kept, [w.years for w in every if w not in kept]


def _with_windows(
    built: Switches, game: Mapping[str, Floats], outcome_name: str, seed: int, beside: Sequence[Window]
) -> Attribution:
    """The attribution over the window of the scenarios, with those over other windows and the money committed."""
    sums = game[COMMITTED]
    return replace(
        attributed(built, game[outcome_name], outcome_name, seed),
        committed_from=mean(sums[0]),
        committed_to=mean(sums[-1]),
        window=str(Window.of(built.source)),
        windows=[_over_window(built, game[over(outcome_name, w)], outcome_name, seed, w) for w in beside],
    )


def _over_window(built: Switches, values: Floats, outcome_name: str, seed: int, window: Window) -> OverWindow:
    found = attributed(built, values, outcome_name, seed)
    return OverWindow(window.years, found.difference, found.shares)


def sensitive_to_the_window(windows: Sequence[Mapping[str, float]]) -> list[str]:
    """Names whose value changes rank or sign from one window to another; each window maps names to values.

    >>> sensitive_to_the_window([{"a": 2.0, "b": 1.0, "c": 0.5}, {"a": 2.0, "b": 0.1, "c": 0.5}])
    ['b', 'c']
    """
    names = [name for name in (windows[0] if windows else {}) if any(w[name] for w in windows)]
    places = [sorted(names, key=lambda name: -w[name]) for w in windows]
    return [
        name
        for name in names
        if len({order.index(name) for order in places}) > 1 or len({np.sign(w[name]) for w in windows}) > 1
    ]


def attributed(
    built: Switches, values: Floats, outcome_name: str, seed: int = 0, clusters: Integers | None = None
) -> Attribution:
    """Attribute the difference, given the outcome of every mixture; `values` are (mixtures, worlds).

    If only the means of `clusters` of replications, (worlds,), are independent, intervals are t intervals over them.
    """
    good = np.isfinite(values).all(0)
    left_out = int((~good).sum())
    if not good.any():
        raise BadInput(
            f"{outcome_name} cannot be attributed between {built.source.name} and {built.target.name}: in every "
            "replication, no machine works in some mixture of the two; name another outcome, such as largest_run_flop."
        )
    values = np.ascontiguousarray(values[:, good])
    shares, pairs = shapley(values), interactions(values)
    alone, last = _first_and_last(values)
    difference = values[-1] - values[0]
    every = np.concatenate([shares, pairs, difference[None]])
    low, high = (
        interval(resampled_means(every, seed))
        if clusters is None
        else over_replications(clustered_means(every, clusters[good]))[1:]
    )
    means = [mean(row) for row in every]
    k = len(built.units)
    found: dict[str, Share] = {}
    for unit, group in enumerate(u[0] for u in built.units):
        found[group] = Share(
            group,
            means[unit],
            float(low[unit]),
            float(high[unit]),
            mean(alone[unit]),
            mean(last[unit]),
            quantile(shares[unit], LOW),
            quantile(shares[unit], HIGH),
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
            Interaction((built.units[i][0], built.units[j][0]), means[k + n], float(low[k + n]), float(high[k + n]))
            for n, (i, j) in enumerate(order)
        ],
        joined=list(built.joined),
        left_out=left_out,
    )


def shapley(values: Floats) -> Floats:
    """Shapley values of the k players of a game, (k, ...); they sum to the last value less the first.

    `values` are (2^k coalitions, ...); bit p of a coalition's index is 1 if player p is in it.

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


def interactions(values: Floats) -> Floats:
    """Shapley interaction index of every pair of players, (k (k - 1) / 2, ...), in the order of `combinations`.

    `values` are as in `shapley`.

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


def _first_and_last(values: Floats) -> tuple[list[Floats], list[Floats]]:
    k, full = (len(values) - 1).bit_length(), len(values) - 1
    first = [values[1 << p] - values[0] for p in range(k)]
    return first, [values[full] - values[full ^ 1 << p] for p in range(k)]
