"""How states vote on a plan, and whether it passes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property

import numpy as np

from juste_retour.abm.politics.ballot_result import Terms
from juste_retour.abm.politics.payoffs import Payoffs
from juste_retour.abm.politics.voting import Ballot
from juste_retour.agents.arrays import Booleans, Floats, Integers, total
from juste_retour.agents.behavior import inequality
from juste_retour.agents.lab import Letters
from juste_retour.agents.rules import family
from juste_retour.agents.situation import Memory, Offer

INDIFFERENT = 1e-9  # EUR bn between two offers, so that rounding decides no vote
REHEARSALS = 16  # ballots that a proposer plays through where votes are random


class Votes:
    """The votes at a table.

    Args:
        known: what everyone knows and what plans are worth.
        reversion: the plan (worlds, sites) that stands if nothing is agreed, and whether hosts pay for it alone.
    """

    def __init__(self, known: Payoffs, reversion: Callable[[], tuple[Floats, bool]]):
        self.known, self._reversion = known, reversion

    @cached_property
    def reversion(self) -> tuple[Floats, bool]:
        """The plan that stands if nothing is agreed, EUR bn (worlds, sites), and whether hosts pay for it alone."""
        return self._reversion()

    def failed(self, plan: Floats, sunk: float | Floats) -> Offer:
        """What each state is left with if the plan fails: what stands, or what the reversion rule puts in its place.

        `sunk` of the Union's part of the plan is paid all the same; (worlds,) or a number.
        """
        t = self.known
        reversion, own = self.reversion
        lost = t.split.key * (t.split.union * np.reshape(sunk, (-1, 1)) * total(plan)[:, None])
        if not reversion.any():
            return replace(t.standing, payment=t.standing.payment + lost)
        bill = t.world.by_state(reversion) if own else t.payment(reversion, np.zeros(reversion.shape))
        return t.seen(
            t.hosted + t.counted(reversion),
            t.received + t.world.by_state(reversion),
            t.outlook.prospect(reversion),
            t.paid + bill + lost,
        )

    def reservation(self, failed: Offer, offer: Offer | None = None) -> Floats:
        """(worlds, states) EUR bn below which a state says no to an offer.

        It carries the world's draw, which scales with the state's own gross stake: a net stake could never be
        outweighed by noise, and with the mean stake the noise of small states would decide.
        """
        t = self.known
        rows, foresight = t.rows, t.env.foresight
        memory = Memory(t.world.bargaining.memory[rows], lambda: foresight.continuation(rows))
        value = t.institutions.decide_by_actor("expect", failed, memory, t.situation, rows=rows)
        if offer is None:
            return value
        value = value + t.p.reservation_noise * t.world.resolve[rows] * offer.gross_stake(failed)
        return value + inequality(offer.utility - failed.utility, t.p.inequality_aversion)

    def reserve(self, offer: Floats, sunk: float | Floats) -> Floats:
        """What an offer must be worth to each state for it to say yes; (worlds, states)."""
        failed = self.failed(self.known.parts(offer)[0], sunk)
        return self.reservation(failed, self.known.offered(offer))

    def felt(self, offer: Floats) -> Floats:
        """What an offer is worth to each state, EUR bn (worlds, states), less what envy takes from it."""
        utility = self.known.utility(offer)
        gain = utility - self.failed(self.known.parts(offer)[0], 0.0).utility
        return utility - inequality(gain, self.known.p.inequality_aversion)

    def prefers(self, offer: Floats, other: Floats) -> Booleans:
        """(worlds, states) who votes for an offer against another, which costs nobody's dissent; noise as in a ballot."""
        t = self.known
        seen, failed = t.offered(offer), self.failed(t.parts(offer)[0], 0.0)
        noise = t.p.reservation_noise * t.world.resolve[t.rows] * seen.gross_stake(failed)
        envy = seen.utility - self.felt(offer)
        least = self.felt(other) + envy + noise + t.p.dissent_cost_eur_bn - INDIFFERENT
        return self.polled(seen, least) > 0

    @cached_property
    def are_random(self) -> bool:
        """Whether some state's vote is drawn."""
        names = self.known.institutions.scenario.rules["vote"].names
        return any("deterministic" not in family("vote")[name].properties for name in names)

    def polled(self, offer: Offer, reservation: Floats, draw: Floats | None = None) -> Integers:
        """Votes, 1, -1 or 0 (worlds, states), of this quarter's ballot or, with `draw`, of a rehearsed one."""
        t = self.known
        situation = t.situation
        if self.are_random:
            situation = replace(
                situation, uniforms=t.uniform("vote", t.states.count) if draw is None else draw
            )
        return np.asarray(t.institutions.decide_by_actor("vote", offer, reservation, situation, rows=t.rows))

    def passes(
        self,
        yes: Booleans,
        no: Booleans,
        union_yes: Booleans,
        weight: Floats | None = None,
        offer: Offer | None = None,
    ) -> Booleans:
        """(worlds,) whether the voting rule passes the ballot on an offer, where there is one."""
        t = self.known
        ballot = Ballot(yes, no, union_yes, weight, t.institutions.decider, *self._so_far, t.p, offer)
        return t.institutions.decide("voting", ballot, t.states, rows=t.rows)

    @cached_property
    def _so_far(self) -> tuple[float, Integers, Integers, Integers]:
        """The year, the rounds before this one (worlds, 1), and each state's yes and no votes (worlds, states) in them."""
        t, bargaining = self.known, self.known.world.bargaining
        return (
            t.year,
            bargaining.rounds[t.rows][:, None],
            bargaining.yes_votes[t.rows],
            bargaining.no_votes[t.rows],
        )

    def wins(self, yes: Booleans) -> Booleans:
        """Whether these yes votes (worlds, states), all others no, pass with the Union's support; (worlds,)."""
        return self.passes(yes, ~yes, np.ones(yes.shape[:-1], bool))

    def chance(self, offer: Floats, sunk: float | Floats) -> Floats:
        """(worlds,) chance that an offer passes, as its proposer sees it."""
        t = self.known
        seen, reservation = t.offered(offer), self.reserve(offer, sunk)
        plan, n = t.parts(offer)[0], t.states.count
        gain = seen.utility - self.failed(plan, sunk).utility
        union_yes, weight = total(gain) >= 0, t.payment(plan, np.zeros(plan.shape))
        if not self.are_random:
            votes = self.polled(seen, reservation)
            return self.passes(votes > 0, votes < 0, union_yes, weight, seen).astype(np.float64)
        draws = t.uniform("rehearsal", REHEARSALS * n)
        passed = np.zeros(t.worlds, dtype=np.int64)
        for k in range(REHEARSALS):
            votes = self.polled(seen, reservation, np.ascontiguousarray(draws[:, k * n : (k + 1) * n]))
            passed += self.passes(votes > 0, votes < 0, union_yes, weight, seen)
        return passed / REHEARSALS

    def terms(
        self,
        plan: Floats,
        pledged: Floats,
        sunk: float | Floats,
        transfer: float | Floats,
        letters: Letters | None,
    ) -> Terms:
        """What each state weighs when a plan is put to the vote."""
        t = self.known
        offer, failed = t.offer(plan, pledged, transfer), self.failed(plan, sunk)
        reservation = self.reservation(failed, offer)
        return Terms(plan, offer, failed, reservation, t.payment(plan, pledged), letters)
