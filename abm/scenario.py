"""A scenario: one validated choice of rules and parameters, frozen, with a content hash.

This module knows the families and the parameter tables; rules and delivery never import it. A scenario file holds
what differs from its base, `eu-status-quo` unless it says otherwise.
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
from typing import Any, NamedTuple, Union

from juste_retour.abm.calendar import label, quarter
from juste_retour.abm.parameters import Parameters, parameters
from juste_retour.abm.played import AGENTS, Played, agents_changed, plain_agents, read_agents
from juste_retour.abm.toml import read_toml, toml_lines, with_changes
from juste_retour.agents.errors import BadInput, near
from juste_retour.agents.rules import FAMILIES, Rule, Setting, family

Content = Mapping[str, object]  # what a scenario file says, not yet checked
Entry = Union[Setting, dict[str, "Entry"]]  # noqa: UP007  a parameter, or a family's rule by name or as a table
DEFAULT, UNNAMED = "eu-status-quo", "unnamed"


class Choice(NamedTuple):
    """A family's rule, its parameters and the choices of single actors: all that TOML can say of a family."""

    rule: str
    settings: tuple[tuple[str, Setting], ...] = ()
    actors: tuple[tuple[str, Choice], ...] = ()  # by code, each a Choice without actors

    @property
    def names(self) -> set[str]:
        """The rules that somebody goes by."""
        return {self.rule, *(own.rule for _, own in self.actors)}

    def of(self, code: str) -> Choice:
        """The choice of one actor, who may have none of its own."""
        return dict(self.actors).get(code, self)

    def plain(self) -> Entry:
        """As in a scenario file: a name, or a table."""
        if not self.settings and not self.actors:
            return self.rule
        owns = {code: own.plain() for code, own in self.actors}
        return {"rule": self.rule, **dict(self.settings), **owns}


REMOVED = {
    "assess": "the race is read as a mean over window_years after window_start; set these.",
    "run_share": "the share of a site for one run is decided by the family access; set access.share.",
    "access_share": "the share of a site for labs is decided by the family access; set access.share.",
}


