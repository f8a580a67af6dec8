"""What one actor in one world sees of what all are handed: the same things, its own part of them alone.

It goes down from what is left of one world (`juste_retour.agents.some_worlds`) to the actor, whose numbers are plain NumPy numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

import numpy as np

from juste_retour.agents.actors import COMMISSIONER, LAB, STATE, Kind
from juste_retour.agents.arrays import Floats
from juste_retour.agents.commissioner import DraftPlans
from juste_retour.agents.each import Asks
from juste_retour.agents.lab import Market
from juste_retour.agents.situation import College, Offer, Situation
from juste_retour.agents.some_worlds import some_worlds
from juste_retour.agents.values import Values


class Parameters(Values):
    """The parameters of the one world that is left, as plain numbers: `p.patience`."""

    def __init__(self, everyones: Values):
        super().__init__()
        self._everyones = everyones

    def __getattr__(self, name: str) -> Floats:
        """The parameter of that name."""
        if name.startswith("_"):
            raise AttributeError(name)
        value = getattr(self._everyones, name)
        return value[0, 0] if isinstance(value, np.ndarray) else value


def own(handed: Any, actor: int, kind: Kind = STATE, name: str = "") -> Any:
    """One actor's part of what all of its kind are handed, or of an array of that name; one world of it is left."""
    if isinstance(handed, np.ndarray):
        return kind.part(name, handed, 0, actor)[0]
    if not is_dataclass(handed) or isinstance(handed, type):
        return handed
    parts: dict[str, Any] = {}
    for field in fields(handed):
        value = getattr(handed, field.name)
        if field.name == "p":
            value = Parameters(value)
        elif isinstance(value, np.ndarray | Offer):
            value = own(value, actor, kind, field.name)
        elif field.name == "alone" and isinstance(handed, Situation):
            value = _own_alone(handed, actor)
        elif field.name == "continued" and value is not None:
            value = _later(value, lambda continued: own(continued, actor))
        parts[field.name] = value
    return replace(handed, **parts)


def _later(ask: Callable[[], Floats], part: Callable[[Floats], Floats]) -> Callable[[], Floats]:
    return lambda: part(ask())


def _own_alone(situation: Situation, actor: int) -> Callable[[float], Offer]:
    def alone(size: float) -> Offer:
        sizes = np.zeros(situation.scale.shape)
        sizes[0, actor] = size
        return own(situation.alone(sizes), actor)

    return alone


def asking(situation: Situation, asks: Asks[Offer], row: int, actor: int) -> Situation:
    """One world's situation in which an actor's questions of `alone` are answered together with everyone else's.

    An actor that asks otherwise when it is heard again, for instance because it draws random numbers of its own, is answered by itself.
    """

    def alone(sizes: Floats) -> Offer:
        answer, size = asks.answer(sizes[0, actor]), sizes[0, actor]
        if asks.sizes[asks.asked - 1][row, actor] != size:
            return situation.alone(sizes)
        return some_worlds(answer, np.array([row]))

    return replace(situation, alone=alone)


def with_own(handed: Any, mine: Any, actor: int) -> Any:
    """What all are handed in one world, one actor's column of its numbers replaced by `mine`."""
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
    """The drafts before the College as one commissioner sees them; gains over what stands, EUR bn a state, (plans,).

    `home` the home state's; `union` the mean of all states; `race` in V; `cohesion`, `spend` and `private` the money
    placed in poorer states, by the Union and by labs; `party` of the states whose commissioners share the party;
    `portfolio` what the portfolio gains; `utility` all interests weighed.
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
    """One commissioner's view of the drafts of one world."""

    columns = {name: getattr(plans, name) for name in _COLUMNS}
    columns |= {"portfolio": plans.portfolio(college), "utility": plans.utility(college)}
    return OwnPlans(**{name: own(column, seat, COMMISSIONER) for name, column in columns.items()})


_COLUMNS = ("home", "union", "race", "cohesion", "spend", "private", "party")


def own_market(market: Market, lab: int) -> Market:
    """The places where one lab of one world could train; `usable`, `wait` and `home` are (places,), `outside` a number."""
    return replace(own(market, lab, LAB), outside=market.outside[0, lab, 0])
