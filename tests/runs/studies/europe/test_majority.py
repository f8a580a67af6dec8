"""The page on the optimal majority: it is made from a choice, and its figure shows that choice's numbers."""

import tomllib
from pathlib import Path

import pytest

from juste_retour.runs.analysis.institution_choice import choose
from juste_retour.runs.engine.spec import read_spec
from juste_retour.runs.reports.drawing import svg
from juste_retour.runs.studies.europe import majority

SPEC = Path(majority.__file__).parents[2] / "specs" / "optimal-majority.toml"


@pytest.fixture(scope="module")
def found():
    """Choices without stationary values, which take long to solve."""
    how = {"agenda": "closed_rule"}
    every = {}
    for funding in majority.FUNDING:
        rules = f"voting={','.join(majority.HEADS)}"
        every[funding] = choose("eu-status-quo", vary=rules, worlds=4, changes=how | {"funding": funding})
    return every


def test_page_has_each_rules_utility_and_the_self_stable_rules(found):
    drawn = majority.figure(found)
    text = majority.page(found, drawn)
    for choice in found.values():
        for rule, utility in zip(choice.scenarios, choice.utility_eur_bn, strict=True):
            assert f"| `{rule}` | {majority.number(utility)} |" in text
    assert text.count("**adopted**") == sum(int(c.replaces.sum()) for c in found.values())
    assert svg(drawn).startswith("<svg")


def test_stored_page_names_all_rules_and_shows_its_figure():
    text = (Path(majority.__file__).parent / "MAJORITY.md").read_text(encoding="utf-8")
    assert all(text.count(f"| `{rule}` |") == 2 for rule in majority.HEADS)
    assert "figures/majority.svg" in text


def test_spec_runs_the_same_cells():
    spec = read_spec(SPEC)
    assert spec.runs == majority.WORLDS * len(majority.HEADS) * len(majority.FUNDING)
    factors = tomllib.loads(SPEC.read_text(encoding="utf-8"))["factors"]
    assert factors == {"voting": [*majority.HEADS], "funding": [*majority.FUNDING]}
