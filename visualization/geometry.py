"""The map as drawn: outlines of the states, and where a place on the globe falls on them."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

from abm.data import map_geometry
from abm.members import Members, load_members

CENTRE = (math.radians(52.0), math.radians(10.0))
SCALE, EAST, NORTH = (
    1265.32,
    512.08,
    436.65,
)  # drawing units; fitted to the outlines of fifteen states, within two units
WINDOW = (168.0, 20.0, 792.0, 782.0)  # left, top, width and height of the part with the Union in it
LABELS = {
    "SE": (566, 262),
    "NL": (448, 420),
    "FI": (672, 196),
    "IT": (549, 632),
    "EL": (716, 672),
    "HR": (600, 574),
    "DK": (494, 338),
}
SMALL = ("MT", "LU", "CY")


def place(latitude: float, longitude: float) -> tuple[float, float]:
    """Where a place falls on the map: Lambert's equal-area projection about 52 N 10 E, as in EPSG:3035.

    >>> [round(x) for x in place(52.0, 10.0)]
    [512, 437]
    """
    north, east, middle = math.radians(latitude), math.radians(longitude) - CENTRE[1], CENTRE[0]
    sine, cosine = math.sin(north), math.cos(north)
    k = math.sqrt(2 / (1 + math.sin(middle) * sine + math.cos(middle) * cosine * math.cos(east)))
    x = k * cosine * math.sin(east)
    y = k * (math.cos(middle) * sine - math.sin(middle) * cosine * math.cos(east))
    return EAST + SCALE * x, NORTH - SCALE * y


@cache
def _outlines() -> dict[str, Any]:
    return map_geometry()


def drawn_map(members: Members | None = None) -> dict[str, Any]:
    """Everything about places that the browser needs once: outlines, labels, sites, commissioners and labs."""
    members = members or load_members()
    outlines, states, sites = _outlines(), members.states, members.sites
    centre = {code: LABELS.get(code, tuple(at)) for code, at in outlines["centroid"].items()}
    return {
        "window": WINDOW,
        "other": outlines["other"],
        "states": [
            {
                "code": code,
                "name": states.names[i],
                "path": outlines["eu"].get(code, ""),
                "at": centre.get(code, (0, 0)),
                "small": code in SMALL,
                "population": int(states.population[i]),
            }
            for i, code in enumerate(states.codes)
        ],
        "sites": [
            {
                "city": sites.cities[j],
                "at": [round(x, 1) for x in place(float(sites.latitude[j]), float(sites.longitude[j]))],
            }
            for j in range(sites.count)
        ],
        "commissioners": [
            {"name": name, "portfolio": what, "state": int(state)}
            for name, what, state in zip(
                members.college.names, members.college.portfolio, members.college.state, strict=True
            )
        ],
        "lead": members.college.lead if members.college.count else None,
        "labs": [
            {
                "name": name,
                "title": name.replace("_", " ").title(),
                "kind": kind,
                "bloc": bloc,
                "home": int(home),
                "capital_eur_bn": float(capital),
                "accelerators": float(chips),
            }
            for name, kind, bloc, home, capital, chips in zip(
                members.labs.names,
                members.labs.kind,
                members.labs.bloc,
                members.labs.home,
                members.labs.capital,
                members.labs.accelerators,
                strict=True,
            )
        ],
    }
