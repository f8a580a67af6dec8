"""Delays: how long machines took from selection to contract and to operation, and how long the model lets them take.

Lognormal times fitted to EuroHPC's history by their likelihood, on a grid. A machine that is not finished is censored: it took
at least as long as it has been waiting, so that it lends its weight to the tail. Times are in months.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import logsumexp
from scipy.stats import norm

from juste_retour.abm.observed import Rows, procurement_history
from juste_retour.agents.arrays import Booleans, Floats
from juste_retour.agents.errors import BadInput

KNOWN_UNTIL = 2026.5  # what the history says was true on 1 July 2026
MONTHS = 12.0
INTERVALS = {
    "selection to contract": ("selected", "contract"),
    "contract to operation": ("contract", "operation"),
    "selection to operation": ("selected", "operation"),
}
_MEDIANS = np.linspace(np.log(4.0), np.log(120.0), 321)
_SPREADS = np.linspace(0.1, 1.2, 221)


@dataclass(frozen=True)
class Spans:
    """Months that some machines took; `finished` says which of them are done, the others have waited that long."""

    months: Floats
    finished: Booleans


@dataclass(frozen=True)
class Lognormal:
    """A lognormal fitted to spans: its median in months and the spread of its logarithm, each with a 90 % interval."""

    interval: str
    machines: int
    unfinished: int
    median: float
    median_low: float
    median_high: float
    spread: float
    spread_low: float
    spread_high: float

    def share_done(self, months: ArrayLike) -> Floats:
        """Probability that a machine is done after some months."""
        return norm.cdf((np.log(months) - np.log(self.median)) / self.spread)


def decimal(text: str) -> float | None:
    """Decimal year of a day, a month (its middle) or a year (its middle); None where the text is not a date.

    >>> decimal("2020-09"), decimal("2027"), decimal("")
    (2020.7083333333333, 2027.5, None)
    """
    parts = text.strip().split("-")
    if not parts[0].isdigit() or len(parts) > 3 or not all(p.isdigit() for p in parts[1:]):
        return None
    if len(parts) == 1:
        return int(parts[0]) + 0.5
    day = int(parts[2]) - 0.5 if len(parts) == 3 else 15.0
    return int(parts[0]) + (int(parts[1]) - 1 + day / 30.0) / 12


def spans(interval: str, rows: Rows | None = None, until: float = KNOWN_UNTIL) -> Spans:
    """Read one interval off the history; what lies after `until` is a plan and counts as not finished.

    A cancelled tender is left out where the machine's next tender has a row of its own, which counts from the same
    selection.
    """
    first, last = INTERVALS[interval]
    months, finished = [], []
    for row in procurement_history() if rows is None else rows:
        begun, done = decimal(row[first]), decimal(row[last])
        if begun is None or begun >= until or row["status"] == "cancelled":
            continue
        over = done is not None and done <= until and not (last == "operation" and row["status"] == "planned")
        months.append(((done if over and done is not None else until) - begun) * MONTHS)
        finished.append(over)
    return Spans(np.array(months), np.array(finished, dtype=bool))


def log_likelihood(found: Spans, log_median: ArrayLike, spread: ArrayLike) -> Floats:
    """Of a lognormal: density of what is finished, survival of what is not; parameters broadcast."""
    log_median, spread = np.asarray(log_median), np.asarray(spread)
    z = (np.log(found.months) - log_median[..., None]) / spread[..., None]
    density = norm.logpdf(z) - np.log(spread)[..., None] - np.log(found.months)
    return np.where(found.finished, density, norm.logsf(z)).sum(-1)


def fit(interval: str, found: Spans | None = None) -> Lognormal:
    """Fit a lognormal to spans, flat over the log of its median and over its spread; on a grid."""
    found = spans(interval) if found is None else found
    if found.finished.sum() < 2:
        raise BadInput(
            f"{interval}: fewer than two machines are finished, so no spread can be read; add rows to procurement_history.csv."
        )
    grid = log_likelihood(found, _MEDIANS[:, None], _SPREADS[None, :])
    weight = np.exp(grid - logsumexp(grid))
    median = _quantiles(_MEDIANS, weight.sum(1))
    spread = _quantiles(_SPREADS, weight.sum(0))
    return Lognormal(
        interval,
        len(found.months),
        int((~found.finished).sum()),
        *(float(np.exp(median[k])) for k in (1, 0, 2)),
        *(float(spread[k]) for k in (1, 0, 2)),
    )


def _quantiles(values: Floats, weight: Floats) -> Floats:
    return np.asarray(np.interp([0.05, 0.5, 0.95], np.cumsum(weight) - weight / 2, values), dtype=np.float64)


def simulated(facilities: pd.DataFrame, last: float) -> dict[str, Spans]:
    """The same intervals of simulated facilities, in quarters read as three months.

    Args:
        facilities: a table of facilities, with quarters as labels or as numbers since year 0, negative or missing for
            never.
        last: number of the last quarter that was run; what is not finished by then is censored.
    """
    at = {name: quarters(facilities[name]) for name in ("selected", "contracted", "operational")}
    name = {"selected": "selected", "contract": "contracted", "operation": "operational"}
    out = {}
    for interval, (first, end) in INTERVALS.items():
        begun, done = at[name[first]], at[name[end]]
        finished = np.isfinite(done)
        months = 3.0 * (np.where(finished, done, last) - begun)
        out[interval] = Spans(np.maximum(months, 1.5), finished)
    return out


def quarters(column: pd.Series | ArrayLike) -> Floats:
    """Numbers of quarters since year 0 from labels such as "2026Q3", from dates or from numbers; NaN for never."""
    values = pd.Series(column)
    if pd.api.types.is_datetime64_any_dtype(values):
        return (4 * values.dt.year + values.dt.quarter - 1).to_numpy(dtype=float, na_value=np.nan)
    if pd.api.types.is_numeric_dtype(values):
        numbers = values.to_numpy(dtype=float, na_value=np.nan)
        return np.where(numbers < 0, np.nan, numbers)
    texts = values.astype("string")
    year, part = texts.str.slice(0, 4).astype("Float64"), texts.str.slice(5, 6).astype("Float64")
    return np.asarray((4 * year + part - 1).to_numpy(dtype=float, na_value=np.nan), dtype=np.float64)


def median_of(found: Spans) -> float:
    """Median of spans, those unfinished counted as longer than any finished one."""
    return float(np.median(np.where(found.finished, found.months, np.inf)))


def compared(facilities: pd.DataFrame, last: float) -> pd.DataFrame:
    """A row an interval: the history's fit beside what the model gives, in months."""
    rows = []
    model = simulated(facilities, last)
    for interval in INTERVALS:
        seen = spans(interval)
        law = fit(interval, seen)
        done = model[interval].months[model[interval].finished]
        rows.append(
            {
                "interval": interval,
                "machines": law.machines,
                "unfinished": law.unfinished,
                "finished_median": float(np.median(seen.months[seen.finished])),
                "median": law.median,
                "median_low": law.median_low,
                "median_high": law.median_high,
                "spread": law.spread,
                "simulated_median": median_of(model[interval]),
                "simulated_low": float(np.quantile(done, 0.05)),
                "simulated_high": float(np.quantile(done, 0.95)),
                "simulated_spread": float(np.std(np.log(done))),
            }
        )
    return pd.DataFrame(rows)


def shares_standing(facilities: pd.DataFrame, last: float, months: Sequence[float]) -> Floats:
    """Share of simulated facilities that work some months after their selection."""
    found = simulated(facilities, last)["selection to operation"]
    taken = np.where(found.finished, found.months, np.inf)
    return np.array([float((taken <= m).mean()) for m in months])
