"""Why: ballots with their thresholds, decisions with their payoff terms, facilities with what they yield."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.calendar import label
from abm.delivery import operations
from abm.delivery.building import NEVER
from abm.politics.conditions import Ballot
from abm.politics.council import Council
from abm.politics.tables.table import recognised
from abm.world import World
from agents.rules import family

PROPOSERS = {
    "closed_rule": "A state is drawn to propose; all others take it or leave it",
    "open_rule": "A state is drawn to propose; others may amend",
    "open_call": "The states apply, experts rank, the board decides",
    "planner": "A planner chooses the best sites; nobody votes",
    "exchange": "The states trade with each other",
    "omnibus": "One state opens a package into which the others put their wishes",
    "nash_bargaining": "All states bargain together",
    "compromise": "The states meet in the middle",
    "relocation_ballot": "The states rank the candidates",
}


def who_proposes(world: World) -> str:
    """Who makes the proposal under the scenario's agenda, in plain words."""
    rule = world.scenario.rules["agenda"].rule
    if rule == "single_decider":
        name = world.scenario.decider
        if name == "EU":
            return "One ministry decides alone"
        who = (
            world.states.names[world.states.index(name)]
            if name in world.states.codes
            else name.replace("_", " ").title()
        )
        return f"{who} decides alone"
    if rule == "commission_proposal":
        lead = world.college.names[world.college.lead] if world.college.count else "the Commission"
        return f"{lead} drafts for the Commission; the Council votes"
    return PROPOSERS.get(rule, f"By the rule {rule.replace('_', ' ')}")


def proposed_by(world: World) -> str:
    """Who makes this quarter's proposal: by name where a state was drawn for it."""
    by = world.settings("agenda").get("recognition")
    if by is None:
        return who_proposes(world)
    state = int(recognised(Council(world, np.arange(1)), str(by))[0])
    return f"{world.states.names[state]} proposes"


def _short(value: Any) -> float | None:
    value = float(value)
    return round(value, 6) if np.isfinite(value) else None


def _list(values: Any) -> list[float | None]:
    return [_short(x) for x in np.asarray(values, dtype=np.float64).reshape(-1)]


def ballot(world: World, record: dict[str, Any], proposer: str) -> dict[str, Any]:
    """One ballot: who voted how, each threshold with what was reached, who could have tipped it, who was won by a site."""
    votes = np.asarray(record["votes"])[0]
    yes, no = votes > 0, votes < 0
    union_yes = bool(np.asarray(record["union_yes"])[0])
    weight = record.get("weight")
    cast = Ballot(yes[None], no[None], np.array([union_yes]), weight, world.decider)
    population = world.states.population
    hosting = np.asarray(record["offer"].sites)[0] > world_sites(record)
    return {
        "quarter": record["quarter"],
        "agenda": world.scenario.rules["agenda"].rule,
        "rule": world.scenario.rules["voting"].rule,
        "proposer": proposer,
        "yes": np.flatnonzero(yes).tolist(),
        "no": np.flatnonzero(no).tolist(),
        "abstain": np.flatnonzero(~yes & ~no).tolist(),
        "union_yes": union_yes if world.commission_votes else None,
        "passed": bool(record["passed"][0]),
        "states_share": float(yes.sum() / world.states.count),
        "people_share": float((yes * population).sum() / population.sum()),
        "conditions": _conditions(world, cast),
        "pivotal": _pivotal(world, yes, no, union_yes, weight),
        "coalition": np.flatnonzero(yes & hosting).tolist(),
    }


def world_sites(record: dict[str, Any]) -> NDArray[np.int64]:
    """Sites that each state keeps if the ballot fails; (states,)."""
    failed = record.get("failed")
    return np.zeros(1, dtype=np.int64) if failed is None else np.asarray(failed.sites)[0]


def _conditions(world: World, cast: Ballot) -> list[dict[str, Any]]:
    rule = world.choice("voting")
    conditions = rule.marks.get("conditions")
    if conditions is None:
        return []
    majority = conditions(cast, world.states, **_plain(world.settings("voting")))
    found = []
    for way, tests in enumerate(majority.ways):
        for condition in tests:
            reached = int(np.max(condition.reached(cast, majority.reverse)))
            weights = np.broadcast_to(np.asarray(condition.weights), (1, world.states.count))
            full = int(weights.sum()) + int(np.max(condition.union if condition.union is not None else 0))
            quota = int(np.max(condition.quota))
            found.append(
                {
                    "says": condition.says,
                    "way": way,
                    "against": bool(majority.reverse),
                    "reached": reached,
                    "quota": quota,
                    "full": max(full, quota),
                    "met": reached >= quota,
                }
            )
    return found


def _plain(settings: dict[str, Any]) -> dict[str, Any]:
    """Whole and text settings as they are, numbers over worlds as the one world's."""
    return {
        k: np.asarray(v).reshape(-1)[0].item() if isinstance(v, np.ndarray) else v
        for k, v in settings.items()
    }


