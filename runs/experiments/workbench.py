"""A connector for users of the Exploratory Modeling Workbench (Kwakkel 2017): the model as a `Model` of theirs.

`ema_workbench` is not a dependency. It brings the samplers, evaluators and scenario discovery; this brings the model,
its parameters as uncertainties and its rules as levers.

Source: Kwakkel (2017), The Exploratory Modeling Workbench, Environmental Modelling and Software 96.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from juste_retour.abm.outcomes import run
from juste_retour.abm.scenario import DEFAULT, Scenario, load
from juste_retour.agents.errors import BadInput
from juste_retour.agents.rules import FAMILIES
from juste_retour.runs.contrasts.paired import asks_price, measure, outcome
from juste_retour.runs.ensemble import whole
from juste_retour.runs.experiments.design import scenario_at
from juste_retour.runs.experiments.factors import SCENARIO, Factor, read_factors
from juste_retour.runs.numerals import shown
from juste_retour.runs.statistics import median


@dataclass(frozen=True)
class Medians:
    """What the workbench calls: levels of factors by keyword in, the median of each outcome over some worlds out.

    Every call has the same random draws, so that experiments differ by their factors alone. Picklable, as their
    multiprocessing needs.
    """

    base: Scenario
    scenarios: Mapping[str, Scenario]
    factors: tuple[Factor, ...]
    outcomes: tuple[str, ...]
    worlds: int
    seed: int

    def __call__(self, **levels: object) -> dict[str, float]:
        """The outcomes at a point; a lag is infinite where nothing works in most worlds."""
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
            samples ranges evenly, whatever their scale.
        outcomes: columns of the table `worlds`.
        scenario: what is varied.
        worlds: worlds of each experiment.
        seed: of all of them.

    Raises:
        BadInput: a factor or an outcome that does not exist, or no workbench.
    """
    try:
        import ema_workbench as theirs
    except ImportError:
        raise BadInput(
            "the workbench is not installed; install it beside juste-retour, as in `uv pip install ema-workbench`."
        ) from None
    base = load(scenario)
    read, scenarios = read_factors(factors, base, load)
    called = Medians(
        base,
        scenarios,
        read,
        tuple(outcome(name) for name in outcomes),
        whole(worlds, "worlds", 1),
        whole(seed, "seed", 0),
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
    kind = theirs.IntegerParameter if factor.whole else theirs.RealParameter
    low, high = (int(x) if factor.whole else x for x in (factor.low, factor.high))
    return kind(factor.column, low, high, **known)
