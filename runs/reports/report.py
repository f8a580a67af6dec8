"""A report: one self-contained HTML page with question, answer, figures, tables, methods and how to replicate."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import numpy as np

from juste_retour.agents.errors import BadInput
from juste_retour.runs.analysis.clustered import equivalence_margin
from juste_retour.runs.analysis.effects import same_sign
from juste_retour.runs.analysis.sensitivity import morris
from juste_retour.runs.base.numerals import brief, shown, span, within
from juste_retour.runs.base.pages import page_of
from juste_retour.runs.base.palette import css
from juste_retour.runs.base.printing import json_text
from juste_retour.runs.base.statistics import summary
from juste_retour.runs.engine import agreement
from juste_retour.runs.engine.agreement import averaged, sentence
from juste_retour.runs.engine.design import FROM, TO
from juste_retour.runs.engine.factors import SCENARIO
from juste_retour.runs.engine.results import Results
from juste_retour.runs.engine.spec import Spec
from juste_retour.runs.reports import drawing as drawing
from juste_retour.runs.reports.findings import CLUSTERED, Findings
from juste_retour.runs.reports.illustrated import Illustrated
from juste_retour.runs.reports.preregistration import HEADINGS, compared, judged
from juste_retour.runs.reports.sensitivity_report import EXCLUDED, PAIR_HEADINGS, effect_rows
from juste_retour.runs.reports.solver_effects import under_each, unsure
from juste_retour.runs.reports.wording import percent, unit_of, words

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
COMMANDS = """juste-retour batch spec.toml --out results   # run the experiment; the same command resumes it after a stop
juste-retour verify results --all            # rerun it and compare
juste-retour report results                  # write this page"""


class ReportTable(NamedTuple):
    """A table of the page; it is omitted if it has no rows."""

    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""


def report(out: Path | str) -> Path:
    """Write `report.html` and the folder `figures` (SVG and PDF) into an experiment's folder; return the page's path.

    Raises:
        BadInput: the folder holds no readable results, or no table `worlds`.
        CannotWrite: the folder cannot be written to.
    """
    results = Results(out)
    for name, content in rendered(results).items():
        results.store.write(name, content)
    return results.store.out / PAGE


def rendered(results: Results) -> dict[str, bytes]:
    """The content of an experiment's figures and page, by their names in its folder."""
    found = Illustrated(results)
    pictures, files = [], {}
    for drawn in found.figures:
        picture = drawing.svg(drawn)
        pictures.append(picture)
        files[f"{FIGURES}/{drawn.name}.svg"] = f'<?xml version="1.0" encoding="utf-8"?>\n{picture}'.encode()
        files[f"{FIGURES}/{drawn.name}.pdf"] = drawing.pdf(drawn)
    return files | {PAGE: page(found, pictures).encode()}


def answer(found: Findings) -> str:
    """The answer to the experiment's question, in a few sentences."""
    name = found.headline
    if found.attributions:
        a = found.attributions[0][1]
        most = max(a.shares, key=lambda s: abs(s.share))
        text = (
            f"From {a.source} to {a.target}, mean {words(name)} changes from {brief(a.value_from)} to "
            f"{unit_of(brief(a.value_to), name)}. {most.group.capitalize()} accounts for the largest part of the difference: "
            f"{brief(most.share)} of {brief(a.difference)} (95 % interval {span(most.low, most.high)})."
        )
        if a.interactions:
            pair = max(a.interactions, key=lambda i: abs(i.interaction))
            text += (
                f" {pair.groups[0].capitalize()} and {pair.groups[1]} interact most: together they change it by "
                f"{brief(pair.interaction)} more than the sum of both."
            )
        return " ".join(filter(None, (text, sentence(found.asked.agreed, []), unsure(found))))
    parts = []
    for say in (_three_way, _effect, unsure, _unagreed, _together, _winners, _movers, _idle):
        with suppress(BadInput):  # the notes give the reason
            parts.append(say(found))
    return " ".join(part for part in parts if part)


