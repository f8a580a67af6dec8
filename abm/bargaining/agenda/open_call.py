"""The open call for proposals: states apply, experts rank the bids, and the board votes on the list, in waves."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import numpy as np

from juste_retour.abm.bargaining import call as calls
from juste_retour.abm.bargaining.agenda.family import Sunk, agenda
from juste_retour.abm.base.calendar import decimal_year, quarter
from juste_retour.abm.politics.leftover import Leftover, Wave
from juste_retour.agents.errors import BadInput
from juste_retour.agents.rules import Parameter


@agenda(calls=True)
def open_call(
    council,
    *,
    deadlines: Annotated[
        str,
        Parameter(unit="dates", about="cut-off dates of the waves", source="EUROHPC-2024-CEI-AI-01 and -02"),
    ] = "2024-11-04 2025-02-01 2025-06-30",
    decisions: Annotated[
        str,
        Parameter(
            unit="quarters",
            about="when the board decides on each wave",
            source="EuroHPC, 10 December 2024, 12 March and 10 October 2025",
        ),
    ] = "2024Q4 2025Q1 2025Q4",
    industrial: Annotated[bool, Parameter(about="whether industrial sites may apply")] = False,
    sunk: Annotated[float, Sunk] = 1.0,
    dossiers: Annotated[
        str,
        Parameter(
            choices=("states", "sites", "hosting_entities"),
            about="who writes bids: states, one after the other; each campus; or each campus, faster with a EuroHPC machine",
            source="EuroHPC: hosting entities write the bids, and large states have several; runs/studies/europe/RESULTS.md",
        ),
    ] = "states",
    bids: Annotated[
        int, Parameter(unit="bids", low=1, high=20, range=(1, 5), about="most bids of a state per wave")
    ] = 1,
    lead: Annotated[
        str,
        Parameter(
            choices=("states", "firms"),
            about="who bids: states, or firms, which ask for as much as possible at sites from which a lab would gain",
            source="Regulation (EU) 2026/150, article 12b: consortia",
        ),
    ] = "states",
):
    """States apply, experts rank the bids, and the board votes on the list, in waves; states that lose may apply again.

    Source: Regulation (EU) 2021/1173 as amended, article 9; EuroHPC calls of 2024 and 2025.
    """
    waves = _waves(deadlines.split(), decisions.split())
    announced = len(waves)
    further: Leftover = council.institutions.decide("leftover", waves[-1].decision)
    waves += further.waves
    wave = next((k for k, one in enumerate(waves) if one.decision == council.now), None)
    if wave is None:
        return None
    deadline = waves[wave].deadline
    council = council.restricted(industrial=industrial)
    found = calls.hold(council, deadline, sunk, calls.Bidding(dossiers, bids, lead))
    plan = council.plans.entitled(found.listed, found.score, found.bids > 0)
    last = np.full(council.worlds, wave == len(waves) - 1)
    if wave >= announced:  # further waves end when the money does not pay for the smallest site
        last |= council.known.envelope[:, 0] < council.p.smallest_eur_bn[:, 0]
    result = council.conclude(plan, sunk, last=last, letters=found.letters, bids=found.bids)
    return replace(result, tops_up=further.top_up and wave == len(waves) - 1)


def _waves(closes: list[str], decides: list[str]) -> list[Wave]:
    if len(closes) != len(decides):
        raise BadInput(
            f"agenda.deadlines has {len(closes)} dates and agenda.decisions {len(decides)} quarters; give one of each per wave."
        )
    return [
        Wave(decimal_year(close, "agenda.deadlines"), quarter(decide, "agenda.decisions"))
        for close, decide in zip(closes, decides, strict=True)
    ]
