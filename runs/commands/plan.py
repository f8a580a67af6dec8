"""What a dry run prints: time, what is expensive, precision, and factors that change nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from juste_retour.runs.numerals import brief, counted, duration, size

if TYPE_CHECKING:
    from rich.console import Console

    from juste_retour.runs.experiments.planning import Cost
    from juste_retour.runs.experiments.spec import Spec


def cost_json(spec: Spec, found: Cost, workers: int, half_width: float | None) -> dict[str, object]:
    """A dry run as `--json` prints it."""
    precision = found.precision
    point, difference = precision.half_widths(spec.replications) if precision else (None, None)
    wished = precision.replications(half_width) if precision and half_width else None
    return {
        "title": spec.title,
        "digest": spec.digest,
        "points": found.points,
        "refused": [{"values": dict(r.values), "because": r.reason} for r in spec.refused],
        "replications": found.replications,
        "runs": found.runs,
        "chunks": found.chunks,
        "runs_per_second": found.runs_per_second,
        "expensive": [
            {"what": e.what, "count": e.count, "seconds_each": e.seconds_each} for e in found.expensive
        ],
        "slow": list(found.slow),
        "seconds": found.seconds(workers),
        "bytes": found.bytes,
        "pilot_points": found.pilot_points,
        "changes_nothing": [
            {"factor": i.factor, "levels": list(i.levels), "under": i.under, "places": i.places}
            for i in found.idle
        ],
        "precision": {
            "outcome": precision.outcome if precision else None,
            "half_width_of_a_point": point,
            "half_width_of_a_difference": difference,
            "wished": half_width,
            "replications": wished,
        },
    }


def say_cost(found: Cost, workers: int, half_width: float | None, where: Console) -> None:
    """Print a dry run, a line each."""
    used = max(workers, 1)
    lines = [
        f"Expensive: {_many(e.count, e.what)}, {duration(e.seconds)} on one core." for e in found.expensive
    ]
    lines += [f"{said}." for said in found.slow]
    lines += [
        f"{idle} in the pilot ({counted(idle.places, 'comparison')}): leave it out, or check the rules that should read it."
        for idle in found.idle
    ]
    lines += _precision(found, half_width)
    lines.append(
        f"About {duration(found.seconds(workers))} with {counted(used, 'worker')}, {size(found.bytes)} of tables. "
        "Nothing was written."
    )
    for line in lines:
        where.print(line, soft_wrap=True)


def _many(count: int, what: str) -> str:
    noun, _, rest = what.partition(" ")
    return f"{counted(count, noun)} {rest}"


def _precision(found: Cost, half_width: float | None) -> list[str]:
    """How closely the first outcome will be known, and what a wished half-width needs."""
    precision = found.precision
    if precision is None:
        return ["The pilot cannot tell how closely the outcomes will be known."]
    point, difference = precision.half_widths(found.replications)
    lines = [
        f"With {counted(found.replications, 'replication')}, {precision.outcome} will be known to about plus or minus "
        f"{brief(point)} at a point, and a difference of two points to {brief(difference)} (95 %)."
    ]
    if half_width is not None:
        wished = precision.replications(half_width)
        lines.append(
            f"A difference to within plus or minus {brief(half_width)} takes about replications = {wished:,}."
            if wished is not None
            else "No two points of the pilot differ, so it suggests no replications."
        )
    return lines
