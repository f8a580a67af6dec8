"""Talent: researchers move toward working machines and leave if the Union falls behind (E24).

Whether nearby researchers make a site faster is contested. The elasticity is therefore zero by default, and talent then
has no effect.
"""

from __future__ import annotations

import numpy as np

from juste_retour.agents.arrays import Floats, total
from juste_retour.agents.situation import Sites, States
from juste_retour.agents.values import Values


def at_start(sites: Sites, states: States) -> Floats:
    """Researchers near each site relative to the mean site, from its state's number of specialists; (sites,)."""
    listed = np.bincount(sites.state.astype(np.intp), minlength=states.count)
    per_site = states.specialists * states.population / np.maximum(listed, 1)
    near = per_site[sites.state]
    return near / (total(near) / sites.count)


def moved(near: Floats, computing: Floats, years_behind: Floats, left: Floats, p: Values) -> Floats:
    """Researchers near each site a year later; (worlds, sites).

    Args:
        near: (worlds, sites) researchers now, relative to the mean site at the start.
        computing: (worlds, sites) FLOP/s of working machines.
        years_behind: (worlds,) the lag, which makes researchers emigrate; counted up to `talent_gap_years`.
        left: (worlds,) share of the Union's labs that have left so far; their researchers leave with them.
        p: parameters, each (worlds, 1).
    """
    drain = np.clip(
        p.talent_drain * np.minimum(years_behind[:, None], p.talent_gap_years) + p.talent_drain * left[:, None],
        0.0,
        1.0,
    )
    staying = near * (1 - drain)
    all_of_it = total(computing)[:, None]
    share = np.where(all_of_it > 0, computing / np.maximum(all_of_it, 1e-300), 0.0)
    movers = p.talent_mobility * total(staying)[:, None]
    return np.where(all_of_it > 0, staying * (1 - p.talent_mobility) + movers * share, staying)
