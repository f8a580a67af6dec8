"""The simple game behind a voting rule: who votes, and which algorithm counts the winning coalitions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from fractions import Fraction
from math import gcd, lcm
from typing import Any

import numpy as np
from numpy.typing import NDArray

from juste_retour.abm.politics.conditions import Ballot, Condition, Majority
from juste_retour.abm.politics.power.coalition_table import Bits, tally_of
from juste_retour.abm.politics.power.coalitions import WinningCoalitions
from juste_retour.abm.politics.power.double_majority import DoubleMajority
from juste_retour.abm.politics.power.enumeration import evaluate_all, evaluate_monotone
from juste_retour.abm.politics.power.indices import Power
from juste_retour.abm.politics.power.swings import SwingTally
from juste_retour.abm.politics.voting import voting
from juste_retour.agents.arrays import Floats, Integers
from juste_retour.agents.errors import BadInput
from juste_retour.agents.rules import Rule, Setting
from juste_retour.agents.situation import States

COMMISSION = "EU"
LARGEST_ENUMERATED = 30  # most members of a rule that is evaluated on coalitions
Exact = int | float | str | Decimal | Fraction  # numbers that convert exactly to a fraction


def only(states: States, index: NDArray[np.integer]) -> States:
    """The states with these indices, in this order."""

    def some(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: some(column) for name, column in value.items()}
        return tuple(value[i] for i in index) if isinstance(value, tuple) else value[index]

    kept = {f.name: some(getattr(states, f.name)) for f in fields(states) if f.name != "borders"}
    if states.borders.shape[0] == states.count:
        kept["borders"] = states.borders[index][:, index]
    else:
        kept["borders"] = states.borders
    return States(**kept)


class _Watched:
    """A ballot that records whether a rule reads the Commission's vote."""

    def __init__(self, ballot: Ballot):
        self._ballot, self.asked = ballot, False

    def __getattr__(self, name: str) -> Any:
        self.asked |= name == "union_yes"
        return getattr(self._ballot, name)


