"""What else could make a headline number: defaults, idle parameters, thresholds, the frontier's past, the states' goals.

Each function returns numbers or a table; the page shows them under `Checks of the measure`. Lags are in years.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from juste_retour.abm.outcomes import run
from juste_retour.abm.worlds.scenario import Scenario, load
from juste_retour.agents.arrays import Floats, Integers
from juste_retour.runs.base.chunked import chunks
from juste_retour.runs.base.statistics import known_summary
from juste_retour.runs.results.paired import LAG, at_equal_spending, measure
from juste_retour.runs.results.parameter_ranges import about, at_share, coordinates, share_of, span, usual
from juste_retour.runs.results.windows import SIDE_BY_SIDE, Window, read_over
from juste_retour.runs.studies.europe.bench import REFORM, STATUS_QUO, Bench, BenchRuns
from juste_retour.runs.studies.europe.claims import LEVEL, QUESTIONS, Question, share_above, wilson_low
from juste_retour.runs.studies.europe.trials import EQUAL, PROPOSAL, PROTOCOLS, SIZES, Numbers

EDGE = 0.1  # share of a range at either end that counts as its edge
LEVELS = (80, round(100 * LEVEL), 95)  # per cent of the draws
TIMES = {"half": 0.5, "as asked": 1.0, "twice": 2.0}  # factors of the least effect
BANDS = ((2.0, 3.0), (3.0, 4.0), (4.0, 5.0), (2.0, 5.0))  # of the frontier's growth after mid-2025
RACE = (0.5, 1.0, 2.0)  # factors on the value of the race
PRICED = ("price_of_politics", "price_where", "price_unspent")


def default(name: str) -> float:
    """An uncertain parameter's value where nothing is drawn."""
    return usual(name, (load(STATUS_QUO), load(REFORM)))


def places(names: Iterable[str]) -> pd.DataFrame:
    """One row per parameter: its default, its range, where in the range the default lies (0 to 1), and the source."""
    rows = []
    for name in names:
        low, high, _ = span(name)
        row = {"parameter": name, "default": default(name), "low": low, "high": high}
        rows.append(row | {"place": share_of(name, default(name)), "source": about(name).source or "assumed"})
    return pd.DataFrame(rows)


def at_defaults(count: int, seed: int) -> Bench:
    """A bench on which nothing is drawn but random numbers."""
    return Bench(pd.DataFrame(index=range(count)), seed)


def headline(bench: Bench) -> Numbers:
    """Lags and gains of the status quo and the reform in both comparisons, and the status quo's sites; (draws,) each."""
    runs, ends = BenchRuns(bench, [LAG, "sites"]), (load(STATUS_QUO), load(REFORM))
    free = runs.of(ends[0], 0, bench.count), runs.of(ends[1], 0, bench.count)
    found: Numbers = {"sites": free[0]["sites"]}
    for equal, (quo, reform) in zip(EQUAL, (free, at_equal_spending(runs, ends, 0, free)), strict=True):
        found[f"lag|{equal}|quo"], found[f"lag|{equal}|reform"] = quo[LAG], reform[LAG]
        found[f"gain|{equal}"] = quo[LAG] - reform[LAG]
    return found


def beside_defaults(at_default: Numbers, politics: Numbers, drawn: Numbers) -> pd.DataFrame:
    """Medians of the headline outcomes at the defaults, with the politics drawn, and with everything drawn."""
    rows = []
    for outcome, key, drawn_key in (
        ("status quo, years behind", "lag|envelopes|quo", "lag|envelopes|5|quo"),
        ("reform, years behind, equal envelopes", "lag|envelopes|reform", "lag|envelopes|5|reform"),
        ("reform, years behind, equal spending", "lag|spending|reform", "lag|spending|5|reform"),
        ("gain of the reform, equal envelopes", "gain|envelopes", "gain|envelopes|5"),
        ("gain of the reform, equal spending", "gain|spending", "gain|spending|5"),
        ("sites of the status quo", "sites", "quo|sites"),
    ):
        row: dict[str, object] = {"outcome": outcome}
        for name, values in (
            ("default", at_default[key]),
            ("politics", politics[key]),
            ("drawn", drawn[drawn_key]),
        ):
            row |= {name: known_summary(values)["median"], f"{name}_draws": len(values)}
        rows.append(row)
    return pd.DataFrame(rows)


