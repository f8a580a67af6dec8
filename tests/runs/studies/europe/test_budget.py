"""The Union's budget: shares, weights and returns, and the parameter ranges set from them."""

import numpy as np
import pandas as pd
import pytest

from juste_retour.abm.base.observed import budget_by_state
from juste_retour.agents.rules import family
from juste_retour.runs.studies.europe import budget


@pytest.fixture(scope="module")
def rows():
    return budget.shares()


def test_shares_sum_to_one_in_each_year(rows):
    sums = rows.groupby("year")[["receipts", "paid", "power", "size", "need"]].sum()
    assert sums.to_numpy() == pytest.approx(1)
    assert len(rows) == 521
    assert (rows[["receipts", "paid", "power", "size", "need"]].to_numpy() >= 0).all()


def test_need_is_zero_for_rich_states(rows):
    year = rows[rows.year == 2015].set_index("state")
    assert (year.need[["DE", "LU", "NL", "SE"]] == 0).all()
    assert year.need["PL"] > year["size"]["PL"]


def test_known_weights_are_recovered(rows):
    """Receipts constructed as 60 % power and 40 % need."""
    made = rows.assign(receipts=0.6 * rows.power + 0.4 * rows.need)
    found = budget.explained(made, ("power", "size", "need"))
    assert found.weight.to_numpy() == pytest.approx([0.6, 0, 0.4], abs=1e-9)
    assert found.high.to_numpy() == pytest.approx([0.6, 0, 0.4], abs=1e-6)
    assert found.attrs["r2"] == pytest.approx(1)


def test_interval_resamples_whole_states(rows):
    found = budget.explained(rows, ("power", "need"))
    assert (found.low < found.weight).all()
    assert (found.weight < found.high).all()
    twice = budget.explained(pd.concat([rows, rows]), ("power", "need"))
    assert twice.low.to_numpy() == pytest.approx(
        found.low.to_numpy()
    )  # copying the rows of a state does not narrow the interval


def test_returns_are_receipts_over_contributions():
    table = pd.DataFrame(budget_by_state())
    late = table[table.year.astype(int).between(2014, 2020)]
    numbers = late.drop(columns=["state", "year"]).astype(float)
    received = numbers.receipts_eur_m - numbers.administration_eur_m
    german = late.state == "DE"
    even = received.sum() / numbers.national_contribution_eur_m.sum()
    expected = received[german].sum() / numbers.national_contribution_eur_m[german].sum() / even
    found = budget.returns()
    assert found.loc["DE", "2014-2020"] == pytest.approx(expected)
    assert np.isnan(found.loc["HR", "2000-2006"])
    seats = budget.returns(administration=True)
    assert seats.loc["LU", "2014-2020"] > found.loc["LU", "2014-2020"]


@pytest.mark.parametrize(("rule", "name"), [("juste_retour", "least_return"), ("georeturn", "floor")])
def test_parameter_ranges_begin_at_the_lowest_observed_return(rule, name):
    _, parameter = family("entitlement")[rule].parameters[name]
    assert parameter.range[0] == pytest.approx(budget.observed_range()[0], abs=0.005)


def test_budget_page_is_reproduced():
    assert budget.page() == budget.PAGE.read_text(encoding="utf-8")
