"""The optimal majority: the sum of the states' utilities by the majority that is needed, by who pays and the race's value.

    uv run python -m juste_retour.runs.studies.europe.majority --write

It writes `MAJORITY.md` and its figure. Source: Buchanan and Tullock (1962).
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from itertools import pairwise, product
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from juste_retour.abm.worlds.scenario import load
from juste_retour.runs.analysis.institution_choice import Chosen, choose
from juste_retour.runs.base.numerals import number
from juste_retour.runs.base.pages import page_of
from juste_retour.runs.base.palette import MARKERS, SERIES
from juste_retour.runs.reports.drawing import WIDTH, Drawn, svg

HERE = Path(__file__).parent
WORLDS, SEED = 200, 1
FUNDING = {"gni_key": "all pay by national income", "host_matches_half": "the host pays half"}
RACES = (
    30.0,
    100.0,
    300.0,
)  # EUR bn: what the states think that the race is worth, the default in the middle
HEADS = {"simple_majority": 14, "lisbon_qmv": 15, "reinforced_qmv": 20, "unanimity": 27}  # of 27 states
WORDS = {
    "simple_majority": "a simple majority",
    "lisbon_qmv": "the Lisbon majority",
    "reinforced_qmv": "a reinforced majority",
    "unanimity": "unanimity",
}
SURE = 0.95  # share of resamples from which on a page states what holds in them
PROTOCOL = {"agenda": "closed_rule", "expect": "stationary"}
COMMAND = "uv run python -m juste_retour.runs.studies.europe.majority --write"


@dataclass(frozen=True)
class MajorityCell:
    """The choice among the voting rules under one funding rule and value of the race."""

    funding: str
    race: float
    chosen: Chosen

    def by_rule(self, name: str) -> dict[str, float]:
        """An attribute of the choice by the rule in force."""
        return dict(zip(self.chosen.scenarios, getattr(self.chosen, name), strict=True))

    def sure(self, name: str) -> list[str]:
        """The rules for which a share of resamples is large."""
        return [rule for rule, share in self.by_rule(name).items() if share >= SURE]

    @property
    def best(self) -> str | None:
        """The rule with the highest sum; None if the replications leave it open."""
        return next(iter(self.sure("leading")), None)

    @property
    def never_best(self) -> list[str]:
        """The rules whose sum is the highest in few resamples."""
        return [rule for rule, share in self.by_rule("leading").items() if share <= 1 - SURE]

    @property
    def dips(self) -> bool:
        """Whether the sum falls and then rises again with the majority, each by more than two standard errors."""
        errors = [2 * np.hypot(*pair) for pair in pairwise(self.chosen.error_eur_bn)]
        steps = np.diff(self.chosen.utility_eur_bn) / errors
        return bool((np.logical_or.accumulate(steps < -1) & (steps > 1)).any())


def cells(worlds: int = WORLDS) -> list[MajorityCell]:
    """All choices."""
    found = []
    for funding, race in product(FUNDING, RACES):
        today = load("eu-status-quo").changed(PROTOCOL | {"funding": funding, "race_value_eur_bn": race})
        chosen = choose(today, vary=f"voting={','.join(HEADS)}", worlds=worlds, seed=SEED)
        found.append(MajorityCell(funding, race, chosen))
    return found


def title(found: list[MajorityCell]) -> str:
    """What holds at every value of the race, by who pays."""
    said = []
    for funding, who in FUNDING.items():
        best = {cell.best for cell in found if cell.funding == funding}
        what = (
            "the runs leave the best majority open"
            if len(best - {None}) == 0 or (None in best and len(best) == 2)
            else "the best majority depends on what the race is worth"
            if len(best) > 1
            else f"the sum of utilities is highest under {WORDS[best.pop() or '']} at each value of the race"
        )
        said.append(f"if {who}, {what}")
    return "; ".join(said).capitalize()


def figure(found: list[MajorityCell]) -> Drawn:
    """The sum of utilities by the number of states that must agree, a panel for each funding rule."""

    def draw() -> Figure:
        sheet = Figure(figsize=(WIDTH, 3.4))
        for axes, funding in zip(sheet.subplots(1, len(FUNDING), sharey=True), FUNDING, strict=True):
            for k, cell in enumerate(c for c in found if c.funding == funding):
                axes.errorbar(
                    [HEADS[rule] for rule in cell.chosen.scenarios],
                    cell.chosen.utility_eur_bn,
                    [2 * error for error in cell.chosen.error_eur_bn],
                    color=SERIES[k],
                    marker=MARKERS[k],
                    capsize=3,
                    label=f"race worth EUR {number(cell.race)} bn",
                )
            axes.set_title(f"If {FUNDING[funding]}", fontweight="normal")
            axes.set_xticks(list(HEADS.values()), [str(n) for n in HEADS.values()])
        sheet.axes[0].set_ylabel("Sum of utilities, EUR bn")
        sheet.supxlabel("States that must agree, of 27 (with 15 and 20 also 65 % of the people)", fontsize="medium")
        sheet.axes[0].legend(frameon=False, loc="center", bbox_to_anchor=(0.55, 0.6))  # between the lines
        return sheet

    numbers = "; ".join(
        f"{FUNDING[c.funding]}, race worth {number(c.race)}: "
        + ", ".join(f"{HEADS[r]} states {number(u)}" for r, u in c.by_rule("utility_eur_bn").items())
        for c in found
    )
    caption = (
        f"Means of {WORLDS} replications with seed {SEED}, with two standard errors. Closed rule with stationary continuation "
        "values. The errors do not cover those of the values themselves."
    )
    return Drawn("majority", title(found), caption, f"Line charts; {numbers}", draw)


def page(found: list[MajorityCell], drawn: Drawn, seconds: float) -> str:
    """The page, in Markdown."""
    never = set.intersection(*(set(cell.never_best) for cell in found))
    always = set.intersection(*(set(cell.sure("staying")) for cell in found))
    constants = {"heads": HEADS, "words": WORDS, "payers": FUNDING, "worlds": WORLDS, "seed": SEED}
    about = {"command": COMMAND, "minutes": seconds / 60, "sure": SURE}
    return page_of(
        HERE / "templates" / "majority.jinja",
        cells=found,
        never=never,
        always=always,
        drawn=drawn,
        **constants,
        **about,
    )


def write() -> None:
    """Run, and write the page and its figure."""
    begun = time.process_time()
    found = cells()
    drawn = figure(found)
    text = page(found, drawn, time.process_time() - begun)
    (HERE / "figures" / "majority.svg").write_text(svg(drawn), encoding="utf-8")
    (HERE / "MAJORITY.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        write()
    else:
        sys.stdout.write(f"{COMMAND}\n")
