"""Loads a union from a folder of tables: its states, sites, labs, College and existing machines.

The European Union is shipped in `abm/data`. Any other union is a folder whose `states.csv` has at least the columns
`state` and `population`. `abm/data/README.md` states the defaults for what it omits. Nothing here depends on the number
of states or on who hosts a site.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from difflib import get_close_matches
from itertools import compress
from pathlib import Path

import numpy as np

from juste_retour.abm.base.csv_tables import InputTable, booleans, digest, floats, integers, read_rows
from juste_retour.abm.base.places import (
    GRID_OPTIONAL,
    GRID_REQUIRED,
    SITES_OPTIONAL,
    SITES_REQUIRED,
    Typical,
    grid_from,
    sites_from,
    state_indices,
)
from juste_retour.agents.arrays import Booleans, Floats
from juste_retour.agents.errors import BadInput, near
from juste_retour.agents.situation import College, Labs, Machines, Sites, States

EUROPE = Path(__file__).parents[1] / "data"
SHIPPED = {
    "european_union": EUROPE,
    **{
        folder.name: folder
        for folder in sorted((Path(__file__).parents[1] / "unions").iterdir())
        if (folder / "states.csv").exists()
    },
}
# the union before the selections of a year, in which an earlier EuroHPC call was decided
BEFORE = {f"european_union_{year}": year for year in (2019, 2022, 2023)}
TABLES = ("states.csv", "sites.csv", "grid.csv", "commissioners.csv", "labs.csv", "machines.csv")
UNIONS = (*SHIPPED, *BEFORE)  # the names by which a scenario chooses its union, the European Union first
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

ENLARGEMENT = 2004  # a state that joined earlier is an existing member

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
STATES_READ = {*STATES_REQUIRED, *STATES_OPTIONAL} - {"latitude", "longitude"}  # which go to `States.more`
COMMISSIONERS_REQUIRED = ("state", "interest")
COMMISSIONERS_OPTIONAL = ("name", "portfolio", "party")
LABS_REQUIRED = ("lab", "home", "capital_eur_bn_a_year", "accelerators")
LABS_OPTIONAL = ("kind", "bloc", "latitude", "longitude", "note", "confidence")
MACHINES_REQUIRED = ("machine", "site", "operational", "accelerators", "peak_flop_per_s", "power_mw")
MACHINES_OPTIONAL = ("chip", "peak_guessed", "source", "confidence")


@dataclass(frozen=True, eq=False)
class Members:
    """A union as loaded from its tables; two unions with the same `digest` are equal."""

    states: States
    sites: Sites
    labs: Labs
    college: College
    machines: Machines
    name: str
    digest: str  # SHA-256 over the names and bytes of the files


def load_members(folder: Path | str | None = None) -> Members:
    """Load a union from a folder of tables, or the European Union if none is named.

    Args:
        folder: holds `states.csv`, and `sites.csv`, `grid.csv`, `commissioners.csv`, `labs.csv` and `machines.csv` unless
            their defaults are wanted.

    Raises:
        BadInput: one sentence that names the file, the row, the column, the value and the remedy.
    """
    if folder is None:
        return _europe()
    folder = Path(folder)
    if not folder.is_dir():
        problem = "is a file" if folder.exists() else "does not exist"
        raise BadInput(f"members: the folder {str(folder)!r} {problem}; name a folder that contains states.csv.")
    if not (folder / "states.csv").exists():
        there = sorted(path.name for path in folder.glob("*.csv"))
        hint = near("states.csv", there) if there else "add one with the columns state and population"
        raise BadInput(f"members: the folder {str(folder)!r} does not contain states.csv; {hint.rstrip('.')}.")
    _refuse_misspelt(folder)
    return _load(folder, folder.resolve().name, _typical)


def union_of(given: Members | Path | str | None, name: str) -> Members:
    """Return the given union, loading it if it is a folder; if none is given, the shipped union of that name."""
    return given if isinstance(given, Members) else load_members(given) if given else _shipped(name)


@functools.cache
def _shipped(name: str) -> Members:
    if name in BEFORE:
        return _before(BEFORE[name])
    return _europe() if name == UNIONS[0] else _load(SHIPPED[name], name, _typical)


def load_states(path: Path, *, unknown: bool = False) -> States:
    """Load only the states, from any table with the columns of `states.csv`.

    Args:
        path: the table.
        unknown: whether a population may be empty, or its column missing; it then becomes 0.

    Raises:
        BadInput: one sentence that names the file, the row, the column, the value and the remedy.
    """
    if not unknown:
        return _states(InputTable(path, required=STATES_REQUIRED, optional=STATES_OPTIONAL), _typical)
    table = InputTable(path, required=("state",), optional=("population", *STATES_OPTIONAL))
    return _states(table, _typical, _population_if_known(table))


@functools.cache
def _europe() -> Members:
    return _load(EUROPE, "European Union", _never)


def _before(year: int) -> Members:
    """The European Union without the EuroHPC machines that were selected in that year or later."""
    union, calls = _europe(), read_rows(EUROPE / "calls.csv")
    when = {name: int(row["decided"][:4]) for row in calls for name in row["machines"].split(";") if name}
    selected = [when.get(name, 0) for name in union.machines.names]
    kept = np.array([at < year for at in selected])
    have = {int(site) for site, at in zip(union.machines.site, selected, strict=True) if 0 < at < year}
    there = union.machines
    return replace(
        union,
        sites=replace(union.sites, eurohpc=booleans(i in have for i in range(union.sites.count))),
        machines=replace(
            there,
            names=tuple(compress(there.names, kept)),
            **{f.name: getattr(there, f.name)[kept] for f in fields(there) if f.name != "names"},
        ),
        digest=digest({"union": union.digest.encode(), "before": str(year).encode()}),
    )


def _never() -> Typical:
    raise BadInput("abm/data: a column of the shipped tables is missing; reinstall juste-retour.")


def _refuse_misspelt(folder: Path) -> None:
    """Refuse a file whose name looks like a misspelling of a table that is missing from the folder."""
    there = sorted(path.name for path in folder.iterdir())
    for name in there:
        absent = [table for table in TABLES if table not in there]
        wanted = get_close_matches(name.casefold(), absent, n=1, cutoff=0.8) if name not in TABLES else []
        if wanted:
            raise BadInput(
                f"members: the folder {str(folder)!r} contains {name!r}, which the model does not read; did you mean "
                f"{wanted[0]!r}? If so, rename it."
            )


def _load(folder: Path, name: str, typical: Callable[[], Typical]) -> Members:
    files: dict[str, bytes] = {}

    def table(file: str, required: Iterable[str], optional: Iterable[str]) -> InputTable | None:
        if not (folder / file).exists():
            return None
        found = InputTable(folder / file, required=tuple(required), optional=tuple(optional))
        files[file] = found.bytes
        return found

    first = table("states.csv", STATES_REQUIRED, STATES_OPTIONAL)
    if first is None:
        raise BadInput(f"{folder / 'states.csv'}: the file does not exist; add it, or name another folder.")
    states = _states(first, typical)
    grid = grid_from(table("grid.csv", GRID_REQUIRED, GRID_OPTIONAL), states, typical)
    sites = sites_from(table("sites.csv", SITES_REQUIRED, SITES_OPTIONAL), states, typical, grid)
    college = _college(table("commissioners.csv", COMMISSIONERS_REQUIRED, COMMISSIONERS_OPTIONAL), states)
    labs = _labs(table("labs.csv", LABS_REQUIRED, LABS_OPTIONAL), states)
    machines = _machines(table("machines.csv", MACHINES_REQUIRED, MACHINES_OPTIONAL), sites)
    return Members(states, sites, labs, college, machines, name, digest(files))


@functools.cache
def _typical() -> Typical:
    """Population-weighted means of the shipped Union, and medians of its sites' headroom."""
    union = _europe()
    states, sites = union.states, union.sites
    people = states.population.astype(float)

    def mean(values: Floats) -> float:
        return math.fsum(values * people) / math.fsum(people)

    def median(kind: str) -> float:
        return float(np.median([mw for mw, k in zip(sites.headroom, sites.kind, strict=True) if k == kind]))

    return Typical(
        gdp_eur_bn_per_person=math.fsum(states.gdp) / math.fsum(people),
        power_price_eur_kwh=mean(states.power_price),
        mean_temperature_c=mean(states.temperature),
        ict_specialists_pct=mean(states.specialists),
        latitude=mean(states.more["latitude"]),
        longitude=mean(states.more["longitude"]),
        campus_headroom_mw=median("campus"),
        industrial_headroom_mw=median("industrial"),
        grid_years=mean(floats(sites.grid_years[sites.state == k][0] for k in range(states.count))),
    )


