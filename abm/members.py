"""A union as loaded from a folder of tables: its states, sites, labs, College and the machines that stand already.

The European Union is shipped in `abm/data`; any other union is a folder whose `states.csv` has at least the columns
`state` and `population`. What it leaves out has a stated default (`abm/data/README.md`). Nothing here knows how many
states there are or who hosts anything.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from juste_retour.abm.tables import Table, digest
from juste_retour.agents.errors import BadInput, near
from juste_retour.agents.situation import College, Labs, Machines, Sites, States

EUROPE = Path(__file__).parent / "data"
INTERESTS = (
    "agriculture",
    "budget",
    "cohesion",
    "competition",
    "defence",
    "digital",
    "economy",
    "energy",
    "external",
    "industry",
    "other",
    "president",
    "research",
    "social",
)
KINDS = ("campus", "capital", "industrial")

STATES_REQUIRED = ("state", "population")
STATES_OPTIONAL = (
    "name",
    "capital",
    "latitude",
    "longitude",
    "gdp_eur_bn",
    "gni_eur_bn",
    "power_price_eur_kwh",
    "mean_temperature_c",
    "ict_specialists_pct",
    "euro",
    "accession_year",
    "nice_votes",
)
STATES_READ = {*STATES_REQUIRED, *STATES_OPTIONAL} - {"latitude", "longitude"}  # the two go to `States.more`
SITES_REQUIRED = ("site", "state", "power_headroom_mw")
SITES_OPTIONAL = ("city", "latitude", "longitude", "kind", "centre", "existing_or_planned", "note")
COMMISSIONERS_REQUIRED = ("state", "interest")
COMMISSIONERS_OPTIONAL = ("name", "portfolio", "party")
LABS_REQUIRED = ("lab", "home", "capital_eur_bn_a_year", "accelerators")
LABS_OPTIONAL = ("kind", "bloc", "latitude", "longitude", "note", "confidence")
MACHINES_REQUIRED = ("machine", "site", "operational", "accelerators", "peak_flop_per_s", "power_mw")
MACHINES_OPTIONAL = ("chip", "source", "confidence")


@dataclass(frozen=True, eq=False)
class Members:
    """A union: all that a run takes from its members' tables; `digest` tells two unions apart."""

    states: States
    sites: Sites
    labs: Labs
    college: College
    machines: Machines
    name: str
    digest: str  # SHA-256 over the names and bytes of the files read


@dataclass(frozen=True)
class _Typical:
    """Means over the people of the shipped Union, and medians over its sites: defaults for other unions."""

    gdp_eur_bn_per_person: float
    power_price_eur_kwh: float
    mean_temperature_c: float
    ict_specialists_pct: float
    latitude: float
    longitude: float
    campus_headroom_mw: float
    industrial_headroom_mw: float


def load_members(folder: Path | str | None = None) -> Members:
    """Load a union from a folder of tables, or the European Union where none is named.

    Args:
        folder: holds `states.csv` and, if they are not to take their defaults, `sites.csv`, `commissioners.csv`,
            `labs.csv` and `machines.csv`.

    Raises:
        BadInput: one sentence that names the file, the row, the column, the value and the remedy.
    """
    if folder is None:
        return _europe()
    folder = Path(folder)
    if not folder.is_dir():
        problem = "is a file" if folder.exists() else "does not exist"
        raise BadInput(f"members: the folder {str(folder)!r} {problem}; name a folder that holds states.csv.")
    if not (folder / "states.csv").exists():
        there = sorted(path.name for path in folder.glob("*.csv"))
        hint = near("states.csv", there) if there else "write one with the columns state and population"
        raise BadInput(f"members: the folder {str(folder)!r} holds no states.csv; {hint.rstrip('.')}.")
    return _load(folder, folder.resolve().name, _typical)


def load_states(path: Path) -> States:
    """Load the states alone, from any table that has the columns of `states.csv`.

    Raises:
        BadInput: one sentence that names the file, the row, the column, the value and the remedy.
    """
    return _states(Table(path, required=STATES_REQUIRED, optional=STATES_OPTIONAL), _typical)


@functools.cache
def _europe() -> Members:
    return _load(EUROPE, "European Union", _never)


def _never() -> _Typical:
    raise BadInput("abm/data: a column of the shipped tables is missing; reinstall juste-retour.")


def _load(folder: Path, name: str, typical: Callable[[], _Typical]) -> Members:
    files: dict[str, bytes] = {}

    def table(file: str, required: Iterable[str], optional: Iterable[str]) -> Table | None:
        if not (folder / file).exists():
            return None
        found = Table(folder / file, required=tuple(required), optional=tuple(optional))
        files[file] = found.bytes
        return found

    first = table("states.csv", STATES_REQUIRED, STATES_OPTIONAL)
    if first is None:
        raise BadInput(f"{folder / 'states.csv'}: there is no such file; write it, or name another folder.")
    states = _states(first, typical)
    sites = _sites(table("sites.csv", SITES_REQUIRED, SITES_OPTIONAL), states, typical)
    college = _college(table("commissioners.csv", COMMISSIONERS_REQUIRED, COMMISSIONERS_OPTIONAL), states)
    labs = _labs(table("labs.csv", LABS_REQUIRED, LABS_OPTIONAL), states)
    machines = _machines(table("machines.csv", MACHINES_REQUIRED, MACHINES_OPTIONAL), sites)
    return Members(states, sites, labs, college, machines, name, digest(files))


