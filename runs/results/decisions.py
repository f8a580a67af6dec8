"""The table `decisions`: what each state and commissioner decided, with the terms of its payoff."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from juste_retour.abm.outcomes import Outcomes
from juste_retour.abm.worlds.records import Bid, DecisionRecord, Draft, Vote
from juste_retour.agents.arrays import Booleans, Floats, Integers

Part = dict[str, ArrayLike]  # columns of some decisions; a single string applies to all rows

_TERMS = ("trophies", "local", "race", "open", "payment", "transfer")
_REAL = (
    "decision",
    "wanted_eur_bn",
    *(f"{term}_eur_bn" for term in _TERMS),
    "utility_eur_bn",
    "reservation_eur_bn",
    "score",
)


def records(o: Outcomes) -> tuple[Integers, dict[str, ArrayLike]]:
    """Return the world (axis index) of each decision and the columns of the table, by world in the order of time."""
    parts = [part for record in o.decisions for part in _parts(o, record)]
    if not parts:
        empty = {name: np.zeros(0) for name in ("plan", *_REAL)}
        return np.zeros(0, dtype=np.int64), {"quarter": [], "family": [], "actor": [], **empty}
    rows = np.concatenate([part["row"] for part in parts])
    order = np.argsort(rows, kind="stable")
    found: dict[str, ArrayLike] = {}
    for name in ("quarter", "family", "actor"):
        found[name] = np.concatenate([np.broadcast_to(part[name], np.shape(part["row"])) for part in parts])[order]
    for name in ("plan", *_REAL):
        found[name] = np.concatenate(
            [np.broadcast_to(part.get(name, np.nan), np.shape(part["row"])).astype(np.float64) for part in parts]
        )[order]
    return rows[order], found


def _parts(o: Outcomes, record: DecisionRecord) -> list[Part]:
    if isinstance(record, Draft):
        return _drafts(o, record)
    if isinstance(record, Bid):
        wanted: Part = {"wanted_eur_bn": record.wanted.reshape(-1)}
        every = np.ones(len(record.worlds), bool)
        return [_of_states(o, record, record.size, every, {"family": "bid"} | wanted)]
    if isinstance(record, Vote):
        return [_of_states(o, record, record.votes, record.held, {"family": "vote"})]
    return []  # records of labs and sites, which have no payoff of these terms


def _of_states(o: Outcomes, record: Bid | Vote, decision: ArrayLike, put: Booleans, made: Part) -> Part:
    """One row per state for a bid or a vote, in the worlds where it was held."""
    states = np.array(o.members.states.codes, dtype=object)
    shape = (len(record.worlds), len(states))
    made |= {
        "row": np.repeat(record.worlds, len(states)),
        "actor": np.tile(states, len(record.worlds)),
        "decision": _flat(decision, shape),
        **{f"{term}_eur_bn": _flat(value, shape) for term, value in record.offer.terms().items()},
        "utility_eur_bn": _flat(record.offer.utility, shape),
        "reservation_eur_bn": _flat(record.reservation, shape),
    }
    kept = np.repeat(put, len(states))
    made = {name: value[kept] if isinstance(value, np.ndarray) else value for name, value in made.items()}
    return {"quarter": record.quarter} | made


def _drafts(o: Outcomes, record: Draft) -> list[Part]:
    """Rows of the commissioner who drafts, then of all who endorse, one per draft."""
    college = np.array(o.members.states.codes, dtype=object)[o.members.college.state]
    worlds, plans, seats = record.scores.shape
    every = (worlds, plans, seats)
    common: Part = {
        "quarter": record.quarter,
        "row": np.repeat(record.worlds, plans * seats),
        "actor": np.tile(college, worlds * plans),
        "plan": np.tile(np.repeat(np.arange(plans), seats), worlds),
        "score": _flat(record.scores, every),
    }
    drafted = record.choice[:, None, None] == np.arange(plans)[None, :, None]
    lead = np.arange(seats) == o.members.college.lead
    return [
        common | {"family": "draft", "decision": _flat(drafted & lead, every)},
        common | {"family": "endorse", "decision": _flat(np.where(record.endorsed, 1, -1), every)},
    ]


def _flat(values: ArrayLike, shape: tuple[int, ...]) -> Floats:
    return np.broadcast_to(np.asarray(values, dtype=np.float64), shape).reshape(-1)
