"""Reforms that would pass: every package of the parts in which two scenarios differ, as the states would vote on it.

All packages run with common random numbers. A state is in favor if its expected utility, a mean over the replications,
rises. Behavior is not reformed: states, commissioners and labs decide in every package as under today's institutions.
`consent` says how votes are counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from juste_retour.abm.base.members import Members, union_of
from juste_retour.abm.worlds.scenario import Content, Scenario, load
from juste_retour.agents.arrays import Booleans
from juste_retour.runs.analysis.consent import READINGS, UNCHANGED, Adoption, Poll, cycle_of, frontier
from juste_retour.runs.analysis.contrasts import checked_equal, paired_difference
from juste_retour.runs.analysis.packages import Sample, chosen, packages_between, parts_of
from juste_retour.runs.analysis.reform_values import (
    AtValues,
    BreakEven,
    InDraws,
    Means,
    checked_parameter,
    in_draws,
    range_of,
)
from juste_retour.runs.analysis.reform_values import break_even as at_which
from juste_retour.runs.base.chunked import Progress, reporter
from juste_retour.runs.base.resampling import RESAMPLES, interval, resampled_means
from juste_retour.runs.results.ensemble import checked_integer
from juste_retour.runs.results.paired import LAG, Runs
from juste_retour.runs.results.parameter_draws import ParameterDraws, draws_of
from juste_retour.runs.results.switches import Switches, check_union
from juste_retour.runs.results.windows import Window, in_one_window

AT_ONCE = 64  # packages whose replications are resampled together
WORLDS = 200
EACH = 24  # replications of each draw


@dataclass(frozen=True)
class Package:
    """A set of parts of a reform, as the states would vote on it; money in EUR bn, `low` and `high` a 95 % interval.

    Attributes:
        gain_years: today's lag less the package's, at equal envelopes.
        in_favor, against: numbers of states.
        undecided: states whose change is within two standard errors of zero; each counts by its sign.
        population_in_favor: the share of the population that lives in the states in favor.
        in_favor_as_realized: the states that would be in favor by the race as it turns out, not as it is expected.
        rules: the voting rules that the package must pass.
        passes_resampled: share of samples of the replications, drawn with replacement, in which it passes.
        passes_afterwards: share of the replications in which it would pass by what each state then has.
        unchanged: whether no state's utility changes; `states_unchanged` is the number of states whose does not.
        compensation_eur_bn: the least cash to states that lose for which it passes; None if no cash suffices.
        winners_can_pay: whether the states in favor gain at least that much.
        cost_borne_eur_bn: the largest cost of changing, divided by GDP, at which it would still pass.
        loses_most: the state that loses most, and what it loses; empty if none does.
        gain_years_at_equal_spending, in_favor_at_equal_spending, passes_at_equal_spending: the same if today's
            institutions and the package spend the smaller of their two sums; None if not asked for.
    """

    parts: tuple[str, ...]
    gain_years: float
    low: float
    high: float
    in_favor: int
    against: int
    undecided: tuple[str, ...]
    population_in_favor: float
    in_favor_as_realized: int
    rules: tuple[str, ...]
    passes: bool
    passes_resampled: float
    passes_afterwards: float
    unchanged: bool
    states_unchanged: int
    compensation_eur_bn: float | None
    winners_can_pay: bool
    cost_borne_eur_bn: float
    loses_most: str
    loss_eur_bn: float
    gain_years_at_equal_spending: float | None = None
    in_favor_at_equal_spending: int | None = None
    passes_at_equal_spending: bool | None = None


@dataclass(frozen=True)
class StateChange:
    """What a package changes for a state, EUR bn; `terms` are those of its payoff and sum to the change."""

    state: str
    change_eur_bn: float
    error_eur_bn: float
    in_favor: bool
    undecided: bool
    share_of_worlds_gaining: float
    change_as_realized_eur_bn: float
    terms: dict[str, float]


@dataclass(frozen=True, eq=False)
class Reforms:
    """Packages of the parts in which two scenarios differ, and which of them the states would adopt.

    Attributes:
        packages: all packages; each but the empty one.
        package: the parts of one package, by default of the whole reform; `states` are the changes under it.
        changes: the changes of all states under each package; `vote` are the rules that count them, `ran` the runs.
        units: the parts that are changed one by one, or only together.
        replaced: (packages + 1, packages + 1) whether row i would be replaced by column j under the rules of the parts in
            which they differ; the first row and column are today's institutions, the others are in the order of `packages`.
        joined: parts that are only changed together because a scenario with one of them is invalid, with the reason.
        draws: the parameter draws, `in_draws` the packages over them, and `nothing_passes` the share of the draws, with its
            interval, in which no package passes.
        break_even: by package, if `parameter` was asked for; `tried` are its values, and `stays` those at which no package
            passes, so that today's institutions stay.
    """

    scenarios: tuple[str, str]
    worlds: int
    seed: int
    by: str | None
    reading: str
    window: str
    packages: list[Package]
    package: tuple[str, ...]
    changes: list[list[StateChange]]
    vote: Adoption
    ran: Trials = field(repr=False)
    units: list[tuple[str, ...]]
    replaced: Booleans
    joined: list[tuple[tuple[str, ...], str]]
    draws: ParameterDraws | None = None
    in_draws: list[InDraws] = field(default_factory=list)
    nothing_passes: tuple[float, float, float] | None = None
    parameter: str | None = None
    tried: list[float] = field(default_factory=list)
    break_even: list[BreakEven] = field(default_factory=list)
    stays: list[tuple[float, float]] = field(default_factory=list)

    def counted_by(self, rule: str) -> Reforms:
        """The same runs with all votes counted by one voting rule."""
        return counted(self.ran, rule, self.reading, self.package)

    @property
    def states(self) -> list[StateChange]:
        """The changes under `package`."""
        return next(c for p, c in zip(self.packages, self.changes, strict=True) if p.parts == self.package)

    @property
    def best(self) -> Package | None:
        """The package that gains most; None if none gains."""
        return best_of(self.packages)

    @property
    def best_that_passes(self) -> Package | None:
        """The package that gains most among those that pass; None if none of them gains."""
        return best_of([p for p in self.packages if p.passes])

    @property
    def price_of_consent_years(self) -> float:
        """The gain of the best package less that of the best that passes, which is 0 if none does."""
        return sum(sign * p.gain_years for sign, p in ((1, self.best), (-1, self.best_that_passes)) if p is not None)

    @property
    def frontier(self) -> list[Package]:
        """The packages for which no other has as much gain and as many states in favor, and more of one."""
        gains = np.array([p.gain_years for p in self.packages])
        consent = np.array([float(p.in_favor) for p in self.packages])
        kept = [p for p, best in zip(self.packages, frontier(gains, consent), strict=True) if best]
        return sorted(kept, key=lambda p: (-p.gain_years, _order(p)))

    @property
    def stable(self) -> list[tuple[str, ...]]:
        """The institutions that no package would replace; no parts are today's institutions."""
        every = [(), *(p.parts for p in self.packages)]
        return [parts for parts, row in zip(every, self.replaced, strict=True) if not row.any()]

    @property
    def stable_cost_eur_bn(self) -> float:
        """The least cost of changing, EUR bn divided by GDP, at which no package passes and today's institutions stay."""
        return max((p.cost_borne_eur_bn for p in self.packages), default=0.0)

    @property
    def cycle(self) -> list[tuple[str, ...]]:
        """The shortest cycle of institutions of which each would be replaced by the next; empty if there is none."""
        every = [(), *(p.parts for p in self.packages)]
        return [every[k] for k in cycle_of(self.replaced)]

    @property
    def table(self) -> pd.DataFrame:
        """One row per package."""
        return pd.DataFrame([asdict(p) | {"parts": " + ".join(p.parts)} for p in self.packages])

    def _repr_html_(self) -> str:
        """What notebooks show: the answer and the table of packages."""
        table = self.table[["parts", "gain_years", "in_favor", "population_in_favor", "passes", "compensation_eur_bn"]]
        return f"<pre>{escape(repr(self))}</pre>" + table.to_html(index=False, border=0, float_format="{:.4g}".format)

    def __repr__(self) -> str:
        """The best package, the best that passes, and the price of consent."""
        lines = [
            f"{' to '.join(self.scenarios)}: {len(self.packages)} packages, {self.worlds} replications, seed {self.seed}"
        ]
        for what, found in (("best", self.best), ("best that passes", self.best_that_passes)):
            said = "none" if found is None else f"{' + '.join(found.parts)}, {found.gain_years:.4g} years"
            lines.append(f"  {what}: {said}")
        return "\n".join([*lines, f"  price of consent: {self.price_of_consent_years:.4g} years"])


