"""The table at which the Union bargains: what an agenda protocol may ask, in some worlds in one quarter.

Protocols see plans (worlds, sites) only through the utilities that they yield; the same protocols run on a divisible
pie or on points on a line with another table. Each part of the Council has one job and depends only on parts above it:

    known        what everyone knows            (facts.py), what plans are worth (payoffs.py)
    plans        where money could go           (plans.py)
    votes        who says yes, what passes      (votes.py)
    prices       what a yes costs               (prices.py)
    offers       what a proposer offers         (proposals.py)
    drafting     the Commission's proposal      (drafting.py)
    issues       positions and saliences        (issues.py)
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property, partial

import numpy as np
from numpy.typing import NDArray

from juste_retour.abm.environment import Environment
from juste_retour.abm.politics.ballot_result import BallotResult
from juste_retour.abm.politics.drafting import Drafting
from juste_retour.abm.politics.issues import Issues
from juste_retour.abm.politics.payoffs import Payoffs
from juste_retour.abm.politics.plans import Plans
from juste_retour.abm.politics.prices import Prices
from juste_retour.abm.politics.proposals import Proposals
from juste_retour.abm.politics.tables.table import mine
from juste_retour.abm.politics.votes import Votes
from juste_retour.agents.arrays import Booleans, Floats, Integers, total
from juste_retour.agents.lab import Letters


class Council:
    """One quarter's table for the worlds `rows`; satisfies `tables.table.Table`.

    Args:
        env: the world, its institutions and the random streams.
        rows: which of its worlds.
        industrial: whether industrial sites may be used.
        forced: (worlds,) who proposes, where that is given and not drawn.

    Attributes:
        known: what everyone knows and what plans are worth; see `facts.py` and `payoffs.py` for what it holds.
    """

    smooth = False  # utilities have steps, so that a mediator cannot follow their slope

    def __init__(
        self,
        env: Environment,
        rows: NDArray[np.int64],
        *,
        industrial: bool = True,
        forced: Integers | None = None,
    ):
        self._begin(Payoffs(env, rows, industrial=industrial), forced)

    def _begin(self, known: Payoffs, forced: Integers | None) -> None:
        self.known, self.forced = known, forced
        self.env, self.world, self.institutions = known.env, known.world, known.institutions
        self.rows, self.worlds, self.p, self.now = known.rows, known.worlds, known.p, known.now
        self.states, self.sites = known.states, known.sites

    @classmethod
    def over(cls, known: Payoffs) -> Council:
        """A table over what is known at another; parts never hold a table, so that it is gone when it is done with."""
        table = cls.__new__(cls)
        table._begin(known, None)
        return table

    def redrawn(self) -> Council:
        """The same table with this quarter's draws taken anew; what does not depend on them is kept."""
        table = Council.over(self.known)
        table.forced, table.plans, table.votes = self.forced, self.plans, self.votes
        table.offers = self.offers.priced(table.prices)
        return table

    # -- other tables -------------------------------------------------------------------------------------------------
    def some_worlds(self, index: NDArray[np.int64]) -> Council:
        """The same table for some of its worlds."""
        forced = None if self.forced is None else self.forced[index]
        return Council(self.env, self.rows[index], industrial=self.known.industrial, forced=forced)

    def restricted(self, *, industrial: bool) -> Council:
        """The same table with or without industrial sites."""
        if industrial == self.known.industrial:
            return self
        return Council(self.env, self.rows, industrial=industrial, forced=self.forced)

    def among(self, open_sites: Booleans) -> Council:
        """The same table with some sites only, booleans (worlds, sites)."""
        return Council.over(
            Payoffs(self.env, self.rows, industrial=self.known.industrial, open_sites=open_sites)
        )

    # -- parts --------------------------------------------------------------------------------------------------------
    @cached_property
    def plans(self) -> Plans:
        """Where money could go."""
        return Plans(self.known)

    @cached_property
    def votes(self) -> Votes:
        """Who says yes, and what passes."""
        return Votes(self.known, partial(_reversion, self.known))

    @cached_property
    def prices(self) -> Prices:
        """What a yes costs."""
        return Prices(self.known, self.plans, self.votes)

    @cached_property
    def offers(self) -> Proposals:
        """What proposers offer."""
        return Proposals(self.known, self.plans, self.votes, self.prices)

    @cached_property
    def drafting(self) -> Drafting:
        """The Commission's proposal."""
        return Drafting(self.known)

    @cached_property
    def issues(self) -> Issues:
        """Positions and saliences."""
        return Issues(self.known, self.plans)

    @property
    def reversion(self) -> tuple[Floats, bool]:
        """The plan that stands if nothing is agreed, EUR bn (worlds, sites), and whether hosts pay for it alone."""
        return self.votes.reversion

    # -- what a protocol asks -----------------------------------------------------------------------------------------
    def uniform(self, channel: str, slots: int) -> Floats:
        """This quarter's draws of a stream; (worlds, slots)."""
        return self.known.uniform(channel, slots)

    def lasting(self, channel: str, slots: int) -> Floats:
        """Draws of a stream that last for the run; (worlds, slots)."""
        return self.known.lasting(channel, slots)

    def contribution(self) -> Floats:
        """Each state's share of the Union's money; (states,)."""
        return self.known.split.key

    def utility(self, offer: Floats) -> Floats:
        """What an offer is worth to each state, EUR bn (worlds, states)."""
        return self.known.utility(offer)

    def felt(self, offer: Floats) -> Floats:
        """What an offer is worth to each state, EUR bn (worlds, states), less what envy takes from it."""
        return self.votes.felt(offer)

    def prefers(self, offer: Floats, other: Floats) -> Booleans:
        """(worlds, states) who votes for an offer against another, envy and noise included."""
        return self.votes.prefers(offer, other)

    def disagreement(self, sunk: float | Floats = 0.0) -> Floats:
        """What each state is left with if nothing is agreed; (worlds, states)."""
        return self.votes.failed(np.zeros((self.worlds, self.sites.count)), sunk).utility

    def reserve(self, offer: Floats, sunk: float | Floats) -> Floats:
        """What an offer must be worth to each state for it to say yes; (worlds, states)."""
        return self.votes.reserve(offer, sunk)

    def wins(self, yes: Booleans) -> Booleans:
        """(worlds,) whether these yes votes, all others no, pass with the Union's support."""
        return self.votes.wins(yes)

    def chance(self, offer: Floats, sunk: float | Floats) -> Floats:
        """(worlds,) chance that an offer passes, as its proposer sees it."""
        return self.votes.chance(offer, sunk)

    def proposals(self, proposer: Integers, sunk: float | Floats) -> list[Floats]:
        """Offers that a proposer weighs, each with the votes bought that it needs."""
        return self.offers.of(proposer, sunk)

    def seconded(self, proposer: Integers, floor: Floats | None = None) -> list[tuple[Floats, Floats]]:
        """Offers under the open rule, each with the share (worlds,) of the others who would second it."""
        return self.offers.seconded(proposer, self.disagreement())

    def floor(self, new: Floats, who: Integers) -> Floats:
        """(worlds,) payoff to the amender from gaining the floor."""
        least = mine(self.disagreement(), who)
        return least + self.p.patience[:, 0] * (mine(self.felt(new), who) - least)

    def displaced(self) -> Floats:
        """Payoff to each state from having lost the floor; (worlds, states)."""
        return self.disagreement()

    def asked(self) -> Floats:
        """What each state's own wish costs, EUR bn (worlds, states); 0 where it has none."""
        return self.plans.home_size

    def bundle(self, members: Booleans) -> Floats:
        """The plan that brings the members' wishes, scaled down to the money there is."""
        return self.plans.bundle(members)

    def positions(self) -> tuple[Floats, Floats]:
        """Positions and saliences, 0 to 100, on the two issues; (worlds, states, 2) each."""
        return self.issues.positions()

    def settled_on(self, outcome: Floats, retreat: float | Floats) -> Floats:
        """The offer nearest to an outcome (worlds, 2) on the issues; where it lacks a majority, the cheapest is bought.

        Each time it has failed, it keeps the share `retreat` of the money.
        """
        return self.prices.with_coalition(self.issues.plan_near(outcome, retreat), 0.0)

    def menu(self) -> list[Floats]:
        """Plans that a mediator weighs."""
        return self.plans.mediated()

    def valid(self, offer: Floats) -> Floats:
        """The offer without sites that are too small."""
        return self.plans.valid(offer)

    # -- the end of a round -------------------------------------------------------------------------------------------
    def conclude(
        self,
        offer: Floats,
        sunk: float | Floats = 0.0,
        *,
        held: Booleans | None = None,
        vote: bool = True,
        yes: Booleans | None = None,
        last: Booleans | None = None,
        letters: Letters | None = None,
        applied: Booleans | None = None,
    ) -> BallotResult:
        """End the round with an offer; see `tables.table.Table.conclude`.

        Args:
            offer: a plan, with cash behind it where `side_payments` allows it.
            sunk: share of the Union's money that a no does not give back.
            held: (worlds,) where there is a ballot; in the others the round passes without one.
            vote: False carries the offer out without a vote.
            yes: (worlds, states) who voted for it in a ballot that binds; no further vote is held.
            last: (worlds,) where bargaining ends whatever the result; where the offer passes if not given.
            letters: the labs' letters of intent; those for this plan if not given.
            applied: (worlds, states) who applied, under a call for proposals.
        """
        known = self.known
        plan, cash = known.parts(offer)
        plan = known.payable(plan)
        letters = known.letters(plan) if letters is None else letters
        pledged, placed = known.pledged(plan, letters), total(plan) > 0
        every = np.ones(self.worlds, bool)
        if not vote:
            nobody = np.zeros((self.worlds, self.states.count), bool)
            return BallotResult(
                plan, pledged, nobody, nobody, every, ~every, placed, np.zeros(nobody.shape), every
            )
        if yes is not None:
            gain = self.utility(plan) - self.disagreement()
            return BallotResult(plan, pledged, yes, ~yes, total(gain) >= 0, placed, placed, gain, every)
        terms = self.votes.terms(plan, pledged, sunk, cash, letters)
        gain = terms.offer.utility - terms.failed.utility
        ballot = self.votes.polled(terms.offer, terms.reservation)
        union_yes, yes, no = total(gain) >= 0, ballot > 0, ballot < 0
        held = placed if held is None else held & placed
        passed = held & self.votes.passes(yes, no, union_yes, terms.weight, terms.offer)
        return BallotResult(
            plan=plan,
            pledged=pledged,
            yes=yes,
            no=no,
            union_yes=union_yes,
            held=held,
            passed=passed,
            gain=gain,
            last=last,
            sunk=sunk,
            transfer=cash,
            applied=applied,
            terms=terms,
        )

    def completed(self, result: BallotResult) -> BallotResult:
        """The result with the pledges, gains and terms of its own plan: a protocol may have changed another's plan."""
        terms, plan = result.terms, result.plan
        if terms is None or terms.plan is plan or np.array_equal(terms.plan, plan):
            return result
        pledged = self.known.pledged(plan, terms.letters)
        terms = self.votes.terms(plan, pledged, result.sunk, result.transfer, terms.letters)
        gain = terms.offer.utility - terms.failed.utility
        return replace(result, pledged=pledged, gain=gain, terms=terms)


def _reversion(known: Payoffs) -> tuple[Floats, bool]:
    plan, own = known.institutions.decide("reversion", Council.over(known), rows=known.rows)
    return (plan if own else known.payable(plan)), own
