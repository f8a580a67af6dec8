"""Arguments of rules from real runs: a run stops where it would call a family, and the arguments are kept."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, is_dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from juste_retour.abm.bargaining.council import Council
from juste_retour.abm.base.members import Members, load_members
from juste_retour.abm.politics.conditions import Ballot
from juste_retour.abm.schedule.simulation import Simulation
from juste_retour.abm.worlds.environment import Environment
from juste_retour.abm.worlds.institutions import Institutions, Rows
from juste_retour.abm.worlds.scenario import Scenario, load
from juste_retour.abm.worlds.world import World
from juste_retour.agents.arrays import Floats
from juste_retour.agents.errors import BadInput, near
from juste_retour.agents.rules import FAMILIES, Handed, Rule, Setting
from juste_retour.agents.some_worlds import count_of

WORLDS = 13  # the length of no other axis of the shipped unions, so that confused axes are noticed
BRIEF = {"end": "2028Q4", "window_years": 2.0}
Parameters = dict[str, Setting | Floats]  # of a rule, as a run passes them
Changes = Mapping[str, object]  # to a scenario

BY_COMMISSION: Changes = BRIEF | {"agenda": "commission_proposal"}
BY_CALL: Changes = BRIEF
BY_PLANNER: Changes = BRIEF | {"agenda": "planner", "pooling": "best_of"}
BY_WELFARE: Changes = {**BY_PLANNER, "agenda.objective": "welfare"}  # a plan of its own in each world
AT_WORK: Changes = {**BY_CALL, "pooling": "low_communication", "talent_elasticity": 0.2}  # many quarters are rated
ROOT = Path(__file__).resolve().parents[3]
COUNCIL = ("agenda", "reversion")  # families whose rules are handed the table itself
WITHOUT_ACTORS = ("operations", "procurement", "access", "standing", "standing_operations", "leftover")
USUAL: dict[str, list[tuple[str, Changes, int]]] = {
    **{name: [("the call", BY_CALL, 0)] for name in (*WITHOUT_ACTORS, "funding")},
    **{name: [("the call", BY_CALL, 0), ("machines at work", AT_WORK, 21)] for name in ("access", "standing")},
    "bid": [("the first wave", BY_CALL, 0), ("the second wave", BY_CALL, 1)],
    "draft": [("the College", BY_COMMISSION, 0)],
    "endorse": [("the College", BY_COMMISSION, 0)],
    "entitlement": [
        ("the call", BY_CALL, 0),
        ("the third wave", BY_CALL, 2),
        ("the Council", BY_COMMISSION, 0),
    ],
    "pooling": [("the machines that stand", BY_CALL, 3), ("the planner's campus", BY_WELFARE, 3)],
    "anchor": [("letters of intent", BY_PLANNER, 0), ("the year's end", BY_PLANNER, 2)],
    "agenda": [("the announcement", BY_CALL, 0), ("the first deadline", BY_CALL, 1)],
    "reversion": [("the Council", BY_COMMISSION, 0), ("the second wave", BY_CALL, 1)],
}
OTHERWISE = [("the call", BY_CALL, 0), ("the Council", BY_COMMISSION, 0), ("a later wave", BY_CALL, 2)]
BALLOTS = [
    ("a ballot of the Council", BY_COMMISSION, 2),
    ("a ballot on the call", BY_CALL, 0),
    ("a ballot on the third wave", BY_CALL, 3),
]
LATE = (2031.5, 7)  # a year and a number of earlier rounds that these runs do not reach
CORNERS: dict[str, tuple[str | None, Changes]] = {
    "a union of one state": ("one", {}),
    "five states that are all equal": ("equal", {}),
    "an envelope of nothing": (None, {"envelope_eur_bn": 0.0}),
}
UNIONS = {
    "one": "state,population\nAA,5000000\n",
    "equal": "state,population,gdp_eur_bn\n" + "".join(f"{c}{c},5000000,200\n" for c in "ABCDE"),
}


@dataclass(frozen=True, eq=False)
class Scene:
    """One call of a family's rule: a label of the place in the run, the arguments, and the number of worlds.

    `restore` resets the world behind a table, so that a protocol can be called again.
    """

    label: str
    handed: Handed
    worlds: int
    members: Members
    corner: bool = False
    restore: Callable[[], None] = field(default=lambda: None)

    def again(self) -> Handed:
        """The arguments as before the first call."""
        self.restore()
        return tuple(Council(x.env, x.rows) if isinstance(x, Council) else x for x in self.handed)


class _Reached(Exception):
    """Ends a run at the call that was waited for."""


class StoppingInstitutions(Institutions):
    """Institutions that stop the run at the n-th call of a family and keep the arguments."""

    def __init__(self, scenarios: Sequence[Scenario], members: Members, stops_at: tuple[str, int]):
        super().__init__(scenarios, members)
        self.stops_at: tuple[str, int] | None = stops_at
        self.reached: tuple[Handed, Rows] = ((), None)

    def decide(self, name: str, *handed: object, rows: Rows = None) -> object:
        """Call a family's rule, or stop the run."""
        if self.stops_at is not None and name == self.stops_at[0]:
            left = self.stops_at[1]
            self.stops_at = None if left == 0 else (name, left - 1)
            if left == 0:
                self.reached = (handed, rows)
                raise _Reached
        return super().decide(name, *handed, rows=rows)


