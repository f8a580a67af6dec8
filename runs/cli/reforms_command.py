"""`juste-retour reforms` and `juste-retour choose`: which institutions the states would adopt."""

from __future__ import annotations

from typing import Annotated

from juste_retour.abm.worlds.scenario import load
from juste_retour.agents.errors import BadInput
from juste_retour.runs.analysis.institution_choice import choose as pick
from juste_retour.runs.analysis.packages import packages_between
from juste_retour.runs.analysis.reforms import reforms as vote
from juste_retour.runs.base import printing
from juste_retour.runs.base.user_rules import load_rules
from juste_retour.runs.cli.compare_command import DrawsFile, Equal, FromPrior, Set, SetB, draws_table
from juste_retour.runs.cli.options import Json, MembersDir, OutDir, Rules, Seed, Yes, argument, option
from juste_retour.runs.cli.patience import check_runs
from juste_retour.runs.cli.reform_tables import (
    choice_json,
    reforms_json,
    show_choice,
    show_reforms,
    write_reforms,
)
from juste_retour.runs.cli.settings import changes_of, several
from juste_retour.runs.engine.pool import cores
from juste_retour.runs.results.export import prepare
from juste_retour.runs.results.paired import named

By = Annotated[str | None, option("Count all votes by this voting rule.", "RULE")]


Reading = Annotated[str, option("Reading of the legal bases that say which rule must pass a part.", "strict|lenient")]
PackageShown = Annotated[
    str | None, option("Package whose changes are shown state by state.  [default: all parts]", "PART,PART")
]
AlsoDraws = Annotated[
    int | None, option("Also draw the parameters N times from the posterior: in which share does a package pass?", "N")
]


def reforms(
    source: Annotated[str, argument("Preset or TOML file: today's institutions.", "A")],
    target: Annotated[
        str | None, argument("Preset or TOML file: the whole reform.  [default: A changed by --set-b]", "[B]")
    ] = None,
    worlds: Annotated[int, option("Replications of each package.", "N")] = 200,
    seed: Seed = 0,
    by: By = None,
    reading: Reading = "strict",
    package: PackageShown = None,
    equal: Equal = "envelopes",
    set_: Set = None,
    set_b: SetB = None,
    draws: AlsoDraws = None,
    each: Annotated[int, option("Replications of each draw, and of each value of --break-even.", "N")] = 24,
    prior: FromPrior = False,
    posterior: DrawsFile = None,
    break_even: Annotated[
        str | None, option("Also find the values of a parameter for which each package passes.", "PARAMETER")
    ] = None,
    members: MembersDir = None,
    out: OutDir = None,
    rules: Rules = None,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Vote on every package of a reform: what it gains, which states are in favor, and which would be adopted."""
    loaded = load_rules(rules or [])
    if target is None and not set_b:
        raise BadInput("reforms needs two scenarios; give a second one, as in reforms A B, or add --set-b KEY=VALUE.")
    ends, _ = named((source, target or source), changes_of(set_ or []), changes_of(set_b or []))
    packages = len(packages_between(*ends).mixtures) // 2 * (2 if equal == "spending" else 1)
    check_runs(ends, worlds + each * ((draws or 0) + (33 if break_even else 0)), yes, times=packages)
    if out is not None:
        prepare(out, ["packages.csv", "states.csv"])
    with printing.progress("mixtures") as report:
        found = vote(
            *ends,
            worlds=worlds,
            seed=seed,
            by=by,
            reading=reading,
            package=None if package is None else several(package),
            equal=equal,
            members=members,
            draws=draws,
            each=each,
            from_prior=prior,
            posterior=draws_table(draws, prior, posterior),
            break_even=break_even,
            workers=1 if loaded else cores(),
            progress=report,
        )
    if out is not None:
        write_reforms(found, out, ends[0], members)
    if json:
        printing.print_json(reforms_json(found))
        return
    show_reforms(found, printing.console())


def choose(
    scenarios: Annotated[list[str], argument("Presets or TOML files, or one that --vary varies.", "S1 [S2 ...]")],
    vary: Annotated[
        str | None, option("Vary one scenario by the rules of a family: all, or RULE,RULE.", "FAMILY=all")
    ] = None,
    worlds: Annotated[int, option("Replications of each scenario.", "N")] = 200,
    seed: Seed = 0,
    by: By = None,
    set_: Set = None,
    members: MembersDir = None,
    rules: Rules = None,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Let the states choose among institutions: which would replace which, and which would stay."""
    load_rules(rules or [])
    check_runs([load(what) for what in scenarios], worlds, yes, times=12 if vary else 1)
    with printing.progress("scenarios") as report:
        found = pick(
            *scenarios,
            worlds=worlds,
            seed=seed,
            by=by,
            vary=vary,
            changes=changes_of(set_ or []),
            members=members,
            progress=report,
        )
    if json:
        printing.print_json(choice_json(found))
        return
    show_choice(found, printing.console())
