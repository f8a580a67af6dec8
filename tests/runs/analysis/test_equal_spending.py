"""Comparison at equal spending: each replication is capped at the smaller committed sum, over the same window."""

import json

import numpy as np
import pytest

from juste_retour import attribute, compare, simulate
from juste_retour.abm.outcomes import run
from juste_retour.abm.worlds.compute_lag import reading
from juste_retour.abm.worlds.scenario import load
from juste_retour.agents.errors import BadInput
from juste_retour.runs.analysis.attribution import mixtures_run, sensitive_to_the_window
from juste_retour.runs.results.paired import COMMITTED, Paired, Runs, with_envelope
from juste_retour.runs.results.switches import MONEY, switches
from juste_retour.runs.results.windows import Window, in_one_window, read_over

pytestmark = pytest.mark.slow

QUO, REFORM = "eu-status-quo", "essay-reform"
PROPOSAL = {"name": "proposal", "agenda": "commission_proposal"}
OMNIBUS = {"name": "omnibus", "agenda": "omnibus"}
SHOWN = ["years_behind", "sites", "committed_eur_bn", "unspent_eur_bn"]


def paired(*scenarios, worlds=6):
    found = Paired([load(s) for s in scenarios], 3, None, SHOWN, equal_spending=True)
    found.extend(worlds)
    return found


@pytest.mark.parametrize("scenario", [QUO, REFORM, PROPOSAL, OMNIBUS])
def test_scenario_equals_itself_at_equal_spending(scenario):
    found = compare(scenario, {"base": scenario, "name": "again"} if isinstance(scenario, str) else scenario, worlds=4)
    assert {c.difference for c in found.at_equal_spending} == {0.0}
    assert {c.difference for c in found.contrasts if "price" not in c.outcome} == {0.0}


@pytest.mark.parametrize("scenario", [REFORM, PROPOSAL, OMNIBUS])
def test_reversed_comparison_changes_the_sign(scenario):
    there, back = (
        compare(*ends, worlds=5, seed=1, outcomes=SHOWN, equal="spending")
        for ends in ((QUO, scenario), (scenario, QUO))
    )
    for one, other in zip(there.contrasts, back.contrasts, strict=True):
        assert one.difference == -other.difference
        assert (one.committed_a, one.committed_b) == (other.committed_b, other.committed_a)


@pytest.mark.parametrize("scenario", [REFORM, PROPOSAL, OMNIBUS, "gigafactories"])
def test_no_scenario_commits_more_than_the_smaller_sum(scenario):
    found = paired(QUO, scenario)
    committed = found.values[COMMITTED]
    target = committed.min(0)
    for k, held in enumerate(found.equal(0, 1)):
        assert (held[COMMITTED] <= target + 1e-9).all()
        kept = committed[k] <= target
        for name in SHOWN:
            assert (held[name][kept] == found.values[name][k][kept]).all()
        assert (held["unspent_eur_bn"] >= 0).all()
    assert (committed != target).any()


def test_rerun_uses_the_target_as_its_envelope():
    found = paired(QUO, REFORM, worlds=3)
    target = found.values[COMMITTED][0]
    _, held = found.equal(0, 1)
    for k, eur_bn in enumerate(target):
        alone = simulate(load(REFORM).changed({"envelope_eur_bn": float(eur_bn)}), seed=3, first=k).worlds
        assert held["years_behind"][k] == alone["years_behind"][0]
        assert 0.85 * eur_bn < held[COMMITTED][k] <= eur_bn + 1e-9  # the planner buys on a grid of sizes


