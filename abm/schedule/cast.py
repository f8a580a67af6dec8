"""The class of each actor of a world, and the decisions of agents that replace the scenario's rules."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from juste_retour.abm.worlds.agent_choice import ALL, AgentChoice
from juste_retour.abm.worlds.world import World
from juste_retour.agents.arrays import Integers
from juste_retour.agents.asking import ask_agent, frozen
from juste_retour.agents.each import BatchedQuestions
from juste_retour.agents.errors import BadInput, near
from juste_retour.agents.mesa_agents import Actor, Commissioner, Lab, MemberState, is_agent
from juste_retour.agents.mesa_facility import Facility
from juste_retour.agents.own import with_batched_alone
from juste_retour.agents.rules import Handed
from juste_retour.agents.situation import Situation
from juste_retour.agents.some_worlds import some_worlds
from juste_retour.agents.user_agents import USER_AGENTS

if TYPE_CHECKING:
    from juste_retour.abm.world_model import WorldModel

OneOrSeveral = type | Sequence[type]
Maker = Callable[[Any], Any]  # creates an agent, given its model
Agents = OneOrSeveral | Mapping[str, OneOrSeveral] | None
KINDS: dict[type[Actor], str] = {
    MemberState: "state",
    Commissioner: "commissioner",
    Lab: "lab",
    Facility: "site",
}


class Cast:
    """The agents of some worlds, whose own decisions replace those of the scenario's rules.

    Args:
        models: a `juste_retour.abm.world_model.WorldModel` for each world, in their order.
    """

    def __init__(self, models: Sequence[WorldModel]):
        self.models = models
        self.overridden = {name for model in models for name in model.deciders}

    def decide(
        self, name: str, handed: Handed, rows: Integers | None, by_rule: NDArray[np.generic]
    ) -> NDArray[np.generic]:
        """The decisions of all actors in some worlds.

        Args:
            name: the decision.
            handed: the arguments of the rule.
            rows: positions of the worlds; None for all.
            by_rule: the decisions under the scenario's rules, which agents with decisions of their own replace.
        """
        alone = len(self.models) == 1
        if not alone and name not in self.overridden:
            return by_rule
        with ExitStack() as stack:  # keeps the arguments read-only until all agents have decided
            return self._decided(name, handed, rows, by_rule, stack)

    def _decided(
        self, name: str, handed: Handed, rows: Integers | None, by_rule: NDArray[np.generic], stack: ExitStack
    ) -> NDArray[np.generic]:
        alone = len(self.models) == 1
        out: NDArray[np.generic] | None = None
        batched: dict[tuple[int, int], tuple[Actor, Situation]] = {}
        for k, row in enumerate(range(len(self.models)) if rows is None else rows):
            model = self.models[row]
            deciders = model.deciders.get(name, ())
            if not (deciders or alone):
                continue
            here = (
                handed
                if alone and (rows is None or len(rows) == 1)
                else tuple(some_worlds(thing, np.array([k])) for thing in handed)
            )
            model.hand(name, here)
            if deciders:
                stack.enter_context(frozen(here))
            for agent in deciders:
                if out is None:
                    kind = np.result_type(np.asarray(by_rule), agent.decisions[name])
                    out = np.array(np.broadcast_to(by_rule, agent.actors.shape(handed)), dtype=kind)
                if isinstance(here[0], Situation):
                    batched[k, agent.place] = agent, here[0]
                else:
                    out[agent.actors.seat(k, agent.place)] = ask_agent(agent, name, here)
        if batched and out is not None:
            _decide_with_alone(name, out, handed[0], batched)
        return by_rule if out is None else out


def _decide_with_alone(
    name: str,
    out: NDArray[np.generic],
    situation: Situation,
    batched: dict[tuple[int, int], tuple[Actor, Situation]],
) -> None:
    """Write into `out` the decisions of agents that may call `situation.alone`; their calls are answered together."""
    questions = BatchedQuestions(situation.alone)

    def decide(k: int, place: int) -> None:
        agent, here = batched[k, place]
        mine = with_batched_alone(here, questions, k, place)
        out[agent.actors.seat(k, place)] = ask_agent(agent, name, (mine,))

    questions.decide_all(batched, decide, situation.scale.shape)


def agent_makers(world: World, agents: Agents = None, choices: Sequence[AgentChoice] = ()) -> list[Maker]:
    """The makers of all agents of a world: states, commissioners and labs in the order of the tables, then all others.

    Args:
        world: the world whose actors they are.
        agents: a subclass of `MemberState`, `Commissioner` or `Lab` for all actors of its kind, or a list of several;
            or a mapping from actors to such classes. Its keys are a state's code, a lab's name, the code of a
            commissioner's home state, or "all". Any other subclass of `mesa.Agent` adds one agent to each world.
        choices: the classes that a scenario names; `agents` take precedence.

    Raises:
        BadInput: a class or an actor that is not known, or a decision with the wrong arguments.
    """
    states = world.states.codes
    labels = {
        MemberState: list(states),
        Commissioner: [states[i] for i in world.college.state],
        Lab: list(world.labs.names),
    }
    kinds: dict[type[Actor], list[Maker]] = {
        kind: [partial(kind, place=place) for place in range(len(names))] for kind, names in labels.items()
    }
    others: list[Maker] = []
    for one in sorted(choices, key=lambda one: bool(one.of)):
        own = USER_AGENTS[one.name]
        settings = own.settings(dict(one.settings), one.name)
        for code in one.of or (ALL,):
            _put(kinds, others, labels, code, own.cls, settings)
    given = agents if isinstance(agents, Mapping) else {ALL: agents or ()}
    for who in sorted(given, key=lambda name: name != ALL):
        asked = given[who]
        for cls in asked if isinstance(asked, list | tuple) else [asked]:
            _put(kinds, others, labels, who, cls, {})
    return [*(make for made in kinds.values() for make in made), *others]


def _put(
    kinds: dict[type[Actor], list[Maker]],
    others: list[Maker],
    labels: Mapping[type[Actor], list[str]],
    who: str,
    cls: object,
    settings: Mapping[str, object],
) -> None:
    """Assign a class to the actors that `who` names, or add it to the other agents."""
    kind = next((k for k in labels if isinstance(cls, type) and issubclass(cls, k)), None)
    if not isinstance(cls, type) or not is_agent(cls) or (kind is None and issubclass(cls, Actor)):
        raise BadInput(
            f"agents: {cls!r} is not a class of agents; give a subclass of MemberState, Commissioner, Lab or mesa.Agent."
        )
    if kind is None or not issubclass(cls, Actor):
        if who != ALL:
            raise BadInput(
                f'agents: {cls.__name__} does not stand for an actor of the tables; give it for "all", not {who!r}.'
            )
        others.append(partial(cls, **settings))
        return
    _check_arguments(cls, kind)
    names = [name.upper() for name in labels[kind]]
    mine = [j for j, name in enumerate(names) if who == ALL or name == who.upper()]
    if not mine and who != ALL:
        raise BadInput(f"agents: no {KINDS[kind]} is called {who!r}; {near(who, labels[kind])}")
    for j in mine:
        kinds[kind][j] = partial(cls, place=j, **settings)


def _check_arguments(cls: type[Actor], kind: type[Actor]) -> None:
    """Refuse a class whose decisions do not take the arguments of its kind."""
    for name in cls.overridden():
        wanted = list(inspect.signature(getattr(kind, name)).parameters)
        try:
            inspect.signature(getattr(cls, name)).bind(*wanted)
        except TypeError:
            raise BadInput(
                f"agents: {cls.__name__}.{name} does not take the arguments of that decision; write it as "
                f"def {name}({', '.join(wanted)})."
            ) from None
