"""The Mesa agents: member states, commissioners and labs as views on the arrays of a world.

They store no state of the model; their properties read the world's arrays. Decisions are methods. By default they
apply the scenario's rule, and a subclass that overrides one replaces the rule. The model may call a decision several
times in a quarter, also about offers that never come to a vote. It restarts a bid after each call of
`situation.alone`. So a decision must not change the agent. An agent learns in `step`, which the model calls at the end
of each quarter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar

import mesa
import numpy as np
from numpy.typing import NDArray

from juste_retour.agents.actors import COMMISSIONER, LAB, STATE, Kind
from juste_retour.agents.arrays import Booleans, Floats
from juste_retour.agents.errors import BadInput
from juste_retour.agents.lab import Market
from juste_retour.agents.own import OwnPlans, own, own_market, own_plans, with_own
from juste_retour.agents.rules import Handed
from juste_retour.agents.situation import Offer, Situation


def is_agent(cls: object) -> bool:
    """Whether something is a class of Mesa agents, with or without a row in the union's tables."""
    return isinstance(cls, type) and issubclass(cls, mesa.Agent)


class Actor(mesa.Agent):
    """A view on one position of the arrays of the model's world.

    Args:
        model: the `juste_retour.abm.model.AllocationModel`.
        place: position of the state, commissioner, lab or site on its axis.

    Raises:
        BadInput: the model has its actors already.
    """

    decisions: ClassVar[dict[str, type[np.generic]]] = {}  # the names of its decisions, and the type of each answer
    actors: ClassVar[Kind]  # the kind of actor
    comes_later: ClassVar[bool] = False  # whether the model creates it during the run

    def __init__(self, model: Any, place: int):
        if model.complete and not self.comes_later:
            raise BadInput(
                f"{type(self).__name__}(model, {place!r}): the model creates one actor for each row of the union's tables; "
                "give it the class by agents=, or add a row to the tables (see members=)."
            )
        super().__init__(model)
        self.place = place

    def remove(self) -> None:
        """Raise `BadInput`: an agent is a view on a row of the union's tables, which would remain."""
        raise BadInput(
            f"{self!r} cannot be removed, because it is a row of the union's tables; "
            "load a union without that row (see members=)."
        )

    def __repr__(self) -> str:
        """The class, the actor and the quarter."""
        name = getattr(self, "name", self.label)
        actor = self.label if name == self.label else f"{self.label}, {name}"
        return f"<{type(self).__name__} {actor}, {self.model.quarter}>"

    @property
    def world(self) -> Any:
        """The arrays of the worlds; this model's world is row `model.row`."""
        return self.model.world

    def _mine(self, array: NDArray[np.generic]) -> Any:
        return array[self.model.row, self.place].item()

    def why(self) -> Sequence[object]:
        """The agent's decisions so far with their terms, as `AllocationModel.why` returns them."""
        return self.model.why(self)

    @classmethod
    def overridden(cls) -> tuple[str, ...]:
        """The names of the decisions that this class takes itself instead of applying the scenario's rule."""
        base = next(c for c in cls.__mro__ if c.__module__ == __name__)
        return tuple(name for name in cls.decisions if getattr(cls, name) is not getattr(base, name))

    def answer(self, name: str, handed: Handed) -> float | NDArray[np.generic]:
        """Return the agent's decision `name`, given the arguments for all actors of this world; `BadInput` if invalid."""
        raise NotImplementedError

    def _wrong(self, name: str, answer: object, remedy: str) -> BadInput:
        said = " ".join(repr(answer).split())
        return BadInput(f"{type(self).__name__}.{name} of {self.label} returned {said}; {remedy}.")

    @property
    def label(self) -> str:
        """Its short name in messages."""
        return str(self.place)

    def _number(self, name: str, answer: object, remedy: str) -> float:
        try:
            number = float(np.asarray(answer, dtype=np.float64).reshape(()))
        except (TypeError, ValueError):
            raise self._wrong(name, answer, remedy) from None
        if np.isnan(number):
            raise self._wrong(name, answer, remedy)
        return number

    def _numbers(self, name: str, answer: object, count: int, remedy: str) -> Floats:
        try:
            numbers = np.broadcast_to(np.asarray(answer, dtype=np.float64), (count,))
        except (TypeError, ValueError):
            raise self._wrong(name, answer, remedy) from None
        if np.isnan(numbers).any():
            raise self._wrong(name, answer, remedy)
        return numbers


