"""Doubts reach the rules that they are about, and a trial's numbers agree with plain runs."""

from dataclasses import replace

import numpy as np
import pytest

from juste_retour.abm.outcomes import run
from juste_retour.abm.politics.stationary import NotConverged
from juste_retour.abm.scenario import load, parameters
from juste_retour.runs.europe import curves
from juste_retour.runs.europe import doubts as doubting
from juste_retour.runs.europe.calibration import prior
from juste_retour.runs.europe.claims import QUESTIONS, share, together
from juste_retour.runs.europe.doubts import (
    REFORM,
    STATUS_QUO,
    Bench,
    Doubt,
    bite,
    doubts,
    pooled,
    try_out,
    unsolved,
)

pytestmark = pytest.mark.slow

DRAWN = ["first_trophy_eur_bn", "ceiling_eur_bn", "smallest_eur_bn", "local_scale", "panel_noise"]


@pytest.fixture(scope="module")
def bench():
    return Bench(prior(DRAWN, 4, 1), 5)


@pytest.fixture(scope="module")
def trial(bench):
    return try_out(bench, doubts()[0])


def test_the_first_doubt_is_none_and_all_kinds_are_there():
    assert not doubts()[0].changes
    kinds = {d.kind for d in doubts()}
    assert {"mind", "frontier", "pooling", "chips", "sites", "operations", "feedback"} < kinds
    growths = {d.changes.get("frontier_growth") for d in doubts()} | {parameters()["frontier_growth"][0]}
    assert {2.5, 3.3, 4.0} <= growths
    assert {d.changes.get("expect") for d in doubts()} >= {"adaptive", "stationary"}


def test_a_dotted_change_goes_where_the_rule_has_it():
    mild = Doubt("mild", "operations", {"operations.sign_off_h": 0.5, "operations.mfu_factor": 0.9})
    quo, reform = mild.to(load(STATUS_QUO)), mild.to(load(REFORM))
    assert dict(quo.rules["operations"].settings) == {"sign_off_h": 0.5, "mfu_factor": 0.9}
    assert dict(reform.rules["operations"].settings) == {"mfu_factor": 0.9}


def test_a_preset_keeps_what_it_sets_itself(bench):
    for drawn, giga, quo in zip(
        bench.draws.itertuples(),
        bench.worlds(load("gigafactories")),
        bench.worlds(load(STATUS_QUO)),
        strict=True,
    ):
        assert (giga.smallest_eur_bn, giga.ceiling_eur_bn) == (3.0, 5.0)
        assert giga.panel_noise == quo.panel_noise == drawn.panel_noise
        assert quo.ceiling_eur_bn == drawn.ceiling_eur_bn


def test_mixtures_lead_from_the_status_quo_to_the_reform(bench, trial):
    assert np.array_equal(trial.mixtures[0], np.zeros(bench.count))
    whole = trial.status_quo["years_behind"] - trial.reform["years_behind"]
    assert trial.mixtures[-1] == pytest.approx(whole)
    assert sum(share(unit.split("+")[0])(trial) for unit in trial.units) == pytest.approx(whole)
    plain = run(bench.worlds(load(STATUS_QUO)), bench.seed, range(bench.count), bench.members, price=False)
    assert np.array_equal(plain.worlds["years_behind"], trial.status_quo["years_behind"])


def test_what_two_groups_gain_together_is_named_whichever_comes_first(trial):
    assert np.array_equal(
        together("placement", "operations")(trial), together("operations", "placement")(trial)
    )


def test_every_question_has_an_answer(bench, trial):
    for question in QUESTIONS:
        assert question.value(trial).shape == (bench.count,), question.name


def test_pooling_is_held_against_one_campus(bench, trial):
    for rule, ratio in trial.pooled.items():
        assert ((ratio > 0) & (ratio < 1.05)).all(), rule
    assert (trial.pooled["best_of"] >= trial.pooled["independent"]).all()
    own = parameters()["replica_penalty"][0]
    scenario = load(STATUS_QUO).changed({"operations": "operator_led"})
    by_exponent = pooled(bench, scenario, (own, 0.9))
    assert by_exponent[f"{own:g}"] == pytest.approx(trial.pooled["low_communication"])
    assert (by_exponent["0.9"] < by_exponent[f"{own:g}"]).all()


def test_a_doubt_bites_where_it_changes_something(trial):
    assert bite(trial, trial) == 0.0
    sites = trial.status_quo["sites"].copy()
    sites[0] += 1
    other = replace(trial, status_quo=trial.status_quo | {"sites": sites})
    assert bite(other, trial) == pytest.approx(1 / 4)


def test_draws_without_an_equilibrium_are_left_out_and_the_others_keep_their_bits(bench, trial, monkeypatch):
    there_runs = doubting.run

    def refusing(scenarios, seed, replicates, *given, **more):
        if 2 in replicates:
            raise NotConverged("none")
        return there_runs(scenarios, seed, replicates, *given, **more)

    monkeypatch.setattr(doubting, "run", refusing)
    found = bench.outcomes(load(STATUS_QUO), ["sites", "years_behind"])
    assert np.isnan(found["sites"]).tolist() == [False, False, True, False]
    kept = [0, 1, 3]
    assert np.array_equal(found["years_behind"][kept], trial.status_quo["years_behind"][kept])
    assert unsolved(replace(trial, status_quo=found)) == pytest.approx(1 / 4)
    assert unsolved(trial) == 0.0


def test_geography_costs_more_the_dearer_pooling_is(bench):
    table, flip = curves.where_geography_flips(bench)
    assert (np.diff(table["median"]) < 0).all()
    assert table["median"].iloc[0] > 1 > table["median"].iloc[-1]
    assert 0 < flip["median"] < 0.03


def test_audit_breaks_even_where_operators_lose_enough(bench, monkeypatch):
    monkeypatch.setattr(curves, "OVERPRICING", (0.05, 0.5, 0.9))
    table, even = curves.what_audit_buys(bench)
    lost, audited = table["median"].to_numpy()[:-1], table["median"].to_numpy()[-1]
    assert (np.diff(lost) > 0).all()
    assert lost[0] < audited < lost[-1]
    assert 0.05 < even["median"] < 0.9


def test_the_best_quarter_is_no_worse_than_the_one_that_is_read(bench):
    reform = load(REFORM).until("2028Q4")
    best = bench.best_after(reform)
    assert (best <= bench.outcomes(reform, ["years_behind"])["years_behind"]).all()
