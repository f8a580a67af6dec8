"""Leftover rules: use of the money that a call did not allocate."""

import numpy as np
import pytest

from juste_retour.abm.outcomes import run
from juste_retour.abm.worlds.scenario import load
from juste_retour.agents.errors import BadInput

WORLDS = range(24)


def played(rule, **changes):
    return run(load("eu-status-quo").changed({"leftover": rule} | changes), 4, WORLDS, price=False)


def test_top_up_spends_the_rest_at_selected_sites():
    plain, more = played("returned"), played("top_up")
    assert np.array_equal(plain.worlds["sites"], more.worlds["sites"])
    assert (more.worlds["committed_eur_bn"] > plain.worlds["committed_eur_bn"]).all()
    limit = load("eu-status-quo").match_share_of_gdp * more.members.states.gdp
    assert (more.states["received_eur_bn"] / 2 <= limit + 1e-9).all()


def test_further_calls_and_next_framework_add_sites_later():
    plain = played("returned")
    for rule, first in (("further_calls", "2026Q2"), ("next_framework", "2028Q3")):
        more = played(rule)
        assert (more.worlds["sites"] >= plain.worlds["sites"]).all()
        assert more.worlds["sites"].mean() > plain.worlds["sites"].mean() + 3
        assert min(v.quarter for v in more.votes[3:]) == first
        assert (more.worlds["committed_eur_bn"] <= 10 + 1e-9).all()


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"leftover": "next_framework", "end": "2028Q1", "window_years": 3.5}, ["next_framework", "2028Q3"]),
        ({"leftover": {"rule": "further_calls", "until": "2025Q2"}}, ["leftover.until", "2025Q2"]),
    ],
)
def test_waves_before_the_last_regular_decision_are_refused(changes, named):
    with pytest.raises(BadInput) as refused:
        load("eu-status-quo").changed(changes)
    assert all(name in str(refused.value) for name in named)


def test_with_sunk_money_the_voting_rule_does_not_matter():
    def sites(voting, sunk, noise=0.05):
        how = {"voting": voting, "agenda.sunk": sunk, "reservation_noise": noise}
        return played("returned", **how).worlds["sites"]

    for noise in (0.0, 0.2):
        assert (sites("unanimity", 1.0, noise) > 0).mean() > 0.75
    assert sites("unanimity", 0.0).mean() < sites("simple_majority", 0.0).mean() - 2
