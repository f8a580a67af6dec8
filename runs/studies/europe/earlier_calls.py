"""Other calls as a test: they are forecast, and from EuroHPC's of 2019 to 2023 alone the three waves of AI factories.

    uv run python -m juste_retour.runs.studies.europe.earlier_calls

writes `CALLS.md`; `juste-retour calibrate --calls` prints the same tables.

No mechanism and no range was chosen for these calls, although those who chose them knew their hosts. A call is forecast
from the prior, from the posterior of the factories' first waves, which came later, and from the posterior of the calls
that were decided before. Calls of the same day do not inform each other. Calls whose machines train nothing, whose hosts
are uncertain, or of another union are forecast only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import scipy
from scipy.optimize import brentq
from scipy.special import expit

from juste_retour.abm.base.members import Members, load_members, union_of
from juste_retour.abm.base.observed import Rows, calls
from juste_retour.abm.schedule.simulation import Simulation
from juste_retour.abm.worlds.scenario import load, presets
from juste_retour.agents.arrays import Booleans, Floats, Integers
from juste_retour.agents.errors import BadInput
from juste_retour.runs.analysis import simple_forecasts
from juste_retour.runs.base.chunked import Progress, chunks
from juste_retour.runs.base.forecast_scores import difference, first_to, in_proportion, log_score
from juste_retour.runs.base.pages import page_of
from juste_retour.runs.base.statistics import known_summary
from juste_retour.runs.studies.europe import forecasts as ahead
from juste_retour.runs.studies.europe.bench import Bench
from juste_retour.runs.studies.europe.calibration import FRESH, nearest, prior, simulated
from juste_retour.runs.studies.europe.calibration_spec import CalibrationSpec
from juste_retour.runs.studies.europe.evidence import plan_of
from juste_retour.runs.studies.europe.moments import observed_moments

BEFORE, PRIOR, WAVES = (
    "the model, fitted to earlier calls",
    "the model, prior",
    "the model, fitted to the factories",
)
LOGIT = "logit on GDP, center, past hosting"
FITTED = "calls that are fitted"
# money of each wave with the hosts' share, EUR bn; The 5G Observatory of Croatia (5g.hr), December 2024; The Recursive,
# March 2025; WAM, 11 October 2025 ("over EUR 500 million")
PUBLISHED_EUR_BN = (1.5, 0.485, 0.5)
LARGE = 0.2  # EUR bn; three of the nine sites of the first two waves whose budget is known cost about as much or more
UNIT = 0.5  # penalty of a standard normal prior on the slopes of standardized predictors


def scenario_of(row: Mapping[str, str]) -> str:
    """The name of the scenario of a call."""
    name = row["call"].replace(" ", "-")
    return name if name in presets() else f"eurohpc-{name}"


def held() -> Rows:
    """The calls that have a scenario, in order of decision."""
    rows = [row for row in calls() if scenario_of(row) in presets()]
    return sorted(rows, key=lambda row: row["decided"])


def learned(row: Mapping[str, str]) -> bool:
    """Whether the hosts of a call are fitted: they are certain, and its machines train."""
    return load(scenario_of(row)).trains and not row["confidence"].startswith("low")


def seen(rows: Rows, union: Members | None = None) -> Booleans:
    """Which states of a union hosted; (calls, states)."""
    codes = (union or load_members()).states.codes
    return np.array([[code in row["hosts"].split() for code in codes] for row in rows]).reshape(-1, len(codes))


def run_call(
    name: str, draws: pd.DataFrame, seed: int, replicates: Integers, progress: Progress | None = None
) -> dict[str, Floats]:
    """One run of a call per draw: `hosts` (draws, states), and `bids`, `sites` and `committed_eur_bn` (draws,)."""
    scenario = load(name)
    union = union_of(None, scenario.members)
    end = str(dict(scenario.rules["agenda"].settings)["decisions"])
    worlds, parts = Bench(draws, seed, union).worlds(scenario.until(end)), []
    for part in chunks(len(worlds), progress):
        world = Simulation(worlds[part], seed, replicates[part], union).run().world
        chosen = world.program.selected >= 0
        money = np.where(chosen, world.program.planned, 0.0).sum(-1)
        parts.append((world.by_state(chosen) > 0, world.bargaining.bids.sum(-1), chosen.sum(-1), money))
    found = [np.concatenate(values).astype(float) for values in zip(*parts, strict=True)]
    return dict(zip(("hosts", "bids", "sites", "committed_eur_bn"), found, strict=True))


def moments(hosts: Sequence[Floats], rows: Rows) -> pd.DataFrame:
    """For each call the number of hosts, and the sum of their log GDP less the states' mean; one row per draw."""
    size = np.log(load_members().states.gdp)
    out: dict[str, Floats] = {}
    for row, mine in zip(rows, hosts, strict=True):
        out |= {f"{row['call']}, hosts": mine.sum(-1), f"{row['call']}, size": mine @ (size - size.mean())}
    return pd.DataFrame(out)


