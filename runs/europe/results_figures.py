"""The figures of the results page, drawn from a verdict's plain values and from nothing else."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from juste_retour.abm.calendar import quarter
from juste_retour.runs.europe.claims import PARTS
from juste_retour.runs.europe.curves import LEAST_WITHIN, STRUCTURAL_AT
from juste_retour.runs.europe.plain import PlainVerdict, Row
from juste_retour.runs.reports.figures import BLUE, GREY, VERMILION, Drawn, blank, labelled, svg

FOLDER = "figures"  # beside the page


def results_figures(found: PlainVerdict) -> dict[str, Drawn]:
    """The page's figures by name."""
    drawn = (
        Drawn(
            "parts",
            "What each part of the institutions gains",
            "Years that each part of the reform takes off, five-year window: median and 90 % of the draws. Filled: equal "
            "spending; open: equal envelopes. The dashed line is the least that counts.",
            partial(_parts, found),
        ),
        Drawn(
            "scenarios",
            "Years behind, by institutions",
            "Years behind the frontier as a mean over each scenario's window, on the same draws with common random numbers: "
            "median and 90 %.",
            partial(_scenarios, found),
        ),
        Drawn(
            "geography",
            "What training across sites gives",
            "The status quo's sites training together, as a share of one campus with their chips, by the exponent at which "
            "efficiency falls with the number of sites: median and 90 %.",
            partial(_geography, found),
        ),
        Drawn(
            "window",
            "How the window closes",
            "The least years behind that a reform reaches within four years of its announcement: median and 90 %. The "
            "dashed line is where the gap is called structural.",
            partial(_window, found),
        ),
    )
    return {figure.name: figure for figure in drawn}


def write_figures(found: PlainVerdict, place: Path) -> None:
    """Draw all of them into the folder beside a page that stands in `place`; OSError where it cannot be written."""
    folder = place / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for name, drawn in results_figures(found).items():
        (folder / f"{name}.svg").write_text(svg(drawn), encoding="utf-8")


def _interval(axes: Axes, row: Row, at: float, fill: str = BLUE, color: str = BLUE) -> None:
    axes.hlines(at, row["low"], row["high"], color=color, linewidth=3 if fill != "none" else 1.5)
    axes.plot(row["median"], at, "o", color=color, mfc=fill, markersize=7)


def _parts(found: PlainVerdict) -> Figure:
    rows = {(r["equal"], r["part"]): r for r in found["shares"] if r["window_years"] == 5}
    parts = sorted(PARTS, key=lambda part: -rows["spending", part]["median"])
    figure, axes = blank(1.1 + 0.42 * len(parts))
    at = labelled(axes, parts)
    for k, part in enumerate(parts):
        _interval(axes, rows["spending", part], at[k])
        _interval(axes, rows["envelopes", part], at[k] - 0.28, "none", VERMILION)
    axes.axvline(0, color="black", linewidth=0.8)
    axes.axvline(0.1, color=GREY, linewidth=0.8, linestyle="--")
    axes.set_xlabel("years of the gap to the frontier that it takes off")
    return figure


def _scenarios(found: PlainVerdict) -> Figure:
    rows = sorted(found["presets"], key=lambda row: row["median"])
    figure, axes = blank(0.9 + 0.34 * len(rows))
    at = labelled(axes, [f"{row['scenario']}, to {row['read']}" for row in rows])
    for k, row in enumerate(rows):
        _interval(axes, row, at[k])
        sites = "one site" if row["sites"] == 1 else f"{row['sites']:.0f} sites"
        axes.annotate(f" {sites}", (1, at[k]), xycoords=("axes fraction", "data"), va="center", fontsize=8.5)
    axes.set_xlim(left=0)
    axes.set_xlabel("years behind the frontier")
    return figure


def _geography(found: PlainVerdict) -> Figure:
    figure, axes = _band([(row["exponent"], row) for row in found["geography"]])
    axes.axhline(1, color="black", linewidth=0.8)
    axes.set_ylim(bottom=0)
    axes.set_xlabel("exponent")
    axes.set_ylabel("share of one campus")
    return figure


def _window(found: PlainVerdict) -> Figure:
    rows = [row for row in found["later"] if row["read"] == LEAST_WITHIN]
    figure, axes = _band([(quarter(row["announced"], "announced") / 4, row) for row in rows])
    axes.axhline(STRUCTURAL_AT, color=GREY, linewidth=0.9, linestyle="--")
    axes.axhline(0, color="black", linewidth=0.8)
    axes.set_xlabel("a reform is announced")
    axes.set_ylabel("years behind at best")
    return figure


def _band(points: list[tuple[float, Row]]) -> tuple[Figure, Axes]:
    figure, axes = blank(3.0)
    x = [where for where, _ in points]
    low, mid, high = ([row[key] for _, row in points] for key in ("low", "median", "high"))
    axes.fill_between(x, low, high, color=BLUE, alpha=0.2, linewidth=0)
    axes.plot(x, mid, "o-", color=BLUE, markersize=4)
    axes.grid(color="#DDDDDD", linewidth=0.6)
    axes.set_axisbelow(True)
    return figure, axes
