"""Tournaments of behaviors: each actor follows its own rule, under one institution and with common random numbers.

A tournament answers three questions about the rules of a family:

- Which rule has the highest payoff in mixed populations, where each actor's rule is drawn at random?
- What are the outcomes for the Union if all actors follow the same rule?
- Does an actor gain by switching to another rule, so that this rule invades a population of residents?

A class of Mesa agents plays like a rule. All of its decisions are its own, also those of other families.

Based on Axelrod (1984). His players meet in pairs; here all actors meet at one table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import permutations
from pathlib import Path

import numpy as np

from juste_retour.abm.bargaining.payoffs import Payoffs
from juste_retour.abm.base.members import Members, union_of
from juste_retour.abm.base.noise import RandomStreams
from juste_retour.abm.outcomes import outcomes
from juste_retour.abm.schedule.simulation import Simulation
from juste_retour.abm.worlds.agent_choice import plain_agents
from juste_retour.abm.worlds.environment import Environment
from juste_retour.abm.worlds.institutions import DecidingCast, Institutions, Rows
from juste_retour.abm.worlds.scenario import Scenario, load
from juste_retour.agents.actors import KINDS
from juste_retour.agents.arrays import Booleans, Floats, Integers
from juste_retour.agents.errors import BadInput
from juste_retour.agents.lab import Market
from juste_retour.agents.rules import FAMILIES, Handed, Rule, Setting, family
from juste_retour.agents.user_agents import USER_AGENTS, UserAgent
from juste_retour.runs.base.chunked import Progress, chunks
from juste_retour.runs.base.statistics import median, quantile
from juste_retour.runs.results.ensemble import checked

Player = Rule | UserAgent
SIGMAS = 1.959964  # 95 %
ALONE = ("sites", "hosts", "spend_eur_bn", "years_behind")


@dataclass(frozen=True)
class Place:
    """The result of one rule: its rank and payoff in mixed populations, and the outcomes if all actors follow it.

    Attributes:
        rule: its name.
        rank: 1 for the largest advantage.
        payoff: mean payoff of all actors in mixed populations, plus the advantage.
        advantage: mean payoff of the rule's players less that of all actors. Each payoff is first compared with the same
            actor's in uniform populations with the same random draws (the mean over the rules).
        low, high: 95 % interval of the advantage over worlds.
        alone: mean payoff, and medians of the outcomes, if all actors follow the rule.
        alone_low, alone_high: their 95 % intervals over worlds.
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
    """The mean gain of one actor that switches to the invader while all others follow the resident, with its 95 % interval."""

    resident: str
    invader: str
    gain: float
    low: float
    high: float

    @property
    def changes_nothing(self) -> bool:
        """Whether the switch makes no difference in any world."""
        return self.low == self.gain == self.high == 0

    @property
    def invades(self) -> bool:
        """Whether the whole interval is above zero."""
        return self.low > 0


@dataclass(frozen=True)
class Tournament:
    """The result of a tournament: the rules by rank, and every pair of resident and invader. `unit` is that of payoffs."""

    family: str
    scenario: Scenario
    seed: int
    worlds: int
    unit: str
    places: tuple[Place, ...]
    invasions: tuple[Invasion, ...]


