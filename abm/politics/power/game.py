"""From a voting rule to a game whose power is counted: who plays, and which algorithm can count."""

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
from juste_retour.abm.politics.power.asking import ask_all, ask_unsettled
from juste_retour.abm.politics.power.coalitions import Coalitions
from juste_retour.abm.politics.power.double_majority import DoubleMajority
from juste_retour.abm.politics.power.indices import Power
from juste_retour.abm.politics.power.swings import SwingTally
from juste_retour.abm.politics.power.table import Bits, tally_of
from juste_retour.abm.politics.voting import voting
from juste_retour.agents.arrays import Floats, Integers
from juste_retour.agents.errors import BadInput
from juste_retour.agents.rules import Rule, Setting
from juste_retour.agents.situation import States

COMMISSION = "EU"
LARGEST_ASKED = 30
Exact = int | float | str | Decimal | Fraction  # what a fraction is made of


def only(states: States, index: NDArray[np.integer]) -> States:
    """Some of the states, in the order of the index."""

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
    """A ballot that remembers whether the Commission's vote was looked at."""

    def __init__(self, ballot: Ballot):
        self._ballot, self.asked = ballot, False

    def __getattr__(self, name: str) -> Any:
        self.asked |= name == "union_yes"
        return getattr(self._ballot, name)


