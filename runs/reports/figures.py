"""Figures of a report, as SVG for the page and as PDF for papers.

The palette is that of Okabe and Ito, which color-blind readers can distinguish. Shapes, hatches or labels repeat whatever
colors show.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.path import Path as Outline
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from juste_retour.abm.data import map_geometry, place
from juste_retour.agents.arrays import Floats
from juste_retour.runs.contrasts.attribution import Attribution
from juste_retour.runs.reports.level_contrasts import LevelContrast
from juste_retour.runs.reports.robustness import RobustnessMap
from juste_retour.runs.reports.sensitivity import Effect, MainEffect, Sobol
from juste_retour.runs.statistics import median, summary

BLUE, VERMILION, GREEN, ORANGE, SKY, PURPLE, GREY = (
    "#0072B2",
    "#D55E00",
    "#009E73",
    "#E69F00",
    "#56B4E9",
    "#CC79A7",
    "#6B6B6B",
)
COLOURS = (BLUE, VERMILION, GREEN, ORANGE, PURPLE, SKY, GREY)
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
WIDTH = 7.2  # inches, the width of a page's text
STYLE: Any = {  # Matplotlib's types require literal keys
    "font.family": "DejaVu Sans",
    "font.size": 9.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "figure.constrained_layout.use": True,
    "legend.frameon": False,
    "svg.fonttype": "path",
    "text.parse_math": False,  # labels are users' texts, in which a dollar sign is a dollar sign
    "pdf.fonttype": 42,
}
MOST_ROWS = 40


@dataclass(frozen=True)
class Drawn:
    """A figure: file name, title, caption, and the function that draws it."""

    name: str
    title: str
    caption: str
    draw: Callable[[], Figure]


def svg(drawn: Drawn) -> str:
    """The figure as an SVG element for a page; the same bytes each time."""
    sink = io.StringIO()
    with matplotlib.rc_context({**STYLE, "svg.hashsalt": drawn.name}):
        drawn.draw().savefig(
            sink, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None}
        )
    text = sink.getvalue()
    return text[text.index("<svg") :]


def pdf(drawn: Drawn) -> bytes:
    """The figure as a PDF file."""
    sink = io.BytesIO()
    with matplotlib.rc_context(STYLE):
        drawn.draw().savefig(sink, format="pdf", metadata={"CreationDate": None})
    return sink.getvalue()


def blank(height: float) -> tuple[Figure, Axes]:
    """A figure with the width of a page's text and a height in inches, and its axes."""
    figure = Figure(figsize=(WIDTH, height))
    return figure, figure.subplots()


