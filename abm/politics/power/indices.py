"""Power indices from the numbers of winning coalitions by size, all exact.

Sources: Penrose (1946), Shapley and Shubik (1954), Banzhaf (1965), Coleman (1971), Owen (1977); notation of Felsenthal and
Machover (1998), The Measurement of Voting Power.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from juste_retour.abm.politics.power.coalitions import Coalitions
from juste_retour.abm.politics.power.swings import SwingTally
from juste_retour.agents.errors import BadInput


@dataclass(frozen=True, eq=False)
class Power:
    """Power of each member under a rule; integers and fractions, in the order of `members`."""

    rule: str
    members: tuple[str, ...]
    tally: SwingTally
    coalitions: Coalitions | None = None  # what Johnston, Colomer-Martínez and Owen indices are counted from

    @cached_property
    def johnston(self) -> tuple[Fraction, ...]:
        """Share of the coalitions with critical members, each split equally among those; for up to 27 members."""
        return self._one_by_one.johnston()

    @cached_property
    def colomer_martinez(self) -> tuple[Fraction, ...]:
        """Mean share in the weight of minimal winning coalitions; for a quota of weights among up to 27 members."""
        return self._one_by_one.colomer_martinez()

    def owen(self, blocs: Sequence[Sequence[str]]) -> tuple[Fraction, ...]:
        """Shapley-Shubik index if the members of a bloc (a priori union) stay together; for up to 27 members.

        Args:
            blocs: names of the members of each bloc; who is named nowhere is on its own.

        Raises:
            BadInput: where a name is unknown or stands in two blocs.

        >>> from juste_retour.abm.politics.power import weighted_power
        >>> power = weighted_power(3, [1, 1, 1, 1, 1])
        >>> [str(share) for share in power.owen([["1", "2", "3"]])]
        ['1/3', '1/3', '1/3', '0', '0']
        """
        place = {member: i for i, member in enumerate(self.members)}
        seen: set[str] = set()
        for name in (name for bloc in blocs for name in bloc):
            if name not in place:
                raise BadInput(f"{name!r} in a bloc is not a member under {self.rule}; give one who votes.")
            if name in seen:
                raise BadInput(f"{name} is named twice in the blocs; name each member once.")
            seen.add(name)
        together = [[place[name] for name in bloc] for bloc in blocs if bloc]
        if all(len(bloc) == 1 for bloc in together):
            return self.shapley_shubik
        return self._one_by_one.owen([*together, *([i] for m, i in place.items() if m not in seen)])

    @property
    def _one_by_one(self) -> Coalitions:
        if self.coalitions is None:
            raise BadInput(f"the coalitions of {self.rule or 'this game'} are not known one by one.")
        return self.coalitions

    @cached_property
    def winning_coalitions(self) -> int:
        """Number of coalitions that win."""
        return sum(self.tally.winning)

    @property
    def swings_by_size(self) -> tuple[list[int], ...]:
        """Each member's swings by the size of the coalition that wins with it, 0 ... n."""
        return self.tally.swings_by_size

    @cached_property
    def swings(self) -> tuple[int, ...]:
        """Coalitions that win with the member and lose without it."""
        return tuple(sum(row) for row in self.swings_by_size)

    @cached_property
    def penrose(self) -> tuple[Fraction, ...]:
        """Probability that the member decides if all others toss a coin; also the raw Banzhaf measure."""
        return tuple(Fraction(swings, 2 ** (len(self.members) - 1)) for swings in self.swings)

    @cached_property
    def banzhaf(self) -> tuple[Fraction, ...]:
        """Swings as a share of everyone's; zero where nobody ever decides."""
        everyone = sum(self.swings) or 1
        return tuple(Fraction(swings, everyone) for swings in self.swings)

    @property
    def shapley_shubik(self) -> tuple[Fraction, ...]:
        """Share of the orders of arrival in which the member turns a losing coalition into a winning one."""
        return self.tally.shapley_shubik

    @property
    def power_to_act(self) -> Fraction:
        """Share of all coalitions that win (Coleman)."""
        return Fraction(self.winning_coalitions, 2 ** len(self.members))

    @property
    def power_to_prevent(self) -> tuple[Fraction, ...]:
        """Share of winning coalitions that the member's no would undo (Coleman)."""
        return tuple(Fraction(swings, self.winning_coalitions or 1) for swings in self.swings)

    @property
    def power_to_initiate(self) -> tuple[Fraction, ...]:
        """Share of losing coalitions that the member's yes would make win (Coleman)."""
        losing = 2 ** len(self.members) - self.winning_coalitions
        return tuple(Fraction(swings, losing or 1) for swings in self.swings)

    @property
    def minimal_winning(self) -> int:
        """Number of winning coalitions that need each of their members."""
        return self.tally.minimal_winning

    @property
    def minimal_blocking(self) -> int:
        """Number of coalitions without which nothing passes and that need each of their members for it."""
        return self.tally.minimal_blocking

    @property
    def smallest_blocking(self) -> int | None:
        """Fewest members whose common no prevents a pass; None where nothing can."""
        n, everyone = len(self.members), 1
        for size in range(n, -1, -1):  # everyone counts the coalitions of this size
            if self.tally.winning[size] < everyone:
                return n - size
            everyone = everyone * size // (n - size + 1)
        return None
