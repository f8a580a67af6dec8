"""The bids that a budget pays for, in the order of a ranking."""

from __future__ import annotations

import numpy as np

from juste_retour.agents.arrays import Floats, pick


def fitted(asked: Floats, score: Floats, envelope: Floats) -> Floats:
    """The bids that the envelope pays for, best score first; a bid that exceeds what is left is skipped.

    Args:
        asked: (worlds, sites) EUR bn of each bid, 0 without one.
        score: (worlds, sites) ranking.
        envelope: (worlds, 1) EUR bn.

    Returns:
        (worlds, sites) EUR bn of the funded bids.
    """
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
