"""Ballots, decisions, facilities and proposers for the page, as plain JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import SupportsFloat

import numpy as np
from numpy.typing import ArrayLike, NDArray

from juste_retour.abm.bargaining.council import Council
from juste_retour.abm.bargaining.facts import Facts
from juste_retour.abm.bargaining.tables.bargaining_table import recognized
from juste_retour.abm.base.calendar import label, year
from juste_retour.abm.delivery import operations
from juste_retour.abm.delivery.building import NEVER, TO_CONTRACT, TO_OPERATION
from juste_retour.abm.explanations.reader import ballot_of, needed, pivotal, thresholds
from juste_retour.abm.explanations.recount import Smallest, blocking, turning
from juste_retour.abm.worlds.cohorts import SiteMachines
from juste_retour.abm.worlds.environment import Environment
from juste_retour.abm.worlds.records import Bid, Draft, Selection, Vote
from juste_retour.visualization.names import lab_title
from juste_retour.visualization.views.told import Told, told

SETS = 6  # how many of the smallest sets of states are listed

PROPOSERS = {
    "closed_rule": "A state is drawn to propose; all others take it or leave it",
    "open_rule": "A state is drawn to propose; others may amend",
    "open_call": "The states apply, experts rank, the board decides",
    "planner": "A planner chooses the best sites; nobody votes",
    "uncoordinated": "Every owner builds at its own site; nobody votes",
    "exchange": "The states trade with each other",
    "omnibus": "One state proposes a package, and the others add their requests",
    "nash_bargaining": "All states bargain together",
    "compromise": "The states agree on a compromise",
    "relocation_ballot": "The states rank the candidates",
}


def who_proposes(env: Environment) -> Told:
    """A sentence on who makes the proposal under the scenario's agenda."""
    rule = env.institutions.scenario.rules["agenda"].rule
    if rule == "single_decider":
        name = env.institutions.scenario.decider
        if name == "EU":
            return told("One ministry decides alone")
        who = (
            env.world.states.names[env.world.states.index(name)] if name in env.world.states.codes else lab_title(name)
        )
        return told("{who} decides alone", who=who)
    if rule == "commission_proposal":
        if not env.world.college.count:
            return told("The Commission drafts; the Council votes")
        lead = env.world.college.names[env.world.college.lead]
        return told("{who} drafts for the Commission; the Council votes", who=lead)
    if rule in PROPOSERS:
        return told(PROPOSERS[rule])
    return told("By the rule {rule}", rule=rule.replace("_", " "))


def proposed_by(env: Environment) -> Told:
    """A sentence on who makes this quarter's proposal, with the name of the state if one was drawn."""
    by = env.institutions.settings("agenda").get("recognition")
    if by is None:
        return who_proposes(env)
    state = int(recognized(Council(env, np.arange(1)), str(by))[0])
    return told("{who} proposes", who=env.world.states.names[state])


def _short(value: SupportsFloat) -> float | None:
    number = float(value)
    return round(number, 6) if np.isfinite(number) else None


def _list(values: ArrayLike) -> list[float | None]:
    return [_short(x) for x in np.asarray(values, dtype=np.float64).reshape(-1)]


def ballot(env: Environment, record: Vote, proposer: Told) -> dict[str, object]:
    """A ballot: the votes, each threshold with the votes reached, and the states that were decisive or received a site.

    `pivotal` are states that alone could have changed the result. `turning` has the smallest sets of states whose other votes
    would have changed it; `blocking`, after a rejection, the smallest sets that reject even if all others vote yes.
    `coalition` are states that voted yes and would host an additional site.
    """
    votes = ballot_of(env, record)
    yes, no, population = votes.yes[0], votes.no[0], env.world.states.population
    hosting = record.offer.sites[0] > record.failed.sites[0]
    return {
        "quarter": record.quarter,
        "agenda": env.institutions.scenario.rules["agenda"].rule,
        "rule": env.institutions.scenario.rules["voting"].rule,
        "proposer": proposer,
        "yes": np.flatnonzero(yes).tolist(),
        "no": np.flatnonzero(no).tolist(),
        "abstain": np.flatnonzero(~yes & ~no).tolist(),
        "union_yes": bool(votes.union_yes[0]) if env.institutions.commission_votes else None,
        "passed": bool(record.passed[0]),
        "states_share": float(yes.sum() / env.world.states.count),
        "people_share": float((yes * population).sum() / population.sum()),
        "conditions": [asdict(threshold) for threshold in thresholds(env, record)],
        "pivotal": np.flatnonzero(pivotal(env, record)).tolist(),
        "turning": _few(turning(env, record)),
        "blocking": None if record.passed[0] else _few(blocking(env, record)),
        "coalition": np.flatnonzero(yes & hosting).tolist(),
    }


def _few(found: Smallest) -> dict[str, object]:
    """The first `SETS` of the smallest sets, with their size and number."""
    return {
        "size": found.size,
        "tried": found.tried,
        "count": len(found.sets),
        "sets": [list(members) for members in found.sets[:SETS]],
    }


