"""A scenario: a validated, immutable choice of rules and parameters with a content hash.

A scenario file holds only the differences from its base, which is `eu-status-quo` unless the file names another. Rules
and delivery never import this module.
"""

from __future__ import annotations

import hashlib
import json
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from pathlib import Path
from typing import NamedTuple, Union

from juste_retour.abm.base.calendar import label, quarter
from juste_retour.abm.base.parameters import Parameters, parameters
from juste_retour.abm.base.toml import JsonObject, read_toml, toml_lines, with_changes
from juste_retour.abm.worlds.agent_choice import (
    AGENTS,
    AgentChoice,
    agents_changed,
    plain_agents,
    read_agents,
)
from juste_retour.agents.errors import BadInput, near
from juste_retour.agents.rules import FAMILIES, Rule, Setting, family

Content = Mapping[str, object]  # the content of a scenario file, not yet checked
Entry = Union[Setting, dict[str, "Entry"]]  # noqa: UP007  a parameter, or a family's rule as a name or a table
DEFAULT, UNNAMED = "eu-status-quo", "unnamed"


class Choice(NamedTuple):
    """The choice for one family: a rule, its parameters, and different choices for single actors.

    Attributes:
        rule: the rule's name.
        settings: the parameters that differ from the rule's defaults.
        actors: the choice of each actor, by code, that has one of its own; it has no `actors` itself.
    """

    rule: str
    settings: tuple[tuple[str, Setting], ...] = ()
    actors: tuple[tuple[str, Choice], ...] = ()

    @property
    def names(self) -> set[str]:
        """The names of all rules that some actor uses."""
        return {self.rule, *(own.rule for _, own in self.actors)}

    def of(self, code: str) -> Choice:
        """The choice of one actor: its own, or else that of all."""
        return dict(self.actors).get(code, self)

    def plain(self) -> Entry:
        """The choice as a scenario file gives it: the rule's name, or a table."""
        if not self.settings and not self.actors:
            return self.rule
        owns = {code: own.plain() for code, own in self.actors}
        return {"rule": self.rule, **dict(self.settings), **owns}


REMOVED = {
    "assess": "years behind are a mean over window_years after window_start; set these instead.",
    "run_share": "the access rule decides the share of a site for one run; set access.year_share instead.",
    "access_share": "the access rule decides the share of a site for labs; set access.year_share instead.",
}


