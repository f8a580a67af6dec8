"""`juste-retour tournament`: play behaviors against each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Annotated

from juste_retour.abm.worlds.scenario import load
from juste_retour.agents.rules import FAMILIES, load_offered
from juste_retour.runs.base import printing
from juste_retour.runs.base.user_rules import load_rules
from juste_retour.runs.cli.options import Json, MembersDir, Rules, Seed, Yes, argument, option
from juste_retour.runs.cli.patience import check_runs
from juste_retour.runs.cli.settings import changes_of
from juste_retour.runs.workshop.tournament import Invasion, Place, Tournament
from juste_retour.runs.workshop.tournament import tournament as play


def tournament(
    scenario: Annotated[
        str, argument("The scenario in which they compete: a preset or the path of a TOML file.")
    ] = "eu-status-quo",
    family: Annotated[str, option("Family of behavioral rules: bid, vote, expect, draft, endorse or anchor.")] = "vote",
    rule: Annotated[
        list[str] | None,
        option("A rule or class of agents that takes part. Repeatable.  [default: all rules of the family]", "NAME"),
    ] = None,
    institution: Annotated[
        list[str] | None,
        option(
            "Change a rule or parameter of the scenario, as in voting=unanimity. Repeatable.",
            "KEY=VALUE",
            "--institution",
            "--set",
        ),
    ] = None,
    worlds: Annotated[int, option("Number of replications for each population.", "N")] = 200,
    seed: Seed = 0,
    members: MembersDir = None,
    rules: Rules = None,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Let behavioral rules compete in mixed populations of states: payoffs, ranks, and which rule invades which."""
    load_offered()
    load_rules(rules or [])
    known = list(FAMILIES[family].rules) if family in FAMILIES else []
    populations = 1 + len(rule or known) ** 2
    check_runs([load(scenario).changed(changes_of(institution or []))], worlds, yes, populations)
    with printing.progress("populations") as report:
        found = play(family, scenario, rule or (), worlds, seed, changes_of(institution or []), members, report)
    if json:
        printing.print_json(_as_json(found))
    else:
        _show(found)


def _as_json(found: Tournament) -> dict[str, object]:
    return {
        "family": found.family,
        "scenario": found.scenario.name,
        "institution": {
            name: found.scenario.rules[name].plain() for name in ("agenda", "voting", "funding", "entitlement")
        },
        **printing.picked(found, "seed", "worlds", "unit"),
        "rules": found.places,
        "invasions": [asdict(one) | {"invades": one.invades} for one in found.invasions],
    }


def _show(found: Tournament) -> None:
    where = printing.console()
    scale, unit = (1.0, found.unit) if found.unit != "EUR bn" else (1000.0, "EUR m")

    def say(x: float) -> str:
        return f"{scale * round(x, 12) + 0.0:+.3g}"  # equal rules differ by rounding errors alone

    def between(one: Place | Invasion) -> str:
        return f"{say(one.low)} to {say(one.high)}"

    def alone(place: Place, name: str, said: Callable[[float], str]) -> tuple[str, str]:
        return said(place.alone[name]), f"{said(place.alone_low[name])} to {said(place.alone_high[name])}"

    agenda = found.scenario.rules["agenda"].rule
    voting = found.scenario.rules["voting"].rule
    where.print(
        f"{found.family} under {found.scenario.name} ({agenda}, {voting}): {found.worlds} runs per population, {unit}",
        style="bold",
    )
    beside = [f"{name}{end}" for name in ("all the same", "sites", "years behind") for end in ("", " 95 %")]
    where.print("Payoffs in mixed populations, and outcomes where all play the same rule:")
    printing.print_table(
        where,
        ("rule", "rank", "payoff", "vs. mean", "95 %", *beside),
        [
            (
                place.rule,
                str(place.rank),
                say(place.payoff),
                say(place.advantage),
                between(place),
                *alone(place, "payoff", say),
                *alone(place, "sites", "{:.0f}".format),
                *alone(place, "years_behind", "{:.2f}".format),
            )
            for place in found.places
        ],
        right=("rank", "payoff", "vs. mean", "all the same", "sites", "years behind"),
    )
    told = [one for one in found.invasions if not one.changes_nothing]
    if told:
        where.print("\nGain of one actor that switches to the invader while all others play the resident:")
        printing.print_table(
            where,
            ("resident", "invader", "gain", "95 %", ""),
            [(one.resident, one.invader, say(one.gain), between(one), _verdict(one)) for one in told],
            right=("gain",),
        )
    same = len(found.invasions) - len(told)
    if same:
        where.print(
            f"\n{same} of {len(found.invasions)} pairs are omitted: switching to the other rule changes no run.",
            soft_wrap=True,
        )
    where.print(
        "95 %: the confidence interval over runs of the value before it (a median for sites and years behind, else a mean). "
        "invades: the whole interval is above zero; is driven out: the whole interval is below zero; drifts: it includes zero.",
        soft_wrap=True,
    )


def _verdict(one: Invasion) -> str:
    if one.invades:
        return "invades"
    return "is driven out" if one.high < 0 else "drifts"
