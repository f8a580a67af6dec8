"""Chunks: the parts of an experiment, each a pure function of (spec, chunk number) that returns Parquet bytes.

A cell is a design point with a block of replications. Cells are ordered by block, then so that points whose runs fit into
one array follow each other. Then a chunk fills few arrays, and plans of the planner are found in the cache again.
"""

from __future__ import annotations

import io
import json
import shlex
import time
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import ArrayLike, DTypeLike

from juste_retour.abm.bargaining.continuation import found_for
from juste_retour.abm.base.toml import JsonObject, setting
from juste_retour.abm.outcomes import run
from juste_retour.abm.worlds.agent_choice import AGENTS
from juste_retour.abm.worlds.scenario import DEFAULT, Scenario, load, parameters, presets
from juste_retour.abm.worlds.stacked import shape
from juste_retour.agents.asking import RuleTooLong
from juste_retour.agents.rules import FAMILIES
from juste_retour.runs.base.chunked import CHUNK
from juste_retour.runs.base.provenance import code_digest, rules_between
from juste_retour.runs.base.stopping import Stopped
from juste_retour.runs.engine.design import FROM, TO, Point
from juste_retour.runs.engine.factors import Level
from juste_retour.runs.engine.spec import Spec, spec_of
from juste_retour.runs.engine.studies import RESULT, Job, jobs_of, packed
from juste_retour.runs.results.frames import frames, joined
from juste_retour.runs.results.paired import asks_price
from juste_retour.runs.results.result_tables import KEYS, Column, own_columns

POINT = Column("point", "integer", "", "number of the design point")
SOLVER_SEED = Column("solver_seed", "integer", "", "seed of the search for the stationary values in use")


class Cell(NamedTuple):
    """A design point with `worlds` replications from number `first`, which share a solver seed."""

    point: int
    first: int
    worlds: int


@dataclass(frozen=True)
class Failure:
    """Why a chunk failed: the first replication that also fails by itself, and the command that reruns it."""

    message: str
    traceback: str
    seed: int
    scenario: str
    point: int | None
    replicate: int | None
    values: Point
    command: str


@dataclass(frozen=True)
class Produced:
    """A chunk's files by table and the stationary values that it used by point, or why it failed."""

    chunk: int
    worlds: int
    seconds: float
    files: dict[str, bytes] = field(default_factory=dict)
    failure: Failure | None = None
    read: dict[str, str] = field(default_factory=dict)  # see `Spec.read`
    solutions: dict[str, JsonObject] = field(default_factory=dict)


