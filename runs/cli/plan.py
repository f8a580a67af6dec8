"""What `batch --dry-run` prints: time, expensive parts, precision, and factors that change nothing."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from juste_retour.runs.analysis.crossed_effects import Crossed
from juste_retour.runs.analysis.effects import named_factors
from juste_retour.runs.base.numerals import brief, counted, duration, size
from juste_retour.runs.base.printing import picked
from juste_retour.runs.engine.agreement import same_because, sentence

if TYPE_CHECKING:
    from rich.console import Console

    from juste_retour.runs.engine.planning import Cost
    from juste_retour.runs.engine.spec import Spec


def cost_json(spec: Spec, found: Cost, workers: int, half_width: float | None) -> dict[str, object]:
    """A dry run as `--json` prints it; `half_width` is that of `--half-width`."""
    precision = found.precision
    point, difference = precision.half_widths(spec.replications) if precision else (None, None)
    wished = precision.replications(half_width) if precision and half_width else None
    return {
        **picked(spec, "title", "digest"),
        "points": found.points,
        "refused": [{"values": dict(r.values), "because": r.reason} for r in spec.refused],
        **picked(found, "replications", "runs", "chunks", "runs_per_second", "expensive", "slow"),
        "seconds": found.seconds(workers),
        **picked(found, "bytes", "pilot_points"),
        "changes_nothing": found.idle,
        "agreement": [{"point": dict(a.point), "no_site": a.no_site, "standing": a.standing} for a in found.agreed],
        "precision": {
            "outcome": precision.outcome if precision else None,
            "half_width_of_a_point": point,
            "half_width_of_a_difference": difference,
            "wished": half_width,
            "replications": wished,
            "replications_by_factor": dict(_wished(spec, found, half_width)) if half_width else {},
        },
    }


def say_cost(spec: Spec, found: Cost, workers: int, half_width: float | None, where: Console) -> None:
    """Print a dry run, one line per finding."""
    used = max(workers, 1)
    lines = [f"Expensive: {_many(e.count, e.what)}, {duration(e.seconds)} on one core." for e in found.expensive]
    lines += [f"{said[:1].upper()}{said[1:]}." for said in found.slow]
    lines += [
        f"{idle} in the pilot ({counted(idle.places, 'comparison')}): omit it, or check the rules that should use it."
        for idle in found.idle
    ]
    if unagreed := sentence(found.agreed, [f.key for f in spec.factors if f.levels]):
        lines.append(f"Pilot: {unagreed[:1].lower()}{unagreed[1:]}")
    lines += _precision(spec, found, half_width)
    lines.append(
        f"About {duration(found.seconds(workers))} with {counted(used, 'worker')}, {size(found.bytes)} of tables. "
        "Nothing was written."
    )
    for line in lines:
        where.print(line, soft_wrap=True)


def _many(count: int, what: str) -> str:
    noun, _, rest = what.partition(" ")
    return f"{counted(count, noun)} {rest}"


def _precision(spec: Spec, found: Cost, half_width: float | None) -> list[str]:
    """How precisely the first outcome will be estimated, and the replications that a half-width needs."""
    precision = found.precision
    if precision is None:
        return ["The pilot is too small to say how precise the estimates will be."]
    if precision.never_varies:
        why = same_because(found.agreed, precision.outcome)
        return [f"{precision.outcome} is the same in every run of the pilot{why}."]
    point, difference = precision.half_widths(found.replications)
    lines = [
        f"With {counted(found.replications, 'replication')}, the 95 % interval of the mean of {precision.outcome} will "
        f"be about plus or minus {brief(point)} at a point"
        + (
            f", and {brief(difference)} for a difference between two points."
            if difference == difference
            else "; no two points of the pilot differ."
        )
    ]
    if found.bargains and spec.solver_seeds == 1:
        lines.append("This leaves out the error of the solver for stationary values; solver_seeds = 4 would show it.")
    if half_width is not None:
        wished = precision.replications(half_width)
        lines.append(
            f"For plus or minus {brief(half_width)} on a difference between two points, set replications to about "
            f"{wished:,}."
            if wished is not None
            else f"No two points of the pilot differ, so the replications for {brief(half_width)} cannot be estimated."
        )
        planned = list(_wished(spec, found, half_width))
        parts = [f"{count:,} for {what}" for what, count in planned if count is not None]
        if parts:
            lines.append(
                f"Averaged over the other factors of the grid, that half-width needs about {', '.join(parts)}."
            )
        if missing := [what for what, count in planned if count is None]:
            lines.append(f"Not estimable, because the pilot saw no difference: {', '.join(missing)}.")
        if unnamed := _unnamed(spec):
            lines.append(
                f"The question does not name {', '.join(unnamed)}; write a factor's key, or one of its levels, to plan for its "
                "interactions."
            )
    return lines


def _unnamed(spec: Spec) -> list[str]:
    """The factors that the question was not seen to name; empty without a question."""
    named = named_factors(spec)
    return [f.key for f in spec.factors if f.key not in named] if spec.content["question"] else []


def _wished(spec: Spec, found: Cost, half_width: float) -> Iterator[tuple[str, int | None]]:
    """The replications for each factor's effect in a grid, and for the interactions that the question names."""
    precision = found.precision
    if precision is None or spec.design.kind != "grid":
        return
    named = named_factors(spec)[:4]
    several = [*combinations(named, 2), *combinations(named, 3)]
    seen = Crossed(precision.points, precision.values)
    for keys in [*((f.key,) for f in spec.factors), *several]:
        spread = max((float(np.std(one, ddof=1)) for one in seen.each(keys).values()), default=0.0)
        what = "effect" if len(keys) == 1 else "interaction"
        yield f"the {what} of {' and '.join(keys)}", precision.planned(spread, half_width)