def decision(env: Environment, record: Bid | Draft | Vote) -> dict[str, object]:
    """The decisions of all states or commissioners, with the terms of their payoffs."""
    out: dict[str, object] = {"quarter": record.quarter, "kind": type(record).__name__.lower()}
    if isinstance(record, Draft):
        scores, choice = record.scores[0], int(record.choice[0])
        return out | {
            "plans": scores.shape[0],
            "chosen": choice,
            "own_best": scores.argmax(0).tolist(),
            "best_score": _list(scores.max(0)),
            "score": _list(scores[choice]) if choice >= 0 else None,
            "endorsed": record.endorsed[0, choice].tolist() if choice >= 0 else None,
        }
    out |= {
        "terms": {name: _list(values[0]) for name, values in record.offer.terms().items()},
        "utility": _list(record.offer.utility[0]),
        "reservation": _list(record.reservation[0]),
    }
    if isinstance(record, Bid):
        return out | {"size": _list(record.size[0]), "able": record.able[0].tolist()}
    letters = record.letters
    if letters is not None:
        out |= {"letter_site": letters.site[0].tolist(), "letter_eur_bn": _list(letters.money[0])}
    return out | {"decision": record.votes[0].astype(int).tolist(), "needed": _list(needed(env, record)[0])}


def wave(env: Environment, record: Selection, bid: Bid | None) -> dict[str, object]:
    """What limits the sites that were just selected, as numbers of sites by the first reason that applies.

    Of `limits`, `match` is the host's own share, `power` that of the site, `tender` the largest bid of a call, `money` the
    envelope, and `choice` that nobody asked for more. In a call, `late` and `unable` are the numbers of states without a
    finished application, and without a free site that has power and match.
    """
    facts, p = Facts(env, np.arange(1)), env.world.p
    (at,) = np.nonzero(record.chosen[0])
    plan = record.plan[0, at]
    binds = {
        "match": facts.host_room[0, env.world.sites.state[at]] < p.smallest_eur_bn[0],
        "power": plan > 0.99 * facts.cap[0, at],
        "tender": (bid is not None) & (plan > 0.99 * p.ceiling_eur_bn[0]),
        "money": np.broadcast_to(facts.envelope[0] < p.smallest_eur_bn[0], plan.shape),
    }
    first = np.select(list(binds.values()), list(binds), "choice")
    late, unable = (0, 0) if bid is None else ((~bid.ready).sum(), (bid.ready & ~bid.able).sum())
    return {
        "quarter": record.quarter,
        "sites": len(at),
        "limits": {str(name): int(n) for name, n in zip(*np.unique(first, return_counts=True), strict=True)},
        "late": int(late),
        "unable": int(unable),
    }


def _planned(env: Environment, j: int) -> dict[str, float]:
    """Planned years to award and to build when a site was selected; the plan has no litigation and no second tender."""
    program = env.world.program
    date = year(int(program.selected[0, j]))
    procedure = env.institutions.procedure_in(date, np.zeros(1, dtype=np.int64), env.streams)
    award = float(np.broadcast_to(procedure.award_years, program.selected.shape)[0, j])
    return {"award_years": award, "building_years": float(program.delivered.expected[0, j]) - date - award}


def facilities(env: Environment, built: NDArray[np.int64]) -> list[dict[str, object]]:
    """The facilities that were ever selected (indices `built`): place, size, dates, delays and efficiency of a run."""
    d, sites, practice, p = (
        env.world.program.delivered,
        env.world.sites,
        env.institutions.practice,
        env.world.p,
    )
    chips = d.chips
    share = np.broadcast_to(operations.goodput(chips, practice, p), chips.shape)
    *_, waiting = operations.losses(chips, practice, p)
    waiting = np.broadcast_to(waiting, chips.shape)
    hours = np.broadcast_to(operations.mtbf(np.maximum(chips, 1.0), p), chips.shape)

    def when(value: np.integer) -> str | None:
        return None if value >= NEVER or value < 0 else label(int(value))

    def one(value: ArrayLike) -> float:
        return float(np.asarray(value, dtype=np.float64).reshape(-1)[0])

    machines = SiteMachines(env.world.program, np.arange(1), env.world.now)
    owned = {  # all orders under contract, or the first order if the project was canceled
        name: np.where(d.cancelled, getattr(d, name), machines.contracted(name))
        for name in ("chips", "spend", "power_mw")
    }
    found = []
    for j in built:
        cancelled = bool(d.cancelled[0, j])
        causes = TO_CONTRACT if cancelled else TO_OPERATION
        found.append(
            {
                "site": sites.names[j],
                "index": int(j),
                "city": sites.cities[j],
                "state": int(sites.state[j]),
                "latitude": float(sites.latitude[j]),
                "longitude": float(sites.longitude[j]),
                "accelerators": float(owned["chips"][0, j]),
                "spend_eur_bn": float(owned["spend"][0, j]),
                "power_mw": float(owned["power_mw"][0, j]),
                "headroom_mw": float(sites.headroom[j]),
                "wave": int(env.world.program.wave[0, j]),
                "pledged_eur_bn": float(env.world.program.pledged[0, j]),
                "own_money": bool(env.world.program.own_money[0, j]),
                "selected": when(env.world.program.selected[0, j]),
                "contracted": None if cancelled else when(d.contracted[0, j]),
                "operational": None if cancelled else when(d.ready[0, j]),
                "cancelled": cancelled,
                "years_to_contract": float((d.contracted[0, j] - env.world.program.selected[0, j]) / 4),
                "years_to_open": float((d.ready[0, j] - env.world.program.selected[0, j]) / 4),
                "failed_tenders": int(d.failed_tenders[0, j]),
                "delay": {name: float(getattr(d, name)[0, j]) for name in causes},
                "planned": _planned(env, j),
                "goodput": float(share[0, j]),
                "waiting_per_hour": float(waiting[0, j]),
                "hours_between_failures": float(hours[0, j]),
                "person_wait_h": one(practice.person_wait_h),
                "repair_h": one(practice.repair_h),
            }
        )
    return found
