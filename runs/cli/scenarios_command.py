"""List the scenarios that ship, print one as a file, and list all parameters with their sources."""

from __future__ import annotations

from importlib import resources
from typing import Annotated

import typer

from juste_retour.abm.base.toml import toml_value
from juste_retour.abm.worlds.agent_choice import AGENTS
from juste_retour.abm.worlds.scenario import Scenario, load, parameters, presets
from juste_retour.agents.rules import FAMILIES, Parameter, Setting
from juste_retour.runs.base import printing
from juste_retour.runs.base.numerals import shown, span
from juste_retour.runs.cli.options import Json, argument, option

scenarios = typer.Typer(
    name="scenarios", help=__doc__, no_args_is_help=True, add_completion=False, rich_markup_mode=None
)


@scenarios.command("list")
def list_scenarios(json: Json = False) -> None:
    """List the scenarios that ship (presets)."""
    found = [(name, summary(name), load(name)) for name in presets()]
    if json:
        printing.print_json(
            {
                "scenarios": [
                    {
                        "name": name,
                        "summary": text,
                        "rules": {f: c.rule for f, c in s.rules.items()},
                        "digest": s.digest,
                    }
                    for name, text, s in found
                ]
            }
        )
        return
    printing.print_grid(printing.console(), [(name, text) for name, text, _ in found])


@scenarios.command("show")
def show_scenario(
    name: Annotated[str, argument("A preset or the path of a TOML file.")],
    changes: Annotated[bool, option("Print only what differs from eu-status-quo.", None, "--changes")] = False,
    json: Json = False,
) -> None:
    """Print a scenario as a TOML file that you can edit and run."""
    scenario = load(name)
    if json:
        printing.print_json(scenario.plain())
    elif changes:
        typer.echo(scenario.toml(), nl=False)
    else:
        typer.echo(annotated(scenario), nl=False)


@scenarios.command("parameters")
def list_parameters(json: Json = False) -> None:
    """List all parameters with default, range and source."""
    known = parameters()
    if json:
        printing.print_json(
            {
                "parameters": [
                    {
                        "name": name,
                        "default": default,
                        "unit": about.unit,
                        "low": about.low,
                        "high": about.high,
                        "range": about.range,
                        "choices": about.choices,
                        "group": about.group,
                        "about": about.about,
                        "source": about.source,
                    }
                    for name, (default, about) in known.items()
                ]
            }
        )
        return
    where = printing.console()
    groups: dict[str, list[tuple[str, str]]] = {}
    for name, (default, about) in known.items():
        groups.setdefault(about.group or "other", []).append((f"  {name}", meaning(default, about)))
    for index, (group, rows) in enumerate(groups.items()):
        if index:
            where.print()
        where.print(group, style="bold")
        printing.print_grid(where, rows)


def meaning(default: Setting, about: Parameter) -> str:
    """A parameter's default and unit, meaning, choices, bounds, plausible range and source, in one text."""
    unit = "" if about.unit in ("", "1", "quarter", "quarters", "dates") else f" {about.unit.removeprefix('1 ')}"
    text = "none" if default == "" else f"{shown(default)}{unit}"
    if about.about:
        text += f"; {about.about}"
    if about.choices:
        text += f"; {', '.join(about.choices)}"
    if about.low is not None and about.high is not None:
        text += f"; {span(about.low, about.high, shown)}"
    if about.range is not None:
        text += f", plausibly {span(*about.range, shown)}"
    return f"{text} [{about.source}]"


def summary(preset: str) -> str:
    """The description of a preset: the comment at the head of its file."""
    text = (resources.files("juste_retour.abm.scenarios") / f"{preset}.toml").read_text(encoding="utf-8")
    lines = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        lines.append(line.lstrip("# ").rstrip())
    return " ".join(lines)


def annotated(scenario: Scenario) -> str:
    """A complete scenario file, with unit and meaning in a comment after every key."""
    known = parameters()
    lines, group = [f"name = {toml_value(scenario.name)}", "", "# rules"], ""
    content = scenario.plain()
    for name, family in FAMILIES.items():
        lines.append(f"{name} = {toml_value(content[name])}  # {family.decides}")
    if scenario.agents:
        lines.append(f"agents = {toml_value(content[AGENTS])}  # the user's agent classes, and which actors each plays")
    for name, (_, about) in known.items():
        if about.group != group:
            group = about.group
            lines += ["", f"# {group}"]
        unit = "" if about.unit in ("", "1", "quarter") else f"{about.unit.removeprefix('1 ')}: "
        lines.append(f"{name} = {toml_value(content[name])}  # {unit}{about.about}")
    return "\n".join(lines) + "\n"
