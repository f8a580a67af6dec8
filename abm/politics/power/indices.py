"""Exact power indices, most of them from the numbers of winning coalitions by size.

Sources: Penrose (1946), Shapley and Shubik (1954), Banzhaf (1965), Coleman (1971), Owen (1977); definitions as in
Felsenthal and Machover (1998), The Measurement of Voting Power.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from juste_retour.abm.politics.power.coalitions import WinningCoalitions
from juste_retour.abm.politics.power.swings import SwingTally
from juste_retour.agents.errors import BadInput


@dataclass(frozen=True, eq=False)
class Power:
    """The voting power of each member under a rule, as integers and fractions in the order of `members`.

    Attributes:
        rule: name of the rule.
        members: names of the members.
        tally: winning coalitions by size.
        coalitions: single coalitions, for the Johnston, Colomer-Martínez and Owen indices; None without them.
    """

    rule: str
    members: tuple[str, ...]
    tally: SwingTally
    coalitions: WinningCoalitions | None = None

    @cached_property
    def johnston(self) -> tuple[Fraction, ...]:
        """Johnston index: each coalition with critical members is divided equally among them; at most 27 members."""
        return self._one_by_one.johnston()

    @cached_property
    def colomer_martinez(self) -> tuple[Fraction, ...]:
        """Colomer-Martínez index: mean share of the weight of minimal winning coalitions; at most 27 members."""
        return self._one_by_one.colomer_martinez()

    def owen(self, blocs: Sequence[Sequence[str]]) -> tuple[Fraction, ...]:
        """Owen index: the Shapley-Shubik index if blocs (a priori unions) stay together; at most 27 members.

        Args:
            blocs: names of the members of each bloc; a member in no bloc is on its own.

        Raises:
            BadInput: a name is unknown or is in two blocs.

        >>> from juste_retour.abm.politics.power import weighted_power
        >>> power = weighted_power(3, [1, 1, 1, 1, 1])
        >>> [str(share) for share in power.owen([["1", "2", "3"]])]
        ['1/3', '1/3', '1/3', '0', '0']
        """
        place = {member: i for i, member in enumerate(self.members)}
        seen: set[str] = set()
        for name in (name for bloc in blocs for name in bloc):
            if name not in place:
                raise BadInput(f"{name!r} in a bloc has no vote under {self.rule}; name members that vote.")
            if name in seen:
                raise BadInput(f"{name} is listed twice in the blocs; list each member once.")
            seen.add(name)
        together = [[place[name] for name in bloc] for bloc in blocs if bloc]
        if all(len(bloc) == 1 for bloc in together):
            return self.shapley_shubik
        return self._one_by_one.owen([*together, *([i] for m, i in place.items() if m not in seen)])

    @property
    def _one_by_one(self) -> WinningCoalitions:
        if self.coalitions is None:
            raise BadInput(f"this index needs single coalitions, which {self.rule or 'this game'} does not provide.")
        return self.coalitions

    @cached_property
    def winning_coalitions(self) -> int:
        """Number of winning coalitions."""
        return sum(self.tally.winning)

    @property
    def swings_by_size(self) -> tuple[list[int], ...]:
        """Each member's swings, by the size 0 ... n of the coalition that wins with it."""
        return self.tally.swings_by_size

    @cached_property
    def swings(self) -> tuple[int, ...]:
        """Each member's number of swings: coalitions that win with it and lose without it."""
        return tuple(sum(row) for row in self.swings_by_size)

    @cached_property
    def penrose(self) -> tuple[Fraction, ...]:
        """Penrose (absolute Banzhaf) measure: probability of being decisive if all others vote yes with chance 1/2."""
        return tuple(Fraction(swings, 2 ** (len(self.members) - 1)) for swings in self.swings)

    @cached_property
    def banzhaf(self) -> tuple[Fraction, ...]:
        """Banzhaf index: each member's share of all swings; zero if there are none."""
        everyone = sum(self.swings) or 1
        return tuple(Fraction(swings, everyone) for swings in self.swings)

    @property
    def shapley_shubik(self) -> tuple[Fraction, ...]:
        """Shapley-Shubik index: share of the orders in which the member turns a losing coalition into a winning one."""
        return self.tally.shapley_shubik

    @property
    def power_to_act(self) -> Fraction:
        """Coleman's power of a collectivity to act: the share of all coalitions that win."""
        return Fraction(self.winning_coalitions, 2 ** len(self.members))

    @property
    def power_to_prevent(self) -> tuple[Fraction, ...]:
        """Coleman's power to prevent action: the share of winning coalitions that lose without the member."""
        return tuple(Fraction(swings, self.winning_coalitions or 1) for swings in self.swings)

    @property
    def power_to_initiate(self) -> tuple[Fraction, ...]:
        """Coleman's power to initiate action: the share of losing coalitions that win with the member."""
        losing = 2 ** len(self.members) - self.winning_coalitions
        return tuple(Fraction(swings, losing or 1) for swings in self.swings)

    @property
    def minimal_winning(self) -> int:
        """Number of minimal winning coalitions, which lose without any one of their members."""
        return self.tally.minimal_winning

    @property
    def minimal_blocking(self) -> int:
        """Number of minimal blocking coalitions, which no longer block without any one of their members."""
        return self.tally.minimal_blocking

    @property
    def smallest_blocking(self) -> int | None:
        """Fewest members that can block together; None if no coalition can."""
        n, everyone = len(self.members), 1
        for size in range(n, -1, -1):  # `everyone` is the number of coalitions of this size
            if self.tally.winning[size] < everyone:
                return n - size
            everyone = everyone * size // (n - size + 1)
        return None
