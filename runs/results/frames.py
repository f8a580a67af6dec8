"""The tables of a run's outcomes as pandas data frames, with the columns of the data dictionary."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from juste_retour.abm.bargaining.continuation import found_for
from juste_retour.abm.base.calendar import label
from juste_retour.abm.explanations.reader import series
from juste_retour.abm.outcomes import Outcomes
from juste_retour.agents.arrays import Integers
from juste_retour.runs.results.result_tables import DEFAULT, PRICES, TABLES, Column, chosen, own_columns

# Options of `read_csv`: before version 3.1, pandas rounds the last bits of floats unless told, and from 3.1 it warns if told.
EXACT: dict[str, Any] = (
    {"float_precision": "round_trip"} if tuple(map(int, pd.__version__.split(".")[:2])) < (3, 1) else {}
)

Built = tuple[Integers, dict[str, ArrayLike]]  # the world (axis index) of each row, and the columns


def frames(
    outcomes: Outcomes, tables: Iterable[str] = DEFAULT, design: Mapping[str, ArrayLike] | None = None
) -> dict[str, pd.DataFrame]:
    """Return tables by name.

    Args:
        outcomes: of the worlds.
        tables: names of the tables.
        design: further key columns, placed after scenario, seed and replicate; a single value or (worlds,) each.
    """
    return {name: _framed(outcomes, name, *_BUILDERS[name](outcomes), design or {}) for name in chosen(tables)}


def joined(parts: list[dict[str, pd.DataFrame]]) -> dict[str, pd.DataFrame]:
    """Concatenate the tables of several chunks, in their order."""
    return {name: pd.concat([part[name] for part in parts], ignore_index=True) for name in parts[0]}


def _framed(
    outcomes: Outcomes,
    name: str,
    rows: Integers,
    found: Mapping[str, ArrayLike],
    design: Mapping[str, ArrayLike],
) -> pd.DataFrame:
    worlds = len(outcomes.replicates)
    keys: dict[str, ArrayLike] = {
        "scenario": _texts([s.name for s in outcomes.scenarios], rows),
        "seed": np.full(len(rows), outcomes.seed, dtype=np.int64),
        "replicate": outcomes.replicates[rows],
    }
    for key, value in design.items():
        keys[key] = np.broadcast_to(np.asarray(value), (worlds,))[rows]
    for column in own_columns(name):
        if column.name in found:
            keys[column.name] = _typed(column, found[column.name])
    return pd.DataFrame(keys)


def _typed(column: Column, values: ArrayLike) -> ArrayLike:
    if column.kind == "quarter":
        return _quarters(values)
    if column.kind == "float":
        values = np.asarray(values, dtype=np.float64)
        return np.where(np.isfinite(values), values, np.nan)
    if column.kind == "integer":
        values = np.asarray(values)
        return values if values.dtype.kind == "f" else values.astype(np.int64)
    return values


def _texts(words: Iterable[str], index: Integers) -> pd.Series:
    return pd.Series(np.array(list(words), dtype=object)[index], dtype="str")


def _quarters(values: ArrayLike) -> pd.Series:
    """Quarter numbers as strings such as "2026Q3", with -1 as missing; strings are returned as they are."""
    values = np.asarray(values)
    if values.dtype.kind not in "iu":
        return pd.Series(values, dtype="str")
    numbers, index = np.unique(values, return_inverse=True)
    words = np.array([label(int(n)) if n >= 0 else None for n in numbers] or [None], dtype=object)
    return pd.Series(words[index], dtype="str")


def _worlds(o: Outcomes) -> Built:
    found = dict(o.worlds)
    if np.isnan(found["price_of_politics"]).all():  # prices were not requested
        found = {name: values for name, values in found.items() if name not in PRICES}
    return np.arange(len(o.replicates)), found | _expectations(o)


def _expectations(o: Outcomes) -> dict[str, ArrayLike]:
    """Equilibria, the one in use, and uncertainty of the stationary values; missing in scenarios that use none."""
    solutions = {id(s): found_for(s, o.members) for s in o.scenarios}
    each = [solutions[id(s)] for s in o.scenarios]
    return {
        "equilibria": pd.Series([None if one is None else one.equilibria for one in each], dtype="str"),
        "equilibrium": np.array([0 if one is None else one.number for one in each], dtype=np.int64),
        "expectation_error": [np.nan if one is None else one.uncertainty for one in each],
    }


def _states(o: Outcomes) -> Built:
    worlds, count = o.states["sites"].shape
    rows = np.repeat(np.arange(worlds), count)
    return rows, {
        "state": _texts(o.members.states.codes, np.tile(np.arange(count), worlds)),
        **{name: np.asarray(values).reshape(-1) for name, values in o.states.items()},
    }


def _facilities(o: Outcomes) -> Built:
    site = o.facilities["site"]
    sites = o.members.sites
    return o.facilities["world"], {
        **o.facilities,
        "site": _texts(sites.names, site),
        "state": _texts(o.members.states.codes, sites.state[site]),
        "city": _texts(sites.cities, site),
    }


def _votes(o: Outcomes) -> Built:
    codes = np.array([*o.members.states.codes, "EU"], dtype=object)
    parts: list[dict[str, Any]] = []
    for ballot in o.votes:
        yes, no = ballot.yes, ballot.no
        union = ballot.union_yes[:, None]
        seated = np.full(union.shape, ballot.commission_votes)
        sides = {
            "yes": np.hstack([yes, union & seated]),
            "no": np.hstack([no, ~union & seated]),
            "abstain": np.hstack([~yes & ~no, np.zeros(union.shape, bool)]),
        }
        count = len(yes)
        parts.append(
            {
                "row": ballot.worlds,
                "passed": ballot.passed,
                **{name: [getattr(ballot, name)] * count for name in ("quarter", "agenda", "rule")},
                **{name: [" ".join(codes[row]) for row in side] for name, side in sides.items()},
            }
        )
    rows = np.concatenate([p["row"] for p in parts]) if parts else np.zeros(0, dtype=np.int64)
    order = np.argsort(rows, kind="stable")
    found: dict[str, ArrayLike] = {
        "passed": (np.concatenate([p["passed"] for p in parts]) if parts else np.zeros(0, dtype=bool))[order]
    }
    for name in ("quarter", "agenda", "rule", "yes", "no", "abstain"):
        found[name] = _texts([word for p in parts for word in p[name]], order)
    return rows[order], found


def _timeline(o: Outcomes) -> Built:
    worlds, quarters = len(o.replicates), len(o.timeline)
    rows = np.repeat(np.arange(worlds), quarters)
    if not quarters:
        return rows, {column.name: np.zeros(0) for column in TABLES["timeline"]}
    words = _texts([q.quarter for q in o.timeline], np.tile(np.arange(quarters), worlds))
    found = {name: series(o.timeline, name).reshape(-1) for name in o.timeline[0].columns()}
    return rows, {"quarter": words, **found}


def _decisions(o: Outcomes) -> Built:
    from juste_retour.runs.results.decisions import records

    return records(o)


_BUILDERS: dict[str, Callable[[Outcomes], Built]] = {
    "worlds": _worlds,
    "states": _states,
    "facilities": _facilities,
    "votes": _votes,
    "timeline": _timeline,
    "decisions": _decisions,
}
