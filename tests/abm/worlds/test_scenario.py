"""Scenarios: valid and invalid content, and round trips through files."""

import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from juste_retour.abm.worlds.scenario import Scenario, load, parameters, presets
from juste_retour.abm.worlds.stacked import shape, values
from juste_retour.agents.errors import BadInput
from juste_retour.agents.rules import FAMILIES


@pytest.mark.parametrize("name", presets())
def test_shipped_scenarios_round_trip_through_toml(name, tmp_path):
    scenario = load(name)
    for base in (None, "eu-status-quo"):
        path = tmp_path / f"{name}.toml"
        path.write_text(scenario.toml(base))
        assert load(path).digest == scenario.digest


def test_four_main_scenarios_differ_only_in_institutions():
    rules_and_decider = {*FAMILIES, "decider", "name"}
    base = load("eu-status-quo").plain()
    for name in ("essay-reform", "us-private", "china-state"):
        other = load(name).plain()
        assert {k for k in base if base[k] != other[k]} <= rules_and_decider


def test_digest_depends_on_values_and_not_on_the_name():
    base = load("eu-status-quo")
    assert base.changed({}, name="other").digest == base.digest
    assert base.changed({"envelope_eur_bn": 11}).digest != base.digest
    assert base.changed({"agenda.sunk": 0.5}).digest != base.digest


def test_naming_a_rule_resets_its_parameters():
    reform = load("essay-reform")
    assert reform.changed({"agenda": "planner"}).plain()["agenda"] == "planner"
    kept = reform.changed({"agenda.objective": "welfare"}).plain()["agenda"]
    assert kept == {"rule": "planner", "min_sites": 2, "max_sites": 3, "objective": "welfare"}


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"votting": "unanimity"}, ["votting", "voting"]),
        ({"voting": "unanimty"}, ["unanimty", "unanimity"]),
        ({"voting": 12}, ["voting", "12"]),
        ({"envelope_eur_bn": -1}, ["envelope_eur_bn", "-1"]),
        ({"envelope_eur_bn": float("nan")}, ["envelope_eur_bn", "nan"]),
        ({"envelope_eur_bn": "ten"}, ["envelope_eur_bn", "ten"]),
        ({"envelope_eur_bn": True}, ["envelope_eur_bn", "True"]),
        ({"side_payments": 1}, ["side_payments", "true"]),
        ({"agenda": {"objective": "welfare", "rule": "open_call"}}, ["objective", "open_call"]),
        ({"agenda": {"rule": "planner", "objective": "wellfare"}}, ["wellfare", "welfare"]),
        ({"agenda": {"rule": "planner", "min_sites": 1.5}}, ["min_sites", "1.5"]),
        ({"agenda.objektive": "welfare"}, ["objektive"]),
        ({"agendas.sunk": 1}, ["agendas", "agenda"]),
        ({"funding": {"HU": "gni_key", "rule": "gni_key"}}, ["funding.HU"]),
        ({"vote": {"rule": "self_interest", "HU": "red_lin"}}, ["red_lin"]),
        ({"vote": {"HU": "sincere_union"}} | {"vote.rulle": 1}, ["rulle"]),
        ({"vote.hu": "red_line"}, ["vote.hu", "vote.HU = 'red_line'"]),
        ({"anchor.mistral": "home_bias"}, ["anchor.mistral", "anchor.MISTRAL"]),
        ({"vote": "grudge"}, ["'grudge'", "red_line", "--rules FILE.py"]),
        ({"vote.HU": "red_lin"}, ["vote.HU", "red_lin", "red_line"]),
        ({"vote.HU": {"noise": 1}}, ["vote.HU", "noise", "rule ="]),
        ({"vote.HU": {"rule": "probabilistic", "nois": 1}}, ["vote.HU", "nois", "'noise'"]),
        ({"vote.HU": "probabilistic", "vote.HU.noise": -1}, ["vote.HU.noise", "-1", "0.001 to 10"]),
        ({"vote.HU": {"rule": "red_line", "PL": "red_line"}}, ["vote.HU", "'PL'"]),
        ({"agenda.HU.sunk": 1}, ["agenda.HU"]),
        ({"funding": "private"}, ["private", "single_decider"]),
        ({"end": "2020Q1"}, ["2020Q1"]),
        ({"end": "soon"}, ["soon", "2026Q3"]),
        ({"assess": "2050Q1"}, ["assess", "window_years"]),
        ({"window_years": 12}, ["window_years", "12", "2034Q4"]),
        ({"window_years": 1.1}, ["window_years", "1.1"]),
        ({"run_share": 0.5}, ["run_share", "access"]),
        ({"smallest_eur_bn": 2.0}, ["smallest_eur_bn", "ceiling_eur_bn"]),
    ],
)
def test_invalid_scenarios_are_refused_in_one_sentence(changes, named):
    with pytest.raises(BadInput) as caught:
        load("eu-status-quo").changed(changes)
    for word in named:
        assert word in str(caught.value)
    assert "\n" not in str(caught.value)