def reforms(
    source: str | Path | Content | Scenario,
    target: str | Path | Content | Scenario,
    *,
    worlds: int = WORLDS,
    seed: int = 0,
    by: str | None = None,
    reading: str = READINGS[0],
    package: Iterable[str] | None = None,
    equal: str = "envelopes",
    members: Members | Path | str | None = None,
    draws: int | None = None,
    each: int = EACH,
    from_prior: bool = False,
    posterior: pd.DataFrame | None = None,
    break_even: str | None = None,
    workers: int = 1,
    progress: Progress | bool | None = None,
) -> Reforms:
    """Vote on every package of the parts in which two scenarios differ.

    Args:
        source: today's institutions. Their window and behavior are used in all packages.
        target: the whole reform.
        worlds, seed: replications of each package, and the seed of their random numbers, an integer of at least 0.
        by: one voting rule for all parts; by default each part has the rule of its legal basis, and outside the European
            Union that of `source`.
        reading: of the legal bases, "strict" or "lenient".
        package: the parts whose changes are returned as `states`; all by default.
        equal: "spending" adds the gain and the vote if the package and today's institutions spend the same.
        members: a union, or a folder of its tables.
        draws: number of draws of the parameters, besides the runs at their defaults.
        each: replications of each draw, and of each value of `break_even`.
        from_prior, posterior: what is drawn from, as in `compare`.
        break_even: a parameter; the values of its range for which each package passes.
        workers: processes for large samples; more than one needs a script with `if __name__ == "__main__"`.
        progress: called with mixtures done and to do; True prints them every 15 seconds.

    Raises:
        BadInput: scenarios that differ in no part or in too many, or an argument that cannot be used.

    Example:
        `reforms("eu-status-quo", "essay-reform", worlds=100).best_that_passes.parts` are the parts that would pass.
    """
    seed, progress = checked_integer(seed, "seed", 0), reporter(progress, "mixtures")
    worlds, each = checked_integer(worlds, "worlds", 2), checked_integer(each, "each", 2)
    checked_equal(equal, [LAG])
    built = _between(load(source), load(target))
    union = union_of(members, built.source.members)
    parts = parts_of(built, chosen(built, package))
    parameter = None if break_even is None else checked_parameter(break_even, built)
    Adoption(built.source, union, by, reading)  # refuses an unknown rule before anything runs
    how: dict[str, Any] = {"workers": checked_integer(workers, "workers", 1, 1024), "progress": progress}
    runs = Runs(seed, union, [LAG], utilities=True)
    ran = Trials(built, union, seed, Sample.of(built.mixtures, runs, worlds, equal=equal == "spending", **how))
    if draws is not None:
        drawn = draws_of(list(built.mixtures), draws, seed, from_prior=from_prior, table=posterior, progress=progress)
        ran = ran.with_draws(replace(drawn, each=each), how)
    if parameter is not None:
        ran = ran.with_values(range_of(parameter, each), how)
    return counted(ran, by, reading, parts)


