"""Shares of the runs in which no site was agreed, and in which the lag is only that of machines that existed before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from juste_retour.agents.arrays import Floats
from juste_retour.agents.errors import BadInput
from juste_retour.runs.base.numerals import shown
from juste_retour.runs.engine.design import Point
from juste_retour.runs.engine.results import Results
from juste_retour.runs.results.paired import GAIN, LAG

HEADINGS = ("No site", "Stands")
MEANING = (
    "No site: share of the runs in which no site was agreed. Stands: share of the runs in which years_behind is only the "
    "lag of the machines that existed before the program, because no facility beats them."
)
NOTHING_BEATS = "no facility beats the machines that existed before the program"
TELLING = 1 / 3  # share of the runs above which an answer mentions it


@dataclass(frozen=True)
class Agreed:
    """A point's share of runs without a site, and with only the lag of earlier machines."""

    point: Point
    no_site: float
    standing: float


def agreement(results: Results) -> list[Agreed]:
    """Both shares at each point, in the order of `Results.outcome`."""
    numbers, sites = results.outcome("sites")
    none, standing = (sites == 0).mean(1), (results.outcome(GAIN)[1] == 0).mean(1)
    return [Agreed(results.spec.points[n], float(a), float(b)) for n, a, b in zip(numbers, none, standing, strict=True)]


def averaged(found: Sequence[Agreed]) -> tuple[float, float]:
    """Both shares, averaged over points."""
    return float(np.mean([a.no_site for a in found])), float(np.mean([a.standing for a in found]))


def sentence(found: Sequence[Agreed], factors: Sequence[str]) -> str:
    """A sentence if either share exceeds a third, overall or at a level of a factor; else an empty string."""
    if not found:
        return ""
    groups: list[dict[str, list[Agreed]]] = [{"": list(found)}]
    for key in factors:
        levels: dict[str, list[Agreed]] = {}
        for a in found:
            levels.setdefault(f" under {key} = {shown(a.point.get(key))}", []).append(a)
        groups.append(levels)
    for share, says in (
        (0, "no site was agreed; the lag is then that of the machines that existed before the program"),
        (1, "no facility beats the machines that existed before the program; the lag is then theirs"),
    ):
        shares = [{where: averaged(some)[share] for where, some in levels.items()} for levels in groups]
        telling = max(shares, key=lambda s: round(max(s.values()) - min(s.values()), 2))
        many = [f"{value:.0%} of the runs{where}" for where, value in telling.items() if value > TELLING]
        if many:
            said = " and in ".join(many).replace("%", " %")
            return f"In {said} {says}."
    return ""


def same_because(found: Sequence[Agreed], outcome: str) -> str:
    """The cause of an outcome that never varies, as the end of a sentence; empty if it is another cause."""
    if not found:
        return ""
    if outcome == LAG and all(a.standing == 1 for a in found):
        return f": {NOTHING_BEATS}"
    return ": no site was agreed in any run" if all(a.no_site == 1 for a in found) else ""


def check_finite(values: Floats, outcome: str) -> None:
    """Check that an outcome is finite in every run.

    Raises:
        BadInput: in some run no machine works.
    """
    if not np.isfinite(values).all():
        raise BadInput(f"{outcome} is missing in some runs, because no machine works there; name another outcome.")


def check_varies(results: Results, outcome: str) -> None:
    """Check that an outcome is not the same in every run.

    Raises:
        BadInput: the outcome never varies; the text names the cause.
    """
    values = results.outcome(outcome)[1]
    if not np.isfinite(values).all() or (values != values.flat[0]).any():
        return
    raise BadInput(
        f"{outcome} is the same in every run{same_because(agreement(results), outcome)}, so there is no variance to "
        "explain; name another outcome, or use other rules or a longer run."
    )
