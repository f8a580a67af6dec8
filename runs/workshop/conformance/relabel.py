"""Permute the actors or the options in a rule's arguments, and permute its return value in the same way."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

import numpy as np

from juste_retour.abm.base.members import Members
from juste_retour.abm.base.noise import RandomStreams
from juste_retour.abm.delivery.access import Capacity
from juste_retour.abm.delivery.ring import Ring
from juste_retour.abm.politics.conditions import Ballot
from juste_retour.abm.worlds.environment import Environment
from juste_retour.agents.arrays import Floats, Integers, Number
from juste_retour.agents.lab import Market
from juste_retour.agents.payoff import local_scale
from juste_retour.agents.rules import Handed
from juste_retour.agents.situation import College, Offer, Sites, Situation, States
from juste_retour.runs.workshop.conformance.scenes import Scene

Answer = TypeVar("Answer")


def place_of(order: Integers) -> Integers:
    """The new position of each old index: the inverse permutation of `order`."""
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    return place


def reordered(thing: Any, order: Integers, axis: int = -1) -> Any:
    """A tuple, array, dict or dataclass with the actors on `axis` in a new order. Arrays of another length stay as they are."""
    if isinstance(thing, tuple):
        return tuple(thing[k] for k in order) if len(thing) == len(order) else thing
    if isinstance(thing, np.ndarray):
        there = thing.ndim >= -axis and thing.shape[axis] == len(order)
        return np.take(thing, order, axis=axis) if there else thing
    if isinstance(thing, dict):
        return {key: reordered(value, order, axis) for key, value in thing.items()}
    if not is_dataclass(thing) or isinstance(thing, type):
        return thing
    parts = {}
    for f in fields(thing):
        value = getattr(thing, f.name)
        if f.name == "alone" and isinstance(thing, Situation):
            value = functools.partial(_alone, thing, order)
        elif f.name == "continued" and value is not None:
            value = functools.partial(_continued, value, order)
        elif f.name == "borders" and value.shape == (len(order), len(order)):
            value = value[order][:, order]
        elif f.name != "p":
            value = reordered(value, order, axis)
        parts[f.name] = value
    return replace(thing, **parts)


def _alone(situation: Situation, order: Integers, size: Number) -> Offer:
    sizes = np.broadcast_to(size, situation.scale.shape)
    return reordered(situation.alone(np.take(sizes, place_of(order), axis=-1)), order)


def _continued(question: Callable[[], Answer], order: Integers) -> Answer:
    return reordered(question(), order)


def actors(family: str, scene: Scene) -> int:
    """The number of actors, or of sites for `pooling`, in the arguments of a family's rules."""
    if family in ("draft", "endorse"):
        return scene.members.college.count
    if family in ("anchor", "access", "standing"):
        return scene.members.labs.count
    return scene.members.sites.count if family == "pooling" else scene.members.states.count


def renamed(family: str, handed: Handed, order: Integers, scene: Scene) -> Handed | None:
    """The arguments of a family's rules with the actors in a new order; None if no argument has actors."""
    if family in ("bid", "vote", "expect", "draft", "endorse"):
        return tuple(reordered(thing, order) for thing in handed)
    if family == "anchor":
        (market,) = handed
        home, outside = market.home[order], reordered(market.outside, order, axis=-2)
        names = tuple(market.names[k] for k in order)
        return (replace(market, home=home, outside=outside, names=names),)
    if family in ("access", "standing"):
        (capacity,) = handed
        present = reordered(capacity.present, order)
        return (replace(capacity, labs=reordered(capacity.labs, order), present=present),)
    if family == "voting":
        ballot, states = handed
        decider = int(place_of(order)[ballot.decider]) if ballot.decider >= 0 else -1
        return replace(reordered(ballot, order), decider=decider), reordered(states, order)
    if family == "funding":
        states, decider = handed
        return reordered(states, order), int(place_of(order)[decider]) if decider >= 0 else -1
    if family == "entitlement":
        plan, claims = handed
        sites = replace(claims.sites, state=place_of(order)[claims.sites.state])
        mine = {
            f.name: reordered(getattr(claims, f.name), order)
            for f in fields(claims)
            if f.name in ("states", "best", "room", "hosted", "received", "paid", "applied")
        }
        return plan, replace(claims, sites=sites, split=replace(claims.split, key=claims.split.key[order]), **mine)
    if family == "pooling":
        fleet, before = handed
        ring = Ring(place_of(order)[fleet.ring.order], fleet.ring.place[order], fleet.ring.between)
        mine = {name: reordered(getattr(fleet, name), order) for name in ("chips", "peak", "talent")}
        return replace(fleet, ring=ring, **mine), reordered(before, order)
    return None


