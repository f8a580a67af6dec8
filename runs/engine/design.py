"""Experimental designs: the points of the factors' space at which an experiment runs.

Samplers come from SciPy and SALib. Points are numbered in the order of the sample, as SALib's estimators need.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from juste_retour.abm.base.keys import ANY, BOOLEAN, TEXTS, Key, checked, integer
from juste_retour.abm.base.toml import JsonMapping
from juste_retour.abm.worlds.scenario import Scenario
from juste_retour.agents.arrays import Floats
from juste_retour.agents.errors import BadInput, near
from juste_retour.runs.engine.factors import SCENARIO, Factor, Level

Point = dict[str, Level]  # factors to levels
FROM, TO = "from", "to"
MOST_POINTS = 5_000_000


@dataclass(frozen=True)
class Design:
    """A kind of design with its settings."""

    kind: str
    settings: JsonMapping = field(default_factory=dict)

    @property
    def left_out(self) -> bool:
        """Whether invalid points are omitted and listed; in other designs an invalid point is an error."""
        return self.kind in ("grid", "latin_hypercube", "switches")


_NUMBER = integer(2, MOST_POINTS)
KINDS = {  # settings of each kind
    "grid": {},
    "list": {"points": ANY.otherwise(())},
    "latin_hypercube": {"points": integer(1, MOST_POINTS), "cross": TEXTS.otherwise(())},
    "sobol": {
        "base": Key("a power of two, such as 256", lambda v: _NUMBER.good(v) and not v & (v - 1)),
        "second_order": BOOLEAN.otherwise(False),
    },
    "morris": {
        "trajectories": _NUMBER,
        "levels": Key("an even number, such as 4", lambda v: _NUMBER.good(v) and not v % 2, 4),
    },
    "switches": {"to": ANY},
}


def read_design(given: object) -> Design:
    """Read the table `[design]`; `BadInput` if a setting is unknown, missing or invalid."""
    if not isinstance(given, Mapping):
        raise BadInput(f"design is {given!r}, not a table; write [design] and kind = 'grid' below it.")
    kind = given.get("kind")
    if kind is None:
        raise BadInput(f"design has no kind; add kind = one of {', '.join(KINDS)}.")
    if not isinstance(kind, str) or kind not in KINDS:
        raise BadInput(f"design.kind is {kind!r}, which is not a design; {near(kind, KINDS)}")
    settings = {key: value for key, value in given.items() if key != "kind"}
    return Design(kind, checked(settings, f"design of kind {kind}", KINDS[kind]))


def points(design: Design, factors: Sequence[Factor], seed: int, units: Sequence[str] = ()) -> list[Point]:
    """The points of a design, each a dictionary of factors and values.

    Args:
        design: as `read_design` returns it.
        factors: the factors.
        seed: of samples.
        units: names of the switches, in a design of kind `switches`.

    Raises:
        BadInput: too many points, or factors that do not suit the design.
    """
    makers: dict[str, Callable[[], list[Point]]] = {
        "grid": lambda: _crossed(factors),
        "list": lambda: [dict(p) for p in design.settings["points"]] or _together(factors),
        "latin_hypercube": lambda: _latin(design, factors, seed),
        "sobol": lambda: _sampled(design, factors, seed),
        "morris": lambda: _sampled(design, factors, seed),
        "switches": lambda: _switched(factors, units),
    }
    return makers[design.kind]()


def _crossed(factors: Sequence[Factor]) -> list[Point]:
    keys, grids = [f.key for f in factors], [f.grid() for f in factors]
    many = math.prod(len(grid) for grid in grids)
    if many > MOST_POINTS:
        raise BadInput(
            f"the factors have {many:,} combinations, more than {MOST_POINTS:,}; vary fewer, or use a latin_hypercube."
        )
    return [dict(zip(keys, levels, strict=True)) for levels in itertools.product(*grids)]


def _together(factors: Sequence[Factor]) -> list[Point]:
    lengths = {len(f.levels) for f in factors}
    if len(lengths) != 1 or 0 in lengths:
        raise BadInput("a list design needs design.points, or factors that all have the same number of levels.")
    keys = [f.key for f in factors]
    return [dict(zip(keys, row, strict=True)) for row in zip(*(f.levels for f in factors), strict=True)]


def _latin(design: Design, factors: Sequence[Factor], seed: int) -> list[Point]:
    from scipy.stats import qmc

    cross = design.settings["cross"]
    for key in cross:
        if key not in [f.key for f in factors]:
            raise BadInput(f"design.cross names {key!r}, which is not a factor; {near(key, [f.key for f in factors])}")
    sampled = [f for f in factors if f.key not in cross]
    outer = _crossed([f for f in factors if f.key in cross])
    if not sampled:
        raise BadInput("design.cross names every factor; use kind = 'grid'.")
    unit = qmc.LatinHypercube(len(sampled), rng=np.random.default_rng(seed)).random(design.settings["points"])
    return [{**fixed, **_at(sampled, row)} for row in unit for fixed in outer]


def problem(factors: Sequence[Factor]) -> dict[str, object]:
    """The factors in SALib's format, each on the unit interval."""
    return {
        "num_vars": len(factors),
        "names": [f.key for f in factors],
        "bounds": [[0.0, 1.0]] * len(factors),
    }


def unit_sample(design: Design, factors: Sequence[Factor], seed: int) -> Floats:
    """The sample of a Sobol or Morris design in the unit cube, (points, factors)."""
    settings = design.settings
    if design.kind == "sobol":
        from SALib.sample import sobol

        return sobol.sample(problem(factors), settings["base"], calc_second_order=settings["second_order"], seed=seed)
    from SALib.sample import morris

    return morris.sample(problem(factors), settings["trajectories"], num_levels=settings["levels"], seed=seed)


def _sampled(design: Design, factors: Sequence[Factor], seed: int) -> list[Point]:
    if len(factors) < 2:
        raise BadInput(f"a {design.kind} design needs two factors or more; add a factor.")
    return [_at(factors, row) for row in unit_sample(design, factors, seed)]


def _at(factors: Sequence[Factor], row: Floats) -> Point:
    return {f.key: f.at(float(share)) for f, share in zip(factors, row, strict=True)}


def _switched(factors: Sequence[Factor], units: Sequence[str]) -> list[Point]:
    mixtures = [{unit: TO if m >> k & 1 else FROM for k, unit in enumerate(units)} for m in range(2 ** len(units))]
    return [{**fixed, **mixture} for fixed in _crossed(factors) for mixture in mixtures]


def scenario_at(point: Point, base: Scenario, scenarios: Mapping[str, Scenario]) -> Scenario:
    """The scenario of a point: the base, or the scenario that the point names, with the point's changes."""
    start = scenarios[point[SCENARIO]] if SCENARIO in point else base
    changes = {k: v for k, v in point.items() if k not in (SCENARIO, "label")}
    ordered = dict(sorted(changes.items(), key=lambda item: "." in item[0]))  # rules before their parameters
    return start.changed(ordered) if ordered else start