def _three_way(found: Findings) -> str:
    """A warning that the average hides that an interaction depends on a third factor; empty if it is not significant."""
    three = found.asked.three_way
    if three is None or not three.significant:
        return ""
    most = max(three.rows, key=lambda r: abs(r.beyond))
    first = next(r for r in three.rows if (r.level, r.under) == (most.level, most.under))
    a, b, c = three.factors
    return (
        f"The average hides that the interaction of {a} and {b} depends on {c} ({three.test}): for {most.level} instead of "
        f"{most.against} under {most.under} it is {brief(first.effect)} ({span(first.low, first.high)}) at {first.at} and "
        f"{brief(most.effect)} ({span(most.low, most.high)}) at {most.at}."
    )


def _effect(found: Findings) -> str:
    """The effect of the factor that the question names first: its largest contrast, and where it holds."""
    if not found.answering:
        return ""
    c = max(found.answering, key=lambda c: abs(c.difference))
    name = words(found.headline)
    which = f"{c.factor} = {c.level} instead of {c.against}" if c.factor else f"{c.level} instead of {c.against}"
    text = (
        f"Under {which}, {name} is {unit_of(brief(abs(c.difference)), found.headline)} "
        f"{'higher' if c.difference > 0 else 'lower'} on average (difference {brief(c.difference)}, 95 % interval "
        f"{span(c.low, c.high)})."
    )
    if c.low <= 0 <= c.high:
        text = f"{text[:-1]}, which is not significantly different from zero"
        text += f"; effects beyond +- {brief(equivalence_margin(c.low, c.high))} are excluded at 5 %."
    if len(c.each) > 1:
        same, every = same_sign(c)
        text += f" The difference has this sign at {same} of {every} combinations of the other factors."
    return text


def _unagreed(found: Findings) -> str:
    """A sentence if no site was agreed in many runs, by the level of the factor that matters most for it."""
    discrete = {f.key for f in found.spec.factors if f.levels}
    return sentence(found.asked.agreed, [key for key in found.asked.keys if key in discrete])


def _together(found: Findings) -> str:
    """How the effect depends on the second factor that the question names, or on the one with the strongest interaction."""
    pair, ordered = found.asked.pair, found.asked.ordered
    rows = found.asked.conditional
    if pair is None or ordered is None or not rows:
        return ""
    last = max(rows, key=lambda r: abs(r.beyond))
    first = next(r for r in rows if r.level == last.level)
    if last.beyond_low <= 0 <= last.beyond_high:
        return (
            f"The interaction of {ordered[0]} and {ordered[1]} is not significantly different from zero "
            f"({brief(last.beyond)}, 95 % interval {span(last.beyond_low, last.beyond_high)})."
        )
    return (
        f"The effect of {ordered[0]} depends on {ordered[1]}: the difference between {last.level} and {last.against} is "
        f"{brief(first.effect)} ({span(first.low, first.high)}) under {first.under} and {brief(last.effect)} "
        f"({span(last.low, last.high)}) under {last.under}, a change of {brief(last.beyond)} "
        f"({span(last.beyond_low, last.beyond_high)})."
    )


def _idle(found: Findings) -> str:
    """A sentence on factors and levels that change nothing."""
    said = [str(i) for i in found.asked.idle]
    return f"Without exception, {'; '.join(said)}." if said else ""


def _winners(found: Findings) -> str:
    win = found.robustness
    if win is None:
        return ""
    best = "lowest" if win.lower_is_better else "highest"
    ranked = [s for s in sorted(win.share.items(), key=lambda s: -s[1]) if s[1]]
    margin = unit_of(brief(float(np.median(win.table["margin"]))), win.outcome)
    open_ = float((~win.table["clear"]).mean())
    shares = ", ".join(f"{win.institution} = {name} at {share:.0%}" for name, share in ranked)
    text = f"Of {len(win.table)} combinations of the other factors, mean {words(win.outcome)} is clearly {best} under "
    text += shares or f"no level of {win.institution}"
    text += f"; at {open_:.0%} the two best do not differ significantly" if open_ else ""
    return f"{text}. The median lead of the best over the second is {margin}."


