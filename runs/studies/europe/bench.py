"""The bench: joint draws of all uncertain parameters. All scenarios run on the same draws with common random numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from juste_retour.abm.bargaining.stationary_values import NotConverged
from juste_retour.abm.base.members import Members, load_members
from juste_retour.abm.explanations.reader import series
from juste_retour.abm.outcomes import run
from juste_retour.abm.schedule.simulation import Simulation
from juste_retour.abm.worlds.scenario import Scenario, load, parameters
from juste_retour.agents.arrays import Floats, Integers
from juste_retour.agents.rules import FAMILIES
from juste_retour.runs.results.paired import Found, Runs, measure, with_envelope
from juste_retour.runs.results.parameter_ranges import (
    at_share,
    changed,
    coordinates,
    drawn_in,
    range_draws,
    ranged,
    share_of,
)
from juste_retour.runs.results.windows import Window

STATUS_QUO, REFORM, WITH_ACCESS = "eu-status-quo", "essay-reform", "reform-with-access"
HELD = {  # parameters that have a range but are not varied, and why
    "envelope_eur_bn": "the money of the comparison, EUR 10 bn; varied in a table of its own",
    "window_years": "5, 7 and 10 years are reported side by side",
    "lag_cap_years": "a choice of the measure",
    "life_years": "zero means never; an alternative assumption",
    "checkpoint_hours": "zero means the best interval",
    "inequality_aversion": "the calibration has none; an alternative assumption",
    "consensus_norm": "the calibration has none; an alternative assumption",
    "trophy_fade": "the calibration has none; an alternative assumption",
}
PROTOCOL_RULES = {
    "agenda": ("commission_proposal", "closed_rule")
}  # their parameters are drawn too, for the protocols of claim 1


def uncertain(calibrated: Iterable[str]) -> list[str]:
    """All parameters with a plausible range that are not calibrated and not in `HELD`; those of rules by full name.

    The order is fixed and does not depend on the order of imports, because the columns of the Sobol sequence follow it.
    """
    known = {*calibrated, *HELD}
    found = [name for name, (_, about) in parameters().items() if about.range is not None]
    for family in sorted(FAMILIES.values(), key=lambda f: (f.name in PROTOCOL_RULES or f.name == "funding", f.name)):
        used = {load(name).rules[family.name].rule for name in (STATUS_QUO, REFORM, WITH_ACCESS)}
        for rule in sorted(used | set(PROTOCOL_RULES.get(family.name, ()))):
            own = family[rule].parameters.items()
            found += [
                f"{family.name}.{rule}.{name}"
                for name, (default, about) in own
                if about.range is not None and not isinstance(default, int | str)
            ]
    once = {*ranged()}  # a parameter that families share has one name
    return [name for name in found if name in once and name not in known]


def joint(politics: pd.DataFrame, seed: int) -> pd.DataFrame:
    """The draws of `politics` joined with draws of all other uncertain parameters: independent draws over their ranges.

    A parameter that shares its uncertainty with one of the politics (see `coordinates`) has the same place in its range.
    """
    given, others = [str(name) for name in politics], uncertain(map(str, politics))
    ranges = range_draws(others, len(politics), seed)
    at = coordinates([*given, *others])
    source = dict(zip(at, given, strict=False))
    for name, k in zip(others, at[len(given) :], strict=True):
        if k in source:
            place = [share_of(source[k], value) for value in politics[source[k]]]
            ranges[name] = at_share(name, np.array(place))
    return pd.concat([politics, pd.DataFrame(ranges)], axis=1)


@dataclass(frozen=True, eq=False)
class Bench:
    """Draws of uncertain parameters, each with the random numbers of one replication.

    Attributes:
        draws: one row per draw, one column per parameter.
        seed: random seed of the replications.
        members: the union.
        first: replication number of the first draw, so that a slice gives the same numbers as the whole bench.
        calibrated: names of the columns that come from the posterior; the others are drawn from their ranges.
    """

    draws: pd.DataFrame
    seed: int
    members: Members = field(default_factory=load_members)
    first: int = 0
    calibrated: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        """The number of draws."""
        return len(self.draws)

    @property
    def replicates(self) -> Integers:
        """Replication number of each draw (draws,)."""
        return self.first + np.arange(self.count)

    def part(self, begin: int, end: int) -> Bench:
        """A bench of the draws `begin` to `end` (exclusive), with unchanged random numbers."""
        draws = self.draws.iloc[begin:end].reset_index(drop=True)
        return replace(self, draws=draws, first=self.first + begin)

    def setting(self, **values: ArrayLike) -> Bench:
        """The bench with other values of some parameters in every draw; dots in their names are written as two underscores."""
        return replace(
            self,
            draws=self.draws.assign(**{name.replace("__", "."): np.asarray(v) for name, v in values.items()}),
        )

    def worlds(self, scenario: Scenario) -> list[Scenario]:
        """The scenario with the parameters of each draw. Parameters that it sets differently from the status quo are kept."""
        drawn = drawn_in(scenario, map(str, self.draws), load(STATUS_QUO))
        records = self.draws[drawn].to_dict("records")
        return [changed(scenario, {str(k): v for k, v in record.items()}) for record in records]

    def outcomes(self, scenario: Scenario, names: Iterable[str]) -> dict[str, Floats]:
        """Outcomes by name, each (draws,). A lag is infinite if no machine works; NaN if no stationary equilibrium was found."""
        worlds, names = self.worlds(scenario), list(names)
        rows = self._found(worlds, np.arange(self.count), names)
        return dict(zip(names, rows, strict=True))

    def _found(self, worlds: Sequence[Scenario], these: Integers, names: Sequence[str]) -> Floats:
        """Outcomes (names, draws). If no equilibrium is found, the draws are halved until those without one are isolated."""
        try:
            found = run([worlds[k] for k in these], self.seed, self.replicates[these], self.members, price=False)
        except NotConverged:
            if len(these) == 1:
                return np.full((len(names), 1), np.nan)
            return np.hstack([self._found(worlds, half, names) for half in np.array_split(these, 2)])
        return np.array([measure(found.worlds, name) for name in names], dtype=np.float64)

    def best_after(self, scenario: Scenario) -> Floats:
        """The smallest lag in years in any quarter after the announcement (draws,); infinite if no machine works."""
        found = run(self.worlds(scenario), self.seed, self.replicates, self.members, price=False, timeline=True)
        world = Simulation(scenario, 0, [0], self.members).world
        begun, first = world.announced, world.first
        return series(found.timeline[begun - first + 1 :], "years_behind").min(-1)


class BenchRuns(Runs):
    """Runs of scenarios on the draws of a bench, one replication per draw. The attribution uses them."""

    def __init__(self, bench: Bench, outcomes: Iterable[str], windows: Sequence[Window] = ()):
        super().__init__(bench.seed, bench.members, outcomes, windows)
        self.bench = bench

    def of(self, scenario: Scenario, first: int, count: int) -> Found:
        """Outcomes of `count` draws, beginning with draw `first`."""
        part = self.bench.part(first, first + count)
        return self._measured(part.worlds(scenario), part.replicates, self.measured, price=False)

    def at_most(self, scenario: Scenario, first: int, found: Found, most: Floats) -> Found:
        """The same draws with at most `most` (draws,) EUR bn committed; see `Runs.at_most`."""
        held = {name: values.copy() for name, values in found.items()}
        above = np.flatnonzero(found["committed_eur_bn"] > most)
        if len(above):
            part = self.bench.part(first, first + len(most))
            worlds = part.worlds(scenario)
            smaller = [with_envelope(worlds[k], float(most[k])) for k in above]
            names = [name for name in self.measured if name in held]
            for name, values in self._measured(smaller, part.replicates[above], names, False).items():
                held[name][above] = values
        return held
