"""Run several scenarios with common random numbers and return their outcomes replication by replication."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from juste_retour.abm.base.calendar import year
from juste_retour.abm.base.members import Members, load_members
from juste_retour.abm.base.toml import with_changes
from juste_retour.abm.user_outcomes import USER_OUTCOMES
from juste_retour.abm.worlds.scenario import Content, Scenario, load
from juste_retour.agents.arrays import Floats, Integers
from juste_retour.agents.errors import BadInput, near
from juste_retour.runs.base.chunked import Progress, chunks, run_worlds
from juste_retour.runs.results.parameter_draws import ParameterDraws
from juste_retour.runs.results.result_tables import PRICES, Column, own_columns
from juste_retour.runs.results.utilities import utilities
from juste_retour.runs.results.windows import Window, read_over

Found = dict[str, Floats]  # outcomes by name, (worlds,) each
WORSE_WHEN_HIGH = {
    "years_behind",
    "years_behind_at_end",
    "least_years_behind",
    "quarters_without_run",
    "capability_lag_years",
    "whole_machine_years_behind",
    "all_machines_years_behind",
    "program_years_behind",
    "quarters_without_program",
    *PRICES,
    "exited_labs",
    "first_operation",
}


# one value per scenario, so replications cannot be compared
NOT_OF_WORLDS = {"equilibrium", "expectation_error"}


def outcomes() -> dict[str, Column]:
    """The columns of the table `worlds` that are numbers or quarters, by name; they include the user's own outcomes."""
    kinds = ("integer", "float", "quarter")
    return {c.name: c for c in own_columns("worlds") if c.kind in kinds and c.name not in NOT_OF_WORLDS}


def is_worse_when_high(name: str) -> bool:
    """Whether a higher value of an outcome is worse."""
    own = USER_OUTCOMES.get(name)
    return name in WORSE_WHEN_HIGH if own is None else own.worse_when_high


COMMITTED, UNSPENT = "committed_eur_bn", "unspent_eur_bn"
LAG, GAIN = "years_behind", "program_gain_years"
STANDING = "lag of standing machines"  # 1 if years_behind is only the lag of machines that existed before, else 0


def outcome(name: str, place: str = "outcome") -> str:
    """Return the name of an outcome, or raise `BadInput` with the near matches; `place` is where it was given."""
    if name not in outcomes():
        raise BadInput(f"{place}: {name!r} is not an outcome; {near(name, outcomes())}")
    return name


def asks_price(outcomes: Iterable[str]) -> bool:
    """Whether a price of politics is among some outcomes."""
    return any(name in PRICES for name in outcomes)


def measure(found: Mapping[str, ArrayLike], name: str) -> Floats:
    """One outcome as floats, (worlds,); infinite if it is missing, and quarters as years."""
    values = np.asarray(found[name], dtype=np.float64)
    if outcomes()[name].kind == "quarter":
        return np.where(values < 0, np.inf, year(values))
    return np.where(np.isnan(values), np.inf, values)


def over(name: str, window: Window) -> str:
    """The key of an outcome over a window that is not its scenario's."""
    return f"{name} over {window.years:g} years"


class Runs:
    """Runs replications of scenarios and returns their outcomes, which always include the committed sum.

    Args:
        seed: seed of the replications.
        members: a union, or a folder of its tables; each scenario's own by default.
        outcomes: columns of the table `worlds`.
        windows: further windows for the first outcome.
        draws: of parameters; replication k runs with draw k, or with draw k // `draws.each`.
        utilities: whether outcomes also hold the states' utilities, (worlds, states) each; see `utilities.utilities`.
    """

    def __init__(
        self,
        seed: int,
        members: Members | Path | str | None,
        outcomes: Iterable[str],
        windows: Sequence[Window] = (),
        draws: ParameterDraws | None = None,
        utilities: bool = False,
    ):
        self.draws, self.utilities = draws, utilities
        self.seed, self.windows = seed, tuple(windows)
        self.members = load_members(members) if isinstance(members, Path | str) else members
        self.outcomes = [outcome(name) for name in outcomes]
        self.measured = list(dict.fromkeys([*self.outcomes, COMMITTED, *([GAIN] if LAG in self.outcomes else [])]))

    def of(self, scenario: Scenario, first: int, count: int) -> Found:
        """Outcomes of `count` replications from number `first`, (count,) each."""
        replicates = np.arange(first, first + count)
        worlds = self.at(scenario, replicates)
        found = self._measured(worlds, replicates, self.measured, price=asks_price(self.outcomes))
        if LAG in found:
            found[STANDING] = ((found[GAIN] == 0) & np.isfinite(found[LAG])).astype(np.float64)
        return found

    def at(self, scenario: Scenario, replicates: Integers) -> Scenario | list[Scenario]:
        """The scenario of some replications; a list with one scenario each if parameters are drawn."""
        return scenario if self.draws is None else self.draws.at(scenario, map(int, replicates))

    def at_most(self, scenario: Scenario, first: int, found: Found, most: Floats) -> Found:
        """Outcomes of the same replications with at most `most` EUR bn committed, (worlds,) each; prices are omitted.

        Replications that committed no more are returned as they are. The others are rerun with `most` as their envelope;
        their unspent money is still the scenario's own envelope less the committed sum.
        """
        held = {name: values.copy() for name, values in found.items() if name not in (*PRICES, STANDING)}
        above = np.flatnonzero(found[COMMITTED] > most)
        if len(above):
            names = [name for name in self.measured if name in held]
            # runs in one array share one schedule, but schedules that are scaled differ in the last bit
            size = 1 if scenario.schedule else len(above)
            for part in chunks(len(above), size=size):
                rows = above[part]
                drawn = self.at(scenario, first + rows)
                listed = drawn if isinstance(drawn, list) else [drawn] * len(rows)
                smaller = [with_envelope(s, float(eur_bn)) for s, eur_bn in zip(listed, most[rows], strict=True)]
                again = self._measured(smaller, first + rows, names, price=False)
                for name in held.keys() & again.keys():
                    held[name][rows] = again[name]
            if UNSPENT in held:
                drawn = self.at(scenario, first + above)
                listed = drawn if isinstance(drawn, list) else [drawn] * len(above)
                held[UNSPENT][above] = np.array([s.envelope_eur_bn for s in listed]) - held[COMMITTED][above]
        return held

    def _measured(
        self, scenarios: Scenario | list[Scenario], replicates: Integers, names: Sequence[str], price: bool
    ) -> Found:
        timeline = bool(self.windows) or (self.utilities and self.draws is None)
        result = run_worlds(scenarios, self.seed, replicates, self.members, timeline=timeline, price=price)
        found = {name: measure(result.worlds, name) for name in names}
        if self.utilities:
            found |= utilities(result)
        for window in self.windows:
            name = self.outcomes[0]
            values = read_over(window, result, name)
            found[over(name, window)] = np.where(np.isnan(values), np.inf, values)
        first = scenarios if isinstance(scenarios, Scenario) else scenarios[0]
        if not first.trains:
            found |= {name: np.full(len(found[name]), np.nan) for name in found.keys() & {LAG, GAIN}}
        return found


