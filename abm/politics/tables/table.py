"""What an agenda protocol may ask of the table at which it bargains, and what every proposer does with it.

An offer is an array (worlds, k) whose meaning only the table knows: shares of a pie, a point on a line, a plan of
sites. Protocols see what offers are worth to the states and whether they pass.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np

from juste_retour.abm.politics.ballot_result import BallotResult
from juste_retour.agents.arrays import Booleans, Floats, Integers, pick, running_total, total
from juste_retour.agents.situation import States
from juste_retour.agents.values import Values

RECOGNITION = ("equal", "population", "contribution", "rotating")


@runtime_checkable
class Table(Protocol):
    """What a protocol may ask, in the table's worlds; arrays are (worlds, states) unless said otherwise.

    Attributes:
        worlds: number of worlds.
        states: who bargains.
        p: patience, dissent_cost_eur_bn, inequality_aversion and consensus_norm, each (worlds, 1).
        now: number of the round; at the Council's table the quarter.
        forced: (worlds,) who proposes where that is given and not drawn; None elsewhere.
        smooth: whether utilities have slopes that a mediator may follow.
    """

    worlds: int
    states: States
    p: Values
    now: int
    forced: Integers | None
    smooth: bool

    def uniform(self, channel: str, slots: int) -> Floats:
        """This quarter's draws of a random stream; (worlds, slots)."""
        ...

    def lasting(self, channel: str, slots: int) -> Floats:
        """Draws of a random stream that last for the run; (worlds, slots)."""
        ...

    def contribution(self) -> Floats:
        """Each state's share of the common bill; (states,) or (worlds, states)."""
        ...

    def utility(self, offer: Floats) -> Floats:
        """What an offer is worth to each state if it passes."""
        ...

    def felt(self, offer: Floats) -> Floats:
        """What an offer is worth to each state, less what envy takes from it."""
        ...

    def prefers(self, offer: Floats, other: Floats) -> Booleans:
        """Who votes for an offer against another, envy and noise included."""
        ...

    def disagreement(self, sunk: float | Floats = 0.0) -> Floats:
        """What each state is left with if nothing is agreed, ever."""
        ...

    def reserve(self, offer: Floats, sunk: float | Floats) -> Floats:
        """What an offer must be worth to each state for it to say yes."""
        ...

    def wins(self, yes: Booleans) -> Booleans:
        """(worlds,) whether these yes votes, all others no, pass."""
        ...

    def chance(self, offer: Floats, sunk: float | Floats) -> Floats:
        """(worlds,) chance that an offer passes as the proposer sees it: 0 or 1 where no vote is random."""
        ...

    def proposals(self, proposer: Integers, sunk: float | Floats) -> list[Floats]:
        """Offers that a proposer weighs, each with the votes bought that it needs."""
        ...

    def seconded(self, proposer: Integers, floor: Floats | None = None) -> list[tuple[Floats, Floats]]:
        """Offers under the open rule, each with the share (worlds,) of the others who would second it.

        `floor` is the offer that they would amend.
        """
        ...

    def floor(self, new: Floats, who: Integers) -> Floats:
        """(worlds,) payoff to the amender from gaining the floor."""
        ...

    def displaced(self) -> float | Floats:
        """Payoff to each state from having lost the floor; a number or (worlds, states)."""
        ...

    def asked(self) -> Floats:
        """What each state's wish for itself alone costs; 0 where it has none."""
        ...

    def bundle(self, members: Booleans) -> Floats:
        """The offer that brings all members' wishes, scaled down to what there is; (worlds, k)."""
        ...

    def positions(self) -> tuple[Floats, Floats]:
        """Positions and saliences, 0 to 100, on the issues; (worlds, states, issues) each."""
        ...

    def settled_on(self, outcome: Floats, retreat: Floats | float) -> Floats:
        """The offer that comes nearest to an outcome (worlds, issues) on them; after each failure it keeps the share `retreat`."""
        ...

    def menu(self) -> list[Floats]:
        """Offers that a mediator weighs, from which others are mixed."""
        ...

    def valid(self, offer: Floats) -> Floats:
        """The nearest offer that can be made."""
        ...

    def conclude(
        self,
        offer: Floats,
        sunk: float | Floats = 0.0,
        *,
        held: Booleans | None = None,
        vote: bool = True,
        yes: Booleans | None = None,
        last: Booleans | None = None,
    ) -> BallotResult:
        """End the round with an offer: put it to the vote, or carry it out without one (`vote=False`).

        `held` (worlds,) says where there is a ballot; `yes` (worlds, states) carries out what a ballot that binds has
        decided; `last` (worlds,) says where bargaining ends whatever the result.
        """
        ...


def recognition(table: Table, by: str) -> Floats:
    """Chance of each state to be recognized as the proposer; (worlds, states)."""
    n = table.states.count
    if by == "population":
        p = table.states.population / table.states.population.sum()
    elif by == "contribution":
        p = table.contribution()
        p = p / np.maximum(total(p)[..., None], 1e-300)
    else:
        p = np.full(n, 1 / n)
    return np.ascontiguousarray(np.broadcast_to(p, (table.worlds, n)))


def recognized(table: Table, by: str) -> Integers:
    """Who proposes, drawn or in turn; (worlds,)."""
    if table.forced is not None:
        return table.forced
    n = table.states.count
    if by == "rotating":  # six months each, from a start that is the world's own
        return (np.floor(table.lasting("presidency", 1)[:, 0] * n).astype(np.int64) + table.now // 2) % n
    return drawn(recognition(table, by), table.uniform("recognition", 1)[:, 0])


def drawn(chances: Floats, uniforms: Floats) -> Integers:
    """Draw one by chances (worlds, n), not necessarily adding up to one, and uniforms (worlds,); (worlds,)."""
    reached = running_total(chances)
    return np.minimum((uniforms[:, None] * reached[:, -1:] >= reached).sum(-1), chances.shape[-1] - 1)


def mine(x: Floats, who: Integers) -> Floats:
    """One state's entry in each world: (worlds, states) and (worlds,) to (worlds,)."""
    return pick(x, who[:, None])[:, 0]


def better(offer: Floats, worth: Floats, other: Floats, other_worth: Floats) -> tuple[Floats, Floats]:
    """The better of two offers in each world, the first where they tie, and its worth."""
    more = other_worth > worth
    return np.where(more[:, None], other, offer), np.where(more, other_worth, worth)


def best_proposal(table: Table, proposer: Integers, sunk: float | Floats) -> tuple[Floats, Booleans]:
    """The offer that serves the proposer best, chances of passing weighed in.

    A proposer who can do no better than let the round go by makes the offer all the same, but does not call a vote.

    Returns:
        offer (worlds, k) and whether it is worth a vote to the proposer (worlds,).
    """
    best: Floats | None = None
    for offer in table.proposals(proposer, sunk):
        own, without = mine(table.utility(offer), proposer), mine(table.reserve(offer, sunk), proposer)
        chance = table.chance(offer, sunk)
        worth = chance * own + (1 - chance) * without
        better_off = (chance > 0) & (own >= without - table.p.dissent_cost_eur_bn[:, 0])
        worth = np.where(better_off, worth - without, -np.inf)
        if best is None:
            best, top = offer, worth
        else:
            best, top = better(best, top, offer, worth)
    assert best is not None
    return best, top > -np.inf
