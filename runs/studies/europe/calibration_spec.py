"""The specification of a calibration, read from a TOML file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from juste_retour.abm.base.keys import ANY, TABLE, TEXTS, Key, checked, integer
from juste_retour.abm.base.members import Members, union_of
from juste_retour.abm.base.observed import Rows, observed
from juste_retour.abm.base.toml import read_toml
from juste_retour.abm.worlds.scenario import Scenario, load
from juste_retour.agents.errors import BadInput, near
from juste_retour.agents.rules import family
from juste_retour.runs.results.parameter_ranges import about, full_name, ranged
from juste_retour.runs.studies.europe.moments import moment_names, read_observed

NUMBERS = {"seed": 0, "draws": 20_000, "keep": 200, "waves": 2}
PATH = Key("a path in quotes", lambda v: isinstance(v, str), None)
KEYS = {
    "scenario": ANY.otherwise("eu-status-quo"),
    "members": PATH,
    "observed": PATH,
    **{key: integer(0 if key == "seed" else 1).otherwise(default) for key, default in NUMBERS.items()},
    "priors": TABLE.otherwise({}),
}
PRIORS = {"fitted": TEXTS.otherwise(()), "carried": TEXTS.otherwise(())}


@dataclass(frozen=True)
class CalibrationSpec:
    """The specification of a calibration.

    Attributes:
        scenario: the scenario whose parameters are drawn; its agenda must be a call for proposals in waves.
        seed: random seed of the prior draws and the runs.
        draws: number of draws from the prior.
        keep: number of draws that are kept.
        waves: number of waves that are fitted, from the first on.
        fitted: parameters that the waves may identify, by full name.
        carried: further parameters that are drawn with them, by full name.
        members: folder of the union; None for the scenario's union.
        table: file of the observed table; None for the AI factories.
    """

    scenario: Scenario
    seed: int
    draws: int
    keep: int
    waves: int
    fitted: tuple[str, ...]
    carried: tuple[str, ...]
    members: Path | None = None
    table: Path | None = None

    @property
    def names(self) -> list[str]:
        """Full names of all parameters that are drawn."""
        return [*self.fitted, *self.carried]

    @cached_property
    def union(self) -> Members:
        """The union whose states bid."""
        return union_of(self.members, self.scenario.members)

    @cached_property
    def observed(self) -> Rows:
        """The observed table, one row per selected site."""
        return observed() if self.table is None else read_observed(self.table, self.union)

    @cached_property
    def decisions(self) -> list[str]:
        """The quarters in which the waves of the scenario's call are decided."""
        choice = self.scenario.rules["agenda"]
        rule = family("agenda")[choice.rule]
        if "decisions" not in rule.parameters:
            raise BadInput(
                f"agenda is {choice.rule!r}, which has no waves; calibrate a scenario with agenda = 'open_call'."
            )
        return str(rule.settings(dict(choice.settings), "agenda")["decisions"]).split()

    @property
    def least(self) -> int:
        """The smallest number of kept draws for the regression on the moments."""
        return 2 * (max(len(self.fitted), len(moment_names(self.waves))) + 1)

    @property
    def factories(self) -> bool:
        """Whether this is the calibration to Europe's AI factories, for which further observations exist."""
        return self.table is None and self.members is None


def read(path: Path) -> CalibrationSpec:
    """Read a calibration file.

    Raises:
        BadInput: an unknown key, or a value that cannot be used.
    """
    content = checked(read_toml(path), str(path), KEYS)
    scenario = load(content["scenario"])
    fitted, carried = _parameters(path, checked(content["priors"], f"{path}: priors", PRIORS), scenario)
    there = {key: content[key] and path.parent / content[key] for key in ("members", "observed")}
    plan = CalibrationSpec(
        scenario,
        fitted=fitted,
        carried=carried,
        members=there["members"],
        table=there["observed"],
        **{key: content[key] for key in NUMBERS},
    )
    if not plan.least <= plan.keep <= plan.draws:
        raise BadInput(f"{path}: keep is {plan.keep}; it must be between {plan.least} and draws ({plan.draws}).")
    if plan.waves > len(plan.decisions):
        raise BadInput(
            f"{path}: waves is {plan.waves}; it must be from 1 to {len(plan.decisions)}, the number of waves of "
            f"{scenario.name}."
        )
    last = max(int(row["wave"]) for row in plan.observed)
    if plan.waves > last:
        raise BadInput(f"{path}: waves is {plan.waves}; it must be at most {last}, the number of observed waves.")
    return plan


def _parameters(
    path: Path, priors: Mapping[str, list[str]], scenario: Scenario
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    fitted, carried = (tuple(full_name(name, scenario) for name in priors[key]) for key in PRIORS)
    for name in (*fitted, *carried):
        if name not in ranged():
            raise BadInput(f"{path}: priors includes {name!r}, which has no plausible range; {near(name, ranged())}")
        about(name)
    if not fitted:
        raise BadInput(f"{path}: priors.fitted is empty; name at least one parameter.")
    twice = {name for name in fitted if (*fitted, *carried).count(name) > 1}
    if twice:
        raise BadInput(f"{path}: priors lists {min(twice)!r} twice; list it once.")
    return fitted, carried
