"""Reforms that would pass: every package of the parts in which two scenarios differ, as the states would vote on it.

All packages run with common random numbers. A state is in favor if its expected utility, a mean over the replications,
rises. Behavior is not reformed: states, commissioners and labs decide in every package as under today's institutions.
`consent` says how votes are counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from juste_retour.abm.base.members import Members, union_of
from juste_retour.abm.worlds.agent_choice import AGENTS, NONE
from juste_retour.abm.worlds.scenario import Content, Scenario, load
from juste_retour.agents.arrays import Booleans, Floats
from juste_retour.agents.errors import BadInput, near
from juste_retour.agents.rules import FAMILIES
from juste_retour.runs.analysis.consent import READINGS, UNCHANGED, Adoption, Poll, cycle_of, frontier
from juste_retour.runs.analysis.contrasts import checked_equal, paired_difference
from juste_retour.runs.base.chunked import Progress, chunks, reporter
from juste_retour.runs.base.processes import processes
from juste_retour.runs.base.resampling import interval, resampled_means
from juste_retour.runs.base.statistics import HIGH, LOW, quantile, wilson
from juste_retour.runs.results.ensemble import checked_integer
from juste_retour.runs.results.paired import LAG, STANDING, Found, Runs, at_equal_spending
from juste_retour.runs.results.parameter_draws import ParameterDraws, draws_of
from juste_retour.runs.results.parameter_ranges import at_share, full_name, setting
from juste_retour.runs.results.switches import Switches, check_union, switches
from juste_retour.runs.results.utilities import REALIZED, TERMS, UTILITY
from juste_retour.runs.results.windows import Window, in_one_window

WORLDS = 200
EACH = 24  # replications of each draw
STEPS = 33  # values of a parameter that are tried for break-even
MOST_PARTS = 12
MANY = 20_000  # runs from which further processes are worth their start


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


@dataclass(frozen=True)
class InDraws:
    """A package over draws of the parameters: the share of the draws in which it passes, with Wilson's 95 % interval.

    `best_that_passes` is the share of the draws in which it gains most among those that pass. Between `gain_low` and
    `gain_high` lie 90 % of the gains.
    """

    parts: tuple[str, ...]
    passing: float
    low: float
    high: float
    best_that_passes: float
    gain_years: float
    gain_low: float
    gain_high: float


@dataclass(frozen=True)
class BreakEven:
    """The values of a parameter for which a package passes: the ends of the runs of tried values; empty if there are none."""

    parts: tuple[str, ...]
    intervals: list[tuple[float, float]]


@dataclass(frozen=True, eq=False)
class Reforms:
    """Packages of the parts in which two scenarios differ, and which of them the states would adopt.

    Attributes:
        packages: all packages; each but the empty one.
        package: the parts of one package, by default of the whole reform; `states` are the changes under it.
        changes: the changes of all states under each package, and `vote` the rules that count them.
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
        return sum(
            sign * p.gain_years for sign, p in ((1, self.best), (-1, self.best_that_passes)) if p is not None
        )

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
        table = self.table[
            ["parts", "gain_years", "in_favor", "population_in_favor", "passes", "compensation_eur_bn"]
        ]
        return f"<pre>{escape(repr(self))}</pre>" + table.to_html(
            index=False, border=0, float_format="{:.4g}".format
        )

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
        worlds: replications of each package.
        seed: integer of at least 0.
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
    progress = reporter(progress, "mixtures")
    worlds, each = checked_integer(worlds, "worlds", 2), checked_integer(each, "each", 2)
    seed = checked_integer(seed, "seed", 0)
    checked_equal(equal, [LAG])
    ends = load(source), load(target)
    check_union(*ends)
    built = packages_between(*in_one_window(ends))
    union = union_of(members, built.source.members)
    chosen = _chosen(built, package)
    parameter = None if break_even is None else _ranged(break_even, built)
    vote = Adoption(built.source, union, by, reading)
    how: dict[str, Any] = {"workers": checked_integer(workers, "workers", 1, 1024), "progress": progress}
    sample = Sample.of(
        built.mixtures, Runs(seed, union, [LAG], utilities=True), worlds, equal=equal == "spending", **how
    )
    vote.contributions = -sample.terms["payment"][0]
    listed = _packages(built, sample, vote, seed)
    found = Reforms(
        scenarios=(built.source.name, built.target.name),
        worlds=worlds,
        seed=seed,
        by=by,
        reading=reading,
        window=str(Window.of(built.source)),
        packages=listed,
        package=listed[chosen - 1].parts,
        changes=[_changes(sample, m, vote) for m in range(1, len(built.mixtures))],
        vote=vote,
        units=[parts_of(built, 1 << k) for k in range(len(built.units))],
        replaced=_replaced(built, sample, vote),
        joined=list(built.joined),
    )
    if draws is not None:
        drawn = draws_of(
            list(built.mixtures), draws, seed, from_prior=from_prior, table=posterior, progress=progress
        )
        found = _over_draws(found, built, replace(drawn, each=each), union, vote, how)
    if parameter is not None:
        found = _break_even(found, built, parameter, union, vote, each, how)
    return found


