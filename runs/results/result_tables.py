"""The data dictionary: name, kind, unit and meaning of every column of the tables of a result.

`runs/README.md` prints it, and exports take their column labels from it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields

from juste_retour.abm.price_of_politics import Prices
from juste_retour.abm.user_outcomes import TAKEN, USER_OUTCOMES
from juste_retour.agents.errors import BadInput, near


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes:
        name: as in the table.
        kind: string, integer, float, boolean, or quarter (a string such as `2026Q3`).
        unit: empty if it has none; `1` for a share or an index.
        meaning: one phrase, which also labels the column in Stata files.
    """

    name: str
    kind: str
    unit: str
    meaning: str


def _columns(*rows: tuple[str, str, str, str]) -> tuple[Column, ...]:
    return tuple(Column(*row) for row in rows)


KEYS = _columns(
    ("scenario", "string", "", "name of the scenario"),
    ("seed", "integer", "", "seed of the run"),
    ("replicate", "integer", "", "number of the replication"),
)
_RACE = _columns(
    (
        "largest_run_flop",
        "float",
        "FLOP",
        "largest single training run on the machines that work in the quarter",
    ),
    ("frontier_flop", "float", "FLOP", "largest single training run at the world frontier in the quarter"),
    (
        "years_behind",
        "float",
        "years",
        "compute lag: years since the frontier had the same largest run; missing if no machine works",
    ),
    (
        "capability_lag_years",
        "float",
        "years",
        "capability lag: the same with better algorithms counted; missing if no machine works",
    ),
)
_READING = _columns(
    (
        "largest_run_flop",
        "float",
        "FLOP",
        "largest single training run of the Union in the last quarter of the window",
    ),
    ("frontier_flop", "float", "FLOP", "largest single training run at the world frontier in that quarter"),
    (
        "years_behind",
        "float",
        "years",
        "compute lag, mean over the quarters of the window; a quarter with a longer lag than `lag_cap_years`, or without a "
        "run, counts as `lag_cap_years`; missing if no quarter has a run",
    ),
    ("years_behind_at_end", "float", "years", "compute lag in the last quarter of the window"),
    ("least_years_behind", "float", "years", "smallest compute lag in the window"),
    (
        "quarters_without_run",
        "integer",
        "quarters",
        "quarters of the window that count as `lag_cap_years`",
    ),
    (
        "capability_lag_years",
        "float",
        "years",
        "capability lag, with better algorithms counted; mean over the window as in `years_behind`",
    ),
)
_OTHER_READINGS = _columns(
    (
        "whole_machine_years_behind",
        "float",
        "years",
        "compute lag of the largest run if one project had whole machines; mean over the window as in `years_behind`",
    ),
    (
        "all_machines_years_behind",
        "float",
        "years",
        "compute lag of all machines as if they were one, the sum of what each could train; mean over the window",
    ),
    (
        "program_years_behind",
        "float",
        "years",
        "compute lag of the largest run of one project on the program's machines alone; mean over the window; a quarter "
        "without such a machine counts as `lag_cap_years`",
    ),
    (
        "program_gain_years",
        "float",
        "years",
        "years by which the program's machines reduce `years_behind`: the lag of the machines that stood before, less it",
    ),
    (
        "quarters_without_program",
        "float",
        "share",
        "share of the window's quarters in which no machine of the program works",
    ),
)
PRICES = tuple(field.name for field in fields(Prices))
TABLES: dict[str, tuple[Column, ...]] = {
    "worlds": _columns(
        ("sites", "integer", "sites", "facilities under contract by the last quarter"),
        ("hosts", "integer", "states", "states with at least one facility"),
        ("two_site_states", "integer", "states", "states with two facilities or more"),
        (
            "committed_eur_bn",
            "float",
            "EUR bn",
            "sum of the plans that passed, including selections canceled later, without sites that hosts build outside "
            "the program",
        ),
        (
            "spend_eur_bn",
            "float",
            "EUR bn",
            "what the contracted facilities cost: machines, building, services",
        ),
        ("unspent_eur_bn", "float", "EUR bn", "envelope less committed money"),
        ("aggregate_accelerators", "float", "accelerators", "accelerators of all facilities together"),
        (
            "open_accelerators",
            "float",
            "accelerators",
            "accelerators that the largest run does not use and that are open to all, idle or not",
        ),
        (
            "h100_equivalents",
            "float",
            "H100",
            "accelerators of all facilities in units of one NVIDIA H100, by peak FLOP/s",
        ),
        ("largest_site_accelerators", "float", "accelerators", "accelerators of the largest facility"),
    )
    + _READING
    + _OTHER_READINGS
    + _columns(
        (
            "price_of_politics",
            "float",
            "years",
            "years behind, less those of a planner with the same envelope; in an experiment missing unless `outcomes` names "
            "a price",
        ),
        (
            "price_where",
            "float",
            "years",
            "part of the price that a planner with only the committed money would save",
        ),
        (
            "price_unspent",
            "float",
            "years",
            "rest of the price: what a planner would save with the money that was not committed",
        ),
        (
            "price_all_sites",
            "float",
            "years",
            "price of politics against a planner who may use every candidate site",
        ),
        (
            "equilibria",
            "string",
            "",
            "whether bargaining has 'one' or 'several' equilibria; only under `expect = stationary`",
        ),
        (
            "equilibrium",
            "integer",
            "",
            "number of the equilibrium in use, in the order of the search's starts; 0 without `expect = stationary`",
        ),
        (
            "expectation_error",
            "float",
            "1",
            "largest standard error of a state's continuation value, in mean stakes, above 0.05 if rough; only under "
            "`expect = stationary`",
        ),
        (
            "hhi_spend",
            "float",
            "1",
            "Herfindahl-Hirschman index of the states' shares of spending; 1 if one state has all",
        ),
        (
            "first_operation",
            "quarter",
            "quarter",
            "first quarter in which a facility works; missing if none does",
        ),
        ("rounds", "integer", "rounds", "rounds of bargaining, or waves of the call for proposals"),
        ("exited_labs", "integer", "labs", "labs of the Union that have left for a cloud abroad"),
        (
            "welfare_eur_bn",
            "float",
            "EUR bn",
            "sum of the states' payoffs: of `utility_eur_bn` in the table `states`",
        ),
    ),
    "states": _columns(
        ("state", "string", "", "code of the state"),
        ("sites", "integer", "sites", "facilities in the state under contract by the last quarter"),
        (
            "first_wave",
            "integer",
            "wave",
            "wave or round in which its first facility was selected; 0 if it has none",
        ),
        ("accelerators", "float", "accelerators", "accelerators of the facilities in the state"),
        ("received_eur_bn", "float", "EUR bn", "what the facilities in the state cost"),
        (
            "paid_eur_bn",
            "float",
            "EUR bn",
            "what the state pays for all facilities, including its share of the Union's part",
        ),
        ("private_eur_bn", "float", "EUR bn", "what labs and companies pay for the facilities in the state"),
        (
            "transfer_eur_bn",
            "float",
            "EUR bn",
            "side payments received for its votes, less its part of those paid; 0 without side payments",
        ),
        (
            "utility_eur_bn",
            "float",
            "EUR bn",
            "its payoff from what was decided: sites, money spent at home, payments, side payments, and the results that are "
            "expected at the announcement",
        ),
        ("yes_votes", "integer", "votes", "ballots in which the state voted yes"),
        ("no_votes", "integer", "votes", "ballots in which the state voted no"),
    ),
    "facilities": _columns(
        ("site", "string", "", "name of the candidate site"),
        ("state", "string", "", "code of the host"),
        ("city", "string", "", "city or region"),
        ("selected", "quarter", "quarter", "quarter of selection"),
        ("contracted", "quarter", "quarter", "quarter of the contract"),
        (
            "operational",
            "quarter",
            "quarter",
            "first quarter in which it works; missing if that is after the horizon",
        ),
        ("accelerators", "float", "accelerators", "accelerators bought"),
        ("power_mw", "float", "MW", "electric power at the meter"),
        ("spend_eur_bn", "float", "EUR bn", "what the facility cost"),
        ("award_years", "float", "years", "from selection to the award of the first tender"),
        ("retender_years", "float", "years", "further tenders after a failed one; 0 if none failed"),
        ("failed_tenders", "integer", "tenders", "tenders that failed"),
        ("litigation_years", "float", "years", "delay of the award in court; 0 if nobody sued"),
        ("building_years", "float", "years", "construction, without the wait for the grid"),
        (
            "grid_years",
            "float",
            "years",
            "wait for grid power above the headroom, counted from operation. The four durations above it sum to the time from "
            "selection to operation; dates are rounded to quarters",
        ),
    ),
    "votes": _columns(
        ("quarter", "quarter", "quarter", "quarter of the ballot"),
        ("agenda", "string", "", "agenda rule under which the offer was made"),
        ("rule", "string", "", "voting rule"),
        ("yes", "string", "", "codes of those who voted yes; EU is the Commission"),
        ("no", "string", "", "codes of those who voted no"),
        ("abstain", "string", "", "codes of those who abstained"),
        ("passed", "boolean", "", "whether the ballot passed"),
    ),
    "timeline": _columns(
        ("quarter", "quarter", "quarter", "quarter that the row describes"),
        ("selected", "integer", "sites", "facilities selected by then and not canceled"),
        ("contracted", "integer", "sites", "facilities under contract"),
        ("working", "integer", "sites", "facilities that work in the quarter"),
        ("working_accelerators", "float", "accelerators", "accelerators of the facilities that work"),
        ("exited_labs", "integer", "labs", "labs of the Union that have left for a cloud abroad"),
    )
    + _RACE,
    "decisions": _columns(
        ("quarter", "quarter", "quarter", "quarter of the decision"),
        ("family", "string", "", "what was decided: bid, vote, draft or endorse"),
        ("actor", "string", "", "code of the state that decides, or of the commissioner's state"),
        ("plan", "integer", "", "number of the draft; missing for bids and votes"),
        (
            "decision",
            "float",
            "",
            "bid: its size in EUR bn; vote or endorsement: 1 yes, 0 abstention, -1 no; draft: 1 if it was chosen",
        ),
        (
            "wanted_eur_bn",
            "float",
            "EUR bn",
            "size that the state would bid if its application were ready and its site large enough",
        ),
        (
            "trophies_eur_bn",
            "float",
            "EUR bn",
            "payoff: trophies (prestige of hosting), less the fixed cost of hosting",
        ),
        ("local_eur_bn", "float", "EUR bn", "payoff: money spent in the state"),
        ("race_eur_bn", "float", "EUR bn", "payoff: the Union's position in the AI race"),
        ("open_eur_bn", "float", "EUR bn", "payoff: computing capacity that is open to all"),
        ("payment_eur_bn", "float", "EUR bn", "payoff: what the state pays under the funding rule, negative"),
        ("transfer_eur_bn", "float", "EUR bn", "payoff: side payments received, less those paid"),
        ("utility_eur_bn", "float", "EUR bn", "payoff: the sum of the terms"),
        ("reservation_eur_bn", "float", "EUR bn", "reservation value with which the payoff is compared"),
        ("score", "float", "1", "the commissioner's score of the draft"),
    ),
}
DEFAULT = ("worlds", "states", "facilities", "votes")


