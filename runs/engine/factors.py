"""Factors of an experiment: rules and parameters with their levels or ranges, checked before the first run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import numpy as np

from juste_retour.abm.worlds.agent_choice import AGENTS, read_agents
from juste_retour.abm.worlds.scenario import Scenario, parameters
from juste_retour.agents.errors import BadInput, near
from juste_retour.agents.rules import FAMILIES, Parameter, Setting
from juste_retour.agents.user_agents import user_agent

Found = TypeVar("Found")
Level = Any  # of a factor: a number, string or boolean, or a table with a rule and its parameters

SCENARIO = "scenario"
_TABLE = ("levels", "low", "high", "scale", "steps")
STEPS = 5
MOST_STEPS = 10_000


@dataclass(frozen=True)
class Factor:
    """A rule or parameter that an experiment varies over a list of levels or a range.

    Attributes:
        key: as in a scenario file, or dotted (`agenda.max_sites`, `vote.HU.noise`); `scenario` varies the scenario itself.
        levels: the levels; empty for a range.
        low, high: bounds of a range.
        scale: "linear" or "log", of a range.
        steps: number of values of a range in a grid.
        integer: whether the values of a range are integers.
    """

    key: str
    levels: tuple[Level, ...] = ()
    low: float = 0.0
    high: float = 0.0
    scale: str = "linear"
    steps: int = STEPS
    integer: bool = False

    @property
    def column(self) -> str:
        """The name of the factor's column in the tables."""
        return self.key.replace(".", "_")

    @property
    def continuous(self) -> bool:
        """Whether the factor varies over a range of floats."""
        return not self.levels and not self.integer

    def at(self, share: float) -> Level:
        """The value at a share (0 to 1) of the range; levels divide it into equal parts."""
        if self.levels:
            return self.levels[min(int(share * len(self.levels)), len(self.levels) - 1)]
        if self.integer:
            count = int(self.high - self.low) + 1
            return int(self.low) + min(int(share * count), count - 1)
        if self.scale == "log":
            return float(self.low * np.power(self.high / self.low, share))
        return float(self.low + (self.high - self.low) * share)

    def grid(self) -> tuple[Level, ...]:
        """All levels, or `steps` values from `low` to `high`."""
        if self.levels:
            return self.levels
        if self.integer:
            return tuple(sorted({round(x) for x in np.linspace(self.low, self.high, self.steps)}))
        if self.scale == "log":
            return tuple(float(x) for x in np.geomspace(self.low, self.high, self.steps))
        return tuple(float(x) for x in np.linspace(self.low, self.high, self.steps))


def read_factors(
    given: object, base: Scenario, load: Callable[[Level], Scenario]
) -> tuple[tuple[Factor, ...], dict[str, Scenario]]:
    """Read the table `[factors]`; return the factors and the scenarios that the factor `scenario` names.

    Args:
        given: levels or ranges by key; parameters of rules are dotted or in tables.
        base: the scenario that is varied.
        load: loads a scenario by name or path.

    Raises:
        BadInput: a factor, level or range is invalid.
    """
    if not isinstance(given, Mapping):
        raise BadInput(f"factors is {given!r}, not a table; write [factors], and one line per factor below it.")
    flat = dict(_flat(given))
    scenarios: dict[str, Scenario] = {}
    factors = []
    for key, value in flat.items():
        if key == SCENARIO:
            for what in _list(key, value):
                found = load(what)
                if found.name in scenarios:
                    raise BadInput(f"factors.scenario has two scenarios named {found.name!r}; rename one.")
                scenarios[found.name] = found
            factors.append(Factor(SCENARIO, tuple(scenarios)))
        else:
            factors.append(_factor(key, value, flat, base))
    return tuple(sorted(factors, key=lambda f: (f.key != SCENARIO, "." in f.key))), scenarios


def _flat(given: Mapping[str, object]) -> list[tuple[str, object]]:
    out: list[tuple[str, object]] = []
    for key, value in given.items():
        if isinstance(value, Mapping) and (key in FAMILIES or key == AGENTS) and not set(value) & set(_TABLE):
            for inner, levels in value.items():
                if isinstance(levels, Mapping) and levels and not set(levels) & set(_TABLE):  # one actor's rule
                    out += [(f"{key}.{inner}.{name}", own) for name, own in levels.items()]
                else:
                    out.append((f"{key}.{inner}", levels))
        else:
            out.append((key, value))
    return out


def _factor(key: str, value: object, flat: Mapping[str, object], base: Scenario) -> Factor:
    head, _, tail = key.partition(".")
    place = f"factors.{key}"
    if head == AGENTS:
        return _agents(key, tail, value, place)
    if tail:
        if head not in FAMILIES:
            raise BadInput(f"{place}: {head!r} is not a family of rules; {near(head, FAMILIES)}")
        default, about = _rule_parameter(head, tail, flat.get(head), base)
        return _parameter(key, value, default, about)
    if key in FAMILIES:
        if value == "all":
            return Factor(key, tuple(FAMILIES[key].rules))
        return Factor(key, tuple(check_rule(key, level, place) for level in _list(key, value)))
    if key in parameters():
        return _parameter(key, value, *parameters()[key])
    known = [SCENARIO, *FAMILIES, AGENTS, *parameters()]
    raise BadInput(f"{place}: {key!r} is neither a family of rules nor a parameter; {near(key, known)}")


