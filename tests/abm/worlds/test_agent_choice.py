"""Scenarios with a user's own agent classes: whom they play, their parameters, and results independent of the batch."""

import tomllib

import mesa
import numpy as np
import pytest

from juste_retour import AllocationModel, Commissioner, Lab, MemberState, agent, simulate
from juste_retour.abm.price_of_politics import planner_scenario
from juste_retour.abm.worlds.agent_choice import AgentChoice
from juste_retour.abm.worlds.scenario import Scenario, load
from juste_retour.agents.asking import RuleTooLong
from juste_retour.agents.errors import BadInput
from juste_retour.agents.user_agents import USER_AGENTS
from juste_retour.runs.results.switches import switches

SHORT = {"end": "2027Q2", "window_years": 2.75, "agenda": "commission_proposal"}


@pytest.fixture(autouse=True)
def own_agents():
    before = dict(USER_AGENTS)

    @agent
    class Learner(MemberState):
        """Asks for more after a ballot that passed."""

        def __init__(self, model, place, *, rate: float = 0.2):
            super().__init__(model, place)
            self.rate, self.demand, self.seen = rate, 0.02, None

        def vote(self, offer):
            return offer.utility >= self.reservation + self.demand * self.random.random()

        def step(self):
            ballot = self.model.last_ballot
            if ballot is not None and ballot.quarter != self.seen:
                self.seen = ballot.quarter
                self.demand *= 1 + self.rate if ballot.passed[0] else 1 - self.rate / 2

    @agent
    class Naysayer(MemberState):
        """Says no."""

        def vote(self, offer):
            return -1

    @agent
    class Listener(Commissioner):
        """Adds to each draft's score what it spends, times the pressure of lobbyists."""

        pressure = 0.0

        def draft(self, plans):
            return super().draft(plans) + self.pressure * plans.spend

    @agent
    class Lobbyist(mesa.Agent):
        """Presses all commissioners who listen, and leaves once something is under contract."""

        def __init__(self, model, *, strength: float = 1.0):
            super().__init__(model)
            self.strength = strength

        def step(self):
            if self.model.contracted:
                self.remove()
                return
            for commissioner in self.model.agents_by_type[Listener]:
                commissioner.pressure += self.strength

    yield
    USER_AGENTS.clear()
    USER_AGENTS.update(before)


def quo(**changes):
    return load("eu-status-quo").changed(SHORT | changes)


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("none", ()),
        ("", ()),
        ("Learner", (AgentChoice("Learner"),)),
        ("Lobbyist,Listener", (AgentChoice("Listener"), AgentChoice("Lobbyist"))),
        (["Lobbyist", "Listener"], (AgentChoice("Listener"), AgentChoice("Lobbyist"))),
        ({"Learner": "PL HU"}, (AgentChoice("Learner", ("HU", "PL")),)),
        ({"Learner": ["hu"], "Naysayer": "all"}, (AgentChoice("Learner", ("HU",)), AgentChoice("Naysayer"))),
        ({"Learner": {"rate": 1}}, (AgentChoice("Learner", (), (("rate", 1.0),)),)),
        ({"Learner": {"of": "HU", "rate": 0.2}}, (AgentChoice("Learner", ("HU",)),)),
        ({"Learner": "none", "Lobbyist": {}}, (AgentChoice("Lobbyist"),)),
    ],
)
def test_agents_in_a_scenario_round_trip(given, found):
    scenario = quo(agents=given)
    assert scenario.agents == found
    for again in (
        Scenario.of(scenario.plain()),
        load(tomllib.loads(scenario.toml())),
        load(tomllib.loads(scenario.toml(None))),
    ):
        assert (again.agents, again.digest) == (found, scenario.digest)
    assert (scenario.digest == quo().digest) == (found == ())
    assert scenario.by_rules.digest == quo().digest


def test_dotted_key_changes_one_agent_class():
    scenario = quo(agents="Learner").changed({"agents.Learner.rate": 0.4, "agents.Lobbyist": "all"})
    assert scenario.agents == (AgentChoice("Learner", (), (("rate", 0.4),)), AgentChoice("Lobbyist"))
    assert scenario.changed({"agents.Learner": "HU"}).agents[0] == AgentChoice("Learner", ("HU",), (("rate", 0.4),))
    assert scenario.changed({"agents.Learner": "none"}).agents == (AgentChoice("Lobbyist"),)
    assert scenario.changed({"agents": "none"}).digest == quo().digest


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"agents": "Lerner"}, r"'Lerner'.*'Learner'"),
        ({"agents": 3}, "agents = 3"),
        ({"agents": {"Learner": 3}}, r"agents\.Learner = 3"),
        ({"agents": {"Learner": {"rat": 1}}}, r"'rat'.*'rate'"),
        ({"agents": {"Learner": {"rate": "x"}}}, r"agents\.Learner\.rate"),
        ({"agents": {"Lobbyist": "HU"}}, "Lobbyist = 'HU'"),
        ({"agents": ["Learner", "Naysayer"]}, "Learner and Naysayer .*all states"),
        ({"agents": {"Learner": "HU PL", "Naysayer": "PL"}}, "Learner and Naysayer .*state PL"),
        ({"agents.Learner.rate": 0.3}, r"agents\.Learner\.rate.*agents\.Learner=all"),
    ],
)
def test_invalid_agents_are_refused(changes, named):
    with pytest.raises(BadInput, match=named):
        quo().changed(changes)


