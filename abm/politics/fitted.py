"""Bids that fit the money, down a ranking."""

from __future__ import annotations

import numpy as np

from juste_retour.agents.arrays import Floats, pick


def fitted(asked: Floats, score: Floats, envelope: Floats) -> Floats:
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
