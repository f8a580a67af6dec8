"""The candidate sites of a union, read from its table, or constructed if it has none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from juste_retour.abm.base.csv_tables import InputTable, booleans, floats, integers
from juste_retour.agents.arrays import Floats
from juste_retour.agents.errors import BadInput
from juste_retour.agents.situation import Sites, States

KINDS = ("campus", "capital", "industrial")
SITES_REQUIRED = ("site", "state", "power_headroom_mw")
SITES_OPTIONAL = ("city", "latitude", "longitude", "kind", "centre", "eurohpc", "existing_or_planned", "note")
GRID_REQUIRED, GRID_OPTIONAL = ("state", "grid_years"), ("low", "high", "source", "confidence")


@dataclass(frozen=True)
class Typical:
    """Population-weighted means of the shipped Union and medians of its sites, the defaults for other unions."""

    gdp_eur_bn_per_person: float
    power_price_eur_kwh: float
    mean_temperature_c: float
    ict_specialists_pct: float
    latitude: float
    longitude: float
    campus_headroom_mw: float
    industrial_headroom_mw: float
    grid_years: float


def grid_from(table: InputTable | None, states: States, typical: Callable[[], Typical]) -> Floats:
    """Years of wait for power above a site's headroom in each state, (states,).

    They come from the table, or else from `states.csv`, or else they are the mean of the shipped Union.
    """
    if table is None:
        return states.more.get("grid_years", floats([typical().grid_years] * states.count))
    of = dict(zip(state_indices(table, "state", states), table.numbers("grid_years", low=0, high=30), strict=True))
    absent = [code for k, code in enumerate(states.codes) if k not in of]
    if absent:
        raise BadInput(f"{table.name}, column state: the state {absent[0]!r} has no row; add a row for it.")
    return floats([of[k] for k in range(states.count)])


def sites_from(
    table: InputTable | None, states: States, typical: Callable[[], Typical], grid: Floats | None = None
) -> Sites:
    """The sites of a table, or constructed sites if there is none.

    Args:
        table: `sites.csv`; None if there is none.
        states: the states.
        typical: returns the defaults.
        grid: (states,) years of wait for power above the headroom; by default as `grid_from` without a table.

    Raises:
        BadInput: a value that is not valid, or a state without a site.
    """
    sites = made_sites(states, typical()) if table is None else _read(table, states, typical)
    years = grid_from(None, states, typical) if grid is None else grid
    return replace(sites, grid_years=floats(years[sites.state]))


def _read(table: InputTable, states: States, typical: Callable[[], Typical]) -> Sites:
    names = table.unique("site")
    state = state_indices(table, "state", states)
    without = sorted(set(range(states.count)) - set(state))
    if without:
        raise BadInput(
            f"{table.name}, column state: the state {states.codes[without[0]]!r} has no site; "
            "add a row for it, or remove the file, so that sites are constructed for all states."
        )
    headroom = table.numbers("power_headroom_mw", above=0, remedy="give a power headroom above 0 MW, or remove the row")
    n = len(names)
    latitude = table.numbers("latitude", low=-90, high=90) if "latitude" in table else None
    longitude = table.numbers("longitude", low=-180, high=180) if "longitude" in table else None
    return _placed(
        states,
        names=names,
        cities=tuple(city or name for city, name in zip(table.notes("city"), names, strict=True))
        if "city" in table
        else names,
        state=state,
        kind=table.choices("kind", KINDS, "kind of site") if "kind" in table else ("campus",) * n,
        headroom=headroom,
        centre=table.flags("centre") if "centre" in table else [False] * n,
        eurohpc=table.flags("eurohpc") if "eurohpc" in table else None,
        latitude=latitude,
        longitude=longitude,
        typical=typical,
    )


def made_sites(states: States, typical: Typical) -> Sites:
    """Construct sites for a union without a table of sites, from the states' populations.

    A state has one campus, and one more for each full multiple of the mean population that its own population exceeds,
    at most five in all. A state with at least the mean population also has an industrial site. The headroom is the
    median of sites of that kind in the shipped Union.
    """
    everyone = int(states.population.sum())
    names, cities, state, kind = [], [], [], []
    for index, code in enumerate(states.codes):
        people = int(states.population[index]) * states.count
        further = min(4, (people - 1) // everyone)
        kinds = ["campus"] * (1 + further) + ["industrial"] * (people >= everyone)
        for number, what in enumerate(kinds, start=1):
            names.append(f"{code.lower()}_{what}_{number}" if what == "campus" else f"{code.lower()}_{what}")
            cities.append(states.names[index])
            state.append(index)
            kind.append(what)
    headroom = {"campus": typical.campus_headroom_mw, "industrial": typical.industrial_headroom_mw}
    return _placed(
        states,
        names=tuple(names),
        cities=tuple(cities),
        state=state,
        kind=tuple(kind),
        headroom=[headroom[what] for what in kind],
        centre=[False] * len(names),
        eurohpc=None,
        latitude=None,
        longitude=None,
        typical=lambda: typical,
    )


def _placed(
    states: States,
    *,
    names: tuple[str, ...],
    cities: tuple[str, ...],
    state: list[int],
    kind: tuple[str, ...],
    headroom: list[float],
    centre: list[bool],
    eurohpc: list[bool] | None,
    latitude: list[float] | None,
    longitude: list[float] | None,
    typical: Callable[[], Typical],
) -> Sites:
    """Add the climate, prices and specialists of the state to each site, and the state's location if none is given."""

    def place(own: list[float] | None, column: str) -> NDArray[np.float64]:
        if own is not None:
            return floats(own)
        if column in states.more:
            return floats(states.more[column][state])
        return floats([getattr(typical(), column)] * len(names))

    return Sites(
        names=names,
        cities=cities,
        state=integers(state),
        latitude=place(latitude, "latitude"),
        longitude=place(longitude, "longitude"),
        kind=kind,
        headroom=floats(headroom),
        grid_years=floats([0.0] * len(names)),
        centre=booleans(centre),
        eurohpc=booleans(centre if eurohpc is None else eurohpc),
        power_price=floats(states.power_price[state]),
        temperature=floats(states.temperature[state]),
        specialists=floats(states.specialists[state]),
    )


def state_indices(table: InputTable, column: str, states: States) -> list[int]:
    """Return a column of state codes as positions of the states."""
    place = {code: index for index, code in enumerate(states.codes)}
    return [place[code] for code in table.choices(column, place, "state")]