@dataclass(frozen=True, init=False, kw_only=True)
class Scenario(Parameters):
    """One choice of rules and parameters. Build it by `load`, `Scenario.of` or `changed`, which check everything.

    Raises:
        BadInput: an unknown key or rule, a value of the wrong type or out of bounds, a pair of rules that makes no
            sense; the text names the place, the value and the remedy.
    """

    name: str = UNNAMED
    rules: dict[str, Choice]
    agents: tuple[Played, ...] = ()  # classes of a user's own

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
            raise BadInput(f"end = {self.end!r} lies before start = {self.start!r}; put it later.")
        if last - first >= 1000:
            raise BadInput(f"end = {self.end!r} is more than 250 years after start; put it earlier.")
        quarter(self.announcement, "announcement")
        self._check_window(first, last)
        self._check_payments(last)
        self._check_leftover(last)
        if self.race_last_year < self.race_first_year:
            raise BadInput(
                f"race_last_year = {self.race_last_year} is before race_first_year = {self.race_first_year}; raise it."
            )
        if self.rules["funding"].rule == "private" and not family("agenda")[
            self.rules["agenda"].rule
        ].marks.get("own"):
            raise BadInput(
                f"funding = 'private' does not go with agenda = {self.rules['agenda'].rule!r}: private money wants to decide "
                "where it goes; set agenda to 'single_decider' or 'uncoordinated', or choose another funding rule."
            )
        if self.bargains_on and not self.reservation_noise:
            raise BadInput(
                "reservation_noise = 0 does not go with expect = 'stationary': without noise proposers would have to mix "
                "between equally cheap partners; set it to 0.01 or more, or choose expect = 'status_quo'."
            )
        if self.smallest_eur_bn > self.ceiling_eur_bn:
            raise BadInput(
                f"smallest_eur_bn = {self.smallest_eur_bn:g} is above ceiling_eur_bn = {self.ceiling_eur_bn:g}; lower it."
            )
        return self

    @property
    def bargains_on(self) -> bool:
        """Whether it needs continuation values: someone expects them, and its agenda comes back to the matter."""
        repeated = family("agenda")[self.rules["agenda"].rule].marks.get("repeated")
        return bool(repeated) and "stationary" in self.rules["expect"].names

    def _check_window(self, first: int, last: int) -> None:
        """Refuse a window that the quarters of the run do not hold."""
        quarters = 4 * self.window_years
        if quarters != int(quarters):
            raise BadInput(
                f"window_years = {self.window_years:g} is not a number of whole quarters; give a multiple of 0.25."
            )
        place = "window_start" if self.window_start else "announcement"
        begin = quarter(self.window_start or self.announcement, place)
        if begin < first - 1 or begin + int(quarters) > last:
            raise BadInput(
                f"window_years = {self.window_years:g} after {place} = {label(begin)!r} reaches beyond start = "
                f"{self.start!r} to end = {self.end!r}; shorten window_years, or set end later."
            )

    @cached_property
    def payments(self) -> tuple[tuple[int, float], ...]:
        """The schedule as years and EUR bn; empty where there is none."""
        found = []
        for entry in self.schedule.split():
            when, _, amount = entry.partition(":")
            try:
                found.append((int(when), float(amount)))
            except ValueError:
                raise BadInput(
                    f"schedule = {self.schedule!r}: {entry!r} is not a year and EUR bn; write it as 2025:4.5."
                ) from None
        return tuple(found)

    def _check_payments(self, last: int) -> None:
        """Refuse orders after the last quarter, and a schedule that is not the envelope."""
        announced = quarter(self.announcement, "announcement")
        if not self.schedule:
            if announced + 4 * (self.tranches - 1) > last:
                raise BadInput(
                    f"tranches = {self.tranches} from {self.announcement} on end after end = {self.end!r}; ask for "
                    "fewer, or set end later."
                )
            return
        if self.tranches != 1:
            raise BadInput(f"tranches = {self.tranches} beside a schedule; give one of the two.")
        whole = sum(amount for _, amount in self.payments)
        if any(amount <= 0 for _, amount in self.payments):
            raise BadInput(f"schedule = {self.schedule!r} orders nothing in some year; leave that year out.")
        if abs(whole - self.envelope_eur_bn) > 1e-6 * max(self.envelope_eur_bn, 1.0):
            raise BadInput(
                f"schedule = {self.schedule!r} adds up to {whole:g} and envelope_eur_bn is {self.envelope_eur_bn:g}; "
                "make them equal."
            )
        if max(4 * when for when, _ in self.payments) > last:
            raise BadInput(f"schedule = {self.schedule!r} orders after end = {self.end!r}; order earlier.")

    def _check_leftover(self, last: int) -> None:
        """Refuse a leftover rule whose waves come after the last quarter."""
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
                f"leftover = {rule.name!r} decides in {label(waves[-1].decision)}, after end = {self.end!r}; set end "
                "later, or choose another rule."
            )

    def __hash__(self) -> int:
        """Hash by content, so that a scenario can key a cache."""
        return hash(self.digest)

    @cached_property
    def digest(self) -> str:
        """Content hash, the name left out; equal for scenarios that say the same."""
        content = {k: v for k, v in self.plain().items() if k != "name"}
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]

    def plain(self) -> dict[str, Entry]:
        """All that the scenario says, as in a scenario file."""
        said = self.__dict__  # where the fields are; a third faster than asking for each
        return {k: said[k] for k in ("name", *parameters())} | self._rules_and_agents()

    def _rules_and_agents(self) -> dict[str, Entry]:
        rules: dict[str, Any] = {f: choice.plain() for f, choice in self.rules.items()}
        return rules | ({AGENTS: plain_agents(self.agents)} if self.agents else {})

    @property
    def by_rules(self) -> Scenario:
        """The scenario in which nobody acts but by its rules: what is imagined, as by a planner."""
        return self._with({AGENTS: ()}) if self.agents else self

    def _with(self, checked: Content) -> Scenario:
        """A copy with some fields set to what was checked, and without what was computed from the old ones."""
        made, kept = object.__new__(Scenario), ("name", "rules", AGENTS, *parameters())
        vars(made).update({key: vars(self)[key] for key in kept} | dict(checked))
        return made

    def changed(self, changes: Content, name: str | None = None) -> Scenario:
        """Return the scenario with some keys changed; keys as in a file, or dotted: `agenda.max_sites`, `vote.HU.noise`.

        Naming a rule drops the old rule's parameters; a dotted key keeps the rule and changes one of its parameters.
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
        # parameters that stay were checked when they were set; rules may have been entered anew since
        checked, rules = _entries({key: plain[key] for key in [*FAMILIES, *touched] if key in plain})
        agents = read_agents(plain.get(AGENTS, ""))
        made = self._with({"name": name or self.name, **checked, "rules": rules, AGENTS: agents})
        return made._checked_together()

    @property
    def quarters(self) -> int:
        """How many quarters a run has."""
        return quarter(self.end, "end") - quarter(self.start, "start") + 1

    @property
    def window(self) -> range:
        """The quarters over which the race is read, since year 0."""
        begin = quarter(self.window_start or self.announcement, "window_start")
        return range(begin + 1, begin + 1 + int(4 * self.window_years))

    @property
    def window_end(self) -> str:
        """The last quarter of the window, as "2029Q3"."""
        return label(self.window[-1])

    def until(self, end: str) -> Scenario:
        """The scenario cut after an earlier quarter, such as "2026Q1", with a window that still fits."""
        last = quarter(end, "end")
        begin = quarter(self.window_start or self.announcement, "window_start")
        if begin >= last:
            return self.changed({"end": end, "window_start": label(last - 1), "window_years": 0.25})
        return self.changed({"end": end, "window_years": min(self.window_years, (last - begin) / 4)})

    @classmethod
    def of(cls, plain: Content, name: str | None = None) -> Scenario:
        """Build from all that a scenario says."""
        return cls(**dict(plain) | ({"name": name} if name else {}))

    def toml(self, base: str | None = DEFAULT) -> str:
        """Write as a scenario file: what differs from its base, or everything where `base` is None."""
        if base is None:
            return toml_lines(self.plain())
        there = load(base).plain()
        own = {k: v for k, v in self.plain().items() if k != "name" and v != there.get(k)}
        return toml_lines({"base": base, **own})


def _entries(data: Content) -> tuple[dict[str, Setting], dict[str, Choice]]:
    """Check the parameters and rules that a scenario names; a family that it leaves out has its usual rule."""
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
    """What a scenario says, `tranches = [[year, eur_bn], ...]` written as a schedule."""
    given = data.get("tranches")
    if not isinstance(given, list):
        return data
    rows = [row for row in given if isinstance(row, list) and len(row) == 2]
    if not given or len(rows) < len(given):
        raise BadInput(f"tranches = {given!r} is not a list of years and EUR bn; write it as [[2025, 4.5]].")
    return {**data, "tranches": 1, "schedule": " ".join(f"{when}:{amount}" for when, amount in rows)}


def _rule(name: str, value: object, place: str) -> Rule:
    try:
        return family(name)[value]  # type: ignore[index]  # what is not a name is refused there
    except BadInput as error:
        raise BadInput(place + str(error).removeprefix(name)) from None


def _table(value: object) -> dict[str, object]:
    """A family's entry in its longer form."""
    return dict(value) if isinstance(value, Mapping) else {"rule": value}


