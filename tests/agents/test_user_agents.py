"""A user's own agent classes are entered by name, with their parameters, and refused if they are invalid."""

from typing import Annotated

import mesa
import pytest

from juste_retour import Commissioner, Lab, MemberState, agent
from juste_retour.agents.errors import BadInput
from juste_retour.agents.mesa_facility import Facility
from juste_retour.agents.rules import Parameter
from juste_retour.agents.user_agents import USER_AGENTS, user_agent


@pytest.fixture(autouse=True)
def own_agents():
    before = dict(USER_AGENTS)
    yield
    USER_AGENTS.clear()
    USER_AGENTS.update(before)


def test_agent_class_is_entered_with_kind_and_parameters():
    @agent
    class Patient(MemberState):
        """Waits.

        And more.
        """

        def __init__(self, model, place, *, rounds: int = 3, share: Annotated[float, Parameter("1", 0, 1)] = 0.5):
            super().__init__(model, place)

    @agent
    class Stubborn(Patient):
        """Waits longer."""

    @agent
    class Guest(mesa.Agent):
        """Looks on."""

    assert [USER_AGENTS[name].kind for name in ("Patient", "Stubborn", "Guest")] == ["state", "state", ""]
    assert USER_AGENTS["Patient"].summary == "Waits."
    assert {name: default for name, (default, _) in USER_AGENTS["Stubborn"].parameters.items()} == {
        "rounds": 3,
        "share": 0.5,
    }
    assert USER_AGENTS["Guest"].parameters == {}
    assert USER_AGENTS["Patient"].file == __file__
    assert USER_AGENTS["Patient"].settings({"share": 1}, "x") == {"rounds": 3, "share": 1.0}
    with pytest.raises(BadInput, match=r"x\.share.*\b2\b"):
        USER_AGENTS["Patient"].settings({"share": 2}, "x")
    with pytest.raises(BadInput, match=r"'shore'.*'share'"):
        USER_AGENTS["Patient"].settings({"shore": 1}, "x")
    with pytest.raises(BadInput, match=r"'Patent'.*'Patient'"):
        user_agent("Patent", "agents")


@pytest.mark.parametrize("kind", [MemberState, Commissioner, Lab])
def test_agent_class_has_the_kind_of_its_base_class(kind):
    agent(type("Mine", (kind,), {"__doc__": "Mine."}))
    assert USER_AGENTS["Mine"].kind == kind.actors.name


def nobody():
    """Nothing."""


def without_place(self, model):
    pass


@pytest.mark.parametrize(
    ("cls", "named"),
    [
        (nobody, "nobody is not a class of agents"),
        (type("Plain", (), {"__doc__": "x"}), "Plain is not a class of agents"),
        (type("Silent", (MemberState,), {}), "Silent has no docstring"),
        (type("All", (MemberState,), {"__doc__": "x"}), "'All'"),
        (
            type("Short", (MemberState,), {"__doc__": "x", "__init__": without_place}),
            r"Short .*def __init__\(self, model, place\)",
        ),
    ],
)
def test_invalid_agent_classes_are_refused(cls, named):
    with pytest.raises(BadInput, match=named):
        agent(cls)
    assert getattr(cls, "__name__", "") not in USER_AGENTS


def test_method_named_almost_like_a_decision_is_refused_unless_it_is_used():
    with pytest.raises(BadInput, match=r"'vot'.*'vote'"):

        @agent
        class Misspelt(MemberState):
            """Says no."""

            def vot(self, offer):
                return -1

    @agent
    class Counting(MemberState):
        """Has a helper, and decides itself."""

        def votes(self):
            return 1

        def bid(self, situation):
            return self.votes()

    assert "Misspelt" not in USER_AGENTS
    assert "Counting" in USER_AGENTS


def test_facility_as_an_agent_is_refused():
    from juste_retour import AllocationModel

    with pytest.raises(BadInput, match="Facility"):
        AllocationModel(agents=Facility)
