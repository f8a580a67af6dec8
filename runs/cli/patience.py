"""Refuse commands whose estimated time is more than an hour, unless `--yes` is given."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from juste_retour.abm.outcomes import run
from juste_retour.abm.worlds.scenario import Scenario
from juste_retour.agents.errors import BadInput
from juste_retour.runs.base.numerals import duration
from juste_retour.runs.base.user_rules import blame
from juste_retour.runs.engine.chunks import ChunkPlan
from juste_retour.runs.engine.planning import cost, expensive, sampled
from juste_retour.runs.engine.spec import Spec

HOUR = 3600.0
FEW, SOME = 8, 64  # replications of the runs that are timed
UNTIMED = 20_000  # runs below which no pilot is timed
EXPENSIVE = 300  # seconds of one core above which a batch is timed even if its runs are few


def refuse_hours(seconds: float, yes: bool, remedy: str) -> None:
    """Raise `BadInput` if an estimate in seconds is above an hour and `--yes` is not given."""
    if seconds > HOUR and not yes:
        raise BadInput(
            f"this would take about {long(seconds)} by a first estimate; {remedy}, or add --yes to run it anyway."
        )


def long(seconds: float) -> str:
    """A long time in its largest unit: hours, days or years."""
    for unit, each in (("years", 365.25 * 86400), ("days", 86400.0)):
        if seconds > 3 * each:
            return f"{seconds / each:,.0f} {unit}"
    return duration(seconds)


def check_runs(scenarios: Sequence[Scenario], replications: int, yes: bool, times: int = 1) -> None:
    """Raise `BadInput` if running some scenarios is estimated to take more than an hour; a few runs of each are timed.

    Args:
        scenarios: the scenarios.
        replications: of each scenario.
        yes: whether `--yes` was given, which skips the check.
        times: how often each replication is run.
    """
    if not yes:
        refuse_hours(seconds_of(scenarios, replications, times), yes, "ask for fewer replications")


def seconds_of(scenarios: Sequence[Scenario], replications: int, times: int = 1) -> float:
    """Estimated seconds of one core for replications of some scenarios; 0 for fewer than `UNTIMED` runs."""
    if replications * len(scenarios) * times < UNTIMED:
        return 0.0

    seconds = 0.0
    for given in scenarios:
        scenario = (
            given.changed({"expect": "status_quo"}) if given.bargains_on else given
        )  # stationary values are solved once, which the estimate leaves out
        spans = []
        with blame():
            for worlds in (1, FEW, SOME):  # the first run also loads modules, so its time does not count
                begun = time.process_time()
                run(scenario, 0, np.arange(worlds), price=False)
                spans.append(time.process_time() - begun)
        each = max((spans[2] - spans[1]) / (SOME - FEW), spans[2] / SOME / 4)
        seconds += each * replications * times
    return seconds


def check_batch(spec: Spec, workers: int, yes: bool) -> None:
    """Raise `BadInput` if a batch is estimated to take more than an hour.

    A pilot is timed only if the batch has many runs or expensive points.
    """
    if yes:
        return

    plan = ChunkPlan(spec)
    if spec.runs < UNTIMED and sum(e.seconds for e in expensive(plan, sampled(spec), 1.0)) < EXPENSIVE:
        return
    refuse_hours(cost(spec).seconds(workers), yes, "--dry-run shows what takes long")
