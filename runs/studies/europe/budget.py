"""Power, money and returns in the Union's budget: `uv run python -m juste_retour.runs.studies.europe.budget` writes BUDGET.md.

The page answers two questions for 2000 to 2020. Which share of receipts is explained by voting power, size or need, as in
Kauppi and Widgrén (2004)? And what was each state's return? The returns set the ranges of the entitlement rules
`juste_retour` and `georeturn`.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from juste_retour.abm.base.observed import budget_by_state, voting_populations
from juste_retour.abm.politics.council_history import rule_in_force
from juste_retour.agents.arrays import Floats
from juste_retour.agents.rules import family
from juste_retour.runs.base.resampling import interval

PAGE = Path(__file__).with_name("BUDGET.md")
COMMAND = "uv run python -m juste_retour.runs.studies.europe.budget"
FRAMEWORKS = {"2000-2006": (2000, 2006), "2007-2013": (2007, 2013), "2014-2020": (2014, 2020)}
PERIODS = {"2000-2020": (2000, 2020), "2000-2003": (2000, 2003), "2004-2006": (2004, 2006)} | {
    name: FRAMEWORKS[name] for name in ("2007-2013", "2014-2020")
}
MODELS = (("power", "need"), ("size", "need"), ("power", "size", "need"))
RESAMPLES = 2000


def shares() -> pd.DataFrame:
    """Each state's shares of the Union's totals, with a row per state and year.

    Returns:
        Columns year and state, and these shares of the year's total: receipts (without administration), paid, power
        (Shapley-Shubik index under the rule in force on 1 July), size (population; the Council's shares of 2016 for all
        years) and need (population times the shortfall of GNI per head below the Union's mean).
    """
    people = {row["state"]: float(row["council_share_2016_pct"]) for row in voting_populations()}
    table = pd.DataFrame(budget_by_state())
    numbers = [column for column in table.columns if column != "state"]
    table[numbers] = table[numbers].astype(np.float64)
    parts = []
    for year, rows in table.groupby("year"):
        power = rule_in_force(date(int(str(year)[:4]), 7, 1), rows.state).shapley_shubik
        population = rows.state.map(people)
        income = rows.gni_eur_m / population
        shortfall = np.maximum(0.0, 1 - income / (rows.gni_eur_m.sum() / population.sum()))
        columns = {
            "receipts": rows.receipts_eur_m - rows.administration_eur_m,
            "paid": rows.national_contribution_eur_m,
            "power": rows.state.map(power),
            "size": population,
            "need": population * shortfall,
        }
        found = pd.DataFrame({name: values / values.sum() for name, values in columns.items()})
        parts.append(found.assign(year=int(str(year)[:4]), state=rows.state))
    return pd.concat(parts, ignore_index=True)


def explained(rows: pd.DataFrame, by: Sequence[str], seed: int = 0) -> pd.DataFrame:
    """Explain the shares of receipts by other shares: least squares with weights that sum to one.

    Args:
        rows: a table from `shares`.
        by: names of the explanatory columns.
        seed: random seed of the bootstrap, which draws states with all of their years.

    Returns:
        A row per column: column, weight, low and high (95 %). `attrs["r2"]` is the share of variance explained.

    Source: Kauppi and Widgrén (2004).
    """
    x, y = rows[list(by)].to_numpy(), rows.receipts.to_numpy()
    states, of = np.unique(rows.state, return_inverse=True)
    weights = _weights(x, y, np.ones(len(y)))
    drawn = np.random.default_rng(seed).multinomial(
        len(states), np.full(len(states), 1 / len(states)), RESAMPLES
    )
    low, high = interval(np.array([_weights(x, y, draw[of]) for draw in drawn]).T)
    found = pd.DataFrame({"column": list(by), "weight": weights, "low": low, "high": high})
    found.attrs["r2"] = 1 - float(np.square(y - x @ weights).sum() / np.square(y - y.mean()).sum())
    return found


def _weights(x: Floats, y: Floats, count: Floats) -> Floats:
    """Least-squares weights that sum to one; row i counts `count[i]` times."""
    root = np.sqrt(count)
    base = x[:, -1]
    free = np.linalg.lstsq((x[:, :-1] - base[:, None]) * root[:, None], (y - base) * root, rcond=None)[0]
    return np.append(free, 1 - free.sum())


def returns(administration: bool = False, own_resources: bool = False) -> pd.DataFrame:
    """Each state's return in each multiannual framework: its share of receipts over its share of payments; 1 is even.

    Args:
        administration: count the spending of the institutions at their seats as receipts.
        own_resources: count customs duties as payments of the state that collects them.

    Returns:
        A row per state and a column per framework; NaN where a state was not a member.
    """
    table = pd.DataFrame(budget_by_state())
    amounts = table.drop(columns=["state", "year"]).astype(np.float64)
    received = amounts.receipts_eur_m - (0 if administration else amounts.administration_eur_m)
    paid = amounts.own_resources_eur_m if own_resources else amounts.national_contribution_eur_m
    rows = pd.DataFrame(
        {"state": table.state, "year": table.year.astype(int), "received": received, "paid": paid}
    )
    found = {}
    for name, (first, last) in {**FRAMEWORKS, "2000-2020": (2000, 2020)}.items():
        sums = rows[rows.year.between(first, last)].groupby("state")[["received", "paid"]].sum()
        found[name] = (sums.received / sums.received.sum()) / (sums.paid / sums.paid.sum())
    return pd.DataFrame(found)


def observed_range() -> tuple[float, float]:
    """The lowest return of any state in each framework: the lowest and the highest of these over the frameworks."""
    least = returns()[list(FRAMEWORKS)].min()
    return float(least.min()), float(least.max())


TEXT = """# Power, money and juste retour in the Union's budget

This page is generated by `{command}` with seed 0. The data are receipts, payments and gross national income of each state, 2000 to 2020 ([source](../../../abm/data/README.md)). Unless stated otherwise, receipts exclude administration and payments exclude customs duties.

**In short.** Voting power explains receipts nearly as well as population does, and the two are hard to separate. In the model with power and need, voting power accounts for {power} of receipts. With population added, it accounts for {joint}. No state is guaranteed a fair return: the lowest return of any state in a framework was between {least:.2f} and {best:.2f}, and {below} of {states} states received less than 0.8 over all years.

## What explains receipts

Table 1. Least squares: a state's share of receipts in a year as a weighted mean of its shares of voting power (Shapley–Shubik under the Council's rule of that year), of population (size) and of need. The weights sum to one, so a weight is the share of receipts attributed to that column. Brackets: 95 % bootstrap intervals over states.

