"""INTERFACE.md lists the stable interface; a change of the code requires another interface version."""

import inspect
import re
from pathlib import Path

import juste_retour
from juste_retour import INTERFACE_VERSION, runs
from juste_retour.agents.mesa_agents import Commissioner, Lab, MemberState
from juste_retour.agents.rules import FAMILIES, OFFERS
from juste_retour.runs.workshop.conformance.scenes import shipped

PAGE = (Path(runs.__file__).parent / "workshop" / "INTERFACE.md").read_text(encoding="utf-8")


def test_page_states_the_interface_version():
    major, minor = INTERFACE_VERSION
    assert f"version {major}.{minor}," in PAGE
    assert f"INTERFACE_VERSION[0] == {major}" in PAGE


def test_exported_names_are_listed_and_can_be_imported():
    line = next(line for line in PAGE.splitlines() if line.startswith("`AllocationModel`"))
    listed = re.findall(r"`(\w+)`", line)
    assert set(listed) == {*juste_retour._HOMES, "INTERFACE_VERSION"} - set(juste_retour._FAMILIES)
    assert all(getattr(juste_retour, name) is not None for name in listed)


def test_families_are_listed_with_their_signature():
    listed = dict(re.findall(r"^\| `(\w+)` \| `(rule\(.*?\))` \|$", PAGE, re.M))
    assert listed == {
        name: re.match(r"rule\(.*?\)", family.signature)[0] for name, family in FAMILIES.items() if shipped(name)
    }
    assert set(listed) == set(juste_retour._FAMILIES)


def test_agent_decisions_are_listed_with_their_arguments():
    for kind in (MemberState, Commissioner, Lab):
        line = next(line for line in PAGE.splitlines() if line.startswith(f"| `{kind.__name__}` |"))
        assert re.findall(r"`(\w+)\((.*?)\)`", line) == [
            (name, ", ".join(inspect.signature(getattr(kind, name)).parameters)) for name in kind.decisions
        ]


def test_entry_point_group_is_listed():
    assert f"`{OFFERS}`" in PAGE