@dataclass(frozen=True, init=False, kw_only=True)
class Scenario(Parameters):
    """A choice of rules and parameters; create it with `load`, `Scenario.of` or `changed`, which check everything.

    Raises:
        BadInput: an unknown key or rule, a value of the wrong type or out of bounds, or rules that cannot be combined;
            the text names the place, the value and the remedy.
    """

    name: str = UNNAMED
    rules: dict[str, Choice]
    agents: tuple[AgentChoice, ...] = ()  # user-defined agents

    def __init__(self, **content: object):
        values, rules = _entries(content)
        agents = read_agents(content.get(AGENTS, ""))
        defaults = {key: default for key, (default, _) in parameters().items()}
        name = content.get("name", UNNAMED)
        vars(self).update(defaults | {"name": name, **values, "rules": rules, AGENTS: agents})
        self._checked_together()

    def _checked_together(self) -> Scenario:
        first, last = quarter(self.start, "start"), quarter(self.end, "end")
        if last < first:
            raise BadInput(f"end = {self.end!r} is before start = {self.start!r}; set end later.")
        if last - first >= 1000:
            raise BadInput(f"end = {self.end!r} is at least 250 years after start = {self.start!r}; set end earlier.")
        quarter(self.announcement, "announcement")
        self._check_window(first, last)
        self._check_payments(last)
        self._check_leftover(last)
        if self.race_last_year < self.race_first_year:
            raise BadInput(
                f"race_last_year = {self.race_last_year} is less than race_first_year = {self.race_first_year}; raise it."
            )
        if self.rules["funding"].rule == "private" and not family("agenda")[self.rules["agenda"].rule].marks.get("own"):
            raise BadInput(
                f"funding = 'private' cannot be combined with agenda = {self.rules['agenda'].rule!r}, because private "
                "investors decide where their money goes; set agenda to 'single_decider' or 'uncoordinated', or choose "
                "another funding rule."
            )
        if self.bargains_on and not self.reservation_noise:
            raise BadInput(
                "reservation_noise = 0 cannot be combined with expect = 'stationary', because without noise proposers would "
                "have to randomize between equally cheap partners; set it to 0.01 or more, or choose expect = 'status_quo'."
            )
        agenda = self.rules["agenda"]
        if not self.trains and agenda.rule == "planner" and "objective" not in dict(agenda.settings):
            raise BadInput(
                "agenda = 'planner' minimizes years behind, but with trains = false there are none; set agenda.objective to "
                "'welfare'."
            )
        if self.smallest_eur_bn > self.ceiling_eur_bn:
            raise BadInput(
                f"smallest_eur_bn = {self.smallest_eur_bn:g} is above ceiling_eur_bn = {self.ceiling_eur_bn:g}; lower it."
            )
        return self

    @property
    def bargains_on(self) -> bool:
        """Whether it needs continuation values: an actor expects them, and the agenda returns to the same issue."""
        repeated = family("agenda")[self.rules["agenda"].rule].marks.get("repeated")
        return bool(repeated) and "stationary" in self.rules["expect"].names

    def _check_window(self, first: int, last: int) -> None:
        """Refuse a window that is not within the quarters of the run."""
        quarters = 4 * self.window_years
        if quarters != int(quarters):
            raise BadInput(
                f"window_years = {self.window_years:g} is not a multiple of a quarter; give a multiple of 0.25."
            )
        place = "window_start" if self.window_start else "announcement"
        begin = quarter(self.window_start or self.announcement, place)
        if begin < first - 1 or begin + int(quarters) > last:
            raise BadInput(
                f"window_years = {self.window_years:g} after {place} = {label(begin)!r} is not within start = "
                f"{self.start!r} and end = {self.end!r}; reduce window_years, or set end later."
            )

    @cached_property
    def payments(self) -> tuple[tuple[int, float], ...]:
        """The schedule as pairs of year and EUR bn; empty if there is none."""
        found = []
        for entry in self.schedule.split():
            when, _, amount = entry.partition(":")
            try:
                found.append((int(when), float(amount)))
            except ValueError:
                raise BadInput(
                    f"schedule = {self.schedule!r}: {entry!r} is not a year and an amount in EUR bn; write it as 2025:4.5."
                ) from None
        return tuple(found)

    def _check_payments(self, last: int) -> None:
        """Refuse orders after the last quarter, and a schedule whose sum is not the envelope."""
        announced = quarter(self.announcement, "announcement")
        if not self.schedule:
            if announced + 4 * (self.tranches - 1) > last:
                raise BadInput(
                    f"tranches = {self.tranches} yearly orders from {self.announcement} on do not fit before end = "
                    f"{self.end!r}; reduce tranches, or set end later."
                )
            return
        if self.tranches != 1:
            raise BadInput(f"tranches = {self.tranches} cannot be combined with a schedule; give only one of them.")
        money = sum(amount for _, amount in self.payments)
        if any(amount <= 0 for _, amount in self.payments):
            raise BadInput(f"schedule = {self.schedule!r} contains an amount that is not above 0; omit that year.")
        if abs(money - self.envelope_eur_bn) > 1e-6 * max(self.envelope_eur_bn, 1.0):
            raise BadInput(
                f"schedule = {self.schedule!r} sums to {money:g}, but envelope_eur_bn is {self.envelope_eur_bn:g}; "
                "make them equal."
            )
        if max(4 * when for when, _ in self.payments) > last:
            raise BadInput(f"schedule = {self.schedule!r} has an order after end = {self.end!r}; give an earlier year.")

    def _check_leftover(self, last: int) -> None:
        """Refuse a leftover rule with a wave after the last quarter."""
        agenda = family("agenda")[self.rules["agenda"].rule]
        chosen = dict(self.rules["agenda"].settings)
        decisions = str(chosen.get("decisions", agenda.parameters.get("decisions", ("", None))[0])).split()
        if not agenda.marks.get("calls") or not decisions:
            return
        rule = family("leftover")[self.rules["leftover"].rule]
        settings = rule.settings(dict(self.rules["leftover"].settings), "leftover")
        waves = rule(quarter(decisions[-1], "agenda.decisions"), **settings).waves
        if waves and waves[-1].decision > last:
            raise BadInput(
                f"leftover = {rule.name!r} has a decision in {label(waves[-1].decision)}, after end = {self.end!r}; set "
                "end later, or choose another rule."
            )

    def __hash__(self) -> int:
        """Hash by content, so that scenarios can be keys of a cache."""
        return hash(self.digest)

    @cached_property
    def digest(self) -> str:
        """The content hash, which is equal for scenarios that differ only in name."""
        content = {k: v for k, v in self.plain().items() if k != "name"}
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]

    def plain(self) -> dict[str, Entry]:
        """The whole scenario in the form of a scenario file."""
        values = self.__dict__  # a third faster than `getattr` for each parameter
        return {k: values[k] for k in ("name", *parameters())} | self._rules_and_agents()

    def _rules_and_agents(self) -> dict[str, Entry]:
        rules: JsonObject = {f: choice.plain() for f, choice in self.rules.items()}
        return rules | ({AGENTS: plain_agents(self.agents)} if self.agents else {})

    @property
    def by_rules(self) -> Scenario:
        """The scenario without user-defined agents, as forecasts and planners assume it."""
        return self._with({AGENTS: ()}) if self.agents else self

    def _with(self, checked: Content) -> Scenario:
        """A copy with some fields replaced by checked values, and without values cached from the old ones."""
        made, kept = object.__new__(Scenario), ("name", "rules", AGENTS, *parameters())
        vars(made).update({key: vars(self)[key] for key in kept} | dict(checked))
        return made

    def changed(self, changes: Content, name: str | None = None) -> Scenario:
        """Return the scenario with some keys changed.

        Args:
            changes: keys as in a scenario file, or dotted, as in `agenda.max_sites` or `vote.HU.noise`. A new rule drops
                the parameters of the old one. A dotted key keeps the rule and changes one of its parameters.
            name: the new name; by default the name stays.

        Raises:
            BadInput: as for the class.
        """
        plain, touched = dict[str, object](self._rules_and_agents()), []
        for key, value in changes.items():
            head, _, tail = key.partition(".")
            touched.append(head if tail else key)
            if tail and head == AGENTS:
                plain[head] = agents_changed(plain.get(head, ""), tail, value)
            elif tail:
                family(head)
                table = _table(plain[head])
                code, _, parameter = tail.partition(".")
                if parameter:
                    own = _table(table.get(code, table["rule"]))
                    tail, value = code, own | {parameter: value}
                plain[head] = table | {tail: value}
            elif isinstance(value, Mapping) and "rule" not in value and head in FAMILIES:
                plain[head] = _table(plain[head]) | dict(value)
            else:
                plain[key] = value
        # unchanged parameters have been checked before; rules are checked again, as they may have been redefined
        checked, rules = _entries({key: plain[key] for key in [*FAMILIES, *touched] if key in plain})
        agents = read_agents(plain.get(AGENTS, ""))
        made = self._with({"name": name or self.name, **checked, "rules": rules, AGENTS: agents})
        return made._checked_together()

    @property
    def quarters(self) -> int:
        """The number of quarters of a run."""
        return quarter(self.end, "end") - quarter(self.start, "start") + 1

    @property
    def window(self) -> range:
        """The quarters over which years behind are averaged, numbered from year 0."""
        begin = quarter(self.window_start or self.announcement, "window_start")
        return range(begin + 1, begin + 1 + int(4 * self.window_years))

    @property
    def window_end(self) -> str:
        """The last quarter of the window, as "2029Q3"."""
        return label(self.window[-1])

    def until(self, end: str) -> Scenario:
        """The scenario with an earlier last quarter, such as "2026Q1", and a window shortened to fit."""
        last = quarter(end, "end")
        begin = quarter(self.window_start or self.announcement, "window_start")
        if begin >= last:
            return self.changed({"end": end, "window_start": label(last - 1), "window_years": 0.25})
        return self.changed({"end": end, "window_years": min(self.window_years, (last - begin) / 4)})

    @classmethod
    def of(cls, plain: Content, name: str | None = None) -> Scenario:
        """Create a scenario from the content of a scenario file, without a base; omitted keys have their defaults."""
        return cls(**dict(plain) | ({"name": name} if name else {}))

    def toml(self, base: str | None = DEFAULT) -> str:
        """The text of a scenario file: the differences from the base, or everything if `base` is None."""
        if base is None:
            return toml_lines(self.plain())
        there = load(base).plain()
        own = {k: v for k, v in self.plain().items() if k != "name" and v != there.get(k)}
        return toml_lines({"base": base, **own})