def labelled(axes: Axes, labels: Sequence[str]) -> Floats:
    """Add one row per label to the y axis, from the top; return the rows' positions."""
    place_ = np.arange(len(labels))[::-1].astype(float)
    axes.set_yticks(place_, labels)
    axes.set_ylim(-0.6, len(labels) - 0.4)
    axes.grid(axis="x", color="#DDDDDD", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(axis="y", length=0)
    return place_


def intervals(labels: Sequence[str], values: Sequence[Floats], name: str) -> Figure:
    """Median and 5 % to 95 % range over replications, one row per point; `values` holds (worlds,) for each."""
    figure, axes = blank(0.9 + 0.3 * len(labels))
    at = labelled(axes, labels)
    finite = [v[np.isfinite(v)] for v in values]
    for k, worlds in enumerate(values):
        mid, low, high = summary(worlds).values()
        if math.isfinite(high):
            axes.hlines(at[k], low, high, color=BLUE, linewidth=2)
        if math.isfinite(mid):
            axes.plot(mid, at[k], "o", color=BLUE, markersize=6)
        if len(finite[k]) < len(worlds):
            axes.annotate(
                f" missing in {len(worlds) - len(finite[k])} replications",
                (1, at[k]),
                xycoords=("axes fraction", "data"),
                va="center",
                fontsize=8,
            )
    axes.set_xlabel(name)
    return figure


def contrasts(found: Sequence[LevelContrast], name: str) -> Figure:
    """Differences of levels from the first level, with intervals; thin marks are the differences at single points."""
    shown = [c for c in found if math.isfinite(c.difference)][:MOST_ROWS]
    figure, axes = blank(0.9 + 0.3 * len(shown))
    at = labelled(axes, [f"{c.factor}: {c.level} – {c.against}" if c.factor else c.level for c in shown])
    for k, c in enumerate(shown):
        sure = c.low > 0 or c.high < 0
        each = [d for d in c.each if math.isfinite(d)] if len(c.each) > 1 else []
        axes.plot(each, [at[k]] * len(each), linestyle="", marker="|", color=GREY, markersize=9)
        axes.hlines(at[k], c.low, c.high, color=BLUE if sure else GREY, linewidth=2)
        axes.plot(
            c.difference,
            at[k],
            marker="o",
            color=BLUE if sure else GREY,
            markerfacecolor=BLUE if sure else "white",
            markersize=6,
        )
    axes.axvline(0, color="black", linewidth=0.8)
    axes.set_xlabel(f"difference in {name}  (filled: the 95 % interval excludes 0)")
    return figure


def attribution(found: Attribution, name: str) -> Figure:
    """Shares of the groups as bars with intervals; small marks show the change if a group is switched first or last."""
    shares = [s for s in found.shares if s.share or s.low or s.high] or found.shares
    figure, axes = blank(1.3 + 0.45 * len(shares))
    at = labelled(axes, [s.group for s in shares])
    for k, s in enumerate(shares):
        axes.barh(
            at[k],
            s.share,
            height=0.55,
            color=BLUE if s.share < 0 else ORANGE,
            hatch="" if s.share < 0 else "//",
            edgecolor="white",
        )
        axes.hlines(at[k], s.low, s.high, color="black", linewidth=1.2)
        axes.plot(
            s.alone,
            at[k],
            marker="|",
            color="black",
            markersize=14,
            linestyle="none",
            label="switched first" if not k else None,
        )
        axes.plot(
            s.last,
            at[k],
            marker="d",
            color="black",
            markersize=5,
            markerfacecolor="white",
            linestyle="none",
            label="switched last" if not k else None,
        )
    axes.axvline(0, color="black", linewidth=0.8)
    axes.set_xlabel(f"share of the difference in {name}")
    figure.legend(loc="outside lower center", ncols=2, fontsize=8)
    return figure


def sobol(found: Sobol) -> Figure:
    """First-order and total shares of the variance by factor, and the share of random draws."""
    rows = sorted(found.indices, key=lambda i: -i.total)
    noisy = math.isfinite(found.noise)
    labels = [i.factor for i in rows] + (["random draws"] if noisy else [])
    figure, axes = blank(1.2 + 0.42 * len(labels))
    at = labelled(axes, labels)
    for k, i in enumerate(rows):
        first = "first order" if not k else None
        total = "total" if not k else None
        axes.barh(at[k] + 0.18, max(i.first, 0), height=0.32, color=BLUE, label=first)
        axes.barh(
            at[k] - 0.18, max(i.total, 0), height=0.32, color=SKY, hatch="//", edgecolor="white", label=total
        )
        axes.hlines(at[k] + 0.18, i.first_low, i.first_high, color="black", linewidth=1)
        axes.hlines(at[k] - 0.18, i.total_low, i.total_high, color="black", linewidth=1)
    if noisy:
        axes.barh(at[-1], found.noise, height=0.5, color=GREY, hatch="..", edgecolor="white")
        axes.hlines(at[-1], found.noise_low, found.noise_high, color="black", linewidth=1)
    axes.set_xlim(left=min(0, axes.get_xlim()[0]))
    axes.set_xlabel(f"share of the variance of {found.outcome}")
    axes.legend(loc="lower right", fontsize=8)
    return figure


def main_effects(found: Sequence[MainEffect], noise: float, name: str) -> Figure:
    """Shares of the variance by factor alone, and that of random draws."""
    rows = sorted(found, key=lambda e: -e.share)
    figure, axes = blank(1.0 + 0.36 * (len(rows) + 1))
    at = labelled(axes, [*(e.factor for e in rows), "random draws"])
    for k, e in enumerate(rows):
        axes.barh(at[k], e.share, height=0.55, color=BLUE)
        axes.hlines(at[k], e.low, e.high, color="black", linewidth=1)
    axes.barh(at[-1], noise, height=0.55, color=GREY, hatch="..", edgecolor="white")
    axes.set_xlabel(f"share of the variance of {name}")
    return figure


def morris(found: Sequence[Effect], name: str) -> Figure:
    """Mean of absolute elementary effects against their standard deviation, with the factors' names."""
    figure, axes = blank(4.2)
    for e in found:
        axes.errorbar(
            e.mu_star, e.sigma, xerr=e.mu_star_half_width, fmt="o", color=BLUE, ecolor=GREY, elinewidth=1
        )
        axes.annotate(f"  {e.factor}", (e.mu_star, e.sigma), va="bottom", fontsize=8.5)
    axes.set_xlabel(f"mean absolute effect on {name} across a factor's range")
    axes.set_ylabel("spread of the effect: interaction or curvature")
    axes.grid(color="#DDDDDD", linewidth=0.6)
    return figure


def robustness(found: RobustnessMap) -> Figure:
    """The best institution at each place in the plane of two parameters; larger marks are more often best."""
    numeric = [p for p in found.parameters if found.table[p].dtype.kind in "if"]
    x, y = (numeric + [p for p in found.parameters if p not in numeric])[:2]
    figure, axes = blank(4.6)
    table = found.table
    for k, name in enumerate(found.institutions):
        color, marker = COLOURS[k % len(COLOURS)], MARKERS[k % len(MARKERS)]
        for clear in (True, False):
            won = table[(table["winner"] == name) & (table["clear"] == clear)]
            axes.scatter(
                won[x],
                won[y],
                s=18 + 70 * won["probability"] ** 2,
                edgecolor="white" if clear else color,
                linewidth=0.5 if clear else 1.0,
                color=color if clear else "none",
                marker=marker,
            )
        share = f"{name} (clearly best at {found.share[name]:.0%} of places)"
        axes.plot([], [], linestyle="", markersize=7, label=share, color=color, marker=marker)
    for scale, axis, key in ((axes.set_xscale, axes.xaxis, x), (axes.set_yscale, axes.yaxis, y)):
        if key in found.log:
            scale("log")
            axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
            axis.set_minor_formatter(NullFormatter())
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    figure.legend(loc="outside lower center", ncols=2, fontsize=8.5)
    return figure


def distributions(labels: Sequence[str], values: Sequence[Floats], name: str) -> Figure:
    """Histograms of a count over replications, one row per point."""
    finite = [v[np.isfinite(v)] for v in values]
    every = np.concatenate(finite)
    low, high = int(every.min()), int(every.max())
    bins = np.arange(low - 0.5, high + 1) if high - low <= 60 else np.linspace(low, high + 1, 40)
    figure = Figure(figsize=(WIDTH, 0.8 + 0.55 * len(labels)))
    panels = figure.subplots(len(labels), 1, sharex=True, squeeze=False)[:, 0]
    for k, (axes, label) in enumerate(zip(panels, labels, strict=True)):
        shares, edges = np.histogram(finite[k], bins)
        axes.bar(
            (edges[1:] + edges[:-1]) / 2,
            shares / max(int(shares.sum()), 1),
            width=np.diff(edges) * 0.9,
            color=BLUE,
        )
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        axes.set_ylabel(label, rotation=0, ha="right", va="center", fontsize=8.5)
        axes.axvline(median(values[k]), color=VERMILION, linewidth=1.4, linestyle="--")
    panels[-1].set_xlabel(f"{name}  (dashed: median)")
    return figure


@cache
def _outlines() -> tuple[dict[str, Outline], Outline]:
    found = map_geometry()
    return {code: _outline(text) for code, text in found["eu"].items()}, _outline(found["other"])


def _outline(text: str) -> Outline:
    """An SVG path of straight lines as a Matplotlib path."""
    corners: list[tuple[float, float]] = []
    codes: list[np.uint8] = []
    for ring in text.replace("Z", "").split("M")[1:]:
        points = [tuple(map(float, p.split(","))) for p in ring.split("L")]
        corners += [(p[0], p[1]) for p in points] + [(points[0][0], points[0][1])]
        codes += [Outline.MOVETO] + [Outline.LINETO] * (len(points) - 1) + [Outline.CLOSEPOLY]
    return Outline(np.array(corners), codes)


def facility_map(labels: Sequence[str], sites: Sequence[pd.DataFrame], codes: Sequence[str]) -> Figure:
    """Maps of facilities and their sizes, one per point.

    Args:
        labels: of the points.
        sites: for each point, one row per site: `latitude`, `longitude`, `accelerators` (median over the replications that
            build it), `share` of the replications that build it.
        codes: of the member states, which are drawn darker.
    """
    from matplotlib.patches import PathPatch

    columns = min(len(labels), 2)
    lines = -(-len(labels) // columns)
    figure = Figure(figsize=(WIDTH, 0.5 + (WIDTH / columns) * lines))
    grid = figure.subplots(lines, columns, squeeze=False).reshape(-1)
    states, other = _outlines()
    most = max((float(s["accelerators"].max()) for s in sites if len(s)), default=1.0)
    for axes, label, table in zip(grid, labels, sites, strict=False):
        axes.add_patch(PathPatch(other, facecolor="#EFEFEF", edgecolor="white", linewidth=0.3))
        for code, outline in states.items():
            axes.add_patch(
                PathPatch(
                    outline,
                    facecolor="#D3D9DE" if code in codes else "#EFEFEF",
                    edgecolor="white",
                    linewidth=0.5,
                )
            )
        columns_ = (
            np.asarray(table[c], dtype=float) for c in ("latitude", "longitude", "accelerators", "share")
        )
        for latitude, longitude, size, share in zip(*columns_, strict=True):
            x, y = place(latitude, longitude)
            axes.scatter(
                x,
                y,
                s=max(900 * size / most, 4),
                color=BLUE,
                alpha=0.25 + 0.6 * share,
                edgecolor="black",
                linewidth=0.6,
            )
        axes.set_xlim(168, 960)
        axes.set_ylim(802, 20)
        axes.set_aspect("equal")
        axes.set_axis_off()
        axes.set_title(label)
    for axes in grid[len(labels) :]:
        axes.set_axis_off()
    return figure