class MemberState(Actor):
    """A member state, which bids, votes and sets its reservation value."""

    decisions: ClassVar = {"bid": np.float64, "vote": np.int64, "expect": np.float64}
    actors = STATE

    def bid(self, situation: Situation) -> float:
        """Size of the site to bid for, EUR bn; 0 is no bid. `situation.alone(size)` is the payoff with such a site."""
        return self._by_rule("bid", situation)

    def vote(self, offer: Offer) -> int:
        """Return 1 for yes, -1 for no, 0 for an abstention; compare `offer.utility` with `self.reservation`, EUR bn."""
        return int(self._by_rule("vote", offer))

    def expect(self, reversion: Offer) -> float:
        """The reservation value, EUR bn; `reversion` is the payoff if nothing is agreed."""
        return self._by_rule("expect", reversion)

    def _by_rule(self, name: str, mine: Situation | Offer) -> float:
        first, *rest = self.model.handed(name)
        said = self.model.by_rule(name, with_own(first, mine, self.place), *rest)
        return own(np.asarray(said), self.place)

    def answer(self, name: str, handed: Handed) -> float:
        """Return the state's decision, given the arguments for all states, of which it sees its own entries."""
        said = getattr(self, name)(own(handed[0], self.place))
        if name == "vote":
            if isinstance(said, bool | np.bool_):
                return 1 if said else -1
            vote = self._number(name, said, remedy := "return 1 for yes, -1 for no or 0 for an abstention")
            if vote not in (1, 0, -1):
                raise self._wrong(name, said, remedy)
            return vote
        if name == "bid":
            size = self._number(name, said, remedy := "return a size in EUR bn, 0 for no bid")
            if not 0 <= size < np.inf:
                raise self._wrong(name, said, remedy)
            return size
        return self._number(name, said, "return a value in EUR bn")

    @property
    def code(self) -> str:
        """The state's code, as in "HU"."""
        return self.world.states.codes[self.place]

    label = code

    @property
    def state(self) -> str:
        """The state's code, under the name that other agents use for their state."""
        return self.code

    @property
    def name(self) -> str:
        """The state's name."""
        return self.world.states.names[self.place]

    @property
    def population(self) -> int:
        """Population, persons."""
        return int(self.world.states.population[self.place])

    @property
    def gdp_eur_bn(self) -> float:
        """GDP, EUR bn per year."""
        return float(self.world.states.gdp[self.place])

    @property
    def ambition(self) -> float:
        """The factor by which the state values local spending, drawn once per world; its median is 1."""
        return self._mine(self.world.ambition)

    @property
    def sites(self) -> int:
        """Facilities under contract in the state."""
        return self._mine_of("sites")

    @property
    def accelerators(self) -> float:
        """Accelerators of the facilities under contract in the state."""
        return self._mine_of("accelerators")

    @property
    def received_eur_bn(self) -> float:
        """Cost of the facilities under contract in the state, EUR bn."""
        return self._mine_of("received")

    @property
    def paid_eur_bn(self) -> float:
        """The state's payments for all facilities under contract in the Union, EUR bn."""
        return self._mine_of("paid")

    @property
    def private_eur_bn(self) -> float:
        """Payments of labs and firms for the facilities in the state, EUR bn."""
        return self._mine_of("private")

    def _mine_of(self, account: str) -> Any:
        return self._mine(getattr(self.model.accounts, account))

    @property
    def yes_votes(self) -> int:
        """Ballots in which it voted yes."""
        return self._mine(self.world.bargaining.yes_votes)

    @property
    def no_votes(self) -> int:
        """Ballots in which it voted no."""
        return self._mine(self.world.bargaining.no_votes)

    @property
    def memory_eur_bn(self) -> float:
        """The moving average of the gains from past offers, EUR bn."""
        return self._mine(self.world.bargaining.memory)

    @property
    def last_vote(self) -> str | None:
        """Its vote in the last ballot: "yes", "no" or "abstain"; None before the first."""
        ballot = self.model.last_ballot
        if ballot is None:
            return None
        if ballot.yes[0, self.place]:
            return "yes"
        return "no" if ballot.no[0, self.place] else "abstain"

    @property
    def reservation(self) -> float | None:
        """The reservation value at its last vote, EUR bn; None before the first offer."""
        handed = self.model.handed("vote", None)
        return None if handed is None else float(own(handed[1], self.place))

    @property
    def situation(self) -> Situation:
        """The state's information this quarter, with its own entries only."""
        return own(self.model.situation, self.place)


