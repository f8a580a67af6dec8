"""What a round of bargaining came to."""

from __future__ import annotations

from dataclasses import dataclass

from juste_retour.agents.arrays import Reals, Truths, Whole
from juste_retour.agents.lab import Letters
from juste_retour.agents.situation import Offer


@dataclass(frozen=True, eq=False)
class Terms:
    """What those who voted on a plan weighed.

    Attributes:
        plan: the plan (worlds, sites) that this was worked out for.
        offer: the plan as each state sees it.
        failed: what each state is left with if it fails.
        reservation: (worlds, states) what the plan must be worth, EUR bn.
        weight: (worlds, states) what each state pays for the plan, EUR bn.
        letters: the labs' letters of intent for it.
    """

    plan: Reals
    offer: Offer
    failed: Offer
    reservation: Reals
    weight: Reals
    letters: Letters | None


@dataclass(frozen=True, eq=False)
class BallotResult:
    """What a round of bargaining came to, in the table's worlds; what happens next follows from this alone.

    A protocol that wraps another may change it by `dataclasses.replace`.

    Attributes:
        plan: the offer; EUR bn (worlds, sites) at the Council's table.
        pledged: labs' money in it, of the same shape.
        yes: (worlds, states).
        no: (worlds, states).
        union_yes: (worlds,) the Commission's own vote.
        held: (worlds,) whether there was a ballot.
        passed: (worlds,) whether the plan is carried out.
        last: (worlds,) whether bargaining ends here.
        gain: (worlds, states) what each state has by the plan over what it has without.
        sunk: share of the Union's money that a no does not give back; a number or (worlds,).
        transfer: cash for a yes, EUR bn; a number or (worlds, states).
        delay: (worlds,) amendments that went before, or a number.
        applied: (worlds, states) who applied, under a call for proposals.
        tops_up: whether selected sites share the money that is left after this round.
        terms: what voters weighed; None where nobody voted on a plan.
    """

    plan: Reals
    pledged: Reals
    yes: Truths
    no: Truths
    union_yes: Truths
    held: Truths
    passed: Truths
    last: Truths
    gain: Reals
    sunk: float | Reals = 0.0
    transfer: float | Reals = 0.0
    delay: int | Whole = 0
    applied: Truths | None = None
    tops_up: bool = False
    terms: Terms | None = None
