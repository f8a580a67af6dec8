"""`.each`: rules that are written for one actor in one world, and how the model applies them to all.

Such a rule uses the same names as a rule over arrays, but each holds the actor's own entries: one for a state, one per
plan for a commissioner, one per place for a lab. One entry is a NumPy number, which `float`, `round`, `math` and
f-strings take. A rule that fails with numbers is called again with arrays of length one, which it may index by `[0]`.
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
from juste_retour.agents.some_worlds import first_that_works, number, some_worlds


class _Shared:
    """An argument for all actors of all worlds; each attribute and call is computed once, for all of them."""

    def __init__(self, handed: object, cut: Cut, questions: BatchedQuestions[_Shared] | None = None):
        self.handed, self.cut, self.questions = handed, cut, questions
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
            self.read[key] = (getattr(self.handed, name)(*arguments), arguments)  # so that no id is reused
        return self.read[key][0]


class Own:
    """One actor's part, in one world, of an argument; it has the same attributes and methods as the argument."""

    __slots__ = ("_actor", "_shared", "_world")

    def __init__(self, shared: _Shared, world: int, actor: int):
        self._shared, self._world, self._actor = shared, world, actor

    def __getattr__(self, name: str) -> Any:
        """The actor's own entries of an attribute."""
        shared = self._shared
        if name in ("code", "name"):
            return self._named(f"{name}s")
        if name == "alone" and shared.questions is not None:
            return self._alone
        value = shared.get(name)
        if isinstance(value, _Shared):
            return Own(value, self._world, self._actor)
        if callable(value):
            return lambda *arguments: self._cut(name, shared.call(name, tuple(map(_of_all, arguments))))
        return self._cut(name, value)

    def _named(self, column: str) -> str:
        """The actor's own entry in the `codes` or `names` of its kind."""
        table = getattr(self._shared.handed, "states", self._shared.handed)
        entries: tuple[str, ...] = getattr(table, column)
        return entries[self._actor]

    def _cut(self, name: str, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self._cut(key, entry) for key, entry in value.items()}
        return self._shared.cut(name, value, self._world, self._actor)

    def _alone(self, size: ArrayLike) -> Own:
        questions = self._shared.questions
        assert questions is not None
        return Own(questions.answer(size), self._world, self._actor)


def _of_all(thing: object) -> object:
    return thing._shared.handed if isinstance(thing, Own) else thing


class AnswerPending(BaseException):
    """Ends an actor's decision at a call of `alone` that has no answer yet; the decision is restarted later."""


Answer = TypeVar("Answer")


class BatchedQuestions(Generic[Answer]):
    """Answers the actors' calls of `alone` together: the first call of all actors, then the second, and so on.

    After each answer the decisions of all who called are restarted. A decision has no side effects, so it reaches the
    same call again.

    Attributes:
        alone: answers one call of each actor, from sizes (worlds, actors), EUR bn.
        answers: the answers so far.
        sizes: the sizes to which they belong.
        asked: how many calls the actor that is deciding has made since its decision was last started.
        size: the size in its call that has no answer yet.
    """

    def __init__(self, alone: Callable[[Floats], Answer]):
        self.alone = alone
        self.answers: list[Answer] = []
        self.sizes: list[Floats] = []
        self.asked = 0
        self.size: ArrayLike = 0.0

    def answer(self, size: ArrayLike) -> Answer:
        """The answer to the actor's next call, for all actors; raises `AnswerPending` if there is none yet."""
        if self.asked < len(self.answers):
            self.asked += 1
            return self.answers[self.asked - 1]
        self.size = size
        raise AnswerPending

    def decide_all(
        self, actors: Iterable[tuple[int, int]], decide: Callable[[int, int], None], shape: tuple[int, ...]
    ) -> None:
        """Call `decide` for each actor until every decision is complete.

        Args:
            actors: who decides, by position of world and actor.
            decide: takes one actor's decision from the start; it may call `answer`.
            shape: (worlds, actors).
        """
        waiting = list(actors)
        while waiting:
            still, sizes = [], np.zeros(shape)
            for one in waiting:
                self.asked = 0
                try:
                    decide(*one)
                except AnswerPending:
                    sizes[one] = self.size
                    still.append(one)
            if still:
                self.sizes.append(sizes)
                self.answers.append(self.alone(sizes))
            waiting = still