class Commissioner(Actor):
    """A commissioner, who drafts plans and votes on them in the College."""

    decisions: ClassVar = {"draft": np.float64, "endorse": np.bool_}
    actors = COMMISSIONER

    def draft(self, plans: OwnPlans) -> Floats:
        """Return a score for each draft, (plans,); the lead commissioner's best adopted draft is proposed."""
        return self._by_rule("draft", plans)

    def endorse(self, plans: OwnPlans) -> Floats:
        """Return whether it would vote for each draft in the College, (plans,)."""
        return self._by_rule("endorse", plans)

    def _by_rule(self, name: str, mine: OwnPlans) -> Floats:
        plans, college = self.model.handed(name)
        shared = ("union", "race", "cohesion", "spend", "private")
        columns = {key: np.reshape(getattr(mine, key), (1, -1, 1)) for key in shared}
        for key in ("home", "party"):
            columns[key] = np.array(getattr(plans, key))
            columns[key][0, :, self.place] = getattr(mine, key)
        said = np.asarray(self.model.by_rule(name, replace(plans, **columns), college))
        return own(said, self.place, COMMISSIONER)

    def answer(self, name: str, handed: Handed) -> Floats | Booleans:
        """Return the commissioner's decision, given the arguments for all, of which it sees its own entries."""
        plans, college = handed
        said = getattr(self, name)(own_plans(plans, college, self.place))
        count = plans.home.shape[1]
        if name == "draft":
            return self._numbers(name, said, count, f"return one score for each of the {count} drafts")
        return self._numbers(name, said, count, f"return True or False for each of the {count} drafts") > 0

    @property
    def state(self) -> str:
        """Code of the home state."""
        return self.world.states.codes[self.world.college.state[self.place]]

    label = state

    @property
    def name(self) -> str:
        """The commissioner's name."""
        return self.world.college.names[self.place]

    @property
    def portfolio(self) -> str:
        """The portfolio's title."""
        return self.world.college.portfolio[self.place]

    @property
    def interest(self) -> str:
        """The interest that the portfolio represents, such as "digital" or "budget"."""
        return self.world.college.interest[self.place]

    @property
    def leads(self) -> bool:
        """Whether this commissioner drafts."""
        return self.place == self.world.college.lead


class Lab(Actor):
    """A lab, which decides where it would train; from that follow its letter of intent and its exit."""

    decisions: ClassVar = {"anchor": np.float64}
    actors = LAB

    def anchor(self, market: Market) -> Floats:
        """Return each place's advantage over what the lab has, log units, (places,); it offers money if positive."""
        return self._by_rule("anchor", market)

    def _by_rule(self, name: str, mine: Market) -> Floats:
        (market,) = self.model.handed(name)
        home, outside = np.array(market.home), np.array(market.outside)
        home[self.place], outside[0, self.place, 0] = mine.home, mine.outside
        usable, wait = (np.reshape(x, (1, 1, -1)) for x in (mine.usable, mine.wait))
        said = self.model.by_rule(name, replace(market, usable=usable, wait=wait, home=home, outside=outside))
        return own(np.asarray(said), self.place, LAB)

    def answer(self, name: str, handed: Handed) -> Floats:
        """Return the lab's decision, given the arguments for all labs, of which it sees its own entries."""
        (market,) = handed
        places = market.usable.shape[-1]
        said = getattr(self, name)(own_market(market, self.place))
        return self._numbers(name, said, places, f"return one number for each of the {places} places")

    @property
    def name(self) -> str:
        """The lab's name."""
        return self.world.labs.names[self.place]

    label = name

    @property
    def state(self) -> str | None:
        """Code of the home state; None outside the union."""
        home = int(self.world.labs.home[self.place])
        return self.world.states.codes[home] if home >= 0 else None

    @property
    def kind(self) -> str:
        """Kind of lab: "company" or "consortium"."""
        return self.world.labs.kind[self.place]

    @property
    def capital_eur_bn(self) -> float:
        """Capital, EUR bn per year."""
        return float(self.world.labs.capital[self.place])

    @property
    def own_accelerators(self) -> float:
        """Accelerators that the lab has today, H100 equivalents."""
        return float(self.world.labs.accelerators[self.place])

    @property
    def left(self) -> bool:
        """Whether it trains in a cloud abroad."""
        return self._mine(self.world.training.exited)
