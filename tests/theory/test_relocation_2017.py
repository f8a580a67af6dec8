"""The Medicines Agency's seat, 20 November 2017: published totals, and ballots that agree with them.

The ballot was secret. `ema_2017.csv` is one of many sets of 27 rankings that give the published points of round 1. Each
bidding state gives three points to its own offer. Rounds 2 and 3 then follow from the rules.
Published: EUobserver 139945 (round 1), Pharma Manufacturing and AGI of the day (rounds 2 and 3; Slovakia abstained).
"""

import csv
from pathlib import Path

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
    result = hold_ballot(rankings(), lot=0.25)
    first, second, third = result.rounds
    assert first.scores == POINTS
    assert first.advance == ("Amsterdam", "Copenhagen", "Milan")
    assert first.silent == ()
    assert second.scores == {"Milan": 12, "Amsterdam": 9, "Copenhagen": 5}
    assert set(second.advance) == {"Amsterdam", "Milan"}
    assert second.silent == ("SK",)
    assert third.scores == {"Milan": 13, "Amsterdam": 13}
    assert result.by_lot
    assert set(result.tied) == {"Amsterdam", "Milan"}


@pytest.mark.parametrize(
    ("lot", "winner"), [(0.0, "Amsterdam"), (0.4999, "Amsterdam"), (0.5, "Milan"), (0.9999, "Milan")]
)
def test_lot_gives_each_tied_offer_half_of_the_interval(lot, winner):
    assert hold_ballot(rankings(), lot).winner == winner


def test_slovakias_vote_would_have_elected_milan():
    votes = rankings()
    votes["SK"] = [*votes["SK"], "Milan"]
    result = hold_ballot(votes, lot=0.0)
    assert (result.winner, result.by_lot) == ("Milan", False)
    assert result.rounds[-1].scores == {"Milan": 14, "Amsterdam": 13}


def test_offers_supported_only_by_their_own_state():
    votes = rankings()
    for offer, state in (("Bonn", "DE"), ("Lille", "FR"), ("Sofia", "BG")):
        assert [voter for voter, ranked in votes.items() if offer in ranked] == [state]
