"""How findings are judged, on made-up numbers, and the curves' arithmetic."""

import numpy as np
import pytest

from juste_retour.runs.europe import curves
from juste_retour.runs.europe.claims import (
    CLAIMS,
    IDENTITY,
    NOT_SUPPORTED,
    QUESTIONS,
    SENSITIVE,
    SUPPORTED,
    UNKNOWN,
    Question,
    answered,
    judged,
)
from juste_retour.runs.europe.curves import (
    READ,
    REFORMED,
    STRUCTURAL,
    Later,
    crossing,
    implied,
    later_reforms,
    spread,
    waiting,
)

NUMBERS = {
    "yes": np.full(20, 2.0),
    "no": np.full(20, 0.2),
    "most": np.append(np.full(18, 2.0), [0.0, 0.0]),
    "none": np.full(20, np.nan),
}


def question(key, identity="", **variants):
    others = {name: (lambda n, k=k: n[k]) for name, k in variants.items()}
    return Question("what it gains", 1, "years", lambda n: n[key], 0.5, "It gains.", others, identity)


@pytest.mark.parametrize(
    ("asked", "status", "otherwise"),
    [
        (question("yes"), SUPPORTED, ()),
        (question("most"), SUPPORTED, ()),
        (question("no"), NOT_SUPPORTED, ()),
        (question("yes", seven="yes", ten="no"), SENSITIVE, ("ten",)),
        (question("no", free="yes"), NOT_SUPPORTED, ("free",)),
        (question("yes", identity="an equation"), IDENTITY, ()),
        (question("none"), UNKNOWN, ()),
    ],
)
def test_a_finding_is_supported_where_nine_draws_in_ten_exceed_the_least(asked, status, otherwise):
    found = judged(asked, NUMBERS)
    assert (found.status, found.sensitive) == (status, otherwise)


def test_one_draw_more_below_the_least_and_it_is_not_supported():
    fewer = {"most": np.append(np.full(17, 2.0), np.zeros(3))}
    assert judged(question("most"), fewer).status == NOT_SUPPORTED


def test_an_answer_has_its_monte_carlo_error():
    rng = np.random.default_rng(0)
    values = rng.normal(1.0, 1.0, 400)
    found = answered(values, 1.0)
    assert found.share_error == pytest.approx(np.sqrt(found.share_above * (1 - found.share_above) / 400))
    assert found.median_error == pytest.approx(1.2533 / 20, rel=0.35)  # of a normal sample's median
    assert found.draws == 400


def test_missing_draws_are_left_out_and_counted():
    found = answered(np.array([1.0, np.nan, 3.0]), 0.5)
    assert (found.median, found.draws) == (2.0, 2)
    none = answered(np.full(3, np.nan), 0.5)
    assert (none.draws, none.supported) == (0, False)
    said = spread([1.0, np.nan, 3.0, np.nan])
    assert (said["median"], said["known"]) == (2.0, 0.5)


def test_every_claim_is_asked_and_identities_say_their_equation():
    assert {q.claim for q in QUESTIONS} == set(CLAIMS)
    names = [q.name for q in QUESTIONS]
    assert len(set(names)) == len(names)
    assert sum(bool(q.identity) for q in QUESTIONS) == 3
    for protocol in ("open call", "Commission proposal", "Baron-Ferejohn"):
        assert sum(protocol in name for name in names) >= 4
    (access,) = (q for q in QUESTIONS if q.name == "what access gains")
    assert len(access.variants) == 5  # two comparisons and three windows, the headline apart


def test_a_crossing_is_where_the_level_is_reached():
    x = np.array([0.0, 0.5, 2.0])
    y = np.array([[0.0, 1.0, 4.0], [4.0, 3.0, -3.0]])
    at = crossing(x, y, np.array([2.5, 1.5]))
    for row, place, level in zip(y, at, (2.5, 1.5), strict=True):
        assert np.interp(place, x, row) == pytest.approx(level)


@pytest.fixture
def later():
    """Three draws: what a reform reaches recedes by a year a year, from 0, 0.5 and 10 years behind in 2024Q3."""
    years = np.arange(len(REFORMED), dtype=float)
    soon = np.array([[0.0], [0.5], [10.0]]) + years
    late = np.array([[8.0], [8.0], [8.0]]) - 0.25 * years
    return Later(late, soon, np.full(3, 9.0))


def test_what_waiting_costs(later):
    found = waiting(later)
    assert found["lost a year"] == pytest.approx([1.0, 1.0, 1.0])
    assert found["early ahead"] == pytest.approx([-1.0, -1.0, -1.0])
    assert later.read_late("2026Q3") == pytest.approx([7.5, 7.5, 7.5])


def test_the_gap_is_structural_from_where_no_later_reform_gets_below(later):
    assert later.structural_from(2.0) == pytest.approx([2026.5, 2026.0, 2024.5])
    assert np.isnan(later.structural_from(100.0)).all()
    back = later.soon.copy()
    back[0, -1] = 0.0  # in the end one gets there after all: it never was structural
    assert np.isnan(Later(later.late, back, later.quo).structural_from(2.0)[0])


def test_the_tables_of_a_late_reform(later):
    table, dates = later_reforms(later)
    gain = table[table["read"] == "gain on the status quo"].set_index("announced")["median"]
    assert gain["2024Q3"] == pytest.approx(1.0)
    assert gain["2028Q3"] == pytest.approx(2.0)
    assert set(table["read"]) == {f"in {READ}", "gain on the status quo", "the least within four years"}
    shares = dates.set_index("years_behind").loc[2.0]
    assert shares["2024Q3"] == pytest.approx(1 / 3)
    assert shares["2031Q3"] == 1.0
    assert tuple(dates.years_behind) == STRUCTURAL == curves.STRUCTURAL


def test_a_trend_implies_cost_and_power():
    """By hand: 4-fold growth from 5e26 FLOP, chips 1.6-fold, 120 days at a utilization of 0.41."""
    row = next(r for r in implied(4.0, 0.0) if r["year"] == 2028)
    run = 5e26 * 4**2.5
    peak = 989e12 * 1.6 ** (2028 - 2022.8)
    assert row["frontier_flop"] == pytest.approx(run)
    assert row["chips"] == pytest.approx(run / (peak * 0.41 * 120 * 86_400), rel=1e-6)
    assert row["cost_eur_bn"] == pytest.approx(
        row["chips"] * 81_000 * 1.25 ** (2028 - 2024.9) / 1e9, rel=0.02
    )
    slow = {r["year"]: r for r in implied(4.0, 2.0)}
    assert slow[2028]["frontier_flop"] == pytest.approx(run)
    assert slow[2030]["frontier_flop"] == pytest.approx(4 * run)
