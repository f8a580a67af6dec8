"""Ensembles: run replications of a scenario, chunk by chunk, and return their tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from juste_retour.abm.base.members import Members, union_of
from juste_retour.abm.worlds.scenario import Content, Scenario, load
from juste_retour.agents.errors import BadInput, near
from juste_retour.runs.base.chunked import CHUNK, Progress, chunks, reporter, run_worlds
from juste_retour.runs.base.numerals import brief, within
from juste_retour.runs.base.provenance import provenance
from juste_retour.runs.base.statistics import summary, without_a_run
from juste_retour.runs.results import result_tables as shape
from juste_retour.runs.results.frames import frames, joined

if TYPE_CHECKING:
    from juste_retour.abm.schedule.cast import Agents
    from juste_retour.runs.results.plots import Plots

_LARGEST = 2**63 - 1
BRIEFLY = (
    "sites",
    "hosts",
    "committed_eur_bn",
    "spend_eur_bn",
    "unspent_eur_bn",
    "aggregate_accelerators",
    "years_behind",
    "years_behind_at_end",
    "price_of_politics",
)


def checked_integer(value: object, name: str, low: int, high: int = _LARGEST) -> int:
    """Return an integer from `low` to `high`, or raise `BadInput`; `name` is what the error calls the value."""
    if isinstance(value, int | np.integer) and not isinstance(value, bool) and low <= value <= high:
        return int(value)
    bounds = f"from {low} to {high}" if isinstance(value, int) and value > high else f"of at least {low}"
    raise BadInput(f"{name} is {value!r}; give an integer {bounds}.")


class Result:
    """The tables of a scenario's replications, as pandas data frames, with their provenance.

    The tables are attributes: `worlds`, `states`, `facilities`, `votes`, `timeline` and `decisions`, as far as they were
    requested; `plot` draws figures of them. A missing lag means that no machine works in a replication; take medians with
    `juste_retour.runs.base.statistics`, which counts it as worse than any number.
    """

    def __init__(
        self,
        scenario: Scenario,
        seed: int,
        first: int,
        members: Members,
        tables: Mapping[str, pd.DataFrame],
        count: int,
    ):
        self.scenario, self.seed, self.first, self.members = scenario, seed, first, members
        self.tables = dict(tables)
        self.count = count

    def __getattr__(self, name: str) -> pd.DataFrame:
        """A table, by its name."""
        if name not in shape.TABLES:
            raise AttributeError(f"a result has no attribute {name!r}")
        if name not in self.tables:
            raise BadInput(f"the result does not hold the table {name!r}; ask for it with tables=({name!r},).")
        return self.tables[name]

    if TYPE_CHECKING:
        worlds: pd.DataFrame
        states: pd.DataFrame
        facilities: pd.DataFrame
        votes: pd.DataFrame
        timeline: pd.DataFrame
        decisions: pd.DataFrame

    @cached_property
    def provenance(self) -> dict[str, object]:
        """Versions, commit, processor, scenario, members and rules with which the tables were computed."""
        return provenance(self.scenario, self.members, seed=self.seed, first=self.first, worlds=self.count)

    @cached_property
    def plot(self) -> Plots:
        """Figures: `plot.sites()`, `facilities()`, `years_behind()`, `price_of_politics()` and `timeline()`."""
        from juste_retour.runs.results.plots import Plots

        return Plots(self)

    def write(self, out: Path | str, formats: Iterable[str] = ("parquet",)) -> list[Path]:
        """Write the tables and `provenance.json` to a folder, as parquet, csv or dta; return the files."""
        from juste_retour.runs.results.export import write

        return write(self.tables, out, formats, self.provenance)

    def __getitem__(self, name: str) -> pd.DataFrame:
        """A table by name, as `result["worlds"]`."""
        if name not in shape.TABLES:
            raise BadInput(f"there is no table {name!r}; {near(name, shape.TABLES)}")
        return self.__getattr__(name)

    def _ipython_key_completions_(self) -> list[str]:
        return list(self.tables)

    def __dir__(self) -> list[str]:
        """The attributes, including the tables, for completion in notebooks."""
        return sorted({*super().__dir__(), *self.tables})

    def _repr_html_(self) -> str:
        """What notebooks show: the text of `repr`, and the first rows of the table `worlds`."""
        said = f"<pre>{escape(repr(self))}</pre>"
        if "worlds" not in self.tables:
            return said
        columns = ["seed", "replicate", *(name for name in BRIEFLY if name in self.worlds)]
        return said + self.worlds[columns].head().to_html(index=False, border=0)

    def __repr__(self) -> str:
        """Scenario, seed and replications, the main outcomes, and the tables."""
        span = (
            f"replication {self.first}"
            if self.count == 1
            else f"replications {self.first} to {self.first + self.count - 1}"
        )
        lines = [f"{self.scenario.name}, seed {self.seed}, {span}"]
        if "worlds" in self.tables:
            for name in BRIEFLY:
                if name in self.worlds:
                    s = summary(self.worlds[name])
                    lines.append(f"  {name}: {brief(s['median']) if self.count == 1 else within(s, brief)}")
            idle = without_a_run(self.worlds["years_behind"])
            if idle:
                lines.append(f"  replications in which no machine works: {idle}")
        rows = ", ".join(f"{name} {len(table):,} rows" for name, table in self.tables.items())
        return "\n".join([*lines, f"  tables: {rows}"])


def simulate(
    scenario: str | Path | Content | Scenario = "eu-status-quo",
    worlds: int = 1,
    seed: int = 0,
    first: int = 0,
    tables: Iterable[str] = shape.DEFAULT,
    chunk: int = CHUNK,
    members: Members | Path | str | None = None,
    progress: Progress | bool | None = None,
    agents: Agents = None,
) -> Result:
    """Run replications of a scenario and return their tables.

    Args:
        scenario: name of a preset, path of a TOML file, a dictionary with the content of such a file, or a `Scenario`.
        worlds: number of replications.
        seed: integer of at least 0; the same seed gives the same results.
        first: number of the first replication. Replication k does not depend on `first`, `worlds` or `chunk`.
        tables: which of worlds, states, facilities, votes, timeline and decisions to return.
        chunk: replications run at once, which limits the memory that is needed besides the tables.
        members: a union, or a folder of its tables; the scenario's union by default.
        progress: called after each chunk with replications done and all replications; True prints them every 15 seconds.
        agents: the user's own Mesa agents, as in `juste_retour.abm.model.AllocationModel`; slower.

    Raises:
        BadInput: an argument that cannot be used.

    Example:
        `simulate("eu-status-quo", worlds=200).worlds.sites.median()` is the median number of sites.
    """
    wanted = shape.chosen((tables,) if isinstance(tables, str) else tables)
    worlds, seed, first = checked(worlds, seed, first)
    chunk = checked_integer(chunk, "chunk", 1)
    chosen = load(scenario)
    union = union_of(members, chosen.members)
    parts = []
    for part in chunks(worlds, reporter(progress, "replications"), chunk):
        outcomes = run_worlds(
            chosen,
            seed,
            np.arange(first + part.start, first + part.stop),
            union,
            price="worlds" in wanted,
            trace="decisions" in wanted,
            timeline="timeline" in wanted,
            agents=agents,
        )
        parts.append(frames(outcomes, wanted))
    return Result(chosen, seed, first, union, joined(parts), worlds)


def checked(worlds: object, seed: object, first: object) -> tuple[int, int, int]:
    """Return number of replications, seed and first replication as integers; `BadInput` if one of them is invalid."""
    worlds = checked_integer(worlds, "worlds", 1)
    return worlds, checked_integer(seed, "seed", 0), checked_integer(first, "replicate", 0, _LARGEST - worlds)
