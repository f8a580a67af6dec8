"""Reduces the arguments of a rule, of one world, to what one actor may see: its own part, as plain NumPy numbers.

`juste_retour.agents.some_worlds` selects the world beforehand.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

import numpy as np

from juste_retour.agents.actors import COMMISSIONER, LAB, STATE, Kind
from juste_retour.agents.arrays import Floats
from juste_retour.agents.commissioner import DraftPlans
from juste_retour.agents.each import BatchedQuestions
from juste_retour.agents.lab import Market
from juste_retour.agents.situation import College, Offer, Situation
from juste_retour.agents.some_worlds import some_worlds
from juste_retour.agents.values import Values


class OwnParameters(Values):
    """The parameters of one world as plain numbers, as in `p.patience`."""

    def __init__(self, values: Values):
        super().__init__()
        self._values = values

    def __getattr__(self, name: str) -> Floats:
        """The parameter of that name."""
        if name.startswith("_"):
            raise AttributeError(name)
        value = getattr(self._values, name)
        return value[0, 0] if isinstance(value, np.ndarray) else value


def own(handed: Any, actor: int, kind: Kind = STATE, name: str = "") -> Any:
    """One actor's part of an argument of a rule, or of one of its arrays.

    Args:
        handed: the argument or array, of one world.
        actor: position of the actor.
        kind: the kind of actor.
        name: the name of the array.
    """
    if isinstance(handed, np.ndarray):
        return kind.part(name, handed, 0, actor)[0]
    if not is_dataclass(handed) or isinstance(handed, type):
        return handed
    parts: dict[str, Any] = {}
    for field in fields(handed):
        value = getattr(handed, field.name)
        if field.name == "p":
            value = OwnParameters(value)
        elif isinstance(value, np.ndarray | Offer):
            value = own(value, actor, kind, field.name)
        elif field.name == "alone" and isinstance(handed, Situation):
            value = _own_alone(handed, actor)
        elif field.name == "continued" and value is not None:
            value = _later(value, lambda continued: own(continued, actor))
        parts[field.name] = value
    return replace(handed, **parts)


def _later(compute: Callable[[], Floats], part: Callable[[Floats], Floats]) -> Callable[[], Floats]:
    return lambda: part(compute())


def _own_alone(situation: Situation, actor: int) -> Callable[[float], Offer]:
    def alone(size: float) -> Offer:
        sizes = np.zeros(situation.scale.shape)
        sizes[0, actor] = size
        return own(situation.alone(sizes), actor)

    return alone


def with_batched_alone(situation: Situation, questions: BatchedQuestions[Offer], row: int, actor: int) -> Situation:
    """One world's situation, in which an actor's calls of `alone` are answered together with those of all others.

    An actor may ask for another size when its decision is restarted, for instance because it draws random numbers of
    its own. Its call is then answered separately.
    """

    def alone(sizes: Floats) -> Offer:
        answer, size = questions.answer(sizes[0, actor]), sizes[0, actor]
        if questions.sizes[questions.asked - 1][row, actor] != size:
            return situation.alone(sizes)
        return some_worlds(answer, np.array([row]))

    return replace(situation, alone=alone)


def with_own(handed: Any, mine: Any, actor: int) -> Any:
    """An argument of a rule, of one world, with one actor's entries replaced by those of `mine`."""
    if isinstance(handed, np.ndarray):
        changed = np.array(handed)
        changed[0, actor] = mine
        return changed
    changes = {
        f.name: with_own(getattr(handed, f.name), getattr(mine, f.name), actor)
        for f in fields(handed)
        if isinstance(getattr(handed, f.name), np.ndarray | Offer)
    }
    return replace(handed, **changes)


@dataclass(frozen=True, eq=False)
class OwnPlans:
    """What each draft means to one commissioner: gains over the status quo, EUR bn per state; all (plans,).

    Attributes:
        home: the home state's gain.
        union: the mean gain of all states.
        race: the gain in V.
        cohesion: money placed in states with below-average GDP per head.
        spend: the Union's money.
        private: labs' money.
        party: the mean gain of the states whose commissioners belong to the same party.
        portfolio: the portfolio's gain.
        utility: the weighted sum; see `DraftPlans.utility`.
    """

    home: Floats
    union: Floats
    race: Floats
    cohesion: Floats
    spend: Floats
    private: Floats
    party: Floats
    portfolio: Floats
    utility: Floats


def own_plans(plans: DraftPlans, college: College, seat: int) -> OwnPlans:
    """What each draft of one world means to the commissioner at position `seat`."""
    columns = {name: getattr(plans, name) for name in _COLUMNS}
    columns |= {"portfolio": plans.portfolio(college), "utility": plans.utility(college)}
    return OwnPlans(**{name: own(column, seat, COMMISSIONER) for name, column in columns.items()})


_COLUMNS = ("home", "union", "race", "cohesion", "spend", "private", "party")


def own_market(market: Market, lab: int) -> Market:
    """The places where one lab could train in one world: `usable`, `wait` and `home` (places,), `outside` a number."""
    return replace(own(market, lab, LAB), outside=market.outside[0, lab, 0])
