"""The Mesa agents: their attributes equal the tables, and a subclass decides in place of the rule."""

import re

import numpy as np
import pytest

from juste_retour.abm.model import AllocationModel
from juste_retour.abm.outcomes import run
from juste_retour.abm.worlds.scenario import load
from juste_retour.agents.errors import BadInput
from juste_retour.agents.member_state import bid
from juste_retour.agents.mesa_agents import Commissioner, Lab, MemberState
from juste_retour.agents.mesa_facility import Facility
from juste_retour.agents.rules import FAMILIES

SHORT = {"end": "2028Q1", "window_years": 3.5}


def ended(**arguments):
    model = AllocationModel(**arguments)
    while model.running:
        model.step()
    return model


@pytest.fixture(scope="module")
def model():
    return ended(rng=3, replicate=5)


class Naysayer(MemberState):
    def vote(self, offer):
        return -1


class Homebody(MemberState):
    """Does not bid again once it hosts a site, and votes yes only if it hosts one."""

    def __init__(self, model, place):
        super().__init__(model, place)
        self.quarters = 0

    def bid(self, situation):
        return 0.0 if situation.hosted > 0 else super().bid(situation)

    def vote(self, offer):
        return offer.sites > 0 and offer.utility > self.reservation

    def step(self):
        self.quarters += 1


class Lavish(Commissioner):
    def draft(self, plans):
        return plans.spend


class Nomad(Lab):
    def anchor(self, market):
        return np.full(market.usable.shape, -1.0)


class Chooser(MemberState):
    """Compares three sizes, one of them its own, and takes the best."""

    def bid(self, situation):
        worth = {0.0: situation.standing.utility}
        for size in (0.07, 0.1 + self.place / 100, 0.4):
            worth[size] = situation.alone(size).utility
        return max(worth, key=worth.get)


class Gambler(MemberState):
    """Wants a random size, and bids more than once."""

    def bid(self, situation):
        size = 0.07 + 0.1 * self.random.random()
        return size if situation.alone(size).utility > situation.standing.utility else super().bid(situation)


def test_attributes_of_states_equal_their_table_rows(model):
    outcomes = model.outcomes()
    for state in model.agents_by_type[MemberState]:
        i = outcomes.members.states.index(state.code)
        for name, column in outcomes.states.items():
            if hasattr(state, name):
                assert getattr(state, name) == column[0, i], name
        assert state.population == outcomes.members.states.population[i]
        assert state.gdp_eur_bn == outcomes.members.states.gdp[i]
        assert state.ambition > 0
        assert state.situation.hosted == state.sites
    assert sum(s.paid_eur_bn + s.private_eur_bn for s in model.agents_by_type[MemberState]) == pytest.approx(
        sum(s.received_eur_bn for s in model.agents_by_type[MemberState])
    )


def test_attributes_of_facilities_equal_their_table_rows(model):
    table = model.outcomes().facilities
    found = {f.place: f for f in model.agents_by_type[Facility]}
    assert sorted(found) == sorted(table["site"])
    for k, place in enumerate(table["site"]):
        f = found[place]
        assert (f.accelerators, f.power_mw, f.spend_eur_bn) == tuple(
            table[name][k] for name in ("accelerators", "power_mw", "spend_eur_bn")
        )
        assert f.selected <= f.contracted
        assert (f.operational is None) == (table["operational"][k] < 0)
        assert f.working <= (f.operational is not None)
        assert f.state == model.world.states.codes[model.world.sites.state[place]]
    assert sum(f.spend_eur_bn for f in found.values()) == pytest.approx(model.spend_eur_bn)


def test_attributes_of_commissioners_and_labs(model):
    college = model.agents_by_type[Commissioner].to_list()
    assert [c.leads for c in college].count(True) == 1
    assert next(c for c in college if c.leads).interest == "digital"
    labs = {lab.name: lab for lab in model.agents_by_type[Lab]}
    assert labs["mistral"].state == "FR"
    assert {lab.state for lab in labs.values()} > {None}
    assert sum(lab.left for lab in labs.values()) == model.exited_labs


def test_agent_class_for_one_state():
    model = ended(rng=3, agents={"HU": Naysayer}, **SHORT)
    ballots = len(model.simulation.env.ballots)
    hungary, germany = (next(a for a in model.agents if a.label == code) for code in ("HU", "DE"))
    assert isinstance(hungary, Naysayer)
    assert hungary.no_votes == ballots > 0
    assert germany.no_votes == ended(rng=3, **SHORT).outcomes().states["no_votes"][0, germany.place]


@pytest.mark.parametrize(
    ("agents", "changes"),
    [
        ({"HU": Naysayer}, {"agenda": "commission_proposal", "voting": "unanimity"}),
        ({"all": Homebody, "FR": Naysayer}, {}),
        ({"all": Chooser, "FR": Gambler}, {}),
        ([Lavish], {"agenda": "commission_proposal"}),
        ({"mistral": Nomad}, {"anchor": "best_effective_compute"}),
    ],
    ids=["one state", "all states", "bidders who ask", "commissioners", "a lab"],
)
def test_agent_classes_give_the_same_worlds_in_an_ensemble(agents, changes):
    scenario = load("eu-status-quo").changed(changes | SHORT)
    several = run(scenario, 8, range(3), price=False, agents=agents)
    assert (
        any(
            not np.array_equal(column, several.states[name])
            for name, column in run(scenario, 8, range(3), price=False).states.items()
        )
        or "mistral" in agents
    )
    for k in (0, 2):
        alone = ended(scenario=scenario, rng=8, replicate=k, agents=agents, price=False).outcomes()
        for table in ("worlds", "states"):
            for name, column in getattr(alone, table).items():
                there = getattr(several, table)[name][k]
                assert np.array_equal(column[0], there, equal_nan=column.dtype.kind == "f"), name


