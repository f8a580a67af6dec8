"""Choice among institutions: which of several would replace which, and which are stable under their own rule.

A state prefers the institutions under which it expects more. Institutions are self-stable if no other ones in the list
are adopted under their own voting rule.

Source: Barberà and Jackson (2004), who study voting rules that would not vote themselves out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from juste_retour.abm.bargaining.stationary_values import NotConverged
from juste_retour.abm.base.members import Members, union_of
from juste_retour.abm.worlds.scenario import Content, Scenario
from juste_retour.agents.arrays import Booleans, Floats, Integers
from juste_retour.agents.errors import BadInput
from juste_retour.agents.rules import family
from juste_retour.runs.analysis.consent import UNCHANGED, Adoption, Poll, cycle_of
from juste_retour.runs.analysis.packages import run_all
from juste_retour.runs.analysis.reforms import WORLDS
from juste_retour.runs.base.chunked import Progress, reporter
from juste_retour.runs.base.resampling import resampled_means
from juste_retour.runs.results.ensemble import checked_integer
from juste_retour.runs.results.paired import LAG, Found, Runs, named
from juste_retour.runs.results.utilities import UTILITY

RESAMPLES = 1000


@dataclass(frozen=True, eq=False)
class Chosen:
    """Which of several institutions would replace which; rows are the institutions in force, columns those proposed.

    Attributes:
        rules: the voting rule by which each may be replaced.
        utility_eur_bn: the sum of the states' expected utilities under each, with its standard error.
        years_behind: the mean lag under each.
        prefer: (institutions, institutions) number of states that expect more under the column.
        population: the share of the population that lives in them.
        undecided: the number of states whose difference is within two standard errors of zero.
        replaces: whether the column would replace the row under the row's rule.
        adopting: the share of bootstrap resamples of the replications in which it would.
        staying: the share of resamples in which no column would replace the row.
        leading: the share of resamples in which the row's sum of utilities is the highest.
        left_out: institutions without a result, with the reason.
    """

    scenarios: list[str]
    worlds: int
    seed: int
    by: str | None
    rules: list[str]
    utility_eur_bn: list[float]
    error_eur_bn: list[float]
    years_behind: list[float]
    prefer: Integers
    population: Floats
    undecided: Integers
    replaces: Booleans
    adopting: Floats
    staying: Floats
    leading: Floats
    left_out: dict[str, str]

    @property
    def self_stable(self) -> list[str]:
        """The institutions that no other ones would replace."""
        return [name for name, row in zip(self.scenarios, self.replaces, strict=True) if not row.any()]

    @property
    def cycle(self) -> list[str]:
        """The shortest cycle of institutions of which each would be replaced by the next; empty if there is none."""
        return [self.scenarios[k] for k in cycle_of(self.replaces)]

    @property
    def table(self) -> pd.DataFrame:
        """The matrix `replaces` with names."""
        return pd.DataFrame(self.replaces, index=self.scenarios, columns=self.scenarios)

    def __repr__(self) -> str:
        """The self-stable institutions, and the sum of utilities under each."""
        lines = [f"{len(self.scenarios)} institutions, {self.worlds} replications, seed {self.seed}"]
        lines += [f"  {n}: EUR {u:.4g} bn" for n, u in zip(self.scenarios, self.utility_eur_bn, strict=True)]
        return "\n".join([*lines, f"  self-stable: {', '.join(self.self_stable) or 'none'}"])


def choose(
    *scenarios: str | Path | Content | Scenario,
    worlds: int = WORLDS,
    seed: int = 0,
    by: str | None = None,
    vary: str | None = None,
    changes: Content | None = None,
    members: Members | Path | str | None = None,
    progress: Progress | bool | None = None,
) -> Chosen:
    """Let the states choose among institutions on the same random draws.

    Args:
        scenarios: the institutions: names of presets, paths, contents or `Scenario` objects.
        worlds: replications of each.
        seed: integer of at least 0.
        by: one voting rule by which all may be replaced; by default each has its own.
        vary: "voting=all" or "voting=RULE,RULE" replaces the only scenario by a copy with each rule of a family.
        changes: keys and values to change in all scenarios.
        members: a union, or a folder of its tables.
        progress: called with scenarios done and to do; True prints them every 15 seconds.

    Raises:
        BadInput: fewer than two institutions, other unions, or an argument that cannot be used.

    Example:
        `choose("eu-status-quo", "federal-europe", worlds=50).self_stable` lists the institutions that would stay.
    """
    progress = reporter(progress, "scenarios")
    worlds, seed = checked_integer(worlds, "worlds", 2), checked_integer(seed, "seed", 0)
    given, names = named(scenarios, changes)
    left_out: dict[str, str] = {}
    if vary is not None:
        given, names, left_out = _varied(given, vary)
    if len(given) < 2:
        raise BadInput("choose needs two institutions or more; name another scenario, or add --vary voting=all.")
    for scenario in given:
        if scenario.members != given[0].members:
            raise BadInput(
                f"{scenario.name} has the members {scenario.members} and {given[0].name} has {given[0].members}; states of "
                "different unions cannot choose together, so name scenarios of one union."
            )
    union = union_of(members, given[0].members)
    Adoption(given[0], union, by)  # refuses an unknown rule before anything runs
    runs = Runs(seed, union, [LAG], utilities=True)
    every: list[Found] = []
    for k, (name, scenario) in enumerate(zip(names, given, strict=True), 1):
        try:
            every += run_all([scenario], runs, worlds).values()
        except NotConverged as error:
            left_out[name] = str(error)
        if progress is not None:
            progress(k, len(given))
    kept = [k for k, name in enumerate(names) if name not in left_out]
    names, given = [names[k] for k in kept], [given[k] for k in kept]
    if len(given) < 2:
        reasons = "; ".join(dict.fromkeys(reason.rstrip(".") for reason in left_out.values()))
        raise BadInput(f"fewer than two institutions have a result: {reasons}.")
    return _chosen(names, given, every, union, by, worlds, seed, left_out)


def _chosen(
    names: list[str],
    given: list[Scenario],
    every: list[Found],
    union: Members,
    by: str | None,
    worlds: int,
    seed: int,
    left_out: dict[str, str],
) -> Chosen:
    """The choice, given what `run_all` found for each institution."""
    votes = [Adoption(s, union, by or s.rules["voting"]) for s in given]
    utility = np.stack([one[UTILITY] for one in every])  # (institutions, worlds, states)
    count = len(given)
    prefer, population, undecided = (
        np.zeros((count, count), int),
        np.zeros((count, count)),
        np.zeros((count, count), int),
    )
    replaces, people = np.zeros((count, count), bool), union.states.population
    flat = np.moveaxis(utility, 1, 2).reshape(-1, worlds)
    drawn = np.moveaxis(resampled_means(flat, seed, RESAMPLES).reshape(count, people.size, -1), 1, 2)
    adopted = np.zeros((count, count, RESAMPLES), bool)
    for i, vote in enumerate(votes):
        vote.contributions = -every[i]["payment"]
        poll = Poll.of(utility - utility[i])
        prefer[i], undecided[i] = poll.yes.sum(-1), poll.undecided.sum(-1)
        population[i] = (poll.yes * people).sum(-1) / people.sum()
        replaces[i] = vote.passes(poll.yes, vote.rules([]))
        adopted[i] = vote.passes(drawn - drawn[i] > UNCHANGED, vote.rules([]))
    replaces &= ~np.eye(count, dtype=bool)
    adopted &= ~np.eye(count, dtype=bool)[..., None]
    sums, resampled = utility.sum(-1), drawn.sum(-1)
    return Chosen(
        names,
        worlds,
        seed,
        by,
        [by or s.rules["voting"].rule for s in given],
        sums.mean(1).tolist(),
        (sums.std(1, ddof=1) / np.sqrt(worlds)).tolist(),
        [float(one[LAG].mean()) for one in every],
        prefer,
        population,
        undecided,
        replaces,
        adopted.mean(-1),
        (~adopted.any(1)).mean(-1),
        (resampled >= resampled.max(0) - UNCHANGED).mean(-1),
        left_out,
    )


def _varied(given: Sequence[Scenario], vary: str) -> tuple[list[Scenario], list[str], dict[str, str]]:
    """Copies of a scenario with each of some rules of a family, their names, and the rules that it refuses."""
    name, _, listed = vary.partition("=")
    rules = family(name).rules
    if len(given) != 1 or not listed:
        raise BadInput(f"--vary is {vary!r}; name one scenario, and write it as in --vary voting=all.")
    wanted = list(rules) if listed == "all" else [word.strip() for word in listed.split(",") if word.strip()]
    made: dict[str, Scenario] = {}
    refused: dict[str, str] = {}
    for rule in wanted:
        try:
            made[rule] = given[0].changed({name: rule}, rule)
        except BadInput as error:
            if listed != "all":
                raise
            refused[rule] = str(error)
    return list(made.values()), list(made), refused
