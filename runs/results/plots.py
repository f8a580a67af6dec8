"""Figures of a result for notebooks and papers; each method returns Matplotlib axes that you can change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from juste_retour.abm.base.calendar import quarter
from juste_retour.runs.base.numerals import brief
from juste_retour.runs.base.palette import LIGHT, points, rc
from juste_retour.runs.base.statistics import median, summary, without_a_run

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from juste_retour.runs.results.ensemble import Result

COLOR, PALE, INK = LIGHT["a"], LIGHT["a-light"], LIGHT["ink"]


class Plots:
    """Figures of one result; every method draws on the axes that it is given, or on new ones. Titles say what to see."""

    def __init__(self, result: Result):
        self.result = result

    def __repr__(self) -> str:
        """The names of the figures."""
        return "figures: sites(), facilities(), years_behind(), price_of_politics(), timeline()"

    def sites(self, axes: Axes | None = None) -> Axes:
        """Bar chart of the number of facilities under contract, over replications."""
        axes = _axes(axes)
        sites = self.result.worlds["sites"]
        numbers, worlds = np.unique(sites, return_counts=True)
        axes.bar(numbers, worlds, color=COLOR, width=0.8)
        return self._named(
            axes,
            f"{brief(median(sites))} sites in the median replication",
            "facilities under contract",
            "replications",
        )

    def facilities(self, axes: Axes | None = None) -> Axes:
        """Accelerators by state: the median over replications, with a line from the 5 % to the 95 % quantile."""
        axes = _axes(axes)
        names = dict(zip(self.result.members.states.codes, self.result.members.states.names, strict=True))
        found = []
        for code, rows in self.result.states.groupby("state", sort=False):
            size = rows["accelerators"]
            if size.max() > 0:
                found.append((names[str(code)], summary(size)))
        found.sort(key=lambda row: (row[1]["median"], row[0]))
        place = np.arange(len(found))
        axes.barh(place, [s["median"] for _, s in found], color=PALE)
        if self.result.count > 1:
            ends = [s["low"] for _, s in found], [s["high"] for _, s in found]
            axes.hlines(place, *ends, color=INK, linewidth=points("fine"))
        axes.set_yticks(place, [name for name, _ in found])
        return self._named(axes, _most(found), "accelerators (bar: median; line: 5 to 95 %)", "")

    def years_behind(self, axes: Axes | None = None) -> Axes:
        """Histogram of years behind the frontier; the label counts replications without a working machine."""
        scenario = self.result.scenario
        label = f"years behind the frontier, mean over the {scenario.window_years:g} years to {scenario.window_end}"
        return self._spread("years_behind", "behind the frontier", label, axes)

    def price_of_politics(self, axes: Axes | None = None) -> Axes:
        """Histogram of the price of politics, in years."""
        return self._spread("price_of_politics", "lost to politics", "price of politics, years", axes)

    def timeline(self, outcome: str = "working_accelerators", axes: Axes | None = None) -> Axes:
        """An outcome by quarter: the median over replications, with a band from the 5 % to the 95 % quantile."""
        axes = _axes(axes)
        rows = self.result.timeline.groupby("quarter")[outcome]
        years = [quarter(str(q), "quarter") / 4 for q in rows.groups]
        bands = pd.DataFrame([summary(values) for _, values in rows])
        low, mid, high = (bands[name].to_numpy() for name in ("low", "median", "high"))
        axes.plot(years, np.where(np.isfinite(mid), mid, np.nan), color=COLOR, linewidth=points("line"))
        both = np.isfinite(low) & np.isfinite(high)
        axes.fill_between(years, low, high, where=both, color=PALE, alpha=0.5, linewidth=0)
        said = outcome.replace("_", " ")
        title = f"median {said}: {brief(mid[0])} at first, {brief(mid[-1])} at the end"
        return self._named(axes, title, "year", f"{said} (band: 5 to 95 %)")

    def _spread(self, column: str, what: str, label: str, axes: Axes | None) -> Axes:
        axes = _axes(axes)
        values = self.result.worlds[column]
        idle, mid = without_a_run(values), median(values)
        axes.hist(values.dropna(), bins="auto", color=PALE, edgecolor=COLOR, linewidth=points("hair"))
        if np.isfinite(mid):
            axes.axvline(mid, color=INK, linestyle="--", linewidth=points("fine"))
        title = (
            f"{brief(mid)} years {what} in the median replication" if np.isfinite(mid) else "most runs train nothing"
        )
        return self._named(axes, title, f"{label} (missing in {idle} replications)" if idle else label, "replications")

    def _named(self, axes: Axes, title: str, across: str, up: str) -> Axes:
        axes.set_xlabel(across)
        axes.set_ylabel(up)
        axes.set_title(f"{self.result.scenario.name}: {title}")
        return axes


def _most(found: list[tuple[str, dict[str, float]]]) -> str:
    """Which state has most, where its lead is clear."""
    if not found:
        return "no facility is built"
    name, first = found[-1]
    if len(found) > 1 and first["low"] <= found[-2][1]["median"]:
        return f"{name} has most in the median, with no clear lead"
    return f"{name} has most accelerators"


def _axes(axes: Axes | None) -> Axes:
    if axes is not None:
        return axes
    from matplotlib import pyplot

    with pyplot.rc_context(rc()):
        return pyplot.subplots(layout="constrained")[1]
