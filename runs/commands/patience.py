"""What would take more than an hour by its own estimate is refused, unless `--yes` says that it is meant."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from juste_retour.agents.errors import BadInput
from juste_retour.runs.numerals import duration

if TYPE_CHECKING:
    from juste_retour.abm.scenario import Scenario
    from juste_retour.runs.experiments.spec import Spec

HOUR = 3600.0
FEW, SOME = 8, 64  # replications of the runs that are timed
UNASKED = 20_000  # replications, or runs of a batch, below which nothing is timed
EXPENSIVE = 300  # seconds of one core from which on a batch is timed, however few its runs


def refuse_hours(seconds: float, yes: bool, remedy: str) -> None:
    """Raise `BadInput` where an estimate is above an hour and `--yes` is not given."""
    if seconds > HOUR and not yes:
        raise BadInput(
            f"this would take about {long(seconds)} by a first estimate; {remedy}, or add --yes if it is meant."
        )


def long(seconds: float) -> str:
    """A long time in words: hours, days or years."""
    for unit, each in (("years", 365.25 * 86400), ("days", 86400.0)):
        if seconds > 3 * each:
            return f"{seconds / each:,.0f} {unit}"
    return duration(seconds)


def check_runs(scenarios: Sequence[Scenario], replications: int, yes: bool, times: int = 1) -> None:
    """Refuse many replications of some scenarios that would take more than an hour; a few of each are timed.

    Args:
        scenarios: what is run.
        replications: of each of them.
        yes: whether it is meant.
        times: how often each is run.
    """
    if not yes:
        refuse_hours(seconds_of(scenarios, replications, times), yes, "ask for fewer replications")


def seconds_of(scenarios: Sequence[Scenario], replications: int, times: int = 1) -> float:
    """About how long many replications of some scenarios take on one core; zero where they are few."""
    if replications * len(scenarios) * times < UNASKED:
        return 0.0
    import numpy as np

    from juste_retour.abm.outcomes import run
    from juste_retour.runs.user_rules import blame

    seconds = 0.0
    for given in scenarios:
        scenario = (
            given.changed({"expect": "status_quo"}) if given.bargains_on else given
        )  # solving is not timed
        spans = []
        with blame():
            for worlds in (1, FEW, SOME):  # the first run of a process loads what is not the scenario's
                begun = time.process_time()
                run(scenario, 0, np.arange(worlds), price=False)
                spans.append(time.process_time() - begun)
        each = max((spans[2] - spans[1]) / (SOME - FEW), spans[2] / SOME / 4)
        seconds += each * replications * times
    return seconds


def check_batch(spec: Spec, workers: int, yes: bool) -> None:
    """Refuse a batch that would take more than an hour; a pilot is run where there are many runs or expensive points."""
    if yes:
        return
    from juste_retour.runs.experiments.chunks import ChunkPlan
    from juste_retour.runs.experiments.planning import cost, expensive

    plan = ChunkPlan(spec)
    if spec.runs < UNASKED and sum(e.seconds for e in expensive(plan, 1.0)) < EXPENSIVE:
        return
    refuse_hours(cost(spec).seconds(workers), yes, "see what takes long with --dry-run")
