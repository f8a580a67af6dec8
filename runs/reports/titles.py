"""Titles of figures: one sentence with the main result, computed from the numbers, or that nothing stands out."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from juste_retour.agents.arrays import Floats
from juste_retour.runs.analysis.attribution import Attribution
from juste_retour.runs.analysis.crossed_effects import CellMeans, ConditionalEffect, LevelContrast
from juste_retour.runs.analysis.robustness import RobustnessMap
from juste_retour.runs.base.numerals import brief, number
from juste_retour.runs.base.statistics import median, summary
from juste_retour.runs.engine.design import FROM, TO

MOST = 3  # maximum number of names in a title
LONG = 34  # characters above which a title does not repeat a label
Rated = tuple[str, float, float]  # a name, its value, and the lower bound of its interval


def capital(text: str) -> str:
    """A text that begins with a capital letter, unless it begins with a name in code.

    >>> capital("what pays"), capital("us-private is best"), capital("voting = unanimity")
    ('What pays', 'us-private is best', 'voting = unanimity')
    """
    first, _, rest = text.partition(" ")
    return text if re.search("[-_]", first) or rest.startswith("=") else text[:1].upper() + text[1:]


def percent(share: float) -> str:
    """A share rounded to a percent; a dash if it is not finite."""
    return f"{round(100 * share)} %" if math.isfinite(share) else "-"


def level(factor: str, name: str) -> str:
    """A level of a factor as text; of a group of institutions, whether it is switched."""
    return {FROM: f"{factor} not switched", TO: f"{factor} switched"}.get(name, f"{factor} = {name}")


def listed(names: Sequence[str]) -> str:
    """Names with commas and a last "and".

    >>> listed(["access", "procurement", "placement"])
    'access, procurement and placement'
    """
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def leaders(rows: Sequence[Rated]) -> list[str]:
    """The name with the largest value, and those whose values lie in its interval; empty if that interval includes zero.

    >>> leaders([("a", 0.6, 0.3), ("b", 0.5, 0.1), ("c", 0.2, 0.1)])
    ['a', 'b']
    """
    ranked = sorted((row for row in rows if math.isfinite(row[1])), key=lambda row: -row[1])
    if not ranked or not ranked[0][2] > 0:
        return []
    return [name for k, (name, value, _) in enumerate(ranked) if not k or value >= ranked[0][2]]


def foremost(rows: Sequence[Rated], one: str, several: str, none: str) -> str:
    """A sentence on the leaders: their names, then `one` or `several`; `none` if there is no leader or too many."""
    first = leaders(rows)
    if not first or len(first) > MOST or len(first) == len(rows) > 1:
        return none
    return capital(f"{listed(first)} {one if len(first) == 1 else several}")


def of_attribution(found: Attribution, name: str) -> str:
    """Which groups account for the difference between two scenarios."""
    if found.low <= 0 <= found.high:
        return f"The two scenarios do not differ clearly in {name}"
    sign = math.copysign(1, found.difference)
    ends = [(s.group, sign * s.share, min(sign * s.low, sign * s.high)) for s in found.shares]
    return foremost(
        ends,
        f"accounts for the largest part of the difference in {name}",
        f"account for most of the difference in {name}",
        f"No single group stands out in the difference in {name}",
    )


def of_contrasts(found: Sequence[LevelContrast], name: str) -> str:
    """Which level changes the outcome most, among those whose interval excludes zero."""
    sure = [c for c in found if c.low > 0 or c.high < 0]
    if not sure:
        return f"No difference in {name} is significantly different from zero"
    c = max(sure, key=lambda c: abs(c.difference))
    verb = "raises" if c.difference > 0 else "lowers"
    what = level(c.factor, c.level) if c.factor else c.level
    what = f"switching {c.factor}" if c.level == TO else what
    what = what if len(what) <= LONG else c.level if len(c.level) <= LONG else "one point"
    return capital(f"{what} {verb} {name}{' most' if len(found) > 1 else ''}, by {number(abs(c.difference))}")


def of_intervals(labels: Sequence[str], values: Sequence[Floats], name: str) -> str:
    """The lowest and the highest median, and the points that have them."""
    known = [(label, summary(v)) for label, v in zip(labels, values, strict=True)]
    known = [row for row in known if math.isfinite(row[1]["median"])]
    if not known:
        return f"In most replications, {name} is missing"
    (under, low), (over, high) = (pick(known, key=lambda row: row[1]["median"]) for pick in (min, max))
    least, most = number(low["median"]), number(high["median"])
    if low["median"] == high["median"]:
        where = "everywhere" if len(known) > 1 else "in the median replication"
        return capital(f"{name}: {least} {where}")
    if max(s["low"] for _, s in known) <= min(s["high"] for _, s in known):
        return capital(f"no point stands out in {name}: all ranges overlap")
    if max(len(under), len(over)) > LONG / 2:
        return f"Medians of {name} run from {least} to {most}"
    return capital(f"{name}: {least} under {under}, {most} under {over}")


def of_interaction(cells: CellMeans, effects: Sequence[ConditionalEffect], name: str) -> str:
    """Whether the effect of one factor depends on the other, by the levels with the largest interaction."""
    most = max(effects, key=lambda e: abs(e.beyond), default=None)
    if most is None or most.beyond_low <= 0 <= most.beyond_high:
        return f"No clear interaction of {cells.factor} and {cells.other} in {name}"
    return f"The effect of {cells.factor} on {name} depends on {cells.other}"


def of_shares(rows: Sequence[Rated], noise: float, name: str) -> str:
    """Which factors account for most of the variance, or that random draws do."""
    top = max((value for _, value, _ in rows), default=0.0)
    if math.isfinite(noise) and noise > top:
        return f"Random draws account for more of the variance of {name} than any factor"
    return foremost(
        rows,
        f"has the largest share of the variance of {name}",
        f"have the largest shares of the variance of {name}",
        f"No factor stands out in the variance of {name}",
    )


def of_robustness(found: RobustnessMap) -> str:
    """Which level is clearly best most often."""
    name, share = max(found.share.items(), key=lambda row: row[1])
    if not share:
        return f"No level of {found.institution} is clearly best anywhere"
    return capital(f"{name} is clearly best at {percent(share)} of the combinations")


def of_facilities(labels: Sequence[str], values: Sequence[Floats]) -> str:
    """The median number of facilities, and the points where it is lowest and highest."""
    found = [(median(v), label) for label, v in zip(labels, values, strict=True)]
    (low, under), (high, over) = min(found), max(found)
    if low == high:
        return f"Facilities in the median replication: {brief(low)}{' everywhere' if len(found) > 1 else ''}"
    if max(len(under), len(over)) > LONG / 2:
        return f"Facilities in the median replication: from {brief(low)} to {brief(high)}"
    return f"Facilities in the median replication: {brief(low)} under {under}, {brief(high)} under {over}"


def of_map(labels: Sequence[str], sites: Sequence[Sequence[tuple[str, float]]]) -> str:
    """Where the largest facility is built."""
    every = [(size, city, label) for label, rows in zip(labels, sites, strict=True) for city, size in rows]
    if not every:
        return "No facility is built"
    size, city, label = max(every)
    under = f" under {label}" if len(labels) > 1 and len(label) <= LONG / 2 else ""
    return f"The largest facility is in {city}{under}: {brief(size)} accelerators"


def numbers_of(rows: Sequence[tuple[str, float]], most: int = 8) -> str:
    """Names with their numbers, as a description for readers who cannot see the figure."""
    said = [f"{name} {brief(round(value, 2) + 0.0 if abs(value) < 100 else value)}" for name, value in rows[:most]]
    more = len(rows) - most
    return "; ".join([*said, *([f"and {more} more"] if more > 0 else [])])


def ends_of(values: Sequence[Floats]) -> list[float]:
    """The medians of some points."""
    return [median(v) for v in values]
