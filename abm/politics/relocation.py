"""The ballot that sent the Medicines Agency to Amsterdam: points, a second round, a run-off and the lot.

Round 1: each voter gives three points, two and one to three different offers, and a voter who does not is void. An
offer that more than half of all voters give their three points to wins; otherwise the three offers of most points go
on. Round 2: one vote each; an offer with the votes of more than half of all voters wins; otherwise the two of most
votes go on. Round 3: one vote each, and most votes win. Offers that tie for the last place of a round all go on; a tie
in round 3 is decided by drawing lots.

A voter who has ranked none of the offers that are left abstains. With two offers the ballot begins at round 3, and one
alone has won; the procedure of 2017 is silent on both.

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
    """What a ballot came to, over worlds.

    Attributes:
        winner: (...) index of the offer, -1 where nothing is on offer.
        by_lot: (...) whether the lot decided.
        scores: (..., 3, offers) points or votes of each round; zero in rounds that were not held.
        standing: (..., 3, offers) the offers of each round; none in rounds that were not held.
        advance: (..., 3, offers) those that go on, or that the lot is drawn among; the winner in the deciding round.
        void: (..., voters) whose first ballot is void.
    """

    winner: Integers
    by_lot: Booleans
    scores: Integers
    standing: Booleans
    advance: Booleans
    void: Booleans


def places_of(values: Floats) -> NDArray[np.int16]:
    """Each voter's ranking of offers by value, best first: (..., voters, offers) to places 0, 1, 2, ... of that shape.

    Offers of equal value keep their order.
    """
    return np.argsort(np.argsort(-values, axis=-1, kind="stable"), axis=-1, kind="stable").astype(np.int16)


def relocation(places: NDArray[np.integer], lot: Floats, withdrawn: ArrayLike = 0) -> RelocationResult:
    """Hold the ballot in every world.

    Args:
        places: (..., voters, offers) place of each offer in each voter's ranking, 0 for the first; `UNRANKED` where
            the voter has not ranked it.
        lot: (...) uniform in [0, 1), drawn whether it is needed or not.
        withdrawn: (..., offers) the round before which an offer is withdrawn, 1, 2 or 3; 0 for never. An offer
            withdrawn before round 1 is struck from all rankings.
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


def _points(
    places: NDArray[np.integer], remaining: Booleans, held: Booleans
) -> tuple[Integers, Integers, Booleans]:
    """Points and first places of each offer in the first round, (..., offers), and void ballots, (..., voters)."""
    struck = np.where(remaining[..., None, :], places, UNRANKED)
    order = np.argsort(struck, axis=-1, kind="stable")[..., :3]
    chosen = np.take_along_axis(struck, order, axis=-1) < UNRANKED
    void = ~chosen.all(-1) if order.shape[-1] == 3 else np.ones(places.shape[:-1], dtype=bool)
    void &= held[..., None]
    points = np.zeros(remaining.shape, dtype=np.int64)
    firsts = np.zeros(remaining.shape, dtype=np.int64)
    for place, worth in enumerate(POINTS[: order.shape[-1]]):
        given = (order[..., place, None] == np.arange(places.shape[-1])) & (~void & held[..., None])[
            ..., None
        ]
        points += worth * given.sum(-2)
        if place == 0:
            firsts = given.sum(-2)
    return points, firsts, void


def _drawn(tied: Booleans, lot: Floats) -> Integers:
    """The offer that the lot draws among those tied; (..., offers) and (...) to (...)."""
    drawn = np.minimum((lot * tied.sum(-1)).astype(np.int64), tied.sum(-1) - 1)
    among = np.cumsum(tied, axis=-1) - 1
    return (tied & (among == drawn[..., None])).argmax(-1)


def _best(scores: Integers, standing: Booleans, many: int) -> Booleans:
    """The so many best of those standing, and all that tie for the last place."""
    ranked = np.sort(np.where(standing, scores, -1), axis=-1)[..., ::-1]
    least = ranked[..., min(many, ranked.shape[-1]) - 1, None]
    return standing & (scores >= least)


