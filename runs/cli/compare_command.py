"""`juste-retour compare` and `juste-retour attribute`: contrast scenarios with common random numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pandas as pd

from juste_retour.abm.worlds.scenario import load
from juste_retour.agents.errors import BadInput
from juste_retour.runs.analysis.attribution import attribute as split
from juste_retour.runs.analysis.contrasts import compare as contrast
from juste_retour.runs.base import printing
from juste_retour.runs.base.user_rules import load_rules
from juste_retour.runs.cli.contrast_tables import (
    attribution_json,
    contrasts_json,
    show_attribution,
    show_contrasts,
)
from juste_retour.runs.cli.options import Json, MembersDir, Rules, Seed, Yes, argument, option
from juste_retour.runs.cli.patience import check_runs
from juste_retour.runs.cli.settings import changes_of
from juste_retour.runs.results.paired import named
from juste_retour.runs.results.paired import outcomes as known_outcomes
from juste_retour.runs.results.parameter_draws import read_draws

Set = Annotated[
    list[str] | None, option("Change a rule or parameter in all scenarios. Repeatable.", "KEY=VALUE", "--set")
]
SetB = Annotated[list[str] | None, option("Change a rule or parameter in B only. Repeatable.", "KEY=VALUE", "--set-b")]
Equal = Annotated[
    str,
    option(
        "envelopes: the scenarios as they are, and a second table at equal spending. spending: only the latter.",
        "envelopes|spending",
    ),
]
NumberOfDraws = Annotated[
    int | None,
    option(
        "Draw the parameters N times from the posterior, with one replication per draw, and add the range of 90 % "
        "of the draws.",
        "N",
        "--draws",
    ),
]
FromPrior = Annotated[bool, option("With --draws: draw from the plausible ranges of all parameters.", None, "--prior")]
DrawsFile = Annotated[
    Path | None,
    option("With --draws: use the draws in this table, which `calibrate --out` wrote.", "FILE.csv", "--posterior"),
]
SHOWN = (
    "sites",
    "hosts",
    "committed_eur_bn",
    "spend_eur_bn",
    "unspent_eur_bn",
    "aggregate_accelerators",
    "largest_site_accelerators",
    "largest_run_flop",
    "years_behind",
    "years_behind_at_end",
    "price_of_politics",
)


def compare(
    scenarios: Annotated[
        list[str],
        argument(
            "Presets or TOML files. A is compared with each other scenario, or with itself changed by --set-b.",
            "A [B ...]",
        ),
    ],
    worlds: Annotated[int | None, option("Number of paired replications.  [default: 400]", "N")] = None,
    seed: Seed = 0,
    outcome: Annotated[
        list[str] | None,
        option("Outcome to compare. Repeatable.  [default: the main ones; with --json all]", "NAME"),
    ] = None,
    until: Annotated[
        float | None,
        option(
            "Add replications until the 95 % interval of the first outcome's difference is plus or minus H or less.  "
            "[default outcome: years_behind]",
            "H",
        ),
    ] = None,
    equal: Equal = "envelopes",
    set_: Set = None,
    set_b: SetB = None,
    draws: NumberOfDraws = None,
    prior: FromPrior = False,
    posterior: DrawsFile = None,
    members: MembersDir = None,
    rules: Rules = None,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Compare scenarios on the same random draws: differences in outcomes, intervals, and how often one is higher."""
    load_rules(rules or [])
    check_runs([load(what) for what in scenarios], draws or worlds or 0, yes, times=2)
    with printing.progress("runs") as report:
        found = contrast(
            *scenarios,
            worlds=worlds,
            seed=seed,
            outcomes=outcome or tuple(known_outcomes()),
            until=until,
            headline=outcome[0] if outcome else "years_behind",
            equal=equal,
            changes=changes_of(set_ or []),
            changes_b=changes_of(set_b or []),
            members=members,
            draws=draws,
            from_prior=prior,
            posterior=draws_table(draws, prior, posterior),
            progress=report,
        )
    if json:
        printing.print_json(contrasts_json(found))
        return
    show_contrasts(found, printing.console(), outcome or SHOWN)


def draws_table(draws: int | None, prior: bool, posterior: Path | None) -> pd.DataFrame | None:
    """The table of draws that `--posterior` names; None without one, `BadInput` if the options do not go together."""
    if draws is None and (prior or posterior is not None):
        raise BadInput("--prior and --posterior need --draws; add --draws N.")
    if prior and posterior is not None:
        raise BadInput("--prior and --posterior exclude each other; omit one.")
    return None if posterior is None else read_draws(posterior)


def attribute(
    source: Annotated[str, argument("Preset or TOML file to start from.", "A")],
    target: Annotated[
        str | None, argument("Preset or TOML file to end at.  [default: A changed by --set-b]", "[B]")
    ] = None,
    outcome: Annotated[str, option("Outcome whose difference is attributed.", "NAME")] = "years_behind",
    worlds: Annotated[int, option("Replications of each of the 2^k mixtures of k groups of institutions.", "N")] = 400,
    seed: Seed = 0,
    equal: Equal = "envelopes",
    set_: Set = None,
    set_b: SetB = None,
    draws: NumberOfDraws = None,
    prior: FromPrior = False,
    posterior: DrawsFile = None,
    members: MembersDir = None,
    rules: Rules = None,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Attribute the difference between two scenarios to groups of institutions, by Shapley values."""
    load_rules(rules or [])
    if target is None and not set_b:
        raise BadInput(
            "attribute needs two scenarios; give a second one, as in attribute A B, or add --set-b KEY=VALUE."
        )
    ends, _ = named((source, target or source), changes_of(set_ or []), changes_of(set_b or []))
    check_runs(ends, draws or worlds, yes, times=64)  # 2^7 mixtures of the two, free and at equal spending
    with printing.progress("runs") as report:
        found = split(
            *ends,
            outcome_name=outcome,
            worlds=worlds,
            seed=seed,
            equal=equal,
            members=members,
            draws=draws,
            from_prior=prior,
            posterior=draws_table(draws, prior, posterior),
            progress=report,
        )
    if json:
        printing.print_json(attribution_json(found))
        return
    show_attribution(found, printing.console())
