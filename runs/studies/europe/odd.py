"""`juste-retour odd`: describe the model by the ODD protocol, with tables generated from the code."""

from __future__ import annotations

import ast
import inspect
import re
from dataclasses import fields
from importlib import resources
from pathlib import Path
from typing import Annotated

import typer

from juste_retour.abm.base.members import load_members
from juste_retour.abm.delivery.building import Delivered
from juste_retour.abm.schedule import quarter
from juste_retour.abm.worlds.scenario import DEFAULT, load, parameters
from juste_retour.abm.worlds.world import Bargaining, Program, Training, World
from juste_retour.agents.rule_methods import documented_attributes, protocol_members
from juste_retour.agents.rules import FAMILIES, Parameter, Rule, Setting
from juste_retour.agents.situation import College, Labs, Machines, Sites, States
from juste_retour.runs.base.printing import table
from juste_retour.runs.cli.options import option
from juste_retour.runs.results.result_tables import TABLES
from juste_retour.runs.studies.europe.moments import OF_ALL_WAVES
from juste_retour.runs.studies.europe.patterns import PATTERNS

PAGE = Path(__file__).resolve().parents[3] / "abm" / "ODD.md"


def odd(
    write: Annotated[bool, option("Write it to abm/ODD.md and print nothing.", None, "--write")] = False,
) -> None:
    """Print the description of the model by the ODD protocol, with tables from the code."""
    text = page()
    if write:
        PAGE.write_text(text, encoding="utf-8")
    else:
        typer.echo(text, nl=False)


def page() -> str:
    """The text of abm/ODD.md: the template with its blocks filled in."""
    template = (resources.files("juste_retour.runs") / "studies" / "europe" / "odd_template.md").read_text(
        encoding="utf-8"
    )
    known = parameters()
    scenario, members = load(DEFAULT), load_members()
    parts = {
        "moments": "; ".join(["sites in each wave", *OF_ALL_WAVES.values()]),
        "patterns": _patterns(),
        "states": str(members.states.count),
        "labs": str(members.labs.count),
        "window": f"{scenario.window_years:g}",
        "families_count": str(len(FAMILIES)),
        "start": scenario.start,
        "end": scenario.end,
        "announcement": scenario.announcement,
        "state": _state(),
        "constants": _constants(),
        "outcomes": _outcomes(),
        "schedule": _schedule(),
        "families": _families(),
        "assumed": str(sum("assumed" in about.source for _, about in known.values())),
        "count": str(len(known)),
        "parameters": _parameters(),
    }
    text = re.sub(r"\{\{(\w+)\}\}", lambda found: parts[found[1]], template)
    return text.rstrip() + "\n"


def span(about: Parameter, default: Setting) -> str:
    """The plausible range of a parameter as text; without one, its bounds or choices."""
    if isinstance(default, bool):
        return "true or false"
    if about.choices:
        return ", ".join(about.choices)
    low, high = about.range if about.range is not None else (about.low, about.high)
    if low is None or high is None:
        return "any" if isinstance(default, str) else f"{'-' if low is None else f'{low:g}'} and up"
    return f"{low:g} to {high:g}" + (" (log)" if about.range is not None and about.scale == "log" else "")


def _value(value: Setting) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _patterns() -> str:
    return "\n".join(f"- {p.group}: {p.name}" for p in PATTERNS)


def state_variables() -> dict[str, str]:
    """The description of each array that changes during a run, by name, as in `program.planned`."""
    groups = {
        "": World,
        "program.": Program,
        "program.delivered.": Delivered,
        "bargaining.": Bargaining,
        "training.": Training,
    }
    return {f"{group}{name}": said for group, of in groups.items() for name, said in documented_attributes(of).items()}


def _state() -> str:
    rows = []
    for name, said in state_variables().items():
        shape = re.match(r"\(worlds, ?(\w*)\) ", said)
        if shape is not None:
            of = "world" if shape[1] in ("", "1") else shape[1].removesuffix("s")
            rows.append([f"`{name}`", of, said[shape.end() :].rstrip(".")])
    return table(["variable", "of each", "what"], rows)


def _constants() -> str:
    rows = []
    for kind in (States, Sites, Labs, College, Machines):
        rows.append([kind.__name__.lower(), ", ".join(f"`{f.name}`" for f in fields(kind))])
    return table(["of", "attributes"], rows)


def _outcomes() -> str:
    return table(["outcome", "unit", "what"], [[f"`{c.name}`", c.unit, c.meaning] for c in TABLES["worlds"]])


def _schedule() -> str:
    body = ast.parse(inspect.getsource(quarter.advance)).body[0]
    called = [n.func.id for n in ast.walk(body) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)]
    lines = []
    for k, name in enumerate(called, 1):
        said = (inspect.getdoc(getattr(quarter, name)) or "").split("\n")[0]
        lines.append(f"{k}. `{name}`: {said}")
    return "\n".join(lines)


def _families() -> str:
    parts = []
    for family in sorted(FAMILIES.values(), key=lambda f: f.name):
        who = f" Each {family.actor} may have a rule of its own." if family.actor else ""
        parts.append(f"### {family.name}: {family.decides}\n\n`{family.signature}`{who}\n")
        if family.contract is not None:
            asked = [[f"`{found.typed}`", found.summary] for found in protocol_members(family.contract)]
            parts.append(table(["a rule may read or call", "what it is"], asked) + "\n")
        parts.append(table(["rule", "what", "source"], [[f"`{r.name}`", _told(r), r.source] for r in family]) + "\n")
        rows = [
            [
                f"`{r.name}.{key}`",
                _value(default),
                about.unit,
                span(about, default),
                about.about,
                about.source,
            ]
            for r in family
            for key, (default, about) in r.parameters.items()
        ]
        if rows:
            parts.append(table(["parameter", "default", "unit", "range", "what", "source"], rows) + "\n")
    return "\n".join(parts).rstrip()


def _told(rule: Rule) -> str:
    """A rule's docstring in one line, without source and examples."""
    said = re.split(r"\n\s*Source:|>>>", inspect.getdoc(rule.function) or "")[0]
    return " ".join(said.split())


def _parameters() -> str:
    rows = [
        [
            f"`{name}`",
            _value(default),
            about.unit,
            span(about, default),
            about.about,
            about.source,
            about.group,
        ]
        for name, (default, about) in parameters().items()
    ]
    return table(["parameter", "default", "unit", "range", "what", "source", "group"], rows)
