"""A specification curve: one effect under every combination of the other factors and under each measure, sorted by size.

The alternatives are the levels of the other factors of a grid (protocols, payoffs, windows) and the outcomes of the spec
that have the unit of the first one.

Source: Simonsohn, Simmons and Nelson (2020), Specification Curve Analysis, Nature Human Behaviour 4.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from juste_retour.agents.errors import BadInput, near
from juste_retour.runs.analysis.clustered import over_replications
from juste_retour.runs.analysis.crossed_effects import Crossed
from juste_retour.runs.analysis.effects import named_factors
from juste_retour.runs.base.numerals import brief, counted, shown
from juste_retour.runs.base.palette import LIGHT, SERIES, SMALL, points
from juste_retour.runs.engine.results import Results
from juste_retour.runs.reports import drawing
from juste_retour.runs.reports.wording import unit_of, words
from juste_retour.runs.results.paired import outcomes

MEASURE, FIGURE, TABLE = "measure", "figures/curve", "curve.csv"


@dataclass(frozen=True, eq=False)
class Curve:
    """The effect of a factor's level under every specification.

    Attributes:
        effect: the factor, the level and the first level.
        outcome: the first outcome, whose unit all measures have.
        table: a row per specification, sorted by `effect`, with `low` and `high`, a 95 % t interval over replications, and a
            column per alternative.
        replications: in each specification.
    """

    effect: tuple[str, str, str]
    outcome: str
    table: pd.DataFrame
    replications: int

    @property
    def alternatives(self) -> dict[str, list[str]]:
        """The values of each alternative."""
        return {
            str(key): list(dict.fromkeys(map(str, self.table.sort_index()[key])))
            for key in self.table.columns
            if key not in ("effect", "low", "high")
        }

    @property
    def summary(self) -> dict[str, float]:
        """Number of specifications, median and extremes of the effect, and the shares above and below zero.

        `higher` and `lower` count specifications whose interval excludes zero.
        """
        t = self.table
        return {
            "specifications": len(t),
            "median": float(t["effect"].median()),
            "least": float(t["effect"].min()),
            "most": float(t["effect"].max()),
            "higher": float((t["low"] > 0).mean()),
            "lower": float((t["high"] < 0).mean()),
        }

    @property
    def medians(self) -> list[tuple[str, int, float, float, float]]:
        """For each value of each alternative: specifications, median effect, and shares significantly above and below zero."""
        found = []
        for key, values in self.alternatives.items():
            for value in values:
                t = self.table[self.table[key].astype(str) == value]
                ends = (float((t["low"] > 0).mean()), float((t["high"] < 0).mean()))
                found.append((f"{key} = {value}", len(t), float(t["effect"].median()), *ends))
        return found

    def drawn(self) -> drawing.Drawn:
        """The figure: effects with intervals above, and the alternatives of each below."""
        factor, level, against = self.effect
        s, name = self.summary, words(self.outcome)
        sign, share = ("higher", s["higher"]) if s["higher"] >= s["lower"] else ("lower", s["lower"])
        return drawing.Drawn(
            "curve",
            f"Under {factor} = {level}, {name} is significantly {sign} in {share:.0%} of {len(self.table)} specifications",
            f"Effects of {factor} = {level} instead of {against} in every specification, by size, with 95 % intervals over "
            f"{counted(self.replications, 'replication')}; marks below show the alternatives of each.",
            f"Specification curve: median {brief(s['median'])}, from {brief(s['least'])} to {brief(s['most'])}",
            partial(_draw, self),
        )


def specification_curve(results: Results | Path | str, effect: Mapping[str, object] | None = None) -> Curve:
    """Return the effect of a level in every specification of a grid.

    Args:
        results: an experiment with a grid of two or more factors, or its folder.
        effect: the factor and its level, such as `{"voting": "unanimity"}`; by default the first factor that the question
            names, or the first one, at its last level.

    Raises:
        BadInput: another design, or no such factor or level.
    """
    results = results if isinstance(results, Results) else Results(results)
    spec, first = results.spec, results.spec.outcomes[0]
    if spec.design.kind != "grid":
        raise BadInput(f"{results.out} has a {spec.design.kind} design; a specification curve needs a grid.")
    by_measure = {o: Crossed.of(results, o) for o in spec.outcomes if outcomes()[o].unit == outcomes()[first].unit}
    crossed = by_measure[first]
    factor = next(iter(effect or named_factors(spec) or spec.varied))
    if factor not in spec.varied:
        raise BadInput(f"{factor!r} is not a factor of this experiment; {near(factor, spec.varied)}")
    levels = crossed.levels(factor)
    level = shown(effect[factor]) if effect else levels[-1]
    if level not in levels[1:]:
        raise BadInput(
            f"{factor} = {level} cannot be compared with the first level, {levels[0]}; give {', '.join(levels[1:])}."
        )
    rows = []
    for measure, values in by_measure.items():
        for point in values.points:
            rest = {key: shown(value) for key, value in point.items() if key != factor}
            apart = values.apart(factor, level, levels[0], rest) if shown(point[factor]) == level else None
            if apart is not None:
                mean, low, high = (float(x) for x in over_replications(apart[0]))
                rows.append({"effect": mean, "low": low, "high": high, **rest, MEASURE: measure})
    if not rows:
        raise BadInput(f"no two points differ in {factor} only; finish the batch first.")
    table = pd.DataFrame(rows)
    if len(by_measure) == 1:
        table = table.drop(columns=MEASURE)
    return Curve((factor, level, levels[0]), first, table.sort_values("effect", kind="stable"), crossed.values.shape[1])


def write_curve(results: Results, curve: Curve) -> list[str]:
    """Write the figure as SVG and PDF and the table as CSV into the folder of results; return the files' names."""
    figure = curve.drawn()
    files = {
        f"{FIGURE}.svg": f'<?xml version="1.0" encoding="utf-8"?>\n{drawing.svg(figure)}'.encode(),
        f"{FIGURE}.pdf": drawing.pdf(figure),
        TABLE: curve.table.to_csv(index=False, lineterminator="\n").encode(),
    }
    for name, content in files.items():
        results.store.write(name, content)
    return list(files)


