"""The figure of two factors together: the means at each pair of their levels."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from juste_retour.runs.analysis.crossed_effects import CellMeans
from juste_retour.runs.base.palette import MARKERS, SERIES, SMALL, points
from juste_retour.runs.engine.design import FROM, TO
from juste_retour.runs.reports.drawing import apart, blank
from juste_retour.runs.reports.titles import level

HEIGHT = 3.4


def interaction(found: CellMeans, name: str, figure: Figure | None = None) -> Figure:
    """Means at the levels of a factor with intervals, one line per level of a second factor, named at its end."""
    figure, axes = blank(HEIGHT) if figure is None else (figure, figure.subplots())
    across = np.arange(len(found.levels), dtype=float)
    for j in range(len(found.grounds)):
        shift = 0.06 * (j - (len(found.grounds) - 1) / 2)
        color = SERIES[j % len(SERIES)]
        axes.vlines(across + shift, found.low[:, j], found.high[:, j], color=color, linewidth=points("fine"))
        axes.plot(
            across + shift,
            found.mean[:, j],
            color=color,
            marker=MARKERS[j % len(MARKERS)],
            linestyle="--" if j == 1 else "-",
            linewidth=points("fine"),
            markersize=6,
        )
    low, high = axes.get_ylim()
    ends = apart([float(x) for x in found.mean[-1]], 0.06 * (high - low))
    for j, ground in enumerate(found.grounds):
        axes.annotate(
            level(found.other, ground),
            (across[-1] + 0.2, ends[j]),
            va="center",
            fontsize=SMALL,
            color=SERIES[j % len(SERIES)],
            annotation_clip=False,
        )
    axes.set_xticks(across, [{FROM: "not switched", TO: "switched"}.get(name, name) for name in found.levels])
    axes.set_xlim(-0.25, across[-1] + 0.25)
    axes.set_xlabel(found.factor)
    axes.set_ylabel(name)
    axes.grid(axis="y")
    return figure
