"""Estimate the time and the precision of an experiment from a short pilot.

The pilot runs a few replications of random points and of their neighbors, which differ in one factor. Their time gives
the estimate of the whole, and their spread the replications that a half-width needs. If neighbors agree bit for bit,
their factor changed nothing. Plans of the planner and stationary values are computed once for several runs, so they are
estimated separately. All times are processor times, to which other programs on the machine do not add.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from juste_retour.abm.bargaining.continuation import estimated_seconds, is_known, with_seed
from juste_retour.abm.base.members import Members
from juste_retour.abm.outcomes import Outcomes, run
from juste_retour.abm.price_of_politics import planner_question
from juste_retour.abm.worlds.scenario import Scenario
from juste_retour.abm.worlds.stacked import shape
from juste_retour.agents.errors import BadInput
from juste_retour.runs.base.chunked import CHUNK
from juste_retour.runs.base.numerals import shown
from juste_retour.runs.base.user_rules import blame
from juste_retour.runs.engine.agreement import Agreed
from juste_retour.runs.engine.chunks import ChunkPlan, alike
from juste_retour.runs.engine.design import FROM, TO, Point
from juste_retour.runs.engine.idle import Idle, idle, signature
from juste_retour.runs.engine.pool import cores
from juste_retour.runs.engine.precision import Precision, Seen, precision
from juste_retour.runs.engine.spec import Spec
from juste_retour.runs.results.frames import frames
from juste_retour.runs.results.paired import GAIN

PILOT = 1.0  # processor seconds for points; one plan of the planner and one large array are run in addition
WORLDS = 8  # replications of a pilot point
PRECISE = 32  # the same if replications are to be planned, since all points share the random draws
SMALL = 64  # points up to which a pilot that plans replications runs the whole grid
FULL = 128  # replications of the array that shows how time grows with replications
COUNTED = 256  # size of the sample of points or chunks in larger designs
SLOW = 3.0  # a level is reported if it takes this many times as long as the others
LEAST_PLACES = 2  # comparisons in which a factor must have changed nothing before it is reported
SOLVES_TIMED = 2  # number of solutions for stationary values that are timed


@dataclass(frozen=True)
class Expensive:
    """A computation that several runs share: how often it is made, and seconds of one core for each."""

    what: str
    count: int
    seconds_each: float

    @property
    def seconds(self) -> float:
        """Seconds of one core in all."""
        return self.count * self.seconds_each


@dataclass(frozen=True)
class Cost:
    """The size of an experiment, its estimated time, and what the pilot found."""

    points: int
    refused: int
    replications: int
    runs: int
    chunks: int
    seconds_of_runs: float  # of one core
    startup: float  # seconds until a process is ready
    bytes_per_run: float
    expensive: tuple[Expensive, ...] = ()
    bargains: bool = False  # whether points use stationary values, also known ones
    slow: tuple[str, ...] = ()
    idle: tuple[Idle, ...] = ()
    precision: Precision | None = None
    agreed: tuple[Agreed, ...] = ()
    pilot_points: int = 0

    def seconds(self, workers: int) -> float:
        """Estimated seconds from start to end, with that many workers."""
        work = self.seconds_of_runs + sum(e.seconds for e in self.expensive)
        used = max(min(workers, cores(), self.chunks), 1)
        return self.startup * (2 if workers else 1) + work / used

    @property
    def runs_per_second(self) -> float:
        """Runs per second of one core, without the expensive computations."""
        return self.runs / max(self.seconds_of_runs, 1e-9)

    @property
    def bytes(self) -> float:
        """Estimated size of the tables in bytes."""
        return self.runs * self.bytes_per_run


@dataclass
class _Tried:
    """A pilot point and its runs."""

    point: Point
    scenario: Scenario
    place: int  # pilot points of one place are compared with its first
    of_design: bool  # false if the pilot ran it without stationary values, which are slow to solve
    seconds: float = 0.0
    worlds: pd.DataFrame = field(default_factory=pd.DataFrame)


def cost(spec: Spec, pilot: float = PILOT, worlds: int = WORLDS, crossed: Sequence[str] = ()) -> Cost:
    """Estimate an experiment's time, size and precision, and find what is expensive and what changes nothing.

    Args:
        spec: the experiment.
        pilot: processor seconds for the pilot's points.
        worlds: replications of a pilot point.
        crossed: factors all of whose combinations a place of the pilot has; in a small grid these are all factors.
    """
    startup = time.process_time()
    plan = ChunkPlan(spec)
    found = _Pilot(plan, pilot, worlds, crossed)
    tried = found.tried
    groups = _groups(plan)
    seconds = found.fixed * (groups + spec.runs / found.doubling) * found.times_with_price
    of_design = [t for t in tried if t.of_design]
    scenarios = sampled(spec)
    return Cost(
        points=len(spec.kept),
        refused=len(spec.refused),
        replications=spec.replications,
        runs=spec.runs,
        chunks=plan.chunks,
        seconds_of_runs=seconds,
        startup=startup,
        bytes_per_run=found.bytes_per_run,
        expensive=tuple(expensive(plan, scenarios, found.seconds_per_plan)),
        bargains=any(scenario.bargains_on for scenario in scenarios),
        slow=tuple(_slow(spec, tried)),
        idle=tuple(_idle(spec, of_design)),
        precision=precision(spec.outcomes, [Seen(t.place, t.point, t.worlds) for t in of_design]),
        agreed=tuple(_agreed(spec, of_design)),
        pilot_points=len(tried),
    )


def _idle(spec: Spec, tried: Sequence[_Tried]) -> list[Idle]:
    points = [t.point for t in tried]
    return idle(points, [signature(t.worlds) for t in tried], LEAST_PLACES)


def _agreed(spec: Spec, tried: Sequence[_Tried]) -> Iterator[Agreed]:
    """Shares of runs without a site, and with only the lag of earlier machines, at the pilot's points."""
    for one in tried:
        none, standing = ((one.worlds[name] == 0).mean() for name in ("sites", GAIN))
        yield Agreed(one.point, float(none), float(standing))