@functools.cache
def _typical() -> _Typical:
    """Means of the shipped Union weighted by people, and the medians of its sites' headroom."""
    union = _europe()
    states, sites = union.states, union.sites
    people = states.population.astype(float)

    def mean(values: Any) -> float:
        return math.fsum(values * people) / math.fsum(people)

    def median(kind: str) -> float:
        return float(np.median([mw for mw, k in zip(sites.headroom, sites.kind, strict=True) if k == kind]))

    return _Typical(
        gdp_eur_bn_per_person=math.fsum(states.gdp) / math.fsum(people),
        power_price_eur_kwh=mean(states.power_price),
        mean_temperature_c=mean(states.temperature),
        ict_specialists_pct=mean(states.specialists),
        latitude=mean(states.more["latitude"]),
        longitude=mean(states.more["longitude"]),
        campus_headroom_mw=median("campus"),
        industrial_headroom_mw=median("industrial"),
    )


def _states(table: Table, typical: Callable[[], _Typical]) -> States:
    codes = table.unique("state")
    for row, code in enumerate(codes):
        if code == "EU":
            table.fail(row, "state", "is the Commission's own code", "give the state another")
        if not re.fullmatch(r"[A-Z][A-Z0-9_]*", code):
            remedy = "write it in capital letters, digits and _, a letter first, such as 'DE'"
            table.fail(row, "state", "is no lawful code", remedy)
    population = table.wholes("population", low=1)

    def numbers(column: str, otherwise: Callable[[], float], **bounds: Any) -> list[float]:
        return table.numbers(column, **bounds) if column in table else [otherwise()] * len(codes)

    if "gdp_eur_bn" in table:
        gdp = table.numbers("gdp_eur_bn", above=0)
    else:
        gdp = [people * typical().gdp_eur_bn_per_person for people in population]
    more = table.further(STATES_READ)
    for column, bound in (("latitude", 90), ("longitude", 180)):
        if column in table:
            more[column] = table.numbers(column, low=-bound, high=bound)
    if "gni_eur_bn" in table:
        gni = table.numbers("gni_eur_bn", above=0)
    elif "gni_share" in table:
        gni = [share * math.fsum(gdp) for share in more["gni_share"]]
    else:
        gni = gdp
    accession = table.wholes("accession_year", high=9999) if "accession_year" in table else [0] * len(codes)
    return States(
        codes=codes,
        names=table.texts("name") if "name" in table else codes,
        population=_whole(population),
        gdp=_real(gdp),
        gni=_real(gni),
        power_price=_real(numbers("power_price_eur_kwh", lambda: typical().power_price_eur_kwh, above=0)),
        temperature=_real(
            numbers("mean_temperature_c", lambda: typical().mean_temperature_c, low=-60, high=60)
        ),
        specialists=_real(
            numbers("ict_specialists_pct", lambda: typical().ict_specialists_pct, low=0, high=100)
        ),
        existing_members=_truth(year < 2004 for year in accession),
        euro=_truth(table.flags("euro") if "euro" in table else [False] * len(codes)),
        nice_votes=_whole(table.wholes("nice_votes") if "nice_votes" in table else [0] * len(codes)),
        more={column: _real(values) for column, values in more.items()},
    )


def _sites(table: Table | None, states: States, typical: Callable[[], _Typical]) -> Sites:
    if table is None:
        return _made_sites(states, typical())
    names = table.unique("site")
    state = _state_indices(table, "state", states)
    without = sorted(set(range(states.count)) - set(state))
    if without:
        raise BadInput(
            f"{table.name}, column state: the state {states.codes[without[0]]!r} has no site; "
            "add a row for it, or remove the file to have sites made for every state."
        )
    headroom = table.numbers(
        "power_headroom_mw", above=0, remedy="a site needs power headroom above 0 MW, or drop its row"
    )
    n = len(names)
    latitude = table.numbers("latitude", low=-90, high=90) if "latitude" in table else None
    longitude = table.numbers("longitude", low=-180, high=180) if "longitude" in table else None
    return _sites_of(
        states,
        names=names,
        cities=tuple(city or name for city, name in zip(table.notes("city"), names, strict=True))
        if "city" in table
        else names,
        state=state,
        kind=table.choices("kind", KINDS, "kind of site") if "kind" in table else ("campus",) * n,
        headroom=headroom,
        centre=table.flags("centre") if "centre" in table else [False] * n,
        latitude=latitude,
        longitude=longitude,
        typical=typical,
    )


