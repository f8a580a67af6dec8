"""The United States and China as observed: their machines, their order, and the comparison with real sites."""

import json

import numpy as np
import pytest

from juste_retour import attribute, compare, simulate
from juste_retour.abm.base.members import load_members, union_of
from juste_retour.abm.base.observed import comparators
from juste_retour.abm.delivery.chips import h100_equivalents
from juste_retour.abm.model import AllocationModel
from juste_retour.abm.worlds.scenario import load
from juste_retour.agents.errors import BadInput
from juste_retour.runs.cli.lazy_group import main
from juste_retour.runs.engine.spec import spec_of
from juste_retour.runs.studies.europe.comparators import BEGUN, REGIONS, beside

pytestmark = pytest.mark.slow

SAME_CAMPUS = {
    "colossus_1": "Colossus 1 (expanded)",
    "abilene": "Stargate Abilene",
    "new_carlisle": "New Carlisle (Project Rainier)",
    "prometheus": "Prometheus",
    "fairwater_atlanta": "Fairwater Atlanta",
    "zhangbei": "Beijing-Tianjin-Hebei hub: Zhangjiakou (Zhangbei)",
    "qingyang": "Gansu hub: Qingyang (2025)",
    "shaoguan": "Greater Bay Area hub: Shaoguan",
}


@pytest.fixture(scope="module")
def worlds():
    return {name: simulate(name, worlds=16).worlds for name in (*REGIONS, "eu-status-quo")}


def test_order_of_us_china_and_europe(worlds):
    behind = {name: table.years_behind.median() for name, table in worlds.items()}
    assert behind["us-observed"] < behind["china-observed"] < behind["eu-status-quo"]
    assert abs(behind["us-observed"]) < 0.6
    lag = {name: table.capability_lag_years.median() for name, table in worlds.items()}
    assert 3 < 12 * (lag["china-observed"] - lag["us-observed"]) < 15


def test_observed_regions_have_no_price_of_politics(worlds):
    assert "price_of_politics" in worlds["eu-status-quo"]
    for name in REGIONS:
        assert "price_of_politics" not in worlds[name]
        model = AllocationModel(name)
        while model.running:
            model.step()
        assert np.isnan(model.price_of_politics)
        assert model.world.members.name == load(name).members


@pytest.mark.parametrize("name", REGIONS)
def test_initial_machines_are_those_observed(name):
    union = union_of(None, load(name).members)
    listed = {r["site"]: float(r["h100_equivalents"]) for r in comparators() if r["h100_equivalents"]}
    size = h100_equivalents(union.machines.chips, union.machines.peak)
    for j, site in enumerate(union.sites.names):
        here = size[union.machines.site == j]
        assert (len(here) > 0) == (site in SAME_CAMPUS)
        if len(here):
            assert here.max() == pytest.approx(listed[SAME_CAMPUS[site]], rel=0.02)
    begun = {union.sites.names[j] for j in set(union.machines.site)}
    assert not begun & set(BEGUN.values())
    assert not set(union.machines.names) & set(load_members().machines.names)


def test_simulated_dates_chips_and_runs_are_compared_with_observed():
    rows = {r["pattern"]: r for name in REGIONS for r in beside(name, 16).to_dict("records")}
    assert len(rows) == 8
    for r in rows.values():
        assert np.isfinite([r["observed"], r["low"], r["median"], r["high"]]).all()
    assert rows["Colossus 2, first operation"]["inside"]
    for r in rows.values():
        if "Grok" in r["pattern"]:
            assert 0.5 < r["median"] / r["observed"] < 2


def test_patterns_prints_the_table_and_refuses_observed_regions(tmp_path, capsys):
    assert main(["patterns", "--worlds", "8", "--json"]) == 0
    groups = {r["group"] for r in json.loads(capsys.readouterr().out)["patterns"]}
    assert set(REGIONS) <= groups
    simulate("us-observed", worlds=2, tables=("worlds", "states", "facilities")).write(tmp_path / "r")
    assert main(["patterns", str(tmp_path / "r")]) == 2
    assert "us-observed" in capsys.readouterr().err


def test_scenarios_of_two_unions_are_compared(worlds):
    found = compare("us-observed", "eu-status-quo", worlds=4, outcomes=["years_behind", "price_of_politics"])
    assert "price_of_politics" not in {c.outcome for c in found.contrasts}
    america, europe = found.values["years_behind"]
    assert america.tolist() == worlds["us-observed"].years_behind[:4].tolist()
    assert (europe > america + 2).all()
    with pytest.raises(BadInput, match="us_observed"):
        attribute("us-observed", "eu-status-quo", worlds=2)


def test_members_argument_overrides_the_scenario():
    europe = load_members()
    assert simulate({"members": "us_observed"}, members=europe, tables=("states",)).members is europe
    assert simulate({"members": "us_observed"}, tables=("states",)).members.name == "us_observed"
    with pytest.raises(BadInput, match="us_observed"):
        load({"members": "us_observd"})


def test_spec_has_one_union():
    content = {"replications": 2, "scenario": "china-observed", "factors": {"export_supply": [0.5, 1.0]}}
    assert spec_of(content | {"design": {"kind": "grid"}}).members.name == "china_observed"
    other = {"kind": "list", "points": [{"scenario": "us-observed"}]}
    with pytest.raises(BadInput, match="us_observed"):
        spec_of(content | {"factors": {}, "design": other})
