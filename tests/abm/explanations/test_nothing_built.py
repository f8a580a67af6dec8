"""Why nothing was built: the sentence's counts agree with the records of decisions."""

import re

import numpy as np

from juste_retour.abm.explanations.nothing_built import why_nothing
from juste_retour.abm.politics.voting import voting
from juste_retour.abm.schedule.simulation import Simulation
from juste_retour.abm.worlds.records import Bid
from juste_retour.abm.worlds.scenario import load
from juste_retour.agents.rules import FAMILIES


def ended(**changes):
    return Simulation(load("eu-status-quo").changed(changes), 0, [0], trace=True).run().env


def test_missing_bids_are_counted_by_cause():
    env = ended(envelope_eur_bn=0.05)
    calls = [r for r in env.trace if isinstance(r, Bid)]
    wanted = np.stack([r.wanted > 0 for r in calls])
    ready, able = np.stack([r.ready for r in calls]), np.stack([r.able for r in calls])
    assert (able <= ready).all()
    assert not (wanted & able).any()
    too_late, unfit = int((wanted & ~ready).sum()), int((wanted & ready & ~able).sum())
    assert too_late > 0 < unfit
    message = why_nothing(env, 0)
    assert [int(n) for n in re.findall(r"(\d+)", message)] == [
        len(calls),
        wanted.size,
        too_late,
        unfit,
        int((~wanted).sum()),
    ]


def test_selected_sites_without_a_contract_are_counted():
    env = ended(end="2025Q2", window_years=0.5)
    selected = int((env.world.program.selected >= 0).sum())
    assert re.findall(r"\b\d+\b", why_nothing(env, 0)) == [str(selected)] * 2


def test_failed_ballot_names_its_rule_and_the_opponents(monkeypatch):
    monkeypatch.setattr(FAMILIES["voting"], "rules", dict(FAMILIES["voting"].rules))

    @voting
    def never(ballot, states):
        """Fails."""
        return np.zeros(ballot.yes.shape[:-1], bool)

    env = ended(voting="never", vote="probabilistic", **{"vote.noise": 5.0})
    assert env.ballots
    against = np.array(env.world.states.codes)[env.ballots[-1].no[0]]
    message = why_nothing(env, 0)
    assert "'never'" in message
    assert len(against)
    assert all(code in message for code in against[:8])
