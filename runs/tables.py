"""The tidy tables of a result: what they hold, column by column, and how outcomes become them.

`TABLES` is the data dictionary: `runs/README.md` prints it, exports label columns from it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields

from juste_retour.abm.planner.price import Prices
from juste_retour.abm.user_outcomes import TAKEN, USER_OUTCOMES
from juste_retour.agents.errors import BadInput, near


@dataclass(frozen=True)
class Column:
    """One column of a table: its kind (text, whole, real, truth or quarter), unit and meaning."""

    name: str
    kind: str
    unit: str
    meaning: str


def _columns(*rows: tuple[str, str, str, str]) -> tuple[Column, ...]:
    return tuple(Column(*row) for row in rows)


KEYS = _columns(
    ("scenario", "text", "", "name of the scenario"),
    ("seed", "whole", "", "seed of the run"),
    ("replicate", "whole", "", "which world of the seed"),
)
_RACE = _columns(
    ("largest_run_flop", "real", "FLOP", "largest single training run that the machines then working can do"),
    ("frontier_flop", "real", "FLOP", "largest single run at the world's frontier at that date"),
    (
        "years_behind",
        "real",
        "years",
        "years since the frontier stood there in compute; missing where nothing works",
    ),
    (
        "capability_lag_years",
        "real",
        "years",
        "the same lag in capability, algorithms counted; missing where nothing works",
    ),
)
_READING = _columns(
    ("largest_run_flop", "real", "FLOP", "largest single training run in the last quarter of the window"),
    ("frontier_flop", "real", "FLOP", "largest single run at the world's frontier in that quarter"),
    (
        "years_behind",
        "real",
        "years",
        "compute lag, mean over the quarters of the window; a lag without a run, or above it, counts as `lag_cap_years`; "
        "missing where no quarter has a run",
    ),
    ("years_behind_at_end", "real", "years", "compute lag in the last quarter of the window"),
    ("least_years_behind", "real", "years", "smallest compute lag in the window"),
    (
        "quarters_without_run",
        "whole",
        "quarters",
        "quarters of the window whose lag counts as `lag_cap_years`",
    ),
    (
        "capability_lag_years",
        "real",
        "years",
        "capability lag, algorithms counted, mean over the window like `years_behind`",
    ),
)
PRICES = tuple(field.name for field in fields(Prices))
TABLES: dict[str, tuple[Column, ...]] = {
    "worlds": _columns(
        ("sites", "whole", "sites", "facilities under contract by the last quarter"),
        ("hosts", "whole", "states", "states with at least one facility"),
        ("two_site_states", "whole", "states", "states with two facilities or more"),
        (
            "committed_eur_bn",
            "real",
            "EUR bn",
            "sum of the plans that passed, selections that were canceled later included, sites that hosts build outside "
            "the program not",
        ),
        (
            "spend_eur_bn",
            "real",
            "EUR bn",
            "what the contracted facilities cost: machines, building, services",
        ),
        ("unspent_eur_bn", "real", "EUR bn", "the envelope less what was committed"),
        ("aggregate_accelerators", "real", "accelerators", "accelerators of all facilities together"),
        (
            "open_accelerators",
            "real",
            "accelerators",
            "accelerators that the largest run does not take: open to all, used or not",
        ),
        ("h100_equivalents", "real", "H100", "the same in accelerators of one make, by peak FLOP/s"),
        ("largest_site_accelerators", "real", "accelerators", "accelerators of the largest facility"),
    )
    + _READING
    + _columns(
        (
            "price_of_politics",
            "real",
            "years",
            "years behind, less those of a planner with the same envelope; in an experiment missing unless `outcomes` names a price",
        ),
        ("price_where", "real", "years", "the part that a planner with what was committed would still save"),
        (
            "price_unspent",
            "real",
            "years",
            "the rest: what the money that was not committed would have saved",
        ),
        ("price_all_sites", "real", "years", "the price against a planner who may use every site"),
        (
            "equilibria",
            "text",
            "",
            "equilibria of bargaining that states could expect, 'one' or 'several'; only under expect = stationary",
        ),
        (
            "expectation_error",
            "real",
            "1",
            "largest standard error of what bargaining on is worth to a state, in mean stakes; only there",
        ),
        (
            "hhi_spend",
            "real",
            "1",
            "sum of squared shares of states in the money: 1 where one state has it all",
        ),
        (
            "first_operation",
            "quarter",
            "quarter",
            "first quarter in which a facility works; missing where none does",
        ),
        ("rounds", "whole", "rounds", "rounds of bargaining or waves of the call"),
        ("exited_labs", "whole", "labs", "labs of the Union that have left for a cloud abroad"),
        ("welfare_eur_bn", "real", "EUR bn", "sum of the states' payoffs from the facilities under contract"),
    ),
    "states": _columns(
        ("state", "text", "", "code of the state"),
        ("sites", "whole", "sites", "facilities in the state under contract by the last quarter"),
        ("first_wave", "whole", "wave", "wave or round of the first of them; 0 where none"),
        ("accelerators", "real", "accelerators", "accelerators of the facilities in the state"),
        ("received_eur_bn", "real", "EUR bn", "what the facilities in the state cost"),
        (
            "paid_eur_bn",
            "real",
            "EUR bn",
            "what the state pays for all facilities, its share of the Union's part included",
        ),
        ("private_eur_bn", "real", "EUR bn", "what labs and firms pay for the facilities in the state"),
        (
            "transfer_eur_bn",
            "real",
            "EUR bn",
            "cash for its votes, less its part of what votes cost; 0 without side payments",
        ),
        ("yes_votes", "whole", "votes", "ballots in which the state said yes"),
        ("no_votes", "whole", "votes", "ballots in which the state said no"),
    ),
    "facilities": _columns(
        ("site", "text", "", "candidate site"),
        ("state", "text", "", "code of the host"),
        ("city", "text", "", "city or region"),
        ("selected", "quarter", "quarter", "quarter of selection"),
        ("contracted", "quarter", "quarter", "quarter of the contract"),
        ("operational", "quarter", "quarter", "first quarter of work; missing where not within the horizon"),
        ("accelerators", "real", "accelerators", "accelerators bought"),
        ("power_mw", "real", "MW", "power at the meter"),
        ("spend_eur_bn", "real", "EUR bn", "what the facility cost"),
        ("award_years", "real", "years", "first tender: from selection to its award"),
        ("retender_years", "real", "years", "tenders after one that failed; 0 where none failed"),
        ("failed_tenders", "whole", "tenders", "tenders that failed"),
        ("litigation_years", "real", "years", "delay of the award in court; 0 where nobody sued"),
        ("building_years", "real", "years", "building, the wait for the grid apart"),
        (
            "grid_years",
            "real",
            "years",
            "wait for power above the headroom. The four times before it add up to the time from selection to operation "
            "before rounding; the dates give it to the nearest quarter",
        ),
    ),
    "votes": _columns(
        ("quarter", "quarter", "quarter", "quarter of the ballot"),
        ("agenda", "text", "", "agenda rule that brought the offer"),
        ("rule", "text", "", "voting rule"),
        ("yes", "text", "", "codes of those who said yes, EU being the Commission"),
        ("no", "text", "", "codes of those who said no"),
        ("abstain", "text", "", "codes of those who abstained"),
        ("passed", "truth", "", "whether the ballot passed"),
    ),
    "timeline": _columns(
        ("quarter", "quarter", "quarter", "quarter that the row describes"),
        ("selected", "whole", "sites", "facilities selected by then and not cancelled"),
        ("contracted", "whole", "sites", "facilities under contract"),
        ("working", "whole", "sites", "facilities that work in the quarter"),
        ("working_accelerators", "real", "accelerators", "accelerators of those that work"),
        ("exited_labs", "whole", "labs", "labs of the Union that have left for a cloud abroad"),
    )
    + _RACE,
    "decisions": _columns(
        ("quarter", "quarter", "quarter", "quarter of the decision"),
        ("family", "text", "", "what was decided: bid, vote, draft or endorse"),
        ("actor", "text", "", "code of the state that decides, or of the commissioner's state"),
        ("plan", "whole", "", "number of the draft in question; missing for bids and votes"),
        (
            "decision",
            "real",
            "",
            "size of the bid in EUR bn; 1 yes, 0 abstention, -1 no; 1 for the draft chosen",
        ),
        (
            "wanted_eur_bn",
            "real",
            "EUR bn",
            "size that the bid would have were the dossier ready and the site large enough",
        ),
        ("trophies_eur_bn", "real", "EUR bn", "payoff: trophies less the fixed cost of hosting"),
        ("local_eur_bn", "real", "EUR bn", "payoff: what is spent at home"),
        ("race_eur_bn", "real", "EUR bn", "payoff: the race"),
        ("open_eur_bn", "real", "EUR bn", "payoff: what adds up, open to all"),
        ("payment_eur_bn", "real", "EUR bn", "payoff: what the funding rule makes the state pay, negative"),
        ("transfer_eur_bn", "real", "EUR bn", "payoff: cash beside the plan"),
        ("utility_eur_bn", "real", "EUR bn", "payoff: the sum of the terms"),
        ("reservation_eur_bn", "real", "EUR bn", "value that the payoff is held against"),
        ("score", "real", "1", "the commissioner's score of the draft"),
    ),
}
DEFAULT = ("worlds", "states", "facilities", "votes")


TAKEN.update(column.name for column in TABLES["worlds"])


def own_columns(table: str) -> tuple[Column, ...]:
    """The columns of a table without its keys; of the table of worlds also those of a user's own."""
    if table != "worlds":
        return TABLES[table]
    return TABLES[table] + tuple(Column(o.name, "real", o.unit, o.meaning) for o in USER_OUTCOMES.values())


def columns(table: str) -> tuple[Column, ...]:
    """The columns of a table, its keys first."""
    return KEYS + own_columns(table)


def chosen(names: Iterable[str]) -> tuple[str, ...]:
    """Return the tables asked for, in the order of `TABLES`; BadInput where one is unknown."""
    wanted = set(names)
    for name in sorted(wanted):
        if name not in TABLES:
            raise BadInput(f"tables: {name!r} is not a table; {near(name, TABLES)}")
    if not wanted:
        raise BadInput(f"tables: none is named; known are {', '.join(TABLES)}.")
    return tuple(name for name in TABLES if name in wanted)


def dictionary(table: str) -> str:
    """The data dictionary of a table in Markdown, as in `runs/README.md`."""
    lines = ["| column | kind | unit | meaning |", "|---|---|---|---|"]
    lines += [f"| `{c.name}` | {c.kind} | {c.unit or '-'} | {c.meaning} |" for c in TABLES[table]]
    return "\n".join(lines)