@dataclass
class Roles:
    """The assignment of rules to actors in each world, for `Institutions.cast`.

    `played` (worlds, actors) is the index in `players` of each actor's rule, or of the class of agents that `agents` asks.
    """

    institutions: Institutions
    family: str
    players: Sequence[Player]
    played: Integers
    agents: DecidingCast | None = None
    asked: int = 0
    market: Market | None = None  # at the labs' last decision whether to stay

    def decide(self, name: str, handed: Handed, rows: Rows, by_rule: np.ndarray) -> np.ndarray:
        """The decisions of all actors in some worlds, each by its own rule, and those of agents."""
        out = by_rule if name != self.family else self._by_players(name, handed, rows, by_rule)
        return out if self.agents is None else self.agents.decide(name, handed, rows, out)

    def _by_players(self, name: str, handed: Handed, rows: Rows, by_rule: np.ndarray) -> np.ndarray:
        self.asked += 1
        mine = self.played if rows is None else self.played[rows]
        if name == "anchor" and handed[0].usable.shape[-1] == 1:
            self.market = handed[0]
        mine = KINDS[FAMILIES[name].actor or "state"].spread(mine, by_rule)
        out = by_rule
        for k, rule in enumerate(self.players):
            here = mine == k
            if isinstance(rule, Rule) and here.any():
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
    """Play the rules of a family of actors, and classes of agents, against each other.

    Args:
        family_name: "bid", "vote", "expect", "draft", "endorse" or "anchor", or a user's family that has actors.
        scenario: the institution.
        rules: names of the rules and classes of agents that take part; all rules of the family if empty.
        worlds: number of worlds per population, at least 2.
        seed: random seed of the worlds and of the mixed population.
        changes: changes to the scenario, as in `{"voting": "unanimity"}`.
        members: the union.
        progress: called after each population with the number done and the number of all.

    Raises:
        BadInput: a family without actors, fewer than two rules, or an institution in which no actor decides by the family.

    Source: Axelrod (1984).
    """
    players = _players(family_name, rules)
    names = [rule.name for rule in players]
    worlds, seed, _ = checked(worlds, seed, 0)
    if worlds < 2:
        raise BadInput("worlds is 1; it must be at least 2.")
    chosen = load(scenario).changed(changes or {})
    union = union_of(members, chosen.members)
    game = _Game(_with_draws(chosen, family_name, players, union), family_name, players, union, seed)
    if game.actors == 0:
        raise BadInput(f"this union has no {game.actor} to follow a rule of {family_name!r}; choose another family.")
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
            f"no actor decides by {family_name!r} under agenda = {chosen.rules['agenda'].rule!r}; choose another "
            "institution, as in --institution agenda=commission_proposal."
        )
    alone = [play(partial(_all, rule)) for rule in range(k)]
    turned = np.arange(worlds) % game.actors  # the actor that switches in each world; each one equally often
    invasions = []
    for a, b in permutations(range(k), 2):
        found = play(partial(_all_but_one, a, b, game.one(turned)))
        gain = (found.payoff - alone[a].payoff)[np.arange(worlds), turned]
        invasions.append(Invasion(names[a], names[b], *_interval(gain)))
    return Tournament(family_name, chosen, seed, worlds, game.unit, _places(names, mixed, alone), tuple(invasions))


def _players(family_name: str, rules: Sequence[str]) -> list[Player]:
    """The rules and classes of agents with these names, or all rules of the family if there are none."""
    group = family(family_name)
    if group.actor is None:
        known = [name for name, other in FAMILIES.items() if other.actor]
        raise BadInput(
            f"rules of {family_name!r} are not behaviors of single actors; choose one of {', '.join(known)}."
        )
    own = {name: one for name, one in USER_AGENTS.items() if one.kind == group.actor and name not in group.rules}
    players = [own[name] if name in own else group[name] for name in dict.fromkeys(rules) or group.rules]
    if len(players) < 2:
        raise BadInput(
            f"a tournament of {family_name!r} needs at least two rules; choose among {', '.join(group.rules)}."
        )
    return players


def _all(rule: int, uniforms: Floats) -> Integers:
    return np.full(uniforms.shape, rule)


def _all_but_one(resident: int, invader: int, one: Booleans, uniforms: Floats) -> Integers:
    return np.where(one, invader, resident)


def _places(names: list[str], mixed: _Played, alone: list[_Played]) -> tuple[Place, ...]:
    # Common random numbers: the difference to the same worlds' uniform populations removes most of the chance variation.
    usual = sum(played.payoff for played in alone) / len(alone)
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
    """Three tables by outcome: the values, and the lower and upper ends of their intervals."""
    return [{name: ends[k] for name, ends in found.items()} for k in range(3)]


def _interval(values: Floats) -> tuple[float, float, float]:
    values = values[~np.isnan(values)]
    mean = float(values.mean())
    error = SIGMAS * float(values.std(ddof=1)) / np.sqrt(len(values)) if len(values) > 1 else float("inf")
    return mean, mean - error, mean + error


def _median(values: Floats) -> tuple[float, float, float]:
    """The median and its distribution-free 95 % interval, from order statistics."""
    count = len(values)
    half = SIGMAS / (2 * np.sqrt(count))
    return median(values), quantile(values, max(0.5 - half, 0.0)), quantile(values, min(0.5 + half, 1.0))