TAKEN.update(column.name for column in TABLES["worlds"])


def own_columns(table: str) -> tuple[Column, ...]:
    """The columns of a table without its keys; those of `worlds` include the user's own outcomes."""
    if table != "worlds":
        return TABLES[table]
    return TABLES[table] + tuple(Column(o.name, "float", o.unit, o.meaning) for o in USER_OUTCOMES.values())


def columns(table: str) -> tuple[Column, ...]:
    """The columns of a table, its keys first."""
    return KEYS + own_columns(table)


def chosen(names: Iterable[str]) -> tuple[str, ...]:
    """Return the tables asked for, in the order of `TABLES`; BadInput if one is unknown or none is named."""
    wanted = set(names)
    for name in sorted(wanted):
        if name not in TABLES:
            raise BadInput(f"`tables` names {name!r}, which is not a table; {near(name, TABLES)}")
    if not wanted:
        raise BadInput(f"`tables` names none; choose from {', '.join(TABLES)}.")
    return tuple(name for name in TABLES if name in wanted)


def dictionary(table: str) -> str:
    """The columns of a table as a Markdown table, as in `runs/README.md`."""
    lines = ["| column | kind | unit | meaning |", "|---|---|---|---|"]
    lines += [f"| `{c.name}` | {c.kind} | {c.unit or '-'} | {c.meaning} |" for c in TABLES[table]]
    return "\n".join(lines)
