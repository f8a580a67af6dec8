"""Several scenarios on the same luck: outcomes side by side, world by world."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from juste_retour.abm.calendar import year
from juste_retour.abm.members import Members, load_members
from juste_retour.abm.scenario import Scenario, load
from juste_retour.agents.arrays import Reals
from juste_retour.agents.errors import BadInput, near
from juste_retour.runs.chunked import Progress, chunks, run_worlds
from juste_retour.runs.tables import PRICES, TABLES

OUTCOMES = {c.name: c for c in TABLES["worlds"] if c.kind in ("whole", "real", "quarter")}
WORSE_WHEN_HIGH = {
    "years_behind",
    "capability_lag_years",
    *PRICES,
    "exited_labs",
    "first_operation",
}


def outcome(name: str, place: str = "outcome") -> str:
    """Return the name of an outcome that stands at a place, or raise `BadInput` with the near matches."""
    if name not in OUTCOMES:
        raise BadInput(f"{place}: {name!r} is not an outcome; {near(name, OUTCOMES)}")
    return name


def asks_price(outcomes: Iterable[str]) -> bool:
    """Whether a price of politics is among some outcomes."""
    return any(name in PRICES for name in outcomes)


def measure(found: Mapping[str, Any], name: str) -> Reals:
    """One outcome of some worlds as real numbers, infinite where a lag is missing or nothing ever works."""
    values = np.asarray(found[name], dtype=np.float64)
    if OUTCOMES[name].kind == "quarter":
        return np.where(values < 0, np.inf, year(values))
    return np.where(np.isnan(values), np.inf, values)


class Paired:
    """Outcomes of several scenarios on the same worlds; `extend` runs more of them.

    `values[outcome]` is (scenarios, worlds). A scenario that says the same as an earlier one is not run again.
    """

    def __init__(self, scenarios: Sequence[Scenario], seed: int, members: Members, outcomes: Iterable[str]):
        self.scenarios, self.seed, self.members = list(scenarios), seed, members
        self.outcomes = [outcome(name) for name in outcomes]
        self.worlds = 0
        self._parts: dict[str, list[Reals]] = {name: [] for name in self.outcomes}

    def extend(self, worlds: int, progress: Progress | None = None) -> None:
        """Run until there are that many worlds of each scenario."""
        begun, price = self.worlds, asks_price(self.outcomes)
        for part in chunks(worlds - begun):
            count = part.stop - part.start
            replicates = np.arange(self.worlds, self.worlds + count)
            seen: dict[str, dict[str, Reals]] = {}
            for done, scenario in enumerate(self.scenarios, 1):
                if scenario.digest not in seen:
                    result = run_worlds(scenario, self.seed, replicates, self.members, price=price)
                    seen[scenario.digest] = {name: measure(result.worlds, name) for name in self.outcomes}
                if progress is not None:
                    every = len(self.scenarios)
                    progress((self.worlds - begun) * every + count * done, (worlds - begun) * every)
            for name in self.outcomes:
                self._parts[name].append(np.stack([seen[s.digest][name] for s in self.scenarios]))
            self.worlds += count

    @property
    def values(self) -> dict[str, Reals]:
        """Each outcome, (scenarios, worlds)."""
        return {name: np.concatenate(parts, axis=1) for name, parts in self._parts.items()}


def named(
    given: Sequence[str | Path | Mapping[str, Any] | Scenario], changes: Mapping[str, Any] | None = None
) -> tuple[list[Scenario], list[str]]:
    """Load scenarios, change all in the same way, and give each a name of its own."""
    scenarios = [load(what) for what in given]
    if changes:
        scenarios = [s.changed(changes) for s in scenarios]
    names: list[str] = []
    for scenario in scenarios:
        name, number = scenario.name, 2
        while name in names:
            name, number = f"{scenario.name} ({number})", number + 1
        names.append(name)
    return scenarios, names


def union_of(members: Members | Path | str | None) -> Members:
    """A union, or the one in a folder; the European Union where none is named."""
    return members if isinstance(members, Members) else load_members(members)
