"""Alternative assumptions for the robustness checks.

Each one is tried alone: all other assumptions stay at their defaults, and political parameters are drawn from the posterior.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from juste_retour.abm.worlds.scenario import Scenario, load
from juste_retour.agents.arrays import Floats
from juste_retour.agents.rules import FAMILIES
from juste_retour.runs.results.switches import mixed
from juste_retour.runs.studies.europe.bench import REFORM, STATUS_QUO, Bench

BASELINE = "baseline"


@dataclass(frozen=True)
class Alternative:
    """A set of changes to every scenario.

    A dotted key changes a parameter of a rule; it has no effect where the scenario's rule lacks that parameter.

    Attributes:
        name: name of the assumption, as in the tables.
        changes: changes to every scenario.
        reform: further changes to the reform only.
        quo: further changes to the status quo only.
    """

    name: str
    changes: Mapping[str, object] = field(default_factory=dict)
    reform: Mapping[str, object] = field(default_factory=dict)
    quo: Mapping[str, object] = field(default_factory=dict)

    def to(self, scenario: Scenario) -> Scenario:
        """The scenario under this assumption."""
        own = {REFORM: self.reform, STATUS_QUO: self.quo}.get(scenario.name, {})
        changes = {}
        for key, value in {**self.changes, **own}.items():
            name, _, parameter = key.partition(".")
            if parameter and parameter not in FAMILIES[name][scenario.rules[name].rule].parameters:
                continue
            changes[key] = value
        return scenario.changed(changes) if changes else scenario


ALTERNATIVES = (
    Alternative(BASELINE),
    Alternative("states expect what past offers brought", {"expect": "adaptive"}),
    Alternative(
        "behavioral utility: envy and a consensus norm",
        {"inequality_aversion": 0.5, "consensus_norm": 0.8},
    ),
    Alternative("a no vote returns all money (sunk = 0)", {"agenda.sunk": 0.0}),
    Alternative("a no vote returns half of it (sunk = 0.5)", {"agenda.sunk": 0.5}),
    Alternative("no noise in votes", {"reservation_noise": 0.0}),
    Alternative("each campus writes its own bid", quo={"agenda.dossiers": "sites"}),
    Alternative("EuroHPC's hosting entities bid first", quo={"agenda.dossiers": "hosting_entities"}),
    Alternative("the frontier grows 2-fold a year after mid-2025", {"frontier_growth_later": 2.0}),
    Alternative(
        "the frontier grows 5-fold a year, before and after",
        {"frontier_growth": 5.0, "frontier_growth_later": 5.0},
    ),
    Alternative("pooling is nearly free (exponent 0.03)", {"replica_penalty": 0.03}),
    Alternative("pooling is expensive (exponent 0.45)", {"replica_penalty": 0.45}),
    Alternative("chips of the specification's date", {"procurement.refresh": 0.0}),
    Alternative("chips of the delivery's date", {"procurement.refresh": 1.0}),
    Alternative("sites have a third of the power", {"headroom_scale": 0.3}),
    Alternative("sites have three times the power", {"headroom_scale": 3.0}),
    Alternative(
        "audit first is mild",
        {
            "operations.sign_off_h": 0.1,
            "operations.repair_h": 24.0,
            "operations.mfu_factor": 1.0,
            "operations.build_factor": 1.0,
            "operations.person_share": 3 / 419,
        },
    ),
    Alternative("the largest grant is 22 % of a site's hours in a year today", quo={"access.year_share": 0.224}),
    Alternative("the reform dedicates its sites", reform={"access": "dedicated"}),
    Alternative("talent follows the machines", {"talent_elasticity": 0.07, "trophy_fade": 0.3}),
    Alternative("machines are renewed every five years", {"life_years": 5.0}),
)
PARTS = ("placement", "funding", "procurement", "operations", "pooling")


def tried(bench: Bench, alternative: Alternative) -> dict[str, Floats]:
    """The main findings under an alternative, by name; each is an array (draws,).

    The number of a part of the reform is its gain when it is added last, in years: the lag of the reform without that part
    minus the lag of the whole reform, at equal envelopes.
    """
    quo, reform = alternative.to(load(STATUS_QUO)), alternative.to(load(REFORM))
    names = ["years_behind", "sites", "largest_site_accelerators"]
    ends = [bench.outcomes(scenario, names) for scenario in (quo, reform)]
    lags = [end["years_behind"] for end in ends]
    found = {
        "status quo, years behind": lags[0],
        "reform, years behind": lags[1],
        "gain of the reform, years": lags[0] - lags[1],
        "sites of the status quo": ends[0]["sites"],
    }
    for part in PARTS:
        without = mixed(reform, quo, [part])
        found[f"{part} last, years"] = bench.outcomes(without, ["years_behind"])["years_behind"] - lags[1]
    votes = {}
    for voting in ("lisbon_qmv", "unanimity"):
        offered = quo.changed({"agenda": "commission_proposal", "voting": voting})
        votes[voting] = bench.outcomes(offered, ["sites"])["sites"]
    found["unanimity, Commission proposal, sites added"] = votes["unanimity"] - votes["lisbon_qmv"]
    return found
