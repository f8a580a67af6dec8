"""`juste-retour power`, `vote` and `ballot`: voting power and votes, without running the model."""

from __future__ import annotations

import re
from dataclasses import asdict, replace
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from typing import Annotated

import numpy as np

from juste_retour.abm.base.csv_tables import InputTable
from juste_retour.abm.base.members import load_members, load_states
from juste_retour.abm.base.noise import RandomStreams
from juste_retour.abm.politics.ballot_analysis import Explanation, explain_vote
from juste_retour.abm.politics.conditions import named
from juste_retour.abm.politics.power import Power, voting_power, weighted_power
from juste_retour.abm.politics.power.game import only, require_population
from juste_retour.abm.politics.relocation import Narration, hold_ballot
from juste_retour.abm.politics.voting import voting
from juste_retour.agents.errors import BadInput
from juste_retour.agents.rules import Rule, Setting
from juste_retour.agents.situation import States
from juste_retour.runs.base.printing import console, print_grid, print_json, print_table
from juste_retour.runs.base.user_rules import load_rules
from juste_retour.runs.cli.options import Json, Rules, argument, option
from juste_retour.runs.cli.settings import several

MembersFile = Annotated[
    Path | None,
    option(
        "Another union: a folder with its tables, or a table with the columns state and population.",
        "DIR|FILE.csv",
    ),
]
Participants = Annotated[str | None, option("Only these states vote (TFEU, article 238(3)).", "DE,FR,...")]


class PowerIndex(StrEnum):
    """Power indices that are computed only on request, because they enumerate every coalition."""

    johnston = "johnston"
    colomer_martinez = "colomer_martinez"


Added = Annotated[list[str] | None, option("Add a state, as in UA=33443000. Repeatable.", "NAME=POPULATION", "--add")]


def power(
    rule: Annotated[str | None, argument("A voting rule (see `rules list voting`).  [default: lisbon_qmv]")] = None,
    members: MembersFile = None,
    participants: Participants = None,
    add: Added = None,
    quota: Annotated[
        str | None, option("Weighted voting game, with --weights: weight that a coalition needs.", "Q")
    ] = None,
    weights: Annotated[
        Path | None,
        option("Weighted voting game, with --quota: a table with the columns member and weight.", "FILE.csv"),
    ] = None,
    index: Annotated[
        list[PowerIndex] | None,
        option("Add the Johnston or Colomer-Martínez index, for up to 27 members. Repeatable."),
    ] = None,
    bloc: Annotated[
        list[str] | None,
        option("Add the Owen index for a bloc of members that vote together. Repeatable.", "DE,FR,..."),
    ] = None,
    rules: Rules = None,
    json: Json = False,
) -> None:
    """Compute voting power under a rule: exact Banzhaf, Penrose and Shapley-Shubik indices, and blocking minorities."""
    if quota is not None or weights is not None:
        given = {"RULE": rule, "--members": members, "--participants": participants, "--add": add}
        named = [name for name, value in given.items() if value]
        if quota is None or weights is None:
            raise BadInput("--quota and --weights need each other; give both.")
        if named:
            raise BadInput(f"--quota and --weights replace the voting rule and its states; omit {' and '.join(named)}.")
        found = _weighted(quota, weights)
    else:
        chosen, states, settings = _chosen(rule or "lisbon_qmv", members, participants, add, rules, unknown=True)
        require_population(chosen, states, settings)
        found = voting_power(chosen, states, settings)
    further = _further(found, index or [], bloc or [])
    if json:
        print_json(_power_as_json(found, further))
    else:
        _show_power(found, further)


def vote(
    rule: Annotated[str, argument("A voting rule (see `rules list voting`).")],
    yes: Annotated[str, option("Who votes yes; EU is the Commission, under rules that give it a vote.", "DE,FR,...")],
    no: Annotated[str, option("Who votes no, as do all whom no option names.", "...")] = "",
    abstain: Annotated[str, option("Who abstains.", "...")] = "",
    members: MembersFile = None,
    participants: Participants = None,
    add: Added = None,
    rules: Rules = None,
    json: Json = False,
) -> None:
    """Count one vote: whether it passes, which conditions fail, and which single members could change the result."""
    chosen, states, settings = _chosen(rule, members, participants, add, rules)
    found = explain_vote(chosen, states, several(yes), several(no), several(abstain), settings)
    if json:
        print_json(asdict(found))
    else:
        _show_vote(found)


