"""The call for sites: who applies, what the experts say, what fits the money.

A bid is handed in once its dossier is ready. States write one after the other, or each campus writes its own. A state
supports one bid in a wave, or several. Down the panel's ranking, a bid that does not fit what is left is skipped, and
the next may fit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from juste_retour.abm.politics.council import Council
from juste_retour.abm.politics.entitlement import spread
from juste_retour.abm.politics.fitted import fitted
from juste_retour.abm.records import Bid
from juste_retour.agents.arrays import Booleans, Floats
from juste_retour.agents.lab import Letters


@dataclass(frozen=True, eq=False)
class Call:
    """What a wave brought: `asked` and `listed` EUR bn (worlds, sites), `score` (worlds, sites), `applied` (worlds, states)."""

    asked: Floats
    listed: Floats
    score: Floats
    applied: Booleans
    letters: Letters | None


@dataclass(frozen=True)
class Bidding:
    """How bids come about.

    Attributes:
        dossiers: who writes them: "states", one after the other; "sites", each campus its own; or "hosting_entities", each
            campus its own, and only those with a EuroHPC machine are as quick as a center.
        bids: the most bids that a state supports in a wave.
        lead: who asks: "states" by their rule, or "firms", where one would gain from a site, for as much as fits.
    """

    dossiers: str = "states"
    bids: int = 1
    lead: str = "states"


def _months(council: Council, deadline: float) -> float:
    return (deadline - (council.world.announced / 4)) * 12


def ready(council: Council, deadline: float) -> NDArray[np.bool_]:
    """(worlds, states) whose next dossier is written by the deadline, a decimal year; work on all began in parallel."""
    w, p = council.world, council.p
    centre = council.known.situation.centre
    median = np.where(centre, p.dossier_centre_months, p.dossier_new_months)
    bids, streams = w.bargaining.bids, council.env.streams
    draws = np.stack(
        [streams.normal("dossier", w.states.count, k)[council.rows] for k in range(int(bids.max()) + 1)]
    )
    mine = np.take_along_axis(draws, bids[council.rows][None], axis=0)[0]
    return median * np.exp(p.dossier_sd * mine) <= _months(council, deadline)


def ready_sites(council: Council, deadline: float, dossiers: str) -> Booleans:
    """(worlds, sites) whose own dossier is written by the deadline, a decimal year; work on all began in parallel."""
    p, sites = council.p, council.sites
    quick = sites.eurohpc if dossiers == "hosting_entities" else sites.centre
    median = np.where(quick, p.dossier_centre_months, p.dossier_new_months)
    draws = council.env.streams.normal("site dossier", sites.count)[council.rows]
    return np.asarray(median * np.exp(p.dossier_sd * draws) <= _months(council, deadline))


def wanted_by_firms(council: Council) -> Booleans:
    """(worlds, sites) where some lab would gain on what it has if the site got as much as it can take: it leads a bid."""
    known = council.known
    most = np.minimum(np.minimum(known.site_room, council.p.ceiling_eur_bn), known.envelope)
    return known.wanted_by_labs(np.where(known.free & (most >= council.p.smallest_eur_bn), most, 0.0))


def asked_for(council: Council, deadline: float, sunk: float | Floats, how: Bidding) -> Floats:
    """(worlds, sites) EUR bn that bids ask for."""
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


def _bids(
    council: Council, deadline: float, sunk: float | Floats, how: Bidding, asked: Floats | None
) -> Floats:
    """(worlds, sites) EUR bn of at most one further bid per state, on top of what it has `asked` for."""
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
    """Hold a wave of the call."""
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
        w.by_state(asked) > 0,
        letters,
    )
