"""Behaviors against each other: every actor plays a rule of its own, under one institution and with common random numbers.

Three questions of a family's rules. Who does best in mixed populations, in which each actor's rule is drawn? What does
the Union come to where everybody plays the same? And does one who turns to another rule gain by it, so that the rule
invades a population of residents?

After Axelrod (1984), whose players meet in pairs; here all meet at one table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import permutations
from pathlib import Path

import numpy as np

from juste_retour.abm.environment import Environment
from juste_retour.abm.institutions import Institutions, Rows
from juste_retour.abm.members import Members, union_of
from juste_retour.abm.noise import RandomStreams
from juste_retour.abm.outcomes import outcomes
from juste_retour.abm.politics.payoffs import Payoffs
from juste_retour.abm.scenario import Scenario, load
from juste_retour.abm.simulation import Simulation
from juste_retour.agents.actors import KINDS
from juste_retour.agents.arrays import Booleans, Floats, Integers
from juste_retour.agents.errors import BadInput
from juste_retour.agents.lab import Market
from juste_retour.agents.rules import FAMILIES, Handed, Rule, Setting, family
from juste_retour.runs.chunked import Progress, chunks
from juste_retour.runs.ensemble import checked
from juste_retour.runs.statistics import median, quantile

SIGMAS = 1.959964  # 95 %
ALONE = ("sites", "hosts", "spend_eur_bn", "years_behind")


@dataclass(frozen=True)
class Place:
    """How a rule does: its rank and payoff in mixed populations, and what comes of everybody playing it.

    `advantage` is what its players have over the average player, each measured against what the same actor has on the
    same random draws where everybody plays the same; with a 95 % interval over worlds. `payoff` is the average player's payoff
    and the advantage. `alone` has the mean payoff and the medians of the outcomes where everybody plays the rule, and
    `alone_low` and `alone_high` their 95 % intervals over worlds.
    """

    rule: str
    rank: int
    payoff: float
    advantage: float
    low: float
    high: float
    alone: dict[str, float]
    alone_low: dict[str, float]
    alone_high: dict[str, float]


@dataclass(frozen=True)
class Invasion:
    """What one actor gains, on average, by turning to the invader where all others play the resident; 95 % interval."""

    resident: str
    invader: str
    gain: float
    low: float
    high: float

    @property
    def changes_nothing(self) -> bool:
        """Whether turning makes no difference in any world."""
        return self.low == self.gain == self.high == 0

    @property
    def invades(self) -> bool:
        """Whether turning pays for certain, by the interval."""
        return self.low > 0


@dataclass(frozen=True)
class Tournament:
    """The result: rules by rank, and every pair of resident and invader."""

    family: str
    scenario: Scenario
    seed: int
    worlds: int
    unit: str
    places: tuple[Place, ...]
    invasions: tuple[Invasion, ...]


@dataclass
class Roles:
    """Who plays what: in each world each actor follows a rule of its own; a cast for `Institutions.cast`.

    `played` (worlds, actors) is the place of each one's rule in `rules`.
    """

    institutions: Institutions
    family: str
    rules: Sequence[Rule]
    played: Integers
    asked: int = 0
    market: Market | None = None  # as labs saw it when they last asked whether to stay

    def decide(self, name: str, handed: Handed, rows: Rows, by_rule: np.ndarray) -> np.ndarray:
        """What the actors of some worlds decide, each by its own rule."""
        if name != self.family:
            return by_rule
        self.asked += 1
        mine = self.played if rows is None else self.played[rows]
        if name == "anchor" and handed[0].usable.shape[-1] == 1:
            self.market = handed[0]
        mine = KINDS[FAMILIES[name].actor or "state"].spread(mine, by_rule)
        out = by_rule
        for k, rule in enumerate(self.rules):
            here = mine == k
            if here.any():
                out = np.where(here, rule(*handed, **self._parameters(rule, rows, len(mine))), out)
        return out

    def _parameters(self, rule: Rule, rows: Rows, worlds: int) -> dict[str, Setting | Floats]:
        if rule.name == self.institutions.scenario.rules[self.family].rule:
            return self.institutions.settings(self.family, rows)
        return {
            name: np.full((worlds, 1), default) if isinstance(default, float) else default
            for name, (default, _) in rule.parameters.items()
        }


def tournament(
    family_name: str = "vote",
    scenario: str | Path | Mapping[str, object] | Scenario = "eu-status-quo",
    rules: Sequence[str] = (),
    worlds: int = 200,
    seed: int = 0,
    changes: Mapping[str, object] | None = None,
    members: Members | Path | str | None = None,
    progress: Progress | None = None,
) -> Tournament:
    """Play the rules of a family of actors against each other.

    Args:
        family_name: "bid", "vote", "expect", "draft", "endorse" or "anchor", or a family of one's own with actors.
        scenario: the institution.
        rules: which rules play; all of the family where none is named.
        worlds: how many worlds each population lives in.
        seed: of the worlds and of who plays what.
        changes: to the scenario, as in `{"voting": "unanimity"}`.
        members: the union.
        progress: called after each population with those done and all.

    Raises:
        BadInput: a family without actors, fewer than two rules, or an institution that asks nobody.
    """
    players = _players(family_name, rules)
    names = [rule.name for rule in players]
    worlds, seed, _ = checked(worlds, seed, 0)
    if worlds < 2:
        raise BadInput("worlds = 1 cannot be used; give an integer of at least 2.")
    chosen = load(scenario).changed(changes or {})
    union = union_of(members, chosen.members)
    game = _Game(_with_luck(chosen, family_name, players, union), family_name, players, union, seed)
    if game.actors == 0:
        raise BadInput(f"this union has no {game.actor} who could play; choose another family.")
    k, done = len(players), 0

    def play(who: Callable[[Floats], Integers]) -> _Played:
        nonlocal done
        found = game.play(who, worlds)
        done += 1
        if progress is not None:
            progress(done, 1 + k * k)
        return found

    mixed = play(lambda uniforms: np.minimum((uniforms * k).astype(np.int64), k - 1))
    if not game.asked:
        raise BadInput(
            f"nobody is asked for {family_name!r} under agenda = {chosen.rules['agenda'].rule!r}; choose another "
            "institution, as in --institution agenda=commission_proposal."
        )
    alone = [play(partial(_all, rule)) for rule in range(k)]
    turned = np.arange(worlds) % game.actors  # each actor turns in as many worlds as any other
    invasions = []
    for a, b in permutations(range(k), 2):
        found = play(partial(_all_but_one, a, b, game.one(turned)))
        gain = (found.payoff - alone[a].payoff)[np.arange(worlds), turned]
        invasions.append(Invasion(names[a], names[b], *_interval(gain)))
    return Tournament(
        family_name, chosen, seed, worlds, game.unit, _places(names, mixed, alone), tuple(invasions)
    )


def _players(family_name: str, rules: Sequence[str]) -> list[Rule]:
    """The rules that play, by name; all of the family where none is named."""
    group = family(family_name)
    if group.actor is None:
        known = [name for name, other in FAMILIES.items() if other.actor]
        raise BadInput(
            f"the family {family_name!r} is nobody's own behavior; choose one of {', '.join(known)}."
        )
    players = [group[name] for name in dict.fromkeys(rules) or group.rules]
    if len(players) < 2:
        raise BadInput(
            f"a tournament of {family_name!r} needs two rules; known are {', '.join(group.rules)}."
        )
    return players


def _all(rule: int, uniforms: Floats) -> Integers:
    return np.full(uniforms.shape, rule)


def _all_but_one(resident: int, invader: int, one: Booleans, uniforms: Floats) -> Integers:
    return np.where(one, invader, resident)


def _places(names: list[str], mixed: _Played, alone: list[_Played]) -> tuple[Place, ...]:
    usual = sum(played.payoff for played in alone) / len(
        alone
    )  # with common random numbers, so that chance drops out
    over = mixed.payoff - usual
    over, mean = over - np.nanmean(over), float(np.nanmean(mixed.payoff))
    found = []
    for k, name in enumerate(names):
        mine = np.where(mixed.played == k, over, np.nan)
        some = ~np.isnan(mine).all(-1)
        advantage, low, high = _interval(np.nanmean(mine[some], axis=-1))
        found.append((advantage, low, high, name, alone[k].outcomes))
    found.sort(key=lambda one: -one[0])
    return tuple(
        Place(name, rank + 1, mean + advantage, advantage, low, high, *_columns(shown))
        for rank, (advantage, low, high, name, shown) in enumerate(found)
    )


def _columns(found: Mapping[str, tuple[float, float, float]]) -> list[dict[str, float]]:
    """Values, lower and upper ends of their intervals, by outcome."""
    return [{name: ends[k] for name, ends in found.items()} for k in range(3)]


def _interval(values: Floats) -> tuple[float, float, float]:
    values = values[~np.isnan(values)]
    mean = float(values.mean())
    error = SIGMAS * float(values.std(ddof=1)) / np.sqrt(len(values)) if len(values) > 1 else float("inf")
    return mean, mean - error, mean + error


def _median(values: Floats) -> tuple[float, float, float]:
    """The median and its 95 % interval from the order of the values, whatever their distribution."""
    count = len(values)
    half = SIGMAS / (2 * np.sqrt(count))
    return median(values), quantile(values, max(0.5 - half, 0.0)), quantile(values, min(0.5 + half, 1.0))


def _with_luck(scenario: Scenario, name: str, players: list[Rule], members: Members) -> Scenario:
    """The scenario, told that votes are random where a player's are, so that draws are made."""
    lucky = [rule.name for rule in players if "deterministic" not in rule.properties]
    if name != "vote" or not lucky:
        return scenario
    return scenario.changed({"vote": {members.states.codes[0]: lucky[0]}}, scenario.name)


