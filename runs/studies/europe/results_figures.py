"""The figures of the results page, drawn from a verdict's plain values and from nothing else."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from juste_retour.abm.base.calendar import quarter
from juste_retour.abm.base.parameters import JOINT_LAW_PENALTY
from juste_retour.runs.base.numerals import counted, span
from juste_retour.runs.base.palette import LIGHT, SMALL, points
from juste_retour.runs.reports.drawing import Drawn, aside, blank, labelled, svg, zero
from juste_retour.runs.reports.titles import MOST, capital, leaders, listed, numbers_of
from juste_retour.runs.studies.europe.bench import REFORM, STATUS_QUO
from juste_retour.runs.studies.europe.claims import PARTS
from juste_retour.runs.studies.europe.curves import LEAST_WITHIN, STRUCTURAL_AT
from juste_retour.runs.studies.europe.plain import PlainVerdict, Row, Rows

FOLDER = "figures"  # beside the page
INK, SOFT, SHEET = LIGHT["ink"], LIGHT["soft"], LIGHT["sheet"]


def results_figures(found: PlainVerdict) -> dict[str, Drawn]:
    """The page's figures by name."""
    drawn = (_parts(found), _scenarios(found), _geography(found), _window(found))
    return {figure.name: figure for figure in drawn}


def write_figures(found: PlainVerdict, place: Path) -> None:
    """Draw all of them into the folder beside a page that stands in `place`; OSError where it cannot be written."""
    folder = place / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for name, drawn in results_figures(found).items():
        (folder / f"{name}.svg").write_text(svg(drawn), encoding="utf-8")


def markdown(drawn: Drawn, folder: str = FOLDER) -> str:
    """A figure in a page: its picture with what stands in for it, and its caption in italics."""
    return f"![{drawn.description}]({folder}/{drawn.name}.svg)\n\n*{drawn.caption}*"


def _draws(found: PlainVerdict, count: int) -> str:
    return f"{counted(count, 'draw')} of {len(found['uncertain'])} parameters and the calibrated politics"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _hundredths(years: float) -> str:
    return f"{round(years, 2) + 0.0:.2f}"


def _medians(rows: Rows, key: str) -> list[tuple[str, float]]:
    return [(str(row[key]), row["median"]) for row in rows]


def _parts(found: PlainVerdict) -> Drawn:
    rows = {(r["equal"], r["part"]): r for r in found["shares"] if r["window_years"] == 5}
    parts = sorted(PARTS, key=lambda part: -rows["spending", part]["median"])
    ranked = [rows["spending", part] for part in parts]
    least = next(f["least"] for f in found["findings"] if f["question"] == f"what {PARTS[0]} gains")
    first = leaders([(r["part"], r["median"], r["low"]) for r in ranked])
    if len(first) == 1:
        title = f"{capital(first[0])} gains most of all parts of the reform"
    elif 1 < len(first) < len(parts) - 1:
        title = f"{capital(listed(first))} gain most; their ranges overlap"
    else:
        title = "No part of the reform stands out"
    return Drawn(
        "parts",
        title,
        "Years that each part of the reform takes off the lag (Shapley values, five years): "
        f"median and 90 % range of {_draws(found, found['worlds'])}. Filled: equal spending; hollow: equal envelopes. "
        f"Shaded: effects below {least:g} years.",
        f"Dot plot, years at equal spending: {numbers_of(_medians(ranked, 'part'))}",
        partial(_draw_parts, parts, rows, least),
    )


def _interval(axes: Axes, row: Row, at: float, color: str = INK, *, hollow: bool = False) -> None:
    weight = points("line" if hollow else "strong")
    axes.hlines(at, row["low"], row["high"], color=color, linewidth=points("fine") if hollow else weight)
    axes.plot(row["median"], at, "o", color=color, markerfacecolor=SHEET if hollow else color, markersize=7)


