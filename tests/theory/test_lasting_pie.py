"""Bargaining with an endogenous status quo (Kalandrakis 2004), through the closed rule."""

import numpy as np
import pytest

from juste_retour.abm.bargaining.agenda import agenda
from tests.theory.games import k_of
from tests.theory.lasting_pie import LastingPie, markov_perfect

CLOSED = agenda["closed_rule"]
PARTS = 6


@pytest.fixture(scope="module", params=[0.3, 0.5, 0.9])
def solved(request):
    return request.param, markov_perfect(CLOSED, k_of(2), PARTS, request.param)


def number(found, *parts):
    return int(np.flatnonzero((np.rint(found.divisions * PARTS) == parts).all(-1))[0])


def closed_form(low, patience):
    """Values where one player has `low`, another the rest and the third nothing.

    A recognized player that has something takes all, with the vote of a player that has nothing. A recognized player
    that has nothing pays the poorer of the others exactly what it has, and takes the rest.
    """
    all_ = patience / (3 * (1 - patience))  # value of the coming rounds if one player has all
    poor = (1 + low + 2 * all_) / 3 / (1 - patience / 3)
    without = 2 / 3 * all_ + (1 - low) / 3
    rich = (1 / 3 + 2 / 3 * all_ + patience / 3 * without) / (1 - patience**2 / 9)
    return rich, poor, without + patience / 3 * rich


def test_in_the_long_run_the_proposer_takes_everything(solved):
    patience, found = solved
    takes_all = [number(found, *row) for row in (PARTS * np.eye(3, dtype=int))]
    assert found.moves[np.ix_(takes_all, takes_all)] == pytest.approx(1 / 3, abs=1e-12)
    assert found.values[takes_all] == pytest.approx(1 / (3 * (1 - patience)), abs=1e-9)
    later = np.linalg.matrix_power(found.moves, 300)
    assert later[:, takes_all].sum(-1) == pytest.approx(1, abs=1e-9)  # from any initial status quo
    assert found.moves[:, takes_all].sum(-1).min() < 0.5  # but not in the first round


@pytest.mark.parametrize("low", [1, 2])
def test_values_on_the_equilibrium_path(solved, low):
    patience, found = solved
    values = found.values[number(found, PARTS - low, low, 0)]
    assert values == pytest.approx(closed_form(low / PARTS, patience), abs=1e-6)


def test_no_proposer_gains_by_deviating(solved):
    patience, found = solved
    assert found.regret < 5e-3
    assert found.values.sum(-1) == pytest.approx(1 / (1 - patience), abs=1e-9)


def test_the_poorer_player_is_bought_at_its_status_quo(solved):
    patience, found = solved
    status_quo = np.array([number(found, 4, 2, 0)])
    table = LastingPie(found.divisions, status_quo, found.values, k_of(2), patience=patience)
    table.forced = np.array([2])
    result = CLOSED(table)
    assert found.divisions[int(result.plan[0, 0])] == pytest.approx([0, 2 / 6, 4 / 6])
    assert result.yes[0].tolist() == [False, True, True]


def test_under_unanimity_the_status_quo_stays():
    found = markov_perfect(CLOSED, "unanimity", 4, 0.8)
    assert found.moves == pytest.approx(np.eye(len(found.divisions)))