def _movers(found: Findings) -> str:
    name, kind = words(found.headline), found.spec.design.kind
    if kind == "morris":
        most = max(morris(found.results, found.headline), key=lambda e: e.mu_star)
        return f"{most.factor} has the largest effect on {name}: {brief(most.mu_star)} on average across its range."
    if kind == "sobol":
        indices = found.asked.indices
        top = max(indices.indices, key=lambda i: i.total)
        draws = f"; random draws account for {indices.noise:.0%}" if indices.noise == indices.noise else ""
        return f"{top.factor} and its interactions account for {top.total:.0%} of the variance of {name}{draws}."
    if found.effects is None:
        return ""
    effects, noise = found.effects
    largest = [e for e in sorted(effects, key=lambda e: -e.share)[:3] if e.share >= 0.005]
    shares = "".join(f"{e.factor} {e.share:.0%}, " for e in largest)
    return f"Shares of the variance of {name} over these points and random draws: {shares}random draws {noise:.0%}."


def methods(results: Results) -> str:
    """The methods, in a paragraph that a paper can quote."""
    spec, base, p = results.spec, results.spec.scenario, results.manifest["provenance"]
    refused = f" ({len(spec.refused)} invalid combinations are omitted)" if spec.refused else ""
    return (
        f"In the model, {spec.members.states.count} member states, the Commission and labs bargain over where to build AI "
        f"infrastructure, quarter by quarter from {base.start} to {base.end}. The lag behind the frontier is its mean over "
        f"the {base.window_years:g} years to {base.window_end}, unless that window is varied. The design is "
        f"{DESIGNS[spec.design.kind]} around the scenario {base.name}: {len(spec.kept):,} points{refused} with "
        f"{spec.replications:,} replications each, {spec.runs:,} runs in all. {_fixed_rules(spec)}All points "
        f"use common random numbers: replication k of seed {spec.seed} has the same random draws at every point, so contrasts "
        "are paired. Machines that existed before the program count: if no facility beats them, the lag is theirs. A "
        "replication in which no machine works counts as worse than any number. Intervals are 95 % intervals unless they are "
        f"called ranges of replications: of effects t intervals over replications, in samples clustered by point too. {_seeds(spec)}They cover random draws and the varied factors, hold all other parameters "
        f"fixed, and are not corrected for multiple comparisons. Software: juste-retour {p['juste_retour']}, Python "
        f"{p['python']}, NumPy {p['numpy']}, SciPy {p['scipy']}."
    )


def _seeds(spec: Spec) -> str:
    """A sentence on the solver seeds, followed by a space; empty if there is one."""
    if spec.solver_seeds == 1:
        return ""
    return (
        f"Stationary values are solved with {spec.solver_seeds} random seeds, with {spec.each} replications each, and the mean "
        "of a seed's replications counts as one replication of an effect, so that its interval covers the error of the "
        "solver too; shares of the variance do not cover it. "
    )


def _fixed_rules(spec: Spec) -> str:
    """A sentence with the rules that are the same at every point, followed by a space; empty if scenarios are varied."""
    if SCENARIO in spec.varied:
        return ""
    ends = (spec.switching.source, spec.switching.target) if spec.switching else (spec.scenario,)
    same = {family: ends[0].rules[family] for family in ends[0].rules if family not in spec.varied}
    same = {family: choice for family, choice in same.items() if choice == ends[-1].rules[family]}
    return f"Rules that are not varied: {', '.join(f'{family} = {same[family].rule}' for family in sorted(same))}. "


