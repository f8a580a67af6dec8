"""The rational and the behavioural mind side by side: what laboratories see, Fréchette, Kagel and Lehrer (2003)."""

import numpy as np
import pytest

from juste_retour.abm.outcomes import run
from juste_retour.abm.politics.agenda import agenda
from juste_retour.abm.politics.tables.pie import Pie
from juste_retour.abm.politics.tables.theory import players
from juste_retour.abm.scenario import load
from tests.theory.games import k_of

CLOSED = agenda["closed_rule"]


def divided(n=5, q=3, worlds=400, **mind):
    motion = CLOSED(Pie(players(n), k_of(q), worlds=worlds, values=np.full(n, 1 / n), **mind))
    return motion, motion.plan.max(-1), (motion.plan > 1e-9).sum(-1)


def test_the_rational_mind_takes_all_that_theory_lets_it():
    motion, rent, coalition = divided()
    assert motion.passed.all()
    assert rent == pytest.approx(0.6, abs=1e-9)
    assert (coalition == 3).all()


def test_inequality_aversion_lowers_the_proposers_rent():
    rents = [divided(3, 2, 20, inequality_aversion=a)[1].mean() for a in (0.0, 0.3, 0.5, 1.0)]
    assert rents[0] == pytest.approx(2 / 3)
    assert (np.diff(rents) < 0).all()
    assert rents[-1] < 0.6
    assert all(divided(3, 2, 20, inequality_aversion=a)[0].passed.all() for a in (0.3, 1.0))


def test_noise_lowers_the_rent_and_costs_some_proposals():
    motion, rent, coalition = divided(vote_rule="probabilistic", vote_settings={"noise": 0.05})
    assert rent.mean() < 0.55
    assert 0.8 < motion.passed.mean() < 1
    assert coalition.mean() >= 3


def test_the_consensus_norm_makes_coalitions_oversized_as_often_as_it_says():
    _, rent, coalition = divided(consensus_norm=0.8)
    assert set(np.unique(coalition)) == {3, 5}
    assert (coalition == 5).mean() == pytest.approx(0.8, abs=0.06)
    assert rent.mean() == pytest.approx(0.8 * 0.2 + 0.2 * 0.6, abs=0.04)


def test_in_the_council_the_behavioural_mind_leaves_fewer_noes():
    how = {
        "agenda": "closed_rule",
        "funding": "gni_key",
        "voting": "lisbon_qmv",
        "end": "2026Q4",
        "window_years": 2.0,
    }

    def noes(**mind):
        out = run(load("eu-status-quo").changed(how | mind), 4, range(40), price=False)
        passed = [b.no[b.passed].sum(-1) for b in out.votes if b.passed.any()]
        return np.concatenate(passed).mean(), out.worlds["sites"].mean()

    rational, few = noes()
    behavioural, more = noes(consensus_norm=0.8)
    assert behavioural < rational
    assert more > few