@dataclass(frozen=True, eq=False)
class Game:
    """A voting rule put to yes and no: the states that vote and, where it votes, the Commission, which stands last."""

    rule: Rule
    states: States
    settings: dict[str, Any]
    weight: Floats | Integers | None
    decider: int
    voters: NDArray[np.int64]  # index of the states that vote
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
        """The game of a rule (or its name) among states; `settings` are the rule's parameters."""
        rule = voting[rule] if isinstance(rule, str) else rule
        asked_with: dict[str, Any] = {
            name: np.full(1, value)
            if isinstance(value, float)
            else value  # as (worlds, 1), of any number of ballots
            for name, value in rule.settings(settings or {}, f"voting.{rule.name}").items()
        }
        nobody = np.zeros(states.count, dtype=bool)
        ballot = Ballot(nobody, ~nobody, np.zeros((), dtype=bool), weight, decider)
        voters = None
        if "conditions" in rule.marks:
            majority: Majority = rule.marks["conditions"](ballot, states, **asked_with)
            voters = majority.voters
            commission = any(np.any(c.union) for way in majority.ways for c in way)
        else:
            watched = []
            for everyone in (nobody, ~nobody):  # a rule may ask the Commission only if the states agree
                watched.append(
                    _Watched(Ballot(everyone, ~everyone, np.ones((), dtype=bool), weight, decider))
                )
                rule(watched[-1], states, **asked_with)
            commission = any(w.asked for w in watched)
        index = np.arange(states.count) if voters is None else np.flatnonzero(voters)
        return cls(rule, states, asked_with, weight, decider, index, commission)

    @property
    def members(self) -> tuple[str, ...]:
        """Codes of those who vote."""
        states = tuple(self.states.codes[i] for i in self.voters)
        return (*states, COMMISSION) if self.commission else states

    @property
    def majority(self) -> Majority | None:
        """The conditions of the rule, where it is said in conditions."""
        if "conditions" not in self.rule.marks:
            return None
        nobody = np.zeros(self.states.count, dtype=bool)
        ballot = Ballot(nobody, ~nobody, np.zeros((), dtype=bool), self.weight, self.decider)
        return self.rule.marks["conditions"](ballot, self.states, **self.settings)

    def ballot(self, yes: NDArray[np.bool_], no: NDArray[np.bool_]) -> Ballot:
        """A ballot from the votes of the members; (..., members) booleans."""
        n = len(self.voters)
        states = np.zeros((2, *yes.shape[:-1], self.states.count), dtype=bool)
        states[0][..., self.voters], states[1][..., self.voters] = yes[..., :n], no[..., :n]
        union_yes = yes[..., n] if self.commission else np.zeros(yes.shape[:-1], dtype=bool)
        return Ballot(states[0], states[1], union_yes, self.weight, self.decider)

    def wins(self, yes: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Whether coalitions pass the rule if all others say no; (k, members) to (k,)."""
        return np.broadcast_to(
            self.rule(self.ballot(yes, ~yes), self.states, **self.settings), yes.shape[:-1]
        )

    def double_majority(self) -> tuple[DoubleMajority, bool] | None:
        """The rule as a game of enough members and enough weight, and whether the Commission has a veto beside it.

        None where the rule is not such a game.
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
            quota = 1  # of no weight at all: only heads count
        game = DoubleMajority(weights, members, quota, sure)
        return (game.dual() if majority.reverse else game), veto

    def tally(self) -> SwingTally:
        """Count the winning coalitions, by the quickest algorithm that fits the rule."""
        n = len(self.members)
        found = self.double_majority()
        if found is not None:
            game, veto = found
            return game.tally().with_veto() if veto else game.tally()
        if n > LARGEST_ASKED:
            raise BadInput(
                f"the rule {self.rule.name!r} has to be asked about every coalition, which is done for up to "
                f"{LARGEST_ASKED} members; here are {n}."
            )
        named = f"the rule {self.rule.name!r}"
        if "monotone" not in self.rule.properties:
            return tally_of(ask_all(self.wins, n), n, named)
        tally = tally_of(self._asked(n), n, named)
        return replace(tally, winning_with=[tally.winning_with[i] for i in np.argsort(self._rising)])

    @property
    def _rising(self) -> tuple[int, ...]:
        return tuple(sorted(range(len(self.members)), key=self._people))

    def coalitions(self) -> Coalitions:
        """The winning coalitions, for indices that look at each."""
        n, named = len(self.members), f"the rule {self.rule.name!r}"
        found = self.double_majority()
        if found is not None:
            game, veto = found
            weights = None
            if game.members <= 0 and game.sure > n and game.quota > 0 and not veto:
                weights = game.weights
            elif game.sure <= n and not any(game.weights) and not veto:  # heads alone
                weights = (1,) * n
            return Coalitions(named, n, lambda: game.table(veto), tuple(range(n)), weights)
        if "monotone" not in self.rule.properties:
            return Coalitions(named, n, lambda: ask_all(self.wins, n), tuple(range(n)))
        return Coalitions(named, n, lambda: self._asked(n), self._rising)

    def _asked(self, n: int) -> Bits:
        """The table of a monotone rule that is asked; bit j is the member `_rising[j]`."""
        place = np.argsort(self._rising)
        return ask_unsettled(lambda yes: self.wins(np.take(yes, place, axis=-1)), n)

    def _people(self, member: int) -> float:
        return float(self.states.population[self.voters[member]]) if member < len(self.voters) else np.inf


def _veto(condition: Condition) -> bool:
    return bool(np.any(condition.union)) and not condition.weights.any()


class _ReadStates:
    """States that remember whether populations were looked at."""

    def __init__(self, states: States):
        self._states, self.read = states, False

    def __getattr__(self, name: str) -> Any:
        self.read |= name == "population"
        return getattr(self._states, name)


def require_population(rule: Rule, states: States, settings: dict[str, Setting]) -> None:
    """Refuse states without a population (0) under a rule that looks at populations.

    Raises:
        BadInput: names the rule, the states and the remedy.
    """
    unknown = [code for code, n in zip(states.codes, states.population, strict=True) if n == 0]
    if not unknown:
        return
    watched: Any = _ReadStates(states)
    Game.of(rule, watched, settings)
    if watched.read:
        raise BadInput(
            f"{rule.name} looks at populations, and {', '.join(unknown)} {'has' if len(unknown) == 1 else 'have'} "
            "none; give them, or name a rule that counts heads, such as simple_majority."
        )


def voting_power(
    rule: str | Rule,
    states: States,
    settings: dict[str, Setting] | None = None,
    weight: Floats | Integers | None = None,
    decider: int = -1,
) -> Power:
    """Exact voting power of states, and of the Commission (`EU`, last) where it votes, under a rule.

    Args:
        rule: a rule of the family `voting`, or its name.
        states: the union.
        settings: the rule's parameters.
        weight: what each state commits, for rules that count money.
        decider: index of the state that decides alone, for `dictator`.
    """
    game = Game.of(rule, states, settings, weight, decider)
    return Power(game.rule.name, game.members, game.tally(), game.coalitions())


def weighted_power(
    quota: Exact, weights: Sequence[Exact], members: Sequence[str] | None = None, name: str = "weighted"
) -> Power:
    """Exact voting power where a coalition wins with the quota of the weights, [quota; weights].

    Weights and quota may be integers, decimals or fractions; they are made whole exactly.

    >>> [str(share) for share in weighted_power(51, [50, 49, 1]).shapley_shubik]
    ['2/3', '1/6', '1/6']
    """
    members = tuple(members or (str(i + 1) for i in range(len(weights))))
    exact = [Fraction(w) for w in weights]
    if not exact:
        raise BadInput("there are no weights; give one member at least.")
    for member, w in zip(members, exact, strict=True):
        if w < 0:
            raise BadInput(f"the weight of {member} is {_plain(w)}; weights must not be negative.")
    if Fraction(quota) <= 0:
        raise BadInput(f"the quota {_plain(quota)} is not positive; give one above zero.")
    if Fraction(quota) > sum(exact):
        raise BadInput(
            f"the quota {_plain(quota)} is above the total of the weights, {_plain(sum(exact))}; nothing could pass."
        )
    scale = lcm(*(w.denominator for w in exact))
    whole = tuple(int(w * scale) for w in exact)
    least = -(-Fraction(quota) * scale // 1)
    n = len(whole)
    if len(set(whole)) == 1:  # heads under another name
        game = DoubleMajority((0,) * n, 0, 1, -(-int(least) // whole[0]))
    else:
        game = DoubleMajority(whole, 0, int(least), n + 1)
    lowest = tuple(w // gcd(*whole) for w in whole)
    each = Coalitions(f"the game {name!r}", n, game.table, tuple(range(n)), lowest)
    return Power(name, members, game.tally(), each)


def _plain(number: Exact) -> str:
    number = Fraction(number)
    return f"{number.numerator:,}" if number.denominator == 1 else f"{float(number):g}"