def with_names_of(handed: Handed, scene: Scene) -> Handed:
    """The same arguments with what names an actor in its original order, so that it belongs to another actor.

    These are names, codes, texts and coordinates, and the names and coordinates of sites.
    """
    states, college, labs = scene.members.states, scene.members.college, scene.members.labs

    def named(thing: Any) -> Any:
        if isinstance(thing, States) and thing.count == states.count:
            return replace(thing, **labels_of(states, thing))
        if isinstance(thing, Sites) and thing.count == scene.members.sites.count:
            parts = ("names", "cities", "latitude", "longitude")
            moved = np.roll(np.arange(thing.count), 1)
            return replace(thing, **{name: reordered(getattr(thing, name), moved) for name in parts})
        if isinstance(thing, College) and thing.count == college.count:
            return replace(thing, names=college.names, codes=college.codes)
        if isinstance(thing, Market) and len(thing.names) == labs.count:
            return replace(thing, names=labs.names)
        if isinstance(thing, Capacity) and thing.labs.count == labs.count:
            thing = replace(thing, labs=replace(thing.labs, names=labs.names))
        held = {name: getattr(thing, name, None) for name in ("states", "sites")}
        inner = {name: named(part) for name, part in held.items() if isinstance(part, States | Sites)}
        return replace(thing, **inner) if inner and is_dataclass(thing) else thing  # type: ignore[type-var]

    return tuple(named(thing) for thing in handed)


def labels_of(states: States, moved: States) -> dict[str, Any]:
    """What names a state, as in `states`, for the states `moved`: code, name, texts and coordinates."""
    place = {name: states.more[name] for name in ("latitude", "longitude") if name in states.more}
    return {"codes": states.codes, "names": states.names, "texts": states.texts, "more": moved.more | place}


def with_column(handed: Any, column: str, change: Callable[[Any], Any]) -> Any:
    """The arguments with one column of the states changed, wherever the states are part of an argument."""
    if isinstance(handed, tuple):
        return tuple(with_column(thing, column, change) for thing in handed)
    if isinstance(handed, States):
        if column in handed.more:
            return replace(handed, more=handed.more | {column: change(handed.more[column])})
        return replace(handed, **{column: change(getattr(handed, column))}) if hasattr(handed, column) else handed
    if is_dataclass(handed) and isinstance(getattr(handed, "states", None), States):
        other: Any = handed
        return replace(other, states=with_column(other.states, column, change))
    return handed


def returned(family: str, out: Answer, order: Integers) -> Answer:
    """A rule's return value with the actors in a new order."""
    if family in ("voting", "entitlement", "reversion", "agenda"):
        return out  # no axis of actors: booleans (worlds,), or money (worlds, sites)
    if family == "anchor":
        return reordered(out, order, axis=-2)
    if family in ("operations", "procurement", "access", "standing"):
        return out
    return reordered(out, order)


def of_states(members: Members, order: Integers, *, names: bool = True) -> Members:
    """The same union with its states in a new order. With `names`, codes and names move too; otherwise they stay."""
    place = place_of(order)

    def at(index: Integers) -> Integers:
        return np.where(index >= 0, place[np.maximum(index, 0)], -1)

    states: States = reordered(members.states, order)
    if not names:
        states = replace(states, **labels_of(members.states, states))
    sites = replace(members.sites, state=at(members.sites.state))
    labs = replace(members.labs, home=at(members.labs.home))
    home = at(members.college.state)
    college = replace(members.college, state=home, codes=tuple(states.codes[i] for i in home))
    return replace(members, states=states, sites=sites, labs=labs, college=college)


class RelabeledStreams(RandomStreams):
    """Random streams in which each state keeps its draws at its new position."""

    def __init__(self, streams: RandomStreams, order: Integers):
        super().__init__(streams.seed, streams.replicates)
        self.order = order

    def uniform(self, channel: str, slots: int, quarter: int = 0) -> Floats:
        """Uniform numbers (worlds, slots). Where the slots are a multiple of the states, each state's are moved with it."""
        x, n = super().uniform(channel, slots, quarter), len(self.order)
        if slots % n or slots == 1:
            return x
        return np.ascontiguousarray(x.reshape(len(x), -1, n)[..., self.order].reshape(x.shape))


def renaming(order: Integers) -> Callable[[Environment], None]:
    """A function that gives the states of an environment in a new order the random draws of the old order."""

    def prepare(env: Environment) -> None:
        env.streams = RelabeledStreams(env.streams, order)
        world, n = env.world, env.world.states.count
        world.ambition = np.exp(world.p.ambition_sd * env.streams.normal("ambition", n))
        world.resolve = env.streams.normal("reservation", n)
        world.scale = local_scale(world.states, world.ambition, world.p)

    return prepare


def swapped(ballot: Ballot) -> Ballot:
    """The ballot with yes and no exchanged."""
    return replace(ballot, yes=ballot.no, no=ballot.yes, union_yes=~ballot.union_yes)
