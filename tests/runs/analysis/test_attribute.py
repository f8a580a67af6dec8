"""Attribution: Shapley shares add up, equal known games, and refused combinations move together."""

import itertools
import json
import math
import re

import numpy as np
import pytest

from juste_retour import attribute
from juste_retour.abm.worlds.scenario import load
from juste_retour.agents.errors import BadInput
from juste_retour.agents.rules import FAMILIES
from juste_retour.runs.analysis.attribution import attributed, interactions, shapley
from juste_retour.runs.results.switches import GROUPS, MONEY, mixed, switches

pytestmark = pytest.mark.slow

ALL = len(GROUPS) - 1  # groups between the status quo and the reform: all but money


def by_orders(values):
    """The Shapley value by its definition: the mean marginal contribution over all orders of arrival."""
    k = (len(values) - 1).bit_length()
    out = np.zeros(k)
    for order in itertools.permutations(range(k)):
        there = 0
        for player in order:
            out[player] += values[there | 1 << player] - values[there]
            there |= 1 << player
    return out / math.factorial(k)


@pytest.mark.parametrize("players", [1, 2, 3, 5])
def test_shapley_equals_the_mean_over_all_orders(players):
    values = np.random.default_rng(players).normal(size=2**players)
    assert shapley(values) == pytest.approx(by_orders(values), abs=1e-12)
    assert shapley(values).sum() == pytest.approx(values[-1] - values[0], abs=1e-12)


def test_shares_and_interactions_of_known_games():
    gloves = np.array([0, 0, 0, 1, 0, 1, 0, 1], float)  # one left glove (player 0), two right ones
    assert shapley(gloves) == pytest.approx([4 / 6, 1 / 6, 1 / 6])
    additive = np.array([sum(w for i, w in enumerate((3, 5, 7)) if m >> i & 1) for m in range(8)], float)
    assert shapley(additive) == pytest.approx([3, 5, 7])
    assert interactions(additive) == pytest.approx([0, 0, 0])
    both = np.array([0, 0, 0, 1], float)
    assert interactions(both) == pytest.approx([1])
    either = np.array([0, 1, 1, 1], float)
    assert interactions(either) == pytest.approx([-1])


def test_mixtures_switch_the_rules_of_their_groups():
    built = switches(load("eu-status-quo"), load("essay-reform"))
    assert [u[0] for u in built.units] == [
        g for g in GROUPS if g not in (MONEY, "access", "standing", "standing_operations")
    ]
    assert built.mixtures[0].digest == built.source.digest
    assert built.mixtures[-1].digest == built.target.digest
    for m, mixture in enumerate(built.mixtures):
        for name, family in FAMILIES.items():
            end = built.target if built.switched(m, family.group) else built.source
            assert mixture.rules[name] == end.rules[name]


def test_different_parameters_form_a_group():
    other = load("eu-status-quo").changed({"envelope_eur_bn": 20.0, "operations": "operator_led"})
    built = switches(load("eu-status-quo"), other)
    assert built.units == (("operations",), ("money",))
    assert mixed(built.source, other, ["money"]).envelope_eur_bn == 20.0
    other = other.changed({"first_trophy_eur_bn": 0.5})
    assert switches(built.source, other).units[-1] == ("parameters",)
    found = attribute(built.source, other, outcome_name="spend_eur_bn", worlds=6)
    assert {s.group for s in found.shares} == {*GROUPS, "parameters"}
    assert {s.share for s in found.shares if s.group in ("placement", "funding", "procurement", "pooling")} == {0.0}
    assert sum(s.share for s in found.shares) == pytest.approx(found.difference, abs=1e-9)


def test_refused_combinations_move_together():
    found = attribute("eu-status-quo", "us-private", worlds=4)
    assert [groups for groups, _ in found.joined] == [("placement", "funding")]
    assert "private" in found.joined[0][1]
    assert next(s for s in found.shares if s.group == "funding").share == 0
    assert sum(s.share for s in found.shares) == pytest.approx(found.difference, abs=1e-9)


def test_shares_agree_across_seeds_within_their_intervals():
    today = load("eu-status-quo")
    reformed = today.changed({"access": "strategic", "operations": "operator_led", "agenda": "planner"})
    one, other = (attribute(today, reformed, worlds=60, seed=seed) for seed in (1, 2))
    assert len(one.shares) > 1
    for a, b in zip(one.shares, other.shares, strict=True):
        width = (a.high - a.low) / 2 + (b.high - b.low) / 2
        assert abs(a.share - b.share) <= 1.5 * width, a.group
    assert sum(s.share for s in one.shares) == pytest.approx(one.difference, abs=1e-9)
    assert one.difference < 0


def test_intervals_shrink_with_worlds_and_cover_the_truth():
    built = switches(load("eu-status-quo"), load("essay-reform"))
    rng = np.random.default_rng(5)
    truth = rng.normal(size=2**ALL)
    hits, widths = 0, []
    for k in range(40):
        values = truth[:, None] + rng.normal(size=(2**ALL, 50))
        found = attributed(built, values, "years_behind", k)
        hits += found.shares[0].low <= shapley(truth)[0] <= found.shares[0].high
        widths.append(found.shares[0].high - found.shares[0].low)
    assert hits >= 33
    large = attributed(built, truth[:, None] + rng.normal(size=(2**ALL, 800)), "years_behind")
    assert large.shares[0].high - large.shares[0].low < np.mean(widths) / 3


def test_worlds_without_a_run_are_omitted_and_counted():
    built = switches(load("eu-status-quo"), load("essay-reform"))
    values = np.random.default_rng(0).normal(size=(2**ALL, 10))
    values[3, 4] = np.inf
    found = attributed(built, values, "years_behind")
    assert (found.left_out, found.worlds) == (1, 9)
    values[3] = np.inf
    with pytest.raises(BadInput, match="years_behind"):
        attributed(built, values, "years_behind")


def test_json_of_attribute(call):
    status, printed, _ = call("attribute", "eu-status-quo", "essay-reform", "--worlds", 4, "--json")
    assert status == 0
    found = json.loads(printed)
    assert {"outcome", "from", "to", "difference", "shares", "interactions"} <= found.keys()
    assert all({"group", "share", "low", "high"} <= s.keys() for s in found["shares"])
    assert sum(s["share"] for s in found["shares"]) == pytest.approx(found["difference"], abs=1e-9)
    assert len(found["interactions"]) == 15
    status, _, wrong = call("attribute", "eu-status-quo", "essay-reform", "--outcome", "year_behind")
    assert status == 2
    assert "years_behind" in wrong


def test_scenario_compared_with_itself_has_no_difference():
    found = attribute("eu-status-quo", "eu-status-quo", worlds=3)
    assert found.difference == 0
    assert {s.share for s in found.shares} == {0.0}
    assert not found.interactions


def test_text_of_attribute_has_all_groups_and_windows(call):
    status, out, _ = call("attribute", "eu-status-quo", "essay-reform", "--worlds", "4")
    head, *lines = out.splitlines()
    assert status == 0
    assert {"eu-status-quo", "essay-reform", "4"} <= set(re.findall(r"[\w-]+", head))
    shown = [line.split()[0] for line in lines if line.split("  ")[0] in GROUPS]
    assert shown == 4 * list(GROUPS)  # at equal envelopes, at equal spending, and both over other windows
    assert sum(re.match(r"\w+ and \w+  ", line) is not None for line in lines) == 5
    assert "Shapley" in out
