import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from juste_retour.abm.politics.relocation import (
    UNRANKED,
    condorcet_winner,
    hold_ballot,
    places_of,
    relocation,
    relocation_sequence,
)
from juste_retour.agents.errors import BadInput


def plain_ballot(rankings, offers, lot, leaves):
    """The relocation procedure of 2017 for one ballot, in plain Python."""
    n = len(rankings)
    remaining = [o for o in offers if leaves.get(o) != 1]
    rankings = [[o for o in r if o in remaining] for r in rankings]
    if len(remaining) == 1:
        return remaining[0], False, 0
    if len(remaining) >= 3:
        points = dict.fromkeys(remaining, 0)
        threes = dict.fromkeys(remaining, 0)
        for ranked in rankings:
            if len(ranked) >= 3:
                threes[ranked[0]] += 1
                for offer, worth in zip(ranked, (3, 2, 1), strict=False):
                    points[offer] += worth
        for offer in remaining:
            if 2 * threes[offer] > n:
                return offer, False, 1
        third = sorted(points.values(), reverse=True)[2]
        remaining = [o for o in remaining if points[o] >= third and leaves.get(o) != 2]
        if len(remaining) > 1:
            votes = count(rankings, remaining)
            for offer in remaining:
                if 2 * votes[offer] > n:
                    return offer, False, 2
            second = sorted(votes.values(), reverse=True)[1]
            remaining = [o for o in remaining if votes[o] >= second]
    else:
        remaining = [o for o in remaining if leaves.get(o) != 2]
    remaining = [o for o in remaining if leaves.get(o) != 3] if len(remaining) > 1 else remaining
    if not remaining:
        return None, False, 3
    votes = count(rankings, remaining)
    best = [o for o in remaining if votes[o] == max(votes.values())]
    return best[min(int(lot * len(best)), len(best) - 1)], len(best) > 1, 3


def count(rankings, remaining):
    votes = dict.fromkeys(remaining, 0)
    for ranked in rankings:
        choice = next((o for o in ranked if o in remaining), None)
        if choice is not None:
            votes[choice] += 1
    return votes


@st.composite
def contests(draw):
    offers = list(range(draw(st.integers(1, 6))))
    voters = draw(st.integers(1, 9))
    rankings = [draw(st.permutations(offers))[: draw(st.integers(0, len(offers)))] for _ in range(voters)]
    leaves = draw(st.dictionaries(st.sampled_from(offers), st.integers(1, 3), max_size=2))
    return offers, rankings, draw(st.floats(0, 0.999)), leaves


def places(rankings, offers):
    out = np.full((len(rankings), len(offers)), UNRANKED, dtype=np.int16)
    for voter, ranked in enumerate(rankings):
        out[voter, list(ranked)] = np.arange(len(ranked))
    return out


@given(contests())
@settings(max_examples=300)
def test_ballots_agree_with_a_literal_count_by_hand(contest):
    offers, rankings, lot, leaves = contest
    left = np.array([leaves.get(o, 0) for o in offers])
    result = relocation(places(rankings, offers), np.asarray(lot), left)
    winner, by_lot, _ = plain_ballot(rankings, offers, lot, leaves)
    assert (None if result.winner < 0 else int(result.winner)) == winner
    assert bool(result.by_lot) == by_lot


@pytest.mark.parametrize("chunk", [1, 7, 64])
def test_ballots_do_not_depend_on_the_chunk(chunk):
    rng = np.random.default_rng(2)
    ranked = places_of(rng.random((64, 27, 12)))
    lots = rng.random((64, 3))
    whole = relocation_sequence(ranked, lots)
    parts = [relocation_sequence(ranked[k : k + chunk], lots[k : k + chunk]) for k in range(0, 64, chunk)]
    for all_at_once, apart in zip(whole, zip(*parts, strict=True), strict=True):
        assert np.array_equal(all_at_once, np.concatenate(apart))


def test_several_seats_go_to_different_offers_or_states():
    rng = np.random.default_rng(4)
    ranked, lots = places_of(rng.random((200, 27, 6))), rng.random((200, 4))
    winners, _ = relocation_sequence(ranked, lots)
    assert all(len(set(row)) == 4 for row in winners.tolist())
    owner = np.array([0, 0, 1, 1, 2, 2])
    winners, by_lot = relocation_sequence(ranked, lots, owner)
    assert (winners[:, 3] == -1).all()
    assert not by_lot[:, 3].any()
    assert all(len(set(owner[row[:3]])) == 3 for row in winners)