def _made_sites(states: States, typical: _Typical) -> Sites:
    """Make sites where no table gives any: campuses by population, and an industrial site in the larger states.

    A state has one campus, and one more for each whole time that its population exceeds the mean, up to four more; a
    state of at least the mean population has an industrial site too. Headroom is the median of the kind in the
    shipped Union.
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
    return _sites_of(
        states,
        names=tuple(names),
        cities=tuple(cities),
        state=state,
        kind=tuple(kind),
        headroom=[headroom[what] for what in kind],
        centre=[False] * len(names),
        latitude=None,
        longitude=None,
        typical=lambda: typical,
    )


def _sites_of(
    states: States,
    *,
    names: tuple[str, ...],
    cities: tuple[str, ...],
    state: list[int],
    kind: tuple[str, ...],
    headroom: list[float],
    centre: list[bool],
    latitude: list[float] | None,
    longitude: list[float] | None,
    typical: Callable[[], _Typical],
) -> Sites:
    """Give sites their states' climate, prices and skills, and their states' place where they have none of their own."""

    def place(own: list[float] | None, column: str) -> NDArray[np.float64]:
        if own is not None:
            return _real(own)
        if column in states.more:
            return _real(states.more[column][state])
        return _real([getattr(typical(), column)] * len(names))

    return Sites(
        names=names,
        cities=cities,
        state=_whole(state),
        latitude=place(latitude, "latitude"),
        longitude=place(longitude, "longitude"),
        kind=kind,
        headroom=_real(headroom),
        centre=_truth(centre),
        power_price=_real(states.power_price[state]),
        temperature=_real(states.temperature[state]),
        specialists=_real(states.specialists[state]),
    )


def _college(table: Table | None, states: States) -> College:
    if table is None:
        n = states.count
        return College(
            state=_whole(range(n)), names=states.names, portfolio=("",) * n, interest=("other",) * n
        )
    state = _state_indices(table, "state", states)
    return College(
        state=_whole(state),
        names=table.unique("name") if "name" in table else tuple(states.names[i] for i in state),
        portfolio=table.notes("portfolio") if "portfolio" in table else ("",) * len(table),
        interest=table.choices("interest", INTERESTS, "interest"),
        party=table.notes("party") if "party" in table else (),
    )


def _labs(table: Table | None, states: States) -> Labs:
    if table is None:
        return Labs((), (), (), _whole([]), _real([]), _real([]))
    names = table.unique("lab")
    homes = table.texts("home")
    inside = [home in states.codes for home in homes]
    bloc = table.texts("bloc") if "bloc" in table else homes
    own = {b for b, here in zip(bloc, inside, strict=True) if here}
    for row, here in enumerate(inside):
        if "bloc" in table and not here and bloc[row] in own:
            remedy = f"{near(homes[row], states.codes)} (A lab outside the union takes another bloc.)"
            table.fail(row, "home", f"is not a state of the union, though its bloc is {bloc[row]!r}", remedy)
    return Labs(
        names=names,
        kind=table.choices("kind", ("company", "consortium"), "kind of lab")
        if "kind" in table
        else ("company",) * len(names),
        bloc=bloc,
        home=_whole([states.index(home) if here else -1 for home, here in zip(homes, inside, strict=True)]),
        capital=_real(table.numbers("capital_eur_bn_a_year", low=0)),
        accelerators=_real(table.numbers("accelerators", low=0)),
    )


def _machines(table: Table | None, sites: Sites) -> Machines:
    if table is None:
        return Machines((), _whole([]), _real([]), _real([]), _real([]), _real([]))
    place = {name: index for index, name in enumerate(sites.names)}
    return Machines(
        names=table.unique("machine"),
        site=_whole([place[site] for site in table.choices("site", place, "site")]),
        operational=_real(table.years("operational")),
        chips=_real(table.numbers("accelerators", above=0)),
        peak=_real(table.numbers("peak_flop_per_s", above=0)),
        power_mw=_real(table.numbers("power_mw", above=0)),
    )


def _state_indices(table: Table, column: str, states: States) -> list[int]:
    place = {code: index for index, code in enumerate(states.codes)}
    return [place[code] for code in table.choices(column, place, "state")]


def _frozen(values: Any, kind: type) -> NDArray[Any]:
    """Return an array that nobody can write to: the shipped Union is shared by all worlds of a process."""
    array: NDArray[Any] = np.array(list(values), dtype=kind)
    array.flags.writeable = False
    return array


def _real(values: Any) -> NDArray[np.float64]:
    return _frozen(values, np.float64)


def _whole(values: Any) -> NDArray[np.int64]:
    return _frozen(values, np.int64)


def _truth(values: Any) -> NDArray[np.bool_]:
    return _frozen(values, np.bool_)
