"""`.each`: rules that are written for one actor in one world, and how they are lifted over all.

Such a rule reads the same names as a rule over arrays, and each name holds the actor's own entry: of length one for a
state, one a plan for a commissioner, one a place for a lab. These are arrays and not Python's floats, so that the same
operations give the same bits; they may be compared and tested in plain `if`s.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import is_dataclass, replace
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from juste_retour.agents.actors import Cut, Kind
from juste_retour.agents.arrays import Booleans, Floats
from juste_retour.agents.errors import BadInput
from juste_retour.agents.rules import Function, Handed, Setting
from juste_retour.agents.situation import States
from juste_retour.agents.some_worlds import some_worlds


class _Shared:
    """Something handed to all actors of all worlds; what is read of it is worked out once and then cut up."""

    def __init__(self, handed: object, cut: Cut, asks: Asks[_Shared] | None = None):
        self.handed, self.cut, self.asks = handed, cut, asks
        self.read: dict[object, Any] = {}

    def get(self, name: str) -> Any:
        if name not in self.read:
            value = getattr(self.handed, name)
            nested = (is_dataclass(value) and not isinstance(value, type)) or name == "p"
            self.read[name] = _Shared(value, self.cut) if nested else value
        return self.read[name]

    def call(self, name: str, arguments: Handed) -> Any:
        key = (name, *(a if isinstance(a, str) else id(a) for a in arguments))
        if key not in self.read:
            self.read[key] = (getattr(self.handed, name)(*arguments), arguments)  # keeps the ids alive
        return self.read[key][0]


class Own:
    """One actor's part, in one world, of something that is handed to all; it has the same attributes and methods."""

    __slots__ = ("_actor", "_shared", "_world")

    def __init__(self, shared: _Shared, world: int, actor: int):
        self._shared, self._world, self._actor = shared, world, actor

    def __getattr__(self, name: str) -> Any:
        """The actor's own entry of an attribute."""
        shared = self._shared
        if name in ("code", "name"):
            return self._named(f"{name}s")
        if name == "alone" and shared.asks is not None:
            return self._alone
        value = shared.get(name)
        if isinstance(value, _Shared):
            return Own(value, self._world, self._actor)
        if callable(value):
            return lambda *arguments: self._cut(name, shared.call(name, tuple(map(_whole, arguments))))
        return self._cut(name, value)

    def _named(self, what: str) -> str:
        """The actor's own code or name, from the table of its kind."""
        table = getattr(self._shared.handed, "states", self._shared.handed)
        known: tuple[str, ...] = getattr(table, what)
        return known[self._actor]

    def _cut(self, name: str, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self._cut(key, entry) for key, entry in value.items()}
        return self._shared.cut(name, value, self._world, self._actor)

    def _alone(self, size: ArrayLike) -> Own:
        asks = self._shared.asks
        assert asks is not None
        return Own(asks.answer(size), self._world, self._actor)


def _whole(thing: object) -> object:
    return thing._shared.handed if isinstance(thing, Own) else thing


class Asked(BaseException):
    """An actor wants to know what a site of its own would be worth; the answer is worked out for all who ask at once."""


Answer = TypeVar("Answer")


class Asks(Generic[Answer]):
    """What actors ask of `alone`: the n-th question of everyone is answered together, then each is heard again.

    A decision has no side effects, so hearing it again from the start brings it to the same question. `asked` counts
    the questions of whoever is being heard, `size` is the one that has no answer yet.
    """

    def __init__(self, alone: Callable[[Floats], Answer]):
        self.alone = alone
        self.answers: list[Answer] = []
        self.sizes: list[Floats] = []
        self.asked = 0
        self.size: ArrayLike = 0.0

    def answer(self, size: ArrayLike) -> Answer:
        """The answer to the next question, for everyone; `Asked` where it is still to be worked out."""
        if self.asked < len(self.answers):
            self.asked += 1
            return self.answers[self.asked - 1]
        self.size = size
        raise Asked

    def hear(
        self, actors: Iterable[tuple[int, int]], decide: Callable[[int, int], None], shape: tuple[int, ...]
    ) -> None:
        """Let actors, by world and place, decide until none has a question left.

        Args:
            actors: who decides.
            decide: hears one of them from the start; it may ask of `answer`.
            shape: (worlds, actors).
        """
        waiting = list(actors)
        while waiting:
            still, sizes = [], np.zeros(shape)
            for one in waiting:
                self.asked = 0
                try:
                    decide(*one)
                except Asked:
                    sizes[one] = self.size
                    still.append(one)
            if still:
                self.sizes.append(sizes)
                self.answers.append(self.alone(sizes))
            waiting = still


