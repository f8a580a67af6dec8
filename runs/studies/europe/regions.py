"""Compare `us-observed` and `china-observed` with observations, and state how far behind each region is.

    uv run python -m juste_retour.runs.studies.europe.regions [NAME ...] [--write]

`--write` updates the sentences in the READMEs of the two unions.
"""

from __future__ import annotations

from typing import Any

from juste_retour.abm.base.calendar import label
from juste_retour.runs.base.numerals import number, within
from juste_retour.runs.base.statistics import median
from juste_retour.runs.benchmarks.stated import SEED, Statement, renew
from juste_retour.runs.results.ensemble import simulate
from juste_retour.runs.studies.europe.comparators import beside

COMMAND = "uv run python -m juste_retour.runs.studies.europe.regions"


def table(name: str, worlds: int, seed: int) -> str:
    """A Markdown table for a region: observed values, the model's medians and intervals, and whether they agree."""
    lines = ["| | observed | model, median and 90 % | inside |", "|---|---|---|---|"]
    for row in beside(name, worlds, seed).to_dict("records"):
        form = _quarter if "first operation" in row["pattern"] else _few
        inside = number(bool(row["inside"]))
        lines.append(f"| {row['pattern']} | {form(row['observed'])} | {within(_floats(row), form)} | {inside} |")
    return "\n".join(lines)


def lags(scenario: dict[str, object], worlds: int, seed: int) -> tuple[float, float, float]:
    """Medians of a scenario: mean years behind in the window, years behind at its end, and capability lag in years."""
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


def united_states(worlds: int = 64) -> str:
    """The statement on the United States, in Markdown."""
    behind, at_end, _ = lags({"base": "us-observed"}, worlds, SEED)
    return (
        f"Over the two years to 2026Q3 the mean compute lag is {abs(behind):.1f} years, at their end {at_end:.1f} (medians of "
        f"{worlds} replications, seed {SEED}, `{COMMAND} united-states`; nothing was fitted).\n\n"
        f"{table('us-observed', worlds, SEED)}"
    )


def china(worlds: int = 64) -> str:
    """The statement on China, in Markdown."""
    america = lags({"base": "us-observed"}, worlds, SEED)[2]
    changes: list[dict[str, object]] = [
        {},
        {"standing": "strategic"},
        {"standing": "calls"},
        {"export_peak": 1.0, "export_supply": 1.0},
    ]
    found = [lags({"base": "china-observed", **changed}, worlds, SEED) for changed in changes]
    months = [12 * (lag[2] - america) for lag in found]
    return (
        f"Over the two years to 2026Q3 the mean compute lag is {found[0][0]:.1f} years. The capability lag is {months[0]:.0f} months "
        f"longer than that of `us-observed`; {months[1]:.0f} or {months[2]:.0f} months with `standing` at `strategic` or "
        f"`calls`; {months[3]:.0f} without export controls (medians of {worlds} replications, seed {SEED}, `{COMMAND} china`; "
        f"nothing was fitted).\n\n{table('china-observed', worlds, SEED)}"
    )


STATEMENTS = (
    Statement("united-states", "abm/unions/us_observed/README.md", united_states),
    Statement("china", "abm/unions/china_observed/README.md", china),
)


if __name__ == "__main__":
    renew(STATEMENTS, __doc__)
