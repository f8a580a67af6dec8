"""What `reforms` and `choose` print: tables, or JSON."""

from __future__ import annotations

from dataclasses import asdict, fields
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from juste_retour.abm.base.members import union_of
from juste_retour.runs.analysis.institution_choice import Chosen
from juste_retour.runs.analysis.reforms import Package, Reforms
from juste_retour.runs.base.numerals import brief, counted, span
from juste_retour.runs.base.printing import picked, print_table
from juste_retour.runs.base.provenance import provenance
from juste_retour.runs.cli.contrast_tables import said_of
from juste_retour.runs.results.export import write

if TYPE_CHECKING:
    from rich.console import Console

    from juste_retour.abm.worlds.scenario import Scenario
    from juste_retour.runs.results.parameter_draws import ParameterDraws


def reforms_json(found: Reforms) -> dict[str, object]:
    """Reforms as `reforms --json` prints them."""
    best, passing = found.best, found.best_that_passes
    content = {
        **picked(found, "scenarios", "worlds", "seed", "by", "reading", "window"),
        "packages": [_without_none(asdict(p)) for p in found.packages],
        "best": None if best is None else best.parts,
        "best_that_passes": None if passing is None else passing.parts,
        **picked(found, "price_of_consent_years", "stable_cost_eur_bn"),
        "frontier": [p.parts for p in found.frontier],
        **picked(found, "stable", "cycle", "package", "states"),
        "moved_together": [{"parts": g, "because": why} for g, why in found.joined],
    }
    if found.draws is not None:
        content["draws"] = {
            "count": found.draws.count,
            "replications": found.draws.each,
            "left_out": found.draws.left_out,
            "source": found.draws.source,
            "parameters": found.draws.names,
            "nothing_passes": found.nothing_passes,
            "packages": found.in_draws,
        }
    if found.parameter is not None:
        content["break_even"] = {
            **picked(found, "parameter", "tried"),
            "packages": found.break_even,
            "nothing_passes": found.stays,
        }
    return content


def _without_none(package: dict[str, object]) -> dict[str, object]:
    """Without the gain at equal spending if it was not asked for; a compensation of None stays."""
    return {k: v for k, v in package.items() if v is not None or k == "compensation_eur_bn"}


def write_reforms(found: Reforms, out: Path, today: Scenario, members: Path | None) -> None:
    """Write the tables `packages` and `states` as CSV files, with their provenance."""
    states = [asdict(s) for s in found.states]
    tables = {
        "packages": found.table.assign(**{c: found.table[c].map(" ".join) for c in ("rules", "undecided")}),
        "states": pd.DataFrame([{k: v for k, v in s.items() if k != "terms"} | s["terms"] for s in states]),
    }
    made = provenance(today, union_of(members, today.members), seed=found.seed, first=0, worlds=found.worlds)
    write(tables, out, ["csv"], made | {"reform": found.scenarios[1]})


def show_reforms(found: Reforms, where: Console) -> None:
    """Print the packages, the answer, the states' changes, and what was asked for besides."""
    trains = not all(isnan(p.gain_years) for p in found.packages)
    where.print(
        f"{found.scenarios[0]} to {found.scenarios[1]}: {counted(len(found.packages), 'package')}, {found.worlds} "
        f"replications of each with seed {found.seed} and common random numbers."
        + (f" Lags are means over {found.window}." if trains else ""),
        soft_wrap=True,
    )
    where.print()
    names = [" + ".join(p.parts) for p in found.packages]
    headings = [
        "Package",
        "Gain, years",
        "95 %",
        "For",
        "Against",
        "People",
        "Passes",
        "Resampled",
        "Compensation",
        "Unsure",
    ]
    asked = any(p.gain_years_at_equal_spending is not None for p in found.packages)
    headings.insert(3, "Equal spending") if asked else None
    shown = sorted(
        range(len(names)), key=lambda k: -(found.packages[k].gain_years if trains else found.packages[k].in_favor)
    )
    rows = [_row(found.packages[k], names[k], asked) for k in shown]
    if not trains:
        headings, rows = headings[:1] + headings[3:], [row[:1] + row[3:] for row in rows]
    print_table(where, headings, rows, right=headings[1:])
    where.print()
    where.print(_answer(found) if trains else _votes_alone(found), soft_wrap=True)
    where.print(
        "For, against: states whose expected utility, a mean over the replications, rises or not; the race counts as it is "
        "expected at the announcement. People: share of the population in the states in favor. Resampled: "
        "share of samples of the replications, drawn with replacement, in which it passes. Compensation: the least cash, "
        "EUR bn, for which the package passes; a star if the states in favor gain less than that. Unsure: states within two "
        f"standard errors of zero. {_counted_by(found)}",
        soft_wrap=True,
    )
    _show_states(found, where)
    if found.draws is not None:
        _show_draws(found, found.draws, where)
    if found.parameter is not None:
        where.print()
        rows = [
            [" + ".join(b.parts), "; ".join(span(*ends) for ends in b.intervals) or "never"] for b in found.break_even
        ]
        print_table(where, ["Package", f"Passes where {found.parameter} is"], rows)
        stays = "; ".join(span(*ends) for ends in found.stays)
        where.print(f"Nothing passes where it is {stays}." if stays else "Some package passes at every value.")
    for parts, why in found.joined:
        where.print(f"{' and '.join(parts)} only change together: {why}", soft_wrap=True)


