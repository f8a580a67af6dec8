"""A calibration as its file says: scenario, union, observed table, waves, draws and the parameters that are drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from juste_retour.abm.members import Members, union_of
from juste_retour.abm.observed import Rows, observed
from juste_retour.abm.scenario import Scenario, load
from juste_retour.abm.toml import read_toml
from juste_retour.agents.errors import BadInput, near
from juste_retour.agents.rules import family
from juste_retour.runs.drawn import about, full_name, ranged
from juste_retour.runs.europe.moments import moment_names, read_observed

NUMBERS = {"seed": 0, "draws": 20_000, "keep": 200, "waves": 2}
KEYS = {"scenario", "members", "observed", *NUMBERS, "priors"}


@dataclass(frozen=True)
class CalibrationSpec:
    """What is calibrated on what.

    Attributes:
        scenario: the scenario whose parameters are drawn; it must hold a call in waves.
        seed: of the prior draws and the worlds.
        draws: draws of the prior.
        keep: how many of them are kept.
        waves: how many of the first waves are fitted.
        fitted: parameters about which the waves may say something, by full name.
        carried: further parameters that are drawn with them.
        members: the union; the scenario's own where it is None.
        table: the observed table; the AI factories where it is None.
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
        """All parameters that are drawn."""
        return [*self.fitted, *self.carried]

    @cached_property
    def union(self) -> Members:
        """The union whose states bid."""
        return union_of(self.members, self.scenario.members)

    @cached_property
    def observed(self) -> Rows:
        """What was observed, one row per selected site."""
        return observed() if self.table is None else read_observed(self.table, self.union)

    @cached_property
    def decisions(self) -> list[str]:
        """The quarters in which the scenario's call decides on its waves."""
        choice = self.scenario.rules["agenda"]
        rule = family("agenda")[choice.rule]
        if "decisions" not in rule.parameters:
            raise BadInput(
                f"agenda = {choice.rule!r} holds no call in waves; calibrate a scenario with open_call."
            )
        return str(rule.settings(dict(choice.settings), "agenda")["decisions"]).split()

    @property
    def least(self) -> int:
        """The fewest draws that the regression on the moments can use."""
        return 2 * (max(len(self.fitted), len(moment_names(self.waves))) + 1)

    @property
    def factories(self) -> bool:
        """Whether it is about Europe's AI factories, of which more was observed than a table of sites."""
        return self.table is None and self.members is None


def read(path: Path) -> CalibrationSpec:
    """Read a calibration file, or raise `BadInput` in one sentence."""
    content = read_toml(path)
    for key in content:
        if key not in KEYS:
            raise BadInput(f"{path}: {key!r} is not known; {near(key, KEYS)}")
    scenario = load(content.get("scenario", "eu-status-quo"))
    fitted, carried = _parameters(path, content.get("priors", {}), scenario)
    numbers = {key: _number(path, key, content.get(key, default)) for key, default in NUMBERS.items()}
    plan = CalibrationSpec(
        scenario,
        fitted=fitted,
        carried=carried,
        members=_place(path, "members", content),
        table=_place(path, "observed", content),
        **numbers,
    )
    if not plan.least <= plan.keep <= plan.draws:
        raise BadInput(f"{path}: keep = {plan.keep} must lie between {plan.least} and draws = {plan.draws}.")
    if plan.waves > len(plan.decisions):
        raise BadInput(
            f"{path}: waves = {plan.waves}, but the call of {scenario.name} decides in {len(plan.decisions)} waves; "
            f"give a number from 1 to {len(plan.decisions)}."
        )
    last = max(int(row["wave"]) for row in plan.observed)
    if plan.waves > last:
        raise BadInput(f"{path}: waves = {plan.waves}, but {last} were observed; give a number up to {last}.")
    return plan


def _parameters(path: Path, priors: object, scenario: Scenario) -> tuple[tuple[str, ...], tuple[str, ...]]:
    lists = [priors.get(key, []) if isinstance(priors, Mapping) else None for key in ("fitted", "carried")]
    if not all(isinstance(names, list) and all(isinstance(n, str) for n in names) for names in lists):
        raise BadInput(
            f"{path}: priors = {priors!r} holds no lists of names; write fitted and carried in brackets."
        )
    fitted, carried = (tuple(full_name(name, scenario) for name in names or ()) for names in lists)
    for name in (*fitted, *carried):
        if name not in ranged():
            raise BadInput(
                f"{path}: priors name {name!r}, which has no plausible range; {near(name, ranged())}"
            )
        about(name)
    if not fitted:
        raise BadInput(f"{path}: priors.fitted is empty; name at least one parameter.")
    twice = {name for name in fitted if (*fitted, *carried).count(name) > 1}
    if twice:
        raise BadInput(f"{path}: priors name {min(twice)!r} twice; name it once.")
    return fitted, carried


def _number(path: Path, key: str, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < (0 if key == "seed" else 1):
        raise BadInput(f"{path}: {key} = {value!r} is not a positive integer; give one.")
    return value


def _place(path: Path, key: str, content: Mapping[str, object]) -> Path | None:
    value = content.get(key)
    if value is None:
        return None
    if not isinstance(value, str):
        raise BadInput(f"{path}: {key} = {value!r} is not a path; write it in quotes.")
    return path.parent / value