def page(found: Illustrated, pictures: Sequence[str]) -> str:
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
        style=css(":root", dark=False) + STYLE.read_text(encoding="utf-8"),
        question=str(spec.content["question"]),
        caution=results.caution,
        answer=answer(found),
        facts=facts,
        methods=methods(results),
        compared=compared(results),
        hypotheses=ReportTable(HEADINGS, [one.row for one in judged(results)], EXCLUDED),
        factors=ReportTable(["Varied", "Levels"], _factors(spec)),
        figures=list(zip(found.figures, pictures, strict=True)),
        effects=_told(_effects_table, found),
        three_way=_told(_three_way_table, found),
        shares=_told(_shares_table, found),
        interactions=_interactions(found),
        outcomes=_outcomes(found),
        equilibria=ReportTable(*under_each(found)),
        notes=found.notes,
        refused=_refused(spec),
        commands=COMMANDS,
        environment=ReportTable(["What", "Value"], _environment(results)),
        spec=spec_text(results),
    )


def spec_text(results: Results) -> str:
    """The text of the spec file, or JSON if the spec was given from Python."""
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
            more = f"; switched together with {', '.join(unit[1:])}" if unit[1:] else ""
            there = f"{FROM} {spec.switching.source.name}, {TO} {spec.switching.target.name}{more}"
            rows.append([unit[0], there])
    return rows


def _outcomes(found: Findings) -> ReportTable:
    note = f"Medians, with the range of 90 % of the replications. {agreement.MEANING}"
    rows = sum(len(rows) for _, rows in found.groups)
    if rows < len(found.numbers):
        note += f" This table shows {rows} of {len(found.numbers)} points; the data tables hold all."
    elif rows > len(found.groups):
        note += f" Each row combines all points with that level of {found.pooled_by}."
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
    headings = ["Setting", "Pair", "Interaction", "95 %"]
    note = (
        f"The strongest interactions of two groups in {unit_of(words(found.headline), found.headline)}: the change from "
        "switching both beyond the changes from switching each, averaged over the other groups."
    )
    return ReportTable(headings, rows, note)


def _told(table: Callable[[Findings], ReportTable], found: Findings) -> ReportTable:
    """A table; without rows if it cannot be computed for the outcome, for which the notes give the reason."""
    with suppress(BadInput):
        return table(found)
    return ReportTable([], [])


def _effects_table(found: Findings) -> ReportTable:
    """The effects of one factor at each level of another, for the pair of factors that is shown."""
    rows = effect_rows(found.asked.conditional)
    against = found.asked.conditional[0].against if rows else ""
    note = (
        f"Effects on {unit_of(words(found.headline), found.headline)} compared with {against}, averaged over all other "
        f"factors, with {'95 % intervals over replications' if found.asked.sample is None else CLUSTERED}. Less the first: the "
        "effect less that in the first row of the same level, which is the interaction."
    )
    return ReportTable(["Level", "Under", "Effect", "95 %", "Less the first", "95 %"], rows, note)


def _three_way_table(found: Findings) -> ReportTable:
    """The interaction of two factors at each level of a third."""
    three = found.asked.three_way
    if three is None:
        return ReportTable([], [])
    a, b, c = three.factors
    test = "" if three.test is None else f" Joint test that it is the same at all levels: {three.test}."
    note = (
        f"The interaction of {a} and {b} in {unit_of(words(found.headline), found.headline)}, a difference of differences, "
        f"at each level of {c}. Less the first: the three-way effect.{test}"
    )
    return ReportTable(PAIR_HEADINGS, effect_rows(three.rows), note)


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
    note = f"Shares of the variance of {words(found.headline)}; random draws account for {split.noise:.1%}."
    if not split.balanced:
        note += " The factors are not fully crossed, so the shares of single factors overlap."
    return ReportTable(["Factor or pair", "Alone", "95 %", "In total", "95 %"], rows, note)


def _refused(spec: Spec) -> ReportTable:
    reasons: dict[str, int] = {}
    for r in spec.refused:
        reason = re.sub(r"agenda = '\w+'", "this agenda", r.reason)
        reasons[reason] = reasons.get(reason, 0) + 1
    return ReportTable(["Omitted combinations", "Reason"], [[str(n), why] for why, n in reasons.items()])


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
