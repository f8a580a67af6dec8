"""Power, money and returns in the Union's budget: `uv run python -m juste_retour.runs.studies.europe.budget` writes BUDGET.md.

The page answers two questions for 2000 to 2020. Which share of receipts is explained by voting power, size or need, as in
Kauppi and Widgrén (2004)? And what was each state's return? The returns set the ranges of the entitlement rules
`juste_retour` and `georeturn`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from juste_retour.abm.base.observed import budget_by_state, voting_populations
from juste_retour.abm.politics.council_history import rule_in_force
from juste_retour.agents.arrays import Floats
from juste_retour.agents.rules import family
from juste_retour.runs.base.pages import page_of
from juste_retour.runs.base.resampling import interval

PAGE = Path(__file__).with_name("BUDGET.md")
TEMPLATE = PAGE.parent / "templates" / "budget.jinja"
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
    drawn = np.random.default_rng(seed).multinomial(len(states), np.full(len(states), 1 / len(states)), RESAMPLES)
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
    rows = pd.DataFrame({"state": table.state, "year": table.year.astype(int), "received": received, "paid": paid})
    found = {}
    for name, (first, last) in {**FRAMEWORKS, "2000-2020": (2000, 2020)}.items():
        sums = rows[rows.year.between(first, last)].groupby("state")[["received", "paid"]].sum()
        found[name] = (sums.received / sums.received.sum()) / (sums.paid / sums.paid.sum())
    return pd.DataFrame(found)


def observed_range() -> tuple[float, float]:
    """The lowest return of any state in each framework: the lowest and the highest of these over the frameworks."""
    least = returns()[list(FRAMEWORKS)].min()
    return float(least.min()), float(least.max())


def page() -> str:
    """The text of BUDGET.md, with all numbers computed."""
    rows, found = shares(), returns()
    least, best = observed_range()
    default, parameter = family("entitlement")["juste_retour"].parameters["least_return"]
    low, high = parameter.range or (parameter.low, parameter.high)
    power, joint = (explained(rows, by).set_index("column").to_dict("index")["power"] for by in MODELS[::2])
    return page_of(
        TEMPLATE,
        command=COMMAND,
        weighed="{weight:.0%} ({low:.0%} to {high:.0%})".format_map,
        power=power,
        joint=joint,
        least=least,
        best=best,
        below=int((found["2000-2020"] < 0.8).sum()),
        states=len(found),
        weights=[
            (name, explained(rows[rows.year.between(first, last)], by))
            for name, (first, last) in PERIODS.items()
            for by in MODELS
        ],
        correlation=float(np.corrcoef(rows.power, rows["size"])[0, 1]),
        returns=found,
        otherwise=float(returns(True, True)[list(FRAMEWORKS)].min().min()),
        low=low,
        high=high,
        default=float(default),
    )


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