def _between(source: Scenario, target: Scenario) -> Switches:
    check_union(source, target)  # first, since windows of different unions differ too
    return packages_between(*in_one_window((source, target)))


@dataclass(frozen=True, eq=False)
class Trials:
    """The runs of all packages, which votes under any rule count."""

    built: Switches
    union: Members
    seed: int
    sample: Sample
    drawn: Means | None = None
    tried: Means | None = None

    def with_draws(self, drawn: ParameterDraws, how: Mapping[str, Any]) -> Trials:
        """The same with runs of draws of the parameters."""
        runs = Runs(self.seed, self.union, [LAG], draws=drawn, utilities=True)
        return replace(self, drawn=Means.of(self.built.mixtures, runs, drawn, **how))

    def with_values(self, tried: ParameterDraws, how: Mapping[str, Any]) -> Trials:
        """The same with runs at values of one parameter."""
        runs = AtValues(self.seed, self.union, [LAG], draws=tried, utilities=True)
        return replace(self, tried=Means.of(self.built.mixtures, runs, tried, **how))


def counted(ran: Trials, by: str | None, reading: str, package: tuple[str, ...]) -> Reforms:
    """Count the votes on packages that have run; arguments as in `reforms`."""
    built, sample = ran.built, ran.sample
    vote = Adoption(built.source, ran.union, by, reading)
    vote.contributions = -sample.terms["payment"][0]
    over: dict[str, Any] = {}
    if ran.drawn is not None:
        rows, nothing = in_draws(built, ran.drawn, vote)
        over |= {"draws": ran.drawn.values, "in_draws": rows, "nothing_passes": nothing}
    if ran.tried is not None:
        table = ran.tried.values.table
        intervals, stays = at_which(built, ran.tried, vote)
        over |= {"parameter": str(table.columns[0]), "tried": table.iloc[:, 0].tolist()}
        over |= {"break_even": intervals, "stays": stays}
    return Reforms(
        scenarios=(built.source.name, built.target.name),
        worlds=sample.lag.shape[1],
        seed=ran.seed,
        by=by,
        reading=reading,
        window=str(Window.of(built.source)),
        packages=_packages(built, sample, vote, ran.seed),
        package=package,
        changes=[_changes(sample, m, vote) for m in range(1, len(built.mixtures))],
        vote=vote,
        ran=ran,
        units=[parts_of(built, 1 << k) for k in range(len(built.units))],
        replaced=_replaced(built, sample, vote),
        joined=list(built.joined),
        **over,
    )


