"""Access rules: what share of the machines one run gets, what is left to others, and who may pool sites."""

import itertools

import numpy as np
import pytest

from juste_retour.abm.delivery.access import access
from juste_retour.abm.outcomes import run
from juste_retour.abm.worlds.scenario import load
from juste_retour.agents.errors import BadInput

WORLDS = range(16)


def played(**changes):
    return run(load("eu-status-quo").changed(changes), 1, WORLDS, price=False).worlds


def test_more_access_means_a_larger_run_and_less_open_capacity():
    found = [played(access=rule.name) for rule in access]
    for less, more in itertools.pairwise(found):
        assert (less["years_behind"] >= more["years_behind"]).all()
        assert less["years_behind"].mean() > more["years_behind"].mean()
        assert (less["open_accelerators"] > more["open_accelerators"]).all()


def test_chips_of_the_run_are_not_open_to_others():
    found = played(access={"rule": "strategic", "share": 0.25})
    assert found["open_accelerators"] == pytest.approx(0.75 * found["aggregate_accelerators"])


def test_runs_under_calls_use_one_site():
    alone, pooled = (played(access="calls", pooling=rule) for rule in ("independent", "low_communication"))
    assert np.array_equal(alone["years_behind"], pooled["years_behind"])
    joined = played(access="strategic", pooling="low_communication")
    assert joined["years_behind"].mean() < played(access="strategic")["years_behind"].mean()


def test_existing_machines_have_their_own_access_rule():
    calls, dedicated = (
        played(access={"rule": "calls", "standing": standing}, envelope_eur_bn=0.0)
        for standing in ("calls", "dedicated")
    )
    assert (dedicated["years_behind"] < calls["years_behind"]).all()


@pytest.mark.parametrize("share", [-0.1, 1.1, "half"])
def test_access_share_outside_zero_to_one_is_refused(share):
    with pytest.raises(BadInput, match=r"access\.share"):
        load("eu-status-quo").changed({"access": {"rule": "calls", "share": share}})