def each_actor(kind: Kind, dtype: type[np.generic] = np.float64) -> Callable[[Function], Function]:
    """Return the function by which a family of rules applies a rule for one actor to all actors and worlds.

    Args:
        kind: the kind of actor that decides.
        dtype: the type of the rule's result.
    """

    def lift(function: Function) -> Function:
        def lifted(
            cut: Cut, handed: Handed, parameters: dict[str, Setting | NDArray[np.generic]]
        ) -> NDArray[np.generic]:
            situation = handed[-1]  # only states have a situation, and with it `alone`
            questions = BatchedQuestions(lambda sizes: _Shared(situation.alone(sizes), cut))
            shared = [
                _Shared(x, cut, questions if hasattr(x, "alone") else None) if is_dataclass(x) else x for x in handed
            ]
            out = np.zeros(kind.shape(handed), dtype=dtype)
            options = out.shape[-1 if kind.options_last else 1] if kind.option else 1

            def decide(world: int, actor: int) -> None:
                mine = [Own(x, world, actor) if isinstance(x, _Shared) else cut("", x, world, actor) for x in shared]
                own = {k: cut(k, v, world, actor) for k, v in parameters.items()}
                try:
                    out[kind.seat(world, actor)] = _answers(function(*mine, **own), options, function, kind)
                except AnswerPending:
                    questions.size = _answers(questions.size, 1, function, kind)[0]
                    raise

            everyone = (len(out), kind.count(out.shape))
            questions.decide_all(np.ndindex(everyone), decide, everyone)
            return out

        def numbers(name: str, value: Any, world: int, actor: int) -> Any:
            part = kind.part(name, value, world, actor)
            return part if np.ndim(part) > 1 and name != "outside" else number(part)  # a row of options stays one

        return lambda *handed, **parameters: first_that_works(
            lambda cut: lifted(cut, handed, parameters), numbers, kind.part
        )

    return lift


def _answers(answer: ArrayLike, count: int, function: Function, kind: Kind) -> NDArray[np.generic]:
    """One actor's answer as an array (count,); `BadInput` if it is not one number or `count` numbers."""
    found = np.asarray(answer)
    if found.dtype.kind not in "biuf" or found.size not in (1, count):
        said = f"{found.size} values" if found.dtype.kind in "biuf" else f"a {type(answer).__name__}"
        wanted = f"one number for each {kind.option}, here {count}" if kind.option else "one number"
        raise BadInput(
            f"the rule {function.__name__!r} is written for one {kind.name} but returned {said}; return {wanted}."
        )
    return np.broadcast_to(found.reshape(-1), (count,))


def each_ballot(function: Function) -> Function:
    """Apply a voting rule written for one ballot, with `yes` and `no` (1, states), to the ballots of all worlds."""

    def lifted(entry: Callable[[Any], Any], ballot: Any, states: States, parameters: dict[str, Any]) -> Booleans:
        lead = ballot.yes.shape[:-1]
        flat = {"yes": ballot.yes, "no": ballot.no}
        if ballot.weight is not None:
            flat["weight"] = np.broadcast_to(ballot.weight, ballot.yes.shape)
        flat = {name: votes.reshape(-1, votes.shape[-1]) for name, votes in flat.items()}
        union = np.broadcast_to(ballot.union_yes, lead).reshape(-1)
        columns = {
            k: np.broadcast_to(v[..., 0], lead).reshape(-1) for k, v in parameters.items() if isinstance(v, np.ndarray)
        }
        out = np.zeros(len(union), dtype=bool)
        worlds = lead[-1] if lead else 1
        for k in range(len(out)):
            known = some_worlds(replace(ballot, yes=None, no=None, weight=None, union_yes=None), np.array([k % worlds]))
            one = replace(known, union_yes=union[k : k + 1], **{name: votes[k : k + 1] for name, votes in flat.items()})
            own = {name: entry(column[k : k + 1]) for name, column in columns.items()}
            said = np.asarray(function(one, states, **(parameters | own)))
            if said.size != 1 or said.dtype.kind != "b":
                raise BadInput(
                    f"the rule {function.__name__!r} is written for one ballot but returned "
                    f"{said.size} values of {said.dtype}; return True or False."
                )
            out[k] = said.reshape(())
        return out.reshape(lead)

    return lambda ballot, states, **parameters: first_that_works(
        lambda entry: lifted(entry, ballot, states, parameters), number, lambda column: column
    )
