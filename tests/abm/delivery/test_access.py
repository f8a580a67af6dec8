"""Access in hours: the chips of one run, what is left to others, who may join sites, and the readings of capability."""

import csv
import itertools
from importlib.resources import files

import numpy as np
import pytest

from juste_retour.abm.delivery.access import Calls, Regime, access, standing
from juste_retour.abm.outcomes import run
from juste_retour.abm.worlds.scenario import load
from juste_retour.agents.errors import BadInput

WORLDS = range(16)
READINGS = (
    "program_years_behind",
    "years_behind",
    "whole_machine_years_behind",
    "all_machines_years_behind",
)


def played(name="eu-status-quo", **changes):
    return run(load(name).changed(changes), 1, WORLDS, price=False).worlds


def observed_year_shares():
    with files("juste_retour.abm.data").joinpath("grants.csv").open(encoding="utf-8", newline="") as file:
        return {
            row["project"]: (row["regime"], float(row["hours"]) / (float(row["accelerators"]) * 8760))
            for row in csv.DictReader(file)
        }


@pytest.mark.parametrize("rule", list(access), ids=lambda rule: rule.name)
def test_a_run_twice_as_long_has_half_of_the_chips(rule):
    regime = rule()
    assert regime.share(300.0) == pytest.approx(2 * regime.share(600.0))
    assert Regime(0.5).share(120.0) == 1


def test_ranges_and_defaults_are_those_of_the_published_grants():
    shares = observed_year_shares()
    calls = [share for regime, share in shares.values() if regime == "calls"]
    assert max(calls) == pytest.approx(Calls.range[1], abs=5e-4)
    assert min(calls) < Calls.range[0] < np.median(calls)
    assert access["calls"]().year_share == pytest.approx(np.sqrt(np.prod(Calls.range)), rel=0.01)
    assert access["strategic"]().year_share == pytest.approx(shares["Apertus"][1], abs=0.005)
    assert access["dedicated"]().year_share == pytest.approx(shares["BLOOM"][1], abs=0.01)


def test_more_access_means_a_larger_run_and_less_open_capacity():
    found = [played(access=rule.name) for rule in access]
    for less, more in itertools.pairwise(found):
        assert (less["years_behind"] >= more["years_behind"]).all()
        assert less["years_behind"].mean() > more["years_behind"].mean()
        assert (less["open_accelerators"] > more["open_accelerators"]).all()


def test_hours_of_the_grant_are_not_open_to_others():
    found = played(access={"rule": "strategic", "year_share": 0.25})
    assert found["open_accelerators"] == pytest.approx(0.75 * found["aggregate_accelerators"])


def test_joining_sites_is_a_matter_of_pooling_and_not_of_access():
    rule = {"rule": "best_of", "joins": False}
    alone, apart, joined = (played(pooling=pooling) for pooling in ("independent", rule, "best_of"))
    for name in alone:
        assert np.array_equal(alone[name], apart[name], equal_nan=True), name
    assert joined["years_behind"].mean() < alone["years_behind"].mean()


def test_year_share_holds_for_machines_that_stood_before_under_the_same_rule():
    nothing = {"envelope_eur_bn": 0.0}
    shared = played(access={"rule": "calls", "year_share": 0.2}, **nothing)
    own = played(standing={"rule": "calls", "year_share": 0.2}, **nothing)
    assert np.array_equal(shared["years_behind"], own["years_behind"])
    assert (shared["years_behind"] < played(**nothing)["years_behind"]).all()
    elsewhere = played(access={"rule": "strategic", "year_share": 0.2}, **nothing)
    assert np.array_equal(elsewhere["years_behind"], played(**nothing)["years_behind"])
    assert (played(standing="dedicated", **nothing)["years_behind"] < shared["years_behind"]).all()
    assert [rule.name for rule in standing] == [rule.name for rule in access]


def test_older_machines_are_run_as_the_programs_sites_unless_their_own_rule_says_otherwise():
    led = {"operations": {"rule": "operator_led", "mfu_factor": 0.9}, "envelope_eur_bn": 0.0}
    audited = {"standing_operations": "audit_first"}
    assert np.array_equal(played(**led, **audited)["years_behind"], played(envelope_eur_bn=0.0)["years_behind"])
    same = played(**led, standing_operations="operator_led")
    assert np.array_equal(same["years_behind"], played(**led)["years_behind"])
    reform, apart = played("essay-reform"), played("essay-reform", **audited)
    assert (apart["years_behind"] >= reform["years_behind"]).all()
    assert apart["years_behind"].mean() > reform["years_behind"].mean()
    assert np.array_equal(apart["program_years_behind"], reform["program_years_behind"])


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("eu-status-quo", {}),
        ("essay-reform", {}),
        ("reform-with-access", {"standing": "strategic", "run_days": 400.0}),
        ("eu-status-quo", {"pooling": "synchronous", "tranches": 3}),
        ("us-private", {"access.year_share": 1.0, "pooling": "single_site"}),
        ("unanimous-europe", {}),
    ],
)
def test_readings_of_capability_are_ordered_in_every_world(name, changes):
    found = played(name, **changes)
    for larger, smaller in itertools.pairwise(READINGS):
        with np.errstate(invalid="ignore"):
            assert (found[larger] >= found[smaller] - 1e-9).all()
    assert (found["program_gain_years"] >= -1e-12).all()
    assert (found["quarters_without_program"] <= 1).all()


def test_program_gain_is_the_lag_without_new_sites_less_the_lag():
    found, nothing = played("essay-reform"), played("essay-reform", envelope_eur_bn=0.0)
    gain = nothing["years_behind"] - found["years_behind"]
    assert found["program_gain_years"] == pytest.approx(gain)
    assert (nothing["program_gain_years"] == 0).all()
    assert (nothing["quarters_without_program"] == 1).all()


def test_whole_machines_are_a_grant_of_the_whole_year():
    whole = played(access={"rule": "calls", "year_share": 1.0})
    assert played()["whole_machine_years_behind"] == pytest.approx(whole["years_behind"], abs=0.2)
    assert whole["whole_machine_years_behind"] == pytest.approx(whole["years_behind"])


def test_guessed_peaks_of_announced_machines_are_drawn_like_other_guesses():
    low, high = (played(envelope_eur_bn=0.0, announced_peak=peak) for peak in (0.5, 2.0))
    assert (low["years_behind"] > high["years_behind"]).all()


@pytest.mark.parametrize("share", [-0.1, 1.1, "half"])
def test_year_share_outside_zero_to_one_is_refused(share):
    with pytest.raises(BadInput, match=r"access\.year_share"):
        load("eu-status-quo").changed({"access": {"rule": "calls", "year_share": share}})
