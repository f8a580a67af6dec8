"""The call for sites: who applies, what the experts say, what fits the money.

States write a bid until its dossier is ready; one bid a state and wave. Down the panel's ranking, a bid that does not
fit what is left is skipped, and the next may fit.
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


def ready(council: Council, deadline: float) -> NDArray[np.bool_]:
    """(worlds, states) whose next dossier is written by the deadline, a decimal year; work on all began in parallel."""
    w, p = council.world, council.p
    centre = council.known.situation.centre
    months = (deadline - (w.announced / 4)) * 12
    median = np.where(centre, p.dossier_centre_months, p.dossier_new_months)
    bids, streams = w.bargaining.bids, council.env.streams
    draws = np.stack(
        [streams.normal("dossier", w.states.count, k)[council.rows] for k in range(int(bids.max()) + 1)]
    )
    mine = np.take_along_axis(draws, bids[council.rows][None], axis=0)[0]
    return median * np.exp(p.dossier_sd * mine) <= months


def hold(council: Council, deadline: float, sunk: float | Floats) -> Call:
    """Hold a wave of the call."""
    w, p = council.world, council.p
    situation = council.known.situation_if(sunk)
    wanted = np.asarray(council.institutions.decide_by_actor("bid", situation, rows=council.rows))
    most = np.minimum(np.minimum(situation.room, p.ceiling_eur_bn), council.known.envelope)
    able = ready(council, deadline) & (council.known.best >= 0) & (most >= p.smallest_eur_bn)
    size = np.where(able & (wanted > 0), np.minimum(np.maximum(wanted, p.smallest_eur_bn), most), 0.0)
    asked = spread(size, council.known.best, w.sites.count)
    letters = council.known.letters(asked) if w.labs.count else None
    pledged = council.known.pledged(asked, letters)
    noise = council.known.normal("panel", w.sites.count)
    support = p.panel_support * np.log2(1 + pledged / np.maximum(asked, 1e-300))
    score = np.where(asked > 0, council.known.merit + support + p.panel_noise * noise, -np.inf)
    if council.env.trace is not None:
        gain = situation.alone(size)
        council.env.record(
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
        fitted(np.where(score >= p.panel_threshold, asked, 0.0), score, council.known.envelope),
        score,
        size > 0,
        letters,
    )
