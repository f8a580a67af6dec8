"""The base class of textbook bargaining games: a few players, a voting rule, patience and continuation values.

The agenda protocols of the Council run on these games unchanged. Theorems of political economy are thus tested on the
functions that the model uses.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypedDict

import numpy as np
from numpy.typing import ArrayLike, NDArray

from juste_retour.abm.base.noise import RandomStreams
from juste_retour.abm.politics.ballot_result import BallotResult
from juste_retour.abm.politics.conditions import Ballot
from juste_retour.abm.politics.power.double_majority import DoubleMajority
from juste_retour.abm.politics.power.game import Game
from juste_retour.abm.politics.voting import voting
from juste_retour.agents.arrays import Booleans, Floats, Integers, total, whole_product
from juste_retour.agents.behavior import inequality
from juste_retour.agents.errors import BadInput
from juste_retour.agents.member_state import expect, vote
from juste_retour.agents.rules import Setting
from juste_retour.agents.situation import Memory, Offer, Situation, States
from juste_retour.agents.values import Values

VotingRule = str | DoubleMajority | Callable[[Ballot, States], Booleans]
PRECISION = 1e-12  # dissent cost, in the game's unit: smaller losses are rounding and do not make a player vote no
INDIFFERENT = 1e-9  # smaller differences between two offers are rounding and must not decide a vote
REHEARSALS = 64  # simulated ballots from which a proposer estimates its chance if votes are random


def players(weights: int | Sequence[float] | NDArray[np.float64]) -> States:
    """Players as states: a number of equal players, or one player per weight, with a million inhabitants per unit.

    >>> players([45, 35, 20]).population.tolist()
    [45000000, 35000000, 20000000]
    """
    w = np.ones(weights) if isinstance(weights, int) else np.asarray(weights, dtype=np.float64)
    n = len(w)
    codes = tuple(f"P{i + 1}" for i in range(n))
    ones, zeros, no = np.ones(n), np.zeros(n, dtype=np.int64), np.zeros(n, bool)
    return States(codes, codes, np.rint(w * 1e6).astype(np.int64), ones, ones, ones, ones, ones, no, no, zeros)


def _passing(rule: VotingRule) -> Callable[[Ballot, States], Booleans]:
    """The function that says which ballots pass."""
    if isinstance(rule, DoubleMajority):
        weights = np.array(rule.weights, dtype=np.int64)
        return lambda ballot, states: rule.passes(ballot.yes.sum(-1), whole_product(ballot.yes, weights))
    return voting[rule] if isinstance(rule, str) else rule


class GameTerms(TypedDict, total=False):
    """The keyword arguments of every textbook game; see `TheoryTable`."""

    worlds: int
    patience: ArrayLike
    values: ArrayLike | None
    vote_rule: str
    vote_settings: dict[str, Setting] | None
    inequality_aversion: float
    consensus_norm: float
    seed: int
    now: int


class TheoryTable:
    """A textbook bargaining game; arrays are (worlds, states).

    Args:
        states: the players, from `players`.
        voting_rule: name of a voting rule, a double majority or weighted game, or a function of (ballot, states).
        worlds: number of copies of the game that are played at once.
        patience: discount factor delta of a round; a number, or (states,) if players differ.
        values: (states,) or (worlds, states) value of the next round if this one fails, above the no-deal payoff;
            None if players expect nothing.
        vote_rule: name of the vote rule.
        vote_settings: parameters of the vote rule.
        inequality_aversion: alpha of Fehr and Schmidt (1999).
        consensus_norm: probability that a proposer buys every vote.
        seed: random seed.
        now: number of the round.
    """

    smooth = True  # utilities are smooth, so that a mediator can search along their slope

    def __init__(
        self,
        states: States,
        voting_rule: VotingRule = "simple_majority",
        *,
        worlds: int = 1,
        patience: ArrayLike = 1.0,
        values: ArrayLike | None = None,
        vote_rule: str = "self_interest",
        vote_settings: dict[str, Setting] | None = None,
        inequality_aversion: float = 0.0,
        consensus_norm: float = 0.0,
        seed: int = 0,
        now: int = 0,
    ):
        self.states, self.worlds, self.now = states, worlds, now
        self._rule = voting_rule
        self._voting = _passing(voting_rule)
        self._vote = vote[vote_rule]
        self._vote_settings = self._vote.settings(vote_settings or {}, "vote")
        self._streams = RandomStreams(seed, np.arange(worlds))
        self._values = None if values is None else np.broadcast_to(values, (worlds, states.count))
        column = np.ones((worlds, 1))
        self.p = Values(
            patience=np.asarray(patience, dtype=np.float64) * column,
            dissent_cost_eur_bn=PRECISION * column,
            inequality_aversion=inequality_aversion * column,
            consensus_norm=consensus_norm * column,
        )
        self.forced: Integers | None = None

    def uniform(self, channel: str, slots: int) -> Floats:
        """This round's uniform numbers of a random stream; (worlds, slots)."""
        return self._streams.uniform(channel, slots, self.now)

    def lasting(self, channel: str, slots: int) -> Floats:
        """Uniform numbers of a random stream that stay the same for the whole game; (worlds, slots)."""
        return self._streams.uniform(channel, slots)

    def contribution(self) -> Floats:
        """Each player's share of the total weight; (states,)."""
        return self.states.population / self.states.population.sum()

    def utility(self, offer: Floats) -> Floats:
        """Utility of an offer to each player."""
        raise NotImplementedError

    def felt(self, offer: Floats) -> Floats:
        """Utility of an offer to each player, net of envy."""
        utility = self.utility(offer)
        return utility - inequality(utility - self.disagreement(), self.p.inequality_aversion)

    def prefers(self, offer: Floats, other: Floats) -> Booleans:
        """Whether each player votes for an offer against another; indifferent players do."""
        seen = self._seen(self.utility(offer))
        envy = seen.utility - self.felt(offer)
        uniforms = self.uniform("vote", self.states.count) if self.votes_are_random else None
        situation = self._situation(self._seen(self.disagreement()), uniforms)
        reservation = self.felt(other) + envy - INDIFFERENT
        return np.asarray(self._vote(seen, reservation, situation, **self._vote_settings)) > 0

    def disagreement(self, sunk: float | Floats = 0.0) -> Floats:
        """Each player's utility if nothing is ever agreed."""
        return np.zeros((self.worlds, self.states.count))

    def reserve(self, offer: Floats, sunk: float | Floats = 0.0) -> Floats:
        """Each player's reservation value: the least utility at which it votes yes to the offer."""
        failed = self._seen(self.disagreement(sunk))
        values = self._values
        memory = Memory(np.zeros(failed.received.shape), None if values is None else lambda: values)
        rule = expect["status_quo" if values is None else "stationary"]
        reservation = rule(failed, memory, self._situation(failed))
        return reservation + inequality(self.utility(offer) - failed.utility, self.p.inequality_aversion)

    @property
    def votes_are_random(self) -> bool:
        """Whether votes are random."""
        return "deterministic" not in self._vote.properties

    def polled(self, offer: Floats, sunk: float | Floats = 0.0, uniforms: Floats | None = None) -> Floats:
        """Each player's vote: 1 yes, -1 no, 0 abstention."""
        failed = self._seen(self.disagreement(sunk))
        if self.votes_are_random and uniforms is None:
            uniforms = self.uniform("vote", self.states.count)
        reservation, situation = self.reserve(offer, sunk), self._situation(failed, uniforms)
        return np.asarray(self._vote(self._seen(self.utility(offer)), reservation, situation, **self._vote_settings))

    def passes(self, yes: Booleans, no: Booleans) -> Booleans:
        """Whether the voting rule passes the votes; (..., worlds)."""
        return self._voting(Ballot(yes, no, np.ones(yes.shape[:-1], bool)), self.states)

    def double_majority(self) -> DoubleMajority | None:
        """The voting rule as a double majority game of the players; None if it is no such game."""
        if isinstance(self._rule, str):
            game, _ = Game.of(self._rule, self.states).double_majority() or (None, False)
            return game if game and len(game.weights) == self.states.count else None
        return self._rule if isinstance(self._rule, DoubleMajority) else None

    def wins(self, yes: Booleans) -> Booleans:
        """Whether these yes votes pass if all others vote no; (..., worlds)."""
        return self.passes(yes, ~yes)

    def chance(self, offer: Floats, sunk: float | Floats = 0.0) -> Floats:
        """The proposer's estimate of the chance that an offer passes; (worlds,), 0 or 1 if no vote is random."""
        n = self.states.count
        if not self.votes_are_random:
            votes = self.polled(offer, sunk)
            return self.passes(votes > 0, votes < 0).astype(np.float64)
        uniforms = self.uniform("rehearsal", REHEARSALS * n)
        passed = np.zeros(self.worlds, dtype=np.int64)
        for k in range(REHEARSALS):
            votes = self.polled(offer, sunk, np.ascontiguousarray(uniforms[:, k * n : (k + 1) * n]))
            passed += self.passes(votes > 0, votes < 0)
        return passed / REHEARSALS

    def proposals(self, proposer: Integers, sunk: float | Floats = 0.0) -> list[Floats]:
        """Offers that a proposer chooses from; each buys the votes that it needs."""
        raise NotImplementedError

    def menu(self) -> list[Floats]:
        """Offers that a mediator compares and mixes."""
        raise NotImplementedError

    def valid(self, offer: Floats) -> Floats:
        """The nearest possible offer; here the offer itself."""
        return offer

    def seconded(self, proposer: Integers, floor: Floats | None = None) -> list[tuple[Floats, Floats]]:
        """Offers under the open rule.

        Raises:
            BadInput: this game has no amendments.
        """
        raise self._without("amendments")

    def floor(self, new: Floats, who: Integers) -> Floats:
        """Payoff to the amender from gaining the floor."""
        raise self._without("amendments")

    def displaced(self) -> float | Floats:
        """Payoff from having lost the floor."""
        raise self._without("amendments")

    def asked(self) -> Floats:
        """Cost of the project that each player wants for itself."""
        raise self._without("packages")

    def bundle(self, members: Booleans) -> Floats:
        """The offer that combines all members' projects."""
        raise self._without("packages")

    def positions(self) -> tuple[Floats, Floats]:
        """Positions and saliences on issues."""
        raise self._without("issues")

    def settled_on(self, outcome: Floats, retreat: float | Floats) -> Floats:
        """The offer nearest to an outcome on the issues."""
        raise self._without("issues")

    def _without(self, what: str) -> BadInput:
        return BadInput(f"a {type(self).__name__} has no {what}; choose an agenda protocol that needs none.")

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
        """End the round with an offer; see `tables.table.Table.conclude`."""
        every, nobody = np.ones(self.worlds, bool), np.zeros((self.worlds, self.states.count), bool)
        unpledged, gain = np.zeros(offer.shape), self.utility(offer) - self.disagreement(sunk)
        if not vote:
            return BallotResult(offer, unpledged, nobody, nobody, every, ~every, every, gain, every)
        if yes is not None:
            return BallotResult(offer, unpledged, yes, ~yes, every, every, every, gain, every)
        votes = self.polled(offer, sunk)
        held = every if held is None else held
        passed = held & self.passes(votes > 0, votes < 0)
        return BallotResult(offer, unpledged, votes > 0, votes < 0, every, held, passed, gain, last, sunk)

    def _seen(self, utility: Floats) -> Offer:
        zeros = np.zeros(utility.shape)
        no_sites = np.zeros(utility.shape, dtype=np.int64)
        return Offer(zeros, utility, zeros, zeros, zeros, no_sites, zeros, zeros)

    def _situation(self, standing: Offer, uniforms: Floats | None = None) -> Situation:
        zeros, no = standing.received, np.zeros(standing.received.shape, bool)
        return Situation(
            states=self.states,
            p=self.p,
            year=float(self.now),
            hosted=standing.sites,
            received=zeros,
            scale=zeros,
            own_cost=zeros,
            room=zeros,
            centre=no,
            standing=standing,
            alone=lambda size: self._seen(standing.utility + size),
            lost=no,
            uniforms=uniforms,
        )


def noise_grid(n: int) -> list[tuple[int, float]]:
    """Pairs of spare votes and margins, in mean stakes, that a proposer tries if votes are random."""
    spare = sorted({0, 1, 2, 3, n // 4, n // 3, n // 2} & set(range(n)))
    return [(k, m) for k in spare for m in (0.0, 0.05, 0.1, 0.2, 0.35, 0.5)]


def remainder(shares: Floats) -> Floats:
    """One less the sum of the shares, at least zero; (worlds, states) to (worlds, 1)."""
    return np.maximum(1.0 - total(shares), 0.0)[:, None]
