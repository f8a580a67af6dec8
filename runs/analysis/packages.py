"""The packages of a reform, which are the mixtures of two scenarios, and the runs of each with common random numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from juste_retour.abm.worlds.agent_choice import AGENTS, NONE
from juste_retour.abm.worlds.scenario import Scenario
from juste_retour.agents.arrays import Floats
from juste_retour.agents.errors import BadInput, near
from juste_retour.agents.rules import FAMILIES
from juste_retour.runs.analysis.contrasts import paired_difference
from juste_retour.runs.base.chunked import Progress, chunks
from juste_retour.runs.base.processes import spread
from juste_retour.runs.results.paired import LAG, STANDING, Found, Runs, at_equal_spending
from juste_retour.runs.results.switches import Switches, switches
from juste_retour.runs.results.utilities import REALIZED, TERMS, UTILITY

MOST_PARTS = 12
MANY = 20_000  # runs from which further processes are worth their start


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


def chosen(built: Switches, package: Iterable[str] | None) -> int:
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
    raise BadInput(f"--package is {', '.join(sorted(wanted)) or 'empty'}, which is no package{apart and ': ' + apart}.")


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
            gains, changes = zip(*(_at_equal_spending(runs, mixtures[0], m, every) for m in mixtures), strict=True)
            held = np.stack(gains), np.stack(changes)
        lag, utility, realized = (np.stack([found[name] for found in listed]) for name in (LAG, UTILITY, REALIZED))
        return cls(
            lag,
            utility,
            realized,
            {name: np.stack([found[name] for found in listed]) for name in TERMS},
            held,
        )


def run_all(
    scenarios: Sequence[Scenario], runs: Runs, worlds: int, workers: int = 1, progress: Progress | None = None
) -> dict[str, Found]:
    """The outcomes of all replications of some scenarios, by digest; the terms are means, (states,)."""
    distinct = {scenario.digest: scenario for scenario in scenarios}
    jobs = [(runs, scenario, worlds) for scenario in distinct.values()]
    every: dict[str, Found] = {}
    many = workers > 1 and len(jobs) * worlds >= MANY
    columns = zip(*jobs, strict=True)
    results = spread(workers, _run, *columns) if many else map(_run, *columns)
    for digest, found in zip(distinct, results, strict=True):
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
