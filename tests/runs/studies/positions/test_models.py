"""Prediction models of positions, on issues with a known answer."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from juste_retour.runs.studies.positions import line_models
from juste_retour.runs.studies.positions.capability import weighed
from juste_retour.runs.studies.positions.models import MODELS
from juste_retour.runs.studies.positions.position_tables import Issue


def issue(positions, salience=None, capability=None, **more):
    """An issue with these positions by actor."""
    n = len(positions)
    values = {
        "name": "a",
        "proposal": "p",
        "packaged": True,
        "council_rule": "QMV",
        "procedure": "",
        "introduced": date(2000, 1, 1),
        "reference_point": np.nan,
        "outcome": np.nan,
    }
    return Issue(
        **(values | more),
        actors=tuple(positions),
        position=np.array(list(positions.values()), dtype=float),
        salience=np.array(salience or [50.0] * n, dtype=float),
        capability=None if capability is None else np.array(capability, dtype=float),
    )


def predicted(model, *issues, share=0.33):
    found = MODELS[model]([weighed(i, share) for i in issues])
    return found[0] if len(issues) == 1 else found


EU15 = ("AT", "BE", "DE", "DK", "EL", "ES", "FI", "FR", "IE", "IT", "LU", "NL", "PT", "SE", "UK")


def test_weighted_and_unweighted_means_and_medians():
    a = issue({"x": 0, "y": 100, "z": 40}, [50, 100, 50], [1, 1, 2])
    assert predicted("compromise", a) == pytest.approx(56)
    assert predicted("mean", a) == pytest.approx(140 / 3)
    assert predicted("median", a) == 40
    assert predicted("weighted_median", a) == 40
    assert predicted("weighted_median", replace(a, capability=np.array([1.0, 2, 1]))) == 100
    assert predicted("weighted_median", replace(a, capability=np.array([2.0, 1, 0]))) == 50  # divided in half


def test_rows_without_salience_count_only_in_unweighted_models():
    a = issue({"x": 0, "y": 100, "z": 40}, [50, np.nan, 50], [1, 1, 1])
    assert predicted("compromise", a) == pytest.approx(20)
    assert predicted("weighted_median", a) == pytest.approx(20)
    assert predicted("exchange", a) == pytest.approx(20)
    assert predicted("mean", a) == pytest.approx(140 / 3)
    nobody = replace(a, salience=np.full(3, np.nan))
    for model in ("compromise", "weighted_median", "exchange", "exchange_issue_by_issue"):
        assert isinstance(predicted(model, nobody), str)


def test_exchange_needs_at_least_two_issues():
    a = issue({"x": 0, "y": 100}, [90, 10], [1, 1])
    b = issue({"x": 0, "y": 100}, [10, 90], [1, 1], name="b")
    for model in ("exchange", "exchange_issue_by_issue"):
        assert predicted(model, a) == pytest.approx(predicted("compromise", a))
        one, other = predicted(model, a, b)
        assert one == pytest.approx(0, abs=1e-9)
        assert other == pytest.approx(100, abs=1e-9)


def test_issue_by_issue_exchange_keeps_partners_for_each_issue():
    """The best trade is of issues 1 and 2, which leaves issue 0 without a partner. Alone, issue 0 trades with issue 1."""
    stakes = [(45, 5), (10, 90), (90, 10)]
    issues = [issue({"x": 0, "y": 100}, list(s), [1, 1], name=str(k)) for k, s in enumerate(stakes)]
    compromise = predicted("compromise", issues[0])
    assert predicted("exchange", *issues)[0] == pytest.approx(compromise)
    assert predicted("exchange_issue_by_issue", *issues)[0] < compromise - 1


def test_capability_is_voting_power_at_the_date():
    a = issue(dict.fromkeys((*EU15, "COM", "EP"), 50))
    found = weighed(a, 0.2)
    power = dict(zip(a.actors, found.capability, strict=True))
    assert power["DE"] == pytest.approx(0.1167, abs=1e-4)
    assert power["COM"] == power["EP"] == 0.2
    assert sum(power[state] for state in EU15) == pytest.approx(1)
    alike = weighed(replace(a, council_rule="unanimity"), 0.2)
    assert alike.capability[:15] == pytest.approx(1 / 15)
    assert set(weighed(issue({"DE": 1, "somebody": 2})).capability) == {1}


def setter(commission, states, status_quo, **more):
    return predicted("setter", issue({"COM": commission, **states}, reference_point=status_quo, **more))


def test_setter_is_constrained_by_the_councils_pivot():
    states = {code: 10.0 * k for k, code in enumerate(EU15)}  # LU at 100; UK at 140 is capped below
    states = {code: min(x, 100) for code, x in states.items()}
    assert setter(100, states, 0, council_rule="unanimity") == 0  # AT is at the reference point
    # 26 of 87 votes block: AT 4, BE 5 (10), DE 10 (20) make 19, DK 3 (30) 22, EL 5 (40) 27: EL is the pivot
    assert setter(100, states, 0) == pytest.approx(80)
    assert setter(70, states, 0) == pytest.approx(70)
    assert setter(100, states, 40) == pytest.approx(40)


def test_states_without_a_position_do_not_object():
    assert setter(100, {"DE": 20}, 0) == pytest.approx(100)  # 77 of 87 votes without Germany
    assert setter(100, {"DE": 20}, 0, council_rule="unanimity") == pytest.approx(40)


def test_setter_under_the_double_majority():
    few = dict.fromkeys(["DE", "FR", "IT", "UK"], 10.0)
    recent = {"introduced": date(2016, 1, 1)}
    assert setter(100, few, 0, **recent) == pytest.approx(20)  # more than 35 % of the population block
    assert setter(100, dict.fromkeys(["DE", "FR", "IT"], 10.0), 0, **recent) == pytest.approx(100)


@pytest.mark.parametrize("model", ["nash", "kalai_smorodinsky"])
def test_mediator_divides_gains_over_the_reference_point(model):
    one = issue({"x": 40, "y": 80}, reference_point=0)
    # gains are x up to 40, then 80 - x, and x. Equal shares of the maxima 40 and 80; the product is largest at 40
    answers = {"nash": 40, "kalai_smorodinsky": 160 / 3}
    assert predicted(model, one) == pytest.approx(answers[model], abs=0.01)
    assert predicted(model, issue({"x": 0, "y": 100}, reference_point=30)) == pytest.approx(30, abs=0.01)
    assert predicted(model, issue({"x": 60, "y": 60}, reference_point=0)) == pytest.approx(60, abs=0.01)


def test_nash_solution_is_weighted_by_capability():
    positions = {"x": 30, "y": 90}
    weak = predicted("nash", issue(positions, capability=[1, 9], reference_point=0))
    # maximize 9 log(g) + log(60 - g) beyond 30: g = 54
    assert weak == pytest.approx(54, abs=0.01)


def test_closed_rule_is_the_mean_of_all_proposals():
    states = dict(zip(EU15, [50.0] * 14 + [100.0], strict=True))
    found = issue(states, reference_point=0)
    assert predicted("closed_rule", found) == pytest.approx((14 * 50 + 100) / 15)  # states at 50 just accept 100
    assert isinstance(predicted("closed_rule", issue({"somebody": 0}, reference_point=0)), str)


def test_stationary_proposals_are_closer_together():
    """States that can wait for another proposal accept less than states that face the reference point."""
    states = dict(zip(EU15, [40.0] * 5 + [60.0] * 5 + [80.0] * 5, strict=True))
    found = issue(states, reference_point=0)
    game = line_models.LineBargaining.on(weighed(found))
    without, stationary = game.proposed(), game.proposed(game.stationary_values(), line_models.PATIENCE)
    assert np.ptp(stationary) < np.ptp(without)
    assert predicted("baron_ferejohn", found) == pytest.approx(100 * stationary.mean())
    alike = issue(dict.fromkeys(EU15, 70.0), reference_point=0)
    assert predicted("baron_ferejohn", alike) == pytest.approx(70)


@pytest.mark.parametrize("model", ["nash", "kalai_smorodinsky", "setter", "closed_rule", "baron_ferejohn"])
def test_models_that_need_a_reference_point(model):
    assert predicted(model, issue({"COM": 0, "DE": 50})) == "no reference point"


@pytest.mark.parametrize("model", list(MODELS))
def test_models_stay_within_positions_and_mirror_the_scale(model):
    """Reversing the scale reverses the outcome, and outcomes stay between the positions and the status quo."""
    rng = np.random.default_rng(5)
    for _ in range(6):
        x = dict(zip((*EU15, "COM", "EP"), rng.choice([0, 20, 50, 80, 100], 17), strict=True))
        salience = list(rng.choice([10, 50, 90], 17))
        q = float(rng.choice([0, 10, 100]))
        there = predicted(model, issue(x, salience, reference_point=q))
        back = predicted(model, issue({a: 100 - p for a, p in x.items()}, salience, reference_point=100 - q))
        assert there == pytest.approx(100 - back, abs=0.02)
        assert min(*x.values(), q) - 1e-6 <= there <= max(*x.values(), q) + 1e-6