def ballot(
    file: Annotated[
        Path,
        argument(
            "A table with the columns voter, first, second, third, ...: one voter's ranking per row.",
            "FILE.csv",
        ),
    ],
    offers: Annotated[str | None, option("The offers.  [default: all that any voter ranks]", "A,B,...")] = None,
    withdrawn: Annotated[
        list[str] | None,
        option("An offer that is withdrawn before a round.  [default round: 1] Repeatable.", "OFFER[=ROUND]"),
    ] = None,
    seed: Annotated[int, option("Random seed of the lot that breaks a tie.")] = 0,
    json: Json = False,
) -> None:
    """Hold a ballot as the Council did in 2017 to relocate two agencies: points, a second round, a run-off, lots."""
    if seed < 0:
        raise BadInput(f"--seed = {seed} is negative; give an integer of at least 0.")
    leaving: dict[str, int] = {}
    for text in withdrawn or []:
        offer, _, number = text.partition("=")
        if number and number.strip() not in ("1", "2", "3"):
            raise BadInput(f"--withdrawn {text!r} names the round {number!r}; give 1, 2 or 3.")
        leaving[offer.strip()] = int(number or 1)
    lot = float(RandomStreams(seed, np.zeros(1, dtype=np.int64)).uniform("lot", 1)[0, 0])
    found = hold_ballot(_rankings(file), lot, None if offers is None else several(offers), leaving)
    if json:
        rounds = [
            {"round": r.number, "scores": r.scores, "advance": list(r.advance), "silent": list(r.silent)}
            for r in found.rounds
        ]
        print_json(
            {
                "rounds": rounds,
                "winner": found.winner,
                "by_lot": found.by_lot,
                "tied": list(found.tied),
                "condorcet_winner": found.condorcet_winner,
            }
        )
    else:
        _show_ballot(found, seed)


def _chosen(
    rule: str,
    members: Path | None,
    participants: str | None,
    add: list[str] | None,
    files: list[Path] | None,
    *,
    unknown: bool = False,
) -> tuple[Rule, States, dict[str, Setting]]:
    """The voting rule, the states that vote, and the rule's parameters, from the options."""
    if files:
        load_rules(files)
    chosen = voting[rule]
    if members is None or members.is_dir():
        states = load_members(members).states
    else:
        states = load_states(members, unknown=unknown)
    for text in add or []:
        states = _with_state(states, text, unknown)
    if participants is None:
        return chosen, states, {}
    part = named(states, participants, "--participants")
    if "participants" in chosen.marks:  # the treaty has a separate rule for votes in which not all states take part
        chosen = voting[chosen.marks["participants"]]
    if part is None:
        return chosen, states, {}
    return chosen, only(states, np.flatnonzero(part)), {}


def _with_state(states: States, text: str, unknown: bool) -> States:
    name, given, number = (part.strip() for part in text.partition("="))
    plain = number.replace("_", "")
    if unknown and not given and re.fullmatch(r"[A-Z][A-Z0-9_]*", name):
        plain = "0"  # unknown, as `require_population` reads it
        given = "unknown"
    if not name or not (plain.isascii() and plain.isdecimal()) or len(plain) > 12:
        plain = ""
    if not plain or (int(plain) == 0 and given != "unknown"):
        raise BadInput(f"--add {text!r} is not NAME=POPULATION; give a code and an integer, as in UA=33443000.")
    if name in states.codes or name == "EU":
        raise BadInput(f"--add {text!r}: {name} is a member already; give another code.")
    new: dict[str, np.ndarray] = {}
    for column in ("gdp", "gni", "power_price", "temperature", "specialists", "existing_members", "euro"):
        new[column] = np.append(getattr(states, column), 0).astype(getattr(states, column).dtype)
    new["population"] = np.append(states.population, int(plain))
    new["nice_votes"] = np.append(states.nice_votes, 0)
    more = {column: np.append(values, 0.0) for column, values in states.more.items()}
    texts = {column: (*values, "") for column, values in states.texts.items()}
    names = (*states.names, name)
    wider: States = replace(
        states,
        codes=(*states.codes, name),
        names=names,
        more=more,
        texts=texts,
        borders=np.pad(states.borders, (0, 1)),
    )
    return replace(wider, **new)  # type: ignore[arg-type]


