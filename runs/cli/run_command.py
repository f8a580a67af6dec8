"""`juste-retour run`: run one scenario, once or many times."""

from __future__ import annotations

from typing import Annotated

from juste_retour.abm.base.members import union_of
from juste_retour.abm.worlds.scenario import load
from juste_retour.agents.errors import BadInput
from juste_retour.runs.base import printing
from juste_retour.runs.base.user_rules import load_rules
from juste_retour.runs.cli.human import show
from juste_retour.runs.cli.options import Json, MembersDir, OutDir, Rules, Seed, Yes, argument, option
from juste_retour.runs.cli.own_rules import notes
from juste_retour.runs.cli.patience import check_runs
from juste_retour.runs.cli.settings import changes_of, several
from juste_retour.runs.cli.summary import as_json
from juste_retour.runs.results import export
from juste_retour.runs.results.ensemble import checked, simulate
from juste_retour.runs.results.result_tables import DEFAULT, chosen

Changes = Annotated[
    list[str] | None,
    option("Change a rule or parameter (see `scenarios parameters`). Repeatable.", "KEY=VALUE", "--set"),
]
Formats = Annotated[
    str | None,
    option("With --out: parquet, csv or dta; separate several with commas.  [default: parquet]", "FORMATS"),
]
Tables = Annotated[
    str | None,
    option(
        "With --out: worlds, states, facilities, votes, timeline or decisions; separate several with commas.  "
        "[default: the first four]",
        "TABLES",
    ),
]


def run(
    scenario: Annotated[str, argument("A preset (see `scenarios list`) or the path of a TOML file.")] = "eu-status-quo",
    seed: Seed = 0,
    replicate: Annotated[int, option("Number of the first replication.", "K")] = 0,
    worlds: Annotated[int, option("Number of replications; more than one prints medians and ranges.", "N")] = 1,
    set_: Changes = None,
    members: MembersDir = None,
    rules: Rules = None,
    yes: Yes = False,
    json: Json = False,
    out: OutDir = None,
    format: Formats = None,
    tables: Tables = None,
) -> None:
    """Run a scenario and print each state's facilities, the votes, and how far the Union is behind the frontier.

    With several replications (--worlds) it prints medians and the range of 90 % of them.
    """
    for name, value in (("--format", format), ("--tables", tables)):
        if value is not None and out is None:
            raise BadInput(f"{name} needs --out; add --out DIR.")
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
    with printing.progress("replications") as report:
        result = simulate(varied, worlds, seed, replicate, (*DEFAULT, *written), members=union, progress=report)
    if out is not None:
        old = export.given_up(out, names)
        paths = export.write({name: result.tables[name] for name in written}, out, formats, result.provenance)
    if json:
        printing.print_json(as_json(result, changes))
        return

    where = printing.console()
    show(result, changes, where)
    said = notes(result, bool(rules))
    if out is not None:
        said.append(f"Written to {out}: {', '.join(path.name for path in paths)}.")
        if old:
            said.append(f"Removed files of an earlier result: {', '.join(old)}.")
    for sentence in said:
        where.print(sentence, soft_wrap=True)
