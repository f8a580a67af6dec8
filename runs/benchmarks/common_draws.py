"""What the same random draws saves: worlds needed to know a contrast, on common random numbers and on independent seeds.

    uv run python -m juste_retour.runs.benchmarks.common_draws

Both variances are measured: paired worlds of one seed against worlds of two seeds. Writes `common_draws.svg`.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from juste_retour.abm.scenario import load
from juste_retour.agents.arrays import Floats
from juste_retour.runs.contrasts.paired import Paired
from juste_retour.runs.contrasts.resampling import needed
from juste_retour.runs.reports.figures import BLUE, VERMILION, Drawn, svg

AGAINST = (
    {"agenda": "planner"},
    {"agenda": "commission_proposal"},
    {"funding": "gni_key"},
    {"entitlement": "one_each"},
    {"procurement": "rapid"},
    {"operations": "operator_led"},
    {"pooling": "low_communication"},
)
OUTCOME, HALF_WIDTH = "years_behind", 0.05


def spreads(worlds: int) -> dict[str, tuple[float, float, float]]:
    """The mean difference of each swap from the status quo, and its standard deviation paired and independent."""
    base = load("eu-status-quo")
    scenarios = [base, *(base.changed(swap) for swap in AGAINST)]
    one, other = (drawn(scenarios, seed, worlds) for seed in (1, 2))
    return {
        ", ".join(f"{k} = {v}" for k, v in swap.items()): (
            float((one[k] - one[0]).mean()),
            float((one[k] - one[0]).std(ddof=1)),
            float((one[k] - other[0]).std(ddof=1)),
        )
        for k, swap in enumerate(AGAINST, 1)
    }


def drawn(scenarios: list, seed: int, worlds: int) -> Floats:
    paired = Paired(scenarios, seed, None, [OUTCOME])
    paired.extend(worlds)
    return paired.values[OUTCOME]


def figure(found: dict[str, tuple[float, float, float]]) -> Figure:
    names = list(found)
    page = Figure(figsize=(7.2, 0.9 + 0.36 * len(names)))
    axes = page.subplots()
    at = np.arange(len(names))[::-1]
    for k, name in enumerate(names):
        few, many = (needed(spread, HALF_WIDTH) for spread in found[name][1:])
        axes.hlines(at[k], few, many, color="#BBBBBB", linewidth=2)
        axes.plot(
            few,
            at[k],
            "o",
            color=BLUE,
            label="the same random draws" if not k else None,
            linestyle="",
            markersize=7,
        )
        axes.plot(
            many,
            at[k],
            "D",
            color=VERMILION,
            label="independent seeds" if not k else None,
            linestyle="",
            markersize=7,
        )
        axes.annotate(f"  {many / few:.1f} times", (max(few, many), at[k]), va="center", fontsize=8.5)
    axes.set_yticks(at, names)
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.margins(x=0.15)
    axes.set_xlabel(f"worlds needed to know {OUTCOME} to within {HALF_WIDTH} years")
    page.legend(loc="outside upper center", ncols=2)
    return page


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=1024)
    parser.add_argument("--json", action="store_true")
    a = parser.parse_args()
    found = spreads(a.worlds)
    picture = svg(Drawn("common-luck", "", "", lambda: figure(found)))
    Path(__file__).with_suffix(".svg").write_text(picture, encoding="utf-8")
    if a.json:
        print(json.dumps(found, indent=2))
        return
    print(f"{OUTCOME}, {a.worlds} worlds; standard deviation of the difference from the status quo\n")
    for name, (mean, paired, apart) in found.items():
        print(
            f"  {name:32} {mean:7.3f}  {paired:6.3f} paired  {apart:6.3f} apart  {1 - (paired / apart) ** 2:5.0%} saved"
        )


if __name__ == "__main__":
    main()
