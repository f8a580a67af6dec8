"""Continuation values in the Council: what each state expects from further bargaining, solved once per scenario.

They are the values of the mean world (`mean_world.py`), estimated from random draws (`sampled.py`). The noise of
reservation values makes proposers vary the states that they buy, in place of the mixed strategies of equilibrium.
Without noise a proposer would have to mix between states with equal prices, which draws cannot find. If the common good
matters more than the division there may be several equilibria. The search keeps each that it reaches from its starting
points (`mean_world.STARTS`), and `expect.solution` says which one runs use; by default it is that from zero expectations.
"""

from __future__ import annotations

import sys
import time
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import numpy as np

from juste_retour.abm.bargaining import solved
from juste_retour.abm.bargaining.mean_world import SEARCHES, MeanWorld
from juste_retour.abm.bargaining.sampled import LONGEST, USUAL, FixedPoint
from juste_retour.abm.bargaining.stationary_values import NotConverged
from juste_retour.abm.base.members import Members
from juste_retour.abm.base.toml import JsonMapping, JsonObject
from juste_retour.abm.worlds.scenario import Scenario
from juste_retour.agents.arrays import Floats
from juste_retour.agents.rules import Setting, family

REMEMBERED = 4096  # most scenarios whose solution is kept in memory
SLOW = 20.0  # seconds of an expected search from which on it is announced
CONFIRMED = 0.5  # mean stakes by which one round may differ on average from stored values
EASIER = 0.9  # share of the patience at which a failed search is repeated first

_solved: OrderedDict[tuple[str, str], FixedPoint] = OrderedDict()


def is_known(scenario: Scenario, members: Members) -> bool:
    """Whether a scenario's continuation values are already in memory or on disk."""
    return _key(scenario, members) in _solved or solved.known(_search_of(scenario), members)


def found_for(scenario: Scenario, members: Members) -> FixedPoint | None:
    """The solution for a scenario in this process; None if it has not been computed."""
    return _solved.get(_key(scenario, members))


def equilibrium(scenario: Scenario, members: Members) -> FixedPoint:
    """The continuation values of a scenario in a union, from memory or disk if they are known."""
    key = _key(scenario, members)
    if key not in _solved:
        search = _search_of(scenario)
        whole = _key(search, members)
        found = _solved.get(whole)
        if found is None:
            found = solved.kept(
                search, members, lambda: _solve(search, members), lambda it: _confirmed(search, members, it)
            )
            _keep(whole, found)
        _keep(key, found.using(int(_expecting(scenario)["solution"])))
    return _solved[key]


def solved_again(scenario: Scenario, members: Members) -> FixedPoint:
    """The continuation values of a scenario in a union, without those in memory or on disk."""
    search = _search_of(scenario)
    found = solved.announced(search, lambda: _solve(search, members))
    return found.using(int(_expecting(scenario)["solution"]))


def solver_seed(scenario: Scenario) -> int:
    """The random seed of the search for a scenario's stationary values."""
    return int(_expecting(scenario)["seed"])


def with_seed(scenario: Scenario, seed: int) -> Scenario:
    """The scenario with this seed of the search; as it is if the seed is 0, or if it uses no stationary values."""
    if not seed or not scenario.bargains_on:
        return scenario
    chosen = scenario.rules["expect"]
    owner = next((f"{code}." for code, own in chosen.actors if own.rule == "stationary"), "")
    return scenario.changed({f"expect.{'' if chosen.rule == 'stationary' else owner}seed": seed})


@contextmanager
def instead(scenario: Scenario, members: Members, found: FixedPoint) -> Iterator[None]:
    """Let runs of a scenario use this solution for the time of the context."""
    key = _key(scenario, members)
    before = _solved.get(key)
    _keep(key, found)
    try:
        yield
    finally:
        _solved.pop(key)
        if before is not None:
            _keep(key, before)


def _keep(key: tuple[str, str], found: FixedPoint) -> None:
    _solved[key] = found
    if len(_solved) > REMEMBERED:
        _solved.popitem(last=False)


def _expecting(scenario: Scenario) -> dict[str, Setting]:
    """The parameters of the rule `stationary`: those for all states, or of the first state that has its own choice."""
    rule = family("expect")["stationary"]
    chosen = scenario.rules["expect"]
    each = [chosen, *(own for _, own in chosen.actors)]
    given = next((dict(one.settings) for one in each if one.rule == rule.name), {})
    return {name: given.get(name, default) for name, (default, _) in rule.parameters.items()}


def _search_of(scenario: Scenario) -> Scenario:
    """The scenario on which the search depends: states follow rules, and the first solution is in use."""
    rules = scenario.by_rules  # expectations assume that all states follow rules, even where agents replace them
    entry = rules.plain()["expect"]
    return rules.changed({"expect": _without_solution(entry)}) if isinstance(entry, Mapping) else rules


def _without_solution(entry: JsonMapping) -> JsonObject:
    return {
        key: _without_solution(value) if isinstance(value, Mapping) else value
        for key, value in entry.items()
        if key != "solution"
    }


def estimated_seconds(scenario: Scenario, members: Members) -> float:
    """Estimated processor time of a solve, in seconds: the time of one round times the usual number of rounds."""
    table = MeanWorld(scenario, members)
    starts = table.starts()
    begun = time.process_time()
    table.respond(starts, 1)
    return USUAL * (time.process_time() - begun)


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


def _confirmed(scenario: Scenario, members: Members, found: FixedPoint) -> bool:
    """Whether one round of the search gives stored values back, as far as a single round can tell."""
    table = MeanWorld(scenario, members, solver_seed(scenario))
    if len(found.leads) != SEARCHES:
        return False
    for values in found.solutions:
        draws = table.respond(np.tile(values, (SEARCHES, 1)), 1)
        gain, failed = (draws.mean(x, table.chances) for x in (draws.gain, draws.slope))
        response = values + (gain - values) / (1 - failed)  # what offers that fail give back proves nothing
        stake = max(np.abs(values).mean(), np.abs(response).mean())
        if not np.abs(response - values).mean() <= CONFIRMED * stake:
            return False
    return True


def _solve(scenario: Scenario, members: Members) -> FixedPoint:
    """Search for a fixed point; if that fails, search again from the values of less patient states."""
    seed = solver_seed(scenario)
    table = MeanWorld(scenario, members, seed)
    begun = time.perf_counter()
    starts = table.starts()
    each = time.perf_counter() - begun
    if USUAL * each > SLOW:
        print(
            f"This usually takes {USUAL * each:.0f} s, and at most {LONGEST * each:.0f} s.",
            file=sys.stderr,
            flush=True,
        )
    found = table.search(starts)
    if found.converged:
        return found
    easier = MeanWorld(scenario.changed({"patience": EASIER * scenario.patience}), members, seed)
    starts[0] = easier.search().found
    return MeanWorld(scenario, members, seed).search(starts)  # a new one, as a search adds rows