def with_envelope(scenario: Scenario, eur_bn: float) -> Scenario:
    """The scenario with another envelope in EUR bn; a schedule of orders is scaled pro rata."""
    part = eur_bn / scenario.envelope_eur_bn if eur_bn > 0 else 0.0
    scaled = " ".join(f"{when}:{part * amount!r}" for when, amount in scenario.payments if part > 0)
    return scenario.changed({"envelope_eur_bn": eur_bn, "schedule": scaled})


def at_equal_spending(
    runs: Runs, ends: tuple[Scenario, Scenario], first: int, found: tuple[Found, Found]
) -> tuple[Found, Found]:
    """Outcomes of two scenarios if both commit at most the smaller of their two sums, replication by replication."""
    target = np.minimum(found[0][COMMITTED], found[1][COMMITTED])
    one, other = (runs.at_most(s, first, f, target) for s, f in zip(ends, found, strict=True))
    return one, other


class Paired:
    """Outcomes of several scenarios on the same random draws; `extend` adds replications.

    `values[outcome]` is (scenarios, worlds). `equal(0, j)` are the outcomes of the first and another scenario at equal
    spending. Identical scenarios are run once.
    """

    def __init__(
        self,
        scenarios: Sequence[Scenario],
        seed: int,
        members: Members | Path | str | None,
        outcomes: Iterable[str],
        equal_spending: bool = False,
        draws: ParameterDraws | None = None,
    ):
        self.scenarios, self.worlds = list(scenarios), 0
        self.runs = Runs(seed, members, outcomes, draws=draws)
        wanted = pairs(len(self.scenarios)) if equal_spending else []
        kept = [*self.runs.measured, *([STANDING] if LAG in self.runs.measured else [])]
        self._parts: dict[str, list[Floats]] = {name: [] for name in kept}
        self._equal: dict[tuple[int, int], list[tuple[Found, Found]]] = {pair: [] for pair in wanted}

    def extend(self, worlds: int, progress: Progress | None = None) -> None:
        """Run until each scenario has `worlds` replications."""
        begun = self.worlds
        for part in chunks(worlds - begun):
            count = part.stop - part.start
            seen: dict[str, Found] = {}
            for done, scenario in enumerate(self.scenarios, 1):
                if scenario.digest not in seen:
                    seen[scenario.digest] = self.runs.of(scenario, self.worlds, count)
                if progress is not None:
                    every = len(self.scenarios)
                    progress((self.worlds - begun) * every + count * done, (worlds - begun) * every)
            found = [seen[s.digest] for s in self.scenarios]
            for name, parts in self._parts.items():
                parts.append(np.stack([f[name] for f in found]))
            for (i, j), pairs in self._equal.items():
                ends = self.scenarios[i], self.scenarios[j]
                pairs.append(at_equal_spending(self.runs, ends, self.worlds, (found[i], found[j])))
            self.worlds += count

    @property
    def values(self) -> dict[str, Floats]:
        """Outcomes by name, (scenarios, worlds) each."""
        return {name: np.concatenate(parts, axis=1) for name, parts in self._parts.items()}

    def equal(self, i: int, j: int) -> tuple[Found, Found]:
        """Outcomes of scenarios i < j at equal spending, without prices, (worlds,) each."""
        pairs = self._equal[i, j]
        one, other = ({name: np.concatenate([pair[k][name] for pair in pairs]) for name in pairs[0][k]} for k in (0, 1))
        return one, other


def pairs(count: int) -> list[tuple[int, int]]:
    """The pairs of scenarios that are contrasted: the first with each other one."""
    return [(0, j) for j in range(1, count)]


def named(
    given: Sequence[str | Path | Content | Scenario],
    changes: Content | None = None,
    changes_b: Content | None = None,
) -> tuple[list[Scenario], list[str]]:
    """Load scenarios, apply `changes` to all and `changes_b` to the second, and return them with unique names."""
    scenarios = [load(what) for what in given]
    if changes:
        scenarios = [s.changed(changes) for s in scenarios]
    if changes_b:
        scenarios[1] = scenarios[1].changed(changes_b, with_changes(scenarios[1].name, changes_b))
    names: list[str] = []
    for scenario in scenarios:
        name, number = scenario.name, 2
        while name in names:
            name, number = f"{scenario.name} ({number})", number + 1
        names.append(name)
    return scenarios, names
