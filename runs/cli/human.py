"""What `run` prints: facilities by state with bars, total capacity, the largest training run, and the votes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from juste_retour.abm.bargaining.sampled import TOLERANCE
from juste_retour.abm.base.toml import setting
from juste_retour.runs.base.numerals import counted, span, within
from juste_retour.runs.base.printing import print_table
from juste_retour.runs.base.statistics import summary, without_a_run
from juste_retour.runs.cli.summary import nothing_built
from juste_retour.runs.results.ensemble import Result

if TYPE_CHECKING:
    from rich.console import Console


NOTHING_TRAINS = "These machines train no models, so that there is no lag behind the frontier."


def show(result: Result, changes: Mapping[str, object], where: Console) -> None:
    """Print a result; `changes` are those of `--set`."""
    changed = " with " + ", ".join(f"{key} = {setting(value)}" for key, value in changes.items()) if changes else ""
    if result.count == 1:
        _one(result, changed, where)
    else:
        _many(result, changed, where)
    why = nothing_built(result)
    if why:
        where.print(f"Nothing is built{'' if result.count == 1 else ' in any replication; in the first'}: {why}")
    if result.worlds["equilibria"].notna().any():
        where.print(_expectations(result), soft_wrap=True)


def _expectations(result: Result) -> str:
    """Number of equilibria and precision of the stationary values, in a few sentences."""
    world = result.worlds.iloc[0]
    error = f"Continuation values are known to {world['expectation_error']:.1%} of the mean stake."
    if world["expectation_error"] > TOLERANCE:
        error += " The values are rough."
    if world["equilibria"] == "one":
        return f"One equilibrium of bargaining was found. {error}"
    return (
        f"Bargaining has several equilibria; the results are those of number {world['equilibrium']}, in the order of the "
        f"search's starts (`expect.solution` chooses). {error}"
    )


def _one(result: Result, changed: str, where: Console) -> None:
    world = result.worlds.iloc[0]
    where.print(
        f"{result.scenario.name}{changed}, seed {result.seed}, replication {result.first}: "
        f"{counted(world['sites'], 'site')} in {counted(world['hosts'], 'state')}. Of EUR "
        f"{result.scenario.envelope_eur_bn:g} bn, {world['committed_eur_bn']:.1f} bn are committed and "
        f"{world['unspent_eur_bn']:.1f} bn are not; the facilities cost EUR {world['spend_eur_bn']:.1f} bn.",
    )
    where.print()
    _facilities(result, where)
    where.print(_adds_up(result))
    where.print(_votes(result))


def _facilities(result: Result, where: Console) -> None:
    table = result.facilities
    if not len(table):
        return
    names = dict(zip(result.members.states.codes, result.members.states.names, strict=True))
    size = table.groupby("state")["accelerators"].transform("sum")
    ordered = table.assign(size=size).sort_values(["size", "state", "accelerators"], ascending=[False, True, False])
    rows, last = [], ""
    for row in ordered.to_dict("records"):
        rows.append(
            [
                "" if row["state"] == last else names[row["state"]],
                row["city"],
                f"{row['accelerators']:,.0f}",
                f"{row['power_mw']:,.1f}",
                f"{row['spend_eur_bn']:.3f}",
                "never" if pd.isna(row["operational"]) else row["operational"],
            ]
        )
        last = row["state"]
    print_table(
        where,
        ["State", "City", "Accelerators", "MW", "EUR bn", "Works from"],
        rows,
        right=["Accelerators", "MW", "EUR bn"],
        bars=("Accelerators", list(ordered["accelerators"])),
        spare=["MW", "EUR bn", "City", "Works from"],
    )
    where.print()


def _adds_up(result: Result) -> str:
    world = result.worlds.iloc[0]
    aggregate = f"All facilities together: {world['aggregate_accelerators']:,.0f} accelerators."
    scenario = result.scenario
    if not scenario.trains:
        return NOTHING_TRAINS
    if np.isnan(world["years_behind"]):
        return (
            f"{aggregate} No machine works before {scenario.window_end}, so there is no training run to compare with the "
            "frontier."
        )
    price = world.get("price_of_politics")
    cost = "" if price is None else _because(f"{abs(price):.1f}", price < -0.05)
    return (
        f"{aggregate} Over the {scenario.window_years:g} years to {scenario.window_end}, the Union's largest training run "
        f"is on average {world['years_behind']:.1f} years behind the frontier{cost}. At the end it is "
        f"{world['years_behind_at_end']:.1f} years behind: {world['largest_run_flop']:.1e} FLOP, against "
        f"{world['frontier_flop']:.1e} at the frontier."
    )


def _because(years: str, negative: bool, several: bool = False) -> str:
    """The part of the lag that is the price of politics; below zero, the states did better than the planner expected to."""
    if not negative:
        return f", {years} of them because of politics"
    if several:
        return f" (price of politics: {years}; below zero, the states do better than the planner of capability)"
    return f", {years} fewer than under a planner of capability"


def _votes(result: Result) -> str:
    votes = result.votes
    if not len(votes):
        return "Votes: none."
    said = []
    for (agenda, rule), rows in votes.groupby(["agenda", "rule"], sort=False):
        said.append(f"{len(rows):,} under {rule} ({agenda}), {int(rows['passed'].sum()):,} passed")
    against = pd.Series(" ".join(votes["no"]).split(), dtype="str").value_counts()
    text = "Votes: " + "; ".join(said)
    if result.count == 1 and len(against):
        named = ", ".join(f"{code} {times}" if times > 1 else str(code) for code, times in against.head(8).items())
        text += f"; against: {named}{' and others' if len(against) > 8 else ''}"
    return text + "."


def _many(result: Result, changed: str, where: Console) -> None:
    worlds = result.worlds
    where.print(
        f"{result.scenario.name}{changed}, seed {result.seed}, {result.count:,} replications (median, 5 to 95 %): "
        f"{_several(worlds['sites'], 'site')} in {_several(worlds['hosts'], 'state')}. Of EUR "
        f"{result.scenario.envelope_eur_bn:g} bn, {_span(worlds['committed_eur_bn'], '.1f')} bn are committed and "
        f"{_span(worlds['unspent_eur_bn'], '.1f')} bn are not; the facilities cost EUR "
        f"{_span(worlds['spend_eur_bn'], '.1f')} bn.",
    )
    where.print()
    _by_state(result, where)
    scenario = result.scenario
    if not scenario.trains:
        where.print(NOTHING_TRAINS)
        where.print(_votes(result))
        return
    idle = without_a_run(worlds["years_behind"])
    text = (
        f"All facilities together: {_span(worlds['aggregate_accelerators'])} accelerators. Over the "
        f"{scenario.window_years:g} years to {scenario.window_end}, the Union's largest training run is on average "
        f"{_span(worlds['years_behind'], '.1f')} years behind the frontier"
    )
    if "price_of_politics" in worlds:
        price = worlds["price_of_politics"]
        text += _because(_span(price, ".1f"), summary(price)["low"] < -0.05, several=True)
    text += (
        f". At the end it is {_span(worlds['years_behind_at_end'], '.1f')} years behind, with "
        f"{_span(worlds['largest_run_flop'], '.1e')} FLOP."
    )
    where.print(text)
    if idle:
        where.print(
            f"In {idle:,} of {result.count:,} replications no machine works in these years; they count as worse than any "
            "number."
        )
    where.print(_votes(result))


def _by_state(result: Result, where: Console) -> None:
    names = dict(zip(result.members.states.codes, result.members.states.names, strict=True))
    rows = []
    for code, table in result.states.groupby("state", sort=False):
        hosts = float((table["sites"] > 0).mean())
        if hosts:
            rows.append((names[str(code)], hosts, float(table["sites"].mean()), summary(table["accelerators"])))
    if not rows:
        return
    rows.sort(key=lambda row: (-row[3]["median"], -row[1], row[0]))
    cells = [
        [
            name,
            f"{hosts:.0%}",
            f"{sites:.2f}",
            f"{size['median']:,.0f}",
            span(size["low"], size["high"], lambda x: f"{x:,.0f}"),
        ]
        for name, hosts, sites, size in rows
    ]
    print_table(
        where,
        ["State", "Hosts in", "Sites", "Accelerators", "5 to 95 %"],
        cells,
        right=["Hosts in", "Sites", "Accelerators"],
        bars=("Accelerators", [row[3]["median"] for row in rows]),
        spare=["Sites", "5 to 95 %", "Hosts in"],
    )
    where.print()


def _span(values: ArrayLike, form: str = ",.0f") -> str:
    found = summary(values)

    def text(value: float) -> str:
        return f"{value:{form}}" if np.isfinite(value) else "none"

    return text(found["median"]) if text(found["low"]) == text(found["high"]) else within(found, text)


def _several(values: ArrayLike, noun: str) -> str:
    said = _span(values)
    return f"{said} {noun}" if said == "1" else f"{said} {noun}s"
