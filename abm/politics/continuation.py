"""Continuation values at the Council's table: what bargaining on is worth, solved once for a scenario and remembered.

They are those of the mean world (`mean_world.py`), found from draws (`sampled.py`). The noise of reservation values
smooths whom proposers buy, so that the mixture of equilibrium is that of the noise; without noise a proposer would have
to mix between partners who ask for the same, which draws cannot find. Where the common good weighs more than the pie
there may be several equilibria: the one given is reached from expecting nothing, and the result says that there are more.
"""

from __future__ import annotations

import time
from collections import OrderedDict

from juste_retour.abm.members import Members
from juste_retour.abm.politics import solved
from juste_retour.abm.politics.mean_world import MeanWorld
from juste_retour.abm.politics.sampled import LONGEST, FixedPoint, fixed_point
from juste_retour.abm.politics.stationary import NotConverged
from juste_retour.abm.scenario import Scenario
from juste_retour.agents.arrays import Floats

REMEMBERED = 4096  # scenarios
EASIER = 0.9  # part of the patience at which a search that failed begins anew

_solved: OrderedDict[tuple[str, str], FixedPoint] = OrderedDict()


def is_known(scenario: Scenario, members: Members) -> bool:
    """Whether a scenario's values need no solving: they are in memory or on disk."""
    return _key(scenario, members) in _solved or solved.known(scenario.by_rules, members)


def found_for(scenario: Scenario, members: Members) -> FixedPoint | None:
    """What was found for a scenario in this process; None where nobody has asked."""
    return _solved.get(_key(scenario, members))


def equilibrium(scenario: Scenario, members: Members) -> FixedPoint:
    """The continuation values of a scenario in a union, from memory where they are known."""
    key = _key(scenario, members)
    if key not in _solved:
        rules = scenario.by_rules  # nobody expects what agents with minds of their own will do
        _solved[key] = solved.kept(rules, members, lambda: _solve(rules, members))
        if len(_solved) > REMEMBERED:
            _solved.popitem(last=False)
    return _solved[key]


def estimated_seconds(scenario: Scenario, members: Members) -> float:
    """About how long a solve takes on a core: the time of one round, for as many as there are at most."""
    table = MeanWorld(scenario, members)
    starts = table.starts()
    begun = time.process_time()
    table.respond(starts, 1)
    return LONGEST * (time.process_time() - begun)


def expected_values(scenario: Scenario, members: Members) -> Floats:
    """(states,) EUR bn that bargaining on is worth over what is left without it.

    Raises:
        NotConverged: no fixed point was found; the text names the point, the residual and the remedy.
    """
    try:
        return equilibrium(scenario, members).values
    except NotConverged as error:
        raise NotConverged(f"{solved.described(scenario)}: {error}") from None


def _key(scenario: Scenario, members: Members) -> tuple[str, str]:
    return scenario.by_rules.digest, members.digest


def _solve(scenario: Scenario, members: Members) -> FixedPoint:
    """Search; where that fails, search again from the values of less patient states, which are easier to find."""
    table = MeanWorld(scenario, members)
    starts = table.starts()
    found = fixed_point(table.respond, starts, table.chances)
    if found.converged:
        return found
    easier = MeanWorld(scenario.changed({"patience": EASIER * scenario.patience}), members)
    starts[0] = fixed_point(easier.respond, easier.starts(), easier.chances).found
    return fixed_point(table.respond, starts, table.chances)