def _entries(data: Content) -> tuple[dict[str, Setting], dict[str, Choice]]:
    """Check the parameters and rules of a scenario; a family that it omits has its first rule."""
    known = parameters()
    values: dict[str, Setting] = {}
    rules: dict[str, Choice] = {}
    for key, value in _with_schedule(data).items():
        if key in known:
            default, about = known[key]
            values[key] = about.check(key, value, default)
        elif key in FAMILIES:
            rules[key] = value if isinstance(value, Choice) else _choice(key, value)
        elif key in REMOVED:
            raise BadInput(f"{key} is no longer a parameter; {REMOVED[key]}")
        elif key not in ("name", AGENTS):
            raise BadInput(
                f"{key!r} is neither a parameter nor a family of rules; {near(key, [*known, *FAMILIES, AGENTS])}"
            )
    for name, members in FAMILIES.items():
        rules.setdefault(name, Choice(next(iter(members.rules))))
    return values, dict(sorted(rules.items()))


def _with_schedule(data: Content) -> Content:
    """The content with `tranches = [[year, eur_bn], ...]` rewritten as a schedule."""
    given = data.get("tranches")
    if not isinstance(given, list):
        return data
    rows = [row for row in given if isinstance(row, list) and len(row) == 2]
    if not given or len(rows) < len(given):
        raise BadInput(f"tranches = {given!r} is not a list of years and amounts in EUR bn; write it as [[2025, 4.5]].")
    return {**data, "tranches": 1, "schedule": " ".join(f"{when}:{amount}" for when, amount in rows)}