def simple(count: float, before: Booleans, having: Booleans, union: Members | None = None) -> dict[str, Floats]:
    """Forecasts (states,) that need no model.

    Args:
        count: number of sites to forecast; the model's expected number, so that only who hosts is compared.
        before: (calls, states) hosts of the calls decided before.
        having: (states,) whether a state has a machine.
        union: the states; the European Union by default.
    """
    states = (union or load_members()).states
    share = float((before.sum(0) * having).sum() + 1) / (before.sum() + 2)
    found = {
        "uniform": in_proportion(np.ones(states.count), count),
        "proportional to GDP": in_proportion(states.gdp, count),
        "proportional to population": in_proportion(states.population, count),
    }
    if having.any():
        found["hosts the last machine"] = first_to(having, count, share)
    if len(before):
        each = [_features(before[:k]) for k in range(len(before))]
        now = _features(before)
        found[LOGIT] = simple_forecasts.logit(np.concatenate(each), before.ravel(), now, UNIT)
        found[f"{LOGIT}, as many sites"] = _summing_to(found[LOGIT], count)
    return found


def _summing_to(p: Floats, count: float) -> Floats:
    """Probabilities whose log odds are all moved by as much, so that they sum to `count`."""
    odds = scipy.special.logit(np.clip(p, 1e-9, 1 - 1e-9))
    return expit(odds + brentq(lambda by: expit(odds + by).sum() - count, -30, 30))


def _features(before: Booleans) -> Floats:
    """Log GDP, whether a computing center exists, and whether a state hosted before; (states, 3)."""
    members = load_members()
    return np.column_stack([np.log(members.states.gdp), simple_forecasts.centers(members) > 0, before.any(0)])


def scores(what: str, found: Mapping[str, Floats], happened: Booleans, model: str) -> pd.DataFrame:
    """Scores of forecasts (calls, states), and the log score of `model` less each one's, with 90 % over states."""

    def logs(p: Floats) -> Floats:
        one_by_one = [[log_score(a, b) for a, b in zip(*pair, strict=True)] for pair in zip(p, happened, strict=True)]
        return np.mean(one_by_one, axis=0)

    own, rows = logs(found[model]), []
    for name, p in found.items():
        gain, low, high = difference(own, logs(p))
        row = {"what": what, "forecast": name, "expected": float(p.sum(-1).mean())}
        row |= {"happened": float(happened.sum(-1).mean()), "log_score": float(logs(p).mean())}
        rows.append(row | {"brier": float(((p - happened) ** 2).mean()), "gain": gain, "low": low, "high": high})
    return pd.DataFrame(rows)


def _probability(hosts: Floats) -> Floats:
    return (hosts.sum(0) + 0.5) / (len(hosts) + 1)


def tables(plan: CalibrationSpec, progress: Progress | None = None) -> dict[str, pd.DataFrame]:
    """Forecasts and scores of each call and, from the calls alone, of each wave of factories; and what the data identify.

    Raises:
        BadInput: the calibration is not that of the AI factories.
    """
    if not plan.factories:
        raise BadInput("--calls compares EuroHPC's calls with the AI factories; give no other union or table.")
    rows, points, replicates = held(), prior(plan.names, plan.draws, plan.seed), np.arange(plan.draws)
    known = [row for row in rows if learned(row)]
    happened, of_waves = seen(known), simulated(plan, points, replicates, progress)
    runs_of = [run_call(scenario_of(row), points, plan.seed, replicates, progress) for row in known]
    of_calls = moments([runs["hosts"] for runs in runs_of], known)
    target = moments(list(happened[:, None].astype(float)), known).iloc[0]
    wave_target = observed_moments(plan.union, plan.waves)

    def fitted(found: pd.DataFrame, to: pd.Series) -> ahead.Posterior:
        return nearest(points, found, to, plan.keep, replicates)

    both = fitted(pd.concat([of_waves, of_calls], axis=1), pd.concat([wave_target, target]))
    posteriors = {WAVES: fitted(of_waves, wave_target), "calls": fitted(of_calls, target), "both": both}
    blind, counts, by_call, every = prior(plan.names, plan.keep, plan.seed + 1), [], [], []
    for row in rows:
        earlier = [one for one in known if one["decided"] < row["decided"]]
        names = [f"{one['call']}, {part}" for one in earlier for part in ("hosts", "size")]
        own = fitted(of_calls[names], target[names]).sample(plan.keep, plan.seed) if earlier else blind
        found: dict[str, Floats] = {}
        of_factories = posteriors[WAVES].sample(plan.keep, plan.seed)
        for name, draws in {BEFORE: own, PRIOR: blind, WAVES: of_factories}.items():
            many = pd.concat([draws] * ahead.REPEATS, ignore_index=True)
            runs = run_call(scenario_of(row), many, plan.seed, FRESH + np.arange(len(many)), progress)
            found[name] = _probability(runs.pop("hosts"))
            # states outside the union bid and host too, but are not forecast
            observed = {"bids": row["bids"] * (not row["outside"]), "sites": str(len(row["hosts"].split()))}
            for count, values in runs.items():
                seen_count = float(observed.get(count) or "nan")
                counts.append(
                    {"call": row["call"], "forecast": name, "count": count, "observed": seen_count}
                    | known_summary(values)
                )
        union = union_of(None, load(scenario_of(row)).members)
        having = np.isin(np.arange(union.states.count), union.sites.state[union.machines.site])
        past = seen(earlier if union.states.codes == plan.union.states.codes else [], union)
        found |= simple(float(found[BEFORE].sum()), past, having, union)
        host = seen([row], union)
        by_call.append(scores(row["call"], {n: p[None] for n, p in found.items()}, host, BEFORE))
        if row in known:
            every.append(found)
    shared = [name for name in every[-1] if all(name in found for found in every)]
    pooled = {name: np.stack([found[name] for found in every]) for name in shared}
    by_call.append(scores(FITTED, pooled, happened, BEFORE))
    return {
        "calls": pd.concat(by_call, ignore_index=True),
        "call_counts": pd.DataFrame(counts),
        "factories": factories(plan, posteriors["calls"].sample(plan.keep, plan.seed), blind, happened),
        "money": money(plan, posteriors[WAVES].sample(plan.keep, plan.seed)),
        "identified": pd.DataFrame(
            {"parameter": plan.names} | {n: p.summary().narrowed.to_numpy() for n, p in posteriors.items()}
        ).rename(columns={WAVES: "factories"}),
    }


