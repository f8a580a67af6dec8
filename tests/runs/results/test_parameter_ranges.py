"""Draws of parameters from their ranges."""

import itertools

import numpy as np
import pandas as pd
import pytest

from juste_retour.abm import catalog  # noqa: F401  registers the rules
from juste_retour.abm.base.members import load_members
from juste_retour.abm.worlds.institutions import Institutions
from juste_retour.abm.worlds.scenario import load, presets
from juste_retour.agents.rules import FAMILIES
from juste_retour.runs.results.parameter_draws import prior
from juste_retour.runs.results.parameter_ranges import (
    about,
    changed,
    coordinates,
    ranged,
    share_of,
    span,
)

SHARED = {  # parameters that two rules of a family share, and that are uncertain for one reason
    "operations": "restart_h person_share repair_h mfu_factor build_factor overpricing lost_purchases_a_year scandal_a_year found_after_years",
    "procurement": "award_cv refresh litigation_hazard",
    "agenda": "sunk",
}
RULES = {
    "operations": ("audit_first", "operator_led"),
    "procurement": ("public_tender", "rapid"),
    "agenda": ("closed_rule", "commission_proposal"),
}


def test_parameters_that_two_rules_share_are_drawn_together():
    """They are found by their description: a new wording in one rule only would draw them independently."""
    names = [
        f"{family}.{rule}.{name}"
        for family, rules in RULES.items()
        for rule in rules
        for name in FAMILIES[family].rules[rule].parameters
    ]
    at = dict(zip(names, coordinates(names), strict=True))
    together = {
        (family, a.rpartition(".")[2])
        for family, (one, other) in RULES.items()
        for a, b in itertools.product(names, names)
        if a.startswith(f"{family}.{one}.") and b.startswith(f"{family}.{other}.") and at[a] == at[b]
    }
    assert together >= {(family, name) for family, listed in SHARED.items() for name in listed.split()}
    assert len({at[name] for name in names}) == len(names) - len(together)


def test_every_parameter_of_the_same_meaning_is_drawn_once():
    drawn = prior(4, 1)
    shares = {name: share_of(name, drawn[name][1]) for name in drawn if np.ptp(span(name)[:2]) > 0}
    meanings = {}
    for name in shares:
        row, own = about(name), name.rpartition(".")[2]
        meanings.setdefault((own, row.about, row.source) if "." in name else name, []).append(name)
    assert max(len(names) for names in meanings.values()) > 5
    for names in meanings.values():
        assert np.ptp([shares[name] for name in names]) < 1e-9, names
    assert len({round(share, 9) for share in shares.values()}) == len(meanings)


@pytest.mark.parametrize("count", [96, 8192])
def test_parameters_that_share_nothing_are_drawn_independently(count):
    drawn = pd.DataFrame(prior(count, 1))
    names = [name for name in drawn if drawn[name].nunique() > count / 2]  # not whole numbers
    first = {place: name for name, place in zip(names, coordinates(names), strict=True)}.values()
    drawn = drawn[list(first)]
    assert drawn.shape[1] > 100
    correlated = drawn.rank().corr().abs().to_numpy() - np.eye(drawn.shape[1])
    assert correlated.max() < 5 / np.sqrt(count)


@pytest.mark.parametrize("name", presets())
def test_a_draw_reaches_every_family_and_scenario_that_shares_the_parameter(name):
    drawn = prior(4, 1).iloc[1].to_dict()
    if load(name).schedule:  # its sum is the envelope
        del drawn["envelope_eur_bn"]
    scenario = changed(load(name), drawn)
    for family, choice in scenario.rules.items():
        for own, (default, row) in FAMILIES[family][choice.rule].parameters.items():
            if isinstance(default, float) and row.range is not None:
                first = next(key for key in drawn if key.endswith(f".{choice.rule}.{own}"))
                assert dict(choice.settings)[own] == drawn[first], (family, own)


def test_rules_of_access_are_drawn_at_one_place_and_alike_for_old_and_new_machines():
    names = [key for key in ranged() if key.endswith("year_share")]
    assert names == [f"access.{rule}.year_share" for rule in ("calls", "strategic", "dedicated")]
    assert len(set(coordinates(names))) == 1
    open_sites = changed(load("reform-with-access"), {names[0]: 0.03, names[1]: 0.2})
    today = changed(load("eu-status-quo"), {names[0]: 0.03, names[1]: 0.2})
    rules = [Institutions([s], load_members()) for s in (open_sites, today)]
    assert [r.decide("standing").year_share.item() for r in rules] == [0.03, 0.03]
    assert [r.decide("access").year_share.item() for r in rules] == [0.2, 0.03]
