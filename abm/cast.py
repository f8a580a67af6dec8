"""Who plays: the class of every actor of a world, and how the decisions of those with minds of their own are asked for."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from juste_retour.abm.played import ALL, Played
from juste_retour.abm.world import World
from juste_retour.agents.arrays import Integers
from juste_retour.agents.asking import ask_agent, frozen
from juste_retour.agents.each import Asks
from juste_retour.agents.errors import BadInput, near
from juste_retour.agents.mesa_agents import Actor, Commissioner, Lab, MemberState, is_agent
from juste_retour.agents.mesa_facility import Facility
from juste_retour.agents.own import asking
from juste_retour.agents.rules import Handed
from juste_retour.agents.situation import Situation
from juste_retour.agents.some_worlds import some_worlds
from juste_retour.agents.user_agents import USER_AGENTS

if TYPE_CHECKING:
    from juste_retour.abm.world_model import WorldModel

OneOrSeveral = type | Sequence[type]
Maker = Callable[[Any], Any]  # makes an agent of a model
Agents = OneOrSeveral | Mapping[str, OneOrSeveral] | None
KINDS: dict[type[Actor], str] = {
    MemberState: "state",
    Commissioner: "commissioner",
    Lab: "lab",
    Facility: "site",
}


class Cast:
    """Puts decisions to the agents that take them by themselves, world by world; everyone else goes by the rule.

    Args:
        models: a `juste_retour.abm.world_model.WorldModel` for each world, in their order.
    """

    def __init__(self, models: Sequence[WorldModel]):
        self.models = models
        self.minded = {name for model in models for name in model.minds}

    def decide(
        self, name: str, handed: Handed, rows: Integers | None, by_rule: NDArray[np.generic]
    ) -> NDArray[np.generic]:
        """What the actors of some worlds decide, given what the rules say."""
        alone = len(self.models) == 1
        if not alone and name not in self.minded:
            return by_rule
        with ExitStack() as stack:  # nothing that agents are handed can be written to until all have decided
            return self._decided(name, handed, rows, by_rule, stack)

    def _decided(
        self, name: str, handed: Handed, rows: Integers | None, by_rule: NDArray[np.generic], stack: ExitStack
    ) -> NDArray[np.generic]:
        alone = len(self.models) == 1
        out: NDArray[np.generic] | None = None
        askers: dict[tuple[int, int], tuple[Actor, Situation]] = {}
        for k, row in enumerate(range(len(self.models)) if rows is None else rows):
            model = self.models[row]
            minds = model.minds.get(name, ())
            if not (minds or alone):
                continue
            here = (
                handed
                if alone and (rows is None or len(rows) == 1)
                else tuple(some_worlds(thing, np.array([k])) for thing in handed)
            )
            model.hand(name, here)
            if minds:
                stack.enter_context(frozen(here))
            for agent in minds:
                if out is None:
                    kind = np.result_type(np.asarray(by_rule), agent.decisions[name])
                    out = np.array(np.broadcast_to(by_rule, agent.actors.shape(handed)), dtype=kind)
                if isinstance(here[0], Situation):
                    askers[k, agent.place] = agent, here[0]
                else:
                    out[agent.actors.seat(k, agent.place)] = ask_agent(agent, name, here)
        if askers and out is not None:
            _hear(name, out, handed[0], askers)
        return by_rule if out is None else out


def _hear(
    name: str,
    out: NDArray[np.generic],
    situation: Situation,
    askers: dict[tuple[int, int], tuple[Actor, Situation]],
) -> None:
    """Hear those who may ask what a site alone would be worth; the answers are worked out for all who ask at once."""
    asks = Asks(situation.alone)

    def decide(k: int, place: int) -> None:
        agent, here = askers[k, place]
        out[agent.actors.seat(k, place)] = ask_agent(agent, name, (asking(here, asks, k, place),))

    asks.hear(askers, decide, situation.scale.shape)


def casting(world: World, agents: Agents = None, played: Sequence[Played] = ()) -> list[Maker]:
    """What makes every agent of a world: states, commissioners and labs in the order of the tables, then all others.

    Args:
        world: whose actors.
        agents: a subclass of `MemberState`, `Commissioner` or `Lab` for all of its kind, or several in a list; or a
            mapping from a state's code or a lab's name to one or several, "all" standing for everyone. A commissioner
            goes by the home state's code. Of any other subclass of `mesa.Agent` there is one more agent in each world.
        played: the classes that a scenario names; `agents` go before them.
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
    for one in sorted(played, key=lambda one: bool(one.of)):
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
    """Let a class play those whom `who` names, or be one agent more."""
    kind = next((k for k in labels if isinstance(cls, type) and issubclass(cls, k)), None)
    if not isinstance(cls, type) or not is_agent(cls) or (kind is None and issubclass(cls, Actor)):
        raise BadInput(
            f"agents: {cls!r} is not a kind of actor; give a subclass of MemberState, Commissioner or Lab, or of mesa.Agent."
        )
    if kind is None or not issubclass(cls, Actor):
        if who != ALL:
            raise BadInput(
                f'agents: {cls.__name__} plays no actor of the tables; give it for "all", not {who!r}.'
            )
        others.append(partial(cls, **settings))
        return
    _hears(cls, kind)
    names = [name.upper() for name in labels[kind]]
    mine = [j for j, name in enumerate(names) if who == ALL or name == who.upper()]
    if not mine and who != ALL:
        raise BadInput(f"agents: no {KINDS[kind]} is called {who!r}; {near(who, labels[kind])}")
    for j in mine:
        kinds[kind][j] = partial(cls, place=j, **settings)


def _hears(cls: type[Actor], kind: type[Actor]) -> None:
    """Refuse a class whose decisions cannot be handed what its kind is handed."""
    for name in cls.overridden():
        wanted = list(inspect.signature(getattr(kind, name)).parameters)
        try:
            inspect.signature(getattr(cls, name)).bind(*wanted)
        except TypeError:
            raise BadInput(
                f"agents: {cls.__name__}.{name} cannot be handed what it decides on; write it as "
                f"def {name}({', '.join(wanted)})."
            ) from None
