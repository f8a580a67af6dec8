"""How states vote on a plan, and whether it passes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property

import numpy as np

from juste_retour.abm.bargaining.payoffs import Payoffs
from juste_retour.abm.politics.ballot_result import Terms
from juste_retour.abm.politics.voting import Ballot
from juste_retour.agents.arrays import Booleans, Floats, Integers, total
from juste_retour.agents.behavior import inequality
from juste_retour.agents.lab import Letters
from juste_retour.agents.rules import family
from juste_retour.agents.situation import Memory, Offer

INDIFFERENT = 1e-9  # EUR bn: smaller differences between two offers are rounding and must not decide a vote
REHEARSALS = 16  # simulated ballots from which a proposer estimates its chance if votes are random


class Votes:
    """Reservation values, votes and ballots at the Council's table.

    Args:
        known: the common knowledge at the table, and payoffs.
        reversion: function that returns the reversion plan (worlds, sites), EUR bn, and whether hosts alone pay for it.
    """

    def __init__(self, known: Payoffs, reversion: Callable[[], tuple[Floats, bool]]):
        self.known, self._reversion = known, reversion

    @cached_property
    def reversion(self) -> tuple[Floats, bool]:
        """The plan carried out if nothing is agreed, EUR bn (worlds, sites), and whether hosts alone pay for it."""
        return self._reversion()

    def failed(self, plan: Floats, sunk: float | Floats) -> Offer:
        """The disagreement point: what each state has if the plan fails.

        Args:
            plan: EUR bn (worlds, sites).
            sunk: share of the Union's part of the plan that is paid nevertheless; (worlds,) or a number.
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
        """Each state's reservation value: the least utility at which it votes yes, EUR bn (worlds, states).

        Given an `offer`, it includes the world's random draw and envy. The draw scales with the state's own gross
        stake. Noise in proportion to the net stake could never reverse a vote; noise in proportion to the mean stake
        would decide the votes of small states.
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
        """The least utility at which each state votes yes to an offer, EUR bn (worlds, states); includes envy and noise."""
        failed = self.failed(self.known.parts(offer)[0], sunk)
        return self.reservation(failed, self.known.offered(offer))

    def felt(self, offer: Floats) -> Floats:
        """Utility of an offer to each state, net of envy; EUR bn (worlds, states)."""
        utility = self.known.utility(offer)
        gain = utility - self.failed(self.known.parts(offer)[0], 0.0).utility
        return utility - inequality(gain, self.known.p.inequality_aversion)

    def prefers(self, offer: Floats, other: Floats) -> Booleans:
        """Which states vote for an offer in a pairwise vote against another; booleans (worlds, states).

        There is no dissent cost, since neither offer is the consensus. Noise is that of a ballot.
        """
        t = self.known
        seen, failed = t.offered(offer), self.failed(t.parts(offer)[0], 0.0)
        noise = t.p.reservation_noise * t.world.resolve[t.rows] * seen.gross_stake(failed)
        envy = seen.utility - self.felt(offer)
        least = self.felt(other) + envy + noise + t.p.dissent_cost_eur_bn - INDIFFERENT
        return self.polled(seen, least) > 0

    @cached_property
    def are_random(self) -> bool:
        """Whether some state votes at random."""
        names = self.known.institutions.scenario.rules["vote"].names
        return any("deterministic" not in family("vote")[name].properties for name in names)

    def polled(self, offer: Offer, reservation: Floats, draw: Floats | None = None) -> Integers:
        """Each state's vote in this quarter's ballot: 1 yes, -1 no, 0 abstention; (worlds, states).

        Args:
            offer: what is voted on.
            reservation: (worlds, states) reservation values, EUR bn.
            draw: (worlds, states) random numbers of a simulated ballot; None for the real one.
        """
        t = self.known
        situation = t.situation
        if self.are_random:
            situation = replace(situation, uniforms=t.uniform("vote", t.states.count) if draw is None else draw)
        return np.asarray(t.institutions.decide_by_actor("vote", offer, reservation, situation, rows=t.rows))

    def passes(
        self,
        yes: Booleans,
        no: Booleans,
        union_yes: Booleans,
        weight: Floats | None = None,
        offer: Offer | None = None,
    ) -> Booleans:
        """Whether a ballot passes under the voting rule; booleans (worlds,).

        Args:
            yes: (worlds, states).
            no: (worlds, states).
            union_yes: (worlds,) the Commission's vote.
            weight: (worlds, states) what each state pays, EUR bn; None for equal weights.
            offer: what is voted on; None if a proposer only tries which votes suffice.
        """
        t = self.known
        ballot = Ballot(yes, no, union_yes, weight, t.institutions.decider, *self._so_far, t.p, offer)
        return t.institutions.decide("voting", ballot, t.states, rows=t.rows)

    @cached_property
    def _so_far(self) -> tuple[float, Integers, Integers, Integers]:
        """The year, the number of earlier rounds (worlds, 1), and each state's yes and no votes in them (worlds, states)."""
        t, bargaining = self.known, self.known.world.bargaining
        return (
            t.year,
            bargaining.rounds[t.rows][:, None],
            bargaining.yes_votes[t.rows],
            bargaining.no_votes[t.rows],
        )

    def wins(self, yes: Booleans) -> Booleans:
        """Whether these yes votes (worlds, states) pass if the Commission agrees and all others vote no; (worlds,)."""
        return self.passes(yes, ~yes, np.ones(yes.shape[:-1], bool))

    def chance(self, offer: Floats, sunk: float | Floats) -> Floats:
        """The proposer's estimate of the chance that an offer passes; (worlds,), 0 or 1 unless votes are random."""
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
        """What states compare in the vote on a plan: the offer, the disagreement point and their reservation values.

        Args:
            plan: EUR bn (worlds, sites).
            pledged: the labs' money, EUR bn (worlds, sites).
            sunk: share of the Union's part that is paid even if the plan fails; (worlds,) or a number.
            transfer: cash to each state, EUR bn; (worlds, states) or a number.
            letters: the labs' letters of intent.
        """
        t = self.known
        offer, failed = t.offer(plan, pledged, transfer), self.failed(plan, sunk)
        reservation = self.reservation(failed, offer)
        return Terms(plan, offer, failed, reservation, t.payment(plan, pledged), letters)
