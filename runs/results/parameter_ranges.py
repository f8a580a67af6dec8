"""Parameters that are drawn from ranges: a scenario's, as `panel_noise`, or a rule's, as `agenda.open_call.sunk`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from inspect import unwrap

import numpy as np

from juste_retour.abm.worlds.scenario import Scenario, parameters
from juste_retour.agents.arrays import Floats
from juste_retour.agents.errors import BadInput, near
from juste_retour.agents.rules import FAMILIES, Parameter

Drawn = Mapping[str, float]  # values by parameter
SOBOL_FROM = 8192


def about(name: str) -> Parameter:
    """The description of a parameter, given its full name; `BadInput` if there is none."""
    family, _, rest = name.partition(".")
    rule, _, own = rest.partition(".")
    if not rest and name in parameters():
        return parameters()[name][1]
    if family in FAMILIES and rule in FAMILIES[family].rules and own in FAMILIES[family][rule].parameters:
        return FAMILIES[family][rule].parameters[own][1]
    raise BadInput(f"{name!r} is not a parameter; {near(name, ranged())}")


def ranged() -> list[str]:
    """The full names of all parameters with a plausible range; one name for a parameter that families share."""
    found = [name for name, (_, row) in parameters().items() if row.range is not None]
    for family in FAMILIES.values():
        for rule in family:
            if _families(family.name, rule.name)[0] == family.name:
                own = rule.parameters.items()
                found += [f"{family.name}.{rule.name}.{name}" for name, (_, row) in own if row.range is not None]
    return found


def _families(family: str, rule: str) -> list[str]:
    """The families that offer the same function as a rule, such as `access` and `standing`; they share its parameters."""
    function = unwrap(FAMILIES[family][rule].function)
    others = FAMILIES.items()
    return [name for name, other in others if rule in other.rules and unwrap(other[rule].function) is function]


def full_name(name: str, scenario: Scenario) -> str:
    """The full name of a parameter: `agenda.sunk` becomes `agenda.open_call.sunk` if the scenario uses that rule."""
    family, _, own = name.partition(".")
    if family in FAMILIES and own and "." not in own:
        return f"{family}.{scenario.rules[family].rule}.{own}"
    return name


def span(name: str) -> tuple[float, float, bool]:
    """Lower and upper bound of a parameter's plausible range, and whether its scale is logarithmic."""
    row = about(name)
    if row.range is None:
        raise BadInput(f"{name} has no plausible range; {near(name, ranged())}")
    return (*row.range, row.scale == "log")


def at_share(name: str, share: Floats) -> Floats:
    """Values of a parameter at shares (0 to 1) of its range, on its own scale."""
    low, high, by_log = span(name)
    return low * (high / low) ** share if by_log else low + (high - low) * share


def share_of(name: str, value: float) -> float:
    """Where a value lies in a parameter's range, on its own scale: 0 at the low end, 1 at the high one; NaN without width.

    >>> share_of("frontier_growth", 5.0)
    1.0
    """
    low, high, by_log = span(name)
    if low == high:
        return float("nan")
    if by_log:
        return float(np.log(value / low) / np.log(high / low)) if value > 0 else float("-inf")
    return (value - low) / (high - low)


def usual(name: str, scenarios: Iterable[Scenario]) -> float:
    """A parameter's value in the first of some scenarios that use it; its own default where none does."""
    for scenario in scenarios:
        value = setting(scenario, name)
        if value is not None:
            return value
    return _default(name)


def coordinates(names: Sequence[str]) -> list[int]:
    """The coordinate of the sample from which each parameter is drawn.

    Rules whose parameters have the same name, description and source share one coordinate, since they share one
    uncertainty. Independent draws would add noise to the difference between two such rules.
    """
    keys = []
    for name in names:
        row, (_, _, rest) = about(name), name.partition(".")
        keys.append((rest.partition(".")[2], row.about, row.source) if rest else (name,))
    places = {key: k for k, key in enumerate(dict.fromkeys(keys))}
    return [places[key] for key in keys]


def range_draws(names: Sequence[str], count: int, seed: int) -> dict[str, Floats]:
    """Independent draws of parameters from their ranges, by name; (count,) each.

    Many draws are a scrambled Sobol sequence. Fewer than `SOBOL_FROM` are a Latin hypercube: the first 96 points of a
    sequence in 127 dimensions have pairs of coordinates with a rank correlation of up to 0.98.
    """
    from scipy.stats import qmc  # slow to import

    at = coordinates(names)
    rng = np.random.default_rng(seed)
    if count < SOBOL_FROM:
        points = qmc.LatinHypercube(max(at) + 1, rng=rng).random(count)
    else:
        sequence = qmc.Sobol(max(at) + 1, scramble=True, rng=rng)
        points = sequence.random_base2(int(np.ceil(np.log2(count))))[:count]
    return {name: at_share(name, points[:, k]) for name, k in zip(names, at, strict=True)}


def setting(scenario: Scenario, name: str) -> float | None:
    """The value of a parameter in a scenario; None if it does not use the parameter's rule, NaN if it is no number."""
    family, _, rest = name.partition(".")
    if not rest:
        return float(getattr(scenario, name))
    rule, _, own = rest.partition(".")
    for place in _families(family, rule):
        choice = scenario.rules[place]
        if choice.rule == rule:
            value = dict(choice.settings).get(own, _default(name))
            return float(value) if isinstance(value, int | float) else np.nan
    return None


def drawn_in(scenario: Scenario, names: Iterable[str], usual: Scenario) -> list[str]:
    """The parameters that a scenario uses and sets to the same values as the scenario `usual`; only these are drawn."""
    kept = []
    for name in names:
        here, there = setting(scenario, name), setting(usual, name)
        if here is not None and here == (_default(name) if there is None else there):
            kept.append(name)
    return kept


def _default(name: str) -> float:
    family, rule, own = name.split(".")
    value = FAMILIES[family][rule].parameters[own][0]
    return float(value) if isinstance(value, int | float) else np.nan


def changed(scenario: Scenario, values: Drawn, names: Iterable[str] | None = None) -> Scenario:
    """A scenario with drawn values, each in every family that shares it; parameters of rules not used are ignored."""
    changes: dict[str, object] = {}
    for name in values if names is None else names:
        family, _, rest = name.partition(".")
        rule, _, own = rest.partition(".")
        if not rest:
            changes[name] = float(values[name])
            continue
        for place in _families(family, rule):
            if scenario.rules[place].rule == rule:
                changes[f"{place}.{own}"] = float(values[name])
    return scenario.changed(changes) if changes else scenario
