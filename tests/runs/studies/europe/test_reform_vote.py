"""The vote on the essay's reform: its cuts are packages, and today's program is judged under its own rule."""

import pytest

from juste_retour.abm.worlds.scenario import load
from juste_retour.runs.engine.studies import packed, unpacked
from juste_retour.runs.results.parameter_ranges import setting
from juste_retour.runs.studies.europe import reform_vote
from juste_retour.runs.studies.europe.bench import Bench
from juste_retour.runs.studies.europe.calibration import prior
from juste_retour.runs.studies.europe.reform_vote import NAMED, RACE, STATUS_QUO, vote_on_the_reform

TODAY = load(STATUS_QUO)


@pytest.fixture(scope="module")
def answer():
    target = TODAY.changed({"procurement": "rapid", "operations": "operator_led"}, "faster")
    return vote_on_the_reform(worlds=4, draws=20, each=2, seed=1, target=target)


@pytest.mark.slow
def test_cuts_are_packages_with_draws(answer):
    assert answer.package("named").parts == answer.cuts["completed"] == ("operations", "procurement")
    assert set(answer.package("named").parts) <= set(NAMED)
    draw = answer.in_draws("named")
    assert 0 <= draw.low <= draw.passing <= draw.high <= 1


def test_today_is_judged_by_its_own_rule(answer):
    own = answer.by_own_rule
    assert own.by == TODAY.rules["voting"].rule
    assert answer.today_survives == (not any(p.passes for p in own.packages))
    assert own.parameter == RACE
    assert {p.parts for p in answer.unanimous} == {p.parts for p in own.packages if p.in_favor == 27}


def test_answer_is_repeated_where_today_is_stable(answer):
    if answer.stable_value_eur_bn is None:
        assert answer.today_survives or not answer.by_own_rule.stays
    else:
        assert answer.stable_value_eur_bn == max(high for _, high in answer.by_own_rule.stays)
        assert len(answer.at_stable_value.packages) == len(answer.by_own_rule.packages)


def test_vote_is_a_job_of_the_verdict(monkeypatch):
    target = TODAY.changed({"procurement": "rapid", "operations": "operator_led"}, "faster")
    monkeypatch.setattr(reform_vote, "REFORM", target)
    bench = Bench(prior(["local_scale"], 20, 1), 5)
    rows, said = unpacked(packed(reform_vote.voted(bench, worlds=4, each=2)))
    legal = rows[rows.rule == reform_vote.LEGAL].set_index("package")
    assert legal.parts["named"] == "operations, procurement"
    assert 0 <= legal.draws_low["named"] <= legal.draws_passing["named"] <= legal.draws_high["named"] <= 1
    assert said["passing"] <= said["packages"] == 3
    assert said["race_value"] == setting(TODAY, RACE)
