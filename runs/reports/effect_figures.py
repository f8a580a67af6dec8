"""Figures of effects: shares of the variance by factor, and the means at pairs of levels."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from juste_retour.runs.reports.figures import BLUE, COLOURS, GREY, MARKERS, SKY, blank, labelled
from juste_retour.runs.reports.interactions import CellMeans, Decomposition


def shares(found: Decomposition, name: str) -> Figure:
    """Shares of the variance by factor, alone and in total, and that of random draws."""
    rows = sorted(found.factors, key=lambda f: -(f.total or f.alone).share)
    figure, axes = blank(1.2 + 0.42 * (len(rows) + 1))
    at = labelled(axes, [*(f.factor for f in rows), "random draws"])
    for k, f in enumerate(rows):
        for share, shift, color, hatch in ((f.alone, 0.18, BLUE, ""), (f.total, -0.18, SKY, "//")):
            if share is not None:
                label = None if k else ("alone" if shift > 0 else "in total")
                axes.barh(
                    at[k] + shift,
                    max(share.share, 0),
                    height=0.32,
                    color=color,
                    hatch=hatch,
                    edgecolor="white",
                    label=label,
                )
                axes.hlines(at[k] + shift, share.low, share.high, color="black", linewidth=1)
    axes.barh(at[-1], found.noise, height=0.5, color=GREY, hatch="..", edgecolor="white")
    axes.set_xlim(left=min(0, axes.get_xlim()[0]))
    axes.set_xlabel(f"share of the variance of {name}")
    figure.legend(loc="outside lower center", ncols=2, fontsize=8)
    return figure


def interaction(found: CellMeans, name: str, figure: Figure | None = None) -> Figure:
    """Means at the levels of a factor with intervals, one line per level of a second factor."""
    figure, axes = blank(3.6) if figure is None else (figure, figure.subplots())
    across = np.arange(len(found.levels), dtype=float)
    for j, ground in enumerate(found.grounds):
        shift = 0.06 * (j - (len(found.grounds) - 1) / 2)
        color, marker = COLOURS[j % len(COLOURS)], MARKERS[j % len(MARKERS)]
        axes.vlines(across + shift, found.low[:, j], found.high[:, j], color=color, linewidth=1.4)
        axes.plot(
            across + shift,
            found.mean[:, j],
            color=color,
            marker=marker,
            linewidth=1.2,
            markersize=6,
            label=ground,
        )
    axes.set_xticks(across, found.levels)
    axes.set_xlabel(found.factor)
    axes.set_ylabel(name)
    axes.grid(axis="y", color="#DDDDDD", linewidth=0.6)
    figure.legend(title=found.other, loc="outside lower center", ncols=3, fontsize=8)
    return figure
