"""What a round of bargaining came to."""

from __future__ import annotations

from dataclasses import dataclass

from juste_retour.agents.arrays import Booleans, Floats, Integers
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

    plan: Floats
    offer: Offer
    failed: Offer
    reservation: Floats
    weight: Floats
    letters: Letters | None


@dataclass(frozen=True, eq=False)
class BallotResult:
    """What a round of bargaining came to, in the table's worlds; what happens next follows from this alone.

    A protocol may call another one and change its result by `dataclasses.replace`: what is counted, selected, learned
    and explained follows from the result that it returns. With another `plan`, `pledged`, `gain` and `terms` are computed
    anew.

    Attributes:
        plan: the offer; EUR bn (worlds, sites) at the Council's table.
        pledged: labs' money in it, of the same shape.
        yes: (worlds, states).
        no: (worlds, states).
        union_yes: (worlds,) the Commission's own vote.
        held: (worlds,) whether there was a ballot.
        passed: (worlds,) whether the plan is carried out.
        gain: (worlds, states) what each state has by the plan over what it has without.
        last: (worlds,) whether bargaining ends here; None where it ends with a plan that is carried out.
        sunk: share of the Union's money that a no does not give back; a number or (worlds,).
        transfer: cash for a yes, EUR bn; a number or (worlds, states).
        delay: (worlds,) amendments that went before, or a number.
        applied: (worlds, states) who applied, under a call for proposals.
        waits: (worlds,) where this quarter is not a round: whoever decides orders later.
        tops_up: whether selected sites share the money that is left after this round.
        terms: what voters weighed; None where nobody voted on a plan.
    """

    plan: Floats
    pledged: Floats
    yes: Booleans
    no: Booleans
    union_yes: Booleans
    held: Booleans
    passed: Booleans
    gain: Floats
    last: Booleans | None = None
    sunk: float | Floats = 0.0
    transfer: float | Floats = 0.0
    delay: int | Integers = 0
    applied: Booleans | None = None
    waits: Booleans | bool = False
    tops_up: bool = False
    terms: Terms | None = None

    @property
    def ends(self) -> Booleans:
        """(worlds,) whether bargaining ends here."""
        return self.passed if self.last is None else self.last
