"""The audience: seats, answers, tallies, limits and recounted ballots."""

from pathlib import Path

import numpy as np
import pytest

from juste_retour.abm.base.members import load_members
from juste_retour.abm.worlds.scenario import load
from juste_retour.agents.errors import BadInput
from juste_retour.visualization.audience.ballots import HeldBallot
from juste_retour.visualization.audience.limits import KEPT, Buckets
from juste_retour.visualization.audience.room import (
    MOST_FROM_ONE_ADDRESS,
    AnswerRefused,
    BallotQuestion,
    Guess,
    Room,
    histogram,
)
from juste_retour.visualization.views.stage_frames import play

ROOT = Path(__file__).parents[2]
MEMBERS = load_members()
STATES = MEMBERS.states
BEHIND = Guess(("How many years behind?", {}), "years", 0, 30, 5.0)
BALLOT = BallotQuestion((), ((),) * STATES.count, (True,) * STATES.count)


def entered(room, phones):
    return [room.enter(f"10.0.{k // 250}.{k % 250}") for k in range(phones)]


def test_seats_go_to_the_largest_states_first_and_evenly():
    room = Room(STATES)
    dealt = [room.state_of(token) for token in entered(room, 2 * STATES.count)]
    assert sorted(dealt[: STATES.count]) == list(range(STATES.count))
    assert dealt[STATES.count :] == dealt[: STATES.count]
    assert [STATES.codes[i] for i in dealt[:3]] == ["DE", "FR", "IT"]
    assert len(set(room.seats)) == 2 * STATES.count


def test_full_room_and_crowded_address_are_refused():
    room = Room(STATES, most=MOST_FROM_ONE_ADDRESS + 1)
    for _ in range(MOST_FROM_ONE_ADDRESS):
        room.enter("10.0.0.1")
    with pytest.raises(AnswerRefused, match="network address"):
        room.enter("10.0.0.1")
    room.enter("10.0.0.2")
    with pytest.raises(AnswerRefused, match="full"):
        room.enter("10.0.0.3")


def test_seat_with_an_answer_or_of_another_browser_is_not_taken():
    room = Room(STATES)
    first = room.enter("10.0.0.1", "a browser")
    room.left[first] = None
    assert room.state_of(room.enter("10.0.0.1", "another")) != room.state_of(first)
    room.put(BEHIND)
    room.answer(first, 1, 3)
    second = room.enter("10.0.0.1", "a browser")
    assert {first, second} <= {*room.seats}
    room.put(BEHIND)
    again = room.enter("10.0.0.1", "a browser")
    assert first not in room.seats
    assert sorted(room.seats.values()) == [0, 1, 2]
    with pytest.raises(AnswerRefused):
        room.answer(first, 2, 3)
    assert room.answer(again, 2, 3) == 3


def test_one_answer_per_phone_until_the_question_closes():
    room = Room(STATES)
    token, other = entered(room, 2)
    with pytest.raises(AnswerRefused) as early:
        room.answer(token, 0, 3)
    room.put(BEHIND)
    assert room.answer(token, 1, 3.14) == 3.1
    assert room.answer(token, 1, 4) == 4.0
    room.answer(other, 1, 8)
    assert room.guesses() == [4.0, 8.0]
    with pytest.raises(AnswerRefused) as stale:
        room.answer(token, 7, 5)
    room.close()
    with pytest.raises(AnswerRefused) as late:
        room.answer(token, 1, 5)
    with pytest.raises(AnswerRefused) as stranger:
        room.answer("nobody", 1, 5)
    assert [refused.value.status for refused in (early, stale, late, stranger)] == [409, 409, 409, 403]
    room.put(BALLOT)
    assert room.answers == {}


@pytest.mark.parametrize("value", [None, "4", True, -1, 31, float("nan"), float("inf"), [4], {}])
def test_invalid_guess_is_refused(value):
    with pytest.raises(AnswerRefused, match="from 0 to 30"):
        BEHIND.read(value)


@pytest.mark.parametrize("value", [None, 1, "Yes", "maybe", ["yes"]])
def test_invalid_vote_is_refused(value):
    with pytest.raises(AnswerRefused, match="abstain"):
        BALLOT.read(value)


def test_state_votes_with_the_majority_of_its_phones():
    room = Room(STATES)
    phones = entered(room, 4 * STATES.count)
    room.put(BALLOT)
    germany = phones[:: STATES.count]
    for token, vote in zip(germany, ("no", "no", "yes", "abstain"), strict=True):
        room.answer(token, 1, vote)
    assert room.votes() == {STATES.index("DE"): -1}
    room.answer(germany[3], 1, "yes")
    assert room.votes() == {STATES.index("DE"): 0}
    room.answer(germany[0], 1, "yes")
    assert room.votes() == {STATES.index("DE"): 1}


