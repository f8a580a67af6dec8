"""`juste-retour compare` and `juste-retour attribute`: scenarios against each other on the same luck."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from juste_retour.runs.commands.options import Json, MembersDir, Rules

Seed = Annotated[int, typer.Option(help="The same seed gives the same worlds.")]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="KEY=VALUE", help="Change a rule or parameter in all scenarios. Repeatable."
    ),
]
WIDE, MEDIUM = 112, 76  # columns of the terminal from which on a table shows all of its columns
TIES = 3  # worlds with the very same lag from which on it is said why
SHOWN = (
    "sites",
    "hosts",
    "spend_eur_bn",
    "aggregate_accelerators",
    "largest_site_accelerators",
    "largest_run_flop",
    "years_behind",
    "price_of_politics",
)


def compare(
    scenarios: Annotated[
        list[str], typer.Argument(metavar="A B ...", help="Two presets or TOML files, or more.")
    ],
    worlds: Annotated[
        int | None, typer.Option(metavar="N", help="Paired worlds to run.  [default: 400]")
    ] = None,
    seed: Seed = 0,
    outcome: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="Outcome to contrast; by default the main ones, with --json all. Repeatable."
        ),
    ] = None,
    until: Annotated[
        float | None,
        typer.Option(
            metavar="H",
            help="Run on until the first outcome (years_behind) is known to within plus or minus H.",
        ),
    ] = None,
    set_: Set = None,
    members: MembersDir = None,
    rules: Rules = None,
    json: Json = False,
) -> None:
    """Contrast scenarios on the same luck: difference, interval, and how often one beats the other."""
    from dataclasses import asdict

    from juste_retour.runs import printing
    from juste_retour.runs.commands.settings import changes_of
    from juste_retour.runs.contrasts.contrasts import compare as contrast
    from juste_retour.runs.contrasts.paired import OUTCOMES
    from juste_retour.runs.user_rules import load_rules

    load_rules(rules or [])
    with printing.progress("runs") as report:
        found = contrast(
            *scenarios,
            worlds=worlds,
            seed=seed,
            outcomes=outcome or tuple(OUTCOMES),
            until=until,
            headline=outcome[0] if outcome else "years_behind",
            changes=changes_of(set_ or []),
            members=members,
            progress=report,
        )
    if json:
        printing.print_json(
            {
                "scenarios": found.names,
                "seed": found.seed,
                "worlds": found.worlds,
                "contrasts": [asdict(c) for c in found.contrasts],
            }
        )
        return
    _show_contrasts(found, printing.console(), outcome or SHOWN)


def _show_contrasts(found: Any, where: Any, shown: Any) -> None:
    from juste_retour.runs.printing import print_table

    where.print(f"{found.worlds} worlds of seed {found.seed}, each under every scenario on the same luck.")
    wide = where.width >= WIDE
    headings = ["Outcome", "A", "B", "A less B", "95 %"]
    headings += ["A > B", "A = B", "Pairing saves", "Needed"] if wide else []
    for a, b in dict.fromkeys((c.a, c.b) for c in found.contrasts):
        rows = [_row(c, wide) for c in found.contrasts if (c.a, c.b) == (a, b) and c.outcome in shown]
        where.print()
        where.print(f"A = {a}, B = {b}")
        print_table(where, headings, rows, right=headings[1:])
        for c in found.contrasts:
            if (c.a, c.b) == (a, b) and c.outcome == "years_behind" and c.missing_a + c.missing_b:
                where.print(
                    f"Nothing works in {c.missing_a} worlds of A and {c.missing_b} of B; they count as worse than any number."
                )
    _say_ties(found, where)
    where.print()
    where.print(
        "A, B: means over the worlds. 95 %: bootstrap interval of the mean difference over paired worlds, each for itself; "
        "it holds luck and nothing else, for all parameters stay where they are.",
        soft_wrap=True,
    )
    if not wide:
        return
    where.print(
        "A > B, A = B: in how many worlds. Pairing saves: share of the variance of the difference that the same luck takes "
        "away. Needed: worlds for a 95 % interval of plus or minus a tenth of the difference, or of --until.",
        soft_wrap=True,
    )


def _say_ties(found: Any, where: Any) -> None:
    """Say in how many worlds the lag is the very same: luck makes no such ties, machines that stood already do."""
    import numpy as np

    from juste_retour.runs.numerals import brief

    lags = found.values.get("years_behind")
    if lags is None or not np.isfinite(lags).any():
        return
    worst = float(lags[np.isfinite(lags)].max())
    alike = [(name, int((row == worst).sum())) for name, row in zip(found.names, lags, strict=True)]
    if max(count for _, count in alike) < TIES:
        return
    counts = ", ".join(f"{count} worlds of {name}" for name, count in alike if count)
    where.print()
    where.print(
        f"years_behind is {brief(worst)} in {counts}. Machines that stood already count: where no facility beats them, "
        "the lag is theirs.",
        soft_wrap=True,
    )


def _row(c: Any, wide: bool) -> list[str]:
    from juste_retour.runs.numerals import brief, span

    row = [
        c.outcome,
        brief(c.mean_a),
        brief(c.mean_b),
        brief(c.difference),
        span(c.low, c.high),
    ]
    if not wide:
        return row
    saved = f"{c.variance_saved:.0%}" if c.variance_saved == c.variance_saved else "-"
    row += [f"{c.probability_a_greater:.0%}", f"{c.probability_equal:.0%}"]
    return [*row, saved, brief(c.replications_needed)]


def attribute(
    source: Annotated[str, typer.Argument(metavar="A", help="Preset or TOML file to start from.")],
    target: Annotated[str, typer.Argument(metavar="B", help="Preset or TOML file to end at.")],
    outcome: Annotated[
        str, typer.Option(metavar="NAME", help="Outcome whose difference is split.")
    ] = "years_behind",
    worlds: Annotated[int, typer.Option(metavar="N", help="Worlds of each of the 2^k mixtures.")] = 400,
    seed: Seed = 0,
    set_: Set = None,
    members: MembersDir = None,
    rules: Rules = None,
    json: Json = False,
) -> None:
    """Split the difference between two scenarios by the part of the institutions that makes it."""
    from dataclasses import asdict

    from juste_retour.abm.scenario import load
    from juste_retour.runs import printing
    from juste_retour.runs.commands.settings import changes_of
    from juste_retour.runs.contrasts.attribution import attribute as split
    from juste_retour.runs.user_rules import load_rules

    load_rules(rules or [])
    changes = changes_of(set_ or [])
    ends = [load(what).changed(changes) if changes else load(what) for what in (source, target)]
    with printing.progress("runs") as report:
        found = split(*ends, outcome_name=outcome, worlds=worlds, seed=seed, members=members, progress=report)
    if json:
        printing.print_json(
            {
                "outcome": found.outcome,
                "from": found.source,
                "to": found.target,
                "seed": found.seed,
                "worlds": found.worlds,
                "value_from": found.value_from,
                "value_to": found.value_to,
                "difference": found.difference,
                "low": found.low,
                "high": found.high,
                "shares": [asdict(s) for s in found.shares],
                "interactions": [asdict(i) for i in found.interactions],
                "moved_together": [{"groups": list(g), "because": why} for g, why in found.joined],
                "worlds_left_out": found.left_out,
            }
        )
        return
    _show_attribution(found, printing.console())


def _show_attribution(found: Any, where: Any) -> None:
    from juste_retour.runs.numerals import brief, span
    from juste_retour.runs.printing import bar, print_table

    where.print(
        f"{found.outcome}: {brief(found.value_from)} under {found.source}, {brief(found.value_to)} under "
        f"{found.target}; the second less the first {brief(found.difference)} ({span(found.low, found.high)}), "
        f"means over {found.worlds} worlds of seed {found.seed}",
        soft_wrap=True,
    )
    where.print()
    most = max((abs(s.share) for s in found.shares), default=0.0)
    wide = where.width >= MEDIUM
    headings = ["Group", "Share", "", "95 %", *(["First", "Last"] if wide else [])]
    rows = [
        [
            s.group,
            brief(s.share),
            bar(abs(s.share), most, 12, where),
            span(s.low, s.high),
            *([brief(s.alone), brief(s.last)] if wide else []),
        ]
        for s in found.shares
    ]
    print_table(where, headings, rows, right=[h for h in headings[1:] if h])
    where.print(
        "Share: the change by switching the group, averaged over all orders (Shapley); the shares add up to the "
        "difference. 95 %: bootstrap intervals over worlds, which hold luck and nothing else.",
        soft_wrap=True,
    )
    if wide:
        where.print("First, last: the change if switched before or after all others.")
    pairs = sorted(found.interactions, key=lambda i: -abs(i.interaction))[:5]
    if pairs:
        where.print()
        print_table(
            where,
            ["Together", "Beyond each apart", "95 %"],
            [[" and ".join(i.groups), brief(i.interaction), span(i.low, i.high)] for i in pairs],
            right=("Beyond each apart", "95 %"),
        )
        where.print(
            f"The {len(pairs)} strongest of {len(found.interactions)} pairs. Where the sign is the difference's the two work "
            "together; where it is the other, each does in part what the other does.",
            soft_wrap=True,
        )
    for groups, why in found.joined:
        where.print(f"{' and '.join(groups)} move as one and stand under {groups[0]}: {why}", soft_wrap=True)
    if found.left_out:
        where.print(f"{found.left_out} worlds are left out: in some mixture nothing works there.")