class ChunkPlan:
    """The division of a spec into chunks."""

    def __init__(self, spec: Spec):
        self.spec = spec
        self.block = min(CHUNK, spec.each, spec.chunk)  # all replications of a cell have one solver seed
        self.blocks_each = -(-spec.each // self.block)
        self.order = sorted(spec.kept, key=lambda p: alike(spec.points[p]))
        self.cells_each = max(spec.chunk // self.block, 1)
        self.cells = spec.solver_seeds * self.blocks_each * len(self.order)
        self.chunks = -(-self.cells // self.cells_each)
        self.price = "worlds" in spec.tables and asks_price(spec.outcomes)
        self._built = lru_cache(maxsize=4096)(spec.scenario_at)

    def cells_of(self, chunk: int) -> list[Cell]:
        """The cells of a chunk."""
        if not 0 <= chunk < self.chunks:
            raise ValueError(f"there is no chunk {chunk}; they run from 0 to {self.chunks - 1}.")
        numbers = range(chunk * self.cells_each, min((chunk + 1) * self.cells_each, self.cells))
        return [self._cell(n) for n in numbers]

    def _cell(self, number: int) -> Cell:
        block, place = divmod(number, len(self.order))
        seed, within = divmod(block, self.blocks_each)
        done = within * self.block
        return Cell(self.order[place], seed * self.spec.each + done, min(self.block, self.spec.each - done))

    def scenario(self, cell: Cell) -> Scenario:
        """The scenario of a cell."""
        return self._built(cell.point, self._seed(cell) * self.spec.each)

    def _seed(self, cell: Cell) -> int:
        return cell.first // self.spec.each

    def worlds_of(self, chunk: int) -> int:
        """The number of runs in a chunk."""
        return sum(cell.worlds for cell in self.cells_of(chunk))

    @cached_property
    def jobs(self) -> Sequence[Job] | None:
        """The job of each point of a study; None if the points are simulated."""
        return jobs_of(self.spec.content) if "study" in self.spec.content else None

    @cached_property
    def design_columns(self) -> list[Column]:
        """The columns that identify points: their number and the factors."""
        return [POINT, *self.factor_columns.values(), *([SOLVER_SEED] if self.spec.solver_seeds > 1 else [])]

    @cached_property
    def factor_columns(self) -> dict[str, Column]:
        """The column of each factor, by its key. Scenarios have none, since each run holds its scenario's name."""
        return {key: _design_column(self.spec, key) for key in self.spec.varied if key != "scenario"}

    def columns(self, table: str) -> list[Column]:
        """The columns of a table: keys, those of the design, outcomes."""
        own = own_columns(table)
        taken = {c.name for c in own}
        return [*KEYS, *(c for c in self.design_columns if c.name not in taken), *own]

    def frames(self, cells: list[Cell]) -> dict[str, pd.DataFrame]:
        """Run some cells and return their tables."""
        return joined([self._together(group) for group in self._groups(cells)])

    def _groups(self, cells: list[Cell]) -> list[list[Cell]]:
        """Successive cells whose runs fit into one array."""
        groups: list[list[Cell]] = []
        last = None
        for cell in cells:
            alike = shape(self.scenario(cell))
            if groups and alike == last and sum(c.worlds for c in groups[-1]) + cell.worlds <= CHUNK:
                groups[-1].append(cell)
            else:
                groups.append([cell])
            last = alike
        return groups

    def _together(self, cells: list[Cell]) -> dict[str, pd.DataFrame]:
        spec = self.spec
        scenarios: list[Scenario] = [s for c in cells for s in [self.scenario(c)] * c.worlds]
        outcomes = run(
            scenarios[0] if len(cells) == 1 else scenarios,
            spec.seed,
            np.concatenate([np.arange(c.first, c.first + c.worlds) for c in cells]),
            spec.members,
            price=self.price,
            trace="decisions" in spec.tables,
            timeline="timeline" in spec.tables,
        )
        counts = [c.worlds for c in cells]
        design: dict[str, ArrayLike] = {"point": np.repeat([c.point for c in cells], counts)}
        if spec.solver_seeds > 1:
            seeds = [self._seed(c) if self.scenario(c).bargains_on else None for c in cells]
            design[SOLVER_SEED.name] = np.repeat(np.array(seeds, dtype=object), counts)
        for key, column in self.factor_columns.items():
            values = [_plain(spec.points[c.point].get(key), column) for c in cells]
            design[column.name] = np.repeat(np.array(values, dtype=_DTYPES[column.kind]), counts)
        return frames(outcomes, spec.tables, design)

    def files(self, chunk: int) -> dict[str, bytes]:
        """Run a chunk and return its tables as Parquet bytes, which are the same in every process."""
        if self.jobs is not None:
            (cell,) = self.cells_of(chunk)
            return {RESULT: packed(self.jobs[cell.point]())}
        found = self.frames(self.cells_of(chunk))
        return {table: self.parquet(table, frame) for table, frame in found.items()}

    def expecting(self, chunk: int) -> dict[str, Scenario]:
        """The scenarios of a chunk that use stationary values, by point, and by solver seed if there are several."""
        cells = self.cells_of(chunk) if self.jobs is None else ()
        return {self._place(c): self.scenario(c) for c in cells if self.scenario(c).bargains_on}

    def _place(self, cell: Cell) -> str:
        seed = f", {SOLVER_SEED.name} {self._seed(cell)}" if self.spec.solver_seeds > 1 else ""
        return f"{cell.point}{seed}"

    def solutions(self, chunk: int) -> dict[str, JsonObject]:
        """The stationary values that a chunk used in this process, as plain data by point."""
        found = {p: found_for(scenario, self.spec.members) for p, scenario in self.expecting(chunk).items()}
        return {point: one.plain() for point, one in found.items() if one is not None}

    def parquet(self, table: str, frame: pd.DataFrame) -> bytes:
        """A table as Parquet bytes, with types from the data dictionary, so that all chunks have the same schema."""
        columns = self.columns(table)
        arrays = [
            pa.array(frame[c.name], type=_ARROW[c.kind], from_pandas=True)
            if c.name in frame
            else pa.nulls(len(frame), _ARROW[c.kind])
            for c in columns
        ]
        fields = [pa.field(c.name, _ARROW[c.kind], metadata={"unit": c.unit, "meaning": c.meaning}) for c in columns]
        sink = io.BytesIO()
        pq.write_table(
            pa.Table.from_arrays(arrays, schema=pa.schema(fields)),
            sink,
            compression="zstd",
            store_schema=True,
        )
        return sink.getvalue()


_ARROW = {
    "string": pa.string(),
    "quarter": pa.string(),
    "integer": pa.int64(),
    "float": pa.float64(),
    "boolean": pa.bool_(),
}
_DTYPES: dict[str, DTypeLike] = {"string": object, "integer": object, "float": np.float64, "boolean": object}


def alike(point: Point) -> str:
    """A key that is equal for points whose runs may share an array: all levels that are not floats."""
    return json.dumps({k: v for k, v in point.items() if not isinstance(v, float)}, sort_keys=True, default=str)


def _design_column(spec: Spec, key: str) -> Column:
    name = key.replace(".", "_")
    if key == "label":
        return Column(name, "string", "", "name of the design point")
    levels = [point.get(key) for point in spec.points]
    known = parameters().get(key)
    about = f"factor: {known[1].about}" if known else f"factor: {key}"
    if spec.switching and key in [unit[0] for unit in spec.switching.units]:
        about = f"switch: {key} as in the first or the second scenario ('{FROM}' or '{TO}')"
    elif key.partition(".")[0] == AGENTS:
        about = "factor: the user's agents, " + (key.partition(".")[2] or "by class")
    elif key in FAMILIES:
        about = f"factor: rule that decides {FAMILIES[key].decides}"
    unit = known[1].unit if known else ""
    kinds = {type(value) for value in levels if value is not None}
    if kinds == {bool}:
        return Column(name, "boolean", unit, about)
    if kinds == {int}:
        return Column(name, "integer", unit, about)
    return Column(name, "float" if kinds and kinds <= {int, float} else "string", unit, about)


def _plain(value: Level, column: Column) -> Level:
    if value is None:
        return np.nan if column.kind == "float" else None
    if column.kind != "string":
        return value
    return setting(value)


@lru_cache(maxsize=2)
def plan_of(content: str) -> ChunkPlan:
    """The plan of a spec, given its content as JSON; cached, since a worker runs many chunks of one spec."""
    return ChunkPlan(spec_of(json.loads(content)))


@dataclass(frozen=True)
class MadeOf:
    """What must be equal in two processes for a spec's chunks to be the same: code, NumPy, and the spec with its files.

    `rules` maps modules of rules to hashes. The spec's digest covers them too; here they serve to name what differs.
    """

    code: str
    numpy: str
    spec: str
    rules: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def here(cls, spec: Spec) -> MadeOf:
        """The values of this process."""
        return cls(code_digest(*spec.study), np.__version__, spec.digest, spec.rules)

    def unlike(self, other: MadeOf) -> str:
        """A phrase that says what differs in another process; empty if nothing does."""
        kinds = (("code", "the code"), ("numpy", "NumPy"), ("spec", "a file that the spec names"))
        modules = rules_between(self.rules, other.rules)
        return "; ".join(
            modules or [f"{said} has changed" for key, said in kinds if getattr(self, key) != getattr(other, key)]
        )


def produce(content: str, chunk: int) -> Produced:
    """Run one chunk of a spec, given its content as JSON; errors are returned as a `Failure`, not raised."""
    begun = time.perf_counter()
    try:
        plan = plan_of(content)
        worlds = plan.worlds_of(chunk)
    except Stopped:
        raise
    except BaseException as error:  # a rule may raise anything
        return Produced(chunk, 0, 0.0, {}, _blank(error))
    try:
        files = plan.files(chunk)
    except Stopped:
        raise
    except BaseException as error:
        return Produced(chunk, worlds, time.perf_counter() - begun, {}, _failure(plan, chunk, error))
    seconds = time.perf_counter() - begun
    return Produced(chunk, worlds, seconds, files, None, plan.spec.read(), plan.solutions(chunk))


def _blank(error: BaseException) -> Failure:
    return Failure(_said(error), traceback.format_exc(), -1, "", None, None, {}, "")


def _said(error: BaseException) -> str:
    if isinstance(error, MemoryError):
        return "there was not enough memory; set a smaller `chunk` in the spec, or use fewer workers."
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _failure(plan: ChunkPlan, chunk: int, error: BaseException) -> Failure:
    """Find the first replication that fails by itself, by bisection."""
    trace = traceback.format_exc()
    cells = plan.cells_of(chunk)
    alone_too = plan.jobs is None and not isinstance(error, MemoryError | RuleTooLong)
    culprit = _culprit(plan, cells) if alone_too else None
    spec = plan.spec
    if culprit is None:
        return Failure(_said(error), trace, spec.seed, spec.scenario.name, None, None, {}, "")
    cell, alone = culprit
    return Failure(
        _said(alone),
        "".join(traceback.format_exception(alone)),
        spec.seed,
        spec.scenario_at(cell.point).name,
        cell.point,
        cell.first,
        {k: v if isinstance(v, int | float | bool) else setting(v) for k, v in spec.points[cell.point].items()},
        replay(spec, cell.point, cell.first),
    )


def _culprit(plan: ChunkPlan, cells: list[Cell]) -> tuple[Cell, BaseException] | None:
    for cell in cells:
        error = _fails(plan, cell)
        if error is None:
            continue
        while cell.worlds > 1:
            half = cell.worlds // 2
            lower = Cell(cell.point, cell.first, half)
            found = _fails(plan, lower)
            if found is not None:
                cell, error = lower, found
                continue
            upper = Cell(cell.point, cell.first + half, cell.worlds - half)
            found = _fails(plan, upper)
            if found is None:
                return None
            cell, error = upper, found
        return cell, error
    return None


def _fails(plan: ChunkPlan, cell: Cell) -> BaseException | None:
    try:
        plan.frames([cell])
    except Stopped:
        raise
    except BaseException as error:
        return error
    return None


def replay(spec: Spec, point: int, replicate: int) -> str:
    """The command that reruns one replication of a point."""
    there = spec.scenario_at(point, replicate)
    start = load(there.name if there.name in presets() else DEFAULT)
    words = ["juste-retour", "run", start.name, "--seed", str(spec.seed), "--replicate", str(replicate)]
    base = start.plain()
    for key, value in there.plain().items():
        if key != "name" and base.get(key) != value:
            words += ["--set", f"{key}={setting(value)}"]
    if spec.content["members"]:
        words += ["--members", str(spec.content["members"])]
    for file in spec.content["rules"]:
        words += ["--rules", str(file)]
    return shlex.join(words)