def test_schedule_is_scaled_and_tranches_are_kept():
    paid = {"base": REFORM, "name": "paid", "tranches": [[2025, 4.0], [2027, 6.0]]}
    smaller = with_envelope(load(paid), 5.0)
    assert smaller.payments == ((2025, 2.0), (2027, 3.0))
    assert smaller.envelope_eur_bn == 5.0
    assert with_envelope(load(paid), 0.0).payments == ()
    assert with_envelope(load({"tranches": 3}), 5.0).tranches == 3
    found = paired(QUO, paid, worlds=3)
    target = found.values[COMMITTED].min(0)
    held = found.equal(0, 1)[1][COMMITTED]
    assert ((0.85 * target < held) & (held <= target + 1e-9)).all()


def test_zero_envelope_gives_zero_at_equal_spending():
    found = paired(QUO, {"envelope_eur_bn": 0.0}, worlds=3)
    for held in found.equal(0, 1):
        assert (held[COMMITTED] == 0).all()
        assert (held["sites"] == 0).all()


def test_each_pair_has_its_own_target():
    found = compare(REFORM, QUO, {"base": REFORM, "name": "small", "envelope_eur_bn": 1.0}, worlds=3, equal="spending")
    sums = {(c.a, c.b): (c.committed_a, c.committed_b) for c in found.contrasts}
    assert sums[REFORM, "small"][0] == sums[REFORM, "small"][1] == pytest.approx(1.0, abs=0.1)
    assert sums[REFORM, QUO][0] == pytest.approx(sums[REFORM, QUO][1], rel=0.15)
    assert sums[REFORM, QUO][0] > 1.0


def test_prices_are_omitted_at_equal_spending():
    found = compare(QUO, REFORM, worlds=2)
    assert any("price" in c.outcome for c in found.contrasts)
    assert not any("price" in c.outcome for c in found.at_equal_spending)
    alone = attribute(QUO, {"operations": "operator_led"}, worlds=2, outcome_name="price_of_politics")
    assert alone.at_equal_spending is None


def test_both_scenarios_use_the_window_of_the_first():
    found = compare(QUO, "gigafactories", worlds=2, outcomes=["years_behind"])
    first, other = found.scenarios
    assert (other.window_start, other.window_years) == (first.announcement, first.window_years)
    assert found.window == "2024Q4 to 2029Q3"
    alone = simulate(other, worlds=2, tables=("worlds",)).worlds
    assert found["years_behind"].mean_b == pytest.approx(alone["years_behind"].mean())
    assert compare("gigafactories", QUO, worlds=2, outcomes=["sites"]).window == "2025Q2 to 2033Q1"
    with pytest.raises(BadInput, match="short"):
        compare(QUO, {"name": "short", "end": "2027Q4", "window_years": 2.0}, worlds=2)
    a, b = in_one_window([load(QUO), load(REFORM)])
    assert (a.digest, b.digest) == (load(QUO).digest, load(REFORM).digest)


def test_other_windows_are_computed_from_the_same_runs():
    scenario = load(REFORM)
    found = run(scenario, 0, [0, 1], price=False, timeline=True)
    for name in ("years_behind", "capability_lag_years", "largest_run_flop", "least_years_behind"):
        values = read_over(Window.of(scenario), found, name)
        assert values == pytest.approx(found.worlds[name], rel=1e-12)
    today = load(QUO)  # not a planner, which would plan for the longer window and buy differently
    found = run(today, 0, [0, 1], price=False, timeline=True)
    longer = run(today.changed({"window_years": 10.0}), 0, [0, 1], price=False)
    assert read_over(Window.of(today, 10.0), found, "years_behind") == pytest.approx(longer.worlds["years_behind"])
    lags = np.array([[np.nan, 25.0, 3.0]])
    assert reading(lags, lags, 20.0).years_behind[0] == pytest.approx(43 / 3)


def test_windows_beyond_the_last_quarter_are_omitted_and_named():
    short = {"end": "2033Q4"}
    found = attribute(short, short | {"operations": "operator_led"}, worlds=2)
    assert [w.window_years for w in found.windows] == [5.0, 7.0]
    assert found.windows_left_out == [10.0]
    assert found.windows[0].difference == pytest.approx(found.difference, rel=1e-9)
    for over in found.windows:
        assert sum(s.share for s in over.shares) == pytest.approx(over.difference, abs=1e-9)
    assert attribute(QUO, short, worlds=2, outcome_name="sites").windows == []


