"""Figures of a result for notebooks and papers; each method returns Matplotlib axes that you can change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from juste_retour.abm.calendar import quarter
from juste_retour.runs.statistics import summary, without_a_run

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from juste_retour.runs.ensemble import Result

INK = "#0072B2"  # the blue of reports and the app


class Plots:
    """Figures of one result; every method draws on the axes that it is given, or on new ones."""

    def __init__(self, result: Result):
        self.result = result

    def __repr__(self) -> str:
        """The names of the figures."""
        return "figures: sites(), facilities(), years_behind(), price_of_politics(), timeline()"

    def sites(self, axes: Axes | None = None) -> Axes:
        """Bar chart of the number of facilities under contract, over replications."""
        axes = _axes(axes)
        numbers, worlds = np.unique(self.result.worlds["sites"], return_counts=True)
        axes.bar(numbers, worlds, color=INK, width=0.8)
        return self._named(axes, "facilities under contract", "replications")

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
        axes.barh(place, [s["median"] for _, s in found], color=INK)
        if self.result.count > 1:
            axes.hlines(
                place, [s["low"] for _, s in found], [s["high"] for _, s in found], color="black", linewidth=1
            )
        axes.set_yticks(place, [name for name, _ in found])
        return self._named(axes, "accelerators", "")

    def years_behind(self, axes: Axes | None = None) -> Axes:
        """Histogram of years behind the frontier; the label counts replications without a working machine."""
        return self._spread(
            "years_behind",
            f"years behind the frontier, mean over the {self.result.scenario.window_years:g} years to "
            f"{self.result.scenario.window_end}",
            axes,
        )

    def price_of_politics(self, axes: Axes | None = None) -> Axes:
        """Histogram of the price of politics, in years."""
        return self._spread("price_of_politics", "price of politics, years", axes)

    def timeline(self, outcome: str = "working_accelerators", axes: Axes | None = None) -> Axes:
        """An outcome by quarter: the median over replications, with a band from the 5 % to the 95 % quantile."""
        axes = _axes(axes)
        rows = self.result.timeline.groupby("quarter")[outcome]
        years = [quarter(str(q), "quarter") / 4 for q in rows.groups]
        bands = pd.DataFrame([summary(values) for _, values in rows])
        low, mid, high = (bands[name].to_numpy() for name in ("low", "median", "high"))
        axes.plot(years, np.where(np.isfinite(mid), mid, np.nan), color=INK)
        both = np.isfinite(low) & np.isfinite(high)
        axes.fill_between(years, low, high, where=both, color=INK, alpha=0.2, linewidth=0)
        return self._named(axes, "year", outcome.replace("_", " "))

    def _spread(self, column: str, label: str, axes: Axes | None) -> Axes:
        axes = _axes(axes)
        values = self.result.worlds[column]
        idle = without_a_run(values)
        axes.hist(values.dropna(), bins="auto", color=INK)
        return self._named(
            axes, f"{label} (missing in {idle} replications)" if idle else label, "replications"
        )

    def _named(self, axes: Axes, across: str, up: str) -> Axes:
        axes.set_xlabel(across)
        axes.set_ylabel(up)
        axes.set_title(self.result.scenario.name)
        return axes


def _axes(axes: Axes | None) -> Axes:
    if axes is not None:
        return axes
    from matplotlib import pyplot

    return pyplot.subplots(layout="constrained")[1]