def _population_if_known(table: InputTable) -> list[int]:
    if "population" not in table:
        return [0] * len(table)
    empty = [not row["population"].strip() for row in table.rows]
    for row in table.rows:
        row["population"] = row["population"].strip() or "1"
    return [0 if no else n for no, n in zip(empty, table.integers("population", low=1), strict=True)]


def _states(table: InputTable, typical: Callable[[], Typical], population: list[int] | None = None) -> States:
    codes = table.unique("state")
    for row, code in enumerate(codes):
        if code == "EU":
            table.fail(row, "state", "is the code of the Commission", "give the state another code")
        if not re.fullmatch(r"[A-Z][A-Z0-9_]*", code):
            remedy = "use capital letters, digits and _, a letter first, such as 'DE'"
            table.fail(row, "state", "is not a valid code", remedy)
    if population is None:
        population = table.integers("population", low=1)

    def numbers(column: str, otherwise: Callable[[], float], low: float, high: float) -> list[float]:
        there = column in table
        return table.numbers(column, low=low, high=high) if there else [otherwise()] * len(codes)

    if "power_price_eur_kwh" in table:
        price = table.numbers("power_price_eur_kwh", above=0)
    else:
        price = [typical().power_price_eur_kwh] * len(codes)
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
    if "accession_year" in table:
        missing = "give a year; 0 means that the state never acceded, and counts it as an existing member"
        accession = table.integers("accession_year", high=9999, missing=missing)
    else:
        accession = [0] * len(codes)
    return States(
        codes=codes,
        names=table.texts("name") if "name" in table else codes,
        population=integers(population),
        gdp=floats(gdp),
        gni=floats(gni),
        power_price=floats(price),
        temperature=floats(numbers("mean_temperature_c", lambda: typical().mean_temperature_c, low=-60, high=60)),
        specialists=floats(numbers("ict_specialists_pct", lambda: typical().ict_specialists_pct, low=0, high=100)),
        existing_members=booleans(year < ENLARGEMENT for year in accession),
        euro=booleans(table.flags("euro") if "euro" in table else [False] * len(codes)),
        nice_votes=integers(table.integers("nice_votes") if "nice_votes" in table else [0] * len(codes)),
        more={column: floats(values) for column, values in more.items()},
        borders=_borders(table, codes),
        texts={c: table.notes(c) for c in table.columns if c not in {*(STATES_READ - {"capital"}), *more}},
    )