def _choice(name: str, value: object, code: str = "") -> Choice:
    """Check one family's entry of a scenario, or that of an actor, by code."""
    group, place = family(name), f"{name}.{code}" if code else name
    if isinstance(value, str):
        return Choice(_rule(name, value, place).name)
    if not isinstance(value, Mapping):
        raise BadInput(
            f"{place} = {value!r} is not a rule; give a name, as in {place} = {next(iter(group.rules))!r}."
        )
    if "rule" not in value:
        raise BadInput(f"{place} = {dict(value)!r} names no rule; add rule = {next(iter(group.rules))!r}.")
    rule = _rule(name, value["rule"], place)
    settings, actors = {}, {}
    for key, given in value.items():
        if key == "rule":
            continue
        if key == key.upper() and key != key.lower() and not code:
            if group.actor is None:
                raise BadInput(
                    f"{name}.{key}: the rule of {name!r} cannot differ by actor; give one rule for all."
                )
            actors[key] = _choice(name, given, key)
        elif group.actor and not code and key not in rule.parameters and given in list(group.rules):
            raise BadInput(
                f"{name}.{key}: a {group.actor} is named in capitals; write {name}.{key.upper()} = {given!r}."
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
    """Names of the shipped scenarios."""
    return sorted(
        f.name[:-5]
        for f in resources.files("juste_retour.abm.scenarios").iterdir()
        if f.name.endswith(".toml")
    )


def load(what: str | Path | Content | Scenario) -> Scenario:
    """Return a scenario by preset name, by path of a TOML file, or from what a file would say, named by its changes.

    Raises:
        BadInput: no such preset or file, a file that is no TOML, or anything in it that cannot be used.
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
    """A preset, or a file as seen from a folder; `above` are the files whose base it is."""
    if text in presets():
        return _preset(text, tuple(len(f.rules) for f in FAMILIES.values()))
    path = folder / text
    if path.suffix != ".toml" and not os.path.exists(path):
        raise BadInput(
            f"{text!r} is not a known scenario; {near(text, presets())} Or give the path of a TOML file."
        )
    here = Path(os.path.realpath(path))  # which a loop of links does not stop
    if here in above:
        raise BadInput(f"{path} is its own base; name another base, or none.")
    return _built(read_toml(path), str(path), path.stem, path.parent, (*above, here))


@cache
def _preset(name: str, entered: tuple[int, ...]) -> Scenario:
    content = tomllib.loads(
        (resources.files("juste_retour.abm.scenarios") / f"{name}.toml").read_text(encoding="utf-8")
    )
    if name == DEFAULT:
        return Scenario.of(content, name)
    return _built(content, name, name)


def _built(
    content: Content, place: str, name: str, folder: Path = Path(), above: tuple[Path, ...] = ()
) -> Scenario:
    changes = dict(content)
    base = changes.pop("base", DEFAULT)
    name = str(changes.pop("name", name))
    try:
        if not name.isprintable():
            raise BadInput(f"name = {name!r} holds a character that cannot be seen; give a text on one line.")
        if not isinstance(base, str):
            raise BadInput(f"base = {base!r} is not a text; name a scenario or the path of a file.")
        return _named(base, folder, above).changed(changes, name)
    except BadInput as error:
        raise BadInput(f"{place}: {error}") from None
