"""A figure's title is made from its numbers, and says so where nothing stands out."""

import re

import numpy as np
import pytest

from juste_retour.runs.analysis.crossed_effects import CellMeans, ConditionalEffect, LevelContrast
from juste_retour.runs.reports.drawing import Drawn, apart, blank, pdf, svg
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
CELLS = CellMeans("voting", "funding", ["a", "b"], ["c", "d"], np.zeros((2, 2)), np.zeros((2, 2)), np.zeros((2, 2)))


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
    both, neither = of_contrasts([unsure, sure], "lag"), of_contrasts([unsure], "lag")
    assert all(part in both for part in ("voting", "unanimity", "lag", "0.4"))
    assert not any(part in both + neither for part in ("funding", "gni_key", "0.9"))


def test_overlapping_ranges_make_no_point_stand_out():
    near, far = np.linspace(0, 1, 50), np.linspace(5, 6, 50)
    assert not re.search(r"\d", of_intervals(["x", "y"], [near, near + 0.1], "lag"))
    title = of_intervals(["x", "y"], [near, far], "lag")
    assert title.index("0.5") < title.index("x") < title.index("5.5") < title.index("y")
    assert not re.search(r"\d", of_intervals(["x"], [np.full(3, np.nan)], "lag"))


def test_interaction_is_claimed_only_where_its_interval_excludes_zero():
    said = [
        of_interaction(CELLS, [ConditionalEffect("voting", "b", "a", "d", 1.0, 0.5, 1.5, 0.3, low, 0.5)], "lag")
        for low in (0.1, 0.0, -0.1)
    ]
    assert said[0] != said[1] == said[2]
    assert all("voting" in title and "funding" in title for title in said)


def test_random_draws_that_move_most_are_in_the_title():
    rows = [("growth", 0.3, 0.2), ("access", 0.1, 0.0)]
    assert "growth" not in of_shares(rows, 0.5, "lag").lower()
    assert of_shares(rows, 0.1, "lag").startswith("Growth")


def test_facilities_and_their_largest_are_counted():
    title = of_facilities(["x", "y"], [np.ones(5), np.full(5, 3.0)])
    assert re.findall(r"\b(?:\d|[xy])\b", title) == ["1", "x", "3", "y"]
    largest = of_map(["x", "y"], [[("Lyon", 10.0)], [("Sines", 99.0)]])
    assert "Sines" in largest
    assert "99" in largest
    assert "Lyon" not in largest
    assert not re.search(r"\d", of_map(["x"], [[]]))


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
