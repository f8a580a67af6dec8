"""The status of findings, on made-up numbers, and the arithmetic of the curves."""

import numpy as np
import pytest

from juste_retour.runs.studies.europe import curves
from juste_retour.runs.studies.europe.claims import (
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
from juste_retour.runs.studies.europe.curves import (
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
    "yes": np.full(40, 2.0),
    "no": np.full(40, 0.2),
    "most": np.append(np.full(122, 2.0), np.zeros(6)),
    "none": np.full(40, np.nan),
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
def test_finding_is_supported_if_the_lower_bound_of_its_share_is_90_percent(asked, status, otherwise):
    found = judged(asked, NUMBERS)
    assert (found.status, found.sensitive) == (status, otherwise)


@pytest.mark.parametrize(
    ("above", "draws", "status"), [(121, 128, NOT_SUPPORTED), (34, 34, NOT_SUPPORTED), (35, 35, SUPPORTED)]
)
def test_small_samples_and_smaller_shares_support_nothing(above, draws, status):
    values = np.append(np.full(above, 2.0), np.zeros(draws - above))
    assert judged(question("most"), {"most": values}).status == status


def test_least_effects_are_above_zero():
    assert all(q.least > 0 for q in QUESTIONS)


def test_answers_have_a_monte_carlo_error():
    rng = np.random.default_rng(0)
    values = rng.normal(1.0, 1.0, 400)
    found = answered(values, 1.0)
    assert found.share_error == pytest.approx(np.sqrt(found.share_above * (1 - found.share_above) / 400))
    assert found.median_error == pytest.approx(1.2533 / 20, rel=0.35)  # standard error of a normal sample's median
    assert found.draws == 400


def test_missing_draws_are_omitted_and_counted():
    found = answered(np.array([1.0, np.nan, 3.0]), 0.5)
    assert (found.median, found.draws) == (2.0, 2)
    none = answered(np.full(3, np.nan), 0.5)
    assert (none.draws, none.supported) == (0, False)
    found_spread = spread([1.0, np.nan, 3.0, np.nan])
    assert (found_spread["median"], found_spread["known"]) == (2.0, 0.5)


def test_every_claim_has_questions_and_identities_have_equations():
    assert {q.claim for q in QUESTIONS} == set(CLAIMS)
    names = [q.name for q in QUESTIONS]
    assert len(set(names)) == len(names)
    assert sum(bool(q.identity) for q in QUESTIONS) == 2
    for protocol in ("open call", "Commission proposal", "Baron-Ferejohn"):
        assert sum(protocol in name for name in names) >= 4
    (funding,) = (q for q in QUESTIONS if q.name == "what funding gains")
    assert len(funding.variants) == 5  # two comparisons times three windows, without the headline


def test_questions_on_votes_count_more_and_fewer_sites():
    numbers = {
        "sites|open call|own rule": np.array([3.0, 5.0]),
        "sites|open call|Commission alone": np.array([5.0, 3.0]),
    }
    (asked,) = (
        q
        for q in QUESTIONS
        if q.name == "sites by which the vote and the Commission alone differ, up or down, open call"
    )
    assert asked.value(numbers).tolist() == [2.0, 2.0]
    assert len(asked.variants) == 3


def test_crossing_is_where_the_level_is_reached():
    x = np.array([0.0, 0.5, 2.0])
    y = np.array([[0.0, 1.0, 4.0], [4.0, 3.0, -3.0]])
    at = crossing(x, y, np.array([2.5, 1.5]))
    for row, place, level in zip(y, at, (2.5, 1.5), strict=True):
        assert np.interp(place, x, row) == pytest.approx(level)


@pytest.fixture
def later():
    """Three draws: the lag after a reform grows by one year per year, from 0, 0.5 and 10 years behind in 2024Q3."""
    years = np.arange(len(REFORMED), dtype=float)
    soon = np.array([[0.0], [0.5], [10.0]]) + years
    late = np.array([[8.0], [8.0], [8.0]]) - 0.25 * years
    return Later(late, 2 * late, soon, np.full(3, 9.0))


def test_cost_of_waiting(later):
    found = waiting(later)
    assert found["lost a year"] == pytest.approx([1.0, 1.0, 1.0])
    assert found["early ahead"] == pytest.approx([-2.0, -2.0, -2.0])
    assert found["early ahead at the end"] == pytest.approx([-1.0, -1.0, -1.0])


def test_gap_is_structural_if_no_later_reform_gets_below_it(later):
    assert later.structural_from(2.0) == pytest.approx([2026.5, 2026.0, 2024.5])
    assert np.isnan(later.structural_from(100.0)).all()
    back = later.soon.copy()
    back[0, -1] = 0.0  # a later reform closes the gap, so it was never structural
    assert np.isnan(Later(later.late, later.before, back, later.quo).structural_from(2.0)[0])


def test_tables_of_a_late_reform(later):
    table, dates = later_reforms(later)
    gain = table[table["read"] == "gain on the status quo"].set_index("announced")["median"]
    assert gain["2024Q3"] == pytest.approx(1.0)
    assert gain["2028Q3"] == pytest.approx(2.0)
    assert set(table["read"]) == {f"in {READ}", "gain on the status quo", "the least within four years"}
    shares = dates.set_index("years_behind").loc[2.0]
    assert shares["2024Q3"] == pytest.approx(1 / 3)
    assert shares["2031Q3"] == 1.0
    assert tuple(dates.years_behind) == STRUCTURAL == curves.STRUCTURAL


def test_cost_and_chips_implied_by_a_trend():
    """Computed by hand: 4-fold growth from 5e26 FLOP, 1.6-fold growth per chip, 120 days at a utilization of 0.41."""
    row = next(r for r in implied(4.0) if r["year"] == 2028)
    run = 5e26 * 4**2.5
    peak = 989e12 * 1.6 ** (2028 - 2022.8)
    assert row["frontier_flop"] == pytest.approx(run)
    assert row["chips"] == pytest.approx(run / (peak * 0.41 * 120 * 86_400), rel=1e-6)
    assert row["cost_eur_bn"] == pytest.approx(row["chips"] * 81_000 * 1.25 ** (2028 - 2024.9) / 1e9, rel=0.02)
    slow = {r["year"]: r for r in implied(2.0)}
    assert slow[2028]["frontier_flop"] == pytest.approx(5e26 * 2**2.5)
    assert slow[2030]["frontier_flop"] == pytest.approx(5e26 * 2**4.5)
