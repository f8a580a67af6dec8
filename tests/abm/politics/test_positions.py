"""Tables of positions: reading, errors, and the compromise and exchange models."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from juste_retour.abm.bargaining.agenda import agenda
from juste_retour.abm.politics.positions import (
    compromise_outcome,
    exchange_outcome,
    load_positions,
    named_positions,
)
from juste_retour.agents.errors import BadInput
from tests.abm.bargaining.tables import council

HEAD = "actor,issue,position,salience,capability\n"


@pytest.fixture
def table(tmp_path):
    def write(text, head=HEAD):
        path = tmp_path / "positions.csv"
        path.write_text(head + text)
        return path

    return write


def test_load_positions_reads_a_table(table):
    found = load_positions(table("A,x,0,10,1\nB,x,100,60,2\nA,y,20,90,1\n"))
    assert (found.actors, found.issues) == (("A", "B"), ("x", "y"))
    assert np.array_equal(found.position, [[0, 20], [100, np.nan]], equal_nan=True)
    assert found.salience.tolist() == [[10, 90], [60, 0]]
    assert found.capability[1, 0] == 2
    outcome = compromise_outcome(found.position, found.salience, found.capability)
    assert outcome == pytest.approx([100 * 120 / 130, 20])


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("A,x,101,10,1\n", "101"),
        ("A,x,-1,10,1\n", "-1"),
        ("A,x,fifty,10,1\n", "fifty"),
        ("A,x,50,nan,1\n", "nan"),
        ("A,x,50,150,1\n", "150"),
        ("A,x,50,10,-2\n", "-2"),
        ("A,x,50,10,1\nA,x,60,10,1\n", "'x'"),
    ],
)
def test_invalid_tables_are_refused(table, text, named):
    with pytest.raises(BadInput, match=r"positions\.csv") as refused:
        load_positions(table(text))
    assert named in str(refused.value)
    assert "\n" not in str(refused.value)


def test_missing_columns_and_files_are_named(table, tmp_path):
    with pytest.raises(BadInput, match="capability"):
        load_positions(table("A,x,1,1\n", head="actor,issue,position,salience\n"))
    with pytest.raises(BadInput, match="absent"):
        load_positions(tmp_path / "absent.csv")


def test_states_missing_from_a_table_take_the_position_of_their_payoff(table):
    at = council(3, agenda="compromise")
    path = str(table("DE,sites,0,100,50\nDE,money,0,100,50\nFR,sites,0,100,50\nFR,money,0,100,50\n"))
    with_positions = agenda["compromise"](at, positions=path).plan
    plain = agenda["compromise"](at).plan
    assert ((with_positions > 0).sum(-1) < (plain > 0).sum(-1)).all()
    found = named_positions(load_positions(path), at.states.codes, "money", "agenda.positions")
    assert np.isnan(found[0]).sum() == 25
    assert found[:, at.states.index("DE")].tolist() == [0, 100, 50]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("DE,sites,0,100,1\n", "'money'"),
        ("XX,sites,0,100,1\nXX,money,0,100,1\n", "'XX'"),
    ],
)
def test_table_with_unknown_state_or_missing_issue_is_refused(table, text, named):
    at = council(2, agenda="exchange")
    with pytest.raises(BadInput, match=named):
        agenda["exchange"](at, positions=str(table(text)))


def test_issue_without_salience_takes_the_unweighted_mean():
    assert compromise_outcome(np.array([[10.0], [50.0]]), np.zeros((2, 1)), 1.0).tolist() == [30.0]


@st.composite
def issues(draw):
    actors, topics = draw(st.integers(2, 6)), draw(st.integers(2, 4))
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    return (
        rng.integers(0, 101, (actors, topics)) * 1.0,
        rng.integers(1, 101, (actors, topics)) * 1.0,
        rng.integers(1, 5, (actors, topics)) * 1.0,
    )


def losses(x, s, outcome):
    return (s * np.abs(outcome - x)).sum(-1)


@settings(max_examples=60)
@given(issues())
def test_partners_gain_equally_and_outcomes_stay_within_positions(found):
    """Gains refer to the outcome before the trade, provided that the trade passes no ideal point."""
    x, s, c = found
    before = compromise_outcome(x, s, c)
    once = exchange_outcome(x, s, c, 1)
    if once.made == 1:
        ((giver, taker, on, for_, gain),) = once.log
        assert gain > 0
        moved = np.abs(once.outcome - before)
        giver_gains = s[giver, for_] * moved[for_] - s[giver, on] * moved[on]
        taker_gains = s[taker, on] * moved[on] - s[taker, for_] * moved[for_]
        assert giver_gains == pytest.approx(gain, rel=1e-6)
        assert taker_gains == pytest.approx(gain, rel=1e-6)
    settled = exchange_outcome(x, s, c)
    assert (settled.outcome >= x.min(0) - 1e-9).all()
    assert (settled.outcome <= x.max(0) + 1e-9).all()
    again = exchange_outcome(x, s, c, 1000)
    assert again.made <= x.size  # a concession on an issue is made only once
    assert np.array_equal(exchange_outcome(x, s, c, 1000).outcome, again.outcome)


def test_trades_do_not_depend_on_other_worlds():
    rng = np.random.default_rng(6)
    x, s = rng.random((20, 5, 3)) * 100, rng.random((20, 5, 3)) * 100
    together = exchange_outcome(x, s, 1.0)
    assert (together.made > 0).any()
    for w in range(20):
        alone = exchange_outcome(x[w], s[w], 1.0)
        assert np.array_equal(alone.outcome, together.outcome[w])
        assert alone.made == together.made[w]


def test_trades_about_one_issue_leave_other_pairs_unchanged():
    """Two pairs of issues on which the same two actors would trade. Only the first pair may be traded."""
    position = np.array([[0.0, 0.0, 0.0, 0.0], [100.0, 100.0, 100.0, 100.0]])
    salience = np.array([[90.0, 10.0, 80.0, 20.0], [10.0, 90.0, 20.0, 80.0]])
    free = exchange_outcome(position, salience, 1.0)
    held = exchange_outcome(position, salience, 1.0, about=0)
    before = compromise_outcome(position, salience, np.ones((2, 4)))
    assert free.made == 2
    assert held.made == 1
    assert all({0} & {p, q} for _, _, p, q, _ in held.log)
    assert (held.outcome != before).sum() == 2
