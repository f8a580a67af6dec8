"""The ODD description is current, has all its elements, and gives a source for every number."""

import re

import pytest

from juste_retour.abm.schedule.simulation import Simulation
from juste_retour.abm.worlds.scenario import load, parameters
from juste_retour.agents.rules import FAMILIES
from juste_retour.runs.cli.lazy_group import main
from juste_retour.runs.results.result_tables import TABLES
from juste_retour.runs.studies.europe import odd

SHIPPED = ("juste_retour.abm.", "juste_retour.agents.")


@pytest.fixture(scope="module")
def text():
    return odd.PAGE.read_text(encoding="utf-8")


def all_parameters():
    """Parameters of the scenario and of every shipped rule: name, default, description."""
    yield from ((name, *rest) for name, rest in parameters().items())
    for family in FAMILIES.values():
        for rule in family:
            if rule.function.__module__.startswith(SHIPPED):
                for name, rest in rule.parameters.items():
                    yield (f"{family.name}.{rule.name}.{name}", *rest)


def test_odd_page_is_current(text):
    assert text == odd.page(), "run `uv run juste-retour odd --write`"


def test_odd_has_seven_elements_and_eleven_concepts(text):
    assert re.findall(r"^## \d\. (.+)$", text, re.M) == [
        "Purpose and patterns",
        "Entities, state variables and scales",
        "Process overview and scheduling",
        "Design concepts",
        "Initialization",
        "Input data",
        "Submodels",
    ]
    concepts = text.split("## 4.")[1].split("### Individual decisions (ODD+D)")[0]
    assert re.findall(r"^\*\*(.+?)\.\*\*", concepts, re.M) == [
        "Basic principles",
        "Emergence",
        "Adaptation",
        "Objectives",
        "Learning",
        "Prediction",
        "Sensing",
        "Interaction",
        "Stochasticity",
        "Collectives",
        "Observation",
    ]


def test_odd_lists_exactly_the_state_variables(text):
    arrays = Simulation(load("eu-status-quo"), 0, [0, 1]).world.arrays()
    shown = re.findall(r"^\| `([\w.]+)` \| ", text.split("## 2.")[1].split("**Outcomes**")[0], re.M)
    assert set(shown) == set(arrays) - {"replicates"}


def test_odd_lists_every_rule_outcome_and_parameter(text):
    for name in parameters():
        assert f"| `{name}` |" in text, name
    for column in TABLES["worlds"]:
        assert f"| `{column.name}` |" in text, column.name
    for family in FAMILIES.values():
        part = text.split(f"### {family.name}: ")[1].split("\n### ")[0]
        for rule in family:
            if rule.function.__module__.startswith(SHIPPED):
                assert f"| `{rule.name}` |" in part, rule.name
                for name in rule.parameters:
                    assert f"| `{rule.name}.{name}` |" in part, (rule.name, name)


def test_parameters_have_a_source_or_an_assumed_range():
    for name, default, about in all_parameters():
        assert about.source.strip(), f"{name} has no source"
        assert about.about.strip(), f"{name} has no meaning"
        if "assumed" in about.source and not isinstance(default, bool | str):
            low, high = about.range or (about.low, about.high)
            assert low is not None, f"{name} is assumed and has no range"
            assert high is not None, f"{name} is assumed and has no range"
            assert low < high, name


def test_odd_command_prints_and_writes(tmp_path, monkeypatch, capsys, text):
    assert main(["odd"]) == 0
    assert capsys.readouterr().out == text
    monkeypatch.setattr(odd, "PAGE", tmp_path / "ODD.md")
    assert main(["odd", "--write"]) == 0
    assert (tmp_path / "ODD.md").read_text(encoding="utf-8") == text