def test_states_without_phones_vote_as_in_the_model():
    room = Room(STATES)
    germany, _france = entered(room, 2)
    room.put(BALLOT)
    room.answer(germany, 1, "no")
    model = [1] * STATES.count
    cast = room.cast(model)
    assert (cast[STATES.index("DE")], cast[STATES.index("FR")]) == (-1, 0)
    assert sum(cast) == STATES.count - 3
    room.close()
    cast = room.cast(model)
    assert (cast[STATES.index("DE")], cast[STATES.index("FR")]) == (-1, 1)


def test_another_union_reassigns_the_seats():
    room = Room(STATES)
    tokens = entered(room, 60)
    american = load_members(ROOT / "abm" / "unions" / "united_states").states
    assert american.count == 50
    room.play(american)
    assert {room.state_of(token) for token in tokens} == set(range(american.count))


@pytest.mark.parametrize(
    ("values", "model"),
    [([], 5.0), ([0.3, 0.3, 0.1], 0.2), ([-3, 4, 4.5, 30], 5.01), ([1.5] * 300, 1.5), ([0, 100], 1e5)],
)
def test_histogram_contains_all_guesses_and_the_models_number(values, model):
    found = histogram(values, model)
    assert sum(found["counts"]) == len(values)
    assert 1 <= len(found["counts"]) <= 12
    low, high = found["low"], found["low"] + found["width"] * len(found["counts"])
    assert all(low - 1e-9 <= value <= high + 1e-9 for value in [*values, model])
    assert found["median"] == (float(np.median(values)) if values else None)


def test_histogram_bins_of_tenths():
    found = histogram([0.1, 0.2, 0.3, 0.3, 0.6, 0.7], 0.9)
    assert found["counts"] == [1, 1, 2, 0, 0, 1, 1, 0, 0]


def test_histogram_of_integers():
    sites = Guess(("How many?", {}), "sites", 0, 100, 19, step=1)
    assert sites.read(4.4) == 4
    found = histogram([4, 5, 5, 7], 6, sites.step)
    assert (found["width"], found["counts"]) == (1, [1, 2, 0, 1])


def test_rate_limiter_refills():
    buckets = Buckets(rate=2.0, burst=3.0)
    assert [buckets.take("a", 0.0) for _ in range(5)] == [True, True, True, False, False]
    assert buckets.take("b", 0.0)
    assert [buckets.take("a", 0.5), buckets.take("a", 0.5)] == [True, False]
    assert [buckets.take("a", 1e6) for _ in range(4)] == [True, True, True, False]
    for k in range(2 * KEPT):
        buckets.take(k, 1.0)
    assert len(buckets.held) == KEPT


@pytest.mark.parametrize("name", ["eu-status-quo", "unanimous-europe", "gigafactories"])
@pytest.mark.parametrize("seed", [1, 4])
def test_recount_with_the_models_votes_equals_the_models_ballot(name, seed):
    ballots = play(load(name), seed, price=False)["ballots"]
    assert ballots
    for which, ballot in enumerate(ballots):
        held = HeldBallot(load(name), seed, 0, MEMBERS, which)
        assert held.count(held.model) == ballot


def test_recount_uses_the_scenarios_voting_rule():
    """Four states with over 35 % of the population block a qualified majority; three never do."""
    qualified = load("eu-status-quo").changed({"voting": "lisbon_qmv"})
    held = HeldBallot(qualified, 1, 0, MEMBERS, 0)
    largest = [STATES.index(code) for code in ("DE", "FR", "IT", "PL")]
    yes = np.ones(STATES.count, dtype=int)
    against = yes.copy()
    against[largest] = -1
    assert held.count(yes)["passed"]
    assert not held.count(against)["passed"]
    against[largest[3]] = 1
    assert held.count(against)["passed"]
    assert held.count(against)["no"] == sorted(largest[:3])


def test_non_participating_states_are_marked():
    few = load("eu-status-quo").changed(
        {"voting": {"rule": "enhanced_cooperation", "participants": "DE,FR,IT,ES,BE,NL,LU,AT,PT"}}
    )
    question = HeldBallot(few, 1, 0, MEMBERS, 0).question()
    assert sum(question.counted) == 9
    assert not question.counted[STATES.index("PL")]
    assert "site" in question.stakes[0][0][0]


def test_ballot_that_does_not_exist_is_refused():
    with pytest.raises(BadInput, match=r"\b3\b"):
        HeldBallot(load("eu-status-quo"), 1, 0, MEMBERS, 3)
