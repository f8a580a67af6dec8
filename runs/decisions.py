"""The table of decisions: what each state and commissioner decided, with the terms of its payoff."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from juste_retour.abm.outcomes import Outcomes

_TERMS = ("trophies", "local", "race", "open", "payment", "transfer")
_REAL = (
    "decision",
    "wanted_eur_bn",
    *(f"{term}_eur_bn" for term in _TERMS),
    "utility_eur_bn",
    "reservation_eur_bn",
    "score",
)


def records(o: Outcomes) -> tuple[NDArray[np.int64], dict[str, Any]]:
    """Return the world of each decision and the columns of the table, world by world in the order of deciding."""
    parts = [part for record in o.decisions for part in _parts(o, record)]
    if not parts:
        empty = {name: np.zeros(0) for name in ("plan", *_REAL)}
        return np.zeros(0, dtype=np.int64), {"quarter": [], "family": [], "actor": [], **empty}
    rows = np.concatenate([part["row"] for part in parts])
    order = np.argsort(rows, kind="stable")
    found: dict[str, Any] = {}
    for name in ("quarter", "family", "actor"):
        found[name] = np.concatenate([np.broadcast_to(part[name], part["row"].shape) for part in parts])[
            order
        ]
    for name in ("plan", *_REAL):
        found[name] = np.concatenate(
            [np.broadcast_to(part.get(name, np.nan), part["row"].shape).astype(np.float64) for part in parts]
        )[order]
    return rows[order], found


def _parts(o: Outcomes, record: dict[str, Any]) -> list[dict[str, Any]]:
    states = np.array(o.members.states.codes, dtype=object)
    worlds = np.asarray(record["worlds"])
    head = {"quarter": record["quarter"]}
    if record["family"] not in ("bid", "vote", "draft"):
        return []  # the labs', which have no payoff of these terms
    if "offer" in record:
        shape = (len(worlds), len(states))
        wanted = record["wanted"] if record["family"] == "bid" else np.nan
        decision = record["size"] if record["family"] == "bid" else record["votes"]
        terms = record["offer"].terms()
        put = np.broadcast_to(record.get("held", True), len(worlds))  # elsewhere no ballot was called
        made = head | {
            "family": record["family"],
            "row": np.repeat(worlds, len(states)),
            "actor": np.tile(states, len(worlds)),
            "decision": _flat(decision, shape),
            "wanted_eur_bn": _flat(wanted, shape),
            **{f"{term}_eur_bn": _flat(terms[term], shape) for term in _TERMS},
            "utility_eur_bn": _flat(record["offer"].utility, shape),
            "reservation_eur_bn": _flat(record["reservation"], shape),
        }
        kept = np.repeat(put, len(states))
        return [
            {name: value[kept] if isinstance(value, np.ndarray) else value for name, value in made.items()}
        ]
    college = states[o.members.college.state]
    scores = np.asarray(record["scores"])
    plans, seats = scores.shape[1:]
    every = (len(worlds), plans, seats)
    common = head | {
        "row": np.repeat(worlds, plans * seats),
        "actor": np.tile(college, len(worlds) * plans),
        "plan": np.tile(np.repeat(np.arange(plans), seats), len(worlds)),
        "score": _flat(scores, every),
    }
    drafted = np.asarray(record["choice"])[:, None, None] == np.arange(plans)[None, :, None]
    lead = np.arange(seats) == o.members.college.lead
    return [
        common | {"family": "draft", "decision": _flat(drafted & lead, every)},
        common | {"family": "endorse", "decision": _flat(np.where(record["endorsed"], 1, -1), every)},
    ]


def _flat(values: Any, shape: tuple[int, ...]) -> NDArray[np.float64]:
    return np.broadcast_to(np.asarray(values, dtype=np.float64), shape).reshape(-1)