def packages_between(source: Scenario, target: Scenario) -> Switches:
    """The mixtures of two scenarios, in all of which actors behave as in the first.

    Raises:
        BadInput: they differ in nothing, in the union, or in more than twelve parts.
    """
    behavior = [*(name for name, family in FAMILIES.items() if family.actor is not None), AGENTS]
    kept = {name: source.plain().get(name, NONE) for name in behavior}
    target = Scenario.of(target.plain() | kept, target.name)
    built = switches(source, target)
    if not built.units:
        raise BadInput(
            f"{source.name} and {target.name} differ in no institution, so there is no package to vote on; name another "
            "scenario, or change one with --set-b."
        )
    if len(built.units) > MOST_PARTS:
        raise BadInput(
            f"{source.name} and {target.name} differ in {len(built.units)} parts, and all packages of at most {MOST_PARTS} "
            "can be run; let them differ in fewer."
        )
    return built


def parts_of(built: Switches, mixture: int) -> tuple[str, ...]:
    """The parts that a mixture has from the target, by name."""
    return tuple(sorted(g for k, unit in enumerate(built.units) if mixture >> k & 1 for g in unit))


def best_of(packages: Sequence[Package]) -> Package | None:
    """The package with the largest gain, among equals that with the fewest parts, then by name; None if none gains."""
    gaining = [p for p in packages if p.gain_years > 0]
    return min(gaining, key=lambda p: (-p.gain_years, *_order(p)), default=None)


def _order(package: Package) -> tuple[int, tuple[str, ...]]:
    return len(package.parts), package.parts


def _chosen(built: Switches, package: Iterable[str] | None) -> int:
    """The index of the mixture with these parts, or of the whole reform."""
    if package is None:
        return len(built.mixtures) - 1
    wanted, every = set(package), parts_of(built, len(built.mixtures) - 1)
    for part in sorted(wanted - set(every)):
        raise BadInput(f"--package names {part!r}, which is no part of this reform; {near(part, every)}")
    for m in range(1, len(built.mixtures)):
        if set(parts_of(built, m)) == wanted:
            return m
    apart = "; ".join(f"{' and '.join(groups)} only change together" for groups, _ in built.joined)
    raise BadInput(
        f"--package is {', '.join(sorted(wanted)) or 'empty'}, which is no package{apart and ': ' + apart}."
    )


def _ranged(name: str, built: Switches) -> str:
    """The full name of a parameter with a range that the reform leaves as it is."""
    name = full_name(name, built.source)
    at_share(name, np.zeros(1))  # refuses an unknown parameter and one without a range
    if all(setting(scenario, name) is None for scenario in (built.source, built.target)):
        raise BadInput(
            f"--break-even is {name!r}, which neither scenario uses; name a parameter of a rule in use."
        )
    return name


@dataclass(frozen=True, eq=False)
class Sample:
    """The runs of every mixture.

    Attributes:
        lag: (mixtures, worlds) years behind.
        utility: (mixtures, worlds, states) EUR bn; `realized` with the race as it turned out.
        terms: of the utility by name, means over the replications, (mixtures, states).
        at_equal_spending: the gain (mixtures, worlds) in years and the change of utility (mixtures, worlds, states); None
            if not asked for.
    """

    lag: Floats
    utility: Floats
    realized: Floats
    terms: dict[str, Floats]
    at_equal_spending: tuple[Floats, Floats] | None = None

    @classmethod
    def of(
        cls,
        mixtures: Sequence[Scenario],
        runs: Runs,
        worlds: int,
        *,
        equal: bool = False,
        workers: int = 1,
        progress: Progress | None = None,
    ) -> Sample:
        """Run all mixtures with common random numbers; the number of workers changes no result."""
        every = run_all(mixtures, runs, worlds, workers, progress)
        listed = [every[mixture.digest] for mixture in mixtures]
        held = None
        if equal:
            gains, changes = zip(
                *(_at_equal_spending(runs, mixtures[0], m, every) for m in mixtures), strict=True
            )
            held = np.stack(gains), np.stack(changes)
        lag, utility, realized = (
            np.stack([found[name] for found in listed]) for name in (LAG, UTILITY, REALIZED)
        )
        return cls(
            lag,
            utility,
            realized,
            {name: np.stack([found[name] for found in listed]) for name in TERMS},
            held,
        )


class AtValues(Runs):
    """Runs at each of some values of a parameter, which `draws` holds, with the same random numbers at each value."""

    def of(self, scenario: Scenario, first: int, count: int) -> Found:
        """Outcomes of runs `first` to `first + count`; run k has the value k // `draws.each`."""
        k, each = np.arange(first, first + count), self.draws.each if self.draws else count
        return self._measured(self.at(scenario, k), k % each, self.measured, price=False)