def _votes(places: NDArray[np.integer], standing: Booleans) -> Integers:
    """Votes for each offer if every voter votes for the first of those standing in its ranking."""
    left = np.where(standing[..., None, :], places, UNRANKED)
    first = left.argmin(-1)
    votes = np.take_along_axis(left, first[..., None], axis=-1)[..., 0] < UNRANKED
    return ((first[..., None] == np.arange(places.shape[-1])) & votes[..., None]).sum(-2)


def _alone(winner: Integers, remaining: Booleans) -> Integers:
    """The offer that is left alone by withdrawals has won."""
    return np.where((winner < 0) & (remaining.sum(-1) == 1), remaining.argmax(-1), winner)


def relocation_sequence(
    places: NDArray[np.integer], lots: Floats, tied_to: ArrayLike | None = None
) -> tuple[Integers, Booleans]:
    """Place several seats one after the other; the winner of one leaves the contest for the next.

    Args:
        places: (..., voters, offers) as in `relocation`.
        lots: (..., seats) uniforms.
        tied_to: (offers,) the state that makes each offer: with it, all offers of a winning state leave.

    Returns:
        Winners (..., seats), -1 where nothing was left to win, and whether the lot decided (..., seats).
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
    """The offer that beats every other one in pairwise votes; (..., voters, offers) to (...), -1 where there is none.

    A voter prefers an offer that it has ranked to one that it has not, and abstains between two that it has not.
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
    """One round as it was held: what each offer got, who goes on (in the last round, who has won), and who stayed out.

    `silent` are the voters whose ballot was void (round 1) or who had ranked none of the offers left.
    """

    number: int
    scores: dict[str, int]
    advance: tuple[str, ...]
    silent: tuple[str, ...]


@dataclass(frozen=True)
class Narration:
    """A ballot told round by round; `tied` are the offers that the lot was drawn among, none where it was not."""

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
    """Hold one ballot from voters' rankings and tell its rounds.

    Args:
        rankings: each voter's offers, the first choice first.
        lot: uniform in [0, 1).
        offers: what stands for election; by default all that anyone has ranked, in the order of the alphabet.
        withdrawn: the round before which an offer is withdrawn, 1, 2 or 3.

    >>> hold_ballot({"DE": "ABC", "FR": "BAC", "IT": "ACB"}, lot=0.5).winner
    'A'
    """
    offers, places, leaves = _read(rankings, offers, withdrawn or {})
    result = relocation(places, np.asarray(lot, dtype=np.float64), leaves)
    if result.winner < 0:
        raise BadInput("every offer is withdrawn; leave one at least.")

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
        scores = {
            o: int(s)
            for o, s, there in zip(offers, result.scores[number - 1], standing, strict=True)
            if there
        }
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
    """The offers, each voter's places of them (voters, offers), and the round before which each is withdrawn."""
    if not rankings:
        raise BadInput("there is no voter; give one ranking at least.")
    named = {offer for ranking in rankings.values() for offer in ranking}
    offers = sorted(named) if offers is None else list(offers)
    if len(set(offers)) < len(offers):
        twice = next(offer for offer in offers if offers.count(offer) > 1)
        raise BadInput(f"the offer {twice!r} appears twice in the list of offers; name it once.")
    for voter, ranking in rankings.items():
        for offer in ranking:
            if offer not in offers:
                raise BadInput(f"{voter} ranks {offer!r}, which is not on offer; {near(offer, offers)}")
            if list(ranking).count(offer) > 1:
                raise BadInput(f"{voter} ranks {offer!r} twice; rank each offer once.")
    leaves = np.zeros(len(offers), dtype=np.int64)
    for offer, number in withdrawn.items():
        if offer not in offers:
            raise BadInput(f"{offer!r} is withdrawn but not on offer; {near(offer, offers)}")
        if number not in (1, 2, 3):
            raise BadInput(f"{offer!r} is withdrawn before round {number}; there are rounds 1, 2 and 3.")
        leaves[offers.index(offer)] = number
    places = np.full((len(rankings), len(offers)), UNRANKED, dtype=np.int16)
    for row, ranking in zip(places, rankings.values(), strict=True):
        for place, offer in enumerate(ranking):
            row[offers.index(offer)] = place
    return offers, places, leaves
