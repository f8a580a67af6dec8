"""The geometry of the map: outlines of the states, and positions of labels and sites."""

from __future__ import annotations

from functools import cache

from juste_retour.abm.base.calendar import decimal_year, label
from juste_retour.abm.base.members import Members, load_members
from juste_retour.abm.base.observed import observed
from juste_retour.abm.base.toml import JsonObject
from juste_retour.abm.data import map_geometry, place
from juste_retour.visualization.names import UNIONS, lab_title
from juste_retour.visualization.patchwork import patchwork

WINDOW = (
    168.0,
    20.0,
    792.0,
    782.0,
)  # left, top, width and height of the part of the map that shows the Union
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


@cache
def _outlines() -> JsonObject:
    return map_geometry()


def in_europe(members: Members) -> bool:
    """Whether the map of Europe has the outlines of all states of a union, and all its sites lie on it."""
    left, top, width, height = WINDOW
    sites = zip(members.sites.latitude.tolist(), members.sites.longitude.tolist(), strict=True)
    return set(members.states.codes) <= set(_outlines()["eu"]) and all(
        left <= x <= left + width and top <= y <= top + height for x, y in (place(*at) for at in sites)
    )


def _land(
    members: Members, europe: bool
) -> tuple[str, list[str], list[tuple[float, float]], list[tuple[float, float]]]:
    """The outline of other land, the states' outlines, the positions of their labels, and those of the sites."""
    states, sites = members.states, members.sites
    if europe:
        drawn = _outlines()
        at = [place(float(sites.latitude[j]), float(sites.longitude[j])) for j in range(sites.count)]
        names = [LABELS.get(code) or tuple(drawn["centroid"][code]) for code in states.codes]
        return drawn["other"], [drawn["eu"][code] for code in states.codes], names, at
    spots, paths = patchwork(members, WINDOW)
    names = [tuple(spots[sites.state == i].mean(axis=0).round(1).tolist()) for i in range(states.count)]
    return "", paths, names, [tuple(spot) for spot in spots.tolist()]


def _selected(members: Members) -> list[JsonObject]:
    """The real AI factories in the union's states, with place, date of selection and candidate site."""
    codes, sites = list(members.states.codes), list(members.sites.names)
    return [
        {
            "name": row["factory"],
            "city": row["city"],
            "state": codes.index(row["state"]),
            "site": sites.index(row["site"]) if row["site"] in sites else None,
            "at": [round(x, 1) for x in place(float(row["latitude"]), float(row["longitude"]))],
            "selected": label(int(4 * decimal_year(row["selected"], "selected"))),
        }
        for row in observed()
        if row["state"] in codes
    ]


def drawn_map(members: Members | None = None) -> JsonObject:
    """The data about a union that the browser needs once: outlines, labels, sites, commissioners and labs."""
    members = members or load_members()
    states, sites = members.states, members.sites
    europe = in_europe(members)
    other, paths, names, at = _land(members, europe)
    return {
        "union": "Europe" if europe else "this union",  # name within a sentence
        "tour": europe,  # the guided tour makes claims about Europe
        "digest": members.digest,
        "name": UNIONS.get(members.name, members.name.replace("_", " ").title()),
        "window": WINDOW,
        "other": other,
        "states": [
            {
                "code": code,
                "name": states.names[i],
                "path": paths[i],
                "at": names[i],
                "small": europe and code in SMALL,
                "population": int(states.population[i]),
            }
            for i, code in enumerate(states.codes)
        ],
        "observed": _selected(members) if europe else [],
        "sites": [{"city": sites.cities[j], "at": [round(x, 1) for x in at[j]]} for j in range(sites.count)],
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
                "title": lab_title(name),
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
