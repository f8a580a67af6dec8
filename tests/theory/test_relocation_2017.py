"""The Medicines Agency's seat, 20 November 2017: published totals, and ballots that are consistent with them.

The ballot was secret. `ema_2017.csv` is one of many sets of 27 rankings that give the published points of the first
round, in which every state that bids gives three points to its own offer; rounds 2 and 3 then follow from the rules.
Published: EUobserver 139945 (round 1), Pharma Manufacturing and AGI of the day (rounds 2 and 3; Slovakia abstained).
"""

import csv
from pathlib import Path

import numpy as np
import pytest

from juste_retour.abm.politics.relocation import hold_ballot

POINTS = {
    "Milan": 25,
    "Amsterdam": 20,
    "Copenhagen": 20,
    "Bratislava": 15,
    "Barcelona": 13,
    "Stockholm": 12,
    "Athens": 10,
    "Porto": 10,
    "Bucharest": 7,
    "Warsaw": 7,
    "Brussels": 5,
    "Helsinki": 5,
    "Vienna": 4,
    "Bonn": 3,
    "Lille": 3,
    "Sofia": 3,
}


def rankings():
    with open(Path(__file__).parent / "ema_2017.csv", newline="") as file:
        return {row.pop("voter"): [o for o in row.values() if o] for row in csv.DictReader(file)}


def test_the_ballots_of_2017_end_in_a_lot():
    told = hold_ballot(rankings(), lot=0.25)
    first, second, third = told.rounds
    assert first.scores == POINTS
    assert sum(POINTS.values()) == 27 * 6
    assert first.advance == ("Amsterdam", "Copenhagen", "Milan")
    assert first.silent == ()
    assert second.scores == {"Milan": 12, "Amsterdam": 9, "Copenhagen": 5}
    assert set(second.advance) == {"Amsterdam", "Milan"}
    assert second.silent == ("SK",)
    assert third.scores == {"Milan": 13, "Amsterdam": 13}
    assert told.by_lot
    assert set(told.tied) == {"Amsterdam", "Milan"}


def test_the_lot_is_fair():
    votes = rankings()
    winners = [hold_ballot(votes, lot).winner for lot in np.random.default_rng(17).random(600)]
    assert 250 < winners.count("Amsterdam") < 350
    assert winners.count("Amsterdam") + winners.count("Milan") == 600


@pytest.mark.parametrize(
    ("lot", "winner"), [(0.0, "Amsterdam"), (0.4999, "Amsterdam"), (0.5, "Milan"), (0.9999, "Milan")]
)
def test_the_lot_halves_the_interval(lot, winner):
    assert hold_ballot(rankings(), lot).winner == winner


def test_slovakias_vote_would_have_decided():
    votes = rankings()
    votes["SK"] = [*votes["SK"], "Milan"]
    told = hold_ballot(votes, lot=0.0)
    assert (told.winner, told.by_lot) == ("Milan", False)
    assert told.rounds[-1].scores == {"Milan": 14, "Amsterdam": 13}


def test_offers_supported_only_by_their_own_state():
    votes = rankings()
    for offer, state in (("Bonn", "DE"), ("Lille", "FR"), ("Sofia", "BG")):
        assert [voter for voter, ranked in votes.items() if offer in ranked] == [state]
