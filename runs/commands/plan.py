"""What a dry run prints: time, what is expensive, precision, and factors that change nothing."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import TYPE_CHECKING

from juste_retour.runs.contrasts.resampling import needed
from juste_retour.runs.experiments.agreement import same_because, sentence
from juste_retour.runs.numerals import brief, counted, duration, size
from juste_retour.runs.reports.effects import asked_about

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
            {
                "factor": i.factor,
                "levels": list(i.levels),
                "under": i.under,
                "places": i.places,
                "because": i.because,
            }
            for i in found.idle
        ],
        "agreement": [
            {"point": dict(a.point), "no_site": a.no_site, "standing": a.standing} for a in found.agreed
        ],
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
    """Print a dry run, a line each."""
    used = max(workers, 1)
    lines = [
        f"Expensive: {_many(e.count, e.what)}, {duration(e.seconds)} on one core." for e in found.expensive
    ]
    lines += [f"{said}." for said in found.slow]
    lines += [
        f"{idle} in the pilot ({counted(idle.places, 'comparison')})"
        f"{'.' if idle.because else ': leave it out, or check the rules that should read it.'}"
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
    """How closely the first outcome will be known, and what a wished half-width needs."""
    precision = found.precision
    if precision is None:
        return ["The pilot cannot tell how closely the outcomes will be known."]
    if precision.never_varies:
        why = same_because(found.agreed, precision.outcome)
        return [f"{precision.outcome}: the outcome is the same in every run of the pilot{why}."]
    point, difference = precision.half_widths(found.replications)
    lines = [
        f"With {counted(found.replications, 'replication')}, {precision.outcome} will be known to about plus or minus "
        f"{brief(point)} at a point"
        + (
            f", and a difference of two points to {brief(difference)} (95 %)."
            if difference == difference
            else " (95 %); no two points of the pilot differ."
        )
    ]
    if half_width is not None:
        wished = precision.replications(half_width)
        lines.append(
            f"A difference to within plus or minus {brief(half_width)} takes about replications = {wished:,}."
            if wished is not None
            else "No two points of the pilot differ, so it suggests no replications."
        )
        parts = [f"{count:,} for {what}" for what, count in _wished(spec, found, half_width)]
        if parts:
            lines.append(
                f"Averaged over the other factors of the grid, that half-width takes about {', '.join(parts)}."
            )
    return lines


def _wished(spec: Spec, found: Cost, half_width: float) -> Iterator[tuple[str, int]]:
    """The replications that a grid needs for each factor's effect, and for the interaction that the question names."""
    if found.precision is None or spec.design.kind != "grid":
        return
    by_factor = found.precision.by_factor
    levels = {f.key: len(f.levels) for f in spec.factors}
    for key, spread in by_factor.items():
        yield (
            f"the effect of {key}",
            int(needed(spread.of_an_effect(len(spec.kept) / levels[key]), half_width)),
        )
    named = asked_about(str(spec.content["question"]), [k for k in spec.varied if k != "label"])
    for a, b in combinations(named, 2):
        if a in by_factor:
            places = len(spec.kept) / levels[a] / levels[b]
            apart = by_factor[a].of_an_interaction(places)
            yield f"the interaction of {a} and {b}", int(needed(apart, half_width))