def best_of(packages: Sequence[Package]) -> Package | None:
    """The package with the largest gain, among equals that with the fewest parts, then by name; None if none gains."""
    gaining = [p for p in packages if p.gain_years > 0]
    return min(gaining, key=lambda p: (-p.gain_years, *_order(p)), default=None)


def _order(package: Package) -> tuple[int, tuple[str, ...]]:
    return len(package.parts), package.parts


def _packages(built: Switches, sample: Sample, vote: Adoption, seed: int) -> list[Package]:
    gains = paired_difference(sample.lag[:1], sample.lag)
    low, high = interval(resampled_means(gains, seed))
    differences = sample.utility - sample.utility[0]
    polls, states = Poll.of(differences), vote.states
    as_realized = (sample.realized - sample.realized[0]).mean(1)
    found = []
    for m in range(1, len(built.mixtures)):
        parts = parts_of(built, m)
        poll, rules = Poll(polls.change[m], polls.error[m]), vote.rules(parts)
        passes = bool(vote.passes(poll.yes, rules))
        cash = 0.0 if passes else vote.compensation(poll.change, rules)
        worst = int(poll.change.argmin())
        loses = poll.change[worst] < -UNCHANGED
        if m % AT_ONCE == 1:
            block = np.concatenate([d.T for d in differences[m : m + AT_ONCE]])
            gains_again = resampled_means(block, seed).reshape(-1, len(states.codes), RESAMPLES)
        resampled = gains_again[(m - 1) % AT_ONCE].T > UNCHANGED
        equal: dict[str, Any] = {}
        if sample.at_equal_spending is not None:
            years, changes = (values[m] for values in sample.at_equal_spending)
            yes = Poll.of(changes).yes
            equal = {
                "gain_years_at_equal_spending": float(years.mean()),
                "in_favor_at_equal_spending": int(yes.sum()),
                "passes_at_equal_spending": bool(vote.passes(yes, rules)),
            }
        found.append(
            Package(
                parts=parts,
                gain_years=float(gains[m].mean()),
                low=float(low[m]),
                high=float(high[m]),
                in_favor=int(poll.yes.sum()),
                against=int((~poll.yes).sum()),
                undecided=tuple(np.array(states.codes)[poll.undecided].tolist()),
                population_in_favor=float(states.population[poll.yes].sum() / states.population.sum()),
                in_favor_as_realized=int(Poll(as_realized[m], poll.error).yes.sum()),
                rules=tuple(rule.rule for rule in rules),
                passes=passes,
                passes_resampled=float(vote.passes(resampled, rules).mean()),
                passes_afterwards=float(vote.passes(Poll(differences[m], poll.error).yes, rules).mean()),
                unchanged=bool(poll.unchanged.all()),
                states_unchanged=int(poll.unchanged.sum()),
                compensation_eur_bn=cash,
                winners_can_pay=cash is not None and float(poll.change[poll.yes].sum()) >= cash,
                cost_borne_eur_bn=vote.cost_borne(poll.change, rules),
                loses_most=states.codes[worst] if loses else "",
                loss_eur_bn=float(-poll.change[worst]) if loses else 0.0,
                **equal,
            )
        )
    return found


def _changes(sample: Sample, mixture: int, vote: Adoption) -> list[StateChange]:
    difference = sample.utility[mixture] - sample.utility[0]
    poll, realized = Poll.of(difference), (sample.realized[mixture] - sample.realized[0]).mean(0)
    return [
        StateChange(
            state=code,
            change_eur_bn=float(poll.change[i]),
            error_eur_bn=float(poll.error[i]),
            in_favor=bool(poll.yes[i]),
            undecided=bool(poll.undecided[i]),
            share_of_worlds_gaining=float((difference[:, i] > UNCHANGED).mean()),
            change_as_realized_eur_bn=float(realized[i]),
            terms={name: float(term[mixture, i] - term[0, i]) for name, term in sample.terms.items()},
        )
        for i, code in enumerate(vote.states.codes)
    ]


def _replaced(built: Switches, sample: Sample, vote: Adoption) -> Booleans:
    """Whether mixture i would be replaced by mixture j under the rules of the parts in which they differ."""
    means, count = sample.utility.mean(1), len(built.mixtures)
    out = np.zeros((count, count), bool)
    i, j = np.indices(out.shape)
    for apart in range(1, count):
        at = (i ^ j) == apart
        yes = means[j[at]] - means[i[at]] > UNCHANGED
        out[at] = vote.passes(yes, vote.rules(parts_of(built, apart)))
    return out
