"""`juste-retour run`: one scenario, one world or many."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from juste_retour.runs.commands.options import Json, MembersDir, Rules, Yes

Changes = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Change a rule or parameter (see `scenarios parameters`). Repeatable.",
    ),
]
Formats = Annotated[
    str | None,
    typer.Option(
        metavar="FORMATS", help="With --out: parquet, csv or dta, several by commas.  [default: parquet]"
    ),
]
Tables = Annotated[
    str | None,
    typer.Option(
        metavar="TABLES",
        help="With --out: worlds, states, facilities, votes, timeline, decisions, several by commas.  [default: the first four]",
    ),
]


def run(
    scenario: Annotated[
        str, typer.Argument(help="A preset (see `scenarios list`) or the path of a TOML file.")
    ] = "eu-status-quo",
    seed: Annotated[int, typer.Option(help="The same seed gives the same worlds.")] = 0,
    replicate: Annotated[int, typer.Option(metavar="K", help="Which world of the seed.")] = 0,
    worlds: Annotated[int, typer.Option(metavar="N", help="How many worlds to run at once, from K on.")] = 1,
    set_: Changes = None,
    members: MembersDir = None,
    rules: Rules = None,
    yes: Yes = False,
    json: Json = False,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Write tables to this folder.")] = None,
    format: Formats = None,
    tables: Tables = None,
) -> None:
    """Run one scenario and print facility sizes by state and the capability that they add up to."""
    from juste_retour.abm.members import union_of
    from juste_retour.abm.scenario import load
    from juste_retour.agents.errors import BadInput
    from juste_retour.runs import export, printing
    from juste_retour.runs.commands.patience import check_runs
    from juste_retour.runs.commands.settings import changes_of, several
    from juste_retour.runs.commands.summary import as_json
    from juste_retour.runs.ensemble import checked, simulate
    from juste_retour.runs.tables import DEFAULT, chosen
    from juste_retour.runs.user_rules import load_rules

    for name, value in (("--format", format), ("--tables", tables)):
        if value is not None and out is None:
            raise BadInput(f"{name} says what --out writes; add --out DIR.")
    formats = export.known_formats(several(format or "parquet"))
    written = chosen(several(tables) if tables is not None else DEFAULT)
    load_rules(rules or [])
    changes = changes_of(set_ or [])
    varied = load(scenario).changed(changes) if changes else load(scenario)
    union = union_of(members, varied.members)
    checked(worlds, seed, replicate)
    check_runs([varied], worlds, yes)
    names = export.files(written, formats)
    if out is not None:
        export.prepare(out, names)
    with printing.progress("worlds") as report:
        result = simulate(
            varied, worlds, seed, replicate, (*DEFAULT, *written), members=union, progress=report
        )
    if out is not None:
        old = export.given_up(out, names)
        paths = export.write({name: result.tables[name] for name in written}, out, formats, result.provenance)
    if json:
        printing.print_json(as_json(result, changes))
        return
    from juste_retour.runs.commands.human import show

    where = printing.console()
    show(result, changes, where)
    if out is not None:
        where.print(f"Written to {out}: {', '.join(path.name for path in paths)}.", soft_wrap=True)
        if old:
            where.print(f"Removed from it, of an earlier result: {', '.join(old)}.", soft_wrap=True)
