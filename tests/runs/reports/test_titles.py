"""A figure's title is made from its numbers, and says so where nothing stands out."""

import numpy as np
import pytest

from juste_retour.runs.reports.drawn import Drawn, apart, blank, pdf, svg
from juste_retour.runs.reports.interactions import CellMeans, ConditionalEffect
from juste_retour.runs.reports.level_contrasts import LevelContrast
from juste_retour.runs.reports.titles import (
    MOST,
    foremost,
    leaders,
    of_contrasts,
    of_facilities,
    of_interaction,
    of_intervals,
    of_map,
    of_shares,
)

SAYS = ("gains most", "gain most", "nothing stands out")
CELLS = CellMeans(
    "voting", "funding", ["a", "b"], ["c", "d"], np.zeros((2, 2)), np.zeros((2, 2)), np.zeros((2, 2))
)


@pytest.mark.parametrize(
    ("rows", "title"),
    [
        ([("access", 0.6, 0.5), ("pooling", 0.1, 0.0)], "Access gains most"),
        ([("access", 0.6, 0.3), ("pooling", 0.4, 0.0), ("money", 0.1, 0.0)], "Access and pooling gain most"),
        ([("access", 0.6, 0.3), ("pooling", 0.4, 0.0)], SAYS[2]),  # all that there are
        ([("access", 0.6, -0.1), ("pooling", 0.1, 0.0)], SAYS[2]),  # the largest may be zero
        ([(f"part {k}", 1.0, 0.5) for k in range(MOST + 1)] + [("money", 0.0, 0.0)], SAYS[2]),
        ([("access", float("nan"), float("nan"))], SAYS[2]),
        ([], SAYS[2]),
    ],
)
def test_title_names_the_leaders_or_says_that_there_are_none(rows, title):
    assert foremost(rows, *SAYS) == title


def test_leaders_are_those_within_the_interval_of_the_largest():
    assert leaders([("a", 1.0, 0.5), ("b", 0.5, 0.0), ("c", 0.49, 0.4)]) == ["a", "b"]


def test_contrast_that_may_be_zero_makes_no_title():
    sure = LevelContrast("voting", "unanimity", "lisbon_qmv", 0.4, 0.1, 0.7, 1)
    unsure = LevelContrast("funding", "gni_key", "hosts_only", -0.9, -2.0, 0.1, 1)
    assert (
        of_contrasts([unsure, sure], "years behind") == "voting = unanimity raises years behind most, by 0.4"
    )
    assert of_contrasts([unsure], "years behind") == "No difference in years behind can be told from zero"


def test_overlapping_ranges_make_no_point_stand_out():
    near, far = np.linspace(0, 1, 50), np.linspace(5, 6, 50)
    assert (
        of_intervals(["x", "y"], [near, near + 0.1], "lag")
        == "No point stands out in lag: all ranges overlap"
    )
    assert of_intervals(["x", "y"], [near, far], "lag") == "Lag: 0.5 under x, 5.5 under y"
    assert of_intervals(["x"], [np.full(3, np.nan)], "lag") == "In most replications, lag is missing"


@pytest.mark.parametrize(
    ("low", "title"),
    [
        (0.1, "What voting does to lag depends on funding"),
        (-0.1, "No clear interaction of voting and funding in lag"),
        (0.0, "No clear interaction of voting and funding in lag"),
    ],
)
def test_interaction_is_claimed_only_where_its_interval_excludes_zero(low, title):
    effects = [ConditionalEffect("voting", "b", "a", "d", 1.0, 0.5, 1.5, 0.3, low, 0.5)]
    assert of_interaction(CELLS, effects, "lag") == title


def test_random_draws_that_move_most_are_in_the_title():
    rows = [("growth", 0.3, 0.2), ("access", 0.1, 0.0)]
    assert of_shares(rows, 0.5, "lag") == "Random draws move lag more than any factor"
    assert of_shares(rows, 0.1, "lag") == "Growth moves lag most"


def test_facilities_and_their_largest_are_counted():
    assert of_facilities(["x", "y"], [np.ones(5), np.full(5, 3.0)]) == (
        "Facilities in the median replication: 1 under x, 3 under y"
    )
    assert of_map(["x", "y"], [[("Lyon", 10.0)], [("Sines", 99.0)]]) == (
        "The largest facility is in Sines under y: 99 accelerators"
    )
    assert of_map(["x"], [[]]) == "No facility is built"


def test_labels_are_moved_apart_and_keep_their_order():
    places = apart([0.0, 0.01, 0.02, 9.0], 0.5)
    assert places == sorted(places)
    assert min(np.diff(places)) >= 0.5 - 1e-9
    assert places[3] == 9.0


def test_title_stands_in_the_picture_as_text_in_the_fonts_of_the_pages():
    drawn = Drawn("odd", "Costs of $5 & more", "Caption.", "Chart", lambda: blank(2)[0])
    text = svg(drawn)
    assert "Costs of $5 &amp; more</text>" in text
    assert "'Liberation Sans'" in text
    assert "DejaVu" not in text
    assert svg(drawn) == text
    assert pdf(drawn).startswith(b"%PDF")
    assert drawn.description == "Costs of $5 & more. Chart"
