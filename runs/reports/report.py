"""A report: one page that stands alone, with question, methods, tables, figures and how to replicate."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import numpy as np

from juste_retour.agents.errors import BadInput
from juste_retour.runs.experiments import agreement
from juste_retour.runs.experiments.agreement import averaged, sentence
from juste_retour.runs.experiments.design import FROM, TO
from juste_retour.runs.experiments.results import Results
from juste_retour.runs.experiments.spec import Spec
from juste_retour.runs.numerals import brief, shown, span, within
from juste_retour.runs.pages import page_of
from juste_retour.runs.printing import json_text
from juste_retour.runs.reports import figures
from juste_retour.runs.reports.effects import same_sign
from juste_retour.runs.reports.findings import CLUSTERED, Findings
from juste_retour.runs.reports.sensitivity import morris
from juste_retour.runs.reports.wording import percent, unit_of, words
from juste_retour.runs.statistics import summary

PAGE, FIGURES = "report.html", "figures"
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
        return f"{text} {sentence(found.asked.agreed, [])}".rstrip()
    parts = []
    for say in (_effect, _unagreed, _together, _winners, _movers, _idle):
        with suppress(BadInput):  # what cannot be said of this outcome stands in the notes
            parts.append(say(found))
    return " ".join(part for part in parts if part)


def _effect(found: Findings) -> str:
    """The effect of the factor that is asked about: its largest contrast, and where it holds."""
    mine = [c for c in found.contrasts if not c.factor or c.factor in found.asked.focus[:1]]
    if not mine:
        return ""
    c = max(mine, key=lambda c: abs(c.difference))
    name = words(found.headline)
    which = (
        f"{c.factor} = {c.level} instead of {c.against}" if c.factor else f"{c.level} instead of {c.against}"
    )
    text = (
        f"Under {which}, {name} is {unit_of(brief(abs(c.difference)), found.headline)} "
        f"{'higher' if c.difference > 0 else 'lower'} in the mean (difference {brief(c.difference)}, 95 % interval "
        f"{span(c.low, c.high)})."
    )
    if c.low <= 0 <= c.high:
        text = f"{text[:-1]}, which cannot be told from zero."
    if len(c.each) > 1:
        same, every = same_sign(c)
        text += f" The sign is the same at {same} of {every} combinations of the other factors."
    return text


def _unagreed(found: Findings) -> str:
    """In how many runs nothing was agreed, where these are many; by the level of the factor that tells most."""
    discrete = {f.key for f in found.spec.factors if f.levels}
    return sentence(found.asked.agreed, [key for key in found.asked.keys if key in discrete])


def _together(found: Findings) -> str:
    """How the effect depends on the other factor that is asked about, or on the one that it depends on most."""
    pair, ordered = found.asked.pair, found.asked.ordered
    rows = found.asked.conditional
    if pair is None or ordered is None or not rows:
        return ""
    last = max(rows, key=lambda r: abs(r.beyond))
    first = next(r for r in rows if r.level == last.level)
    if last.beyond_low <= 0 <= last.beyond_high:
        return (
            f"How {ordered[0]} and {ordered[1]} work together cannot be told from zero "
            f"({brief(last.beyond)}, {span(last.beyond_low, last.beyond_high)})."
        )
    return (
        f"The effect of {ordered[0]} depends on {ordered[1]}: {last.level} less {last.against} is {brief(first.effect)} "
        f"({span(first.low, first.high)}) under {first.under} and {brief(last.effect)} ({span(last.low, last.high)}) under "
        f"{last.under}, {brief(last.beyond)} more ({span(last.beyond_low, last.beyond_high)})."
    )


def _idle(found: Findings) -> str:
    """Factors whose effect is exactly zero."""
    said = [str(i) for i in found.asked.idle]
    return f"Exactly zero: {'; '.join(said)}." if said else ""


def _winners(found: Findings) -> str:
    win = found.robustness
    if win is None:
        return ""
    best = "lowest" if win.lower_is_better else "highest"
    ranked = [s for s in sorted(win.share.items(), key=lambda s: -s[1]) if s[1]]
    margin = unit_of(brief(float(np.median(win.table["margin"]))), win.outcome)
    open_ = float((~win.table["clear"]).mean())
    shares = "; ".join(f"{win.institution} = {name} clearly at {share:.0%}" for name, share in ranked)
    text = f"Of {len(win.table)} combinations of the other factors, the {best} mean {words(win.outcome)} has "
    text += shares or f"no level of {win.institution} clearly"
    text += f"; at {open_:.0%} the best two cannot be told apart" if open_ else ""
    return f"{text}. The best leads the second by {margin} in the median."


def _movers(found: Findings) -> str:
    name, kind = words(found.headline), found.spec.design.kind
    if kind == "morris":
        most = max(morris(found.results, found.headline), key=lambda e: e.mu_star)
        return f"{most.factor} moves {name} most: {brief(most.mu_star)} in the mean across its range."
    if kind == "sobol":
        indices = found.asked.indices
        top = max(indices.indices, key=lambda i: i.total)
        uniforms = f", and random draws {indices.noise:.0%}" if indices.noise == indices.noise else ""
        return (
            f"Of the variance of {name}, {top.factor} makes {top.total:.0%} with its interactions{uniforms}."
        )
    if found.effects is None:
        return ""
    effects, noise = found.effects
    largest = [e for e in sorted(effects, key=lambda e: -e.share)[:3] if e.share >= 0.005]
    shares = "".join(f"{e.factor} alone makes {e.share:.0%}, " for e in largest)
    return f"Of the variance of {name} over these points and random draws, {shares}random draws {noise:.0%}."


def methods(results: Results) -> str:
    """The methods, in a paragraph that a paper can take over."""
    spec, base, p = results.spec, results.spec.scenario, results.manifest["provenance"]
    refused = f" ({len(spec.refused)} combinations that are refused left out)" if spec.refused else ""
    rules = ", ".join(f"{family} = {choice.rule}" for family, choice in sorted(base.rules.items()))
    return (
        f"The model lets {spec.members.states.count} member states, the Commission and labs bargain over where AI "
        f"infrastructure goes, quarter by quarter from {base.start} to {base.end}, and reads the race with the frontier as "
        f"the mean lag over the {base.window_years:g} years to {base.window_end} unless that is varied. Rules where they are not varied: {rules}. From the scenario {base.name} the design takes {DESIGNS[spec.design.kind]}: "
        f"{len(spec.kept):,} points{refused} with {spec.replications:,} replications each, {spec.runs:,} runs in all. Points "
        f"share their random numbers: replicate k of seed {spec.seed} draws the same numbers at every point, so that contrasts are "
        "paired. Machines that stood already count, so that where no facility beats them the lag is theirs; a world in which "
        "nothing works counts as worse than any number. Intervals are 95 % bootstrap intervals unless they are said to be "
        "ranges of worlds; they hold random draws and what is varied, while all other parameters stay where they are, and they are "
        f"not corrected for their number. Software: juste-retour {p['juste_retour']}, Python {p['python']}, "
        f"NumPy {p['numpy']}, SciPy {p['scipy']}."
    )


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
        effects=_told(_effects_table, found),
        shares=_told(_shares_table, found),
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
    note = f"Medians, with the range of 90 % of worlds. {agreement.MEANING}"
    rows = sum(len(rows) for _, rows in found.groups)
    if rows < len(found.numbers):
        note += f" {rows} of {len(found.numbers)} points; the tables hold all."
    elif rows > len(found.groups):
        note += f" Each row stands for all points with that level of {found.pooled_by}."
    body = []
    for label, some in found.groups:
        cells = [within(summary(v), brief) for v in (found.pooled(name, some) for name in found.values)]
        shares = averaged([found.asked.agreed[r] for r in some])
        body.append([label, *cells, *map(percent, shares)])
    plain = found.spec.switching is None and rows == len(found.groups) and "label" not in found.points[0]
    point = ", ".join(found.points[0]) if plain else "Point"
    point = found.pooled_by or point
    headings = [point, *(unit_of(words(n), n) for n in found.values), *agreement.HEADINGS]
    return ReportTable(headings, body, note)


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


def _told(table: Callable[[Findings], ReportTable], found: Findings) -> ReportTable:
    """A table; without rows where the outcome does not tell it, as the notes say."""
    with suppress(BadInput):
        return table(found)
    return ReportTable([], [])


def _effects_table(found: Findings) -> ReportTable:
    """The effect of one factor at each level of another: the marginal effects of the shown pair."""
    rows = [
        [f"{r.factor} = {r.level}", r.under, brief(r.effect), span(r.low, r.high), brief(r.beyond),
         span(r.beyond_low, r.beyond_high)]
        for r in found.asked.conditional
    ]  # fmt: skip
    against = found.asked.conditional[0].against if rows else ""
    note = (
        f"Marginal effects on {unit_of(words(found.headline), found.headline)}, less {against}, averaged over all other "
        f"factors, with {'95 % bootstrap intervals' if found.asked.sample is None else CLUSTERED}. Beyond: the effect less "
        "that in the first row of the same level."
    )
    return ReportTable(["Level", "Under", "Effect", "95 %", "Beyond", "95 %"], rows, note)


def _shares_table(found: Findings) -> ReportTable:
    """Shares of the variance by factor and by pair."""
    split = found.asked.split
    if split is None:
        return ReportTable([], [])
    rows = [
        [f.factor, percent(f.alone.share), span(f.alone.low, f.alone.high, percent)]
        + ([percent(f.total.share), span(f.total.low, f.total.high, percent)] if f.total else ["-", "-"])
        for f in sorted(split.factors, key=lambda f: -(f.total or f.alone).share)
    ]
    rows += [
        [" x ".join(p.factors), percent(p.share), span(p.low, p.high, percent), "", ""]
        for p in sorted(split.pairs, key=lambda p: -p.share)
    ]
    note = f"Shares of the variance of {words(found.headline)}; random draws make {split.noise:.1%}."
    if not split.balanced:
        note += " The factors are not fully crossed, so that shares of single factors overlap."
    return ReportTable(["Factor or pair", "Alone", "95 %", "In total", "95 %"], rows, note)


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
