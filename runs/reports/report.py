"""A report: one page that stands alone, with question, methods, tables, figures and how to replicate."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import numpy as np

from juste_retour.abm.scenario import DEFAULT, UNNAMED, Scenario, load
from juste_retour.agents.errors import BadInput
from juste_retour.runs.experiments.design import FROM, TO
from juste_retour.runs.experiments.results import Results
from juste_retour.runs.experiments.spec import Spec
from juste_retour.runs.numerals import brief, shown, span, within
from juste_retour.runs.pages import page_of
from juste_retour.runs.printing import json_text
from juste_retour.runs.reports import figures
from juste_retour.runs.reports.findings import Findings, unit_of, words
from juste_retour.runs.reports.sensitivity import morris, sobol
from juste_retour.runs.statistics import quantile, summary

PAGE, FIGURES = "report.html", "figures"
MOST_CHANGES = 8  # of a scenario without a name that are written out
STYLE = Path(__file__).with_name("report.css")
TEMPLATE = Path(__file__).with_name("page.html")
DESIGNS = {
    "grid": "a full factorial grid",
    "list": "a list of points",
    "latin_hypercube": "a Latin hypercube sample",
    "sobol": "a Saltelli sample for Sobol indices",
    "morris": "Morris trajectories",
    "switches": "all mixtures of two scenarios, group by group",
}
COMMANDS = """juste-retour batch spec.toml --out results   # the experiment; the same command goes on after a stop
juste-retour verify results --all            # run it again and compare
juste-retour report results                  # this page"""


class ReportTable(NamedTuple):
    """A table of the page; without rows it is left out."""

    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""


def report(out: Path | str) -> Path:
    """Write `report.html` and the folder `figures` (SVG and PDF) into the folder of an experiment; return the page."""
    results = Results(out)
    for name, content in rendered(results).items():
        results.store.write(name, content)
    return results.store.out / PAGE


def rendered(results: Results) -> dict[str, bytes]:
    """The figures and the page of an experiment, by their names in its folder."""
    found = Findings(results)
    pictures, files = [], {}
    for drawn in found.figures:
        picture = figures.svg(drawn)
        pictures.append(picture)
        files[f"{FIGURES}/{drawn.name}.svg"] = f'<?xml version="1.0" encoding="utf-8"?>\n{picture}'.encode()
        files[f"{FIGURES}/{drawn.name}.pdf"] = figures.pdf(drawn)
    return files | {PAGE: page(found, pictures).encode()}


def answer(found: Findings) -> str:
    """The finding in two or three sentences."""
    name = found.headline
    if found.attributions:
        a = found.attributions[0][1]
        most = max(a.shares, key=lambda s: abs(s.share))
        text = (
            f"From {a.source} to {a.target}, {words(name)} goes from {brief(a.value_from)} to "
            f"{unit_of(brief(a.value_to), name)}. {most.group.capitalize()} makes the largest part of the difference: "
            f"{brief(most.share)} of {brief(a.difference)} ({span(most.low, most.high)})."
        )
        if a.interactions:
            pair = max(a.interactions, key=lambda i: abs(i.interaction))
            text += (
                f" {pair.groups[0].capitalize()} and {pair.groups[1]} interact most: {brief(pair.interaction)} beyond what "
                "each does apart."
            )
        return text
    parts = []
    for say in (_range, _winners, _movers):
        with suppress(BadInput):  # what cannot be said of this outcome stands in the notes
            parts.append(say(found))
    return " ".join(part for part in parts if part)


def _range(found: Findings) -> str:
    if found.spec.design.kind in ("sobol", "morris", "latin_hypercube"):
        return ""  # no point of a sample is worth a name
    name, values = found.headline, found.values[found.headline]
    medians = np.array([quantile(v, 0.5) for v in values])
    low, high = int(np.argmin(medians)), int(np.argmax(medians))
    if medians[low] == medians[high]:
        return f"The median of {words(name)} is {unit_of(brief(float(medians[0])), name)} at every point."
    return (
        f"The median of {words(name)} runs from {brief(float(medians[low]))} ({found.labels[low]}) to "
        f"{unit_of(brief(float(medians[high])), name)} ({found.labels[high]})."
    )


