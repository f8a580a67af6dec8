"""Read the results of an experiment from its folder."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import cached_property
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from juste_retour.abm.bargaining.sampled import TOLERANCE, FixedPoint
from juste_retour.agents.arrays import Floats, Integers
from juste_retour.agents.errors import BadInput
from juste_retour.runs.base.statistics import clustered_means
from juste_retour.runs.engine.chunks import SOLVER_SEED, ChunkPlan
from juste_retour.runs.engine.manifest import mixture
from juste_retour.runs.engine.spec import Spec, spec_of
from juste_retour.runs.engine.store import REMEDY, Store
from juste_retour.runs.engine.studies import RESULT, unpacked
from juste_retour.runs.results.paired import asks_price, measure, outcome, outcomes
from juste_retour.runs.results.result_tables import Column

FEW = 10  # maximum number of points that a warning names


class Results:
    """The tables of an experiment, read from its folder.

    `results["worlds"]` is a data frame with one row per run, and the factors as columns; `tables` lists the tables.

    Args:
        out: the folder that `batch` wrote.

    Raises:
        BadInput: the folder holds no experiment, no finished chunk, or files that were changed.

    Example:
        `Results("results")["worlds"].groupby("voting").sites.mean()` is the mean number of sites under each rule.
    """

    def __init__(self, out: Path | str):
        self.store = Store(out)
        self.out = self.store.out
        self.manifest = self.store.manifest()
        if not self.store.done():
            raise BadInput(f"{out} holds no finished chunk; run `batch` first.")
        mismatch = self.store.mismatch()
        if mismatch is not None:
            raise BadInput(f"{mismatch}; {REMEDY}.")

    @cached_property
    def spec(self) -> Spec:
        """The spec of the experiment; `BadInput` if its size is not that in the manifest."""
        found = spec_of(self.manifest["spec"], self.out)
        self.store.compare_size(self.manifest, ChunkPlan(found))
        return found

    @cached_property
    def plan(self) -> ChunkPlan:
        """The division of the experiment into chunks."""
        return ChunkPlan(self.spec)

    @property
    def complete(self) -> bool:
        """Whether `batch` has finished all chunks."""
        return bool(self.manifest["complete"])

    @property
    def part(self) -> str:
        """A warning if chunks are missing, else an empty string."""
        done, chunks = len(self.store.done()), self.plan.chunks
        if done == chunks:
            return ""
        return f"The results are incomplete: {done} of {chunks} chunks are there."

    @property
    def caution(self) -> str:
        """All warnings: incomplete results, chunks from different machines or software, and several equilibria."""
        return " ".join(filter(None, (self.part, mixture(self.manifest), self.selected)))

    @cached_property
    def selected(self) -> str:
        """A warning if bargaining has several equilibria, or rough values, at some points, else an empty string."""
        if "worlds" not in self.spec.tables:
            return ""
        worlds = self.table("worlds", ["point", "equilibria", "expectation_error"])
        several = worlds["equilibria"] == "several"
        said = {
            "bargaining has several equilibria, one of which its results use (column `equilibrium`)": several,
            f"the stationary values are rough (standard error or remaining step above {TOLERANCE:.0%} of the mean stake, column "
            "`expectation_error`)": worlds["expectation_error"] > TOLERANCE,
        }
        sentences = []
        for what, where in said.items():
            points = sorted(worlds.loc[where, "point"].unique())
            if points:
                named = ", ".join(str(n) for n in points[:FEW]) + (", ..." if len(points) > FEW else "")
                sentences.append(f"At {len(points)} of {len(self.spec.kept)} points (points {named}) {what}.")
        return " ".join(sentences)

    @property
    def tables(self) -> list[str]:
        """The names of the tables in the results."""
        return list(self.spec.tables)

    def columns(self, table: str) -> list[Column]:
        """The columns of a table, including those of the design."""
        return self.plan.columns(self._known(table))

    def table(self, name: str = "worlds", columns: Sequence[str] | None = None) -> pd.DataFrame:
        """A table, or some of its columns, ordered by point and replicate."""
        parts = [_read(content, columns) for content in self.store.contents(self._known(name))]
        frame = pa.concat_tables(parts).to_pandas()
        keys = [key for key in ("point", "replicate") if key in frame]
        return frame.sort_values(keys, kind="stable", ignore_index=True) if keys else frame

    def returned(self) -> list[Any]:
        """What the job of each point of a study returned, by point."""
        contents = zip(sorted(self.store.done()), self.store.contents(self._known(RESULT)), strict=True)
        found = {self.plan.cells_of(chunk)[0].point: unpacked(content) for chunk, content in contents}
        return [found[point] for point in sorted(found)]

    def parts(self, name: str = "worlds") -> Iterator[pd.DataFrame]:
        """A table, chunk by chunk."""
        for content in self.store.contents(self._known(name)):
            yield _read(content).to_pandas()

    def outcome(self, name: str) -> tuple[list[int], Floats]:
        """The numbers of the points, and an outcome as (points, replications); infinite if a lag is missing.

        Only replications that every point has are returned, so that points are paired.
        """
        outcome(name)
        if asks_price([name]) and not self.plan.price:
            raise BadInput(
                f"{name} was not computed, because `outcomes` in the spec names no price; add {name!r} there and run the "
                "batch again."
            )
        frame = self.table("worlds", ["point", "replicate", name])
        index = [frame["point"], frame["replicate"]]
        wide = pd.Series(numbers_of(frame, name), index=index).unstack("replicate")
        wide = wide.loc[:, wide.notna().all()]
        if not wide.shape[1]:
            raise BadInput(
                f"{self.out} has no replication that is finished at every point; give the same `batch` command to resume."
            )
        return [int(p) for p in wide.index], np.ascontiguousarray(wide.to_numpy())

    @cached_property
    def solved(self) -> dict[tuple[int, int], FixedPoint]:
        """The recorded solutions for stationary values, by point and solver seed."""
        found = {}
        for record in self.store.done().values():
            for place, plain in record.get("solutions", {}).items():
                point, _, seed = place.partition(f", {SOLVER_SEED.name} ")
                found[int(point), int(seed or 0)] = FixedPoint.of(plain, self.spec.members.states.count)
        return dict(sorted(found.items()))

    def independent(self, name: str) -> tuple[list[int], Floats]:
        """The same, but with the mean over each solver seed's replications in their place, if the spec names several seeds.

        These replications share the random draws of the solver at every point, so that only their means are independent.
        """
        numbers, values = self.outcome(name)
        return numbers, values if self.solver_seeds is None else clustered_means(values, self.solver_seeds)

    @cached_property
    def solver_seeds(self) -> Integers | None:
        """The solver seed of each replication that `outcome` returns; None if all have the same."""
        if self.spec.solver_seeds == 1:
            return None
        found = self.table("worlds", ["point", "replicate"])
        counts = found["replicate"].value_counts()
        whole = counts.index[counts == found["point"].nunique()]
        return np.sort(whole.to_numpy()) // self.spec.each

    def __getitem__(self, name: str) -> pd.DataFrame:
        """A whole table by name, as `table` returns it."""
        return self.table(name)

    def _ipython_key_completions_(self) -> list[str]:
        return self.tables

    def _repr_html_(self) -> str:
        """What notebooks show: the warnings, the content of the folder, and the first rows of its first chunk."""
        spec, caution = self.spec, self.caution
        said = f"<p><strong>{escape(caution)}</strong></p>" if caution else ""
        said += f"<pre>{escape(repr(self))}</pre>"
        if spec.content["question"]:
            said += f"<p>{escape(str(spec.content['question']))}</p>"
        first = next(self.parts(self.tables[0]))
        varied = [f.column for f in spec.factors if f.column in first]
        columns = ["point", "replicate", *varied, *(o for o in spec.outcomes if o in first)]
        return said + first[[c for c in columns if c in first]].head().to_html(index=False, border=0)

    def _known(self, table: str) -> str:
        if table not in self.tables:
            raise BadInput(
                f"{self.out} has no table {table!r}, only {', '.join(self.tables)}; add it to `tables` in the spec and run "
                "the batch again."
            )
        return table

    def __repr__(self) -> str:
        """Title, size and tables of the experiment, in one line."""
        done = len(self.store.done())
        return (
            f"{self.spec.title}: {len(self.spec.kept)} points x {self.spec.replications} replications, {done} of "
            f"{self.plan.chunks} chunks, tables {', '.join(self.tables)} ({json.dumps(str(self.out))})"
        )


def _read(content: bytes, columns: Sequence[str] | None = None) -> pa.Table:
    return pq.read_table(pa.BufferReader(content), columns=columns)


def numbers_of(frame: pd.DataFrame, name: str) -> Floats:
    """An outcome in a frame of the table `worlds`, (runs,), with quarters as years; infinite if it is missing."""
    if outcomes()[name].kind == "quarter":
        return np.array([_year(text) for text in frame[name]])
    return measure({name: frame[name].astype(float)}, name)


def _year(text: object) -> float:
    from juste_retour.abm.base.calendar import quarter, year

    return year(quarter(text, "quarter")) if isinstance(text, str) else float("inf")