def _weighted(quota: str, file: Path) -> Power:
    def exact(text: str, place: str) -> Fraction:
        plain = text.replace("_", "")
        try:
            if not plain.isascii() or re.search(
                r"[eE][+-]?\d{4}", plain
            ):  # computing with such an exponent would not end
                raise ValueError
            return Fraction(plain)
        except (ValueError, ZeroDivisionError):
            raise BadInput(f"{place} is {text!r}; give a number, such as 12 or 0.5.") from None

    table = InputTable(file, required=("member", "weight"))
    members = table.unique("member")
    table.numbers("weight", low=0)
    found = [
        exact(row["weight"], f"{table.name}, row {line}, column weight")
        for row, line in zip(table.rows, table.lines, strict=True)
    ]
    return weighted_power(exact(quota, "--quota"), found, members)


def _rankings(file: Path) -> dict[str, list[str]]:
    table = InputTable(file, required=("voter", "first"), optional=("second", "third", "fourth", "fifth"))
    columns = [column for column in table.columns if column != "voter"]
    rankings = {}
    for voter, row, line in zip(table.unique("voter"), table.rows, table.lines, strict=True):
        choices = [row[column].strip() for column in columns]
        ranked = [choice for choice in choices if choice]
        if choices[: len(ranked)] != ranked:
            gap = columns[choices.index("")]
            raise BadInput(
                f"{table.name}, row {line}, column {gap}: the ranking of {voter} has a gap; move the later choices up."
            )
        rankings[voter] = ranked
    return rankings


def _further(found: Power, indices: list[PowerIndex], blocs: list[str]) -> dict[str, tuple[Fraction, ...]]:
    """The indices of `--index` and `--bloc`, by their names in JSON."""
    values: dict[str, tuple[Fraction, ...]] = {name.value: getattr(found, name.value) for name in indices}
    if blocs:
        values["owen"] = found.owen([several(text) for text in blocs])
    return values


def _power_as_json(found: Power, further: dict[str, tuple[Fraction, ...]]) -> dict[str, object]:
    names = ("banzhaf", "penrose", "shapley_shubik", "power_to_prevent", "power_to_initiate")
    shares = {name: getattr(found, name) for name in names} | further
    return {
        "rule": found.rule,
        "members": len(found.members),
        "winning_coalitions": found.winning_coalitions,
        "power_to_act": float(found.power_to_act),
        "states": [
            {"state": member, "swings": found.swings[i]} | {k: float(v[i]) for k, v in shares.items()}
            for i, member in enumerate(found.members)
        ],
        "winning": {"minimal": found.minimal_winning},
        "blocking": {"minimal": found.minimal_blocking, "smallest": found.smallest_blocking},
    }


FURTHER = {  # heading and meaning of each further index
    "johnston": (
        "Johnston",
        "Johnston: each winning coalition with critical members is split equally among these; shares of the total.",
    ),
    "colomer_martinez": (
        "Colomer-Martínez",
        "Colomer-Martínez: mean share of the weight of minimal winning coalitions.",
    ),
    "owen": ("Owen", "Owen: Shapley-Shubik index if the members of each bloc vote together."),
}


