"""Paired contrasts: differences in outcomes between scenarios, replication by replication, on the same random draws."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from html import escape
from pathlib import Path

import numpy as np
import pandas as pd

from juste_retour.abm.base.members import Members
from juste_retour.abm.worlds.scenario import Content, Scenario
from juste_retour.agents.arrays import Floats
from juste_retour.agents.errors import BadInput
from juste_retour.runs.base.chunked import Progress, reporter
from juste_retour.runs.base.resampling import half_width, interval, needed, resampled_means, spread
from juste_retour.runs.base.statistics import HIGH, LOW, quantile
from juste_retour.runs.results.ensemble import checked_integer
from juste_retour.runs.results.paired import (
    COMMITTED,
    LAG,
    STANDING,
    Found,
    Paired,
    named,
    outcome,
    pairs,
)
from juste_retour.runs.results.paired import outcomes as known_outcomes
from juste_retour.runs.results.parameter_draws import ParameterDraws, draws_of
from juste_retour.runs.results.result_tables import PRICES
from juste_retour.runs.results.windows import Window, in_one_window

WORLDS = 400
MOST = 1_000_000
EQUAL = ("envelopes", "spending")
BRIEFLY = ("outcome", "unit", "a", "b", "mean_a", "mean_b", "difference", "low", "high")
PRECISION = 0.1  # half-width, as a share of the difference, for which `replications_needed` is computed by default


@dataclass(frozen=True)
class Contrast:
    """The difference in an outcome between two scenarios, a less b, in the outcome's unit.

    Attributes:
        low, high: 95 % bootstrap interval of the mean difference over paired replications.
        half_width: half of its normal 95 % interval.
        variance_saved: share of the variance of the difference that common random numbers remove, compared with
            independent draws.
        replications_needed: pairs at which the half-width is `aimed`.
        missing_a, missing_b: replications without a working machine, which count as worse than any number.
        committed_a, committed_b: mean committed sums, EUR bn; at equal spending, a gap between them remains if the rerun
            committed less than the target.
        range_low, range_high: bounds of 90 % of the differences of single pairs; if parameters are drawn, each pair has
            its own draw.
        standing_a, standing_b: shares of the replications in which years_behind is only the lag of the machines that
            existed before the program.
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
    committed_a: float = np.nan
    committed_b: float = np.nan
    range_low: float = np.nan
    range_high: float = np.nan
    standing_a: float = np.nan
    standing_b: float = np.nan


@dataclass(frozen=True, eq=False)
class Contrasts:
    """Contrasts between the first of several scenarios and each other one.

    Attributes:
        values: outcomes by name, (scenarios, worlds) each, of the scenarios as they are.
        contrasts: of the scenarios as they are; if `equal` is "spending", of scenarios that commit the same sum in every
            replication.
        window: the quarters over which lags are averaged, in all scenarios.
        at_equal_spending: the contrasts at equal spending, if `equal` is "envelopes".
        draws: the parameter draws, if parameters are drawn.
    """

    scenarios: list[Scenario]
    names: list[str]
    seed: int
    worlds: int
    values: dict[str, Floats]
    contrasts: list[Contrast]
    equal: str = "envelopes"
    window: str = ""
    at_equal_spending: list[Contrast] = field(default_factory=list)
    draws: ParameterDraws | None = None

    @property
    def table(self) -> pd.DataFrame:
        """The contrasts as a data frame, one row each."""
        return pd.DataFrame([asdict(c) for c in self.contrasts])

    def __getitem__(self, name: str) -> Contrast:
        """The contrast of the first two scenarios in an outcome."""
        outcome(name)
        return next(c for c in self.contrasts if c.outcome == name)

    def _ipython_key_completions_(self) -> list[str]:
        return list(dict.fromkeys(c.outcome for c in self.contrasts))

    def _repr_html_(self) -> str:
        """What notebooks show: the comparison, the main columns of the table, and the cautions."""
        what, columns = repr(self).partition("\n")[0], [c for c in BRIEFLY if c in self.table]
        table = self.table[columns].to_html(index=False, border=0, max_rows=60, float_format="{:.4g}".format)
        return "".join([f"<p>{escape(what)}</p>", table, *(f"<p>{escape(c)}</p>" for c in self.cautions)])

    @property
    def cautions(self) -> list[str]:
        """Sentences on replications without a working machine, and on lags of machines that existed before."""
        said = []
        for c in self.contrasts:
            if c.missing_a + c.missing_b:
                said.append(
                    f"{c.outcome}: no machine works in {c.missing_a} replications of {c.a} and {c.missing_b} of {c.b}; these "
                    "count as worse than any number."
                )
            if max(c.standing_a, c.standing_b) > 0:
                said.append(
                    f"{c.outcome}: in {c.standing_a:.0%} of the replications of {c.a} and {c.standing_b:.0%} of {c.b} the lag "
                    "is only that of the machines that existed before the program."
                )
        return said

    def __repr__(self) -> str:
        """The comparison and each contrast, one line each."""
        lines = [
            f"{', '.join(self.names)}: {self.worlds} paired replications with seed {self.seed}, equal {self.equal}, "
            f"lags over {self.window}"
        ]
        lines += [
            f"  {c.outcome}, {c.a} less {c.b}: {c.difference:.4g} ({c.low:.4g} to {c.high:.4g}) {c.unit}"
            for c in self.contrasts
        ]
        return "\n".join(lines)


