"""How findings are judged, on made-up trials, and the curves' arithmetic."""

from types import SimpleNamespace

import numpy as np
import pytest

from juste_retour.runs.europe import curves
from juste_retour.runs.europe.claims import FOUND, HANGS, NOT_FOUND, Question, holds, judged
from juste_retour.runs.europe.curves import (
    READ,
    REFORMED,
    STRUCTURAL,
    Window,
    crossing,
    later_reforms,
    spread,
)
from juste_retour.runs.europe.doubts import Doubt

YES, NO = np.full(20, 2.0), np.full(20, -2.0)
QUESTION = Question("what it gains", 1, "years", lambda t: t.value, 0.5, "It gains.")


def trial(kind, value, name="a doubt"):
    return SimpleNamespace(doubt=Doubt(name, kind), value=value)


@pytest.mark.parametrize(
    ("others", "status"),
    [
        ([], FOUND),
        ([("frontier", YES), ("mind", YES)], FOUND),
        ([("frontier", NO)], HANGS),
        ([("mind", NO)], NOT_FOUND),
        ([("frontier", NO), ("mind", NO)], NOT_FOUND),
    ],
)
def test_a_finding_that_flips_with_the_minds_is_not_found(others, status):
    trials = [
        trial("as it stands", YES, "none"),
        *(trial(k, v, f"{k} {i}") for i, (k, v) in enumerate(others)),
    ]
    found = judged(QUESTION, trials)
    assert found.status == status
    assert found.flips == tuple(t.doubt.name for t in trials[1:] if t.value is NO)
    assert found.by_doubt == {t.doubt.name: float(t.value[0]) for t in trials}


def test_what_does_not_hold_as_it_stands_is_not_found_whatever_a_doubt_says():
    found = judged(QUESTION, [trial("as it stands", NO, "none"), trial("frontier", YES)])
    assert found.status == NOT_FOUND
    assert found.flips == ("a doubt",)


def test_one_draw_in_ten_may_say_the_contrary_and_no_more():
    values = np.ones(20)
    values[:2] = -1
    assert holds(values, 0.5)
    values[2] = -1
    assert not holds(values, 0.5)
    assert not holds(np.full(20, 0.5), 0.5)  # too little to count
    assert not holds(np.full(3, np.nan), 0.5)


def test_missing_draws_are_left_out_of_the_numbers():
    found = judged(QUESTION, [trial("as it stands", np.array([1.0, np.nan, 3.0]), "none")])
    assert (found.median, found.status) == (2.0, FOUND)
    said = spread([1.0, np.nan, 3.0, np.nan])
    assert (said["median"], said["known"]) == (2.0, 0.5)
    assert np.isnan(spread([np.nan])["median"])


def test_a_crossing_is_where_the_level_is_reached():
    x = np.array([0.0, 0.5, 2.0])
    y = np.array([[0.0, 1.0, 4.0], [4.0, 3.0, -3.0]])
    at = crossing(x, y, np.array([2.5, 1.5]))
    for row, place, level in zip(y, at, (2.5, 1.5), strict=True):
        assert np.interp(place, x, row) == pytest.approx(level)


@pytest.fixture
def window():
    """Three draws: what a reform reaches recedes by a year a year, from 0, 0.5 and 10 years behind in 2024Q3."""
    years = np.arange(len(REFORMED), dtype=float)
    soon = np.array([[0.0], [0.5], [10.0]]) + years
    late = np.array([[8.0], [8.0], [8.0]]) - 0.25 * years
    return Window(Doubt("none", "as it stands"), late, soon, np.full(3, 9.0))


def test_what_waiting_costs(window):
    assert window.lost_a_year == pytest.approx([1.0, 1.0, 1.0])
    assert window.read_late("2026Q3") == pytest.approx([7.5, 7.5, 7.5])
    assert window.bite(window) == 0.0


def test_the_gap_is_structural_from_where_no_later_reform_gets_below(window):
    assert window.structural_from(2.0) == pytest.approx([2026.5, 2026.0, 2024.5])
    assert np.isnan(window.structural_from(100.0)).all()
    back = window.soon.copy()
    back[0, -1] = 0.0  # in the end one gets there after all: it never was structural
    again = Window(window.doubt, window.late, back, window.quo)
    assert np.isnan(again.structural_from(2.0)[0])
    assert again.bite(window) == pytest.approx(1 / 3)


def test_the_tables_of_the_window(window):
    later, dates = later_reforms(window)
    gain = later[later["read"] == "gain on the status quo"].set_index("announced")["median"]
    assert gain["2024Q3"] == pytest.approx(1.0)
    assert gain["2028Q3"] == pytest.approx(2.0)
    assert set(later["read"]) == {f"in {READ}", "gain on the status quo", "the least within four years"}
    shares = dates.set_index("years_behind").loc[2.0]
    assert shares["2024Q3"] == pytest.approx(1 / 3)
    assert shares["2031Q3"] == 1.0
    assert tuple(dates.years_behind) == STRUCTURAL == curves.STRUCTURAL