def test_ballot_is_neutral():
    rng = np.random.default_rng(8)
    ranked = places_of(rng.random((300, 27, 7)))
    names = rng.permutation(7)
    a = relocation(ranked, np.zeros(300))
    b = relocation(np.take(ranked, names, axis=-1), np.zeros(300))
    settled = ~a.by_lot
    assert settled.sum() > 200
    assert np.array_equal(a.winner[settled], names[b.winner[settled]])
    assert np.array_equal(a.by_lot, b.by_lot)


def test_ballot_is_anonymous():
    rng = np.random.default_rng(9)
    ranked, lots = places_of(rng.random((300, 27, 7))), rng.random(300)
    assert np.array_equal(relocation(ranked, lots).winner, relocation(ranked[:, rng.permutation(27)], lots).winner)


def test_14_of_27_first_places_win_in_round_1():
    votes = {f"v{i}": "ABC" if i < 14 else "BCD" for i in range(27)}
    result = hold_ballot(votes, 0.0)
    assert (result.winner, len(result.rounds), result.by_lot) == ("A", 1, False)
    votes["v13"] = "CAB"
    result = hold_ballot(votes, 0.0)
    assert len(result.rounds) == 3
    assert result.rounds[1].scores == {"A": 13, "B": 13, "C": 1}
    assert (result.winner, result.by_lot) == ("A", False)


def test_ballot_with_fewer_than_three_places_counts_only_in_later_rounds():
    votes = {"a": "XYZ", "b": "YZX", "c": "ZXY", "d": "X"}
    result = hold_ballot(votes, 0.0)
    assert result.rounds[0].scores == {"X": 6, "Y": 6, "Z": 6}
    assert result.rounds[0].silent == ("d",)
    assert result.rounds[1].scores == {"X": 2, "Y": 1, "Z": 1}
    assert set(result.rounds[1].advance) == {"X", "Y", "Z"}  # both offers that tie for second place advance
    assert result.winner == "X"


def test_offers_tied_for_third_place_advance():
    votes = {"a": "ABC", "b": "ABD", "c": "BAC", "d": "BAD"}
    first = hold_ballot(votes, 0.0).rounds[0]
    assert first.scores == {"A": 10, "B": 10, "C": 2, "D": 2}
    assert set(first.advance) == {"A", "B", "C", "D"}


def test_withdrawn_offers_leave_the_ballot():
    votes = {"a": "ABCD", "b": "BACD", "c": "CABD", "d": "DBCA"}
    assert set(hold_ballot(votes, 0.0, withdrawn={"A": 1}).rounds[0].scores) == {"B", "C", "D"}
    later = hold_ballot(votes, 0.0, withdrawn={"A": 2})
    assert "A" in later.rounds[0].scores
    assert "A" not in later.rounds[1].scores
    alone = hold_ballot(votes, 0.0, withdrawn={"A": 1, "B": 1, "C": 1})
    assert (alone.winner, alone.rounds) == ("D", ())
    two = hold_ballot(votes, 0.0, withdrawn={"A": 1, "D": 1})
    assert [r.number for r in two.rounds] == [3]


@pytest.mark.parametrize(
    ("votes", "more", "named"),
    [
        ({}, {}, "voter"),
        ({"DE": ["A", "B", "A"]}, {}, "DE.*'A'"),
        ({"DE": ["A", "B", "Q"]}, {"offers": ["A", "B", "C"]}, "DE.*'Q'"),
        ({"DE": ["A"]}, {"offers": ["A", "A"]}, "'A'"),
        ({"DE": ["A"]}, {"withdrawn": {"B": 1}}, "'B'"),
        ({"DE": ["A"]}, {"withdrawn": {"A": 4}}, r"\b4\b"),
        ({"DE": ["A"]}, {"withdrawn": {"A": 1}}, "withdrawn"),
    ],
)
def test_invalid_ballots_are_refused(votes, more, named):
    with pytest.raises(BadInput, match=named):
        hold_ballot(votes, 0.0, **more)


def test_condorcet_winner_may_lose():
    """The compromise that nobody ranks first beats all others in pairs and leaves after the first round."""
    votes = {f"a{i}": "ABC" for i in range(6)} | {f"d{i}": "DEC" for i in range(6)} | {"c": "CBE"}
    result = hold_ballot(votes, 0.0)
    assert result.condorcet_winner == "C"
    assert result.winner != "C"


def test_cycles_have_no_condorcet_winner():
    assert condorcet_winner(np.array([[0, 1, 2], [2, 0, 1], [1, 2, 0]])) == -1
    assert condorcet_winner(np.array([[0, 1, 2], [2, 0, 1], [0, 2, 1]])) == 0
