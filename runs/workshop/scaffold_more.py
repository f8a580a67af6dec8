"""Scaffolds of an agent and of an outcome, each with its test."""

from __future__ import annotations

AGENT = '''"""{title}, a member state with decisions of its own. Edit it."""

from juste_retour import MemberState, agent


@agent
class {title}(MemberState):
    """Demands a margin above its reservation value until a ballot fails.

    Subclasses of Commissioner and Lab are written in the same way. `rules list agent` lists their decisions.
    """

    def __init__(self, model, place, *, margin_eur_bn: float = 0.1):
        super().__init__(model, place)
        self.margin_eur_bn = margin_eur_bn

    def vote(self, offer):
        return offer.utility >= self.reservation + self.margin_eur_bn

    def step(self):
        ballot = self.model.last_ballot
        if ballot is not None and not ballot.passed[0]:
            self.margin_eur_bn = 0.0
'''
AGENT_TEST = '''"""Tests of {title}."""

import {name}
from juste_retour import simulate
from juste_retour.runs.workshop.conformance import check_file


def test_passes_the_public_checks():
    assert check_file({name}.__file__).sentences() == []


def test_whole_runs_complete():
    assert len(simulate({{"agents": "{title}"}}, worlds=3).worlds) == 3
'''
OUTCOME = '''"""{name}, an outcome. Edit it."""

import numpy as np

from juste_retour import outcome


@outcome(unit="1")
def {name}(found):
    """Mean number of sites per host.

    found.worlds has an array (worlds,) for each column of the table of worlds.
    """
    hosts = found.worlds["hosts"]
    return found.worlds["sites"] / np.where(hosts > 0, hosts, np.nan)
'''
OUTCOME_TEST = '''"""Tests of {name}."""

import {name}
from juste_retour import simulate
from juste_retour.runs.workshop.conformance import check_file


def test_passes_the_public_checks():
    assert check_file({name}.__file__).sentences() == []


def test_is_a_column_of_the_table_of_worlds():
    assert (simulate(worlds=3).worlds["{name}"] >= 1).all()
'''
FILES = {"agent": (AGENT, AGENT_TEST), "outcome": (OUTCOME, OUTCOME_TEST)}


def title_of(name: str) -> str:
    """The name of the class for a file name: `patient_state` gives `PatientState`."""
    return "".join(part.capitalize() for part in name.split("_"))


def tried_with(family_name: str, name: str) -> str:
    """The options of `juste-retour run` that use a scaffold."""
    match family_name:
        case "agent":
            return f"--set agents={title_of(name)}"
        case "outcome":
            return "--worlds 3 --out results --tables worlds"
        case _:
            return f"--set {family_name}={name}"
