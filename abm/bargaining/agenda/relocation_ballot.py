"""The ballot by which the Union gave agencies their seats: points, a run-off and a lot, one seat after another."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from juste_retour.abm.bargaining.agenda.family import agenda
from juste_retour.abm.politics.relocation import places_of, relocation, relocation_sequence
from juste_retour.agents.rules import Parameter

TASTE = 1e-6  # EUR bn: random size that breaks a voter's ties between offers


@agenda
def relocation_ballot(
    council,
    *,
    seats: Annotated[
        int, Parameter(unit="sites", low=1, high=100, about="number of sites awarded, one after another")
    ] = 3,
):
    """States apply with a site at home and rank all offers; points, a run-off and a lot award the sites one by one.

    Each site gets an equal part of the envelope, up to what its power can use. A state that has won leaves the contest.
    The ballot is binding: its result is not voted on.
    Source: Council document 14559/17, by which the EMA went to Amsterdam on 20 November 2017.
    """
    n = council.states.count
    size = np.minimum(council.known.envelope / seats, council.known.at_best(council.known.cap))
    applies = (council.plans.home_size > 0) & (size >= council.p.smallest_eur_bn)
    size = np.where(applies, size, 0.0)
    worth = np.stack(
        [council.utility(council.plans.seat(size, i)) for i in range(n)], axis=-1
    )  # (worlds, voters, offers)
    taste = TASTE * council.uniform("taste", n * n).reshape(-1, n, n)
    places = places_of(np.where(applies[:, None, :], worth + taste, -np.inf))
    lots = council.uniform("lot", seats)
    winners, _ = relocation_sequence(places, lots)
    plan = np.zeros((council.worlds, council.sites.count))
    for k in range(seats):
        won = (np.arange(n) == winners[:, k, None]) & applies
        plan = plan + council.plans.at_best(np.where(won, size, 0.0))
    first = relocation(places, np.ascontiguousarray(lots[:, 0]))
    rounds = first.standing.any(-1)
    deciding = 2 - np.argmax(rounds[..., ::-1], axis=-1)
    standing = np.take_along_axis(first.standing, deciding[:, None, None], axis=1)[:, 0]
    ranked = np.where(standing[:, None, :], places, n + 1)
    yes = (ranked.argmin(-1) == first.winner[:, None]) & rounds.any(-1)[:, None]
    return council.conclude(plan, yes=yes)