@dataclass(frozen=True)
class _Played:
    """What a population came to: `payoff` and `played` (worlds, actors), and outcomes with their 95 % intervals."""

    payoff: Floats
    played: Integers
    outcomes: dict[str, tuple[float, float, float]]


class _Game:
    def __init__(self, scenario: Scenario, name: str, players: list[Rule], members: Members, seed: int):
        self.scenario, self.family, self.players = scenario, name, players
        self.members, self.seed = members, seed
        self.actor = FAMILIES[name].actor
        self.actors = {
            "state": members.states.count,
            "commissioner": members.college.count,
            "lab": members.labs.count,
        }[self.actor or "state"]
        self.unit = "log units" if self.actor == "lab" else "EUR bn"
        self.asked = 0

    def one(self, who: Integers) -> Booleans:
        """(worlds, actors) true for one actor a world."""
        return np.arange(self.actors) == who[:, None]

    def play(self, who: Callable[[Floats], Integers], worlds: int) -> _Played:
        """Let a population live in some worlds; `who` says from each actor's uniform number (worlds, actors) what it plays."""
        every = np.arange(worlds)
        played = who(RandomStreams(self.seed, every).uniform("tournament", self.actors))
        payoffs, columns = [], []
        for part in chunks(worlds):
            rows = every[part]
            simulation = Simulation(self.scenario, self.seed, rows, self.members)
            roles = Roles(simulation.institutions, self.family, self.players, played[rows])
            simulation.institutions.cast = roles
            simulation.run()
            self.asked += roles.asked
            payoffs.append(self._payoff(simulation.env, roles))
            columns.append(outcomes(simulation.env).worlds)
        payoff = np.concatenate(payoffs)
        shown = {name: _median(np.concatenate([c[name] for c in columns])) for name in ALONE}
        _, low, high = _interval(np.nanmean(payoff, axis=-1))
        return _Played(payoff, played, {"payoff": (float(np.nanmean(payoff)), low, high), **shown})

    def _payoff(self, env: Environment, roles: Roles) -> Floats:
        """What each actor has of the run, (worlds, actors): NaN for labs that are not the Union's."""
        world = env.world
        if self.actor == "lab":
            if roles.market is None:
                return np.zeros(roles.played.shape)
            there = (world.labs.home >= 0) & np.array([kind == "company" for kind in world.labs.kind])
            return np.where(there, np.where(world.training.exited, 0.0, roles.market.gain[..., 0]), np.nan)
        fresh = Simulation(env.scenarios, env.seed, world.replicates, env.members).env
        fresh.world.now = world.announced
        table = Payoffs(fresh, np.arange(world.count))
        plan = np.where(world.contracted, world.programme.planned, 0.0)
        gain = table.offer(plan, None, world.programme.transfers).utility - table.standing.utility
        return gain if self.actor == "state" else gain[:, world.college.state]
