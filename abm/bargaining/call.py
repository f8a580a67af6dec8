"""The call for proposals: who applies, how the panel scores bids, and which bids the money pays for.

A bid needs a finished application. States write theirs one after the other, or each campus writes its own. A state
supports one bid per wave, or several. Bids are funded in the order of the panel's ranking. A bid that costs more than
is left is skipped, and cheaper ones below it may still be funded.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from juste_retour.abm.bargaining.council import Council
from juste_retour.abm.politics.entitlement import spread
from juste_retour.abm.politics.fitted import fitted
from juste_retour.abm.worlds.records import Bid
from juste_retour.agents.arrays import Booleans, Floats, Integers
from juste_retour.agents.lab import Letters


@dataclass(frozen=True, eq=False)
class Call:
    """The result of one wave.

    Attributes:
        asked: (worlds, sites) EUR bn that bids ask for.
        listed: (worlds, sites) EUR bn of the bids on the list for the board.
        score: (worlds, sites) the panel's score; -inf without a bid.
        bids: (worlds, states) number of bids.
        letters: the labs' letters of intent; None without labs.
    """

    asked: Floats
    listed: Floats
    score: Floats
    bids: Integers
    letters: Letters | None


@dataclass(frozen=True)
class Bidding:
    """Who writes bids, and how many.

    Attributes:
        dossiers: who writes applications: "states", one after the other; "sites", each campus its own; or
            "hosting_entities", each campus its own, where only those with a EuroHPC machine are as fast as a center.
        bids: the most bids that a state supports per wave.
        lead: who decides on a bid: "states" by the rule `bid`; or "firms", which ask for as much as possible at each
            site from which a lab would gain.
    """

    dossiers: str = "states"
    bids: int = 1
    lead: str = "states"


def _months(council: Council, deadline: float) -> float:
    return (deadline - (council.world.announced / 4)) * 12


def ready(council: Council, deadline: float) -> NDArray[np.bool_]:
    """Whether each state has finished its next application by the deadline, a decimal year; (worlds, states).

    A state starts all its applications at the announcement. The months that each takes are lognormal.
    """
    w, p = council.world, council.p
    centre = council.known.situation.centre
    median = np.where(centre, p.dossier_centre_months, p.dossier_new_months)
    won, streams = w.bargaining.won, council.env.streams
    draws = np.stack([streams.normal("dossier", w.states.count, k)[council.rows] for k in range(int(won.max()) + 1)])
    mine = np.take_along_axis(draws, won[council.rows][None], axis=0)[0]
    return median * np.exp(p.dossier_sd * mine) <= _months(council, deadline)


def ready_sites(council: Council, deadline: float, dossiers: str) -> Booleans:
    """Whether each site has finished its own application by the deadline, a decimal year; (worlds, sites)."""
    p, sites = council.p, council.sites
    quick = sites.eurohpc if dossiers == "hosting_entities" else sites.centre
    median = np.where(quick, p.dossier_centre_months, p.dossier_new_months)
    draws = council.env.streams.normal("site dossier", sites.count)[council.rows]
    return np.asarray(median * np.exp(p.dossier_sd * draws) <= _months(council, deadline))


def wanted_by_firms(council: Council) -> Booleans:
    """Whether some lab would gain from a site that gets as much money as it can use; (worlds, sites)."""
    known = council.known
    most = np.minimum(np.minimum(known.site_room, council.p.ceiling_eur_bn), known.envelope)
    return known.wanted_by_labs(np.where(known.free & (most >= council.p.smallest_eur_bn), most, 0.0))


def asked_for(council: Council, deadline: float, sunk: float | Floats, how: Bidding) -> Floats:
    """EUR bn that the bids of a wave ask for; (worlds, sites).

    Args:
        council: the table.
        deadline: decimal year by which applications are due.
        sunk: share of the Union's money that is spent even if the plan fails; a number or (worlds,).
        how: who writes bids, and how many.
    """
    if how == Bidding():
        return _bids(council, deadline, sunk, how, None)
    open_sites = np.ones((council.worlds, council.sites.count), bool)
    if how.dossiers != "states":
        open_sites = ready_sites(council, deadline, how.dossiers)
    if how.lead == "firms":
        open_sites = open_sites & wanted_by_firms(council.among(open_sites))
    asked = np.zeros((council.worlds, council.sites.count))
    for _ in range(how.bids):
        left = council.among(open_sites & (asked == 0))
        more = _bids(left, deadline, sunk, how, asked if asked.any() else None)
        if not more.any():
            break
        asked = asked + more
    return asked


def _bids(council: Council, deadline: float, sunk: float | Floats, how: Bidding, asked: Floats | None) -> Floats:
    """EUR bn of at most one more bid per state, beyond what it has already `asked` for; (worlds, sites)."""
    p, known = council.p, council.known
    situation = known.situation_if(sunk, asked)
    most = np.minimum(np.minimum(situation.room, p.ceiling_eur_bn), known.envelope)
    fitting = (known.best >= 0) & (most >= p.smallest_eur_bn)
    in_time = ready(council, deadline) if how.dossiers == "states" else np.ones(fitting.shape, bool)
    able = fitting & in_time
    if how.lead == "firms":
        fits = np.where(able, most, 0.0)
        wanted = np.where(situation.alone(fits).utility > situation.standing.utility, fits, 0.0)
    else:
        wanted = np.asarray(council.institutions.decide_by_actor("bid", situation, rows=council.rows))
    size = np.where(able & (wanted > 0), np.minimum(np.maximum(wanted, p.smallest_eur_bn), most), 0.0)
    if council.env.trace is not None:
        council.env.record(
            Bid,
            council.rows,
            size=size,
            wanted=wanted,
            able=able,
            ready=in_time,
            offer=situation.alone(size),
            reservation=situation.standing.utility,
        )
    return spread(size, known.best, council.sites.count)


def hold(council: Council, deadline: float, sunk: float | Floats, how: Bidding = Bidding()) -> Call:
    """Hold one wave of the call and return its bids, their scores and the list; arguments as in `asked_for`."""
    w, p, known = council.world, council.p, council.known
    asked = asked_for(council, deadline, sunk, how)
    letters = known.letters(asked) if w.labs.count else None
    pledged = known.pledged(asked, letters)
    noise = known.normal("panel", w.sites.count)
    support = p.panel_support * np.log2(1 + pledged / np.maximum(asked, 1e-300))
    score = np.where(asked > 0, known.merit + support + p.panel_noise * noise, -np.inf)
    return Call(
        asked,
        fitted(np.where(score >= p.panel_threshold, asked, 0.0), score, known.envelope),
        score,
        known.counted(asked),
        letters,
    )
