"""The tidy tables of a result: what they hold, column by column, and how outcomes become them.

`TABLES` is the data dictionary: `runs/README.md` prints it, exports label columns from it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from juste_retour.abm.calendar import label
from juste_retour.abm.outcomes import Outcomes
from juste_retour.abm.planner.price import Prices
from juste_retour.abm.reader import series
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
            "years behind, less those of a planner with the same envelope",
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


def columns(table: str) -> tuple[Column, ...]:
    """The columns of a table, its keys first."""
    return KEYS + TABLES[table]


def chosen(names: Iterable[str]) -> tuple[str, ...]:
    """Return the tables asked for, in the order of `TABLES`; BadInput where one is unknown."""
    wanted = set(names)
    for name in sorted(wanted):
        if name not in TABLES:
            raise BadInput(f"tables: {name!r} is not a table; {near(name, TABLES)}")
    if not wanted:
        raise BadInput(f"tables: none is named; known are {', '.join(TABLES)}.")
    return tuple(name for name in TABLES if name in wanted)


def frames(
    outcomes: Outcomes, tables: Iterable[str] = DEFAULT, design: Mapping[str, Any] | None = None
) -> dict[str, pd.DataFrame]:
    """Return the tables of some worlds.

    Args:
        outcomes: what the worlds yielded.
        tables: names of the tables wanted.
        design: further keys, each one value or one a world, that stand behind scenario, seed and replicate.
    """
    return {
        name: _framed(outcomes, name, *_BUILDERS[name](outcomes), design or {}) for name in chosen(tables)
    }


def joined(parts: list[dict[str, pd.DataFrame]]) -> dict[str, pd.DataFrame]:
    """Join the tables of several chunks, in their order."""
    return {name: pd.concat([part[name] for part in parts], ignore_index=True) for name in parts[0]}


def _framed(
    outcomes: Outcomes,
    name: str,
    rows: NDArray[np.int64],
    found: Mapping[str, Any],
    design: Mapping[str, Any],
) -> pd.DataFrame:
    worlds = len(outcomes.replicates)
    keys: dict[str, Any] = {
        "scenario": _texts([s.name for s in outcomes.scenarios], rows),
        "seed": np.full(len(rows), outcomes.seed, dtype=np.int64),
        "replicate": outcomes.replicates[rows],
    }
    for key, value in design.items():
        keys[key] = np.broadcast_to(np.asarray(value), (worlds,))[rows]
    for column in TABLES[name]:
        if column.name in found:
            keys[column.name] = _typed(column, found[column.name])
    return pd.DataFrame(keys)


def _typed(column: Column, values: Any) -> Any:
    if column.kind == "quarter":
        return _quarters(values)
    if column.kind == "real":
        values = np.asarray(values, dtype=np.float64)
        return np.where(np.isfinite(values), values, np.nan)
    if column.kind == "whole":
        values = np.asarray(values)
        return values if values.dtype.kind == "f" else values.astype(np.int64)
    return values


def _texts(words: Iterable[str], index: Any) -> pd.Series:
    return pd.Series(np.array(list(words), dtype=object)[index], dtype="str")


def _quarters(values: Any) -> Any:
    """Numbers of quarters as "2026Q3", -1 as missing; texts stay."""
    values = np.asarray(values)
    if values.dtype.kind not in "iu":
        return pd.Series(values, dtype="str")
    numbers, index = np.unique(values, return_inverse=True)
    words = np.array([label(int(n)) if n >= 0 else None for n in numbers] or [None], dtype=object)
    return pd.Series(words[index], dtype="str")


Built = tuple[NDArray[np.int64], dict[str, Any]]


def _worlds(o: Outcomes) -> Built:
    found = dict(o.worlds)
    if np.isnan(found["price_of_politics"]).all():  # no price was asked for
        found = {name: values for name, values in found.items() if name not in PRICES}
    return np.arange(len(o.replicates)), found


def _states(o: Outcomes) -> Built:
    worlds, count = o.states["sites"].shape
    rows = np.repeat(np.arange(worlds), count)
    return rows, {
        "state": _texts(o.members.states.codes, np.tile(np.arange(count), worlds)),
        **{name: np.asarray(values).reshape(-1) for name, values in o.states.items()},
    }


def _facilities(o: Outcomes) -> Built:
    site = o.facilities["site"]
    sites = o.members.sites
    return o.facilities["world"], {
        **o.facilities,
        "site": _texts(sites.names, site),
        "state": _texts(o.members.states.codes, sites.state[site]),
        "city": _texts(sites.cities, site),
    }


def _votes(o: Outcomes) -> Built:
    codes = np.array([*o.members.states.codes, "EU"], dtype=object)
    parts: list[dict[str, Any]] = []
    for ballot in o.votes:
        yes, no = ballot.yes, ballot.no
        union = ballot.union_yes[:, None]
        seated = np.full(union.shape, ballot.commission_votes)
        sides = {
            "yes": np.hstack([yes, union & seated]),
            "no": np.hstack([no, ~union & seated]),
            "abstain": np.hstack([~yes & ~no, np.zeros(union.shape, bool)]),
        }
        count = len(yes)
        parts.append(
            {
                "row": ballot.worlds,
                "passed": ballot.passed,
                **{name: [getattr(ballot, name)] * count for name in ("quarter", "agenda", "rule")},
                **{name: [" ".join(codes[row]) for row in side] for name, side in sides.items()},
            }
        )
    rows = np.concatenate([p["row"] for p in parts]) if parts else np.zeros(0, dtype=np.int64)
    order = np.argsort(rows, kind="stable")
    found: dict[str, Any] = {
        "passed": (np.concatenate([p["passed"] for p in parts]) if parts else np.zeros(0, dtype=bool))[order]
    }
    for name in ("quarter", "agenda", "rule", "yes", "no", "abstain"):
        found[name] = _texts([word for p in parts for word in p[name]], order)
    return rows[order], found


def _timeline(o: Outcomes) -> Built:
    worlds, quarters = len(o.replicates), len(o.timeline)
    rows = np.repeat(np.arange(worlds), quarters)
    if not quarters:
        return rows, {column.name: np.zeros(0) for column in TABLES["timeline"]}
    found = {name: series(o.timeline, name).reshape(-1) for name in o.timeline[0].columns()}
    words = _texts([q.quarter for q in o.timeline], np.tile(np.arange(quarters), worlds))
    return rows, {"quarter": words} | found


def _decisions(o: Outcomes) -> Built:
    from juste_retour.runs.decisions import records

    return records(o)


_BUILDERS: dict[str, Callable[[Outcomes], Built]] = {
    "worlds": _worlds,
    "states": _states,
    "facilities": _facilities,
    "votes": _votes,
    "timeline": _timeline,
    "decisions": _decisions,
}


def dictionary(table: str) -> str:
    """The data dictionary of a table in Markdown, as in `runs/README.md`."""
    lines = ["| column | kind | unit | meaning |", "|---|---|---|---|"]
    lines += [f"| `{c.name}` | {c.kind} | {c.unit or '-'} | {c.meaning} |" for c in TABLES[table]]
    return "\n".join(lines)