def _winners(found: Findings) -> str:
    win = found.robustness
    if win is None:
        return ""
    best = "lowest" if win.lower_is_better else "highest"
    first, *others = sorted(win.share.items(), key=lambda s: -s[1])
    rest = ", ".join(f"{name} at {share:.0%}" if share else f"{name} at none" for name, share in others)
    return (
        f"Of {len(win.table)} places in the parameter space, {first[0]} has the {best} mean {words(win.outcome)} at "
        f"{first[1]:.0%}; {rest}."
    )


def _movers(found: Findings) -> str:
    name, kind = words(found.headline), found.spec.design.kind
    if kind == "morris":
        most = max(morris(found.results, found.headline), key=lambda e: e.mu_star)
        return f"{most.factor} moves {name} most: {brief(most.mu_star)} in the mean across its range."
    if kind == "sobol":
        indices = sobol(found.results, found.headline)
        top = max(indices.indices, key=lambda i: i.total)
        uniforms = f", and luck {indices.noise:.0%}" if indices.noise == indices.noise else ""
        return (
            f"Of the variance of {name}, {top.factor} makes {top.total:.0%} with its interactions{uniforms}."
        )
    if found.effects is None:
        return ""
    effects, noise = found.effects
    largest = [e for e in sorted(effects, key=lambda e: -e.share)[:3] if e.share >= 0.005]
    shares = "".join(f"{e.factor} makes {e.share:.0%}, " for e in largest)
    return f"Of the variance of {name} over these points and luck, {shares}luck {noise:.0%}."


def methods(results: Results) -> str:
    """The methods, in a paragraph that a paper can take over."""
    spec, base, p = results.spec, results.spec.scenario, results.manifest["provenance"]
    refused = f" ({len(spec.refused)} combinations that are refused left out)" if spec.refused else ""
    return (
        f"The model lets {spec.members.states.count} member states, the Commission and labs bargain over where AI "
        f"infrastructure goes, quarter by quarter from {base.start} to {base.end}, and reads the race with the frontier as "
        f"the mean lag over the {base.window_years:g} years to {base.window_end} unless that is varied. From {_begun(base)} the design takes {DESIGNS[spec.design.kind]}: "
        f"{len(spec.kept):,} points{refused} with {spec.replications:,} replications each, {spec.runs:,} runs in all. Points "
        f"share their luck: replicate k of seed {spec.seed} draws the same numbers at every point, so that contrasts are "
        "paired. Machines that stood already count, so that where no facility beats them the lag is theirs; a world in which "
        "nothing works counts as worse than any number. Intervals are 95 % bootstrap intervals unless they are said to be "
        "ranges of worlds; they hold luck and what is varied, while all other parameters stay where they are, and they are "
        f"not corrected for their number. Software: juste-retour {p['juste_retour']}, Python {p['python']}, "
        f"NumPy {p['numpy']}, SciPy {p['scipy']}."
    )


def _begun(base: Scenario) -> str:
    """The scenario that a design starts from; one without a name by what it changes in today's institutions."""
    if base.name != UNNAMED:
        return f"the scenario {base.name}"
    today = load(DEFAULT)
    here, there = base.plain(), today.plain()
    moved = [
        f"{key} = {shown(value)}" for key, value in here.items() if key != "name" and value != there[key]
    ]
    if not moved:
        return f"the scenario {today.name}"
    more = f" and {len(moved) - MOST_CHANGES} more" if len(moved) > MOST_CHANGES else ""
    return f"the scenario {today.name} with {', '.join(moved[:MOST_CHANGES])}{more}"


