"""What a run keeps of its decisions, its ballots and its quarters.

Each array of a record has an entry for each world of the record on its first axis; `juste_retour.abm.reader` reads them.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from juste_retour.abm.delivery.building import Delivered
from juste_retour.agents.arrays import Booleans, Floats, Integers
from juste_retour.agents.lab import Letters
from juste_retour.agents.situation import Offer


@dataclass(frozen=True, eq=False)
class Record:
    """Something that happened in a quarter, such as "2026Q3", in some worlds; `worlds` are their positions."""

    quarter: str
    worlds: Integers


@dataclass(frozen=True, eq=False)
class Bid(Record):
    """What the states bid for in a call for proposals; all (worlds, states).

    `size` is what each applies for, EUR bn, 0 for nothing; `wanted` what it would apply for if it were `able` to, which
    takes a site with enough room and match, and a dossier that is `ready` by the deadline. The `offer` is the payoff with that site and `reservation` the one without, EUR bn.
    """

    size: Floats
    wanted: Floats
    able: Booleans
    ready: Booleans
    offer: Offer
    reservation: Floats


@dataclass(frozen=True, eq=False)
class Draft(Record):
    """The plans before the College: who endorses which, and which one is adopted.

    `scores` EUR bn and `endorsed` are (worlds, plans, commissioners), `sites` and `spend`, EUR bn, (worlds, plans);
    `choice` (worlds,) is the plan adopted, -1 for none.
    """

    scores: Floats
    endorsed: Booleans
    choice: Integers
    sites: Integers
    spend: Floats


@dataclass(frozen=True, eq=False)
class Vote(Record):
    """How the states vote on an offer, and why.

    `failed` is the payoff if the ballot fails and `reservation` what the `offer` is compared with, EUR bn (worlds,
    states). `votes` are 1 yes, 0 abstention and -1 no, `weight` the states' shares of the bill, likewise. `union_yes`,
    `held` (elsewhere nothing was put to a vote) and `passed` are (worlds,). `round` (worlds, 1), `yes_votes` and `no_votes`
    (worlds, states) count what went before.
    """

    offer: Offer
    failed: Offer
    reservation: Floats
    votes: Integers
    union_yes: Booleans
    weight: Floats
    letters: Letters | None
    held: Booleans
    passed: Booleans
    round: Integers
    yes_votes: Integers
    no_votes: Integers


@dataclass(frozen=True, eq=False)
class Selection(Record):
    """The sites `chosen` (worlds, sites), what is planned for each and what labs pledge, EUR bn.

    `delivered` is what becomes of them, with the causes of their delay.
    """

    chosen: Booleans
    plan: Floats
    pledged: Floats
    delivered: Delivered


@dataclass(frozen=True, eq=False)
class Exit(Record):
    """Which labs have `exited` to a cloud abroad, and the logarithm of their `advantage` at home; (worlds, labs)."""

    advantage: Floats
    exited: Booleans


@dataclass(frozen=True, eq=False)
class HeldBallot(Record):
    """A ballot that was held: the votes `yes` and `no` (worlds, states), and whether it `passed` (worlds,).

    `agenda` and `rule` are the agenda and the voting rule. `union_yes` (worlds,) is the Commission's side, whose vote
    counts where `commission_votes`.
    """

    agenda: str
    rule: str
    yes: Booleans
    no: Booleans
    union_yes: Booleans
    commission_votes: bool
    passed: Booleans


@dataclass(frozen=True, eq=False)
class TimelineQuarter:
    """How far the program has come by a quarter, and how far behind the frontier it is; all (worlds,)."""

    quarter: str
    selected: Integers
    contracted: Integers
    working: Integers
    working_accelerators: Floats
    exited_labs: Integers
    largest_run_flop: Floats
    frontier_flop: Floats
    years_behind: Floats
    capability_lag_years: Floats

    def columns(self) -> dict[str, Any]:
        """All arrays by name."""
        return {field.name: getattr(self, field.name) for field in fields(self) if field.name != "quarter"}
