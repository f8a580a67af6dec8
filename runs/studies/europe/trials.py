"""The simulations behind the claims: attribution, agenda protocols, voting rules and pooled training runs.

Each function takes a bench and returns numbers by name, each (draws,). Parts of a bench can therefore run separately. Lags
are in years, money in EUR bn.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np

from juste_retour.abm.delivery.pooling import Fleet, pooling
from juste_retour.abm.schedule.simulation import Simulation
from juste_retour.abm.worlds.scenario import Scenario, load
from juste_retour.agents.arrays import Floats, total
from juste_retour.agents.values import Values
from juste_retour.runs.analysis.attribution import interactions, mixtures_run, shapley
from juste_retour.runs.results.paired import COMMITTED, over
from juste_retour.runs.results.parameter_ranges import setting
from juste_retour.runs.results.switches import MONEY, mixed, switches
from juste_retour.runs.results.windows import SIDE_BY_SIDE, Window
from juste_retour.runs.studies.europe.bench import REFORM, STATUS_QUO, Bench, BenchRuns

Numbers = dict[str, Floats]
LAG = "years_behind"
READINGS = {"mean": LAG, "end": "years_behind_at_end", "least": "least_years_behind"}  # of one window
EQUAL = ("envelopes", "spending")
SIZES = (
    "sites",
    "hosts",
    "largest_site_accelerators",
    "h100_equivalents",
    "open_accelerators",
    LAG,
    COMMITTED,
    "spend_eur_bn",
)
OPEN_CALL, PROPOSAL, BARON_FEREJOHN = "open call", "Commission proposal", "Baron-Ferejohn"
PROTOCOLS: dict[str, dict[str, object]] = {
    OPEN_CALL: {},
    PROPOSAL: {"agenda": "commission_proposal"},
    BARON_FEREJOHN: {"agenda": "closed_rule", "expect": "stationary"},
}
VOTES = {"simple majority": "simple_majority", "qualified majority": "lisbon_qmv", "unanimity": "unanimity"}


def attribution(bench: Bench) -> Numbers:
    """Shapley shares of the parts in the reform's gain, at equal envelopes and at equal spending, for three windows.

    Keys are of the form `share|envelopes|5|access`, `gain|spending|10`, `lag|envelopes|5|quo` and
    `pair|envelopes|placement|operations`; for the window's last quarter and its best one, `end|spending|quo` and
    `least|spending|reform`.

    Source: Shapley (1953).
    """
    quo, reform = load(STATUS_QUO), load(REFORM)
    built = switches(quo, reform, [MONEY])
    beside = [Window.of(quo, years) for years in SIDE_BY_SIDE]
    games = mixtures_run(built, BenchRuns(bench, READINGS.values(), beside), bench.count)
    groups = ["+".join(unit) for unit in built.units]
    found: Numbers = {"mixtures": np.full(bench.count, float(len(built.mixtures)))}
    for equal, game in zip(EQUAL, games, strict=True):
        for window in beside:
            key = f"{equal}|{window.years:g}"
            lags = _finite(game[over(LAG, window)])
            found[f"lag|{key}|quo"], found[f"lag|{key}|reform"] = lags[0], lags[-1]
            found[f"gain|{key}"] = lags[0] - lags[-1]
            shares = -shapley(lags)
            found |= {f"share|{key}|{g}": shares[k] for k, g in enumerate(groups)}
        for reading in ("end", "least"):
            values = _finite(game[READINGS[reading]])
            found[f"{reading}|{equal}|quo"], found[f"{reading}|{equal}|reform"] = values[0], values[-1]
        found[f"committed|{equal}|quo"], found[f"committed|{equal}|reform"] = (
            game[COMMITTED][0],
            game[COMMITTED][-1],
        )
        pairs = -interactions(_finite(game[over(LAG, beside[0])]))
        for n, (i, j) in enumerate(combinations(range(len(groups)), 2)):
            found[f"pair|{equal}|{groups[i]}|{groups[j]}"] = pairs[n]
    return found | {"access bound": access_bound(bench)}


def _finite(lags: Floats) -> Floats:
    """Lags (mixtures, draws), with NaN in all mixtures of a draw where one has no machine that works."""
    return np.where(np.isfinite(lags).all(0), lags, np.nan)


def access_bound(bench: Bench) -> Floats:
    """The largest possible gain from access at a date, in years (draws,): ln(share of the reform / share today) / ln(growth)."""
    quo, reform = bench.worlds(load(STATUS_QUO)), bench.worlds(load(REFORM))
    today = np.array([setting(s, "access.calls.year_share") for s in quo], dtype=float)
    then = np.array([setting(s, "access.strategic.year_share") for s in reform], dtype=float)
    return np.log(then / today) / np.log([s.frontier_growth for s in quo])


def ends(bench: Bench) -> Numbers:
    """Outcomes of status quo and reform, and two gains without new sites.

    `program` is the gain of the status quo over having no new site; `standing` is the gain of the reform's rules applied to
    the existing machines only, over the status quo. Both are in years.
    """
    quo, reform = load(STATUS_QUO), load(REFORM)
    found: Numbers = {}
    for name, scenario in (("quo", quo), ("reform", reform)):
        found |= {f"{name}|{key}": values for key, values in bench.outcomes(scenario, SIZES).items()}
    nothing = reform.changed({"envelope_eur_bn": 0.0})
    without = quo.changed({"envelope_eur_bn": 0.0})
    found["program"] = bench.outcomes(without, [LAG])[LAG] - found[f"quo|{LAG}"]
    return found | {"standing": found[f"quo|{LAG}"] - bench.outcomes(nothing, [LAG])[LAG]}


def protocol(bench: Bench, name: str) -> Numbers:
    """Numbers of sites under one agenda protocol by voting rule and without the trophy, and the gain of the reform's placement.

    Keys are of the form `sites|open call|unanimity`, `sites|open call|no trophy` and `placement|open call|spending`.
    """
    base = load(STATUS_QUO).changed(PROTOCOLS[name])
    if name != OPEN_CALL:
        base = base.changed({"voting": "lisbon_qmv"})
    found: Numbers = {}
    for words, voting in VOTES.items():
        found[f"sites|{name}|{words}"] = bench.outcomes(base.changed({"voting": voting}), ["sites"])["sites"]
    tried: dict[str, dict[str, object]] = {
        "no trophy": {"first_trophy_eur_bn": 0.0},
        "Commission alone": {"voting": "dictator"},
    }
    if name == BARON_FEREJOHN:
        del tried["Commission alone"]  # states propose in this protocol, not the Commission
    for words, changes in tried.items():
        found[f"sites|{name}|{words}"] = bench.outcomes(base.changed(changes), ["sites"])["sites"]
    found[f"sites|{name}|own rule"] = bench.outcomes(base, ["sites"])["sites"]
    return found | _placement(bench, name, base)


def _placement(bench: Bench, name: str, base: Scenario) -> Numbers:
    """The gain in years of two or three sites placed for capability over a protocol's sites, all else as today."""
    placed = mixed(load(STATUS_QUO), load(REFORM), ["placement"])
    free = [bench.outcomes(s, [LAG, COMMITTED]) for s in (base, placed)]
    found = {f"placement|{name}|envelopes": _gain(free[0][LAG], free[1][LAG])}
    solved = np.isfinite(free[0][COMMITTED])
    found_sums = [{**f, COMMITTED: np.where(solved, f[COMMITTED], 0.0)} for f in free]
    target = np.minimum(found_sums[0][COMMITTED], found_sums[1][COMMITTED])
    runs = BenchRuns(bench, [LAG])
    capped = [free[0] if name == BARON_FEREJOHN else runs.at_most(base, 0, found_sums[0], target)]
    capped.append(runs.at_most(placed, 0, found_sums[1], target))
    # The bargaining model is not solved again with less money, so draws in which it commits more than the planner are omitted.
    fair = solved & ((name != BARON_FEREJOHN) | (found_sums[0][COMMITTED] <= found_sums[1][COMMITTED]))
    spent = _gain(capped[0][LAG], capped[1][LAG])
    return found | {f"placement|{name}|spending": np.where(fair, spent, np.nan)}


