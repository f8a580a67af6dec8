"""Wording of reports: names of outcomes with units, labels of points, shares in percent."""

from __future__ import annotations

import numpy as np

from juste_retour.runs.base.numerals import shown
from juste_retour.runs.engine.design import FROM, TO, Point
from juste_retour.runs.engine.factors import Level
from juste_retour.runs.results.paired import outcomes


def percent(share: float) -> str:
    """A share in percent; a dash if it is not finite."""
    return f"{share + 0.0 if abs(share) >= 5e-4 else 0.0:.1%}" if np.isfinite(share) else "-"


def words(name: str) -> str:
    """An outcome's name with spaces and without its unit."""
    for ending in ("_eur_bn", "_flop"):
        name = name.removesuffix(ending)
    return name.replace("_", " ")


def unit_of(text: str, name: str) -> str:
    """A text followed by an outcome's unit: "1.2 years" after a number, "years behind (years)" after a name."""
    unit = outcomes()[name].unit if outcomes()[name].kind != "quarter" else "year"
    if unit in ("", "1") or unit in text.split():
        return text
    return f"{text} {unit}" if text[:1].isdigit() or text[:1] == "-" else f"{text} ({unit})"


def label(point: Point) -> str:
    """The label of a point: its levels without the factors' names; of switches, the names of those that are switched."""
    if "label" in point:
        return str(point["label"])
    plain = [_level(k, v) for k, v in point.items() if v not in (FROM, TO)]
    if not any(v in (FROM, TO) for v in point.values()):
        return ", ".join(plain)
    switched = [k for k, v in point.items() if v == TO]
    left = [k for k, v in point.items() if v == FROM]
    there = " + ".join(switched) or "none switched"
    if not left:
        there = "all switched"
    elif len(left) == 1 and len(switched) > 1:
        there = f"all except {left[0]}"
    return ", ".join([there, *plain])


def _level(key: str, value: Level) -> str:
    if isinstance(value, bool):
        return key if value else f"no {key}"
    return shown(value)
