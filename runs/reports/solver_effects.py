"""What a report's numbers owe to the solver of stationary values: to its choice of an equilibrium, and to its error.

Points are run again with the recorded solutions: with each equilibrium, and with values that are moved by their errors.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from juste_retour.abm.bargaining.continuation import instead
from juste_retour.abm.bargaining.sampled import FixedPoint
from juste_retour.agents.arrays import Floats
from juste_retour.runs.base.numerals import brief, within
from juste_retour.runs.base.statistics import summary
from juste_retour.runs.engine.chunks import Cell
from juste_retour.runs.engine.results import Results, numbers_of
from juste_retour.runs.reports.findings import Findings
from juste_retour.runs.reports.wording import label, percent, unit_of, words

DRAWS = 8  # draws of the errors of all values
MOST_RUNS = 9000  # runs in all to see what the errors change, unless eight replications of each point are more
SHARE = 0.5  # of an effect's half-width that the error may be before it is mentioned


def rerun(results: Results, point: int, found: FixedPoint, count: int, seed: int = 0) -> pd.DataFrame:
    """The table `worlds` of a point's first replications with a solver seed, under a solution."""
    cell = Cell(point, seed * results.spec.each, min(count, results.spec.each))
    with instead(results.plan.scenario(cell), results.spec.members, found):
        return results.plan.frames([cell])["worlds"]


def under_each(found: Findings) -> tuple[list[str], list[list[str]], str]:
    """Headings, rows and caption of a table: the outcome under each equilibrium, at points that have several."""
    results, name, rows = found.results, found.headline, []
    for (point, seed), solved in results.solved.items():
        several = range(1, len(solved.solutions) + 1) if solved.equilibria == "several" else ()
        for one in (solved.using(n) for n in several):
            if one.converged:
                frame = rerun(results, point, one, MOST_RUNS, seed)
                used = f"{one.number} (in use)" if one.number == solved.number else str(one.number)
                cells = [
                    within(summary(numbers_of(frame, name)), brief),
                    percent((frame["sites"] == 0).mean()),
                ]
                starts = f"{solved.leads.count(one.number)} of {len(solved.leads)}"
                rows.append([label(results.spec.points[point]), str(seed), used, starts, *cells])
    headings = ["Point", "Solver seed", "Equilibrium", "Starts", unit_of(words(name), name), "No site"]
    note = (
        "Bargaining has several equilibria at these points, and the report's results use the one that is marked. Medians, with "
        "the range of 90 % of the replications, of the same replications under each. Starts: how many searches lead to it."
    )
    return headings, rows, note


class _Moved(Results):
    """The same results with other values of the outcomes, (points, replications)."""

    def __init__(self, results: Results, numbers: list[int], values: Floats):
        self.__dict__ |= results.__dict__
        self.moved = numbers, values

    def outcome(self, name: str) -> tuple[list[int], Floats]:
        return self.moved


def unsure(found: Findings) -> str:
    """A sentence if the error of one solve could change an effect of the question by more than half of its half-width."""
    results, spec, name = found.results, found.spec, found.headline
    if not results.solved or spec.solver_seeds > 1 or not results.complete or not found.answering:
        return ""
    numbers, values = results.outcome(name)
    count = max(min(values.shape[1], MOST_RUNS // (len(results.solved) * (DRAWS + 1))), 8)
    rng, tables = np.random.default_rng(spec.seed), [values[:, :count].copy() for _ in range(DRAWS + 1)]
    for (point, _), solved in results.solved.items():
        for k, table in enumerate(tables):
            moved = solved.moved(rng.normal(size=solved.found.shape) * (k > 0))
            table[numbers.index(point)] = numbers_of(rerun(results, point, moved, count), name)
    effects = [
        {(c.factor, c.level): c.difference for c in Findings(_Moved(results, numbers, table)).contrasts}
        for table in tables
    ]
    says = []
    for c in found.answering:
        change = np.array([e[c.factor, c.level] for e in effects])
        by, half = 1.96 * float(np.sqrt(np.mean((change[1:] - change[0]) ** 2))), (c.high - c.low) / 2
        if by > SHARE * half:
            says.append((by / half if half else np.inf, c, by))
    if not says:
        return ""
    _, worst, by = max(says, key=lambda said: said[0])
    more = f" This holds for {len(says)} of {len(found.answering)} such differences." if len(says) > 1 else ""
    return (
        f"The difference between {worst.level} and {worst.against} rests on one solve of the stationary values, whose error "
        f"could change it by {unit_of(brief(by), name)}, more than half of the half-width of its interval; give solver_seeds "
        f"in the spec for an interval that contains this.{more}"
    )