def _draw_parts(parts: list[str], rows: dict[tuple[str, str], Row], least: float) -> Figure:
    figure, axes = blank(0.8 + 0.42 * len(parts))
    at = labelled(axes, parts)
    axes.axvspan(-least, least, color=LIGHT["faint"], linewidth=0)
    for k, part in enumerate(parts):
        _interval(axes, rows["spending", part], at[k], LIGHT["b"])
        _interval(axes, rows["envelopes", part], at[k] - 0.3, LIGHT["b"], hollow=True)
        aside(axes, at[k], _hundredths(rows["spending", part]["median"]), bold=True)
        aside(axes, at[k] - 0.3, _hundredths(rows["envelopes", part]["median"]))
    for equal, shift in (("spending", 0), ("envelopes", -0.3)):
        text = f"  equal {equal}"
        row = rows[equal, parts[0]]
        axes.annotate(text, (row["high"], at[0] + shift), va="center", fontsize=SMALL, annotation_clip=False)
    high = max(row["high"] for row in rows.values() if row["part"] in parts)
    axes.set_xlim(right=high * 1.25)  # leaves room for the two labels
    zero(axes)
    axes.set_xlabel("years taken off the lag behind the frontier")
    return figure


def _scenarios(found: PlainVerdict) -> Drawn:
    rows = sorted(found["presets"], key=lambda row: row["median"])
    nearest = [row["scenario"] for row in rows if row["median"] <= rows[0]["high"]]
    come = f"{listed(nearest)} {'comes' if len(nearest) == 1 else 'come'} nearest"
    title = f"No scenario reaches the frontier; {come}"
    if len(nearest) > MOST:
        title = "No scenario stands out: ranges overlap"
    elif rows[0]["low"] <= 0:
        title = f"{capital(come)} to the frontier"
    dates = [str(row["read"]) for row in rows]
    usual = max(dates, key=dates.count)
    return Drawn(
        "scenarios",
        title,
        f"Years behind the frontier by scenario, a mean over the five years to {usual} or to the date in parentheses: median "
        f"and 90 % range of {_draws(found, found['worlds'])}, the same draws in each row. Blue: the status quo; orange: the "
        "essay's reform. At the right: medians of the years and of the sites.",
        f"Dot plot, a row for each scenario, years behind: {numbers_of(_medians(rows, 'scenario'))}",
        partial(_draw_scenarios, rows, usual),
    )


def _draw_scenarios(rows: Rows, usual: str) -> Figure:
    figure, axes = blank(0.7 + 0.34 * len(rows))
    labels = [row["scenario"] + ("" if row["read"] == usual else f" ({row['read']})") for row in rows]
    at = labelled(axes, labels)
    for k, row in enumerate(rows):
        color = {STATUS_QUO: LIGHT["a"], REFORM: LIGHT["b"]}.get(row["scenario"], INK)
        _interval(axes, row, at[k], color)
        aside(axes, at[k], f"{row['median']:.1f}", bold=True)
        aside(axes, at[k], counted(row["sites"], "site"), right=34)
    axes.set_xlim(left=min(0, *(row["low"] for row in rows)))
    axes.set_xlabel("years behind the frontier")
    return figure


def _geography(found: PlainVerdict) -> Drawn:
    rows = found["geography"]
    there = min(rows, key=lambda row: abs(row["exponent"] - JOINT_LAW_PENALTY))
    share = _percent(there["median"])
    title = f"At the estimated exponent, sites together reach {share} of one campus"
    if there["low"] <= 1 <= there["high"]:
        title = "At the estimated exponent, sites together may equal one campus"
    return Drawn(
        "geography",
        title,
        "The status quo's sites training together with little communication, as a share of one campus with their chips, by the "
        f"exponent at which efficiency falls with the number of sites: median and 90 % range of {_draws(found, found['few'])}. "
        f"Vertical line: the exponent of the joint law of 2025, {JOINT_LAW_PENALTY:.2f}.",
        f"Line chart with a band; share of one campus from {_percent(rows[0]['median'])} at exponent {rows[0]['exponent']:g} to "
        f"{_percent(rows[-1]['median'])} at {rows[-1]['exponent']:g}; 90 % range at the estimated exponent "
        f"{span(there['low'], there['high'], _percent)}",
        partial(_draw_geography, rows, there),
    )


