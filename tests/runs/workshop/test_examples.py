"""The files of the page of examples: each passes the checks without a change of the core, and has an effect."""

import numpy as np
import pytest

from juste_retour.abm.base.members import load_members
from juste_retour.abm.model import AllocationModel
from juste_retour.abm.outcomes import run
from juste_retour.abm.worlds.scenario import load
from juste_retour.agents.errors import BadInput
from juste_retour.agents.mesa_agents import MemberState
from juste_retour.agents.rules import family
from juste_retour.agents.user_agents import USER_AGENTS
from juste_retour.runs.base.user_rules import load_rules
from juste_retour.runs.workshop.conformance import check_file
from tests.runs.workshop.test_tutorials import named, steps

FILES = {named(prose): text for language, text, prose in steps("more-examples.md") if named(prose)}
BALLOTS = {"agenda": "commission_proposal"}
DIVIDED = {**BALLOTS, "vote": "probabilistic", "vote.noise": 5.0}
COSTLY = {**BALLOTS, "funding": "equal_shares", "voting": "simple_majority"}
EFFECTS = {
    "expiring_veto": ({"voting": "unanimity", **DIVIDED}, {"voting": "expiring_veto"}),
    "log_rolling": (BALLOTS, {"agenda": "log_rolling"}),
    "alliance": (COSTLY, {"vote": "alliance"}),
    "floor": ({"voting": "lisbon_qmv", **DIVIDED}, {"voting": "floor"}),
    "paying_lab": ({}, {"agents": "PayingLab"}),
    "promise": (BALLOTS, {"agents": "promise"}),
    "learning_bidder": ({}, {"agents": "LearningBidder"}),
    "auction": ({}, {"access": "auction", "standing": "auction"}),
    "court": ({}, {"procurement": "court"}),
    "rebate": ({"funding": "gni_key"}, {"funding": "rebate"}),
    "rising_quota": ({"voting": "simple_majority", **DIVIDED}, {"voting": "rising_quota"}),
    "oracle": (BALLOTS, {"vote": "oracle"}),
    "patience_by_state": (
        {"expect": "status_quo", "voting": "unanimity", **DIVIDED},
        {"expect": "patience_by_state"},
    ),
    "national_bias": (BALLOTS, {"agents": "NationalBias"}),
}


@pytest.fixture(autouse=True)
def folder(tmp_path, own_rules):
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def played(changes, worlds=12, **more):
    scenario = load("eu-status-quo").changed({"end": "2033Q4", "window_years": 2.0, **changes, **more})
    return run(scenario, 3, range(worlds), price=False)


@pytest.mark.parametrize("name", [name for name in FILES if name.endswith(".py")])
def test_example_is_short_and_passes_the_checks(name, folder):
    assert len(FILES[name].splitlines()) <= 40
    found = check_file(folder / name)
    assert found.sentences() == []
    assert found.rules
    assert not [note for rule in found.rules for note in rule.notes if "no difference" in note]


@pytest.mark.parametrize("name", EFFECTS)
def test_example_has_an_effect(name, folder):
    load_rules([folder / f"{name}.py"])
    before, after = EFFECTS[name]
    without, found = played(before), played({**before, **after})
    columns, others = {**without.worlds, **without.states}, {**found.worlds, **found.states}
    moved = {k for k in columns if not np.allclose(columns[k], others[k], equal_nan=True)}
    assert moved - {"price_of_politics"}
    if name in ("paying_lab", "promise"):
        assert (found.states["transfer_eur_bn"] >= 0).all()
        assert found.states["transfer_eur_bn"].sum() > 0


def test_cash_of_all_agents_adds_up_to_zero(folder):
    load_rules([folder / "paying_lab.py"])
    model = AllocationModel(rng=1, agents={"MISTRAL": USER_AGENTS["PayingLab"].cls})
    states = list(model.agents.select(agent_type=MemberState))
    model.pay(states[0], "FR", 0.25)
    while model.running:
        model.step()
    assert model.cash_eur_bn(states[0]) < model.cash_eur_bn(next(s for s in states if s.label == "FR"))
    cash = [model.cash_eur_bn(agent) for agent in model.agents]
    assert min(cash) < -0.01
    assert sum(cash) == pytest.approx(0, abs=1e-12)
    for wrong in (-1.0, float("nan"), "much"):
        with pytest.raises(BadInput, match="amount"):
            model.pay(states[0], states[1], wrong)
    with pytest.raises(BadInput, match="FRA"):
        model.pay(states[0], "FRA", 0.1)
    with pytest.raises(BadInput, match="not an agent"):
        model.pay(states[0], object(), 0.1)
    assert [model.cash_eur_bn(agent) for agent in model.agents] == cash  # nothing was paid by halves


def test_rebate_returns_its_rate_of_each_net_contribution(folder):
    load_rules([folder / "rebate.py"])
    states = load_members().states
    spend = np.random.default_rng(1).random((3, states.count)) * (np.arange(states.count) % 4 == 0)
    without = family("funding")["gni_key"](states, -1).payments(spend)
    paid = family("funding")["rebate"](states, -1).payments(spend)
    back = 0.66 * np.maximum(without - spend, 0.0)
    assert paid.sum(-1) == pytest.approx(spend.sum(-1))
    assert paid + back - without == pytest.approx(back.sum(-1)[:, None] * states.gni / states.gni.sum())


def test_outcomes_see_the_columns_of_the_states():
    found = played({}, worlds=2)
    assert found.column("population").sum() == found.members.states.population.sum()
    with pytest.raises(BadInput, match="population"):
        found.column("populaton")