def test_unknown_actor_is_refused():
    with pytest.raises(BadInput, match=r"agents\.Learner: no state is called HX; .*HU"):
        simulate(quo(agents={"Learner": "HX"}))


@pytest.mark.parametrize(
    "agents",
    [{"Learner": {"of": "HU PL", "rate": 0.5}, "Naysayer": "MT"}, ["Learner", "Listener", "Lobbyist"]],
)
def test_worlds_with_user_agents_do_not_depend_on_the_chunk(agents):
    scenario = quo(agents=agents)
    tables = ("worlds", "states", "votes")
    several = simulate(scenario, worlds=5, seed=3, tables=tables)
    for chunk in (1, 2):
        again = simulate(scenario, worlds=5, seed=3, tables=tables, chunk=chunk)
        assert all(again.tables[name].equals(several.tables[name]) for name in tables)
    assert not simulate(quo(), worlds=5, seed=3, tables=tables).votes.equals(several.votes)
    model = AllocationModel(scenario, rng=3, replicate=4, price=False)
    while model.running:
        model.step()
    outcomes = model.outcomes()
    assert outcomes.worlds["committed_eur_bn"][0] == several.worlds.committed_eur_bn[4]
    assert np.array_equal(outcomes.states["no_votes"][0], several.states.no_votes[-27:])


def test_agent_parameters_may_differ_between_worlds():
    from juste_retour.abm.outcomes import run

    one, other = (quo(agents=["Listener", "Lobbyist"]).changed({"agents.Lobbyist.strength": x}) for x in (1.0, 90.0))
    both = run([one, other, one], 3, [0, 0, 1], price=False)
    for scenario, row, replicate in ((one, 0, 0), (other, 1, 0), (one, 2, 1)):
        alone = run(scenario, 3, [replicate], price=False)
        assert all(np.array_equal(column, both.states[name][row : row + 1]) for name, column in alone.states.items())


def test_agent_without_a_seat_may_remove_itself():
    model = AllocationModel(quo(agents=["Listener", "Lobbyist"], voting="dictator"), rng=2, price=False)
    (lobbyist,) = (a for a in model.agents if type(a).__name__ == "Lobbyist")
    with pytest.raises(BadInput, match="Lobbyist"):
        model.why(lobbyist)
    while model.running:
        model.step()
    assert model.contracted > 0
    assert lobbyist not in model.agents


def test_agents_draw_differently_in_each_replicate():
    drawn = [next(iter(AllocationModel(quo(), rng=3, replicate=k).agents)).random.random() for k in (0, 0, 1, 2)]
    assert drawn[0] == drawn[1]
    assert len(set(drawn)) == 3


def test_planner_comparison_uses_rules_not_agents():
    assert planner_scenario(quo(agents="Learner")).agents == ()
    assert quo(agents="Learner").by_rules.digest == quo().digest


def test_agents_are_one_switch_between_two_scenarios():
    found = switches(quo(), quo(agents="Learner", voting="unanimity"))
    assert found.units == (("placement",), ("agents",))
    assert [mixture.agents for mixture in found.mixtures] == [
        (),
        (),
        (AgentChoice("Learner"),),
        (AgentChoice("Learner"),),
    ]


def test_endless_agent_is_interrupted_and_named(monkeypatch):
    @agent
    class Endless(MemberState):
        """Never decides."""

        def vote(self, offer):
            while True:
                pass

    monkeypatch.setenv("JUSTE_RETOUR_RULE_SECONDS", "0.2")
    with pytest.raises(RuleTooLong, match=r"Endless\.vote .*test_agent_choice\.py, line \d+.*0\.2 s"):
        simulate(quo(agents={"Endless": "HU"}))


def test_shared_input_of_agents_is_read_only():
    @agent
    class Meddler(Lab):
        """Writes to its input."""

        def anchor(self, market):
            market.usable[...] = 0.0
            return super().anchor(market)

    with pytest.raises(ValueError, match="read-only"):
        AllocationModel(quo(agents="Meddler"), rng=1).run_model()
