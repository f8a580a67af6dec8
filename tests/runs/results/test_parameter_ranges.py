"""Draws of parameters from their ranges."""

import itertools

from juste_retour.abm import catalog  # noqa: F401  registers the rules
from juste_retour.agents.rules import FAMILIES
from juste_retour.runs.results.parameter_ranges import coordinates

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