def factories(plan: CalibrationSpec, draws: pd.DataFrame, blind: pd.DataFrame, before: Booleans) -> pd.DataFrame:
    """Scores of forecasts of all waves of factories that use nothing but the calls of 2019 to 2023."""
    runs = {
        BEFORE: ahead.futures(plan, draws, plan.decisions[-1]),
        PRIOR: ahead.futures(plan, blind, plan.decisions[-1]),
    }
    happened = runs[BEFORE].seen.T > 0
    having = np.isin(np.arange(happened.shape[1]), plan.union.sites.state[plan.union.machines.site])
    each = []
    for k in range(len(happened)):
        found = {name: _probability((r.chosen[..., k] > 0).astype(float)) for name, r in runs.items()}
        each.append(found | simple(float(found[BEFORE].sum()), before, having))
    waves = [
        scores(f"wave {k + 1}", {n: p[None] for n, p in f.items()}, happened[[k]], BEFORE) for k, f in enumerate(each)
    ]
    pooled = {name: np.stack([found[name] for found in each]) for name in each[0]}
    return pd.concat([*waves, scores("all waves", pooled, happened, BEFORE)], ignore_index=True)


def money(plan: CalibrationSpec, draws: pd.DataFrame) -> pd.DataFrame:
    """Money of each wave of factories, EUR bn, in runs of these draws, and as published; and what it is made of.

    `largest` is the share of the money in sites of more than `LARGE` EUR bn.
    """
    worlds = Bench(draws, plan.seed, plan.union).worlds(plan.scenario.until(plan.decisions[-1]))
    world = Simulation(worlds, plan.seed, FRESH + np.arange(len(worlds)), plan.union).run().world
    rows = []
    for wave, published in enumerate(PUBLISHED_EUR_BN, start=1):
        mine = (world.program.selected >= 0) & (world.program.wave == wave)
        size, money_eur_bn = world.program.planned[mine], np.where(mine, world.program.planned, 0.0).sum(-1)
        row = {
            "wave": wave,
            "published": published,
            **known_summary(money_eur_bn),
            "sites": mine.sum(-1).mean(),
        }
        row |= {"mean_size": size.mean(), "median_size": np.median(size)}
        rows.append(row | {"largest": size[size > LARGE].sum() / size.sum()})
    return pd.DataFrame(rows)


def forecast(
    plan: CalibrationSpec, progress: Progress | None = None
) -> tuple[dict[str, pd.DataFrame], dict[str, object]]:
    """All tables by name, and their settings."""
    about: dict[str, object] = {
        "scenario": plan.scenario.name,
        "union": plan.union.name,
        "observed": "abm/data/calls.csv",
    }
    about |= {"seed": plan.seed, "draws": plan.draws, "kept": plan.keep, "waves": plan.waves}
    return tables(plan, progress), about


def page(found: Mapping[str, pd.DataFrame], plan: CalibrationSpec) -> str:
    """The text of CALLS.md from the tables."""
    template = Path(__file__).parent / "templates" / "calls.jinja"
    rows = {name: table.to_dict("records") for name, table in found.items()}
    return page_of(
        template,
        plan=plan,
        model=BEFORE,
        logit=LOGIT,
        rows_of=rows,
        learned=[row for row in held() if learned(row)],
    )


if __name__ == "__main__":
    PUBLISHED = plan_of()
    Path(__file__).with_name("CALLS.md").write_text(page(tables(PUBLISHED), PUBLISHED), encoding="utf-8")
