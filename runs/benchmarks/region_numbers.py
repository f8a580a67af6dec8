"""Numbers of the unions as observed: each quantity beside what was observed, and how far behind the region is."""

from __future__ import annotations

from typing import Any

from juste_retour.abm.calendar import label
from juste_retour.runs.ensemble import simulate
from juste_retour.runs.europe.comparators import beside
from juste_retour.runs.numerals import number, within
from juste_retour.runs.statistics import median


def table(name: str, worlds: int, seed: int) -> str:
    """Rows of a region: what was observed, what the model has, and whether the first lies in the second."""
    lines = ["| | observed | model, median and 90 % | inside |", "|---|---|---|---|"]
    for row in beside(name, worlds, seed).to_dict("records"):
        form = _quarter if "first operation" in row["pattern"] else _few
        inside = number(bool(row["inside"]))
        lines.append(
            f"| {row['pattern']} | {form(row['observed'])} | {within(_floats(row), form)} | {inside} |"
        )
    return "\n".join(lines)


def lags(scenario: dict[str, object], worlds: int, seed: int) -> tuple[float, float, float]:
    """Medians of the years behind, of those at the window's end, and of the capability lag in years."""
    found = simulate(scenario, worlds=worlds, seed=seed).worlds
    return (
        median(found.years_behind),
        median(found.years_behind_at_end),
        median(found.capability_lag_years),
    )


def _floats(row: dict[Any, Any]) -> dict[str, float]:
    return {key: float(row[key]) for key in ("median", "low", "high")}


def _quarter(when: float) -> str:
    return label(int(4 * when + 1e-9))


def _few(value: float) -> str:
    return f"{value:,.0f}" if value < 1e9 else f"{value:.2g}".replace("e+", "e")
