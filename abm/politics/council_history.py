"""The Council's qualified majority since 1995: votes, quotas and voting power by date.

Votes are in `abm/data/council_votes.csv`. The Treaty of Nice also required a majority of the states and, on request,
62 % of the population. Felsenthal and Machover (2001) find that these hardly change voting power, so they are left out.
Also left out is the option to vote by the old rule until March 2017.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import chain

from juste_retour.abm.base.csv_tables import read_rows
from juste_retour.abm.base.members import EUROPE
from juste_retour.abm.politics.power.double_majority import DoubleMajority
from juste_retour.abm.politics.power.indices import Power

FIRST = date(1995, 1, 1)  # the earliest day with a rule in this file
_WEIGHTED = (  # first day, the Union, column of votes, quota
    (FIRST, "EU-15", "votes_1995", 62),
    (date(2004, 5, 1), "EU-25", "votes_2004_05", 88),
    (date(2004, 11, 1), "EU-25", "votes_2004_11", 232),
    (date(2007, 1, 1), "EU-27", "votes_2007", 255),
    (date(2013, 7, 1), "EU-28", "votes_2013", 260),
)
_DOUBLE = (  # first day, the Union, column of voting_populations.csv
    (date(2014, 11, 1), "EU-28", "council_share_2016_pct"),
    (date(2020, 2, 1), "EU-27 from 2020", "population"),
)


@dataclass(frozen=True, eq=False)
class CouncilRule:
    """The Council's qualified majority from a given day.

    Attributes:
        since: the first day of the rule.
        union: name of the Union at that time, such as "EU-15".
        members: codes of the states.
        game: the rule as a game; its weights are in the order of `members`.
    """

    since: date
    union: str
    members: tuple[str, ...]
    game: DoubleMajority

    @cached_property
    def shapley_shubik(self) -> dict[str, float]:
        """Exact Shapley-Shubik index of each state; the values add up to one."""
        power = Power(self.union, self.members, self.game.tally())
        return dict(zip(self.members, map(float, power.shapley_shubik), strict=True))

    @cached_property
    def unanimity(self) -> CouncilRule:
        """The rule of unanimity among the same states, under which all have equal power."""
        n = len(self.members)
        return CouncilRule(self.since, self.union, self.members, DoubleMajority((0,) * n, 0, 1, n))

    def weight(self, member: str) -> int:
        """A state's votes, or its population under the double majority."""
        return self.game.weights[self.members.index(member)]


def _weighted(since: date, union: str, column: str, quota: int) -> CouncilRule:
    votes = {row["state"]: int(row[column]) for row in read_rows(EUROPE / "council_votes.csv") if row[column]}
    return CouncilRule(since, union, tuple(votes), DoubleMajority(tuple(votes.values()), 0, quota, len(votes) + 1))


def _double(since: date, union: str, column: str) -> CouncilRule:
    """The double majority: 55 % of states with 65 % of population, or all states but three (article 16(4) TEU)."""
    rows = [row for row in read_rows(EUROPE / "voting_populations.csv") if row[column]]
    people = tuple(round(100 * float(row[column])) for row in rows)
    n = len(rows)
    quota = -(-65 * sum(people) // 100)
    return CouncilRule(
        since,
        union,
        tuple(row["state"] for row in rows),
        DoubleMajority(people, -(-55 * n // 100), quota, n - 3),
    )


RULES = (*(_weighted(*row) for row in _WEIGHTED), *(_double(*row) for row in _DOUBLE))


def rule_in_force(day: date | None, members: Iterable[str] = ()) -> CouncilRule:
    """The Council's rule on a day (None: the latest), or the next rule under which all these states are members.

    A proposal may be decided after an enlargement, by states that joined after it was introduced. If no later rule
    includes all of them, the latest earlier rule that does is returned; if none does, the rule of the day.

    >>> rule_in_force(date(2003, 9, 1)).union, rule_in_force(date(2003, 9, 1), ["PL"]).union
    ('EU-15', 'EU-25')
    """
    wanted = set(members)
    k = len(RULES) - 1 if day is None else max((i for i, r in enumerate(RULES) if r.since <= day), default=0)
    for rule in chain(RULES[k:], reversed(RULES[:k])):
        if wanted <= set(rule.members):
            return rule
    return RULES[k]


def known_states() -> frozenset[str]:
    """Codes of all states that have been members of the Council since 1995."""
    return frozenset(chain.from_iterable(rule.members for rule in RULES))
