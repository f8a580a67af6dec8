"""The interface between an agenda protocol and the table at which it bargains, and the choice of a proposer.

An offer is an array (worlds, k): shares of a pie, a point on a line, or a plan of sites. Protocols do not read it. They
use only its utility to the states and whether it passes.
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
    """What an agenda protocol may use; arrays are (worlds, states) unless stated otherwise.

    Attributes:
        worlds: number of worlds.
        states: who bargains.
        p: patience, dissent_cost_eur_bn, inequality_aversion and consensus_norm, each (worlds, 1).
        now: number of the round; in the Council, the quarter.
        forced: (worlds,) index of the proposer if it is given; None if it is drawn.
        smooth: whether utilities are smooth, so that a mediator can search along their slope.
    """

    worlds: int
    states: States
    p: Values
    now: int
    forced: Integers | None
    smooth: bool

    def uniform(self, channel: str, slots: int) -> Floats:
        """This quarter's uniform numbers of a random stream; (worlds, slots)."""
        ...

    def lasting(self, channel: str, slots: int) -> Floats:
        """Uniform numbers of a random stream that stay the same for the whole run; (worlds, slots)."""
        ...

    def contribution(self) -> Floats:
        """Each state's share of the common bill; (states,) or (worlds, states)."""
        ...

    def utility(self, offer: Floats) -> Floats:
        """Utility of an offer to each state if it passes."""
        ...

    def felt(self, offer: Floats) -> Floats:
        """Utility of an offer to each state, net of envy."""
        ...

    def prefers(self, offer: Floats, other: Floats) -> Booleans:
        """Whether each state votes for an offer against another, envy and noise included."""
        ...

    def disagreement(self, sunk: float | Floats = 0.0) -> Floats:
        """Each state's disagreement point: its utility if nothing is ever agreed."""
        ...

    def reserve(self, offer: Floats, sunk: float | Floats) -> Floats:
        """Each state's reservation value: the least utility at which it votes yes to the offer."""
        ...

    def wins(self, yes: Booleans) -> Booleans:
        """Whether these yes votes pass if all others vote no; (worlds,)."""
        ...

    def chance(self, offer: Floats, sunk: float | Floats) -> Floats:
        """The proposer's estimate of the chance that an offer passes; (worlds,), 0 or 1 if no vote is random."""
        ...

    def proposals(self, proposer: Integers, sunk: float | Floats) -> list[Floats]:
        """Offers that a proposer chooses from; each buys the votes that it needs."""
        ...

    def seconded(self, proposer: Integers, floor: Floats | None = None) -> list[tuple[Floats, Floats]]:
        """Offers under the open rule, each with the share (worlds,) of other states that would second it.

        `floor` is the motion that they would amend; None for the first motion.
        """
        ...

    def floor(self, new: Floats, who: Integers) -> Floats:
        """Payoff to the amender from gaining the floor; (worlds,)."""
        ...

    def displaced(self) -> float | Floats:
        """Payoff to each state from having lost the floor; a number or (worlds, states)."""
        ...

    def asked(self) -> Floats:
        """Cost of the project that each state wants for itself; 0 if it wants none."""
        ...

    def bundle(self, members: Booleans) -> Floats:
        """The offer that combines all members' own projects, scaled down to the budget; (worlds, k)."""
        ...

    def positions(self) -> tuple[Floats, Floats]:
        """Positions and saliences, 0 to 100, on the issues; (worlds, states, issues) each."""
        ...

    def settled_on(self, outcome: Floats, retreat: Floats | float) -> Floats:
        """The offer nearest to an outcome (worlds, issues); each time it has failed, it keeps the share `retreat`."""
        ...

    def menu(self) -> list[Floats]:
        """Offers that a mediator compares and mixes."""
        ...

    def valid(self, offer: Floats) -> Floats:
        """The nearest possible offer."""
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

        `sunk` is the share of the common money that is spent even if the offer fails, a number or (worlds,). `held`
        (worlds,) says in which worlds a ballot is held; None means all. `yes` (worlds, states) are the votes of a
        binding ballot that was already held, so that the offer is carried out. `last` (worlds,) says in which worlds
        bargaining ends with this round whatever the result.
        """
        ...


def recognition(table: Table, by: str) -> Floats:
    """Each state's probability of being recognized as the proposer; (worlds, states)."""
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
    """Index of the proposer, drawn at random or in turn; (worlds,)."""
    if table.forced is not None:
        return table.forced
    n = table.states.count
    if by == "rotating":  # six months each; each world draws the state that begins
        return (np.floor(table.lasting("presidency", 1)[:, 0] * n).astype(np.int64) + table.now // 2) % n
    return drawn(recognition(table, by), table.uniform("recognition", 1)[:, 0])


def drawn(chances: Floats, uniforms: Floats) -> Integers:
    """Index drawn with probabilities proportional to `chances` (worlds, n) by uniform numbers (worlds,); (worlds,)."""
    reached = running_total(chances)
    return np.minimum((uniforms[:, None] * reached[:, -1:] >= reached).sum(-1), chances.shape[-1] - 1)


def mine(x: Floats, who: Integers) -> Floats:
    """The entry of one state per world: x (worlds, states) at the index `who` (worlds,); (worlds,)."""
    return pick(x, who[:, None])[:, 0]


def better(offer: Floats, worth: Floats, other: Floats, other_worth: Floats) -> tuple[Floats, Floats]:
    """The better of two offers in each world, and its value; the first offer if they tie."""
    more = other_worth > worth
    return np.where(more[:, None], other, offer), np.where(more, other_worth, worth)


def best_proposal(table: Table, proposer: Integers, sunk: float | Floats) -> tuple[Floats, Booleans]:
    """The offer with the highest expected payoff to the proposer.

    A proposer that gains nothing from any offer still returns one, but does not call a vote.

    Args:
        table: the table.
        proposer: (worlds,) index of the proposer.
        sunk: share of the common money that is spent even if the offer fails; a number or (worlds,).

    Returns:
        the offer (worlds, k), and whether the proposer calls a vote on it (worlds,).
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