def test_every_parameter_has_a_description():
    for name, (default, about) in parameters().items():
        assert about.about, name
        assert about.source, name
        assert about.group, name
        assert about.check(name, default, default) == default
        if about.range is not None:
            low, high = about.range
            assert about.unit, name
            assert about.low <= low <= high <= about.high, name
            if name != "frontier_growth_later":  # its default 0 keeps the growth rate
                assert low * (1 - 1e-12) <= default <= high * (1 + 1e-12), name


def test_rule_parameters_are_described_and_within_bounds():
    for family in FAMILIES.values():
        for rule in family:
            assert rule.summary.endswith("."), (family.name, rule.name)
            assert rule.source, (family.name, rule.name)
            for name, (default, about) in rule.parameters.items():
                assert about.about, (rule.name, name)
                assert about.check(name, default, default) == default


def test_rule_of_one_actor_has_its_own_parameters():
    base = load("eu-status-quo")
    table = {"rule": "self_interest", "HU": {"rule": "probabilistic", "noise": 0.5}, "PL": "red_line"}
    scenario = base.changed({"vote": table})
    dotted = base.changed({"vote.HU": "probabilistic", "vote.HU.noise": 0.5, "vote.PL": "red_line"})
    assert scenario.plain()["vote"] == table
    assert scenario.digest == dotted.digest
    assert Scenario.of(tomllib.loads(scenario.toml(None))).digest == scenario.digest
    assert scenario.changed({"vote.HU": "red_line"}).plain()["vote"] == table | {"HU": "red_line"}
    usual = base.changed({"vote": {"rule": "self_interest", "HU": {"rule": "probabilistic", "noise": 0.1}}})
    assert usual.plain()["vote"]["HU"] == "probabilistic"


def test_dotted_actor_parameter_copies_the_common_rule():
    scenario = load("eu-status-quo").changed({"vote": "probabilistic", "vote.HU.noise": 0.5})
    assert scenario.plain()["vote"] == {
        "rule": "probabilistic",
        "HU": {"rule": "probabilistic", "noise": 0.5},
    }


@settings(max_examples=50)
@given(st.floats(0, 1000, allow_nan=False), st.sampled_from(sorted(FAMILIES["voting"].rules)))
def test_valid_changes_round_trip_through_toml(envelope, rule):
    scenario = load("eu-status-quo").changed({"envelope_eur_bn": envelope, "voting": rule})
    again = tomllib.loads(scenario.toml(None))
    assert Scenario.of(again).digest == scenario.digest


def test_scenarios_that_differ_only_in_floats_share_a_shape():
    base = load("eu-status-quo")
    assert shape(base.changed({"envelope_eur_bn": 5.0})) == shape(base)
    assert shape(base.changed({"voting": "unanimity"})) != shape(base)
    own = base.changed({"vote.HU": "probabilistic", "vote.HU.noise": 0.5})
    assert shape(own.changed({"vote.HU.noise": 0.2})) == shape(own)
    stacked = values([base, base.changed({"envelope_eur_bn": 5.0})])
    assert stacked.envelope_eur_bn[:, 0].tolist() == [10.0, 5.0]