def test_change_of_rank_or_sign_counts_as_sensitive_to_the_window():
    steady = [{"a": 3.0, "b": 1.0, "zero": 0.0}, {"a": 2.0, "b": 1.5, "zero": 0.0}]
    assert sensitive_to_the_window(steady) == []
    assert sensitive_to_the_window([{"a": 1.0, "b": 0.5}, {"a": 1.0, "b": -0.5}]) == ["b"]
    assert sensitive_to_the_window([{"a": 1.0, "b": 0.5}, {"a": 0.4, "b": 0.5}]) == ["a", "b"]
    assert sensitive_to_the_window([]) == []


@pytest.fixture(scope="module")
def to_the_reform():
    return attribute(QUO, REFORM, worlds=4)


@pytest.mark.parametrize("scenario", [REFORM, PROPOSAL])
def test_attribution_adds_up_and_is_antisymmetric(scenario, to_the_reform):
    there = to_the_reform if scenario == REFORM else attribute(QUO, scenario, worlds=4)
    back = attribute(scenario, QUO, worlds=4)
    for one, other in ((there, back), (there.at_equal_spending, back.at_equal_spending)):
        assert {"money", "access"} <= {s.group for s in one.shares}
        assert sum(s.share for s in one.shares) == pytest.approx(one.difference, abs=1e-9)
        assert one.difference == pytest.approx(-other.difference, abs=1e-12)
        shares = {s.group: s.share for s in other.shares}
        for share in one.shares:
            assert share.share == pytest.approx(-shares[share.group], abs=1e-9)
    if scenario == REFORM:
        assert abs(there.at_equal_spending.difference) < abs(there.difference)


def test_attribution_and_comparison_agree(to_the_reform):
    found, contrast = to_the_reform, compare(QUO, REFORM, worlds=4, outcomes=["years_behind"])
    assert found.difference == pytest.approx(-contrast["years_behind"].difference)
    held = next(c for c in contrast.at_equal_spending if c.outcome == "years_behind")
    assert found.at_equal_spending.difference == pytest.approx(-held.difference)


def test_equal_spending_caps_every_mixture():
    built = switches(load(QUO), load(REFORM), [MONEY])
    free, equal = mixtures_run(built, Runs(0, None, ["years_behind"]), 4)
    target = np.minimum(free[COMMITTED][0], free[COMMITTED][-1])
    assert (equal[COMMITTED] <= target + 1e-9).all()
    for m in range(len(built.mixtures)):
        if not built.switched(m, MONEY):  # the status quo commits less, so its cap applies
            assert (free[COMMITTED][m] <= target + 1e-9).all()
    assert (free[COMMITTED][-1] > target).all()


def test_larger_envelope_belongs_to_the_money_group():
    found = attribute(REFORM, {"base": REFORM, "envelope_eur_bn": 20.0}, worlds=3)
    shares = {s.group: s.share for s in found.shares}
    assert shares["money"] == pytest.approx(found.difference)
    assert found.difference < 0
    assert found.at_equal_spending.difference == pytest.approx(0.0, abs=0.05)


def test_json_has_the_same_keys_at_equal_spending(call, tmp_path):
    other = tmp_path / "other.toml"
    other.write_text('operations = "operator_led"\nenvelope_eur_bn = 20.0\n')
    arguments = ("attribute", QUO, other, "--worlds", 2, "--json")
    found = json.loads(call(*arguments)[1])
    held = found.pop("at_equal_spending")
    assert found.keys() == held.keys()
    assert {"difference", "shares", "windows", "window", "committed_from"} <= found.keys()
    assert json.loads(call(*arguments, "--equal", "spending")[1]) == held
    assert call(*arguments, "--equal", "money")[0] == 2
