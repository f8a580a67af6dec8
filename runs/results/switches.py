"""The mixtures of two scenarios: groups of institutions that are switched from one to the other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations

from juste_retour.abm.worlds.agent_choice import AGENTS, NONE
from juste_retour.abm.worlds.scenario import Scenario, parameters
from juste_retour.agents.errors import BadInput
from juste_retour.agents.rules import FAMILIES

MONEY, PARAMETERS = "money", "parameters"
GROUPS = (
    "placement",
    "funding",
    "procurement",
    "operations",
    "pooling",
    "access",
    "standing",
    "standing_operations",
    MONEY,
)
OF_MONEY = {"envelope_eur_bn", "tranches", "schedule"}  # parameters that travel with the family `leftover`


@dataclass(frozen=True)
class Switches:
    """The mixtures of two scenarios.

    Attributes:
        source: the scenario to start from.
        target: the scenario to end at.
        units: groups that are switched together; most units have one group.
        mixtures: 2^k scenarios for k units; `mixtures[m]` has unit k from the target if bit k of m is 1.
        joined: groups that form one unit because a scenario with only some of them is invalid, with the reason.
    """

    source: Scenario
    target: Scenario
    units: tuple[tuple[str, ...], ...]
    mixtures: tuple[Scenario, ...]
    joined: tuple[tuple[tuple[str, ...], str], ...]

    def switched(self, mixture: int, group: str) -> bool:
        """Whether a mixture, given by its index, has a group from the target."""
        return any(group in unit and mixture >> k & 1 for k, unit in enumerate(self.units))


def group_of(key: str) -> str:
    """The attribution group that a family or a parameter belongs to."""
    if key in FAMILIES:
        return FAMILIES[key].group
    if key == AGENTS:
        return AGENTS
    return MONEY if key in OF_MONEY else PARAMETERS


def groups_between(source: Scenario, target: Scenario, always: Iterable[str] = ()) -> list[str]:
    """The groups in which two scenarios differ, and those listed in `always`, in the order of `GROUPS`."""
    a, b = source.plain(), target.plain()
    moved = {group_of(key) for key in (*FAMILIES, AGENTS, *parameters()) if a.get(key) != b.get(key)} | set(always)
    known = [*GROUPS, *sorted({f.group for f in FAMILIES.values()} - set(GROUPS)), AGENTS, PARAMETERS]
    return [group for group in known if group in moved]


def switches(source: Scenario, target: Scenario, always: Iterable[str] = ()) -> Switches:
    """Build every mixture of two scenarios; groups are joined if a scenario with only some of them is invalid.

    Args:
        source: the scenario to start from.
        target: the scenario to end at.
        always: groups that are units even if the scenarios do not differ in them.

    Raises:
        BadInput: the scenarios have different unions.
    """
    check_union(source, target)
    units: list[tuple[str, ...]] = [(group,) for group in groups_between(source, target, always)]
    joined: list[tuple[tuple[str, ...], str]] = []
    while True:
        mixtures: list[Scenario] = []
        refusals: dict[int, str] = {}
        for m in range(2 ** len(units)):
            taken = [group for k, unit in enumerate(units) if m >> k & 1 for group in unit]
            try:
                mixtures.append(mixed(source, target, taken))
            except BadInput as error:
                refusals[m] = str(error)
        if not refusals:
            return Switches(source, target, tuple(units), tuple(mixtures), tuple(joined))
        i, j = _culprits(refusals, len(units))
        together = units[i] + units[j]
        joined = [(g, why) for g, why in joined if not set(g) <= set(together)]
        joined.append((together, next(iter(refusals.values()))))
        units[i] = together
        del units[j]


def check_union(source: Scenario, target: Scenario) -> None:
    """Raise `BadInput` if two scenarios have different unions."""
    if source.members != target.members:
        raise BadInput(
            f"{source.name} has the members {source.members} and {target.name} has {target.members}; unions cannot be "
            "mixed, so use `compare`."
        )


def _culprits(refusals: Mapping[int, str], count: int) -> tuple[int, int]:
    """The two units that, joined, leave the fewest invalid mixtures."""
    pairs = list(combinations(range(count), 2))
    return min(pairs, key=lambda p: sum((m >> p[0] & 1) == (m >> p[1] & 1) for m in refusals))


def mixed(source: Scenario, target: Scenario, groups: Iterable[str]) -> Scenario:
    """The source with some groups as in the target; a rule is switched together with its parameters."""
    there, taken = target.plain(), list(dict.fromkeys(groups))
    changes = {key: there.get(key, NONE) for key in (*FAMILIES, AGENTS, *parameters()) if group_of(key) in taken}
    if not changes:
        return source
    return Scenario.of(source.plain() | changes, " + ".join([source.name, *taken]))
