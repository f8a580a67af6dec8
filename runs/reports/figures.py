"""The drawings of a report. Their colors are those of `runs/base/palette.py`; shapes, hatches or labels repeat whatever colors show."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.path import Path as Outline
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from juste_retour.abm.data import map_geometry, place
from juste_retour.agents.arrays import Floats
from juste_retour.runs.analysis.attribution import Attribution
from juste_retour.runs.analysis.crossed_effects import LevelContrast
from juste_retour.runs.analysis.robustness import RobustnessMap
from juste_retour.runs.analysis.sensitivity import Effect
from juste_retour.runs.base.numerals import brief, number
from juste_retour.runs.base.palette import LIGHT, MARKERS, SERIES, SMALL, points
from juste_retour.runs.base.statistics import median, summary
from juste_retour.runs.engine.design import FROM, TO
from juste_retour.runs.reports.drawing import WIDTH, aside, blank, labelled, zero
from juste_retour.runs.reports.titles import percent

INK, SOFT, SHEET = LIGHT["ink"], LIGHT["soft"], LIGHT["sheet"]
HAIR, FINE, LINE, STRONG = (points(weight) for weight in ("hair", "fine", "line", "strong"))
MOST_ROWS = 40
PAIR = 2  # points that are drawn as the two scenarios of the app are, A and B


def sides(count: int) -> list[str]:
    """The colors of points: of two those of scenario A and B, of more the same for all."""
    return [LIGHT["a"], LIGHT["b"]] if count == PAIR else [INK] * count


def intervals(labels: Sequence[str], values: Sequence[Floats], name: str) -> Figure:
    """Median and 5 % to 95 % range over replications, one row per point; `values` holds (worlds,) for each."""
    figure, axes = blank(0.8 + 0.3 * len(labels))
    at = labelled(axes, labels)
    for k, (worlds, color) in enumerate(zip(values, sides(len(values)), strict=True)):
        mid, low, high = summary(worlds).values()
        if math.isfinite(high):
            axes.hlines(at[k], low, high, color=color, linewidth=LINE)
        if math.isfinite(mid):
            hollow = color == LIGHT["b"]
            axes.plot(mid, at[k], "o", color=color, markerfacecolor=SHEET if hollow else color, markersize=6)
        idle = len(worlds) - int(np.isfinite(worlds).sum())
        aside(axes, at[k], f"{number(mid)}{f', missing in {idle}' if idle else ''}")
    axes.set_xlabel(name)
    return figure


def contrasts(found: Sequence[LevelContrast], name: str) -> Figure:
    """Differences of levels from the first level, with intervals; thin marks are the differences at single points."""
    shown = [c for c in found if math.isfinite(c.difference)][:MOST_ROWS]
    figure, axes = blank(0.8 + 0.3 * len(shown))
    at = labelled(axes, [_compared(c) for c in shown])
    for k, c in enumerate(shown):
        sure = c.low > 0 or c.high < 0
        color = INK if sure else LIGHT["control"]
        each = [d for d in c.each if math.isfinite(d)] if len(c.each) > 1 else []
        axes.plot(each, [at[k]] * len(each), linestyle="", marker="|", color=LIGHT["host"], markersize=9)
        axes.hlines(at[k], c.low, c.high, color=color, linewidth=LINE)
        axes.plot(c.difference, at[k], "o", color=color, markerfacecolor=color if sure else SHEET, markersize=6)
        aside(axes, at[k], number(c.difference), bold=sure)
    zero(axes)
    axes.set_xlabel(f"difference in {name}")
    return figure


def _compared(c: LevelContrast) -> str:
    """What a contrast compares, for an axis."""
    if (c.against, c.level) == (FROM, TO):
        return c.factor
    return f"{c.factor}: {c.level} – {c.against}" if c.factor else c.level


def attribution(found: Attribution, name: str) -> Figure:
    """Shares of the groups as bars with intervals; small marks show the change if a group is switched first or last."""
    shares = sorted(
        [s for s in found.shares if s.share or s.low or s.high] or found.shares, key=lambda s: -abs(s.share)
    )
    figure, axes = blank(0.8 + 0.45 * len(shares))
    at = labelled(axes, [s.group for s in shares])
    for k, s in enumerate(shares):
        against = s.share * found.difference < 0
        axes.barh(
            at[k],
            s.share,
            height=0.55,
            color=LIGHT["b-faint" if against else "b-light"],
            hatch="///" if against else "",
            edgecolor=LIGHT["b"],
            linewidth=HAIR,
        )
        axes.hlines(at[k], s.low, s.high, color=INK, linewidth=FINE)
        axes.plot(s.alone, at[k], "|", color=INK, markersize=14)
        axes.plot(s.last, at[k], "d", color=INK, markersize=5, markerfacecolor=SHEET)
        aside(axes, at[k], number(s.share), bold=True)
    zero(axes)
    axes.set_xlabel(f"share of the difference in {name}")
    return figure


Bar = tuple[str, float, float, float]  # a factor, its share, and the interval's ends


def shares(alone: Sequence[Bar], total: Sequence[Bar], noise: Bar | None, name: str) -> Figure:
    """Shares of the variance by factor: alone as a dark bar, in total as a pale one around it, random draws hatched."""
    rows = [*alone, *([noise] if noise else [])]
    figure, axes = blank(0.8 + 0.38 * len(rows))
    at = labelled(axes, [row[0] for row in rows])
    for k, (_, share, low, high) in enumerate(total):
        axes.barh(at[k], max(share, 0), height=0.7, color=LIGHT["quiet"])
        axes.hlines(at[k] - 0.27, low, high, color=INK, linewidth=HAIR)
    for k, (_, share, low, high) in enumerate(alone):
        axes.barh(at[k], max(share, 0), height=0.34, color=SOFT)
        axes.hlines(at[k], low, high, color=INK, linewidth=FINE)
        aside(axes, at[k], f"{percent(share)}{f', {percent(total[k][1])} in total' if total else ''}")
    if noise:
        axes.barh(at[-1], noise[1], height=0.5, color=LIGHT["host"], hatch="...")
        if math.isfinite(noise[2]):
            axes.hlines(at[-1], noise[2], noise[3], color=INK, linewidth=HAIR)
        aside(axes, at[-1], percent(noise[1]))
    axes.set_xlim(left=min(0, axes.get_xlim()[0]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:g} %"))
    axes.set_xlabel(f"share of the variance of {name}")
    return figure


def morris(found: Sequence[Effect], name: str) -> Figure:
    """Mean of absolute elementary effects with intervals, one row per factor; a diamond at their standard deviation."""
    ranked = sorted(found, key=lambda e: -e.mu_star)
    figure, axes = blank(0.8 + 0.34 * len(ranked))
    at = labelled(axes, [e.factor for e in ranked])
    for k, e in enumerate(ranked):
        ends = e.mu_star - e.mu_star_half_width, e.mu_star + e.mu_star_half_width
        axes.hlines(at[k], *ends, color=INK, linewidth=LINE)
        axes.plot(e.sigma, at[k], "d", color=INK, markersize=6, markerfacecolor=SHEET)
        axes.plot(e.mu_star, at[k], "o", color=INK, markersize=6)
        aside(axes, at[k], number(e.mu_star))
    zero(axes)
    axes.set_xlabel(f"effect on {name} across a factor's range")
    return figure


def robustness(found: RobustnessMap) -> Figure:
    """The best institution at each place in the plane of two parameters; larger marks are more often best."""
    numeric = [p for p in found.parameters if found.table[p].dtype.kind in "if"]
    x, y = (numeric + [p for p in found.parameters if p not in numeric])[:2]
    figure, axes = blank(4.6)
    table = found.table
    for k, name in enumerate(found.institutions):
        color, marker = SERIES[k % len(SERIES)], MARKERS[k % len(MARKERS)]
        for clear in (True, False):
            won = table[(table["winner"] == name) & (table["clear"] == clear)]
            axes.scatter(
                won[x],
                won[y],
                s=18 + 70 * won["probability"] ** 2,
                edgecolor=SHEET if clear else color,
                linewidth=HAIR,
                color=color if clear else SHEET,
                marker=marker,
            )
        share = f"{name} (clearly best at {percent(found.share[name])})"
        axes.plot([], [], linestyle="", markersize=7, label=share, color=color, marker=marker)
    for scale, axis, key in ((axes.set_xscale, axes.xaxis, x), (axes.set_yscale, axes.yaxis, y)):
        if key in found.log:
            scale("log")
            axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
            axis.set_minor_formatter(NullFormatter())
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.grid()
    figure.legend(loc="outside lower center", ncols=2)
    return figure


def distributions(labels: Sequence[str], values: Sequence[Floats], name: str) -> Figure:
    """Histograms of a count over replications, one row per point."""
    finite = [v[np.isfinite(v)] for v in values]
    every = np.concatenate(finite)
    low, high = int(every.min()), int(every.max())
    bins = np.arange(low - 0.5, high + 1) if high - low <= 60 else np.linspace(low, high + 1, 40)
    figure = Figure(figsize=(WIDTH, 0.6 + 0.6 * len(labels)))
    panels = figure.subplots(len(labels), 1, sharex=True, squeeze=False)[:, 0]
    for k, (axes, label) in enumerate(zip(panels, labels, strict=True)):
        counts, edges = np.histogram(finite[k], bins)
        axes.bar(
            (edges[1:] + edges[:-1]) / 2,
            counts / max(int(counts.sum()), 1),
            width=np.diff(edges) * 0.9,
            color=LIGHT["a-light" if k == 0 else "b-light"] if len(labels) == PAIR else LIGHT["host"],
        )
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        axes.set_ylabel(label, rotation=0, ha="right", va="center")
        axes.axvline(median(values[k]), color=INK, linewidth=FINE, linestyle="--")
        axes.annotate(
            f"median {brief(median(values[k]))}",
            (1, 0.5),
            (6, 0),
            xycoords="axes fraction",
            textcoords="offset points",
            va="center",
            fontsize=SMALL,
            annotation_clip=False,
        )
    panels[-1].set_xlabel(name)
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
    colors = sides(len(labels)) if len(labels) == PAIR else [LIGHT["a"]] * len(labels)
    for axes, label, table, color in zip(grid, labels, sites, colors, strict=False):
        axes.add_artist(PathPatch(other, facecolor=LIGHT["faint"], edgecolor=SHEET, linewidth=HAIR / 2))
        for code, outline in states.items():
            ground = LIGHT["quiet" if code in codes else "faint"]
            axes.add_artist(PathPatch(outline, facecolor=ground, edgecolor=SHEET, linewidth=HAIR))
        if len(table):
            axes.scatter(
                *zip(*map(place, table["latitude"], table["longitude"]), strict=True),
                s=np.maximum(900 * table["accelerators"] / most, 4),
                c=[color] * len(table),
                alpha=0.25 + 0.6 * table["share"],
                edgecolor=INK,
                linewidth=HAIR,
                clip_on=False,  # a disc at the coast is drawn whole
            )
        axes.set_xlim(168, 960)
        axes.set_ylim(802, 20)
        axes.set_aspect("equal")
        axes.set_axis_off()
        if len(labels) > 1:
            axes.set_title(label, fontweight="normal")
    for axes in grid[len(labels) :]:
        axes.set_axis_off()
    return figure