def checked_equal(equal: str, outcomes: Iterable[str]) -> None:
    """Raise `BadInput` for an unknown comparison, and for one of prices alone at equal spending."""
    if equal not in EQUAL:
        raise BadInput(f"--equal is {equal!r}; give {' or '.join(EQUAL)}.")
    names = list(outcomes)
    if equal == "spending" and all(name in PRICES for name in names):
        raise BadInput(
            f"{', '.join(names)} is not defined at equal spending; name another outcome, or compare at equal envelopes."
        )


def compare(
    *scenarios: str | Path | Content | Scenario,
    worlds: int | None = None,
    seed: int = 0,
    outcomes: Iterable[str] | None = None,
    until: float | None = None,
    headline: str = "years_behind",
    most: int = MOST,
    equal: str = "envelopes",
    changes: Content | None = None,
    changes_b: Content | None = None,
    members: Members | Path | str | None = None,
    draws: int | None = None,
    from_prior: bool = False,
    posterior: pd.DataFrame | None = None,
    progress: Progress | bool | None = None,
) -> Contrasts:
    """Contrast the first of several scenarios with each other one on the same random draws.

    Lags are averaged over the window of the first scenario in all of them.

    Args:
        scenarios: two or more names of presets, paths, contents or `Scenario` objects.
        worlds, most: pairs of replications, 400 by default; with `until`, the least and the most.
        seed: integer of at least 0.
        outcomes: columns of the table `worlds`.
        until, headline: add pairs until the half-width of every contrast in the headline is at most this, in its unit.
        equal: "envelopes" for the scenarios as they are, with their contrasts at equal spending as
            `at_equal_spending`; "spending" for the latter only. Prices are omitted at equal spending.
        changes: keys and values to change in all scenarios.
        changes_b: keys and values to change in the second scenario only, or in a copy of the first if it is the only one.
        members: a union, or a folder of its tables; each scenario's own by default.
        draws: number of draws of the parameters from the posterior, each with its own replication. Prices are omitted.
        from_prior, posterior: draw from the plausible ranges of all parameters, or from this table of draws.
        progress: called with runs done and runs to do; True prints them every 15 seconds.

    Raises:
        BadInput: fewer than two scenarios, or an argument that cannot be used.

    Example:
        `compare("eu-status-quo", "essay-reform", worlds=100)["years_behind"].difference` is in years.
    """
    worlds = checked_integer(WORLDS if worlds is None else worlds, "worlds", 2)
    seed, progress = checked_integer(seed, "seed", 0), reporter(progress, "runs")
    chosen, names = _compared(scenarios, changes, changes_b)
    wanted = _wanted(outcomes, _aimed_at(headline, until, draws), equal)
    if equal == "spending" or draws or not all(s.priced for s in chosen):
        wanted = [name for name in wanted if name not in PRICES]
    drawn = None
    if draws is not None:
        drawn = draws_of(chosen, draws, seed, from_prior=from_prior, table=posterior, progress=progress)
        worlds = drawn.count
    paired = Paired(chosen, seed, members, wanted, equal_spending=True, draws=drawn)
    paired.extend(worlds, progress)
    if until is not None:
        _extend_until(until, paired, headline, equal, most, progress)
    aimed = {} if until is None else {headline: until}
    free, held = (_between(paired, names, wanted, kind, aimed) for kind in EQUAL)
    values, window = {name: paired.values[name] for name in wanted}, str(Window.of(chosen[0]))
    both = (held, equal, window, []) if equal == "spending" else (free, equal, window, held)
    return Contrasts(chosen, names, seed, paired.worlds, values, *both, drawn)


def _compared(
    scenarios: tuple[str | Path | Content | Scenario, ...], changes: Content | None, changes_b: Content | None
) -> tuple[list[Scenario], list[str]]:
    """The scenarios, in the window of the first, and their names."""
    if len(scenarios) == 1 and changes_b:
        scenarios = scenarios * 2
    if len(scenarios) < 2:
        raise BadInput(
            "compare needs two scenarios or more; give a second one, as in compare A B, or add --set-b KEY=VALUE."
        )
    chosen, names = named(scenarios, changes, changes_b)
    return in_one_window(chosen), names


def _wanted(outcomes: Iterable[str] | None, headline: str | None, equal: str) -> list[str]:
    """The outcomes to compare, among them the headline; `BadInput` if one is unknown or has no value at equal spending."""
    asked = None if outcomes is None else {outcome(o) for o in outcomes}
    wanted = [n for n in known_outcomes() if asked is None or n in asked]
    if headline is not None and outcome(headline) not in wanted:
        wanted.append(headline)
    checked_equal(equal, wanted if headline is None else [headline])
    return wanted


