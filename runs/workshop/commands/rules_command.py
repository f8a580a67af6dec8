"""List the rules, start a rule of your own from a template, and check it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from juste_retour.agents import rules as catalog
from juste_retour.agents.rule_methods import protocol_members
from juste_retour.agents.rules import Rule, load_offered
from juste_retour.runs.base import printing
from juste_retour.runs.base.user_rules import load_rules
from juste_retour.runs.cli.options import Json, Rules, argument, option
from juste_retour.runs.cli.scenarios_command import meaning
from juste_retour.runs.workshop.commands.listing import ABOUT, entered, show
from juste_retour.runs.workshop.conformance import Checked, check_apart
from juste_retour.runs.workshop.conformance.examine import Fault
from juste_retour.runs.workshop.scaffold import new, new_package, tried_with

rules = typer.Typer(name="rules", help=__doc__, no_args_is_help=True, add_completion=False, rich_markup_mode=None)


@rules.command("list")
def list_rules(
    family: Annotated[str | None, argument("Show only this family of rules, or `agent`, or `outcome`.")] = None,
    files: Rules = None,
    json: Json = False,
) -> None:
    """List all rules by family.

    With a family: also what its rules receive and return, and their parameters.
    """
    load_rules(files or [])
    catalog.load_offered()
    if family in ABOUT:
        if json:
            printing.print_json(entered([family]))
        else:
            show(printing.console(), family, True)
        return
    families = [catalog.family(family)] if family else [f for _, f in sorted(catalog.FAMILIES.items())]
    if json:
        found = [
            {
                "family": rule.family,
                "name": rule.name,
                "summary": rule.summary,
                "source": rule.source,
                "properties": sorted(rule.properties),
                "parameters": {
                    name: {
                        "default": default,
                        "unit": about.unit,
                        "about": about.about,
                        "source": about.source,
                    }
                    for name, (default, about) in rule.parameters.items()
                },
            }
            for group in families
            for rule in group
        ]
        printing.print_json({"rules": found} | ({} if family else entered()))
        return
    where = printing.console()
    for index, group in enumerate(families):
        if index:
            where.print()
        where.print(f"{group.name}: {group.decides}", style="bold")
        if family:
            where.print(f"{group.signature}\n\n{catalog.PARAMETERS}\n")
            if group.contract is not None:
                where.print("What a rule may read and call:")
                asked = [(f"  {v.name}", f"{v.typed}\n{v.summary}") for v in protocol_members(group.contract)]
                printing.print_grid(where, [*asked, ("", "")])
        printing.print_grid(where, [line for rule in group for line in _lines(rule, bool(family))])
    if not family:
        for what in ABOUT:
            where.print()
            show(where, what, False)
        where.print("\nWith signature, sources and parameters: juste-retour rules list FAMILY")


def _lines(rule: Rule, whole: bool) -> list[tuple[str, str]]:
    """A rule's lines in the list: its summary and the names of its parameters. If `whole`, also its declared properties,
    its source and a line for each parameter.
    """
    if not whole:
        takes = ", ".join(rule.parameters)
        return [(f"  {rule.name}", f"{rule.summary} [{takes}]" if takes else rule.summary)]
    return [
        (f"  {rule.name}", rule.summary),
        ("", f"{', '.join(sorted(rule.properties)).capitalize()}. Source: {rule.source}".removeprefix(". ")),
        *((f"    {name}", meaning(default, about)) for name, (default, about) in rule.parameters.items()),
    ]


@rules.command("new")
def new_rule(
    family: Annotated[str, argument("Family of the rule (see `rules list`), or `agent`, or `outcome`.")],
    name: Annotated[str, argument("Name of the rule: lower-case letters, digits and _.")],
    package: Annotated[
        bool, option("Write a package that can be installed to a new folder NAME.", None, "--package")
    ] = False,
    json: Json = False,
) -> None:
    """Write a template and its test.

    The files NAME.py and test_NAME.py in the current folder hold a small rule, agent or outcome that works, for you to edit.
    """
    load_offered()
    if package:
        files = [path.as_posix() for path in new_package(family, name, Path())]
        written = ", ".join(files)
        then = [f"uv pip install -e {name}", f"juste-retour rules check {name}", f"pytest {name}/tests"]
    else:
        files = [path.name for path in new(family, name, Path())]
        written = f"{files[0]}, which works as it is, and {files[1]}, its test"
        commands = (f"rules check {files[0]}", f"run --rules {files[0]} {tried_with(family, name)}")
        then = [f"juste-retour {command}" for command in commands]
    if json:
        printing.print_json({"family": family, "name": name, "files": files})
        return
    where = printing.console()
    where.print(f"Wrote {written}. Edit it, then run:", soft_wrap=True)
    for line in then:
        where.print(f"  {line}", soft_wrap=True)


@rules.command("check")
def check_rules(
    file: Annotated[
        Path,
        argument(
            "File with your own rules; or the name of a rule, or of an installed package with rules.",
            "FILE.py",
        ),
    ],
    limit: Annotated[
        float, typer.Option(metavar="SECONDS", min=0.01, help="Maximum time of one call of a rule.")
    ] = 10.0,
    json: Json = False,
) -> None:
    """Check the rules of a file or package.

    They must pass the same checks as the shipped rules; their speed is measured as well. The exit status is 1 if a check
    fails.
    """
    found = check_apart(file, limit)
    if json:
        printing.print_json(
            {
                "file": str(file),
                "passed": not found.faults,
                "rules": [
                    {
                        "family": rule.family,
                        "name": rule.rule,
                        "passed": not rule.faults,
                        "checks": list(rule.held),
                        "faults": [_as_json(fault) for fault in rule.faults],
                        "notes": list(rule.notes),
                        "microseconds_a_world": rule.speed.microseconds if rule.speed else None,
                        "times_the_shipped": rule.speed.times if rule.speed else None,
                    }
                    for rule in found.rules
                ],
                "faults": [_as_json(fault) for fault in found.faults],
            }
        )
    else:
        _show_checked(found)
    if found.faults:
        raise typer.Exit(1)


def _as_json(fault: Fault) -> dict[str, str | int | None]:
    return {"check": fault.check, "says": fault.sentence(), "file": fault.file, "line": fault.line}


def _show_checked(found: Checked) -> None:
    where = printing.console()
    for rule in found.rules:
        where.print(f"{rule.family}.{rule.rule}", style="bold")
        if rule.held:
            where.print(f"  passed: {'; '.join(rule.held)}")
        for fault in rule.faults:
            where.print(f"  FAILED: {fault.sentence()}", style="red")
        for note in rule.notes:
            where.print(f"  note: {note}.")
        if rule.speed:
            against = (
                ""
                if rule.speed.times is None
                else f", {_times(rule.speed.times)} the median of the family's shipped rules"
            )
            where.print(f"  time: {rule.speed.microseconds:.3g} microseconds per run and call{against}")
    if found.unread is not None:
        where.print(f"FAILED: {found.unread.sentence()}", style="red")
    count = len(found.faults)
    where.print("All checks passed." if not count else f"{count} check{'s' if count > 1 else ''} failed.")


def _times(times: float) -> str:
    if times < 0.1:
        return "less than a tenth of"
    return f"{times:,.0f} times" if times >= 10 else f"{times:.2g} times"