def scene_in(
    family: str,
    label: str,
    scenario: Scenario,
    members: Members,
    nth: int = 0,
    worlds: int = WORLDS,
    *,
    corner: bool = False,
    prepare: Callable[[Environment], None] = lambda env: None,
) -> Scene | None:
    """The scene of the n-th call (from 0) of a family in a scenario; None if there is no such call."""
    simulation = Simulation(scenario, 7, np.arange(worlds), members)
    env = simulation.env
    prepare(env)
    env.institutions = stopping = StoppingInstitutions(env.scenarios, members, (family, nth))
    try:
        simulation.run()
    except _Reached:
        handed, rows = stopping.reached
        count = worlds if rows is None else len(rows)
        return Scene(label, handed, count, members, corner, _restorer(env.world))
    return None


def _restorer(world: World) -> Callable[[], None]:
    kept = {name: (x, x.copy()) for name, x in world.arrays().items()}

    def restore() -> None:
        for name, (array, copy) in kept.items():
            *groups, field_name = name.split(".")
            holder = functools.reduce(getattr, groups, world)
            if getattr(holder, field_name) is not array:
                setattr(holder, field_name, array)
            if array.flags.writeable:
                np.copyto(array, copy)

    return restore


@lru_cache
def union(name: str | None) -> Members:
    """A union by its key in `UNIONS`; the European Union for None."""
    if name is None:
        return load_members()
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "states.csv").write_text(UNIONS[name], encoding="utf-8")
        return load_members(Path(folder))


def scenes(family: str) -> tuple[Scene, ...]:
    """The scenes of a family, from ordinary runs and corner cases. A user's family has the scenes that it declares, or none."""
    if shipped(family):
        return _scenes(family, tuple(FAMILIES))
    examples = FAMILIES[family].examples
    if examples is None:
        return ()
    given = examples() if callable(examples) else None
    if not isinstance(given, list) or not all(isinstance(handed, tuple) for handed in given):
        raise BadInput(
            f"{FAMILIES[family].place}: the examples of the family {family!r} must be a function that returns a list of "
            'tuples of arguments, as in examples=lambda: [example("agenda")].'
        )
    return tuple(Scene(f"example {k + 1}", handed, count_of(*handed), union(None)) for k, handed in enumerate(given))


@lru_cache(maxsize=128)
def _scenes(family: str, known: tuple[str, ...]) -> tuple[Scene, ...]:
    """The scenes of a shipped family. `known` is part of the cache key because a scenario has a rule of every family."""
    if family == "voting":
        counted = list(_ballots())
        votes = {name: getattr(counted[0].handed[0], name) for name in ("yes", "no", "union_yes")}
        for label, changes, nth in BALLOTS:
            held = scene_in(family, label, load("eu-status-quo").changed(changes), union(None), nth)
            if held is not None:  # the other fields from the run, with votes that are not unanimous
                held = replace(held, handed=(replace(held.handed[0], **votes), held.handed[1]))
                counted.append(held)
        counted.append(at_other_time(counted[-1], *LATE))
        return tuple(counted)
    found = []
    for label, changes, nth in USUAL.get(family, OTHERWISE):
        found.append(scene_in(family, label, load("eu-status-quo").changed(changes), union(None), nth))
    for label, (name, more) in CORNERS.items():
        for changes in {id(c): c for _, c, _ in USUAL.get(family, OTHERWISE)}.values():
            scenario = load("eu-status-quo").changed({**changes, **more})
            found.append(scene_in(family, label, scenario, union(name), corner=True))
    kept = [scene for scene in found if scene is not None]
    if family != "vote":
        return tuple(kept)
    offer, reservation, situation = kept[0].handed
    gain = np.random.default_rng(17).normal(size=reservation.shape)
    divided = replace(kept[0], label="a divided ballot", handed=(offer, offer.utility - gain, situation))
    return tuple(_with_draws(scene) for scene in (*kept, divided))


def at_other_time(scene: Scene, year: float, rounds: int) -> Scene:
    """The same scene in another year and, for a ballot, after other earlier rounds, with votes cast in each of them."""
    changed = []
    for thing in scene.handed:
        if isinstance(thing, Ballot):
            yes = np.random.default_rng(rounds).integers(0, rounds + 1, thing.yes.shape)
            count = np.full((scene.worlds, 1), rounds)
            thing = replace(thing, year=year, round=count, yes_votes=yes, no_votes=rounds - yes)
        elif is_dataclass(thing) and not isinstance(thing, type) and hasattr(thing, "year"):
            other: Any = thing
            thing = replace(other, year=year)
        changed.append(thing)
    return replace(scene, handed=tuple(changed), label=f"{scene.label}, in {year:g} after {rounds} rounds")


