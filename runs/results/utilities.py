"""The states' utilities of what runs decided: by term, and with the results that were realized instead of expected."""

from __future__ import annotations

import numpy as np

from juste_retour.abm.base.calendar import label, quarter
from juste_retour.abm.outcomes import Outcomes
from juste_retour.abm.worlds.stacked import values
from juste_retour.agents.arrays import Floats
from juste_retour.agents.payoff import race

UTILITY, REALIZED = "utility", "utility with the realized race"
TERMS = ("trophies", "local", "race", "open", "payment", "transfer")


def utilities(found: Outcomes) -> dict[str, Floats]:
    """The states' utilities by name, with their terms, EUR bn (worlds, states) each.

    `REALIZED` is the utility with the best runs that were possible in each year of the race, where `UTILITY` has those
    that were expected at the announcement. Years after the last quarter are left out. Without a timeline the two are equal.
    """
    p, states = values(found.scenarios), found.members.states
    first = found.scenarios[0]
    begin = quarter(first.announcement, "announcement")
    dates = {label(begin + 4 * k) for k in range(first.race_first_year, first.race_last_year + 1)}
    worth = [
        race(np.asarray(q.largest_run_flop / q.frontier_flop)[:, None], p) for q in found.timeline if q.quarter in dates
    ]
    terms = found.payoffs.terms()
    realized = terms["race"]
    if worth:
        wealth = states.gdp / states.gdp.sum()
        realized = np.asarray(p.race_weight * wealth * (np.sum(worth, axis=0) / len(worth)))
    utility = found.payoffs.utility
    return terms | {UTILITY: utility, REALIZED: utility - terms["race"] + realized}
