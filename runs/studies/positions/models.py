"""Models that predict an outcome from positions; `MODELS` has them by name.

A model maps the issues of one proposal to an outcome for each, from 0 to 100. `@model` registers a function of one issue,
`@package_model` a function of all issues of a proposal. A model that does not apply raises `NotApplicable`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from juste_retour.abm.politics.positions import compromise_outcome, exchange_outcome
from juste_retour.agents.arrays import Booleans, Floats
from juste_retour.runs.studies.positions.capability import Weighed

Prediction = float | str  # the outcome, or the reason why there is none
Model = Callable[[Sequence[Weighed]], list[Prediction]]
MODELS: dict[str, Model] = {}
ALONE = "no proposal, within which issues could be exchanged"
TRADES = 10_000  # limit on trades per proposal, never reached because gains run out long before


class NotApplicable(Exception):
    """A model has no prediction for an issue; the text gives the reason."""


def package_model(rule: Model) -> Model:
    """Register a model that predicts all issues of a proposal together."""
    MODELS[rule.__name__] = rule
    return rule


def model(rule: Callable[[Weighed], float]) -> Callable[[Weighed], float]:
    """Register a model that predicts each issue separately."""

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
    """Booleans (n,): the actors in a weighted model, which need a salience and a capability above zero."""
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
    """The compromise after exchanges between any two issues of a proposal, the trade with the largest gain first.

    Source: Stokman and Van Oosten (1994), equal gain.
    """
    return _traded(issues, [None] * len(issues))


@package_model
def exchange_issue_by_issue(issues: Sequence[Weighed]) -> list[Prediction]:
    """As `exchange`, but each issue is predicted only from the trades that include it.

    Source: as `exchange`.
    """
    return _traded(issues, list(range(len(issues))))


def _traded(issues: Sequence[Weighed], about: Sequence[int | None]) -> list[Prediction]:
    """The outcome of each issue k after the trades that include issue `about[k]`; after all trades if it is None."""
    if not issues[0].issue.packaged:
        return [ALONE] * len(issues)
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
    """Positions, saliences and capabilities, each (actors, issues). The position is NaN where the actor has no salience."""
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
    """The unweighted mean of positions."""
    return float(weighed.issue.position.mean())


@model
def median(weighed: Weighed) -> float:
    """The unweighted median of positions.

    Source: Black (1958).
    """
    return float(np.median(weighed.issue.position))


@model
def weighted_median(weighed: Weighed) -> float:
    """The median position, weighted by salience times capability; the midpoint of two positions if they halve the weight.

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