def _draw(curve: Curve) -> Figure:
    table, chosen = curve.table, [(k, v) for k, values in curve.alternatives.items() for v in values]
    figure = Figure(figsize=(drawing.WIDTH, 3.0 + 0.2 * len(chosen)))
    top, below = figure.subplots(2, 1, sharex=True, height_ratios=[2.4, 0.2 * len(chosen) + 0.2])
    across = np.arange(len(table), dtype=float)
    sure = ((table["low"] > 0) | (table["high"] < 0)).to_numpy()
    top.vlines(across, table["low"], table["high"], color=LIGHT["edge"], linewidth=points("fine"))
    effect = table["effect"].to_numpy()
    top.scatter(across[sure], effect[sure], color=SERIES[0], s=14, zorder=3)
    top.scatter(across[~sure], effect[~sure], facecolor=LIGHT["sheet"], edgecolor=SERIES[0], s=14, zorder=3)
    top.axhline(0, color=LIGHT["ink"], linewidth=points("hair"))
    top.set_ylabel(unit_of(f"effect on {words(curve.outcome)}", curve.outcome))
    place = drawing.labelled(below, [f"{key} = {value}" for key, value in chosen])
    for row, (key, value) in zip(place, chosen, strict=True):
        at = across[(table[key].astype(str) == value).to_numpy()]
        below.scatter(at, np.full(len(at), row), marker="|", color=LIGHT["ink"], s=30)
    below.tick_params(axis="y", labelsize=SMALL)
    below.set_xlabel("specifications, by size of the effect")
    below.set_xticks([])
    return figure
