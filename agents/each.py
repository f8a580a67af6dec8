"""`.each`: rules that are written for one actor in one world, and how they are lifted over all.

Such a rule reads the same names as a rule over arrays, and each name holds the actor's own entry: of length one for a
state, one a plan for a commissioner, one a place for a lab. These are arrays and not Python's floats, so that the same
operations give the same bits; they may be compared and tested in plain `if`s.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import is_dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from juste_retour.agents.arrays import Reals, Truths
from juste_retour.agents.errors import BadInput
from juste_retour.agents.rules import Function, Handed, Setting
from juste_retour.agents.situation import College, States

if TYPE_CHECKING:
    from juste_retour.agents.commissioner import Plans
    from juste_retour.agents.lab import Market

Cut = Callable[[str, Any, int, int], Any]  # one actor's part of an array, or what is no array as it is


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
        if name == "alone" and shared.asks is not None:
            return self._alone
        value = shared.get(name)
        if isinstance(value, _Shared):
            return Own(value, self._world, self._actor)
        if callable(value):
            return lambda *arguments: self._cut(name, shared.call(name, tuple(map(_whole, arguments))))
        return self._cut(name, value)

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


class Asks[Answer]:
    """What actors ask of `alone`: the n-th question of everyone is answered together, then each is heard again.

    A decision has no side effects, so hearing it again from the start brings it to the same question. `asked` counts
    the questions of whoever is being heard, `size` is the one that has no answer yet.
    """

    def __init__(self, alone: Callable[[Reals], Answer]):
        self.alone = alone
        self.answers: list[Answer] = []
        self.sizes: list[Reals] = []
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


def _number(answer: ArrayLike, function: Function) -> NDArray[np.generic]:
    found = np.asarray(answer)
    if found.size != 1 or found.dtype.kind not in "biuf":
        said = f"{found.size} values" if found.dtype.kind in "biuf" else type(answer).__name__
        raise BadInput(
            f"the rule {function.__name__!r} is written for one state and returned {said}; return one number."
        )
    return found.reshape(())


def each_state(dtype: type[np.generic]) -> Callable[[Function], Function]:
    """How the families of member states lift a rule; `dtype` is what the family returns."""

    def cut(name: str, value: Any, world: int, state: int) -> Any:
        if isinstance(value, tuple):
            return value[state : state + 1]
        if not isinstance(value, np.ndarray) or value.ndim == 0:
            return value
        mine = value if value.ndim == 1 else value[world if len(value) > 1 else 0]
        return mine[state : state + 1] if len(mine) > 1 else mine

    def lift(function: Function) -> Function:
        def lifted(*handed: Any, **parameters: Setting | NDArray[np.generic]) -> NDArray[np.generic]:
            shape = handed[0].received.shape
            situation = handed[-1]
            asks = Asks(lambda sizes: _Shared(situation.alone(sizes), cut))
            shared = [
                _Shared(thing, cut, asks if thing is situation else None) if is_dataclass(thing) else thing
                for thing in handed
            ]
            out = np.zeros(shape, dtype=dtype)

            def decide(world: int, state: int) -> None:
                mine = [
                    Own(x, world, state) if isinstance(x, _Shared) else cut("", x, world, state)
                    for x in shared
                ]
                own = {k: cut(k, v, world, state) for k, v in parameters.items()}
                try:
                    out[world, state] = _number(function(*mine, **own), function)
                except Asked:
                    asks.size = _number(asks.size, function)
                    raise

            asks.hear(np.ndindex(*shape), decide, shape)
            return out

        return lifted

    return lift


def each_commissioner(dtype: type[np.generic]) -> Callable[[Function], Function]:
    """How the families of commissioners lift a rule: it sees each plan as one commissioner does, arrays (1, plans)."""

    def cut(name: str, value: Any, world: int, seat: int) -> Any:
        if isinstance(value, tuple):
            return value[seat : seat + 1]
        if not isinstance(value, np.ndarray) or value.ndim == 0:
            return value
        if value.ndim == 1:
            return value[seat : seat + 1]
        row = value[world if len(value) > 1 else 0]
        if value.ndim == 2:
            return row
        return np.ascontiguousarray(row[:, seat if row.shape[-1] > 1 else 0])[None]

    def lift(function: Function) -> Function:
        def lifted(
            plans: Plans, college: College, **parameters: Setting | NDArray[np.generic]
        ) -> NDArray[np.generic]:
            seen, seats = _Shared(plans, cut), _Shared(college, cut)
            out = np.zeros(plans.home.shape, dtype=dtype)
            for world in range(len(out)):
                for seat in range(out.shape[-1]):
                    own = {k: cut(k, v, world, seat) for k, v in parameters.items()}
                    said = function(Own(seen, world, seat), Own(seats, world, seat), **own)
                    out[world, :, seat] = _row(said, out.shape[1], function, "commissioner", "plan")
            return out

        return lifted

    return lift


def each_lab(function: Function) -> Function:
    """How the family of labs lifts a rule: it sees each place as one lab does, arrays (1, places)."""

    def cut(name: str, value: Any, world: int, lab: int) -> Any:
        if not isinstance(value, np.ndarray) or value.ndim < 2:
            return value
        if name == "home":  # (labs, places), the same in all worlds
            return value[lab : lab + 1]
        row = value[world if len(value) > 1 else 0]
        if value.ndim == 2:
            return row
        mine = lab if len(row) > 1 else 0
        return row[mine : mine + 1]

    def lifted(market: Market, **parameters: Setting | NDArray[np.generic]) -> Reals:
        seen = _Shared(market, cut)
        out = np.zeros(np.broadcast_shapes(market.usable.shape, market.outside.shape))
        for world in range(len(out)):
            for lab in range(out.shape[1]):
                own = {k: cut(k, v, world, lab) for k, v in parameters.items()}
                out[world, lab] = _row(
                    function(Own(seen, world, lab), **own), out.shape[-1], function, "lab", "place"
                )
        return out

    return lifted


def _row(answer: ArrayLike, count: int, function: Function, actor: str, option: str) -> NDArray[np.generic]:
    found = np.asarray(answer)
    if found.dtype.kind not in "biuf" or found.size not in (1, count):
        said = f"{found.size} values" if found.dtype.kind in "biuf" else type(answer).__name__
        raise BadInput(
            f"the rule {function.__name__!r} is written for one {actor} and returned {said}; return one for each "
            f"{option}, {count} here."
        )
    return np.broadcast_to(found.reshape(-1), (count,))


def each_ballot(function: Function) -> Function:
    """How the family of voting rules lifts a rule: it sees one ballot, `yes` and `no` (1, states)."""

    def lifted(ballot: Any, states: States, **parameters: Setting | NDArray[np.generic]) -> Truths:
        lead = ballot.yes.shape[:-1]
        flat = {"yes": ballot.yes, "no": ballot.no}
        if ballot.weight is not None:
            flat["weight"] = np.broadcast_to(ballot.weight, ballot.yes.shape)
        flat = {name: votes.reshape(-1, votes.shape[-1]) for name, votes in flat.items()}
        union = np.broadcast_to(ballot.union_yes, lead).reshape(-1)
        columns = {
            k: np.broadcast_to(v, lead).reshape(-1)
            for k, v in parameters.items()
            if isinstance(v, np.ndarray)
        }
        out = np.zeros(len(union), dtype=bool)
        for k in range(len(out)):
            one = replace(
                ballot, union_yes=union[k : k + 1], **{name: votes[k : k + 1] for name, votes in flat.items()}
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