def each_actor(kind: Kind, dtype: type[np.generic] = np.float64) -> Callable[[Function], Function]:
    """How the families of a kind of actors lift a rule; `dtype` is what the family returns."""

    def lift(function: Function) -> Function:
        def lifted(*handed: Any, **parameters: Setting | NDArray[np.generic]) -> NDArray[np.generic]:
            situation, cut = handed[-1], kind.part  # commissioners and labs have none, and ask nothing
            asks = Asks(lambda sizes: _Shared(situation.alone(sizes), cut))
            shared = [
                _Shared(x, cut, asks if hasattr(x, "alone") else None) if is_dataclass(x) else x
                for x in handed
            ]
            out = np.zeros(kind.shape(handed), dtype=dtype)
            options = out.shape[-1 if kind.options_last else 1] if kind.option else 1

            def decide(world: int, actor: int) -> None:
                mine = [
                    Own(x, world, actor) if isinstance(x, _Shared) else cut("", x, world, actor)
                    for x in shared
                ]
                own = {k: cut(k, v, world, actor) for k, v in parameters.items()}
                try:
                    out[kind.seat(world, actor)] = _answers(function(*mine, **own), options, function, kind)
                except Asked:
                    asks.size = _answers(asks.size, 1, function, kind)[0]
                    raise

            everyone = (len(out), kind.count(out.shape))
            asks.hear(np.ndindex(everyone), decide, everyone)
            return out

        return lifted

    return lift


def _answers(answer: ArrayLike, count: int, function: Function, kind: Kind) -> NDArray[np.generic]:
    """What one actor answers, checked; (count,)."""
    found = np.asarray(answer)
    if found.dtype.kind not in "biuf" or found.size not in (1, count):
        said = f"{found.size} values" if found.dtype.kind in "biuf" else type(answer).__name__
        wanted = f"one for each {kind.option}, {count} here" if kind.option else "one number"
        raise BadInput(
            f"the rule {function.__name__!r} is written for one {kind.name} and returned {said}; return {wanted}."
        )
    return np.broadcast_to(found.reshape(-1), (count,))


def each_ballot(function: Function) -> Function:
    """How the family of voting rules lifts a rule: it sees one ballot, `yes` and `no` (1, states)."""

    def lifted(ballot: Any, states: States, **parameters: Setting | NDArray[np.generic]) -> Booleans:
        lead = ballot.yes.shape[:-1]
        flat = {"yes": ballot.yes, "no": ballot.no}
        if ballot.weight is not None:
            flat["weight"] = np.broadcast_to(ballot.weight, ballot.yes.shape)
        flat = {name: votes.reshape(-1, votes.shape[-1]) for name, votes in flat.items()}
        union = np.broadcast_to(ballot.union_yes, lead).reshape(-1)
        columns = {
            k: np.broadcast_to(v[..., 0], lead).reshape(-1)
            for k, v in parameters.items()
            if isinstance(v, np.ndarray)
        }
        out = np.zeros(len(union), dtype=bool)
        worlds = lead[-1] if lead else 1
        for k in range(len(out)):
            known = some_worlds(
                replace(ballot, yes=None, no=None, weight=None, union_yes=None), np.array([k % worlds])
            )
            one = replace(
                known, union_yes=union[k : k + 1], **{name: votes[k : k + 1] for name, votes in flat.items()}
            )
            own = {name: column[k : k + 1] for name, column in columns.items()}
            said = np.asarray(function(one, states, **(parameters | own)))
            if said.size != 1 or said.dtype.kind != "b":
                raise BadInput(
                    f"the rule {function.__name__!r} is written for one ballot and returned "
                    f"{said.size} values of {said.dtype}; return True or False."
                )
            out[k] = said.reshape(())
        return out.reshape(lead)

    return lifted
