"""The numbers that the pages of the unions as observed state are what their command gives today."""

import pytest

from juste_retour.runs.benchmarks.stated import shown
from juste_retour.runs.europe.regions import COMMAND, STATEMENTS


@pytest.mark.slow
@pytest.mark.parametrize("statement", STATEMENTS, ids=lambda s: s.name)
def test_a_stated_number_reruns(statement):
    assert shown(statement) == statement.text(), f"run `{COMMAND} {statement.name} --write`"


@pytest.mark.parametrize("statement", STATEMENTS, ids=lambda s: s.name)
def test_a_stated_number_names_command_seed_and_replications(statement):
    assert f"64 replications, seed 0, `{COMMAND} {statement.name}`" in shown(statement)
