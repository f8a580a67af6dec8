"""The essay's five claims as findings: a number, its interval over the posterior, and what would change the verdict.

A finding holds under a doubt if its median is above the least that counts and at most one draw in ten says the contrary. It
is *found* if it holds as the model stands and under every doubt; it *hangs on* the doubts under which it does not
hold; it is *not found* if it does not hold as the model stands, or flips with how actors expect or feel.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Generic, Protocol, TypeVar

import numpy as np

from juste_retour.agents.arrays import Floats, Number
from juste_retour.runs.contrasts.attribution import interactions, shapley
from juste_retour.runs.europe.curves import Window
from juste_retour.runs.europe.doubts import Doubt, Trial
from juste_retour.runs.europe.patterns import large_site
from juste_retour.runs.statistics import known_summary

FOUND, HANGS, NOT_FOUND = "found", "hangs on a doubt", "not found"
CONTRARY = 0.1  # most draws that may say the contrary
CLAIMS = {
    1: "Participation: sites are many and small because every state with a vote has a claim",
    2: "Geography defeats arithmetic: nineteen medium sites are not one large one",
    3: "Governance mismatch: procurement takes too long, and nobody may act at three in the morning",
    4: "The window closes: in about three years the gap is structural",
    5: "What would work: two or three large sites, built apart from audit, bought quickly",
}


class HasDoubt(Protocol):
    """Something tried under a doubt."""

    @property
    def doubt(self) -> Doubt:
        """The doubt."""


Tried = TypeVar("Tried", bound=HasDoubt)


@dataclass(frozen=True)
class Question(Generic[Tried]):
    """What is asked of every trial: `value` (worlds,), which counts if it is above `least`."""

    name: str
    claim: int
    unit: str
    value: Callable[[Tried], Floats]
    least: float
    says: str


@dataclass(frozen=True, eq=False)
class Finding:
    """A question's answer.

    `median`, `low` and `high` are of the posterior as the model stands; `by_doubt` the median under each doubt; `flips`
    the doubts under which it does not hold.
    """

    question: str
    claim: int
    unit: str
    least: float
    says: str
    status: str
    median: float
    low: float
    high: float
    by_doubt: Mapping[str, float]
    flips: tuple[str, ...] = field(default_factory=tuple)


def holds(values: Floats, least: float) -> bool:
    """Whether a finding holds: its median counts, and few draws say the contrary, be it ever so little.

    >>> holds(np.array([1.0, 2.0, 3.0]), 0.5), holds(np.array([1.0, 2.0, -3.0]), 0.5)
    (True, False)
    """
    values = values[~np.isnan(values)]
    if not len(values) or not np.median(values) > least:
        return False
    return bool(np.mean(values < 0) <= CONTRARY)


def judged(question: Question[Tried], trials: Sequence[Tried]) -> Finding:
    """Judge a question over all trials, the first of which is the model as it stands."""
    values = [question.value(trial) for trial in trials]
    stands = holds(values[0], question.least)
    flips = [
        trial
        for trial, there in zip(trials[1:], values[1:], strict=True)
        if holds(there, question.least) != stands
    ]
    by_mind = any(trial.doubt.kind == "mind" for trial in flips)
    if not stands or by_mind:
        status = NOT_FOUND
    else:
        status = HANGS if flips else FOUND
    return Finding(
        question=question.name,
        claim=question.claim,
        unit=question.unit,
        least=question.least,
        says=question.says,
        status=status,
        **known_summary(values[0]),
        by_doubt={
            t.doubt.name: float(np.nanmedian(v)) if (~np.isnan(v)).any() else np.nan
            for t, v in zip(trials, values, strict=True)
        },
        flips=tuple(trial.doubt.name for trial in flips),
    )


def _units(trial: Trial, group: str) -> int:
    return next(k for k, unit in enumerate(trial.units) if group in unit.split("+"))


def share(group: str) -> Callable[[Trial], Floats]:
    """A group's Shapley share of the reform's gain, years."""

    def value(trial: Trial) -> Floats:
        shares = shapley(_finite(trial.mixtures))
        return np.asarray(shares[_units(trial, group)])

    return value


def together(one: str, other: str) -> Callable[[Trial], Floats]:
    """What two groups gain together beyond what each gains apart, years."""

    def value(trial: Trial) -> Floats:
        a, b = sorted((_units(trial, one), _units(trial, other)))
        order = list(combinations(range(len(trial.units)), 2))
        return np.asarray(interactions(_finite(trial.mixtures))[order.index((a, b))])

    return value


def _finite(mixtures: Floats) -> Floats:
    """Worlds in which some mixture leaves no run are left out, as missing."""
    return np.where(np.isfinite(mixtures).all(0), mixtures, np.nan)


def _ratio(a: Floats, b: Number) -> Floats:
    return np.where(b > 0, a / np.where(b > 0, b, 1.0), np.nan)


def _loss(rule: str) -> Callable[[Trial], Floats]:
    return lambda t: 1 - t.pooled[rule]


def _change_of_sites(name: str) -> Callable[[Trial], Floats]:
    return lambda t: t.status_quo["sites"] - t.alone[name]


GAINS = {  # the questions that divide the reform's gain by part of the institutions
    "placement": "what placement gains",
    "funding": "what funding gains",
    "procurement": "what procurement gains",
    "operations": "what operations gain",
    "pooling": "what pooling gains",
}
QUESTIONS: tuple[Question[Trial], ...] = (
    Question(
        "the reform's largest site over the status quo's",
        1,
        "times",
        lambda t: _ratio(t.reform["largest_site_accelerators"], t.status_quo["largest_site_accelerators"]),
        2.0,
        "Sites are sized by the institutions and not by the money, which is the same.",
    ),
    Question(
        "sites that the vote by qualified majority adds to one by the Commission alone",
        1,
        "sites",
        _change_of_sites("voting by the Commission alone"),
        1.0,
        "The vote itself makes the number.",
    ),
    Question(
        "sites that a single veto adds, were the Commission to propose and all to agree instead of a majority",
        1,
        "sites",
        lambda t: (
            t.alone["proposed by the Commission, unanimity"]
            - t.alone["proposed by the Commission, qualified majority"]
        ),
        1.0,
        "Vetoes are paid for in sites.",
    ),
    Question(
        "sites that would not be bid for without the trophy",
        1,
        "sites",
        _change_of_sites("no trophy"),
        1.0,
        "It is the wish to host, with half of the money from the Union, that makes the number.",
    ),
    Question(
        GAINS["placement"],
        1,
        "years",
        share("placement"),
        0.1,
        "Who decides where costs capability.",
    ),
    Question(
        "lost by the status quo's sites against one campus with their chips, each training alone",
        2,
        "share",
        _loss("independent"),
        0.1,
        "Sites that train alone do not add up.",
    ),
    Question(
        "lost by them against one campus, pooled as well as can be",
        2,
        "share",
        _loss("best_of"),
        0.1,
        "Geography defeats arithmetic even for those who pool.",
    ),
    Question(
        "of what geography costs, got back by pooling",
        2,
        "share",
        lambda t: _ratio(t.pooled["best_of"] - t.pooled["independent"], 1 - t.pooled["independent"]),
        0.3,
        "Much of what geography costs is the cost of not pooling.",
    ),
    Question(GAINS["pooling"], 2, "years", share("pooling"), 0.1, "Training together pays in years."),
    Question(
        "by how much all of the status quo's sites together fall short of one large American site that works today",
        2,
        "share",
        lambda t: 1 - t.status_quo["h100_equivalents"] / large_site("US"),
        0.0,
        "Even added up, the sites are less than what one serious lab deploys.",
    ),
    Question(
        GAINS["procurement"], 3, "years", share("procurement"), 0.1, "Quicker procurement pays in years."
    ),
    Question(
        GAINS["operations"], 3, "years", share("operations"), 0.1, "Who may act at night pays in years."
    ),
    Question(
        "what placement and operations gain together beyond each apart",
        3,
        "years",
        together("placement", "operations"),
        0.05,
        "Placement and operations are complements: neither explains the gap alone.",
    ),
    Question(
        "years behind in which the status quo ends, read three years after the essay",
        4,
        "years",
        lambda t: t.status_quo["years_behind"],
        2.0,
        "The programme as designed is out of the race.",
    ),
    Question(
        "what the reform gains",
        5,
        "years",
        lambda t: t.mixtures[-1],
        0.5,
        "The reform as a whole pays in years, with the same money.",
    ),
    Question(
        "years behind that the reform leaves",
        5,
        "years",
        lambda t: t.reform["years_behind"],
        1.0,
        "The reform does not catch up: the money is not enough.",
    ),
    Question(
        "what the reform's operations and pooling gain on today's programme with no new site at all",
        5,
        "years",
        lambda t: t.standing,
        0.1,
        "Running and pooling better what stands already beats building today's sites.",
    ),
    Question(
        GAINS["funding"],
        5,
        "years",
        share("funding"),
        0.1,
        "Who pays matters, which the essay does not say.",
    ),
)


ESSAY = 2026.04  # 14 January 2026
STRUCTURAL = 2.0  # years behind that even the reform does not get below

WINDOW: tuple[Question[Window], ...] = (
    Question(
        "what a reform can reach, lost for each year that it waits",
        4,
        "years",
        lambda w: w.lost_a_year,
        0.5,
        "The window closes: the frontier outruns what the same money buys later.",
    ),
    Question(
        "years to spare between the date from which the gap is structural and three years after the essay",
        4,
        "years",
        lambda w: ESSAY + 3.0 - w.structural_from(STRUCTURAL),
        0.0,
        "Within three years of the essay not even the reform gets within two years of the frontier.",
    ),
    Question(
        "what a reform of 2026 gains by 2034 over one of 2030",
        4,
        "years",
        lambda w: w.read_late("2030Q3") - w.read_late("2026Q3"),
        0.1,
        "An early reform is still ahead in 2034.",
    ),
)


def findings(trials: Sequence[Trial], windows: Sequence[Window]) -> list[Finding]:
    """Judge every question, in the order of the claims."""
    found = [judged(q, trials) for q in QUESTIONS] + [judged(q, windows) for q in WINDOW]
    return sorted(found, key=lambda f: f.claim)