def _aimed_at(headline: str, until: float | None, draws: int | None) -> str | None:
    """The outcome whose intervals must be as narrow as `until`; None if there is none."""
    if until is not None and not (np.isfinite(until) and until > 0):
        raise BadInput(f"--until is {until!r}; give a half-width above 0.")
    if until is not None and draws is not None:
        raise BadInput("--until and --draws exclude each other; omit --until and give the number of draws.")
    return None if until is None else headline


def _extend_until(
    until: float, paired: Paired, headline: str, equal: str, most: int, progress: Progress | None
) -> None:
    """Add pairs until the half-width of every contrast in `headline` is at most `until`."""
    while paired.worlds < most:
        deviation = _deviation(paired, headline, equal)
        if not np.isfinite(deviation) or half_width_of(deviation, paired.worlds) <= until:
            return
        goal = int(min(max(float(needed(deviation, until)), paired.worlds * 1.1), paired.worlds * 4, most))
        paired.extend(goal, progress)


def _between(
    paired: Paired, names: Sequence[str], wanted: Sequence[str], equal: str, aimed: Mapping[str, float]
) -> list[Contrast]:
    """Contrasts of the first scenario with each other one, as they are or at equal spending."""
    found = []
    for i, j in pairs(len(names)):
        a, b = _ends(paired, i, j, equal)
        shown = [name for name in wanted if name in a]
        if shown:
            found += contrasts(
                {name: a[name] for name in shown},
                {name: b[name] for name in shown},
                names[i],
                names[j],
                paired.runs.seed,
                aimed,
                (mean(a[COMMITTED]), mean(b[COMMITTED])),
                tuple(mean(end[STANDING]) if STANDING in end else np.nan for end in (a, b)),
            )
    return found


def _ends(paired: Paired, i: int, j: int, equal: str) -> tuple[Found, Found]:
    """The outcomes of two scenarios, as they are or at equal spending."""
    if equal == "spending":
        return paired.equal(i, j)
    values = paired.values
    return {k: v[i] for k, v in values.items()}, {k: v[j] for k, v in values.items()}


def contrasts(
    a: Mapping[str, Floats],
    b: Mapping[str, Floats],
    name_a: str,
    name_b: str,
    seed: int = 0,
    aimed: Mapping[str, float] | None = None,
    committed: tuple[float, float] = (np.nan, np.nan),
    standing: tuple[float, ...] = (np.nan, np.nan),
) -> list[Contrast]:
    """Contrast two sets of outcomes of the same replications.

    Args:
        a, b: outcomes by name, (worlds,) each.
        name_a, name_b: names of the scenarios.
        seed: of the bootstrap.
        aimed: half-widths by outcome, for `replications_needed`.
        committed: mean committed sums of a and b, EUR bn.
        standing: shares of the replications of a and b whose lag is only that of the machines that existed before.
    """
    outcomes = list(a)
    first, second = np.stack([a[k] for k in outcomes]), np.stack([b[k] for k in outcomes])
    difference = paired_difference(first, second)
    low, high = interval(resampled_means(difference, seed))
    deviation, half = spread(difference), half_width(difference)
    with np.errstate(invalid="ignore", divide="ignore"):
        apart = spread(first) ** 2 + spread(second) ** 2
        saved = np.where((apart > 0) & np.isfinite(apart), 1 - deviation**2 / apart, np.nan)
    found = []
    for k, name in enumerate(outcomes):
        mean_a, mean_b = mean(first[k]), mean(second[k])
        delta = mean_a - mean_b if np.isfinite(mean_a - mean_b) else mean(difference[k])
        aim = (aimed or {}).get(name) or PRECISION * abs(delta)
        found.append(
            Contrast(
                outcome=name,
                unit=known_outcomes()[name].unit if known_outcomes()[name].kind != "quarter" else "years",
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
                committed_a=committed[0],
                committed_b=committed[1],
                range_low=quantile(difference[k], LOW),
                range_high=quantile(difference[k], HIGH),
                standing_a=standing[0] if name == LAG else np.nan,
                standing_b=standing[1] if name == LAG else np.nan,
            )
        )
    return found


def paired_difference(a: Floats, b: Floats) -> Floats:
    """a less b per replication; 0 if both are infinite, since neither is worse."""
    with np.errstate(invalid="ignore"):
        return np.where(np.isinf(a) & (a == b), 0.0, a - b)


def mean(values: Floats) -> float:
    """Mean over replications; infinite if a value is."""
    with np.errstate(invalid="ignore"):
        return float(np.mean(values))


def half_width_of(deviation: float, worlds: int) -> float:
    """Half-width of a mean's 95 % interval, given the standard deviation over replications."""
    return float(1.959963984540054 * deviation / np.sqrt(worlds))


def _deviation(paired: Paired, name: str, equal: str) -> float:
    """The largest standard deviation of a paired difference from the first scenario."""
    ends = (_ends(paired, i, j, equal) for i, j in pairs(len(paired.scenarios)))
    return max(float(spread(paired_difference(a[name], b[name]))) for a, b in ends)