def _with_draws(scenario: Scenario, name: str, players: list[Player], members: Members) -> Scenario:
    """The scenario; if a rule of `vote` uses random numbers, one state votes by it, so that the model draws them."""
    random = [one.name for one in players if isinstance(one, Rule) and "deterministic" not in one.properties]
    if name != "vote" or not random:
        return scenario
    return scenario.changed({"vote": {members.states.codes[0]: random[0]}}, scenario.name)


@dataclass(frozen=True)
class _Played:
    """The results of a population: `payoff` and `played` (worlds, actors), and outcomes with their 95 % intervals."""

    payoff: Floats
    played: Integers
    outcomes: dict[str, tuple[float, float, float]]


class _Game:
    def __init__(self, scenario: Scenario, name: str, players: list[Player], members: Members, seed: int):
        self.scenario, self.family, self.players = scenario, name, players
        self.members, self.seed = members, seed
        self.actor = FAMILIES[name].actor
        states = members.states.codes
        self.codes = {
            "state": states,
            "commissioner": tuple(states[i] for i in members.college.state),
            "lab": members.labs.names,
        }[self.actor or "state"]
        self.actors = len(self.codes)
        self.agents = [k for k, one in enumerate(players) if isinstance(one, UserAgent)]
        self.unit = "log units" if self.actor == "lab" else "EUR bn"
        self.asked = 0

    def one(self, who: Integers) -> Booleans:
        """Booleans (worlds, actors), true for the actor `who` (worlds,) of each world."""
        return np.arange(self.actors) == who[:, None]

    def play(self, who: Callable[[Floats], Integers], worlds: int) -> _Played:
        """Run a population. `who` maps uniform numbers (worlds, actors) to the index of each actor's rule."""
        every = np.arange(worlds)
        played = who(RandomStreams(self.seed, every).uniform("tournament", self.actors))
        payoffs, columns = [], []
        for part in chunks(worlds):
            rows = every[part]
            scenarios = [self._with_agents(who) for who in played[rows]] if self.agents else self.scenario
            simulation = Simulation(scenarios, self.seed, rows, self.members)
            if self.agents:
                from juste_retour.abm.world_model import play as create_agents  # Mesa takes two seconds to import

                simulation.models = create_agents(simulation, None)
            cast = simulation.institutions.cast
            roles = Roles(simulation.institutions, self.family, self.players, played[rows], cast)
            simulation.institutions.cast = roles
            simulation.run()
            self.asked += roles.asked
            payoffs.append(self._payoff(simulation.env, roles))
            columns.append(outcomes(simulation.env).worlds)
        payoff = np.concatenate(payoffs)
        shown = {name: _median(np.concatenate([c[name] for c in columns])) for name in ALONE}
        _, low, high = _interval(np.nanmean(payoff, axis=-1))
        return _Played(payoff, played, {"payoff": (float(np.nanmean(payoff)), low, high), **shown})

    def _with_agents(self, played: Integers) -> Scenario:
        """The scenario with the agents of a population in which each of the (actors,) plays this player."""
        table = plain_agents(self.scenario.agents)
        for k in self.agents:
            codes = [code for code, mine in zip(self.codes, played == k, strict=True) if mine]
            if codes:
                table[self.players[k].name] = " ".join(codes)
        return self.scenario.changed({"agents": table}, self.scenario.name)

    def _payoff(self, env: Environment, roles: Roles) -> Floats:
        """The payoff of each actor (worlds, actors); NaN for labs that are not companies of the Union."""
        world = env.world
        if self.actor == "lab":
            if roles.market is None:
                return np.zeros(roles.played.shape)
            there = (world.labs.home >= 0) & np.array([kind == "company" for kind in world.labs.kind])
            return np.where(there, np.where(world.training.exited, 0.0, roles.market.gain[..., 0]), np.nan)
        fresh = Simulation(env.scenarios, env.seed, world.replicates, env.members).env
        fresh.world.now = world.announced
        table = Payoffs(fresh, np.arange(world.count))
        plan = np.where(world.contracted, world.program.planned, 0.0)
        gain = table.offer(plan, None, world.program.transfers).utility - table.standing.utility
        return gain if self.actor == "state" else gain[:, world.college.state]
