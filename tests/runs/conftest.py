import math
import sys
from contextlib import contextmanager

import pytest

from juste_retour import simulate
from juste_retour.abm.user_outcomes import USER_OUTCOMES
from juste_retour.agents.rules import FAMILIES, forget
from juste_retour.agents.user_agents import USER_AGENTS
from juste_retour.runs.base import printing, user_rules
from juste_retour.runs.cli.lazy_group import main
from juste_retour.runs.results.result_tables import TABLES


@pytest.fixture(scope="session")
def result():
    """Nine worlds with every table, in chunks of four."""
    return simulate(worlds=9, seed=3, tables=TABLES, chunk=4)


@pytest.fixture
def call(capsys, monkeypatch):
    """Run the command line in this process; returns (exit status, standard output, standard error).

    No line of progress is printed, however slow the machine is.
    """
    monkeypatch.setattr(printing, "EVERY", math.inf)

    def run(*arguments):
        status = main([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return run


@contextmanager
def rules_kept():
    """Remove the rules that are entered inside."""
    before = dict(FAMILIES), {name: dict(family.rules) for name, family in FAMILIES.items()}
    known, path, outcomes = dict(user_rules._LOADED), list(sys.path), dict(USER_OUTCOMES)
    agents = dict(USER_AGENTS)
    yield
    USER_AGENTS.clear()
    USER_AGENTS.update(agents)
    USER_OUTCOMES.clear()
    USER_OUTCOMES.update(outcomes)
    sys.path[:] = path
    forget(*before)
    user_rules._LOADED.clear()
    user_rules._LOADED.update(known)


@pytest.fixture
def own_rules():
    """Remove the rules that a test enters after the test."""
    with rules_kept():
        yield