def page(found: Findings, pictures: Sequence[str]) -> str:
    """The page, given its figures as SVG."""
    results, spec = found.results, found.spec
    done = results.store.done()
    facts = [
        ("runs", f"{sum(map(results.plan.worlds_of, done)):,}"),
        ("points", f"{len(spec.kept):,}"),
        ("replications", f"{spec.replications:,}"),
        ("seed", str(spec.seed)),
        ("spec", spec.digest),
        ("result", str(results.manifest.get("result", "not complete"))[:16]),
    ]
    return page_of(
        TEMPLATE,
        title=spec.title,
        style=STYLE.read_text(encoding="utf-8"),
        question=str(spec.content["question"]),
        caution=results.caution,
        answer=answer(found),
        facts=facts,
        methods=methods(results),
        factors=ReportTable(["Varied", "Levels"], _factors(spec)),
        figures=list(zip(found.figures, pictures, strict=True)),
        interactions=_interactions(found),
        outcomes=_outcomes(found),
        notes=found.notes,
        refused=_refused(spec),
        commands=COMMANDS,
        environment=ReportTable(["What", "Value"], _environment(results)),
        spec=spec_text(results),
    )


def spec_text(results: Results) -> str:
    """The spec as its file says it, or as JSON where it came from Python."""
    return str(results.manifest["spec_text"]) or json_text(results.manifest["spec"])


def _factors(spec: Spec) -> list[list[str]]:
    rows = [
        [
            f.key,
            ", ".join(map(shown, f.levels)) if f.levels else f"{shown(f.low)} to {shown(f.high)} ({f.scale})",
        ]
        for f in spec.factors
    ]
    if spec.switching:
        for unit in spec.switching.units:
            more = f"; {', '.join(unit[1:])} moves with it" if unit[1:] else ""
            there = f"{FROM} {spec.switching.source.name}, {TO} {spec.switching.target.name}{more}"
            rows.append([unit[0], there])
    return rows


def _outcomes(found: Findings) -> ReportTable:
    note = "Medians, with the range of 90 % of worlds."
    rows = sum(len(rows) for _, rows in found.groups)
    if rows < len(found.numbers):
        note += f" {rows} of {len(found.numbers)} points; the tables hold all."
    elif rows > len(found.groups):
        note += " Each row stands for all of its points in the sample."
    body = []
    for label, some in found.groups:
        cells = [within(summary(v), brief) for v in (found.pooled(name, some) for name in found.values)]
        body.append([label, *cells])
    plain = found.spec.switching is None and rows == len(found.groups) and "label" not in found.points[0]
    point = ", ".join(found.points[0]) if plain else "Point"
    return ReportTable([point, *(unit_of(words(n), n) for n in found.values)], body, note)


def _interactions(found: Findings) -> ReportTable:
    rows = [
        [context or "-", " and ".join(i.groups), brief(i.interaction), span(i.low, i.high)]
        for context, a in found.attributions
        for i in sorted(a.interactions, key=lambda i: -abs(i.interaction))[:5]
    ]
    headings = ["Setting", "Together", "Beyond each apart", "95 %"]
    return ReportTable(
        headings, rows, f"The strongest interactions of two groups in {words(found.headline)}."
    )


def _refused(spec: Spec) -> ReportTable:
    reasons: dict[str, int] = {}
    for r in spec.refused:
        reason = re.sub(r"agenda = '\w+'", "this agenda", r.reason)
        reasons[reason] = reasons.get(reason, 0) + 1
    return ReportTable(["Combinations left out", "Because"], [[str(n), why] for why, n in reasons.items()])


def _environment(results: Results) -> list[list[str]]:
    p, manifest = results.manifest["provenance"], results.manifest
    commit = p.get("commit") or {}
    changed = " (with changes)" if commit.get("changed") else ""
    names = ("python", "numpy", "scipy", "pandas", "pyarrow")
    return [
        [
            "juste-retour",
            f"{p['juste_retour']}, commit {commit.get('id', 'unknown')}{changed}, code {p['code']}",
        ],
        ["members", f"{results.spec.members.name} ({p['members'][:16]})"],
        ["libraries", ", ".join(f"{name} {p.get(name)}" for name in names)],
        ["machine", f"{p['machine']}; {', '.join(p['cpu_features'][-4:])}"],
        ["run time", f"{manifest['seconds']:.0f} s"],
        ["result", str(manifest.get("result", "not complete"))],
    ]
