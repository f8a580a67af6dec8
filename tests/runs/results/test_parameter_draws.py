"""Contrasts over shared parameter draws, and the lag that is due to existing machines."""

import numpy as np
import pandas as pd
import pytest

from juste_retour import attribute, compare, load
from juste_retour.abm.outcomes import run
from juste_retour.agents.errors import BadInput
from juste_retour.runs.results.parameter_draws import draws_of, prior, read_draws

TABLE = pd.DataFrame({"ambition_sd": np.linspace(0.2, 0.8, 24), "envelope_eur_bn": np.linspace(5, 15, 24)})
QUO = "eu-status-quo"


def test_draw_k_uses_replication_k():
    found = compare(QUO, {"agenda": "omnibus"}, outcomes=["sites"], draws=20, posterior=TABLE, seed=3)
    alone = load(QUO).changed({"ambition_sd": TABLE.ambition_sd[7], "envelope_eur_bn": TABLE.envelope_eur_bn[7]})
    assert found.worlds == 20
    assert found.values["sites"][0, 7] == run(alone, 3, [7], price=False).worlds["sites"][0]


def test_parameters_that_differ_between_scenarios_are_not_drawn():
    ends = [load(QUO), load(QUO).changed({"envelope_eur_bn": 2.0})]
    found = draws_of(ends, 20, table=TABLE)
    assert found.names == ("ambition_sd",)
    assert {s.envelope_eur_bn for s in found.at(ends[1], range(5))} == {2.0}


def test_draws_invalid_for_a_scenario_are_omitted():
    table = pd.DataFrame({"smallest_eur_bn": [0.01] * 20 + [0.9] * 4})
    ends = [load(QUO), load(QUO).changed({"ceiling_eur_bn": 0.5})]
    assert (draws_of(ends, 24, table=table).left_out, draws_of(ends[:1], 24, table=table).left_out) == (4, 0)


def test_prior_draws_parameters_with_ranges_only():
    drawn = prior(64, 1)
    assert {"patience", "agenda.open_call.sunk"} <= set(drawn)
    assert not {"window_years", "agenda.open_call.bids"} & set(drawn)
    assert drawn.patience.between(0.9, 0.99).all()


def test_attributions_over_draws_add_up_within_their_range():
    found = attribute(QUO, {"operations": "operator_led", "procurement": "framework"}, draws=20, posterior=TABLE)
    assert sum(s.share for s in found.shares) == pytest.approx(found.difference, abs=1e-9)
    assert all(s.range_low <= s.share <= s.range_high for s in found.shares)
    with pytest.raises(BadInput, match="price"):
        attribute(QUO, "essay-reform", outcome_name="price_of_politics", draws=20, posterior=TABLE)


def test_lag_of_existing_machines_equals_a_run_without_money():
    nothing = load(QUO).changed({"envelope_eur_bn": 0.0})
    lag = run(nothing, 0, [0], price=False).worlds["years_behind"]
    found = compare(QUO, nothing, worlds=4, outcomes=["years_behind"])["years_behind"]
    assert found.standing_b == 1.0
    assert found.standing_a == pytest.approx(
        np.isclose(run(load(QUO), 0, range(4), price=False).worlds["years_behind"], lag[0]).mean()
    )


def test_draws_from_a_file_and_invalid_draws(tmp_path, call):
    path = tmp_path / "posterior.csv"
    TABLE.assign(weight=1.0).to_csv(path, index=False)
    assert read_draws(path).columns.tolist() == TABLE.columns.tolist()
    ends = (QUO, "--set-b", "voting=unanimity", "--outcome", "sites")
    status, out, _ = call("compare", *ends, "--draws", 20, "--posterior", path)
    assert status == 0
    assert "20 draws of 2 parameters" in out
    path.write_text("ambition\n1\n")
    for words in (["--draws", 20, "--posterior", path], ["--prior"], ["--draws", 3, "--prior"]):
        status, _, error = call("compare", *ends, *words)
        assert status == 2
        assert error.count("\n") == 1
