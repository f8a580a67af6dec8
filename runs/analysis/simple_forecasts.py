"""Forecasts of which states host that need no model, and the scores of forecasts beside each other."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.special import expit

from juste_retour.abm.base.members import Members
from juste_retour.abm.base.parameters import Parameters
from juste_retour.agents.arrays import Booleans, Floats, Integers
from juste_retour.runs.base.forecast_scores import brier, difference, first_to, in_proportion, log_score

RIDGE = 1e-3  # penalty that keeps the logit finite if population separates hosts from other states


def baselines(members: Members, count: float, earlier: Integers, used: Integers | None = None) -> dict[str, Floats]:
    """Forecasts that need no model, by name; each is the probability (states,) of receiving a site.

    Args:
        members: the union.
        count: number of sites to forecast.
        earlier: (states, waves) sites that each state received in the earlier waves.
        used: (states,) sites that each state has already; by default those of the earlier waves.
    """
    states, used = members.states, earlier.sum(-1) if used is None else used
    centres, best = centers(members), _quality(members)
    top = np.argsort(np.argsort(-best, kind="stable")) < round(count)
    found = {
        "uniform": in_proportion(np.ones(states.count), count),
        "proportional to GDP": in_proportion(states.gdp, count),
        "proportional to population": in_proportion(states.population, count),
        "existing machine first": first_to(centres > used, count, _share(earlier, _unused(centres, earlier))),
        "best quality first": first_to(top, count, _share(earlier, np.repeat(top[:, None], earlier.shape[1], 1))),
    }
    if earlier.shape[1]:
        before = np.cumsum(earlier, axis=1) - earlier > 0
        share = _share(earlier[:, 1:], before[:, 1:])
        found["earlier hosts first"] = first_to(used > 0, count, share)
        size = np.log(states.population)[:, None]
        cases = np.repeat(size, earlier.shape[1], axis=0)
        found["logit on log population"] = logit(cases, (earlier > 0).ravel(), size)
    return found


def centers(members: Members) -> Integers:
    """The number of computing centers in each state that are eligible for the first call; (states,)."""
    sites = members.sites
    admitted = np.array([kind != "industrial" for kind in sites.kind])
    return np.bincount(sites.state[sites.centre & admitted], minlength=members.states.count)


def _quality(members: Members) -> Floats:
    """The score of each state's best site; (states,)."""
    states, sites, p = members.states, members.sites, Parameters()
    admitted = np.array([kind != "industrial" for kind in sites.kind])

    def standard(x: Floats) -> Floats:
        return (x - x.mean()) / x.std() if x.std() > 0 else x * 0.0

    conditions = standard(sites.specialists) - standard(sites.power_price) - standard(sites.temperature)
    score = p.panel_experience * (sites.centre - 0.5) + p.panel_conditions * conditions
    best = np.full(states.count, -np.inf)
    np.maximum.at(best, sites.state[admitted], score[admitted])
    return best


def _unused(centres: Integers, earlier: Integers) -> Booleans:
    """Whether a state had a computing center without a site before each earlier wave; (states, waves)."""
    return centres[:, None] > np.cumsum(earlier, axis=1) - earlier


def _share(earlier: Integers, having: Booleans) -> float:
    """The share of earlier sites in states and waves where `having` is true, by Laplace's rule of succession."""
    return float(((earlier * having).sum() + 1) / (earlier.sum() + 2))


def logit(x: Floats, happened: Booleans, ahead: Floats, penalty: float = RIDGE) -> Floats:
    """Probabilities from a logit fitted by penalized maximum likelihood.

    Args:
        x: (cases, predictors) of past cases.
        happened: (cases,) whether the event happened.
        ahead: (states, predictors) of the cases to forecast.
        penalty: on the squares of the slopes of standardized predictors.
    """
    spread = x.std(0)
    mean, scale = x.mean(0), np.where(spread > 0, spread, 1.0)
    z = (x - mean) / scale

    def loss(beta: Floats) -> float:
        eta = beta[0] + z @ beta[1:]
        return float((np.logaddexp(0, eta) - happened * eta).sum() + penalty * np.square(beta[1:]).sum())

    beta = minimize(loss, np.zeros(1 + x.shape[1])).x
    return np.asarray(expit(beta[0] + (ahead - mean) / scale @ beta[1:]))


def scored(forecasts: dict[str, Floats], happened: Booleans, model: str) -> pd.DataFrame:
    """One row per forecast: its scores, and the Brier score of `model` minus its own, with a 90 % interval.

    `log_score` is the mean over the states and `log_score_sum` the sum.
    """
    rows = []
    own = (forecasts[model] - happened) ** 2
    for name, probability in forecasts.items():
        gap, low, high = difference(own, (probability - happened) ** 2)
        score = log_score(probability, happened)
        rows.append(
            {
                "forecast": name,
                "expected": float(probability.sum()),
                "brier": brier(probability, happened),
                "log_score": score,
                "log_score_sum": score * len(happened),
                "model_less_this": gap,
                "low": low,
                "high": high,
            }
        )
    return pd.DataFrame(rows)
