"""The numbers stated in the pages of the observed unions are reproduced by their command."""

import pytest

from juste_retour.runs.benchmarks.stated import shown
from juste_retour.runs.studies.europe.regions import COMMAND, STATEMENTS


@pytest.mark.slow
@pytest.mark.parametrize("statement", STATEMENTS, ids=lambda s: s.name)
def test_stated_number_is_reproduced(statement):
    assert shown(statement) == statement.text(), f"run `{COMMAND} {statement.name} --write`"


@pytest.mark.parametrize("statement", STATEMENTS, ids=lambda s: s.name)
def test_stated_numbers_name_command_seed_and_replications(statement):
    assert f"64 replications, seed 0, `{COMMAND} {statement.name}`" in shown(statement)