def at_the_middle(politics: Bench, names: Sequence[str], units: Sequence[tuple[str, ...]]) -> pd.DataFrame:
    """What changes if a parameter goes from its default to the middle of its range, all others at their defaults.

    Medians of the changes in years behind, and the mean change in the status quo's sites, one row per unit.

    Args:
        politics: draws of the politics, on which nothing else is drawn.
        names: all uncertain parameters; those of the politics that the data do not narrow are at their defaults too.
        units: parameters to move, those that are drawn together as one; see `drawn_together`.
    """
    others = pd.DataFrame({name: default(name) for name in names}, index=politics.draws.index)
    known = politics.draws.drop(columns=[name for name in names if name in politics.draws])
    base = pd.concat([known, others], axis=1)
    middle = {name: at_share(name, np.array(0.5)).item() for name in names}
    moved = [base, *(base.assign(**{name: middle[name] for name in unit}) for unit in units)]
    quo, reform = (_outcomes(politics, moved, load(name)) for name in (STATUS_QUO, REFORM))
    lags = quo[0], reform[0], quo[0] - reform[0]
    found = {"parameter": [" and ".join(unit) for unit in units]}
    for name, values in zip(("status_quo", "reform", "gain"), lags, strict=True):
        found[name] = np.median(values[1:] - values[0], axis=1)
    sites = quo[-len(SIZES) + SIZES.index("sites")]
    return pd.DataFrame(found | {"sites": (sites[1:] - sites[0]).mean(1)})


def drawn_together(names: Sequence[str]) -> list[tuple[str, ...]]:
    """Uncertain parameters in the units in which they are drawn."""
    units: dict[int, list[str]] = {}
    for name, at in zip(names, coordinates(names), strict=True):
        units.setdefault(at, []).append(name)
    return [tuple(unit) for unit in units.values()]


def one_at_a_time(bench: Bench, names: Sequence[str]) -> pd.DataFrame:
    """Whether anything changes if a parameter goes to either end of its range, all others as drawn.

    Columns: `parameter`; `changes`, whether any outcome that a finding rests on differs in any draw, under the status
    quo, the reform or a Commission proposal; `status_quo` and `reform`, the largest change of years behind.
    """
    moved = [bench.draws]
    for name in names:
        moved += [bench.draws.assign(**{name: end}) for end in span(name)[:2]]
    proposal = load(STATUS_QUO).changed({**PROTOCOLS[PROPOSAL], "voting": "lisbon_qmv"})
    differs = np.zeros(len(names), dtype=bool)
    most = []
    for scenario in (load(STATUS_QUO), load(REFORM), proposal):
        found = _outcomes(bench, moved, scenario)
        same = (found[:, 1:] == found[:, :1]).reshape(len(found), len(names), -1)
        differs |= ~same.all(axis=(0, 2))
        most.append(np.abs(found[0, 1:] - found[0, :1]).reshape(len(names), -1).max(1))
    return pd.DataFrame({"parameter": list(names), "changes": differs, "status_quo": most[0], "reform": most[1]})


def _outcomes(bench: Bench, moved: Sequence[pd.DataFrame], scenario: Scenario) -> Floats:
    """(outcomes, ways, draws): years behind and its other windows, then `SIZES`, of several ways to set a bench's draws."""
    worlds = Bench(pd.concat(moved, ignore_index=True), bench.seed).worlds(scenario)
    replicates = np.tile(bench.replicates, len(moved))
    parts = [_measured(bench, worlds[part], replicates[part]) for part in chunks(len(worlds))]
    found = np.concatenate(parts, axis=1)
    return found.reshape(len(found), len(moved), bench.count)


def _measured(bench: Bench, worlds: list[Scenario], replicates: Integers) -> Floats:
    result = run(worlds, bench.seed, replicates, bench.members, price=False, timeline=True)
    windows = [Window.of(worlds[0], years) for years in SIDE_BY_SIDE]
    found = [measure(result.worlds, LAG)] + [read_over(window, result, LAG) for window in windows]
    return np.stack([*found, *(measure(result.worlds, name) for name in SIZES)])


def by_growth(growth: Floats, numbers: Numbers) -> pd.DataFrame:
    """The headline by bands of the frontier's yearly growth after mid-2025, from the same draws."""
    rows = []
    for low, high in BANDS:
        here = (growth >= low) & ((growth < high) | (high == BANDS[-1][1]))
        for key, name in (
            ("lag|spending|5|quo", "status_quo"),
            ("lag|spending|5|reform", "reform"),
            ("named|spending|5", "named"),
            ("gain|spending|5", "gain"),
            ("gain|envelopes|5", "gain_envelopes"),
        ):
            row: dict[str, object] = {"growth": f"{low:g} to {high:g}", "outcome": name}
            row |= {"draws": int(here.sum())}
            rows.append(row | known_summary(numbers[key][here]))
    return pd.DataFrame(rows)