def _pivotal(world: World, yes: Any, no: Any, union_yes: bool, weight: Any) -> list[int]:
    """States whose other vote would have turned the result; all are tried at once, one a world."""
    n = world.states.count
    flip = np.eye(n, dtype=bool)
    other_yes = np.where(flip, ~yes, yes)
    other_no = np.where(flip, yes, no)
    weights = None if weight is None else np.broadcast_to(np.asarray(weight), (n, n))
    settings = {
        k: np.broadcast_to(v, (n, *v.shape[1:])) if isinstance(v, np.ndarray) else v
        for k, v in world.settings("voting").items()
    }
    rule = family("voting")[world.scenario.rules["voting"].rule]
    now = world.decide(
        "voting", Ballot(yes[None], no[None], np.array([union_yes]), weight, world.decider), world.states
    )
    then = rule(
        Ballot(other_yes, other_no, np.full(n, union_yes), weights, world.decider), world.states, **settings
    )
    return np.flatnonzero(np.asarray(then) != np.asarray(now)[0]).tolist()


def decision(world: World, record: dict[str, Any]) -> dict[str, Any]:
    """A decision of every state or commissioner, with its terms."""
    kind = record["family"]
    out: dict[str, Any] = {"quarter": record["quarter"], "kind": kind}
    if kind == "draft":
        scores, choice = np.asarray(record["scores"])[0], int(np.asarray(record["choice"])[0])
        return out | {
            "plans": scores.shape[0],
            "chosen": choice,
            "own_best": scores.argmax(0).tolist(),
            "best_score": _list(scores.max(0)),
            "score": _list(scores[choice]) if choice >= 0 else None,
            "endorsed": np.asarray(record["endorsed"])[0, choice].tolist() if choice >= 0 else None,
        }
    offer = record["offer"]
    utility = np.asarray(offer.utility)[0]
    reservation = np.broadcast_to(np.asarray(record["reservation"]), offer.utility.shape)[0]
    out |= {
        "terms": {name: _list(values[0]) for name, values in offer.terms().items()},
        "utility": _list(utility),
        "reservation": _list(reservation),
    }
    if kind == "bid":
        return out | {
            "size": _list(np.asarray(record["size"])[0]),
            "able": np.asarray(record["able"])[0].tolist(),
        }
    short = reservation - float(np.asarray(world.p.dissent_cost_eur_bn).reshape(-1)[0]) - utility
    letters = record.get("letters")
    if letters is not None:
        out |= {
            "letter_site": np.asarray(letters.site)[0].tolist(),
            "letter_eur_bn": _list(np.asarray(letters.money)[0]),
        }
    return out | {
        "decision": np.asarray(record["votes"])[0].astype(int).tolist(),
        "needed": _list(np.maximum(short, 0.0)),
    }


def facilities(world: World, built: NDArray[np.int64]) -> list[dict[str, Any]]:
    """The facilities that were ever selected: where, how large, when, and what a run on them would yield."""
    d, sites, practice, p = world.delivered, world.sites, world.practice, world.p
    chips = d.chips
    share = np.broadcast_to(operations.goodput(chips, practice, p), chips.shape)
    _, waiting = operations.losses(chips, practice, p)
    waiting = np.broadcast_to(waiting, chips.shape)
    hours = np.broadcast_to(operations.mtbf(np.maximum(chips, 1.0), p), chips.shape)

    def when(value: Any) -> str | None:
        return None if value >= NEVER or value < 0 else label(int(value))

    def one(value: Any) -> float:
        return float(np.asarray(value, dtype=np.float64).reshape(-1)[0])

    found = []
    for j in built:
        cancelled = bool(d.cancelled[0, j])
        found.append(
            {
                "site": sites.names[j],
                "index": int(j),
                "city": sites.cities[j],
                "state": int(sites.state[j]),
                "latitude": float(sites.latitude[j]),
                "longitude": float(sites.longitude[j]),
                "accelerators": float(d.chips[0, j]),
                "spend_eur_bn": float(d.spend[0, j]),
                "power_mw": float(d.power_mw[0, j]),
                "headroom_mw": float(sites.headroom[j]),
                "wave": int(world.wave[0, j]),
                "pledged_eur_bn": float(world.pledged[0, j]),
                "own_money": bool(world.own_money[0, j]),
                "selected": when(world.selected[0, j]),
                "contracted": None if cancelled else when(d.contracted[0, j]),
                "operational": None if cancelled else when(d.ready[0, j]),
                "cancelled": cancelled,
                "years_to_contract": float((d.contracted[0, j] - world.selected[0, j]) / 4),
                "years_to_open": float((d.ready[0, j] - world.selected[0, j]) / 4),
                "goodput": float(share[0, j]),
                "waiting_per_hour": float(waiting[0, j]),
                "hours_between_failures": float(hours[0, j]),
                "person_wait_h": one(practice.person_wait_h),
                "repair_h": one(practice.repair_h),
            }
        )
    return found
