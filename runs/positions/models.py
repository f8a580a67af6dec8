"""Models that predict an outcome from positions: `MODELS` holds them by name.

A model is a function from the issues of one proposal to an outcome for each, 0 to 100. `@model` enters a function of
one issue, `@package_model` one of all issues of a proposal. A model that does not apply raises `NotApplicable`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from juste_retour.abm.politics.positions import compromise_outcome, exchange_outcome
from juste_retour.agents.arrays import Booleans, Floats
from juste_retour.runs.positions.capability import Weighed

Prediction = float | str  # a text says why there is none
Model = Callable[[Sequence[Weighed]], list[Prediction]]
MODELS: dict[str, Model] = {}
TRADES = 10_000  # most trades on a proposal; nobody gains long before


class NotApplicable(Exception):
    """A model has no prediction for an issue; its text says why."""


def package_model(rule: Model) -> Model:
    """Enter a model of all issues of a proposal."""
    MODELS[rule.__name__] = rule
    return rule


def model(rule: Callable[[Weighed], float]) -> Callable[[Weighed], float]:
    """Enter a model that takes each issue by itself."""

    def each(issues: Sequence[Weighed]) -> list[Prediction]:
        found: list[Prediction] = []
        for issue in issues:
            try:
                found.append(float(rule(issue)))
            except NotApplicable as reason:
                found.append(str(reason))
        return found

    each.__name__, each.__doc__ = rule.__name__, rule.__doc__
    package_model(each)
    return rule


def counted(weighed: Weighed) -> Booleans:
    """Who counts in a weighted model: those with a salience and some capability; (n,)."""
    who = ~np.isnan(weighed.issue.salience) & (weighed.capability > 0)
    if not who.any():
        raise NotApplicable("no actor with a salience and a capability")
    return who


@model
def compromise(weighed: Weighed) -> float:
    """The mean of positions, weighted by salience and capability.

    Source: Van den Bos (1991); Achen (2006).
    """
    who, issue = counted(weighed), weighed.issue
    columns = issue.position, issue.salience, weighed.capability
    return float(compromise_outcome(*(column[who, None] for column in columns))[0])


@package_model
def exchange(issues: Sequence[Weighed]) -> list[Prediction]:
    """The compromise after the best exchanges: any two issues of a proposal may be traded, the greatest gain first.

    Source: Stokman and Van Oosten (1994), equal gain.
    """
    return _traded(issues, [None] * len(issues))


@package_model
def exchange_issue_by_issue(issues: Sequence[Weighed]) -> list[Prediction]:
    """The same, but an issue is predicted from those trades alone in which it takes part itself.

    Source: as `exchange`.
    """
    return _traded(issues, list(range(len(issues))))


def _traded(issues: Sequence[Weighed], about: Sequence[int | None]) -> list[Prediction]:
    """The outcome of each issue k after the trades about the issue `about[k]`, or about any."""
    reasons: list[Prediction] = []
    for issue in issues:
        try:
            reasons.append(float(counted(issue).any()))
        except NotApplicable as reason:
            reasons.append(str(reason))
    usable = [k for k, reason in enumerate(reasons) if not isinstance(reason, str)]
    position, salience, capability = _matrices([issues[k] for k in usable])
    found: dict[int | None, Floats] = {}
    for at, k in enumerate(usable):
        trades = None if about[k] is None else at
        if trades not in found:
            found[trades] = exchange_outcome(position, salience, capability, TRADES, trades).outcome
        reasons[k] = float(found[trades][at])
    return reasons


def _matrices(issues: Sequence[Weighed]) -> tuple[Floats, Floats, Floats]:
    """Positions, saliences and capabilities, (actors, issues); an actor without a salience has no position."""
    actors = tuple(dict.fromkeys(actor for weighed in issues for actor in weighed.issue.actors))
    shape = (len(actors), len(issues))
    position, salience, capability = np.full(shape, np.nan), np.zeros(shape), np.zeros(shape)
    for k, weighed in enumerate(issues):
        who = counted(weighed)
        rows = [actors.index(actor) for actor, there in zip(weighed.issue.actors, who, strict=True) if there]
        position[rows, k] = weighed.issue.position[who]
        salience[rows, k] = weighed.issue.salience[who]
        capability[rows, k] = weighed.capability[who]
    return position, salience, capability


@model
def mean(weighed: Weighed) -> float:
    """The plain mean of positions."""
    return float(weighed.issue.position.mean())


@model
def median(weighed: Weighed) -> float:
    """The median position, each actor counting once.

    Source: Black (1958).
    """
    return float(np.median(weighed.issue.position))


@model
def weighted_median(weighed: Weighed) -> float:
    """The median position, weighted by salience and capability; the middle of two where the weight is divided in half.

    Source: Black (1958), with weights added.
    """
    who = counted(weighed)
    position = weighed.issue.position[who]
    weight = weighed.issue.salience[who] * weighed.capability[who]
    if not weight.any():
        weight = np.ones(len(weight))
    order = np.argsort(position, kind="stable")
    position, reached = position[order], np.cumsum(weight[order])
    half = reached[-1] / 2
    near = 1e-12 * reached[-1]
    low = position[int(np.argmax(reached >= half - near))]
    return float((low + position[int(np.argmax(reached > half + near))]) / 2)
