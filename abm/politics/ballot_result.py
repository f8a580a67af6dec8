"""The result of a round of bargaining."""

from __future__ import annotations

from dataclasses import dataclass

from juste_retour.agents.arrays import Booleans, Floats, Integers
from juste_retour.agents.lab import Letters
from juste_retour.agents.situation import Offer


@dataclass(frozen=True, eq=False)
class Terms:
    """What states compared when they voted on a plan.

    Attributes:
        plan: (worlds, sites) the plan for which the other fields were computed.
        offer: the plan as each state sees it.
        failed: the disagreement point as each state sees it.
        reservation: (worlds, states) reservation values, EUR bn.
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
    """The result of a round of bargaining in all worlds of a table; the model acts on this alone.

    A protocol may call another one and change its result by `dataclasses.replace`. The model counts, selects and explains
    what the changed result says. If the `plan` is changed, the model recomputes `pledged`, `gain` and `terms`.

    Attributes:
        plan: the offer; in the Council, EUR bn (worlds, sites).
        pledged: labs' money in the plan, of the same shape.
        yes: (worlds, states) yes votes.
        no: (worlds, states) no votes.
        union_yes: (worlds,) the Commission's vote.
        held: (worlds,) whether a ballot was held.
        passed: (worlds,) whether the plan is carried out.
        gain: (worlds, states) utility of the plan above the disagreement point.
        last: (worlds,) whether bargaining ends with this round; None: it ends if the plan is carried out.
        sunk: share of the Union's money that is spent even if the plan fails; a number or (worlds,).
        transfer: cash to each state, EUR bn; a number or (worlds, states).
        delay: number of amendments before the vote; a number or (worlds,).
        bids: (worlds, states) number of each state's bids, under a call for proposals.
        waits: (worlds,) whether this quarter does not count as a round, since the decider orders later.
        tops_up: whether selected sites share the money that is left after this round.
        terms: what voters compared; None without a vote on a plan.
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
    bids: Integers | None = None
    waits: Booleans | bool = False
    tops_up: bool = False
    terms: Terms | None = None

    @property
    def ends(self) -> Booleans:
        """Whether bargaining ends with this round; (worlds,)."""
        return self.passed if self.last is None else self.last
