"""The simulations behind the claims: attribution, agenda protocols, voting rules and pooled training runs.

Each function takes a bench and returns numbers by name, each (draws,). Parts of a bench can therefore run separately. Lags
are in years, money in EUR bn.
"""

from __future__ import annotations

from itertools import combinations
from math import comb

import numpy as np

from juste_retour.abm.delivery.pooling import Fleet, pooling
from juste_retour.abm.schedule.simulation import Simulation
from juste_retour.abm.worlds.scenario import Scenario, load
from juste_retour.agents.arrays import Booleans, Floats, total
from juste_retour.agents.values import Values
from juste_retour.runs.analysis.attribution import interactions, mixtures_run, shapley
from juste_retour.runs.results.paired import COMMITTED, GAIN, at_equal_spending, over
from juste_retour.runs.results.switches import MONEY, mixed, switches
from juste_retour.runs.results.windows import SIDE_BY_SIDE, Window
from juste_retour.runs.studies.europe.bench import REFORM, STATUS_QUO, WITH_ACCESS, Bench, BenchRuns

Numbers = dict[str, Floats]
LAG, OPEN = "years_behind", "open_accelerators"
READINGS = {"mean": LAG, "end": "years_behind_at_end", "least": "least_years_behind"}  # of one window
EQUAL = ("envelopes", "spending")
OUTCOMES = {  # other readings of the same window, and the largest site
    "whole": "whole_machine_years_behind",
    "all": "all_machines_years_behind",
    "program": "program_years_behind",
    "added": GAIN,
    "without": "quarters_without_program",
    "site": "largest_site_accelerators",
}
NAMED = ("placement", "procurement", "operations")  # the parts that the essay names
NEARLY = 0.95  # of the sum that all mixtures should commit
CHIPS = (0.06, 0.2, 0.5, 1.0)  # shares of a machine's chips for one run, the same on both sides
SIZES = (
    "sites",
    "hosts",
    "largest_site_accelerators",
    "h100_equivalents",
    OPEN,
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
OWN, ALONE = "own rule", "Commission alone"
SUNK = (0.0, 0.5, 1.0)
HOSTING: dict[str, dict[str, object]] = {
    "no wish to host": {"first_trophy_eur_bn": 0.0, "host_cost_eur_bn": 0.0},
    "no trophy": {"first_trophy_eur_bn": 0.0},
}
WRITING = ("dossier_centre_months", "dossier_new_months")
BIDS = {"bids in half the time": 0.5, "bids in twice the time": 2.0}
VOTES = {"simple majority": "simple_majority", "qualified majority": "lisbon_qmv", "unanimity": "unanimity"}


def attribution(bench: Bench) -> Numbers:
    """Shapley shares of the parts in the reform's gain, at equal envelopes and at equal spending, for three windows.

    Ends are `quo`, `reform` and `named`: the parts that the essay names, at equal envelopes with the whole envelope. Keys
    are of the form `share|envelopes|5|funding`, `gain|spending|10`, `named|spending|5` (the gain of the named parts),
    `lag|envelopes|5|quo` and `pair|envelopes|placement|operations`; for the other readings of the window,
    `end|spending|quo`. `ratio|placement+funding` is what a mixture commits at equal spending, as a share of what all
    should, and `fair|placement` a part's share over mixtures that commit nearly that.

    Source: Shapley (1953).
    """
    quo, reform = load(STATUS_QUO), load(REFORM)
    built = switches(quo, reform, [MONEY])
    beside = [Window.of(quo, years) for years in SIDE_BY_SIDE]
    runs = BenchRuns(bench, [*READINGS.values(), *OUTCOMES.values()], beside)
    games = mixtures_run(built, runs, bench.count)
    groups = ["+".join(unit) for unit in built.units]
    ends = {"quo": 0, "named": _mixture(groups, (*NAMED, MONEY)), "reform": len(built.mixtures) - 1}
    found: Numbers = {"mixtures": np.full(bench.count, float(len(built.mixtures)))}
    for equal, game in zip(EQUAL, games, strict=True):
        for window in beside:
            key = f"{equal}|{window.years:g}"
            lags = _finite(game[over(LAG, window)])
            found |= {f"lag|{key}|{end}": lags[m] for end, m in ends.items()}
            found[f"gain|{key}"], found[f"named|{key}"] = lags[0] - lags[-1], lags[0] - lags[ends["named"]]
            shares = -shapley(lags)
            found |= {f"share|{key}|{g}": shares[k] for k, g in enumerate(groups)}
        for reading, name in (READINGS | OUTCOMES | {"committed": COMMITTED}).items():
            values = game[name]
            if reading == "program":  # no quarter has a machine of the program: each counts as the cap
                values = np.minimum(values, quo.lag_cap_years)
            found |= {f"{reading}|{equal}|{end}": values[m] for end, m in ends.items()}
        pairs = -interactions(_finite(game[over(LAG, beside[0])]))
        for n, (i, j) in enumerate(combinations(range(len(groups)), 2)):
            found[f"pair|{equal}|{groups[i]}|{groups[j]}"] = pairs[n]
    sums = games[1][COMMITTED]
    target = np.minimum(games[0][COMMITTED][0], games[0][COMMITTED][-1])
    ratio = np.where(target > 0, sums / np.where(target > 0, target, 1.0), np.nan)
    money = groups.index(MONEY)  # changes nothing at equal spending
    for m in range(len(built.mixtures)):
        if not m >> money & 1:
            found[f"ratio|{' + '.join(g for k, g in enumerate(groups) if m >> k & 1) or 'status quo'}"] = ratio[m]
    fair = -shapley_where(_finite(games[1][LAG]), ratio >= NEARLY)
    return found | {f"fair|{g}": fair[k] for k, g in enumerate(groups)}


def _mixture(groups: list[str], switched: tuple[str, ...]) -> int:
    """The index of the mixture in which these groups are the target's."""
    return sum(1 << k for k, group in enumerate(groups) if set(group.split("+")) <= set(switched))


def shapley_where(values: Floats, good: Booleans) -> Floats:
    """Shapley values over the marginal contributions between coalitions that are both `good`, weights scaled up; (k, ...).

    `values` and `good` are (2^k coalitions, ...). NaN where a player has no such contribution.

    >>> shapley_where(np.array([0.0, 1.0, 2.0, 5.0]), np.array([True, True, False, True]))
    array([1., 4.])
    """
    k = (len(values) - 1).bit_length()
    weighted, weights = np.zeros((2, k, *np.shape(values)[1:]))
    for player in range(k):
        for m in range(len(values)):
            if not m >> player & 1:
                both = good[m] & good[m | 1 << player]
                weight = np.where(both, 1 / comb(k - 1, m.bit_count()) / k, 0.0)
                weighted[player] += np.where(both, weight * (values[m | 1 << player] - values[m]), 0.0)
                weights[player] += weight
    with np.errstate(invalid="ignore", divide="ignore"):
        return weighted / weights


def opened(bench: Bench) -> Numbers:
    """What access adds to the reform, and what the reform gains if the older machines are run as today.

    Access: hours of the new sites for flagship models, then also those of the older machines. Keys are of the form
    `lag|spending|access`, `won|spending|standing` and `won|spending|named, new sites`, over five years.
    """
    quo, reform, access = load(STATUS_QUO), load(REFORM), load(WITH_ACCESS)
    as_today = {"standing_operations": quo.rules["operations"].rule}
    runs, found = BenchRuns(bench, [LAG]), Numbers()
    for name, scenario in {
        "access": access,
        "standing": access.changed({"standing": "strategic"}),
        "named, new sites": mixed(quo, reform, NAMED).changed(as_today),
        "reform, new sites": reform.changed(as_today),
    }.items():
        found |= _compared(runs, quo, scenario, bench.count, name)
    return found


def equal_access(bench: Bench) -> Numbers:
    """Lags and gains if one run has the same share of the chips of all machines, and if both sides spend what is left.

    Keys are of the form `won|spending|reform at 0.06`, `lag|spending|named at 0.06` and `quo|spending|reform at 0.06`; and
    `won|spending|reform topped up`, where the sites that are selected get the money that the call leaves.
    """
    quo, reform = load(STATUS_QUO), load(REFORM)
    found: Numbers = {}
    for name, scenario in (("reform", reform), ("named", mixed(quo, reform, NAMED))):
        today, other = (s.changed({"leftover": "top_up"}) for s in (quo, scenario))
        found |= _compared(BenchRuns(bench, [LAG]), today, other, bench.count, f"{name} topped up")
    for level in CHIPS:
        runs = BenchRuns(bench.setting(access__calls__year_share=level * bench.draws["run_days"] / 365), [LAG])
        for name, scenario in (("reform", reform), ("named", mixed(quo, reform, NAMED))):
            found |= _compared(runs, quo, scenario, bench.count, f"{name} at {level:g}")
    return found


def _compared(runs: BenchRuns, quo: Scenario, other: Scenario, count: int, name: str) -> Numbers:
    """Lags of the status quo (`quo|spending|name`) and another scenario (`lag|...`) and the gain, in both comparisons."""
    free = runs.of(quo, 0, count), runs.of(other, 0, count)
    found: Numbers = {}
    fair = at_equal_spending(runs, (quo, other), 0, free)
    for equal, (a, b) in zip(EQUAL, (free, fair), strict=True):
        found |= {f"quo|{equal}|{name}": a[LAG], f"lag|{equal}|{name}": b[LAG]}
        found[f"won|{equal}|{name}"] = _gain(a[LAG], b[LAG])
    return found


def _finite(lags: Floats) -> Floats:
    """Lags (mixtures, draws), with NaN in all mixtures of a draw where one has no machine that works."""
    return np.where(np.isfinite(lags).all(0), lags, np.nan)


def ends(bench: Bench) -> Numbers:
    """Outcomes of status quo and reform, and what the reform's rules gain without new sites.

    `standing` is the gain in years of the reform's operations on the machines that stood before, over the status quo, and
    `added|7` that of the status quo's sites over no new site in a window of seven years, `added|all` with all machines as
    if they were one.
    """
    quo, reform = load(STATUS_QUO), load(REFORM)
    found: Numbers = {}
    free = bench.outcomes(quo, SIZES), bench.outcomes(reform, SIZES)
    fair = at_equal_spending(BenchRuns(bench, [OPEN]), (quo, reform), 0, free)
    for name, as_is, held in zip(("quo", "reform"), free, fair, strict=True):
        found |= {f"{name}|{key}": values for key, values in as_is.items()}
        found[f"{name}|spending|{OPEN}"] = held[OPEN]
    for years in SIDE_BY_SIDE:
        longer = quo.changed({"window_years": years})
        found[f"added|{years:g}"] = bench.outcomes(longer, [GAIN])[GAIN]
    together = OUTCOMES["all"]
    with_sites, without = (
        bench.outcomes(s, [together])[together] for s in (quo, quo.changed({"envelope_eur_bn": 0.0}))
    )
    found["added|all"] = _gain(without, with_sites)
    nothing = reform.changed({"envelope_eur_bn": 0.0})
    return found | {"standing": found[f"quo|{LAG}"] - bench.outcomes(nothing, [LAG])[LAG]}


def protocol(bench: Bench, name: str) -> Numbers:
    """Numbers of sites under one agenda protocol by voting rule and hosting, and the gain of the reform's placement.

    Keys are of the form `sites|open call|unanimity`, with the share of money that is sunk as drawn;
    `sites at 0.5|open call|unanimity`; `sites|open call|no wish to host`; and `placement|open call|spending`.
    """
    base = load(STATUS_QUO).changed(PROTOCOLS[name])
    if name != OPEN_CALL:
        base = base.changed({"voting": "lisbon_qmv"})
    votes = {words: base.changed({"voting": rule}) for words, rule in VOTES.items()} | {OWN: base}
    if name != BARON_FEREJOHN:  # there states propose, not the Commission
        votes[ALONE] = base.changed({"voting": "dictator"})
    found: Numbers = {}
    rule = base.rules["agenda"].rule
    for sunk in (None, *(SUNK if name != BARON_FEREJOHN else ())):
        drawn, at = bench, ""
        if sunk is not None:
            drawn, at = bench.setting(**{f"agenda__{rule}__sunk": sunk}), f" at {sunk:g}"
        for words, scenario in votes.items():
            found[f"sites{at}|{name}|{words}"] = drawn.outcomes(scenario, ["sites"])["sites"]
    for words, changes in HOSTING.items():
        found[f"sites|{name}|{words}"] = bench.outcomes(base.changed(changes), ["sites"])["sites"]
    for words, factor in BIDS.items() if name == OPEN_CALL else ():
        quicker = bench.setting(**{key: factor * bench.draws[key] for key in WRITING})
        found[f"sites|{name}|{words}"] = quicker.outcomes(base, ["sites"])["sites"]
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

    out = {rule: ratio(rule, world.p) for rule in ("independent", "synchronous", "low_communication", "best_of")}
    for exponent in exponents:
        values = type(world.p)(**vars(world.p) | {"replica_penalty": np.full((bench.count, 1), float(exponent))})
        out[f"{exponent:g}"] = ratio("low_communication", values)
    return out