def run_all(
    scenarios: Sequence[Scenario], runs: Runs, worlds: int, workers: int = 1, progress: Progress | None = None
) -> dict[str, Found]:
    """The outcomes of all replications of some scenarios, by digest; the terms are means, (states,)."""
    distinct = {scenario.digest: scenario for scenario in scenarios}
    jobs = [(runs, scenario, worlds) for scenario in distinct.values()]
    every: dict[str, Found] = {}
    with ExitStack() as stack:
        many = workers > 1 and len(jobs) * worlds >= MANY
        spread = stack.enter_context(processes(workers)).map if many else map
        for digest, found in zip(distinct, spread(_run, *zip(*jobs, strict=True)), strict=True):
            every[digest] = found
            if progress is not None:
                progress(len(every), len(jobs))
    return every


def _run(runs: Runs, scenario: Scenario, worlds: int) -> Found:
    parts = [runs.of(scenario, part.start, part.stop - part.start) for part in chunks(worlds)]
    found = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return found | {name: found[name].mean(0) for name in TERMS}


def _at_equal_spending(
    runs: Runs, today: Scenario, package: Scenario, every: dict[str, Found]
) -> tuple[Floats, Floats]:
    """The package's gain in years (worlds,) and the change of utility (worlds, states) if both spend the same."""
    names, gains, changes = {*runs.measured, STANDING, UTILITY}, [], []
    for part in chunks(len(every[today.digest][LAG])):
        ends = tuple({name: every[s.digest][name][part] for name in names} for s in (today, package))
        a, b = at_equal_spending(runs, (today, package), part.start, (ends[0], ends[1]))
        gains.append(paired_difference(a[LAG], b[LAG]))
        changes.append(b[UTILITY] - a[UTILITY])
    return np.concatenate(gains), np.concatenate(changes)


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
        resampled = resampled_means(differences[m].T, seed).T > UNCHANGED
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


def _passing(built: Switches, utility: Floats, vote: Adoption) -> Booleans:
    """Whether each package passes, (..., packages), given mean utilities (..., mixtures, states)."""
    yes = utility[..., 1:, :] - utility[..., :1, :] > UNCHANGED
    passed = [vote.passes(yes[..., m, :], vote.rules(parts_of(built, m + 1))) for m in range(yes.shape[-2])]
    return np.stack(passed, axis=-1)


def _over_draws(
    found: Reforms,
    built: Switches,
    draws: ParameterDraws,
    union: Members,
    vote: Adoption,
    how: dict[str, Any],
) -> Reforms:
    sample = Sample.of(
        built.mixtures,
        Runs(found.seed, union, [LAG], draws=draws, utilities=True),
        draws.count * draws.each,
        **how,
    )
    by_draw = (len(built.mixtures), draws.count, draws.each)
    utility = sample.utility.reshape(*by_draw, -1).mean(2)
    gains = paired_difference(sample.lag[:1], sample.lag).reshape(by_draw).mean(2)[1:].T  # (draws, packages)
    passing = _passing(built, np.moveaxis(utility, 0, 1), vote)
    order = sorted(range(len(found.packages)), key=lambda k: _order(found.packages[k]))
    worth = np.where(passing & (gains > 0), gains, -np.inf)[:, order]
    best = np.where(worth.max(1) > 0, np.array(order)[worth.argmax(1)], -1)
    rows = []
    for k, package in enumerate(found.packages):
        hits = int(passing[:, k].sum())
        rows.append(
            InDraws(
                package.parts,
                hits / draws.count,
                *wilson(hits, draws.count),
                float((best == k).mean()),
                quantile(gains[:, k], 0.5),
                quantile(gains[:, k], LOW),
                quantile(gains[:, k], HIGH),
            )
        )
    none = int((~passing.any(1)).sum())
    nothing = none / draws.count, *wilson(none, draws.count)
    return replace(found, draws=draws, in_draws=rows, nothing_passes=nothing)


def _break_even(
    found: Reforms,
    built: Switches,
    parameter: str,
    union: Members,
    vote: Adoption,
    each: int,
    how: dict[str, Any],
) -> Reforms:
    """Vote again at values of a parameter over its range, with the same random draws at each."""
    tried = at_share(parameter, np.linspace(0, 1, STEPS))
    values = ParameterDraws(pd.DataFrame({parameter: tried}), (parameter,), 0, "the range", each)
    sample = Sample.of(
        built.mixtures, AtValues(found.seed, union, [LAG], draws=values, utilities=True), STEPS * each, **how
    )
    utility = sample.utility.reshape(len(built.mixtures), STEPS, each, -1).mean(2)
    passing = _passing(built, np.moveaxis(utility, 0, 1), vote)
    runs = [runs_of(tried, column) for column in passing.T]
    each_package = [BreakEven(p.parts, ends) for p, ends in zip(found.packages, runs, strict=True)]
    return replace(
        found,
        parameter=parameter,
        tried=[float(v) for v in tried],
        break_even=each_package,
        stays=runs_of(tried, ~passing.any(1)),
    )


def runs_of(values: Floats, true: Booleans) -> list[tuple[float, float]]:
    """The first and the last value of each run of neighbors at which a condition is true.

    >>> runs_of(np.array([1.0, 2.0, 3.0, 4.0]), np.array([True, True, False, True]))
    [(1.0, 2.0), (4.0, 4.0)]
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[False], true, [False]])))
    return [(float(values[a]), float(values[b - 1])) for a, b in edges.reshape(-1, 2)]