{weights}

- Need is population times the shortfall of income per head below the Union's mean. Kauppi and Widgrén (2004) also include agriculture, which these data lack; in the models without size, power may pick up its effect.
- The correlation of power and population is {correlation:.2f}. The third model separates them only by the small states, whose shares of power and money exceed their share of population. Its wide intervals show how little can be said.
- Population shares are the Council's of 2016 for all years. Frameworks are agreed by unanimity; voting power under qualified majority matters for the laws and annual budgets within them.

| source | power's share of receipts |
|---|---|
| Kauppi and Widgrén (2004), 1976 to 2001, abstract | at least 60 %, up to 90 % with cooperative voting |
| Zaporozhets et al. (2016), to 2012, abstract | less than earlier studies found |
| here, 2000 to 2020, power and need | {power} |
| here, 2000 to 2020, power, size and need | {joint} |

## The return of each state

Table 2. Return by framework: a state's share of receipts over its share of national contributions. 1 is an even return; a dash marks a state that was not a member.

{returns}

If administration counts as receipts, and customs duties as payments of the state that collects them, the lowest return in a framework is {otherwise:.2f}.

## Consequences for the entitlement rules

- The range of `juste_retour.least_return` and `georeturn.floor` is {low:g} to {high:g}. Its lower bound is the lowest return of a state in a framework, to which that state's government agreed. Its upper bound is that of the scenario `juste-retour-strict`; these data say nothing about it.
- The default stays at {default:g}, the floor of the ESA Convention, because the model's program is an agreement of that kind and not the general budget. For a program run like the general budget these data imply a floor of at most {best:.2f}, which is {default_less:.2f} below the default. A change of the default would change all numbers and is not made here.
"""


def page() -> str:
    """The text of BUDGET.md, with all numbers computed."""
    rows, found = shares(), returns()
    least, best = observed_range()
    default, parameter = family("entitlement")["juste_retour"].parameters["least_return"]
    low, high = parameter.range or (parameter.low, parameter.high)
    both, joint = (explained(rows, by).set_index("column") for by in (MODELS[0], MODELS[2]))
    return TEXT.format(
        command=COMMAND,
        power=_percent(both.loc[["power"]].to_dict("records")[0]),
        joint=_percent(joint.loc[["power"]].to_dict("records")[0]),
        least=least,
        best=best,
        below=int((found["2000-2020"] < 0.8).sum()),
        states=len(found),
        weights=_weights_table(rows),
        correlation=float(np.corrcoef(rows.power, rows["size"])[0, 1]),
        returns=_returns_table(found),
        otherwise=float(returns(True, True)[list(FRAMEWORKS)].min().min()),
        low=low,
        high=high,
        default=float(default),
        default_less=float(default) - best,
    )


def _percent(row: Mapping[Hashable, Any]) -> str:
    return f"{row['weight']:.0%} ({row['low']:.0%} to {row['high']:.0%})"


def _weights_table(rows: pd.DataFrame) -> str:
    lines = ["| years | power | size | need | variance explained |", "|---|---|---|---|---|"]
    for name, (first, last) in PERIODS.items():
        for by in MODELS:
            found = explained(rows[rows.year.between(first, last)], by)
            cells = {row["column"]: _percent(row) for row in found.to_dict("records")}
            texts = [cells.get(column, "-") for column in ("power", "size", "need")]
            texts.append(format(found.attrs["r2"], ".0%"))
            lines.append(f"| {' | '.join([name, *texts])} |")
    return "\n".join(lines)


def _returns_table(found: pd.DataFrame) -> str:
    lines = [f"| state | {' | '.join(found.columns)} |", "|" + "---|" * (1 + len(found.columns))]
    for state, row in found.sort_values("2000-2020").iterrows():
        cells = ["-" if np.isnan(value) else f"{value:.2f}" for value in row.to_list()]
        lines.append(f"| {state} | {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
