"""The Council's table: the interface through which an agenda protocol bargains, for some worlds in one quarter.

Protocols use only the utilities of plans, so that they also run on the textbook games in `tables`. Each part of the
Council has one job and depends only on parts above it:

    known        common knowledge (facts.py), payoffs (payoffs.py)
    plans        plans that actors consider       (plans.py)
    votes        votes, ballots, reservation      (votes.py)
    prices       prices of votes                  (prices.py)
    offers       what a proposer offers           (proposals.py)
    drafting     the Commission's proposal        (drafting.py)
    issues       positions and saliences          (issues.py)
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property, partial

import numpy as np
from numpy.typing import NDArray

from juste_retour.abm.bargaining.drafting import Drafting
from juste_retour.abm.bargaining.issues import Issues
from juste_retour.abm.bargaining.payoffs import Payoffs
from juste_retour.abm.bargaining.plans import Plans
from juste_retour.abm.bargaining.prices import Prices
from juste_retour.abm.bargaining.proposals import Proposals
from juste_retour.abm.bargaining.tables.bargaining_table import mine
from juste_retour.abm.bargaining.votes import Votes
from juste_retour.abm.politics.ballot_result import BallotResult
from juste_retour.abm.worlds.environment import Environment
from juste_retour.agents.arrays import Booleans, Floats, Integers, total
from juste_retour.agents.lab import Letters


class Council:
    """The Council's table in one quarter; implements `tables.table.Table`.

    Args:
        env: the worlds, their institutions and the random streams.
        rows: indices of the worlds at this table.
        industrial: whether industrial sites may be used.
        forced: (worlds,) index of the proposer if it is given; None if it is drawn.

    Attributes:
        known: common knowledge and payoffs; its attributes are in `facts.py` and `payoffs.py`.
    """

    smooth = False  # utilities have steps, so that a mediator cannot search along their slope

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
        """A table over existing knowledge. Parts hold `Payoffs`, not a table, so that tables can be freed from memory."""
        table = cls.__new__(cls)
        table._begin(known, None)
        return table

    def redrawn(self) -> Council:
        """The same table with new random draws; what does not depend on draws is not computed again."""
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
        """The same table with only some sites open, booleans (worlds, sites)."""
        return Council.over(Payoffs(self.env, self.rows, industrial=self.known.industrial, open_sites=open_sites))

    # -- parts --------------------------------------------------------------------------------------------------------
    @cached_property
    def plans(self) -> Plans:
        """The plans that actors consider."""
        return Plans(self.known)

    @cached_property
    def votes(self) -> Votes:
        """Votes, ballots and reservation values."""
        return Votes(self.known, partial(_reversion, self.known))

    @cached_property
    def prices(self) -> Prices:
        """Prices of votes."""
        return Prices(self.known, self.plans, self.votes)

    @cached_property
    def offers(self) -> Proposals:
        """The offers of proposers."""
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
        """The plan carried out if nothing is agreed, EUR bn (worlds, sites), and whether hosts alone pay for it."""
        return self.votes.reversion

    # -- the interface of `Table` -------------------------------------------------------------------------------------
    def uniform(self, channel: str, slots: int) -> Floats:
        """This quarter's uniform numbers of a random stream; (worlds, slots)."""
        return self.known.uniform(channel, slots)

    def lasting(self, channel: str, slots: int) -> Floats:
        """Uniform numbers of a random stream that stay the same for the whole run; (worlds, slots)."""
        return self.known.lasting(channel, slots)

    def contribution(self) -> Floats:
        """Each state's share of the Union's money; (states,)."""
        return self.known.split.key

    def utility(self, offer: Floats) -> Floats:
        """Utility of an offer to each state if it passes, EUR bn (worlds, states)."""
        return self.known.utility(offer)

    def felt(self, offer: Floats) -> Floats:
        """Utility of an offer to each state, net of envy; EUR bn (worlds, states)."""
        return self.votes.felt(offer)

    def prefers(self, offer: Floats, other: Floats) -> Booleans:
        """Whether each state votes for an offer against another, envy and noise included; (worlds, states)."""
        return self.votes.prefers(offer, other)

    def disagreement(self, sunk: float | Floats = 0.0) -> Floats:
        """Each state's utility if nothing is agreed, EUR bn (worlds, states)."""
        return self.votes.failed(np.zeros((self.worlds, self.sites.count)), sunk).utility

    def reserve(self, offer: Floats, sunk: float | Floats) -> Floats:
        """The least utility at which each state votes yes to the offer, EUR bn (worlds, states)."""
        return self.votes.reserve(offer, sunk)

    def wins(self, yes: Booleans) -> Booleans:
        """Whether these yes votes pass if the Commission agrees and all others vote no; (worlds,)."""
        return self.votes.wins(yes)

    def chance(self, offer: Floats, sunk: float | Floats) -> Floats:
        """The proposer's estimate of the chance that an offer passes; (worlds,), 0 or 1 unless votes are random."""
        return self.votes.chance(offer, sunk)

    def proposals(self, proposer: Integers, sunk: float | Floats) -> list[Floats]:
        """Offers that a proposer chooses from; each buys the votes that it needs."""
        return self.offers.of(proposer, sunk)

    def seconded(self, proposer: Integers, floor: Floats | None = None) -> list[tuple[Floats, Floats]]:
        """Offers under the open rule, each with the share (worlds,) of other states that would second it."""
        return self.offers.seconded(proposer, self.disagreement())

    def floor(self, new: Floats, who: Integers) -> Floats:
        """Payoff to the amender from gaining the floor, EUR bn (worlds,)."""
        least = mine(self.disagreement(), who)
        return least + self.p.patience[:, 0] * (mine(self.felt(new), who) - least)

    def displaced(self) -> Floats:
        """Payoff to each state from having lost the floor, EUR bn (worlds, states)."""
        return self.disagreement()

    def asked(self) -> Floats:
        """Cost of the site that each state wants for itself, EUR bn (worlds, states); 0 if it wants none."""
        return self.plans.home_size

    def bundle(self, members: Booleans) -> Floats:
        """The plan with the sites that all members want, scaled down to the envelope; EUR bn (worlds, sites)."""
        return self.plans.bundle(members)

    def positions(self) -> tuple[Floats, Floats]:
        """Positions and saliences, 0 to 100, on the two issues; (worlds, states, 2) each."""
        return self.issues.positions()

    def settled_on(self, outcome: Floats, retreat: float | Floats) -> Floats:
        """The offer nearest to an outcome (worlds, 2) on the two issues, which buys the cheapest winning coalition.

        Each time it has failed, the offer keeps the share `retreat` of the money.
        """
        return self.prices.with_coalition(self.issues.plan_near(outcome, retreat), 0.0)

    def menu(self) -> list[Floats]:
        """Plans that a mediator compares and mixes."""
        return self.plans.mediated()

    def valid(self, offer: Floats) -> Floats:
        """The offer without sites below the smallest size."""
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
        bids: Integers | None = None,
    ) -> BallotResult:
        """End the round with an offer: put it to the vote, or carry it out without one (`vote=False`).

        Args:
            offer: a plan, EUR bn (worlds, sites); with `side_payments` it may be followed by each state's cash.
            sunk: share of the Union's money that is spent even if the offer fails; a number or (worlds,).
            held: (worlds,) whether a ballot is held; None for everywhere.
            vote: False carries the offer out without a vote.
            yes: (worlds, states) the votes of a binding ballot already held; the offer is carried out.
            last: (worlds,) whether bargaining ends with this round; None: it ends if the offer passes.
            letters: the labs' letters of intent; None for those that this plan attracts.
            bids: (worlds, states) number of each state's bids, under a call for proposals.

        Returns:
            the result of the round.
        """
        known = self.known
        plan, cash = known.parts(offer)
        plan = known.payable(plan)
        letters = known.letters(plan) if letters is None else letters
        pledged, placed = known.pledged(plan, letters), total(plan) > 0
        every = np.ones(self.worlds, bool)
        if not vote:
            nobody = np.zeros((self.worlds, self.states.count), bool)
            return BallotResult(plan, pledged, nobody, nobody, every, ~every, placed, np.zeros(nobody.shape), every)
        if yes is not None:
            gain = self.utility(plan) - self.disagreement()
            return BallotResult(plan, pledged, yes, ~yes, total(gain) >= 0, placed, placed, gain, every)
        terms = self.votes.terms(plan, pledged, sunk, cash, letters)
        gain = terms.offer.utility - terms.failed.utility
        ballot = self.votes.polled(terms.offer, terms.reservation)
        given = self.env.given.get(self.world.quarter)
        if given:
            ballot = ballot.copy()
            ballot[:, list(given)] = list(given.values())
        union_yes, yes, no = total(gain) >= 0, ballot > 0, ballot < 0
        held = placed if held is None else held & placed
        carried = self.votes.passes(yes, no, union_yes, terms.weight, terms.offer)
        if self.p.consultation != "none" and not given:
            held = held & carried
        passed = held & carried
        if self.p.consultation == "outcome":
            yes, no = yes | passed[:, None], no & ~passed[:, None]
        decided = (yes, no, union_yes, held, passed)
        return BallotResult(plan, pledged, *decided, gain, last, sunk=sunk, transfer=cash, bids=bids, terms=terms)

    def completed(self, result: BallotResult) -> BallotResult:
        """The result with pledges, gains and terms recomputed if a protocol has changed the plan of another's result."""
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