def _borders(table: InputTable, codes: Sequence[str]) -> Booleans:
    """(states, states) whether two states share a border, which is the case if either of them names the other."""
    named = [text.split() for text in table.notes("borders")] if "borders" in table else [[]] * len(codes)
    for row, mine in enumerate(named):
        for code in mine:
            if code not in codes:
                table.fail(row, "borders", f"contains {code!r}, which is not a state of the table", near(code, codes))
    one_way = np.array([[code in mine for code in codes] for mine in named], dtype=bool)
    both = one_way | one_way.T
    both.flags.writeable = False
    return both


def _college(table: InputTable | None, states: States) -> College:
    if table is None:
        n = states.count
        return College(
            state=integers(range(n)),
            names=states.names,
            portfolio=("",) * n,
            interest=("other",) * n,
            codes=states.codes,
        )
    state = state_indices(table, "state", states)
    return College(
        state=integers(state),
        names=table.unique("name") if "name" in table else tuple(states.names[i] for i in state),
        portfolio=table.notes("portfolio") if "portfolio" in table else ("",) * len(table),
        interest=table.choices("interest", INTERESTS, "interest"),
        party=table.notes("party") if "party" in table else (),
        codes=tuple(states.codes[i] for i in state),
    )


def _labs(table: InputTable | None, states: States) -> Labs:
    if table is None:
        return Labs((), (), (), integers([]), floats([]), floats([]))
    names = table.unique("lab")
    homes = table.texts("home")
    inside = [home in states.codes for home in homes]
    bloc = table.texts("bloc") if "bloc" in table else homes
    own = {b for b, here in zip(bloc, inside, strict=True) if here}
    for row, here in enumerate(inside):
        if "bloc" in table and not here and bloc[row] in own:
            remedy = f"{near(homes[row], states.codes)} (A lab outside the union needs another bloc.)"
            table.fail(row, "home", f"is not a state of the union, although its bloc is {bloc[row]!r}", remedy)
    return Labs(
        names=names,
        kind=table.choices("kind", ("company", "consortium"), "kind of lab")
        if "kind" in table
        else ("company",) * len(names),
        bloc=bloc,
        home=integers([states.index(home) if here else -1 for home, here in zip(homes, inside, strict=True)]),
        capital=floats(table.numbers("capital_eur_bn_a_year", low=0)),
        accelerators=floats(table.numbers("accelerators", low=0)),
    )


def _machines(table: InputTable | None, sites: Sites) -> Machines:
    if table is None:
        return Machines((), integers([]), floats([]), floats([]), floats([]), floats([]), np.zeros(0, bool))
    place = {name: index for index, name in enumerate(sites.names)}
    return Machines(
        names=table.unique("machine"),
        site=integers([place[site] for site in table.choices("site", place, "site")]),
        operational=floats(table.years("operational")),
        chips=floats(table.numbers("accelerators", above=0)),
        peak=floats(table.numbers("peak_flop_per_s", above=0)),
        power_mw=floats(table.numbers("power_mw", above=0)),
        guessed=np.array(table.flags("peak_guessed") if "peak_guessed" in table else [False] * len(table)),
    )