def _draw_geography(rows: Rows, there: Row) -> Figure:
    figure, axes = _band([(row["exponent"], row) for row in rows], "a")
    axes.axhline(1, color=INK, linewidth=points("hair"))
    _note(axes, rows[-1]["exponent"], 1, "one campus", ha="right", offset=(0, 3))
    axes.axvline(JOINT_LAW_PENALTY, color=SOFT, linewidth=points("fine"), linestyle="--")
    _note(axes, JOINT_LAW_PENALTY, there["median"], f"estimated: {_percent(there['median'])}", offset=(5, 8))
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_formatter(lambda value, _: _percent(value))
    axes.set_xlabel("exponent at which efficiency falls with the number of sites")
    axes.set_ylabel("share of one campus")
    return figure


def _window(found: PlainVerdict) -> Drawn:
    rows = [row for row in found["later"] if row["read"] == LEAST_WITHIN]
    late = [row for row in rows if row["median"] > STRUCTURAL_AT]
    title = f"However late, a reform gets within {STRUCTURAL_AT:g} years of the frontier"
    if late and late[-1] is rows[-1]:
        title = f"From {late[0]['announced'][:4]} on, the median reform stays over {STRUCTURAL_AT:g} years behind"
    elif late:
        title = "How late a reform comes makes no clear difference"
    ends = (rows[0], rows[-1])
    return Drawn(
        "window",
        title,
        "The least years behind the frontier that the essay's reform reaches within four years, by the date of its "
        f"announcement: median and 90 % range of {_draws(found, found['few'])}. Dashed: {STRUCTURAL_AT:g} years, from which "
        "the gap is called structural.",
        "Line chart with a band; the least years behind: "
        + numbers_of([(row["announced"], round(row["median"], 1)) for row in ends]),
        partial(_draw_window, rows),
    )


def _draw_window(rows: Rows) -> Figure:
    dated = [(quarter(row["announced"], "announced") / 4, row) for row in rows]
    figure, axes = _band(dated, "b")
    axes.axhline(STRUCTURAL_AT, color=SOFT, linewidth=points("fine"), linestyle="--")
    _note(axes, dated[-1][0], STRUCTURAL_AT, "structural gap", ha="right", offset=(0, 4))
    axes.set_ylim(bottom=min(0, *(row["low"] for row in rows)))
    axes.set_xlabel("announcement of the reform, year")
    axes.set_ylabel("years behind at best")
    return figure


def _note(axes: Axes, x: float, y: float, text: str, offset: tuple[float, float], ha: str = "left") -> None:
    axes.annotate(text, (x, y), offset, textcoords="offset points", fontsize=SMALL, ha=ha)


def _band(dated: list[tuple[float, Row]], side: str) -> tuple[Figure, Axes]:
    """Median and 90 % range along an axis, in the color of the status quo or of the reform."""
    figure, axes = blank(2.9)
    x = [where for where, _ in dated]
    low, mid, high = ([row[key] for _, row in dated] for key in ("low", "median", "high"))
    axes.fill_between(x, low, high, color=LIGHT[f"{side}-light"], linewidth=0, alpha=0.5)
    axes.plot(x, mid, "o-", color=LIGHT[side], linewidth=points("line"), markersize=4)
    for end, text in ((low[-1], "5 %"), (mid[-1], "median"), (high[-1], "95 %")):
        _note(axes, x[-1], end, text, offset=(8, -3))
    axes.set_xlim(right=x[-1] + 0.1 * (x[-1] - x[0]))
    axes.grid()
    return figure, axes
