"""Power, money and returns in the Union's budget: `uv run python -m juste_retour.runs.europe.budget` writes BUDGET.md.

What share of receipts goes with voting power and what with size or need, as Kauppi and Widgrén (2004) ask, on 2000 to
2020; and what return each state got, which sets the ranges of the entitlements `juste_retour` and `georeturn`.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from juste_retour.abm.observed import budget_by_state, voting_populations
from juste_retour.abm.politics.council_history import rule_in_force
from juste_retour.agents.arrays import Floats
from juste_retour.agents.rules import family
from juste_retour.runs.contrasts.resampling import interval

PAGE = Path(__file__).with_name("BUDGET.md")
COMMAND = "uv run python -m juste_retour.runs.europe.budget"
FRAMEWORKS = {"2000-2006": (2000, 2006), "2007-2013": (2007, 2013), "2014-2020": (2014, 2020)}
PERIODS = {"2000-2020": (2000, 2020), "2000-2003": (2000, 2003), "2004-2006": (2004, 2006)} | {
    name: FRAMEWORKS[name] for name in ("2007-2013", "2014-2020")
}
MODELS = (("power", "need"), ("size", "need"), ("power", "size", "need"))
RESAMPLES = 2000


def shares() -> pd.DataFrame:
    """Each state's shares of a year's totals, a row for a state and year.

    Returns:
        year, state, receipts and paid (shares, administration left out), power (Shapley-Shubik under the rule in force
        on 1 July), size (population; the Council's shares of 2016 for all years) and need (population times the
        shortfall of GNI per head below the Union's mean).
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
    """What share of receipts goes with each of some columns: least squares with weights that add up to one.

    Args:
        rows: as from `shares`.
        by: names of columns of shares.
        seed: of the bootstrap, which draws states with all of their years.

    Returns:
        column, weight, low, high (95 %), with the share of variance explained in `attrs["r2"]`.
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
    """Weights that add up to one, each row counted so often."""
    root = np.sqrt(count)
    base = x[:, -1]
    free = np.linalg.lstsq((x[:, :-1] - base[:, None]) * root[:, None], (y - base) * root, rcond=None)[0]
    return np.append(free, 1 - free.sum())


def returns(administration: bool = False, own_resources: bool = False) -> pd.DataFrame:
    """Each state's return in each framework: its share of receipts over its share of what is paid; 1 is the Union's.

    Args:
        administration: count what the institutions spend at their seats as receipts.
        own_resources: count customs duties as payments of the state that collects them.

    Returns:
        (states, frameworks), NaN where a state was not a member.
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
    """The least return in a framework, of all states and of the state that had the least in the best framework."""
    least = returns()[list(FRAMEWORKS)].min()
    return float(least.min()), float(least.max())


TEXT = """# Power, money and juste retour in the Union's budget

`{command}` writes this page; seed 0. The data are receipts, payments and gross national income of each state, 2000 to 2020 ([source](../../abm/data/README.md)). Administration is left out of receipts, and customs duties out of payments, unless said otherwise.

**In short.** Receipts go with power nearly as well as with population, and the two can hardly be told apart. With need measured by income alone, {power} of receipts go with voting power. Once population is in the model, it is {joint}. No state is guaranteed a fair return: over a whole framework the least return lay between {least:.2f} and {best:.2f}, and {below} of {states} states got less than 0.8 over all years.

## What receipts go with

Table 1. Least squares: a state's share of receipts in a year as a weighted mean of its share of voting power (Shapley–Shubik under the Council's rule of the year), of population (size) and of need. The weights add up to one, so that a weight is the share of receipts that goes with the column. Brackets: 95 % bootstrap intervals over states.

{weights}

- Need is population times the shortfall of income per head below the Union's mean. Kauppi and Widgrén (2004) also have agriculture, which these data do not hold; in the models without size, power stands in for it.
- Power and population are correlated at {correlation:.2f}, so that the third model separates them by the small states alone, which have more power and more money than people. Its intervals are the honest answer.
- Population shares are the Council's of 2016 for all years. Frameworks are agreed by unanimity; voting power under qualified majority bears on the laws and budgets below them.

| source | power's share of receipts |
|---|---|
| Kauppi and Widgrén (2004), 1976 to 2001, abstract | at least 60 %, up to 90 % with cooperative voting |
| Zaporozhets et al. (2016), to 2012, abstract | less than earlier studies found |
| here, 2000 to 2020, power and need | {power} |
| here, 2000 to 2020, power, size and need | {joint} |

## What each state gets back

Table 2. Return by framework: a state's share of receipts over its share of national contributions. 1 is an even return; a dash is not a member.

{returns}

Counting administration as receipts and customs duties as payments of the state that collects them, the least return in a framework is {otherwise:.2f}.

## What follows for the entitlements

- The range of `juste_retour.least_return` and `georeturn.floor` is {low:g} to {high:g}. Its lower end is the least return of a state over a framework, which that state's government agreed to; its upper end, that of the scenario `juste-retour-strict`, is not touched by these data.
- The default stays at {default:g}, the floor of the ESA Convention: the model's program is an agreement of that kind, not the general budget. For a program run like the general budget these data imply a floor of at most {best:.2f}, which would be {default_less:.2f} below the default. A change of the default would change all numbers and is not made here.
"""


def page() -> str:
    """The page, all of its numbers computed."""
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
