"""Price and power of a chip, fitted to European contracts and American campuses.

The price includes machine, hall and grid connection, but not operation (`running_cost`). A European contract covers the
machine only, an American campus all three. The cost breakdown of a 1 GW campus by Epoch AI (2026) makes them comparable.
A chip's date is computed from its peak performance and `chip_peak_growth`, because buyers may take chips of earlier years.

Price and power are log-linear in the chip's date. Ten sites of two generations contain little information about growth, so
published long-run growth rates are the prior. Least squares alone would let price and power grow as fast as the peak.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log

import numpy as np

from juste_retour.abm.base.observed import Rows, costs
from juste_retour.abm.base.parameters import Parameters
from juste_retour.abm.delivery.chips import CHIP_DATE, PRICE_DATE
from juste_retour.agents.arrays import Floats
from juste_retour.agents.errors import BadInput

REFERENCE = "1 GW of GB200"
# Growth factor per year with its 90 % range. Price: performance per euro grows by 35 % a year (doubling in 2.1 to 2.5 years).
# Power: performance per watt grows by 40 % a year. Both are from Epoch AI (2025a), with a peak that grows by 60 % a year.
PRICE_GROWTH = (1.185, 1.1, 1.3)
POWER_GROWTH = (1.143, 1.08, 1.2)
NINETY = 1.645  # half the width of a 90 % interval, in standard deviations


@dataclass(frozen=True)
class CostLine:
    """A fitted log-linear trend: value at the anchor date, growth factor per year, standard errors, and number of sites.

    `unheld_growth` is the growth factor by least squares, without the prior.
    """

    value: float
    growth: float
    value_error: float  # standard error of the logarithm
    growth_error: float
    unheld_growth: float
    sites: int


def peak_date(h100_per_chip: float) -> float:
    """The date of a chip as a decimal year, from its peak performance in H100s.

    >>> peak_date(1.0), round(peak_date(2.56), 1)
    (2022.8, 2024.8)
    """
    return CHIP_DATE + log(h100_per_chip) / log(Parameters().chip_peak_growth)


def line(
    dates: Floats,
    values: Floats,
    anchor: float,
    growth: tuple[float, float, float],
) -> CostLine:
    """Fit a log-linear trend with a normal prior on its slope; all observations have the same weight.

    Args:
        dates: decimal years (n,).
        values: positive values (n,).
        anchor: decimal year at which the value is reported.
        growth: prior of the growth factor per year: mean, and lower and upper bound of its 90 % range.
    """
    mean, low, high = (log(g) for g in growth)
    design = np.column_stack((np.ones_like(dates), dates - anchor))
    y = np.log(values)
    free = np.linalg.lstsq(design, y, rcond=None)[0]
    variance = float(np.square(y - design @ free).sum()) / (len(y) - 2)
    precision = design.T @ design / variance
    pull = design.T @ y / variance
    held = ((high - low) / 2 / NINETY) ** -2
    precision[1, 1] += held
    pull[1] += held * mean
    at, slope = np.linalg.solve(precision, pull)
    errors = np.sqrt(np.diag(np.linalg.inv(precision)))
    return CostLine(
        value=float(np.exp(at)),
        growth=float(np.exp(slope)),
        value_error=float(errors[0]),
        growth_error=float(errors[1]),
        unheld_growth=float(np.exp(free[1])),
        sites=len(y),
    )


def _number(row: dict[str, str], column: str) -> float:
    return float(row[column]) if row[column] else np.nan


def fit(rows: Rows | None = None) -> tuple[CostLine, CostLine]:
    """Fit the price in EUR of a chip of 2024.9 and the power in kW of a chip of 2022.8, each with its growth per year.

    Args:
        rows: rows of `costs.csv`; all by default. Only rows with `fitted` = 1 are used.

    Raises:
        BadInput: fewer than three of these rows give the power.

    Source: Epoch AI (2025a, 2026).
    """
    reference = next(r for r in costs() if r["item"] == REFERENCE)
    mine = [r for r in (costs() if rows is None else rows) if r["fitted"] == "1"]
    dates = np.array([peak_date(float(r["h100_per_chip"])) for r in mine])
    chips, mw, machine = (
        np.array([_number(r, c) for r in mine]) for c in ("accelerators", "power_mw", "machine_eur_m")
    )
    known = np.isfinite(mw)
    if known.sum() < 3:
        raise BadInput(
            f"costs.csv gives the power of {known.sum()} fitted sites; the fit needs at least 3, so add rows."
        )
    power = line(dates[known], 1e3 * mw[known] / chips[known], CHIP_DATE, POWER_GROWTH)
    kw = np.where(known, 1e3 * mw / chips, power.value * power.growth ** (dates - CHIP_DATE))
    hall, whole = (
        sum(_number(reference, c) for c in columns) * 1e6 / (1e3 * float(reference["power_mw"]))  # EUR per kW
        for columns in (("hall_and_grid_eur_m",), ("machine_eur_m", "hall_and_grid_eur_m"))
    )
    eur = np.where(np.isfinite(machine), 1e6 * machine / chips + hall * kw, whole * kw)
    return line(dates, eur, PRICE_DATE, PRICE_GROWTH), power