class _Pilot:
    """The runs of the pilot, and the time model that is fitted to them.

    Attributes:
        fixed: seconds that an array of runs takes, however few they are.
        doubling: number of runs that take as long as the fixed part.
        times_with_price: ratio of a run's time with and without the price of politics.
    """

    def __init__(self, plan: ChunkPlan, seconds: float, worlds: int, crossed: Sequence[str] = ()):
        self.plan, self.spec, self.worlds = plan, plan.spec, worlds
        self.crossed = crossed if plan.spec.design.kind == "grid" else ()
        if self.crossed and len(plan.spec.points) <= SMALL:
            self.crossed = [factor.key for factor in plan.spec.factors]
        self.arrays: list[tuple[float, int]] = []  # seconds and worlds of each
        self.parts: list[dict[str, pd.DataFrame]] = []
        self.tried: list[_Tried] = []
        self.times_with_price, self.seconds_per_plan = 1.0, 0.0
        rng = np.random.default_rng(self.spec.seed)
        places = iter(range(1, self.spec.runs + 1))
        first = self._neighbors(0, rng)
        self._timed(first[0].scenario, 1)  # the first run of a process also loads modules, so it does not count
        begun = time.process_time()
        self.doubling = self._growth(first[0].scenario)
        self._run(first)
        while time.process_time() - begun < seconds and (place := next(places, None)) is not None:
            if self.crossed and len(self.tried) >= len(self.spec.kept):
                break
            self._run(self._neighbors(place, rng))
        self.fixed = float(np.mean([t / (1 + w / self.doubling) for t, w in self.arrays]))
        if plan.price:
            self._price(first[0].scenario)

    @property
    def bytes_per_run(self) -> float:
        """Bytes of the tables per run."""
        whole = 0
        for table in self.spec.tables:
            frame = pd.concat([part[table] for part in self.parts])
            whole += len(self.plan.parquet(table, frame)) - len(self.plan.parquet(table, frame.head(0)))
        return whole / sum(worlds for _, worlds in self.arrays)

    def _neighbors(self, place: int, rng: np.random.Generator) -> list[_Tried]:
        """A random point and, for each factor, a point that differs only in it, if its scenario is valid.

        Of the crossed factors, it has all combinations, or two levels of each where they are many.
        """
        spec = self.spec
        here = spec.points[spec.kept[int(rng.integers(len(spec.kept)))]]
        points = [here, *self._block(here, rng)] if self.crossed else [here]
        for factor in spec.factors:
            if factor.key in here and factor.key not in self.crossed:
                others = [level for level in factor.levels if shown(level) != shown(here[factor.key])]
                level = others[int(rng.integers(len(others)))] if others else factor.at(float(rng.random()))
                points.append({**here, factor.key: level})
        for unit in spec.switching.units if spec.switching else ():
            points.append({**here, unit[0]: FROM if here[unit[0]] == TO else TO})
        found = []
        ran = [one.point for one in self.tried] if self.crossed else []
        for point in points:
            if point in ran:
                continue
            try:
                scenario = spec.built(point)
            except BadInput:
                continue
            solves = _solves(scenario, spec.members)
            runs = scenario.changed({"expect": "status_quo"}) if solves else scenario
            found.append(_Tried(point, runs, place, not solves))
        return found

    def _block(self, here: Point, rng: np.random.Generator) -> list[Point]:
        """The points of the design that differ from `here` in crossed factors only."""
        spec, fixed = self.spec, {k: v for k, v in here.items() if k not in self.crossed}
        points = [spec.points[n] for n in spec.kept]
        points = [p for p in points if p != here and all(p[k] == v for k, v in fixed.items())]
        if len(points) >= SMALL:
            other = points[int(rng.integers(len(points)))]
            points = [p for p in points if all(p[k] in (here[k], other[k]) for k in self.crossed)]
        return points

    def _run(self, tried: Sequence[_Tried]) -> None:
        """Run pilot points; those that fit into one array run together."""
        arrays: dict[str, list[_Tried]] = {}
        for one in tried:
            arrays.setdefault(shape(one.scenario), []).append(one)
        for together in arrays.values():
            scenarios = [one.scenario for one in together for _ in range(self.worlds)]
            begun = time.process_time()
            found = frames(self._ran(scenarios, np.tile(np.arange(self.worlds), len(together))), self._tables)
            seconds = time.process_time() - begun
            self.arrays.append((seconds, len(scenarios)))
            self.parts.append(found)
            for k, one in enumerate(together):
                one.seconds = seconds / (1 + len(scenarios) / self.doubling)
                one.worlds = found["worlds"].iloc[k * self.worlds : (k + 1) * self.worlds].reset_index(drop=True)
        self.tried += tried

    @property
    def _tables(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(("worlds", *self.spec.tables)))

    def _ran(self, scenarios: Sequence[Scenario], replicates: np.ndarray, price: bool = False) -> Outcomes:
        tables = self.spec.tables
        with blame():
            return run(
                scenarios,
                self.spec.seed,
                replicates,
                self.spec.members,
                price=price,
                trace="decisions" in tables,
                timeline="timeline" in tables,
            )

    def _timed(self, scenario: Scenario, worlds: int, price: bool = False) -> float:
        begun = time.process_time()
        self._ran([scenario] * worlds, np.arange(worlds), price)
        return time.process_time() - begun

    def _growth(self, scenario: Scenario) -> float:
        """The number of runs that take as long as the fixed part of an array."""
        few, many = self._timed(scenario, WORLDS), self._timed(scenario, FULL)
        each = (many - few) / (FULL - WORLDS)
        return max((few - WORLDS * each) / each, 1.0) if each > 0 else float(FULL)

    def _price(self, scenario: Scenario) -> None:
        """Time a plan of the planner, and a run with its price once the plan is in the cache."""
        with_plan = self._timed(scenario, WORLDS, price=True)
        again, without = self._timed(scenario, WORLDS, price=True), self._timed(scenario, WORLDS)
        self.seconds_per_plan = max(with_plan - again, 0.0)
        self.times_with_price = max(again / max(without, 1e-9), 1.0)