def _row(p: Package, name: str, asked: bool) -> list[str]:
    cash = "-" if p.compensation_eur_bn is None else brief(p.compensation_eur_bn)
    held = []
    if asked:
        passes = "passes" if p.passes_at_equal_spending else "fails"
        held = [f"{brief(p.gain_years_at_equal_spending or 0.0)}, {p.in_favor_at_equal_spending} for, {passes}"]
    verdict = "yes" if p.passes else "no change" if p.unchanged else "no"
    return [
        name,
        brief(p.gain_years),
        span(p.low, p.high),
        *held,
        str(p.in_favor),
        str(p.against),
        f"{p.population_in_favor:.0%}",
        verdict,
        f"{p.passes_resampled:.0%}",
        cash + ("" if p.winners_can_pay else "*"),
        str(len(p.undecided) or ""),
    ]


def _answer(found: Reforms) -> str:
    best, passing = found.best, found.best_that_passes
    if best is None:
        return "No package gains anything."
    said = f"Most is gained by {' + '.join(best.parts)}: {brief(best.gain_years)} years. "
    if passing is None:
        said += "No package that gains anything would pass"
    else:
        said += f"Of those that pass, by {' + '.join(passing.parts)}: {brief(passing.gain_years)} years"
    said += f". The price of consent is {brief(found.price_of_consent_years)} years."
    if () in found.stable:
        return said + " No package would replace today's institutions."
    said += (
        f" Today's institutions would stay if changing them cost more than EUR {brief(found.stable_cost_eur_bn)} bn, divided "
        "by GDP."
    )
    cycle = " to ".join(" + ".join(parts) or "today" for parts in found.cycle)
    return said + (f" Majorities run in a circle: {cycle}." if cycle else "")


def _votes_alone(found: Reforms) -> str:
    """The answer where machines train nothing, so that no package gains years."""
    passing = [" + ".join(p.parts) for p in found.packages if p.passes]
    most = max(found.packages, key=lambda p: p.in_favor)
    return (
        "The machines of this call train nothing, so that gains in years are not defined. "
        + (f"Would pass: {'; '.join(passing)}. " if passing else "No package would pass. ")
        + f"Most states ({most.in_favor}) are in favor of {' + '.join(most.parts)}."
    )


def _counted_by(found: Reforms) -> str:
    if found.by is not None:
        return f"Votes are counted by {found.by}."
    return f"Each part must pass under the rule of its legal basis, in the {found.reading} reading; outside the European Union, under the scenario's rule."


def _show_states(found: Reforms, where: Console) -> None:
    terms = list(found.states[0].terms)
    headings = ["State", "Change", "Error", "Gains in", "As realized", *(t.capitalize() for t in terms)]
    rows = [
        [
            s.state,
            brief(s.change_eur_bn) + ("?" if s.undecided else ""),
            brief(s.error_eur_bn),
            f"{s.share_of_worlds_gaining:.0%}",
            brief(s.change_as_realized_eur_bn),
            *(brief(s.terms[t]) for t in terms),
        ]
        for s in sorted(found.states, key=lambda s: -s.change_eur_bn)
    ]
    where.print()
    where.print(f"{' + '.join(found.package)}: each state's expected change, EUR bn, and its terms", soft_wrap=True)
    print_table(where, headings, rows, right=headings[1:])


def _show_draws(found: Reforms, draws: ParameterDraws, where: Console) -> None:
    where.print()
    where.print(f"{said_of(draws)} {draws.each} replications of each.", soft_wrap=True)
    headings = ["Package", "Passes in", "95 %", "Best that passes in", "Gain, years", "90 % of draws"]
    rows = [
        [
            " + ".join(p.parts),
            f"{p.passing:.0%}",
            span(p.low, p.high, "{:.0%}".format),
            f"{p.best_that_passes:.0%}",
            brief(p.gain_years),
            span(p.gain_low, p.gain_high),
        ]
        for p in sorted(found.in_draws, key=lambda p: -p.passing)
    ]
    print_table(where, headings, rows, right=headings[1:])
    share, low, high = found.nothing_passes or (0.0, 0.0, 0.0)
    where.print(f"Nothing passes in {share:.0%} ({span(low, high, '{:.0%}'.format)}) of the draws.")


def choice_json(found: Chosen) -> dict[str, object]:
    """A choice as `choose --json` prints it."""
    names = [f.name for f in fields(found) if f.name != "left_out"]
    return picked(found, *names, "self_stable", "cycle", "left_out")


def show_choice(found: Chosen, where: Console) -> None:
    """Print the sum of utilities, and how many states prefer which institutions to which."""
    where.print(
        f"{found.worlds} replications of each with seed {found.seed} and common random numbers.",
        soft_wrap=True,
    )
    numbers = [str(k + 1) for k in range(len(found.scenarios))]
    headings = ["", "In force", "Rule", "Utility", "Error", "Years behind", *numbers]
    rows = []
    for i, name in enumerate(found.scenarios):
        states = [
            "-" if i == j else f"{found.prefer[i, j]}{'!' if found.replaces[i, j] else ''}" for j in range(len(numbers))
        ]
        row = [numbers[i], name, found.rules[i], brief(found.utility_eur_bn[i]), brief(found.error_eur_bn[i])]
        rows.append([*row, brief(found.years_behind[i]), *states])
    where.print()
    print_table(where, headings, rows, right=headings[3:])
    where.print()
    where.print(
        "Utility: the sum of the states' expected utilities, EUR bn. Columns by number: states that expect more under that "
        "institution than under the one in force; ! where it would be adopted by the rule in force.",
        soft_wrap=True,
    )
    where.print(f"Self-stable: {', '.join(found.self_stable) or 'none'}.", soft_wrap=True)
    if found.cycle:
        where.print(f"Majorities run in a circle: {' to '.join(found.cycle)}.", soft_wrap=True)
    for name, why in found.left_out.items():
        where.print(f"{name} is left out: {why}", soft_wrap=True)