def test_bidding_agent_equals_the_equivalent_rule(monkeypatch):
    monkeypatch.setattr(FAMILIES["bid"], "rules", dict(FAMILIES["bid"].rules))

    @bid(deterministic=True)
    def choosing(situation):
        n = situation.states.count
        best, out = situation.standing.utility, np.zeros(situation.scale.shape)
        for size in (np.full(n, 0.07), 0.1 + np.arange(n) / 100, np.full(n, 0.4)):
            worth = situation.alone(np.broadcast_to(size, out.shape)).utility
            best, out = np.where(worth > best, worth, best), np.where(worth > best, size, out)
        return out

    scenario = load("eu-status-quo").changed(SHORT)
    mine = run(scenario, 8, range(3), price=False, agents=Chooser)
    rule = run(scenario.changed({"bid": "choosing"}), 8, range(3), price=False)
    for name, column in rule.states.items():
        assert np.array_equal(column, mine.states[name]), name


def test_agents_step_each_quarter_and_keep_state():
    model = ended(rng=3, agents=Homebody, **SHORT)
    states = model.agents_by_type[Homebody].to_list()
    assert {s.quarters for s in states} == {int(model.time)}
    assert max(s.sites for s in states) == 1
    assert MemberState not in model.agents_by_type


def test_lead_commissioner_agent_drafts_the_proposal():
    arguments = {"rng": 2, "agenda": "commission_proposal", "voting": "dictator", **SHORT}
    lavish, plain = ended(agents=Lavish, **arguments), ended(**arguments)
    assert lavish.envelope_eur_bn < plain.envelope_eur_bn


def test_lab_agent_may_leave():
    model = ended(rng=2, agents=Nomad, **SHORT)
    home = [lab for lab in model.agents_by_type[Nomad] if lab.state and lab.kind == "company"]
    assert home
    assert all(lab.left for lab in home)


def test_decisions_can_be_called_outside_a_step(model):
    state = next(a for a in model.agents if a.label == "PL")
    assert state.bid(state.situation) >= 0
    assert AllocationModel().agents_by_type[MemberState].to_list()[0].last_vote is None
    with pytest.raises(BadInput, match=r"\bvote\b"):
        AllocationModel().agents_by_type[MemberState].to_list()[0].vote(None)


@pytest.mark.parametrize(
    ("decision", "answer"),
    [
        ("vote", "yes"),
        ("vote", 2),
        ("vote", None),
        ("bid", -0.1),
        ("bid", float("nan")),
        ("bid", float("inf")),
        ("expect", [1.0, 2.0]),
    ],
)
def test_invalid_decision_of_a_state_is_refused(decision, answer):
    odd = type("Odd", (MemberState,), {decision: lambda self, seen: answer})
    with pytest.raises(BadInput, match=rf"Odd\.{decision} .*IT.*{re.escape(repr(answer))}"):
        ended(rng=1, agents={"IT": odd}, **SHORT)


@pytest.mark.parametrize(("decision", "answer"), [("draft", [1.0, 2.0]), ("endorse", "all"), ("draft", np.nan)])
def test_invalid_decision_of_a_commissioner_is_refused(decision, answer):
    odd = type("Odd", (Commissioner,), {decision: lambda self, seen: answer})
    with pytest.raises(BadInput, match=rf"Odd\.{decision} .*IT.*{re.escape(repr(answer))}"):
        ended(rng=1, agenda="commission_proposal", agents={"IT": odd}, **SHORT)


@pytest.mark.parametrize(
    ("agents", "named"),
    [
        ({"HX": Naysayer}, "'HX'.* HU,"),
        ({"mistrall": Nomad}, "'mistrall'.*'mistral'"),
        ({"HU": "Naysayer"}, "Naysayer.*MemberState"),
        (Facility, "Facility.*MemberState"),
        (type("Deaf", (MemberState,), {"bid": lambda self: 0.1}), r"Deaf\.bid .* def bid\(self, situation\)"),
    ],
)
def test_invalid_agents_argument_is_refused(agents, named):
    with pytest.raises(BadInput, match=named):
        AllocationModel(agents=agents)


def test_seed_keyword_is_refused_and_points_to_rng():
    with pytest.raises(BadInput, match=r"seed.*\b3\b.*rng=3"):
        AllocationModel(seed=3)


def test_repr_of_model_and_agents(model):
    assert repr(model) == (
        f"<AllocationModel {model.chosen.name}, seed 3, replicate 5, {model.quarter}: {model.contracted} sites>"
    )
    names = [repr(agent) for agent in model.agents]
    assert f"<MemberState HU, Hungary, {model.quarter}>" in names
    assert f"<Lab mistral, {model.quarter}>" in names
    assert len(set(names)) == len(names)


def test_actors_cannot_be_added_or_removed():
    model = AllocationModel(rng=3, **SHORT)
    for kind in (MemberState, Commissioner, Lab):
        before = len(model.agents)
        with pytest.raises(BadInput, match=r"removed.*members="):
            model.agents_by_type[kind].to_list()[0].remove()
        with pytest.raises(BadInput, match=rf"{kind.__name__}\(model, 27\).*agents=.*members="):
            kind(model, 27)
        assert len(model.agents) == before
    while model.running:
        model.step()
    assert model.agents_by_type[Facility]
    with pytest.raises(BadInput, match="removed"):
        model.agents_by_type[Facility].to_list()[0].remove()
