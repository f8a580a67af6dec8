"""A user's own outcomes become columns with a codebook entry."""

import numpy as np
import pytest

from juste_retour import compare, outcome, simulate
from juste_retour.abm.user_outcomes import USER_OUTCOMES
from juste_retour.agents.asking import RuleFailed
from juste_retour.agents.errors import BadInput
from juste_retour.runs.results.paired import is_worse_when_high, outcomes
from juste_retour.runs.results.result_tables import columns


@pytest.fixture(autouse=True)
def own_outcomes():
    before = dict(USER_OUTCOMES)
    yield
    USER_OUTCOMES.clear()
    USER_OUTCOMES.update(before)


def test_outcome_function_adds_a_documented_column():
    before = simulate(worlds=3).worlds

    @outcome(unit="sites per host", worse_when_high=True)
    def sites_per_host(found):
        """Sites of a state that hosts, on average."""
        return found.worlds["sites"] / found.worlds["hosts"]

    after = simulate(worlds=3, chunk=2).worlds
    assert list(after.columns) == [*before.columns, "sites_per_host"]
    assert after[before.columns].equals(before)
    assert np.allclose(after.sites_per_host, after.sites / after.hosts)
    column = columns("worlds")[-1]
    assert (column.name, column.unit, column.meaning) == (
        "sites_per_host",
        "sites per host",
        "Sites of a state that hosts, on average",
    )
    assert "sites_per_host" in outcomes()
    assert is_worse_when_high("sites_per_host")
    found = compare("eu-status-quo", "essay-reform", outcomes=["sites_per_host"], worlds=4)
    assert {contrast.outcome for contrast in found.contrasts} == {"sites_per_host"}


def test_wrong_shape_is_refused():
    @outcome
    def odd(found):
        """A number for all."""
        return 3.0

    with pytest.raises(RuleFailed, match=r"odd.*shape \(\).*\(2,\)"):
        simulate(worlds=2)


def test_error_in_an_outcome_names_it():
    @outcome
    def odd(found):
        """What is not there."""
        return found.worlds["sties"]

    with pytest.raises(RuleFailed, match=r"outcome\.odd.*KeyError"):
        simulate()


def sites(found):
    """Taken."""
    return found.worlds["sites"]


def undocumented(found):
    return found.worlds["sites"]


@pytest.mark.parametrize("function", [sites, undocumented, int])
def test_invalid_outcome_functions_are_refused(function):
    with pytest.raises(BadInput, match=function.__name__):
        outcome(function)
    assert function.__name__ not in USER_OUTCOMES