def thresholds(numbers: Numbers) -> pd.DataFrame:
    """Findings by verdict under other shares of the draws and other least effects.

    `elsewhere` counts those not supported in the headline comparison that another comparison supports.
    """
    asked = [q for q in QUESTIONS if not q.identity and np.isfinite(q.value(numbers)).any()]
    rows = []
    for level in LEVELS:
        for words, times in TIMES.items():
            said = [_supported(q, numbers, level / 100, times) for q in asked]
            rows.append(
                {
                    "level": level,
                    "least": words,
                    "supported": sum(here and all(others) for here, others in said),
                    "sensitive": sum(here and not all(others) for here, others in said),
                    "not_supported": sum(not here for here, _ in said),
                    "elsewhere": sum(not here and any(others) for here, others in said),
                }
            )
    return pd.DataFrame(rows)


def _supported(question: Question, numbers: Numbers, level: float, times: float) -> tuple[bool, list[bool]]:
    """Whether the headline comparison supports a finding, and whether each other one does."""

    def above(values: Floats) -> bool:
        known = int((~np.isnan(values)).sum())
        return wilson_low(share_above(values, times * question.least), known) >= level

    others = [value(numbers) for value in question.variants.values()]
    return above(question.value(numbers)), [above(v) for v in others if not np.isnan(v).all()]


def price_of_politics(bench: Bench) -> pd.DataFrame:
    """The price of the status quo and the reform, and what of the former is rules of decision, payers and goals.

    Between the status quo and the planner for capability, who pays by national income, stand planners for the sum of the
    states' payoffs and for capability, under the same funding or by income. Each part is the mean over the orders in which
    the rules of decision are changed before the goals, since goals cannot change without a planner: rules, payers, goals;
    rules, goals, payers; payers, rules, goals. `goals at 0.5` is the part of the goals if the race is worth half as much.
    """
    found: Numbers = {}
    for name in (STATUS_QUO, REFORM):
        worlds = run(bench.worlds(load(name)), bench.seed, bench.replicates, bench.members, price=True).worlds
        found |= {f"{name}|{key}": measure(worlds, key) for key in (LAG, *PRICED)}
    ideal = found[f"{STATUS_QUO}|{LAG}"] - found[f"{STATUS_QUO}|price_of_politics"]
    for factor in RACE:
        worth = bench.setting(race_value_eur_bn=factor * bench.draws["race_value_eur_bn"])
        parts, first, last = split(worth, ideal)
        if factor == 1:
            found |= {f"{STATUS_QUO}|{name}": values for name, values in parts.items()}
            found |= {f"{STATUS_QUO}|{name}, {words}": v for name, words, v in (*first, *last)}
        found[f"{STATUS_QUO}|goals at {factor:g}"] = parts["goals"]
    found[f"{STATUS_QUO}|goals per doubling"] = 0.5 * (
        found[f"{STATUS_QUO}|goals at {RACE[-1]:g}"] - found[f"{STATUS_QUO}|goals at {RACE[0]:g}"]
    )
    rows = []
    for key, values in found.items():
        scenario, _, part = key.partition("|")
        if part != LAG:
            mean, error = float(np.mean(values)), float(np.std(values) / np.sqrt(len(values)))
            rows.append({"scenario": scenario, "part": part, "mean": mean, "error": error} | known_summary(values))
    return pd.DataFrame(rows)


Worded = list[tuple[str, str, Floats]]


def split(bench: Bench, ideal: Floats) -> tuple[Numbers, Worded, Worded]:
    """The three parts of the status quo's price, means over their orders, and the smallest and largest over the orders.

    Args:
        bench: the draws.
        ideal: years behind of the planner for capability who pays by national income, (draws,).
    """
    quo = load(STATUS_QUO)
    welfare, ours = {"agenda": "planner", "agenda.objective": "welfare"}, {"agenda": "planner"}
    income = {"funding": "gni_key"}
    own, paid, planned, by_income, capable = (
        bench.outcomes(quo.changed(changes), [LAG])[LAG] for changes in ({}, income, welfare, welfare | income, ours)
    )
    orders = [
        {"rules": own - planned, "payers": planned - by_income, "goals": by_income - ideal},
        {"rules": own - planned, "goals": planned - capable, "payers": capable - ideal},
        {"payers": own - paid, "rules": paid - by_income, "goals": by_income - ideal},
    ]
    means: Numbers = {name: np.mean([order[name] for order in orders], axis=0) for name in orders[0]}
    by_mean = {name: sorted((order[name] for order in orders), key=np.mean) for name in means}
    return (
        means,
        [(name, "smallest order", values[0]) for name, values in by_mean.items()],
        [(name, "largest order", values[-1]) for name, values in by_mean.items()],
    )
