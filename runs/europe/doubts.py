"""What the verdict on the essay is tried against: posterior draws, and doubts about the structure of the model.

A doubt changes the same thing in every scenario. Each is tried on the same draws and the same luck, so that a finding
that flips can be laid at its door.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from juste_retour.abm.delivery.pooling import Fleet, pooling
from juste_retour.abm.members import Members, load_members
from juste_retour.abm.outcomes import run
from juste_retour.abm.politics.stationary import NotConverged
from juste_retour.abm.reader import series
from juste_retour.abm.scenario import Scenario, load
from juste_retour.abm.simulation import Simulation
from juste_retour.agents.arrays import Floats, Integers, total
from juste_retour.agents.rules import FAMILIES
from juste_retour.agents.values import Values
from juste_retour.runs.contrasts.switches import switches
from juste_retour.runs.drawn import changed, drawn_in

STATUS_QUO, REFORM = "eu-status-quo", "essay-reform"
KINDS = {
    "as it stands": "nothing changed",
    "mind": "how actors expect and feel",
    "frontier": "how fast the frontier moves",
    "pooling": "what low-communication training costs",
    "chips": "chips of the specification's date or of delivery",
    "sites": "power at the sites, which is estimated",
    "operations": "what audit first costs, which is assumed",
    "feedback": "talent that follows the machines",
}


@dataclass(frozen=True)
class Doubt:
    """A change to every scenario; a dotted key changes a rule's parameter where the scenario's rule has it."""

    name: str
    kind: str
    changes: Mapping[str, object] = field(default_factory=dict)

    def to(self, scenario: Scenario) -> Scenario:
        """The scenario under this doubt."""
        changes = {}
        for key, value in self.changes.items():
            name, _, parameter = key.partition(".")
            if parameter and parameter not in FAMILIES[name][scenario.rules[name].rule].parameters:
                continue
            changes[key] = value
        return scenario.changed(changes) if changes else scenario


_DOUBTS = (
    Doubt("as it stands", "as it stands"),
    Doubt("states expect what past offers brought", "mind", {"expect": "adaptive"}),
    Doubt("states expect what bargaining on would bring", "mind", {"expect": "stationary"}),
    Doubt(
        "behavioural minds: envy and a norm of consensus",
        "mind",
        {"inequality_aversion": 0.5, "consensus_norm": 0.8},
    ),
    Doubt("the frontier grows 2.5-fold a year", "frontier", {"frontier_growth": 2.5}),
    Doubt("the frontier grows 3.3-fold a year", "frontier", {"frontier_growth": 3.3}),
    Doubt("pooling nearly free: exponent 0.03", "pooling", {"replica_penalty": 0.03}),
    Doubt("pooling dear: exponent 0.45", "pooling", {"replica_penalty": 0.45}),
    Doubt("chips of the specification's date", "chips", {"procurement.refresh": 0.0}),
    Doubt("chips of the delivery's date", "chips", {"procurement.refresh": 1.0}),
    Doubt("sites have a third of the power", "sites", {"headroom_scale": 0.3}),
    Doubt("sites have three times the power", "sites", {"headroom_scale": 3.0}),
    Doubt(
        "audit first is mild: local spares, sign-off in minutes, skilled team",
        "operations",
        {
            "operations.sign_off_h": 0.1,
            "operations.repair_h": 24.0,
            "operations.mfu_factor": 1.0,
            "operations.build_factor": 1.0,
            "operations.person_share": 3 / 419,
        },
    ),
    Doubt(
        "talent follows the machines, at the highest elasticity",
        "feedback",
        {"talent_elasticity": 0.07, "trophy_fade": 0.3},
    ),
)


def doubts() -> list[Doubt]:
    """All doubts that the rules at hand allow; the first is none."""
    return [d for d in _DOUBTS if d.changes.get("expect", "status_quo") in FAMILIES["expect"].rules]


@dataclass(frozen=True, eq=False)
class Bench:
    """Draws of the posterior, each with a world's luck of its own: every scenario is tried on all of them."""

    draws: pd.DataFrame
    seed: int
    members: Members = field(default_factory=load_members)

    @property
    def count(self) -> int:
        """How many worlds."""
        return len(self.draws)

    def worlds(self, scenario: Scenario) -> list[Scenario]:
        """The scenario under each draw; what it sets otherwise than the status quo does stays as it sets it."""
        drawn = drawn_in(scenario, map(str, self.draws), load(STATUS_QUO))
        records = self.draws[drawn].to_dict("records")
        return [changed(scenario, {str(k): v for k, v in record.items()}) for record in records]

    def outcomes(
        self, scenario: Scenario, names: Iterable[str], until: str | None = None
    ) -> dict[str, Floats]:
        """Outcomes by name, (worlds,); infinite where nothing works, missing where stationary values were not found.

        Args:
            scenario: what is tried.
            names: columns of the table of worlds.
            until: last quarter that is run; the scenario's own by default.
        """
        worlds = self.worlds(scenario.until(until) if until else scenario)
        names = list(names)
        rows = self._found(worlds, np.arange(self.count), names)
        return dict(zip(names, rows, strict=True))

    def _found(self, worlds: Sequence[Scenario], these: Integers, names: Sequence[str]) -> Floats:
        """Outcomes (names, worlds) of these draws; where some have no equilibrium they are parted until it stands alone."""
        try:
            found = run([worlds[k] for k in these], self.seed, these, self.members, price=False)
        except NotConverged:
            if len(these) == 1:
                return np.full((len(names), 1), np.nan)
            return np.hstack([self._found(worlds, half, names) for half in np.array_split(these, 2)])
        return np.array([found.worlds[name] for name in names], dtype=np.float64)

    def best_after(self, scenario: Scenario) -> Floats:
        """(worlds,) the fewest years behind in any quarter after the announcement; infinite where nothing works."""
        found = run(
            self.worlds(scenario), self.seed, np.arange(self.count), self.members, price=False, timeline=True
        )
        world = Simulation(scenario, 0, [0], self.members).world
        begun, first = world.announced, world.first
        return series(found.timeline[begun - first + 1 :], "years_behind").min(-1)


