"""Summaries of many runs of a scenario: distributions by quarter and of the outcomes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from juste_retour.abm.base.members import Members, union_of
from juste_retour.abm.base.toml import JsonObject
from juste_retour.abm.explanations.reader import series
from juste_retour.abm.worlds.scenario import Scenario
from juste_retour.runs.base.chunked import run_worlds
from juste_retour.runs.base.numerals import plain
from juste_retour.runs.base.statistics import quantile, summary, worst_when_missing

SHARES = (0.05, 0.25, 0.5, 0.75, 0.95)
COUNTED = ("sites", "hosts")
MEASURED = ("years_behind", "years_behind_at_end", "price_of_politics", "aggregate_accelerators")
BIN = {  # width of the bars, the same for all scenarios, so that two histograms have the same scale
    "sites": 1.0,
    "hosts": 1.0,
    "years_behind": 0.05,
    "years_behind_at_end": 0.05,
    "price_of_politics": 0.05,
    "aggregate_accelerators": 1000.0,
}


def spread(
    scenario: Scenario, seed: int, worlds: int, members: Members | None = None, first: int = 50
) -> Iterator[JsonObject]:
    """Run replications 0 to `worlds` - 1 of a seed in growing parts, and yield the summary after each part.

    A summary has `worlds`, the number done; `bands`, quantiles from 5 to 95 % of `largest_run_flop` and `years_behind` in
    each quarter; `outcomes`, with median, low, high and histogram of each; `without_a_run`, the number of runs with an
    infinite lag; and `ordinary`, the number of the most typical run.
    """
    members = union_of(members, scenario.members)
    parts: list[Any] = []
    done, size = 0, min(first, worlds)
    while done < worlds:
        parts.append(run_worlds(scenario, seed, np.arange(done, done + size), members, timeline=True))
        done += size
        size = min(max(2 * size, first), worlds - done)
        yield _summary(scenario, seed, done, parts)


def _summary(scenario: Scenario, seed: int, done: int, parts: list[Any]) -> JsonObject:
    columns = {n: np.concatenate([o.worlds[n] for o in parts]) for n in (*COUNTED, *MEASURED)}

    def band(name: str) -> list[list[float | None]]:
        read = np.concatenate([series(o.timeline, name) for o in parts]).T
        return [[plain(quantile(values, share)) for values in read] for share in SHARES]

    return {
        "scenario": scenario.name,
        "digest": scenario.digest,
        "seed": seed,
        "worlds": done,
        "bands": {name: band(name) for name in ("largest_run_flop", "years_behind")},
        "outcomes": {name: _distribution(values, BIN[name]) for name, values in columns.items()},
        "ordinary": _ordinary([columns[name] for name in ("sites", "years_behind", "price_of_politics")]),
        "without_a_run": int(np.sum(~np.isfinite(worst_when_missing(columns["years_behind"])))),
    }


def _ordinary(columns: list[Any]) -> int:
    """The most typical run: the one whose ranks in all `columns` are closest to the middle; the first if there are several."""
    known = [worst_when_missing(values) for values in columns]
    places = [(np.searchsorted(np.sort(v), v, "left") + np.searchsorted(np.sort(v), v, "right")) / 2 for v in known]
    return int(np.argmin(np.max([np.abs(place - len(place) / 2) for place in places], axis=0)))


def _distribution(values: Any, width: float) -> JsonObject:
    """A summary and a histogram with bars of this width. Bars of counts are centered on the integer."""
    values = worst_when_missing(values)
    known = values[np.isfinite(values)]
    shift = 0.5 if width == 1 else 0.0
    bars = np.floor(known / width + shift).astype(int)
    first = int(bars.min()) if len(bars) else 0
    counts = np.bincount(bars - first, minlength=1)
    edges = (first + np.arange(len(counts) + 1) - shift) * width
    return {
        **{name: plain(value) for name, value in summary(values).items()},
        "edges": [float(x) for x in edges],
        "counts": [int(x) for x in counts],
    }
