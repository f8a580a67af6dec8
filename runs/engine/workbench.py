"""The model as a `Model` of the Exploratory Modeling Workbench (Kwakkel 2017), which is not a dependency.

The workbench provides samplers, evaluators and scenario discovery. This module provides the model, with its parameters
as uncertainties and its rules as levers.

Source: Kwakkel (2017), The Exploratory Modeling Workbench, Environmental Modelling and Software 96.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from juste_retour.abm.outcomes import run
from juste_retour.abm.worlds.scenario import DEFAULT, Scenario, load
from juste_retour.agents.errors import BadInput
from juste_retour.agents.rules import FAMILIES
from juste_retour.runs.base.numerals import shown
from juste_retour.runs.base.statistics import median
from juste_retour.runs.engine.design import scenario_at
from juste_retour.runs.engine.factors import SCENARIO, Factor, read_factors
from juste_retour.runs.results.ensemble import checked_integer
from juste_retour.runs.results.paired import asks_price, measure, outcome


@dataclass(frozen=True)
class Medians:
    """A function that the workbench calls with factors by keyword; it returns each outcome's median over replications.

    Every call uses the same random draws, so that experiments differ only in their factors. It can be pickled, which the
    workbench needs for multiprocessing.
    """

    base: Scenario
    scenarios: Mapping[str, Scenario]
    factors: tuple[Factor, ...]
    outcomes: tuple[str, ...]
    worlds: int
    seed: int

    def __call__(self, **levels: object) -> dict[str, float]:
        """The outcomes at a point; a lag is infinite if no machine works in most replications."""
        point = {
            f.key: next((v for v in f.levels if shown(v) == levels[f.key]), levels[f.key])
            for f in self.factors
            if f.key in levels
        }
        scenario = scenario_at(point, self.base, self.scenarios)
        found = run(scenario, self.seed, range(self.worlds), price=asks_price(self.outcomes)).worlds
        return {name: float(median(measure(found, name))) for name in self.outcomes}


def workbench_model(
    factors: Mapping[str, object],
    outcomes: Sequence[str] = ("years_behind",),
    scenario: str | Mapping[str, object] | Scenario = DEFAULT,
    worlds: int = 64,
    seed: int = 0,
) -> Any:
    """Build an `ema_workbench.Model` named `juste_retour`.

    Args:
        factors: as in a spec's `[factors]`. Rules and scenarios become levers, parameters uncertainties. The workbench
            samples ranges uniformly, whatever their scale.
        outcomes: columns of the table `worlds`.
        scenario: the scenario whose rules and parameters are varied.
        worlds: replications per experiment.
        seed: of all replications.

    Raises:
        BadInput: an unknown factor or outcome, or the workbench is not installed.
    """
    try:
        import ema_workbench as theirs
    except ImportError:
        raise BadInput(
            "the workbench is not installed; install it with `uv pip install ema-workbench`."
        ) from None
    base = load(scenario)
    read, scenarios = read_factors(factors, base, load)
    called = Medians(
        base,
        scenarios,
        read,
        tuple(outcome(name) for name in outcomes),
        checked_integer(worlds, "worlds", 1),
        checked_integer(seed, "seed", 0),
    )
    model = theirs.Model("juste_retour", function=called)
    chosen = [f.key == SCENARIO or f.key in FAMILIES for f in read]
    model.levers = [_parameter(theirs, f) for f, lever in zip(read, chosen, strict=True) if lever]
    model.uncertainties = [_parameter(theirs, f) for f, lever in zip(read, chosen, strict=True) if not lever]
    model.outcomes = [theirs.ScalarOutcome(name) for name in called.outcomes]
    return model


def _parameter(theirs: ModuleType, factor: Factor) -> object:
    known = {"variable_name": factor.key}
    if factor.levels:
        numbers = all(isinstance(v, int | float) for v in factor.levels)
        levels = list(factor.levels) if numbers else [shown(v) for v in factor.levels]
        return theirs.CategoricalParameter(factor.column, levels, **known)
    kind = theirs.IntegerParameter if factor.integer else theirs.RealParameter
    low, high = (int(x) if factor.integer else x for x in (factor.low, factor.high))
    return kind(factor.column, low, high, **known)
