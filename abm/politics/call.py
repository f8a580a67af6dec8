"""The call for sites: who applies, what the experts say, what fits the money.

States write a bid until its dossier is ready; one bid a state and wave. Down the panel's ranking, a bid that does not
fit what is left is skipped, and the next may fit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from juste_retour.abm.politics.council import Council
from juste_retour.abm.politics.entitlement import spread
from juste_retour.abm.records import Bid
from juste_retour.agents.arrays import Reals, Truths, pick


@dataclass(frozen=True, eq=False)
class Call:
    """What a wave brought: `asked` and `listed` EUR bn (worlds, sites), `score` (worlds, sites), `applied` (worlds, states)."""

    asked: Reals
    listed: Reals
    score: Reals
    applied: Truths
    letters: Any


def ready(council: Council, deadline: float) -> NDArray[np.bool_]:
    """(worlds, states) whose next dossier is written by the deadline, a decimal year; work on all began in parallel."""
    w, p = council.world, council.p
    centre = council.situation.centre
    months = (deadline - (w.announced / 4)) * 12
    median = np.where(centre, p.dossier_centre_months, p.dossier_new_months)
    luck = np.stack(
        [w.tape.normal("dossier", w.states.count, k)[council.rows] for k in range(int(w.bids.max()) + 1)]
    )
    nth = w.bids[council.rows]
    mine = np.take_along_axis(luck, nth[None], axis=0)[0]
    return median * np.exp(p.dossier_sd * mine) <= months


def hold(council: Council, deadline: float, sunk: Any) -> Call:
    """Hold a wave of the call."""
    w, p = council.world, council.p
    situation = council.situation_if(sunk)
    wanted = np.asarray(w.decide_by_actor("bid", situation, rows=council.rows))
    most = np.minimum(np.minimum(situation.room, p.ceiling_eur_bn), council.envelope)
    able = ready(council, deadline) & (council.best >= 0) & (most >= p.smallest_eur_bn)
    size = np.where(able & (wanted > 0), np.minimum(np.maximum(wanted, p.smallest_eur_bn), most), 0.0)
    asked = spread(size, council.best, w.sites.count)
    letters = council.letters(asked) if w.labs.count else None
    pledged = council.pledged(asked, letters)
    luck = council.normal("panel", w.sites.count)
    support = p.panel_support * np.log2(1 + pledged / np.maximum(asked, 1e-300))
    score = np.where(asked > 0, council.merit + support + p.panel_noise * luck, -np.inf)
    if w.trace is not None:
        gain = situation.alone(size)
        w.record(
            Bid,
            council.rows,
            size=size,
            wanted=wanted,
            able=able,
            offer=gain,
            reservation=situation.standing.utility,
        )
    return Call(
        asked,
        fitted(np.where(score >= p.panel_threshold, asked, 0.0), score, council.envelope),
        score,
        size > 0,
        letters,
    )


def fitted(asked: Reals, score: Reals, envelope: Reals) -> Reals:
    """Down the ranking, the bids that fit the money left; (worlds, sites), the envelope (worlds, 1)."""
    order = np.argsort(np.where(asked > 0, -score, np.inf), axis=-1, kind="stable")
    left = envelope[:, 0].copy()
    out = np.zeros(asked.shape)
    deepest = int((asked > 0).sum(-1).max(initial=0))
    for k in range(deepest):
        at = order[:, k : k + 1]
        ask = pick(asked, at)[:, 0]
        fits = (ask > 0) & (ask <= left)
        left = np.where(fits, left - ask, left)
        np.put_along_axis(out, at, np.where(fits, ask, 0.0)[:, None], axis=-1)
    return out


def remember(council: Council, call: Call, won: Truths) -> None:
    """Who won turns to the next dossier; who lost hands the old one in again."""
    w, rows = council.world, council.rows
    w.lost[rows] = call.applied & ~won
    w.bids[rows] += won
