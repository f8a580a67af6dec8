"""Leftover rules: what happens to money that a call for proposals did not place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from juste_retour.abm.base.calendar import label, quarter
from juste_retour.agents.errors import BadInput
from juste_retour.agents.rules import Family, Parameter
from juste_retour.agents.some_worlds import each_world

DOSSIER_QUARTERS = 1  # quarters between the deadline of a further wave and its decision


@dataclass(frozen=True)
class Wave:
    """A further wave of a call.

    Attributes:
        deadline: decimal year by which bids are due.
        decision: quarter of the decision, since year 0.
    """

    deadline: float
    decision: int


@dataclass(frozen=True)
class Leftover:
    """What happens to money that was not placed.

    Attributes:
        waves: further waves, in the order of their dates.
        top_up: whether the selected sites get more, in proportion to what they have.
    """

    waves: tuple[Wave, ...] = ()
    top_up: bool = False


leftover = Family(
    "leftover",
    decides="what happens to money that a call did not place",
    signature="rule(after) -> Leftover: further waves and whether selected sites get more; `after` is the quarter of the "
    "last regular decision, an integer since year 0.",
    group="money",
    lift=each_world,
)


@leftover(anonymous=True, deterministic=True)
def returned(after: int) -> Leftover:
    """The money is returned.

    Source: Regulation (EU, Euratom) 2024/2509, article 12: unused appropriations lapse.
    """
    return Leftover()


@leftover(anonymous=True, deterministic=True)
def further_calls(
    after: int,
    *,
    every_quarters: Annotated[
        int, Parameter(unit="quarters", low=1, high=40, range=(1, 4), about="time between further decisions")
    ] = 2,
    until: Annotated[str, Parameter(unit="quarter", about="last quarter of a decision")] = "2027Q4",
) -> Leftover:
    """The call continues in further waves until the money is spent or the last date is reached.

    Source: the cut-off dates of EuroHPC's calls for AI factories of 2024 and 2025, continued.
    """
    last = quarter(until, "leftover.until")
    if last <= after:
        raise BadInput(
            f"leftover.until = {until!r} is not after the last regular decision, {label(after)}; set it later."
        )
    decisions = range(after + every_quarters, last + 1, every_quarters)
    return Leftover(tuple(Wave((d - DOSSIER_QUARTERS) / 4, d) for d in decisions))


@leftover(anonymous=True, deterministic=True)
def top_up(after: int) -> Leftover:
    """The selected sites get the rest in proportion to what they have, up to their power and their hosts' limits.

    Source: the extensions of EuroHPC's grants to selected AI factories.
    """
    return Leftover(top_up=True)


@leftover(anonymous=True, deterministic=True)
def next_framework(
    after: int,
    *,
    decision: Annotated[str, Parameter(unit="quarter", about="quarter of the next call's decision")] = "2028Q3",
) -> Leftover:
    """The money waits for a call under the next multiannual financial framework, from 2028.

    Source: COM(2025) 570, the proposal for the framework 2028 to 2034.
    """
    when = quarter(decision, "leftover.decision")
    if when <= after:
        raise BadInput(
            f"leftover.decision = {decision!r} is not after the last regular decision, {label(after)}; set it later."
        )
    return Leftover((Wave((when - DOSSIER_QUARTERS) / 4, when),))