def _agents(key: str, tail: str, value: object, place: str) -> Factor:
    """A factor of the user's agents: the classes (`agents`), the actors of one (`agents.Learner`), or its parameter."""
    name, _, parameter = tail.partition(".")
    if not parameter or parameter == "of":
        levels = _list(key, value)
        for level in levels:
            said = {name: level} if name else level
            _located(partial(read_agents, said), place)
        return Factor(key, tuple(levels))
    known = _located(lambda: user_agent(name, AGENTS), place)
    if parameter not in known.parameters:
        _located(lambda: known.settings({parameter: None}, AGENTS), place)
    return _parameter(key, value, *known.parameters[parameter])


def _rule_parameter(head: str, tail: str, rules: object, base: Scenario) -> tuple[Setting, Parameter]:
    names = [base.rules[head].rule]
    if rules is not None:
        levels = tuple(FAMILIES[head].rules) if rules == "all" else _list(head, rules)
        names = [level["rule"] if isinstance(level, Mapping) else level for level in levels]
    place, (code, _, own) = f"factors.{head}.{tail}", tail.partition(".")
    if own:
        names, tail = [base.rules[head].of(code).rule], own
    candidates = [FAMILIES[head][name] for name in names]
    for rule in candidates:
        if tail in rule.parameters:
            return rule.parameters[tail]
    known = [p for rule in candidates for p in rule.parameters]
    hint = near(tail, known) if known else "the rule has none."
    raise BadInput(f"{place}: {tail!r} is not a parameter of {', '.join(names)}; {hint}")


def check_rule(key: str, level: Level, place: str) -> Level:
    """Return a level of a rule family; `BadInput` if its rule or parameters are invalid."""
    members = FAMILIES[key]
    if isinstance(level, str):
        return _located(lambda: members[level].name, place)
    if isinstance(level, Mapping) and "rule" in level:
        rule = _located(lambda: members[level["rule"]], place)
        own = {k: v for k, v in level.items() if k != "rule" and k != k.upper()}
        rule.settings(own, place)
        return dict(level)
    raise BadInput(f"{place}: {level!r} is not a rule; give the names of rules, such as {next(iter(members.rules))!r}.")


def _located(find: Callable[[], Found], place: str) -> Found:
    try:
        return find()
    except BadInput as error:
        raise BadInput(f"{place}: {error}") from None


def _parameter(key: str, value: object, default: Setting, about: Parameter) -> Factor:
    place = f"factors.{key}"
    number = isinstance(default, int | float) and not isinstance(default, bool)
    if isinstance(value, str) and value == "range":
        value = {}
    if not isinstance(value, Mapping):
        return Factor(key, tuple(about.check(place, level, default) for level in _list(key, value)))
    for name in value:
        if name not in _TABLE:
            raise BadInput(f"{place}: {name!r} is not a key of a range; {near(name, _TABLE)}")
    if "levels" in value:
        return Factor(key, tuple(about.check(place, level, default) for level in _list(key, value["levels"])))
    if not number:
        raise BadInput(f"{place} is not a number and has no range; give its levels as a list.")
    span = about.range or (None, None)
    ends = []
    for name, known in zip(("low", "high"), span, strict=True):
        end = value.get(name, known)
        if end is None:
            raise BadInput(f"{place} has no plausible range in the parameter table; add {name} = a number.")
        ends.append(float(about.check(f"{place}.{name}", end, default)))
    low, high = ends
    if not low < high:
        raise BadInput(f"{place}: low is {low:g} and high is {high:g}; low must be below high.")
    integer = isinstance(default, int)
    scale = value.get("scale", "linear" if integer else about.scale)
    if scale not in ("linear", "log") or (scale == "log" and low <= 0):
        raise BadInput(f"{place}: scale is {scale!r}; give linear, or log if low is above 0.")
    steps = value.get("steps", STEPS)
    if not isinstance(steps, int) or isinstance(steps, bool) or not 2 <= steps <= MOST_STEPS:
        raise BadInput(f"{place}: steps is {steps!r}; give an integer from 2 to {MOST_STEPS:,}.")
    return Factor(key, (), float(low), float(high), scale, steps, integer)


def _list(key: str, value: object) -> Sequence[Level]:
    if isinstance(value, str | bytes) or not isinstance(value, Sequence) or not len(value):
        raise BadInput(f"factors.{key} is {value!r}, not a list of levels; write them in square brackets.")
    if any(value[i] == value[j] for i in range(len(value)) for j in range(i)):
        raise BadInput(f"factors.{key} has a level twice; list each level once.")
    return value