def _gain(a: Floats, b: Floats) -> Floats:
    return np.where(np.isfinite(a) & np.isfinite(b), a - b, np.nan)


def geography(bench: Bench) -> Numbers:
    """The largest training run of the status quo's sites relative to one campus with all their chips, by pooling rule."""
    return {
        f"pooled|{rule}": values
        for rule, values in pooled(bench, load(STATUS_QUO).changed({"operations": "operator_led"})).items()
    }


def pooled(bench: Bench, scenario: Scenario, exponents: tuple[float, ...] = ()) -> Numbers:
    """The largest training run of the program's sites relative to one campus with all their chips (draws,), by pooling rule.

    Both have the scenario's operations and use all chips in one run. All sites count that are selected and not canceled,
    whether they work yet or not. Earlier machines do not count, because the essay compares its nineteen sites with one. The
    campus may train as several islands. For each of `exponents` there is also the ratio of low-communication training with
    that penalty exponent, under the exponent as its key.
    """
    short = scenario.until("2026Q1")
    simulation = Simulation(bench.worlds(short), bench.seed, bench.replicates, bench.members).run()
    world, practice = simulation.world, simulation.institutions.practice
    d = world.program.delivered
    chips = np.where((world.program.selected >= 0) & ~d.cancelled, d.chips, 0.0)
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