def _rule(name: str, value: object, place: str) -> Rule:
    try:
        return family(name)[value]  # type: ignore[index]  # it refuses anything but a name
    except BadInput as error:
        raise BadInput(place + str(error).removeprefix(name)) from None


def _table(value: object) -> dict[str, object]:
    """A family's entry as a table, even if it is given as a name."""
    return dict(value) if isinstance(value, Mapping) else {"rule": value}


def _choice(name: str, value: object, code: str = "") -> Choice:
    """Check a family's entry of a scenario, or the entry of the actor `code` in it."""
    group, place = family(name), f"{name}.{code}" if code else name
    if isinstance(value, str):
        return Choice(_rule(name, value, place).name)
    if not isinstance(value, Mapping):
        raise BadInput(
            f"{place} = {value!r} is not the name of a rule; write, for instance, {place} = {next(iter(group.rules))!r}."
        )
    if "rule" not in value:
        raise BadInput(
            f"{place} = {dict(value)!r} does not name a rule; add, for instance, rule = {next(iter(group.rules))!r}."
        )
    rule = _rule(name, value["rule"], place)
    settings, actors = {}, {}
    for key, given in value.items():
        if key == "rule":
            continue
        if key == key.upper() and key != key.lower() and not code:
            if group.actor is None:
                raise BadInput(
                    f"{name}.{key}: the rule of {name!r} cannot differ between actors; give one rule for all."
                )
            actors[key] = _choice(name, given, key)
        elif group.actor and not code and key not in rule.parameters and given in list(group.rules):
            raise BadInput(
                f"{name}.{key}: the name of a {group.actor} must be in capitals; write {name}.{key.upper()} = {given!r}."
            )
        else:
            settings[key] = given
    checked = rule.settings(settings, place)
    return Choice(
        rule.name,
        tuple(sorted((k, checked[k]) for k in settings if checked[k] != rule.parameters[k][0])),
        tuple(sorted(actors.items())),
    )