@dataclass(frozen=True, eq=False)
class Trial:
    """What one doubt makes of the essay, on every draw.

    `mixtures` (2^k, worlds) is the gain of every mixture, in years less behind than the status quo; `units` the groups
    that were switched. `status_quo`, `reform` and `alone` hold outcomes; `pooled` the run of the nineteen sites' chips
    over that of one campus of as many, by pooling rule; `standing` (worlds,) the years by which the machines that
    stood already, run and pooled as under the reform, are nearer the frontier than the status quo with all its sites.
    """

    doubt: Doubt
    units: tuple[str, ...]
    mixtures: Floats
    status_quo: dict[str, Floats]
    reform: dict[str, Floats]
    alone: dict[str, Floats]
    pooled: dict[str, Floats]
    standing: Floats


SIZES = ("sites", "largest_site_accelerators", "h100_equivalents", "years_behind")
ALONE: dict[str, dict[str, object]] = {
    "voting by the Commission alone": {"voting": "dictator"},
    "no trophy": {"first_trophy_eur_bn": 0.0},
    "proposed by the Commission, qualified majority": {
        "agenda": "commission_proposal",
        "voting": "lisbon_qmv",
    },
    "proposed by the Commission, unanimity": {"agenda": "commission_proposal", "voting": "unanimity"},
}


def try_out(bench: Bench, doubt: Doubt) -> Trial:
    """Run everything that the claims ask for under one doubt."""
    source, target = doubt.to(load(STATUS_QUO)), doubt.to(load(REFORM))
    built = switches(source, target)
    lags = [bench.outcomes(mixture, ["years_behind"])["years_behind"] for mixture in built.mixtures]
    alone = {
        name: bench.outcomes(source.changed(changes), ["sites"])["sites"] for name, changes in ALONE.items()
    }
    return Trial(
        doubt=doubt,
        units=tuple("+".join(unit) for unit in built.units),
        mixtures=lags[0] - np.array(lags),
        status_quo=bench.outcomes(source, SIZES),
        reform=bench.outcomes(target, SIZES),
        alone=alone,
        pooled=pooled(bench, source.changed({"operations": "operator_led"})),
        standing=lags[0] - _with_nothing_built(bench, target),
    )


def _with_nothing_built(bench: Bench, scenario: Scenario) -> Floats:
    """(worlds,) years behind with the machines that stood already, run and pooled as a scenario says."""
    return bench.outcomes(scenario.changed({"envelope_eur_bn": 0.0}), ["years_behind"])["years_behind"]


def bite(trial: Trial, base: Trial) -> float:
    """Share of the draws in which a doubt changes anything at all: a mixture's gain, a site, a pooled run."""
    pairs = [(trial.mixtures, base.mixtures)]
    for here, there in (
        (trial.status_quo, base.status_quo),
        (trial.alone, base.alone),
        (trial.pooled, base.pooled),
        ({"standing": trial.standing}, {"standing": base.standing}),
    ):
        pairs += [(values, there[name]) for name, values in here.items()]
    moved = [~np.isclose(a, b, rtol=0.0, atol=0.0, equal_nan=True) for a, b in pairs]
    return float(np.concatenate([np.atleast_2d(m) for m in moved]).any(0).mean())


def unsolved(trial: Trial) -> float:
    """Share of the draws that are left out somewhere because stationary values were not found."""
    return float(np.isnan([*trial.alone.values(), trial.status_quo["sites"]]).any(0).mean())


def pooled(bench: Bench, scenario: Scenario, exponents: Sequence[float] = ()) -> dict[str, Floats]:
    """The best run of the programme's sites over that of one campus with all of their chips, (worlds,), by pooling rule.

    Both under the scenario's operations; sites count once they are selected and not cancelled, working or not, and
    machines that stood already are left out: it is the essay's nineteen against one. The campus is free to split
    itself. With `exponents` there is a column an exponent of low-communication training, named after it.
    """
    short = scenario.until("2026Q1")
    simulation = Simulation(bench.worlds(short), bench.seed, np.arange(bench.count), bench.members).run()
    world, practice = simulation.world, simulation.institutions.practice
    d = world.programme.delivered
    chips = np.where((world.programme.selected >= 0) & ~d.cancelled, d.chips, 0.0)
    everything = total(chips)
    mean_peak = total(chips * d.peak) / np.maximum(everything, 1e-300)
    campus = np.zeros(chips.shape)
    campus[:, 0] = everything
    peaks = np.broadcast_to(mean_peak[:, None], chips.shape)

    def rate(rule: str, at: Floats, peak: Floats, p: Values) -> Floats:
        return np.asarray(pooling[rule](Fleet(at, peak, practice, p, world.ring), None).rate)

    def ratio(rule: str, p: Values) -> Floats:
        one = rate("independent", campus, peaks, p)
        return np.where(one > 0, rate(rule, chips, d.peak, p) / np.where(one > 0, one, 1.0), np.nan)

    out = {
        rule: ratio(rule, world.p) for rule in ("independent", "synchronous", "low_communication", "best_of")
    }
    for exponent in exponents:
        values = type(world.p)(
            **vars(world.p) | {"replica_penalty": np.full((bench.count, 1), float(exponent))}
        )
        out[f"{exponent:g}"] = ratio("low_communication", values)
    return out
