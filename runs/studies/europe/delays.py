"""Delays from selection to contract and to operation: observed for EuroHPC's machines, and simulated.

Lognormal distributions are fitted to EuroHPC's history by likelihood on a grid. An unfinished machine is a censored
observation: its delay is at least the time it has waited. Times are in months.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import logsumexp
from scipy.stats import norm

from juste_retour.abm.base.observed import Rows, procurement_history
from juste_retour.agents.arrays import Booleans, Floats
from juste_retour.agents.errors import BadInput

KNOWN_UNTIL = 2026.5  # the history describes the state on 1 July 2026
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
    """Delays of machines in months (n,). Where `finished` (n,) is false, it is the time waited so far."""

    months: Floats
    finished: Booleans


@dataclass(frozen=True)
class Lognormal:
    """A fitted lognormal: its median in months and the standard deviation of its logarithm, each with a 90 % interval."""

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
        """The probability that a machine is finished after this many months."""
        return norm.cdf((np.log(months) - np.log(self.median)) / self.spread)


def decimal(text: str) -> float | None:
    """The decimal year of a date; for a month or a year, its middle. None if the text is not a date.

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
    """The delays of one interval of `INTERVALS` in the history.

    Dates after `until` are plans and count as unfinished. Canceled tenders are omitted, because the machine's next tender
    has its own row that counts from the same selection.

    Args:
        interval: a key of `INTERVALS`.
        rows: the history; EuroHPC's by default.
        until: decimal year up to which events are known.
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
    """The log likelihood of a lognormal: density of finished delays, survival of unfinished ones. Parameters broadcast."""
    log_median, spread = np.asarray(log_median), np.asarray(spread)
    z = (np.log(found.months) - log_median[..., None]) / spread[..., None]
    density = norm.logpdf(z) - np.log(spread)[..., None] - np.log(found.months)
    return np.where(found.finished, density, norm.logsf(z)).sum(-1)


def fit(interval: str, found: Spans | None = None) -> Lognormal:
    """Fit a lognormal on a grid, with flat priors on the log of the median and on the spread.

    Raises:
        BadInput: fewer than two machines are finished.
    """
    found = spans(interval) if found is None else found
    if found.finished.sum() < 2:
        raise BadInput(
            f"{interval}: {found.finished.sum()} machines are finished, but the fit needs at least 2; add rows to "
            "procurement_history.csv."
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
    """The delays of simulated facilities by interval; a quarter counts as three months.

    Args:
        facilities: a table of facilities, with quarters as labels or as integers since year 0 (negative or missing: never).
        last: the last quarter of the runs, as an integer since year 0; facilities unfinished by then are censored.
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
    """Quarters since year 0, as floats, from labels such as "2026Q3", dates or numbers; NaN for never."""
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
    """The median delay, with unfinished ones counted as longer than all finished ones."""
    return float(np.median(np.where(found.finished, found.months, np.inf)))


def compared(facilities: pd.DataFrame, last: float) -> pd.DataFrame:
    """One row per interval: the fit to the history and the simulated delays, in months."""
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
    """The shares of simulated facilities that work `months` after their selection, one per entry."""
    found = simulated(facilities, last)["selection to operation"]
    taken = np.where(found.finished, found.months, np.inf)
    return np.array([float((taken <= m).mean()) for m in months])