def presets() -> list[str]:
    """The names of the shipped scenarios, sorted."""
    return sorted(
        f.name[:-5] for f in resources.files("juste_retour.abm.scenarios").iterdir() if f.name.endswith(".toml")
    )


def load(what: str | Path | Content | Scenario) -> Scenario:
    """Return a scenario.

    Args:
        what: the name of a shipped scenario, the path of a TOML file, the content of such a file, or a scenario. Content
            without a name is named after its differences from the base.

    Raises:
        BadInput: there is no such scenario or file, or its content is not valid.
    """
    if isinstance(what, Scenario):
        return what
    if isinstance(what, Mapping):
        built = _built(what, "the scenario", str(what.get("name", UNNAMED)))
        base = load(str(what.get("base", DEFAULT)))
        there, own = base.plain(), {k: v for k, v in built.plain().items() if k != "name"}
        moved = {key: value for key, value in own.items() if value != there.get(key)}
        return built if "name" in what else built.changed({}, with_changes(base.name, moved))
    return _named(str(what), Path(), ())


def _named(text: str, folder: Path, above: tuple[Path, ...]) -> Scenario:
    """A shipped scenario, or a file relative to a folder; `above` are the files that have it as their base."""
    if text in presets():
        return _preset(text, tuple(len(f.rules) for f in FAMILIES.values()))
    path = folder / text
    if path.suffix != ".toml" and not os.path.exists(path):
        raise BadInput(
            f"{text!r} is not a known scenario; {near(text, presets())} You can also give the path of a TOML file."
        )
    here = Path(os.path.realpath(path))  # unlike `Path.resolve`, it accepts a loop of links
    if here in above:
        raise BadInput(f"{path} is its own base, directly or through other files; name another base, or none.")
    return _built(read_toml(path), str(path), path.stem, path.parent, (*above, here))


@cache
def _preset(name: str, entered: tuple[int, ...]) -> Scenario:
    content = tomllib.loads(
        (resources.files("juste_retour.abm.scenarios") / f"{name}.toml").read_text(encoding="utf-8")
    )
    if name == DEFAULT:
        return Scenario.of(content, name)
    return _built(content, name, name)


def _built(content: Content, place: str, name: str, folder: Path = Path(), above: tuple[Path, ...] = ()) -> Scenario:
    changes = dict(content)
    base = changes.pop("base", DEFAULT)
    name = str(changes.pop("name", name))
    try:
        if not name.isprintable():
            raise BadInput(f"name = {name!r} contains a line break or an invisible character; write it on one line.")
        if not isinstance(base, str):
            raise BadInput(f"base = {base!r} is not a string; give the name of a scenario or the path of a file.")
        return _named(base, folder, above).changed(changes, name)
    except BadInput as error:
        raise BadInput(f"{place}: {error}") from None
