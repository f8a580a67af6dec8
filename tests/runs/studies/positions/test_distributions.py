"""Decisions as distributions: what they add up to, what they are fitted to, and how they are scored."""

import numpy as np
import pandas as pd
import pytest

from juste_retour.runs.studies.positions import distributions as d
from juste_retour.runs.studies.positions.prediction import positions


@pytest.fixture(scope="module")
def known():
    return d.decided()


@pytest.mark.parametrize("name", d.FAMILY)
def test_probabilities_add_up_to_one(known, name):
    fitted = d.fit(d.FAMILY[name], known)
    assert fitted.of(known).sum(-1) == pytest.approx(1)
    assert fitted.weight.sum() == pytest.approx(1)


def test_known_weights_are_recovered(known):
    """Decisions drawn from a mixture of a normal and of positions."""
    rng, base = np.random.default_rng(0), np.full(len(d.GRID), 1 / len(d.GRID))
    true = d.Fitted((0, 2), np.array([0.7, 0.3]), 20.0, base)
    many = known.of(np.repeat(True, len(known.center)))
    many = d.Cases(many.issues * 8, np.tile(many.center, 8), np.tile(many.mass, (8, 1)), np.tile(many.seen, 8))
    draws = [rng.choice(len(d.GRID), p=p) for p in true.of(many)]
    found = d.fit((0, 2), d.Cases(many.issues, many.center, many.mass, np.array(draws)))
    assert found.weight == pytest.approx([0.7, 0.3], abs=0.04)


def test_no_decision_is_fitted_to_itself(known, monkeypatch):
    seen = []
    real = d.fit

    def spied(parts, to):
        seen.append({each.issue.proposal for each in to.issues})
        return real(parts, to)

    monkeypatch.setattr(d, "fit", spied)
    d.forecast(known, "base rates")
    every = {each.issue.proposal for each in known.issues}
    assert len(seen) == d.FOLDS
    left = [every - trained for trained in seen]
    assert set().union(*left) == every
    assert sum(map(len, left)) == len(every)


@pytest.mark.slow
def test_positions_add_to_the_score_beyond_base_rates(known):
    scores = {name: d.table(known, name) for name in (d.MIXTURE, "normal", "without positions")}
    gain = (scores[d.MIXTURE].log_score - scores["without positions"].log_score).mean()
    assert gain > 0.1
    assert scores[d.MIXTURE].crps.mean() < scores["normal"].crps.mean() - 1


def test_crps_of_a_certain_forecast_is_the_absolute_error():
    p = np.zeros((2, len(d.GRID)))
    p[:, 4] = 1
    assert d.crps(p, np.array([20.0, 70.0])) == pytest.approx([0, 50])


def test_table_of_a_user_gets_quantiles_and_the_likeliest_position():
    rows = [("tax", a, x, 80, 1.0) for a, x in (("A", 0), ("B", 0), ("C", 100))]
    rows += [("cap", a, x, 50, 1.0) for a, x in (("A", 30), ("B", 60))]
    table = pd.DataFrame(rows, columns=["issue", "actor", "position", "salience", "capability"])
    found = positions(table, ["mean"]).forecasts.set_index("issue")
    assert found.position["tax"] == 0
    assert set(found.index) == {"tax", "cap"}
    assert (found.q05 <= found.q50).all()
    assert (found.q50 <= found.q95).all()
    assert found.log_score.isna().all()
    assert found.probability.between(0, 1).all()
