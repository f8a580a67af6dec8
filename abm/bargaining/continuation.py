"""Continuation values in the Council: what each state expects from further bargaining, solved once per scenario.

They are the values of the mean world (`mean_world.py`), estimated from random draws (`sampled.py`). The noise of
reservation values makes proposers vary the states that they buy, in place of the mixed strategies of equilibrium.
Without noise a proposer would have to mix between states with equal prices, which draws cannot find. If the common good
matters more than the division there may be several equilibria. The solver then returns the one that it reaches from
zero expectations, and the result reports that there are several.
"""

from __future__ import annotations

import time
from collections import OrderedDict

from juste_retour.abm.bargaining import solved
from juste_retour.abm.bargaining.mean_world import MeanWorld
from juste_retour.abm.bargaining.sampled import LONGEST, FixedPoint, fixed_point
from juste_retour.abm.bargaining.stationary_values import NotConverged
from juste_retour.abm.base.members import Members
from juste_retour.abm.worlds.scenario import Scenario
from juste_retour.agents.arrays import Floats

REMEMBERED = 4096  # most scenarios whose solution is kept in memory
EASIER = 0.9  # share of the patience at which a failed search is repeated first

_solved: OrderedDict[tuple[str, str], FixedPoint] = OrderedDict()


def is_known(scenario: Scenario, members: Members) -> bool:
    """Whether a scenario's continuation values are already in memory or on disk."""
    return _key(scenario, members) in _solved or solved.known(scenario.by_rules, members)


def found_for(scenario: Scenario, members: Members) -> FixedPoint | None:
    """The solution for a scenario in this process; None if it has not been computed."""
    return _solved.get(_key(scenario, members))


def equilibrium(scenario: Scenario, members: Members) -> FixedPoint:
    """The continuation values of a scenario in a union, from memory or disk if they are known."""
    key = _key(scenario, members)
    if key not in _solved:
        rules = (
            scenario.by_rules
        )  # expectations assume that all states follow rules, even where agents replace them
        _solved[key] = solved.kept(rules, members, lambda: _solve(rules, members))
        if len(_solved) > REMEMBERED:
            _solved.popitem(last=False)
    return _solved[key]


def estimated_seconds(scenario: Scenario, members: Members) -> float:
    """Estimated processor time of a solve, in seconds: the time of one round times the usual maximum of rounds."""
    table = MeanWorld(scenario, members)
    starts = table.starts()
    begun = time.process_time()
    table.respond(starts, 1)
    return LONGEST * (time.process_time() - begun)


def expected_values(scenario: Scenario, members: Members) -> Floats:
    """Continuation values, EUR bn above the disagreement point; (states,).

    Raises:
        NotConverged: no fixed point was found; the text names the scenario, the residual and the remedy.
    """
    try:
        return equilibrium(scenario, members).values
    except NotConverged as error:
        raise NotConverged(f"{solved.described(scenario)}: {error}") from None


def _key(scenario: Scenario, members: Members) -> tuple[str, str]:
    return scenario.by_rules.digest, members.digest


def _solve(scenario: Scenario, members: Members) -> FixedPoint:
    """Search for a fixed point; if that fails, search again from the values of less patient states."""
    table = MeanWorld(scenario, members)
    starts = table.starts()
    found = fixed_point(table.respond, starts, table.chances)
    if found.converged:
        return found
    easier = MeanWorld(scenario.changed({"patience": EASIER * scenario.patience}), members)
    starts[0] = fixed_point(easier.respond, easier.starts(), easier.chances).found
    return fixed_point(table.respond, starts, table.chances)
