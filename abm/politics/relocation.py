"""The ballot that relocated the Medicines Agency to Amsterdam in 2017: points, a second round, a run-off and a lot.

Round 1: each voter gives three, two and one points to three different offers; other ballots are void. An offer wins if
more than half of all voters give it three points. Otherwise the three offers with the most points advance.
Round 2: each voter has one vote. An offer wins with the votes of more than half of all voters. Otherwise the two offers
with the most votes advance.
Round 3: each voter has one vote, and the offer with the most votes wins. A tie is decided by lot.
In rounds 1 and 2 all offers that tie for the last place advance.

A voter who has ranked none of the remaining offers abstains. With two offers the ballot begins at round 3; a single
offer wins without a ballot. The procedure of 2017 does not regulate these two cases.

Source: procedure endorsed by the European Council (Article 50) on 22 June 2017; Council document 14559/17.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from juste_retour.agents.arrays import Booleans, Floats, Integers
from juste_retour.agents.errors import BadInput, near

POINTS = (3, 2, 1)
UNRANKED = np.iinfo(np.int16).max


@dataclass(frozen=True, eq=False)
class RelocationResult:
    """The results of ballots in all worlds.

    Attributes:
        winner: (...) index of the winning offer, -1 if there is no offer.
        by_lot: (...) whether a lot decided.
        scores: (..., 3, offers) points or votes in each round; zero in rounds that were not held.
        standing: (..., 3, offers) the offers in each round; none in rounds that were not held.
        advance: (..., 3, offers) the offers that advance; the winner, or those tied before the lot, in the last round.
        void: (..., voters) whether the voter's ballot in round 1 is void.
    """

    winner: Integers
    by_lot: Booleans
    scores: Integers
    standing: Booleans
    advance: Booleans
    void: Booleans


def places_of(values: Floats) -> NDArray[np.int16]:
    """Each voter's ranking of the offers by value: 0 for the best, 1 for the next; both (..., voters, offers).

    Offers of equal value keep their order.
    """
    return np.argsort(np.argsort(-values, axis=-1, kind="stable"), axis=-1, kind="stable").astype(np.int16)


def relocation(places: NDArray[np.integer], lot: Floats, withdrawn: ArrayLike = 0) -> RelocationResult:
    """Hold the ballot in every world.

    Args:
        places: (..., voters, offers) each offer's place in each voter's ranking, 0 for the first; `UNRANKED` if the
            voter has not ranked it.
        lot: (...) uniform number in [0, 1), used if there is a tie in round 3.
        withdrawn: (..., offers) the round (1, 2 or 3) before which an offer is withdrawn; 0 for never. An offer
            withdrawn before round 1 is removed from all rankings.
    """
    places = np.asarray(places)
    (voters, offers), worlds = places.shape[-2:], places.shape[:-2]
    lot = np.broadcast_to(lot, worlds)
    withdrawn = np.broadcast_to(withdrawn, (*worlds, offers))
    most = voters // 2 + 1
    kept = [(withdrawn == 0) | (withdrawn > r) for r in (1, 2, 3)]

    remaining = kept[0]
    count = remaining.sum(-1)
    scores = np.zeros((*worlds, 3, offers), dtype=np.int64)
    standing = np.zeros((*worlds, 3, offers), dtype=bool)
    advance = np.zeros((*worlds, 3, offers), dtype=bool)
    winner = np.where(count == 1, remaining.argmax(-1), -1)

    held = (winner < 0) & (count >= 3)
    points, firsts, void = _points(places, remaining, held)
    standing[..., 0, :] = remaining & held[..., None]
    scores[..., 0, :] = points
    won = held & (firsts >= most).any(-1)
    winner = np.where(won, firsts.argmax(-1), winner)
    on = _best(points, standing[..., 0, :], 3)
    advance[..., 0, :] = np.where(won[..., None], np.arange(offers) == winner[..., None], on)

    remaining = np.where(held[..., None], on, remaining) & kept[1]
    winner = _alone(winner, remaining)
    held = (winner < 0) & (count >= 3)
    votes = _votes(places, remaining & held[..., None])
    standing[..., 1, :] = remaining & held[..., None]
    scores[..., 1, :] = votes
    won = held & (votes >= most).any(-1)
    winner = np.where(won, votes.argmax(-1), winner)
    on = _best(votes, standing[..., 1, :], 2)
    advance[..., 1, :] = np.where(won[..., None], np.arange(offers) == winner[..., None], on)

    remaining = np.where(held[..., None], on, remaining) & kept[2]
    winner = _alone(winner, remaining)
    held = (winner < 0) & remaining.any(-1)
    votes = _votes(places, remaining & held[..., None])
    standing[..., 2, :] = remaining & held[..., None]
    scores[..., 2, :] = votes
    tied = _best(votes, standing[..., 2, :], 1)
    advance[..., 2, :] = tied
    return RelocationResult(
        winner=np.where(held, _drawn(tied, lot), winner),
        by_lot=held & (tied.sum(-1) > 1),
        scores=scores,
        standing=standing,
        advance=advance,
        void=void,
    )


def _points(places: NDArray[np.integer], remaining: Booleans, held: Booleans) -> tuple[Integers, Integers, Booleans]:
    """Points and first places of each offer in round 1, (..., offers), and void ballots, (..., voters)."""
    struck = np.where(remaining[..., None, :], places, UNRANKED)
    order = np.argsort(struck, axis=-1, kind="stable")[..., :3]
    chosen = np.take_along_axis(struck, order, axis=-1) < UNRANKED
    void = ~chosen.all(-1) if order.shape[-1] == 3 else np.ones(places.shape[:-1], dtype=bool)
    void &= held[..., None]
    points = np.zeros(remaining.shape, dtype=np.int64)
    firsts = np.zeros(remaining.shape, dtype=np.int64)
    for place, worth in enumerate(POINTS[: order.shape[-1]]):
        given = (order[..., place, None] == np.arange(places.shape[-1])) & (~void & held[..., None])[..., None]
        points += worth * given.sum(-2)
        if place == 0:
            firsts = given.sum(-2)
    return points, firsts, void


def _drawn(tied: Booleans, lot: Floats) -> Integers:
    """Index of the offer drawn among those tied, booleans (..., offers), by a uniform number (...); (...)."""
    drawn = np.minimum((lot * tied.sum(-1)).astype(np.int64), tied.sum(-1) - 1)
    among = np.cumsum(tied, axis=-1) - 1
    return (tied & (among == drawn[..., None])).argmax(-1)


def _best(scores: Integers, standing: Booleans, many: int) -> Booleans:
    """The `many` best of the remaining offers, and all that tie for the last place; booleans (..., offers)."""
    ranked = np.sort(np.where(standing, scores, -1), axis=-1)[..., ::-1]
    least = ranked[..., min(many, ranked.shape[-1]) - 1, None]
    return standing & (scores >= least)


def _votes(places: NDArray[np.integer], standing: Booleans) -> Integers:
    """Votes for each offer if every voter votes for the first remaining offer in its ranking; (..., offers)."""
    left = np.where(standing[..., None, :], places, UNRANKED)
    first = left.argmin(-1)
    votes = np.take_along_axis(left, first[..., None], axis=-1)[..., 0] < UNRANKED
    return ((first[..., None] == np.arange(places.shape[-1])) & votes[..., None]).sum(-2)


def _alone(winner: Integers, remaining: Booleans) -> Integers:
    """The winner so far, or the only offer that is left after withdrawals; -1 for neither."""
    return np.where((winner < 0) & (remaining.sum(-1) == 1), remaining.argmax(-1), winner)


def relocation_sequence(
    places: NDArray[np.integer], lots: Floats, tied_to: ArrayLike | None = None
) -> tuple[Integers, Booleans]:
    """Award several seats one after the other; the winner of one leaves the contest for the next.

    Args:
        places: (..., voters, offers) as in `relocation`.
        lots: (..., seats) uniform numbers in [0, 1).
        tied_to: (offers,) index of the state that makes each offer; all offers of a winning state then leave.

    Returns:
        winners (..., seats), -1 if no offer was left, and whether a lot decided (..., seats).
    """
    worlds, offers = places.shape[:-2], places.shape[-1]
    gone = np.zeros((*worlds, offers), dtype=np.int64)
    owner = np.arange(offers) if tied_to is None else np.asarray(tied_to)
    winners, by_lot = [], []
    for seat in range(lots.shape[-1]):
        result = relocation(places, lots[..., seat], gone)
        state = np.where(result.winner >= 0, np.take(owner, result.winner), -1)
        gone = np.where(owner == state[..., None], 1, gone)
        winners.append(result.winner)
        by_lot.append(result.by_lot)
    return np.stack(winners, axis=-1), np.stack(by_lot, axis=-1)


def condorcet_winner(places: NDArray[np.integer], standing: Booleans | None = None) -> Integers:
    """Index of the offer that beats every other one in pairwise votes, -1 if there is none; (...).

    A voter prefers a ranked offer to an unranked one, and abstains between two unranked offers.

    Args:
        places: (..., voters, offers) as in `relocation`.
        standing: (..., offers) booleans, the offers compared; None for all.
    """
    offers = places.shape[-1]
    found = np.full(places.shape[:-2], -1)
    for offer in range(offers):
        mine = places[..., offer, None]
        beats = (mine < places).sum(-2) > (mine > places).sum(-2)
        needed = np.arange(offers) != offer
        if standing is not None:
            needed = needed & standing
        wins = (beats | ~needed).all(-1)
        if standing is not None:
            wins &= standing[..., offer]
        found = np.where(wins, offer, found)
    return found


@dataclass(frozen=True)
class Round:
    """One round of a ballot.

    Attributes:
        number: 1, 2 or 3.
        scores: points or votes of each offer, largest first.
        advance: the offers that advance; in the last round, the winner.
        silent: voters whose ballot was void (round 1) or who had ranked none of the remaining offers.
    """

    number: int
    scores: dict[str, int]
    advance: tuple[str, ...]
    silent: tuple[str, ...]


@dataclass(frozen=True)
class Narration:
    """A ballot round by round.

    Attributes:
        rounds: the rounds that were held.
        winner: the winning offer.
        by_lot: whether a lot decided.
        tied: the offers among which the lot was drawn; empty without a lot.
        condorcet_winner: the offer that beats every other one in pairwise votes; None if there is none.
    """

    rounds: tuple[Round, ...]
    winner: str
    by_lot: bool
    tied: tuple[str, ...]
    condorcet_winner: str | None


def hold_ballot(
    rankings: Mapping[str, Sequence[str]],
    lot: float,
    offers: Sequence[str] | None = None,
    withdrawn: Mapping[str, int] | None = None,
) -> Narration:
    """Hold one ballot on voters' rankings and report its rounds.

    Args:
        rankings: each voter's offers, the first choice first.
        lot: uniform number in [0, 1).
        offers: the offers; by default all that a voter has ranked, in alphabetical order.
        withdrawn: the round (1, 2 or 3) before which an offer is withdrawn.

    Raises:
        BadInput: a ranking or a withdrawal is invalid; the message names the voter, the offer and the remedy.

    >>> hold_ballot({"DE": "ABC", "FR": "BAC", "IT": "ACB"}, lot=0.5).winner
    'A'
    """
    offers, places, leaves = _read(rankings, offers, withdrawn or {})
    result = relocation(places, np.asarray(lot, dtype=np.float64), leaves)
    if result.winner < 0:
        raise BadInput("every offer is withdrawn; keep at least one.")

    def those(chosen: Booleans) -> tuple[str, ...]:
        return tuple(offer for offer, there in zip(offers, chosen, strict=True) if there)

    winner = offers[int(result.winner)]
    by_lot = bool(result.by_lot)
    rounds: list[Round] = []
    tied: tuple[str, ...] = ()
    for number in (1, 2, 3):
        standing = result.standing[number - 1]
        if not standing.any():
            continue
        ranked = (places < UNRANKED) & standing
        silent = result.void if number == 1 else ~ranked.any(-1)
        advance = those(result.advance[number - 1])
        if number == 3:
            tied, advance = (advance if by_lot else ()), (winner,)
        scores = {o: int(s) for o, s, there in zip(offers, result.scores[number - 1], standing, strict=True) if there}
        rounds.append(
            Round(
                number,
                dict(sorted(scores.items(), key=lambda entry: -entry[1])),
                advance,
                tuple(voter for voter, out in zip(rankings, silent, strict=True) if out),
            )
        )
    best = int(condorcet_winner(places, leaves != 1))
    return Narration(tuple(rounds), winner, by_lot, tied, offers[best] if best >= 0 else None)


def _read(
    rankings: Mapping[str, Sequence[str]], offers: Sequence[str] | None, withdrawn: Mapping[str, int]
) -> tuple[list[str], NDArray[np.int16], Integers]:
    """The offers, their places in each voter's ranking (voters, offers), and the round before which each is withdrawn."""
    if not rankings:
        raise BadInput("there is no voter; give at least one ranking.")
    named = {offer for ranking in rankings.values() for offer in ranking}
    offers = sorted(named) if offers is None else list(offers)
    if len(set(offers)) < len(offers):
        twice = next(offer for offer in offers if offers.count(offer) > 1)
        raise BadInput(f"the offer {twice!r} is listed twice; list it once.")
    for voter, ranking in rankings.items():
        for offer in ranking:
            if offer not in offers:
                raise BadInput(f"{voter} ranks {offer!r}, which is not an offer; {near(offer, offers)}")
            if list(ranking).count(offer) > 1:
                raise BadInput(f"{voter} ranks {offer!r} twice; rank each offer once.")
    leaves = np.zeros(len(offers), dtype=np.int64)
    for offer, number in withdrawn.items():
        if offer not in offers:
            raise BadInput(f"{offer!r} is withdrawn but is not an offer; {near(offer, offers)}")
        if number not in (1, 2, 3):
            raise BadInput(f"{offer!r} is withdrawn before round {number}; the round must be 1, 2 or 3.")
        leaves[offers.index(offer)] = number
    places = np.full((len(rankings), len(offers)), UNRANKED, dtype=np.int16)
    for row, ranking in zip(places, rankings.values(), strict=True):
        for place, offer in enumerate(ranking):
            row[offers.index(offer)] = place
    return offers, places, leaves