def times_named(numbers: Iterable[float]) -> list[tuple[float, int]]:
    """Years and numbers of rounds around those that a rule's file names, since a rule may change its mind there."""
    named = sorted(set(numbers))
    years = [n + step for n in named if 1990 <= n <= 2100 for step in (-0.25, 0.25)]
    rounds = [int(n) + step for n in named if 1 <= n <= 40 and n == int(n) for step in (0, 1)]
    return [(year, 1) for year in years[:12]] + [(2026.5, n) for n in sorted(set(rounds))[:12]]


def large(family: str, worlds: int) -> Scene | None:
    """The family's last ordinary scene with `worlds` worlds, for timing and examples."""
    return _large(family, worlds, tuple(FAMILIES))


@lru_cache(maxsize=32)
def _large(family: str, worlds: int, known: tuple[str, ...]) -> Scene | None:
    if family == "voting":
        return next(_ballots(worlds))
    label, changes, nth = USUAL.get(family, OTHERWISE)[-1]
    scene = scene_in(family, label, load("eu-status-quo").changed(changes), union(None), nth, worlds)
    return scene if scene is None or family != "vote" else _with_draws(scene)


def _with_draws(scene: Scene) -> Scene:
    """The same scene with random numbers for votes."""
    offer, reservation, situation = scene.handed
    uniforms = np.random.default_rng(3).random(offer.received.shape)
    return replace(scene, handed=(offer, reservation, replace(situation, uniforms=uniforms)))


def _ballots(worlds: int = WORLDS) -> Iterator[Scene]:
    """Ballots of every kind: close votes, abstentions, all yes, all no, and nobody voting."""
    rng = np.random.default_rng(5)
    for label, name in [("a ballot", None), ("one state", "one"), ("five equal states", "equal")]:
        members = union(name)
        shape = (worlds, members.states.count)
        lean = rng.random((worlds, 1))
        yes = rng.random(shape) < 0.25 + 0.75 * lean
        no = ~yes & (rng.random(shape) < 0.8)
        for k, (all_yes, all_no) in enumerate(((True, False), (False, True), (False, False))[:worlds]):
            yes[k], no[k] = all_yes, all_no
        union_yes = rng.random(worlds) < 0.7
        weight = rng.random(shape)
        yield Scene(label, (Ballot(yes, no, union_yes, weight, -1), members.states), worlds, members, name is not None)
        if name is None:
            ballot = Ballot(yes, no, union_yes, None, 2)
            yield Scene("a ballot with a decider", (ballot, members.states), worlds, members)


def parameters(rule: Rule, worlds: int, *, place: str = "default") -> Parameters:
    """A rule's parameters as a run passes them: floats as arrays (worlds, 1), all others unchanged.

    Args:
        rule: the rule.
        worlds: number of worlds.
        place: the values: "default", "low" or "high" in all worlds, or "spread" evenly from low to high over the worlds.
    """
    found: Parameters = {}
    for name, (default, about) in rule.parameters.items():
        if not isinstance(default, float):
            found[name] = default
            continue
        low, high = about.range or (about.low, about.high)
        low, high = default if low is None else low, default if high is None else high
        column = {
            "default": np.full(worlds, default),
            "low": np.full(worlds, float(low)),
            "high": np.full(worlds, float(high)),
            "spread": np.linspace(float(low), float(high), worlds),
        }[place]
        found[name] = column[:, None]
    return found


def scenario_for(rule: Rule) -> Scenario:
    """The scenario of a short run that calls the rule."""
    base = load("eu-status-quo").changed(BY_COMMISSION if rule.family in ("draft", "endorse", "reversion") else BY_CALL)
    more = {"agenda": "single_decider"} if rule.family == "funding" and rule.name == "private" else {}
    return base.changed({**more, rule.family: rule.name})


def shipped(family: str) -> bool:
    """Whether a family is part of the model, not a user's."""
    file = Path(FAMILIES[family].place.rpartition(":")[0])
    return any(file.is_relative_to(ROOT / room) for room in ("agents", "abm"))


def example(family: str, worlds: int = 2) -> Handed:
    """The arguments of a family's rules in an ordinary run of the European Union.

    Args:
        family: the name of the family.
        worlds: number of worlds, the leading axis of the arrays.

    Raises:
        BadInput: no such family, or no run calls it.
    """
    scene = large(family, worlds)
    if scene is None:
        raise BadInput(f"no run calls the family {family!r}; {near(family, FAMILIES)}")
    return scene.again()