@dataclass(frozen=True, eq=False)
class Game:
    """A voting rule as a simple game among the states that vote and, if it votes, the Commission, which comes last.

    Attributes:
        rule: the voting rule.
        states: all states.
        settings: the rule's parameters.
        weight: what each state contributes, for rules that count money; None for equal weights.
        decider: index of the state that decides alone; -1 for the Commission or a lab.
        voters: indices of the states that vote.
        commission: whether the Commission votes.
    """

    rule: Rule
    states: States
    settings: dict[str, Any]
    weight: Floats | Integers | None
    decider: int
    voters: NDArray[np.int64]
    commission: bool

    @classmethod
    def of(
        cls,
        rule: str | Rule,
        states: States,
        settings: dict[str, Setting] | None = None,
        weight: Floats | Integers | None = None,
        decider: int = -1,
    ) -> Game:
        """The game of a rule, or of the rule with this name, among states; arguments as in `voting_power`."""
        rule = voting[rule] if isinstance(rule, str) else rule
        values: dict[str, Any] = {  # floats as arrays, since rules expect (worlds, 1)
            name: np.full(1, value) if isinstance(value, float) else value
            for name, value in rule.settings(settings or {}, f"voting.{rule.name}").items()
        }
        nobody = np.zeros(states.count, dtype=bool)
        ballot = Ballot(nobody, ~nobody, np.zeros((), dtype=bool), weight, decider)
        voters = None
        if "conditions" in rule.marks:
            majority: Majority = rule.marks["conditions"](ballot, states, **values)
            voters = majority.voters
            commission = any(np.any(c.union) for way in majority.ways for c in way)
        else:
            watched = []
            for everyone in (
                nobody,
                ~nobody,
            ):  # a rule may read the Commission's vote only if the states agree
                watched.append(_Watched(Ballot(everyone, ~everyone, np.ones((), dtype=bool), weight, decider)))
                rule(watched[-1], states, **values)
            commission = any(w.asked for w in watched)
        index = np.arange(states.count) if voters is None else np.flatnonzero(voters)
        return cls(rule, states, values, weight, decider, index, commission)

    @property
    def members(self) -> tuple[str, ...]:
        """Codes of all who vote; the Commission, EU, comes last."""
        states = tuple(self.states.codes[i] for i in self.voters)
        return (*states, COMMISSION) if self.commission else states

    @property
    def majority(self) -> Majority | None:
        """The rule's conditions; None if the rule is not defined by conditions."""
        if "conditions" not in self.rule.marks:
            return None
        nobody = np.zeros(self.states.count, dtype=bool)
        ballot = Ballot(nobody, ~nobody, np.zeros((), dtype=bool), self.weight, self.decider)
        return self.rule.marks["conditions"](ballot, self.states, **self.settings)

    def ballot(self, yes: NDArray[np.bool_], no: NDArray[np.bool_]) -> Ballot:
        """A ballot from the members' yes and no votes, booleans (..., members)."""
        n = len(self.voters)
        states = np.zeros((2, *yes.shape[:-1], self.states.count), dtype=bool)
        states[0][..., self.voters], states[1][..., self.voters] = yes[..., :n], no[..., :n]
        union_yes = yes[..., n] if self.commission else np.zeros(yes.shape[:-1], dtype=bool)
        return Ballot(states[0], states[1], union_yes, self.weight, self.decider)

    def wins(self, yes: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Whether coalitions pass the rule if all other members vote no; (k, members) to (k,)."""
        return np.broadcast_to(self.rule(self.ballot(yes, ~yes), self.states, **self.settings), yes.shape[:-1])

    def double_majority(self) -> tuple[DoubleMajority, bool] | None:
        """The rule as a double majority game, and whether the Commission also has a veto.

        None if the rule is not such a game.
        """
        majority = self.majority
        if majority is None:
            return None
        ways = list(majority.ways)
        veto = self.commission and all(sum(_veto(c) for c in way) == 1 for way in ways)
        if veto:
            ways = [tuple(c for c in way if not _veto(c)) for way in ways]
        joined = self.commission and not veto
        n = len(self.voters) + joined
        weights, members, quota, sure = (0,) * n, 0, 0, n + 1
        weighed = False
        for way in ways:
            heads, heavy = 0, []
            for c in way:
                w = [int(c.weights[i]) for i in self.voters] + [int(c.union)] * joined
                if n and w[0] > 0 and w == [w[0]] * n:
                    heads = max(heads, -(-int(c.quota) // w[0]))
                else:
                    heavy.append((tuple(w), int(c.quota)))
            if len(heavy) > 1 or (heavy and weighed):
                return None
            if heavy:
                weighed, members = True, heads
                weights, quota = heavy[0]
            else:
                sure = min(sure, heads)
        if not weighed:
            quota = 1  # all weights are 0, so that only the number of members counts
        game = DoubleMajority(weights, members, quota, sure)
        return (game.dual() if majority.reverse else game), veto

    def tally(self) -> SwingTally:
        """The winning coalitions by size, counted by the fastest algorithm that fits the rule.

        Raises:
            BadInput: the rule must be evaluated on coalitions and has too many members, or is not monotone.
        """
        n = len(self.members)
        found = self.double_majority()
        if found is not None:
            game, veto = found
            return game.tally().with_veto() if veto else game.tally()
        if n > LARGEST_ENUMERATED:
            raise BadInput(
                f"the rule {self.rule.name!r} must be evaluated on every coalition, which is possible for at most "
                f"{LARGEST_ENUMERATED} members; there are {n}. Use fewer members, or define the rule by conditions."
            )
        named = f"the rule {self.rule.name!r}"
        if "monotone" not in self.rule.properties:
            return tally_of(evaluate_all(self.wins, n), n, named)
        tally = tally_of(self._evaluated(n), n, named)
        return replace(tally, winning_with=[tally.winning_with[i] for i in np.argsort(self._rising)])

    @property
    def _rising(self) -> tuple[int, ...]:
        return tuple(sorted(range(len(self.members)), key=self._people))

    def coalitions(self) -> WinningCoalitions:
        """The table of winning coalitions, for indices that depend on single coalitions."""
        n, named = len(self.members), f"the rule {self.rule.name!r}"
        found = self.double_majority()
        if found is not None:
            game, veto = found
            weights = None
            if game.members <= 0 and game.sure > n and game.quota > 0 and not veto:
                weights = game.weights
            elif game.sure <= n and not any(game.weights) and not veto:  # a majority of members
                weights = (1,) * n
            return WinningCoalitions(named, n, lambda: game.table(veto), tuple(range(n)), weights)
        if "monotone" not in self.rule.properties:
            return WinningCoalitions(named, n, lambda: evaluate_all(self.wins, n), tuple(range(n)))
        return WinningCoalitions(named, n, lambda: self._evaluated(n), self._rising)

    def _evaluated(self, n: int) -> Bits:
        """The table of a monotone rule, evaluated on coalitions; bit j stands for the member `_rising[j]`."""
        place = np.argsort(self._rising)
        return evaluate_monotone(lambda yes: self.wins(np.take(yes, place, axis=-1)), n)

    def _people(self, member: int) -> float:
        return float(self.states.population[self.voters[member]]) if member < len(self.voters) else np.inf


def _veto(condition: Condition) -> bool:
    return bool(np.any(condition.union)) and not condition.weights.any()


class _ReadStates:
    """States that record whether a rule reads their populations."""

    def __init__(self, states: States):
        self._states, self.read = states, False

    def __getattr__(self, name: str) -> Any:
        self.read |= name == "population"
        return getattr(self._states, name)


def require_population(rule: Rule, states: States, settings: dict[str, Setting]) -> None:
    """Check that all states have a population if the rule uses it.

    Raises:
        BadInput: some population is 0; the message names the rule, the states and the remedy.
    """
    unknown = [code for code, n in zip(states.codes, states.population, strict=True) if n == 0]
    if not unknown:
        return
    watched: Any = _ReadStates(states)
    Game.of(rule, watched, settings)
    if watched.read:
        raise BadInput(
            f"{rule.name} uses populations, and {', '.join(unknown)} {'has' if len(unknown) == 1 else 'have'} "
            "none; give them, or choose a rule that counts states, such as simple_majority."
        )


def voting_power(
    rule: str | Rule,
    states: States,
    settings: dict[str, Setting] | None = None,
    weight: Floats | Integers | None = None,
    decider: int = -1,
) -> Power:
    """Exact voting power under a rule: of the states that vote and, if it votes, of the Commission (`EU`, last).

    Args:
        rule: a rule of the family `voting`, or its name.
        states: the union.
        settings: the rule's parameters.
        weight: (states,) what each state contributes, for rules that count money.
        decider: index of the state that decides alone, for `dictator`.

    Raises:
        BadInput: the rule has too many members, or is not monotone.
    """
    game = Game.of(rule, states, settings, weight, decider)
    return Power(game.rule.name, game.members, game.tally(), game.coalitions())


def weighted_power(
    quota: Exact, weights: Sequence[Exact], members: Sequence[str] | None = None, name: str = "weighted"
) -> Power:
    """Exact voting power in a weighted voting game [quota; weights]: a coalition wins if its weight reaches the quota.

    Args:
        quota: integer, decimal or fraction; the result is exact for all of them.
        weights: one per member, of the same kinds.
        members: names of the members; by default "1", "2", ...
        name: the game's name in messages and results.

    Raises:
        BadInput: there are no weights, one is negative, or the quota is not between 0 and their sum.

    >>> [str(share) for share in weighted_power(51, [50, 49, 1]).shapley_shubik]
    ['2/3', '1/6', '1/6']
    """
    members = tuple(members or (str(i + 1) for i in range(len(weights))))
    exact = [Fraction(w) for w in weights]
    if not exact:
        raise BadInput("there are no weights; give at least one member.")
    for member, w in zip(members, exact, strict=True):
        if w < 0:
            raise BadInput(f"the weight of {member} is {_plain(w)}; it must be at least 0.")
    if Fraction(quota) <= 0:
        raise BadInput(f"the quota is {_plain(quota)}; it must be above 0.")
    if Fraction(quota) > sum(exact):
        raise BadInput(
            f"the quota is {_plain(quota)}; it must be at most the sum of the weights, {_plain(sum(exact))}."
        )
    scale = lcm(*(w.denominator for w in exact))
    integers = tuple(int(w * scale) for w in exact)
    least = -(-Fraction(quota) * scale // 1)
    n = len(integers)
    if len(set(integers)) == 1:  # equal weights: a majority of members, which is faster to count
        game = DoubleMajority((0,) * n, 0, 1, -(-int(least) // integers[0]))
    else:
        game = DoubleMajority(integers, 0, int(least), n + 1)
    lowest = tuple(w // gcd(*integers) for w in integers)
    each = WinningCoalitions(f"the game {name!r}", n, game.table, tuple(range(n)), lowest)
    return Power(name, members, game.tally(), each)


def _plain(number: Exact) -> str:
    number = Fraction(number)
    return f"{number.numerator:,}" if number.denominator == 1 else f"{float(number):g}"
