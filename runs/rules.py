"""Browse the catalogue of rules."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

rules = typer.Typer(
    name="rules", help=__doc__, no_args_is_help=True, add_completion=False, rich_markup_mode=None
)


@rules.command("list")
def list_rules(
    family: Annotated[str | None, typer.Argument(help="Only the rules of this family.")] = None,
    files: Annotated[
        list[Path] | None,
        typer.Option("--rules", metavar="FILE.py", help="File with rules of your own. Repeatable."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """List the rules of every family, with what each one does."""
    from agents import rules as catalogue
    from runs import printing
    from runs.user_rules import load_rules

    load_rules(files or [])
    families = [catalogue.family(family)] if family else list(catalogue.FAMILIES.values())
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
        printing.print_json({"rules": found})
        return
    where = printing.console()
    for index, group in enumerate(families):
        if index:
            where.print()
        where.print(f"{group.name}: {group.decides}", style="bold")
        rows = []
        for rule in group:
            takes = ", ".join(
                f"{name} = {printing.number(default)}" for name, (default, _) in rule.parameters.items()
            )
            rows.append((f"  {rule.name}", f"{rule.summary} [{takes}]" if takes else rule.summary))
        printing.print_grid(where, rows)