def _show_power(found: Power, further: dict[str, tuple[Fraction, ...]]) -> None:
    where = console()
    where.print(
        f"{found.rule}: {len(found.members)} members, {_count(found.winning_coalitions)} of "
        f"{_count(2 ** len(found.members))} "
        f"coalitions win (power to act {float(found.power_to_act):.4%})",
        soft_wrap=True,
    )
    where.print()
    shares = found.shapley_shubik
    mightiest = sorted(range(len(shares)), key=lambda i: (-shares[i], -found.swings[i]))
    rows = [
        (
            found.members[i],
            f"{float(shares[i]):.6f}",
            f"{float(found.banzhaf[i]):.6f}",
            f"{float(found.penrose[i]):.6f}",
            _count(found.swings[i]),
            f"{float(found.power_to_prevent[i]):.4f}",
            *(f"{float(values[i]):.6f}" for values in further.values()),
        )
        for i in mightiest
    ]
    headings: tuple[str, ...] = ("member", "Shapley-Shubik", "Banzhaf", "Penrose", "swings", "prevents")
    headings += tuple(FURTHER[name][0] for name in further)
    bars = ("Shapley-Shubik", [float(shares[i]) for i in mightiest])
    print_table(where, headings, rows, right=headings[1:], bars=bars, spare=("Penrose", "swings"))
    where.print()
    smallest = found.smallest_blocking
    least = "nobody can block" if smallest is None else f"the smallest of {smallest} member{'s' * (smallest != 1)}"
    where.print(
        f"{_count(found.minimal_winning)} minimal winning coalitions; {_count(found.minimal_blocking)} minimal "
        f"blocking coalitions, {least}.",
        soft_wrap=True,
    )
    where.print(
        "Shapley-Shubik and Banzhaf: shares that sum to 1. Swings: coalitions that win with the member and lose without it. "
        "Penrose: swings divided by all coalitions of the other members. Prevents: Coleman's power to prevent action, "
        "swings divided by winning coalitions. Power to act: winning coalitions divided by all."
        + "".join(" " + FURTHER[name][1] for name in further),
        soft_wrap=True,
    )


def _count(number: int) -> str:
    """An integer in full, or rounded if it has more than fifteen digits."""
    return f"{number:,}" if number < 10**15 else f"{Decimal(number):.4e}"


def _show_vote(found: Explanation) -> None:
    where = console()
    states = f"{found.members_for} state{'s' * (found.members_for != 1)}"
    where.print(
        f"{found.rule}: {'passes' if found.passed else 'fails'}, "
        f"with {states} and {found.population_share:.2%} of the population in favor",
        style="bold green" if found.passed else "bold red",
    )
    rows = [("  because", reason) for reason in found.failed_conditions]
    for name, codes in (("for", found.yes), ("against", found.no), ("abstain", found.abstain)):
        if codes:
            rows.append((f"  {name}", " ".join(codes)))
    alone = " ".join(found.could_tip) or "no single member"
    print_grid(where, [*rows, ("  could change it", alone)])


def _show_ballot(found: Narration, seed: int) -> None:
    where = console()
    for r in found.rounds:
        unit = "points" if r.number == 1 else "votes"
        where.print(f"Round {r.number}", style="bold")
        then = dict.fromkeys(r.advance, "advances")
        if r is found.rounds[-1]:
            then = dict.fromkeys(found.tied, "tied")
            then |= dict.fromkeys(r.advance, "wins by lot" if found.by_lot else "wins")
        rows = [(offer, f"{score}", then.get(offer, "")) for offer, score in r.scores.items()]
        print_table(where, ("offer", unit, "then"), rows, right=(unit,), bars=(unit, list(r.scores.values())))
        if r.silent:
            said = "invalid ballots" if r.number == 1 else "abstain, as they ranked none of these"
            where.print(f"  {said}: {' '.join(r.silent)}", soft_wrap=True)
        where.print()
    if found.by_lot:
        where.print(f"{found.winner} wins by lot among {', '.join(found.tied)} (seed {seed}).", soft_wrap=True)
    else:
        where.print(f"{found.winner} wins.")
    if found.condorcet_winner is None:
        where.print("There is no Condorcet winner: no offer beats every other in pairwise votes.")
    elif found.condorcet_winner != found.winner:
        where.print(f"The Condorcet winner is {found.condorcet_winner}: it beats every other offer in pairwise votes.")