def _solves(scenario: Scenario, members: Members) -> bool:
    """Whether a run of the scenario must solve for stationary values, which are not in the cache."""
    return scenario.bargains_on and not is_known(scenario, members)


def sampled(spec: Spec) -> list[Scenario]:
    """The scenarios of all valid points; in large designs of a random sample of them."""
    rng = np.random.default_rng(spec.seed)
    some = rng.choice(spec.kept, COUNTED, replace=False) if len(spec.kept) > COUNTED else spec.kept
    return [spec.scenario_at(int(point)) for point in some]


def expensive(plan: ChunkPlan, scenarios: Sequence[Scenario], seconds_per_plan: float) -> Iterator[Expensive]:
    """The shared computations of a design; their number is estimated from the scenarios of `sampled`."""
    kept, members = plan.spec.kept, plan.spec.members
    if plan.price:
        asked = Counter(planner_question(scenario, members).key for scenario in scenarios)
        yield Expensive("plan of the planner", distinct(asked.values(), len(kept)), seconds_per_plan)
    seeded = [with_seed(s, seed) for s in scenarios if s.bargains_on for seed in range(plan.spec.solver_seeds)]
    solves = {s.digest: s for s in seeded if _solves(s, members)}
    if solves:
        times = Counter(s.digest for s in seeded if s.digest in solves)
        share = sum(times.values()) / len(scenarios)
        timed = list(solves.values())[:: -(-len(solves) // SOLVES_TIMED)]
        each = float(np.mean([estimated_seconds(s, members) for s in timed]))
        count = distinct(times.values(), round(share * len(kept)))
        yield Expensive("solution for stationary values", count, each)


def distinct(times: Iterable[int], many: int) -> int:
    """Estimate the number of distinct items among `many`; `times` says how often each item occurs in a sample.

    Source: Chao (1984), in the bias-corrected form.
    """
    times = list(times)
    if sum(times) >= many:
        return len(times)
    once, twice = times.count(1), times.count(2)
    return min(round(len(times) + once * (once - 1) / (2 * (twice + 1))), many)


def _groups(plan: ChunkPlan) -> float:
    """Estimate the number of arrays in which a design is run."""
    step = max(plan.chunks // COUNTED, 1)
    counts = []
    for chunk in range(0, plan.chunks, step):
        cells = plan.cells_of(chunk)
        kinds = [alike(plan.spec.points[cell.point]) for cell in cells]
        count, held = 0, 0
        for k, cell in enumerate(cells):
            if k and kinds[k] == kinds[k - 1] and held + cell.worlds <= CHUNK:
                held += cell.worlds
            else:
                count, held = count + 1, cell.worlds
        counts.append(count)
    return float(np.mean(counts)) * plan.chunks


def _slow(spec: Spec, tried: Sequence[_Tried]) -> Iterator[str]:
    """A phrase for each level whose runs take several times as long as those of its factor's other levels."""
    for key in spec.varied:
        by_level: dict[str, list[float]] = {}
        for one in tried:
            if key in one.point and not isinstance(one.point[key], float):
                by_level.setdefault(shown(one.point[key]), []).append(one.seconds)
        for level, mine in by_level.items():
            others = [s for other, times in by_level.items() if other != level for s in times]
            if len(mine) >= LEAST_PLACES and others and min(mine) > SLOW * min(others):
                yield (
                    f"a run with {key} = {level} takes about {min(mine) / min(others):.0f} times as long as with other levels"
                )
