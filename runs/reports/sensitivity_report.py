"""Sensitivity of an outcome as tables: shares of the variance, effects of levels, and interactions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from juste_retour.agents.errors import BadInput, near
from juste_retour.runs.analysis.clustered import equivalence_margin
from juste_retour.runs.analysis.crossed_effects import ConditionalEffect, PairEffect
from juste_retour.runs.analysis.effects import Effects
from juste_retour.runs.analysis.sensitivity import DRAWN, Pair, morris
from juste_retour.runs.base.numerals import brief, shown, span
from juste_retour.runs.engine.agreement import HEADINGS, MEANING, averaged
from juste_retour.runs.engine.results import Results
from juste_retour.runs.engine.spec import said
from juste_retour.runs.reports.wording import percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes


EXCLUDED = "Excluded beyond: two one-sided tests at 5 % exclude larger effects in both directions."
MOST_POINTS = 48  # rows of a table of points; for larger designs it has a row per level of each factor


PAIR_HEADINGS = ["Level", "Under", "At", "Interaction", "95 %", "Less the first", "95 %"]
INTERACTIONS = "Interactions: share of the variance from two factors together, beyond their shares alone"


class ShownTable(NamedTuple):
    """A table with its title; its first `words` columns hold text, the others numbers."""

    title: str
    headings: list[str]
    rows: list[list[str]]
    words: int = 1


@dataclass(frozen=True, eq=False)
class Sensitivity:
    """The sensitivity of one outcome to the factors of an experiment.

    `found["marginal_effects"]` is a data frame. `list(found)` names the frames that the design allows: `shares` (for a
    Sobol sample `indices`, for a Morris design `effects`), `pairs`, `marginal_effects`, `slopes`, `conditional_effects`,
    `three_way`, `changes_nothing` and `agreement`. Shares are parts of the variance, 0 to 1. Effects have the outcome's unit. `low`
    and `high` are 95 % intervals.

    Attributes:
        outcome: a column of the table `worlds`.
        plain: the values as plain data, as `--json` prints them.
        tables: the tables that the command prints.
        notes: sentences that explain the tables.
        caution: warnings about the results; empty if there are none.
        effects: the analysis from which the tables are built.
    """

    outcome: str
    plain: Mapping[str, object]
    tables: list[ShownTable]
    notes: list[str]
    caution: str
    effects: Effects

    def __iter__(self) -> Iterator[str]:
        """The names of the data frames."""
        return (key for key, rows in self.plain.items() if isinstance(rows, list) and rows)

    def __getitem__(self, name: str) -> pd.DataFrame:
        """A data frame by name.

        Raises:
            BadInput: this design has no such frame.
        """
        if name not in list(self):
            raise BadInput(f"{name!r} is not a table of this analysis; {near(name, list(self))}")
        return pd.json_normalize(self.plain[name], sep="_")  # type: ignore[arg-type]

    def _ipython_key_completions_(self) -> list[str]:
        return list(self)

    def plot(self) -> Axes:
        """Plot the means at each pair of levels of the two factors that the spec's question names.

        Raises:
            BadInput: a design or sample that gives no such means, or a single factor.
        """
        import matplotlib.pyplot as plt

        from juste_retour.runs.base.palette import rc
        from juste_retour.runs.reports.effect_figures import interaction
        from juste_retour.runs.reports.titles import of_interaction
        from juste_retour.runs.reports.wording import unit_of, words

        cells, name = self.effects.cells, words(self.outcome)
        if cells is None:
            raise BadInput(
                "the design crosses no two factors with few levels, or the sample is too small; use a grid of two factors."
            )
        with plt.rc_context(rc()):
            figure = plt.figure(figsize=(7.2, 3.6))
            axes = interaction(cells, unit_of(name, self.outcome), figure).axes[0]
            axes.set_title(of_interaction(cells, self.effects.conditional, name))
        return axes

    def __repr__(self) -> str:
        """All tables, with notes."""
        parts = [f"{t.title or self.outcome}\n{_frame(t).to_string(index=False)}" for t in self.tables]
        return "\n\n".join([*parts, "\n".join(filter(None, (*self.notes, self.caution)))])

    def _repr_html_(self) -> str:
        """What notebooks show: the warnings, all tables, and the notes."""
        parts = [f"<p><strong>{escape(self.caution)}</strong></p>"] if self.caution else []
        for t in self.tables:
            parts.append(f"<p>{escape(t.title or f'{self.outcome}: shares of its variance')}</p>")
            parts.append(_frame(t).to_html(index=False, border=0))
        return "".join([*parts, *(f"<p>{escape(note)}</p>" for note in self.notes)])


def _frame(table: ShownTable) -> pd.DataFrame:
    return pd.DataFrame(table.rows, columns=table.headings)


def sensitivity(results: Results | Path | str, outcome: str | None = None) -> Sensitivity:
    """Return each factor's share of an outcome's variance, alone and in interactions, and the effects of its levels.

    Args:
        results: an experiment, or the folder that `batch` wrote.
        outcome: a column of the table `worlds`; by default the first outcome of the spec.

    Raises:
        BadInput: fewer than three points, or an outcome that never varies or is missing in some runs.

    Example:
        `sensitivity("results")["marginal_effects"]` is a data frame with one row per level of each factor.
    """
    results = results if isinstance(results, Results) else Results(results)
    name = outcome or results.spec.outcomes[0]
    kind = results.spec.design.kind
    asked = Effects(results, name)
    shown_as = {"morris": _effects, "sobol": _indices, "latin_hypercube": _sampled}.get(kind, _crossed)
    plain, tables, notes = shown_as(asked)
    plain["agreement"] = [asdict(a) for a in asked.agreed]
    unagreed = _agreement(asked)
    tables, notes = [*tables, *unagreed], [*notes, *([MEANING] if unagreed else [])]
    if asked.contrasts:
        notes = [*notes, EXCLUDED]
    notes = [*notes, f"Intervals are 95 % intervals over {DRAWN.get(kind, 'replications')}."]
    return Sensitivity(name, plain, tables, notes, results.caution, asked)


def _agreement(asked: Effects) -> list[ShownTable]:
    """Shares of the runs in which no site was agreed, at each point or, in large designs, at each level."""
    found = asked.agreed
    if max(max(a.no_site, a.standing) for a in found) == 0:
        return []
    groups = {said(a.point): [a] for a in found}
    if len(found) > MOST_POINTS:
        groups = {"all points": found}
        for factor in asked.spec.factors:
            for level in map(shown, factor.levels):
                groups[f"{factor.key} = {level}"] = [a for a in found if shown(a.point.get(factor.key)) == level]
    rows = [[where, *map(percent, averaged(some))] for where, some in groups.items() if some]
    return [ShownTable("Runs without a site, and with only the lag of earlier machines", ["Point", *HEADINGS], rows)]


def effect_rows(rows: Sequence[ConditionalEffect | PairEffect]) -> list[list[str]]:
    """The rows of effects of one factor under another, or of pairs at levels of a third, under `PAIR_HEADINGS`."""
    return [
        [f"{r.factor} = {r.level}", r.under, *([r.at] if isinstance(r, PairEffect) else ()), brief(r.effect),
         span(r.low, r.high), brief(r.beyond), span(r.beyond_low, r.beyond_high)]
        for r in rows
    ]  # fmt: skip


class _Answered(NamedTuple):
    """An analysis as plain data and as tables, with notes."""

    plain: dict[str, object]
    tables: list[ShownTable]
    notes: list[str]


def _pairs(pairs: list[Pair], title: str) -> list[ShownTable]:
    rows = [[" x ".join(p.factors), brief(p.share), span(p.low, p.high)] for p in sorted(pairs, key=lambda p: -p.share)]
    return [ShownTable(title, ["Pair", "Interaction", "95 %"], rows)] if rows else []


def _noise(share: float) -> str:
    if share != share:
        return "With one replication, the share of random draws in the variance cannot be estimated."
    return f"Random draws account for {share:.0%} of the variance."


def _effects(asked: Effects) -> _Answered:
    effects = morris(asked.results, asked.outcome)
    rows = [
        [e.factor, brief(e.mu_star), f"+- {brief(e.mu_star_half_width)}", brief(e.mu), brief(e.sigma)]
        for e in sorted(effects, key=lambda e: -e.mu_star)
    ]
    return _Answered(
        {"outcome": asked.outcome, "design": "morris", "effects": [asdict(e) for e in effects]},
        [ShownTable("", ["Factor", "Mean absolute effect", "95 %", "Mean effect", "Spread"], rows)],
        ["If the spread is as large as the mean absolute effect, the factor interacts or its effect is not linear."],
    )


def _indices(asked: Effects) -> _Answered:
    found = asked.indices
    rows = [
        [
            i.factor,
            brief(i.first),
            span(i.first_low, i.first_high),
            brief(i.total),
            span(i.total_low, i.total_high),
        ]
        for i in sorted(found.indices, key=lambda i: -i.total)
    ]
    title = (
        "Interactions: share of the variance from all interactions that include both factors"
        if found.pairs_are_total
        else INTERACTIONS
    )
    plain, tables = _marginal(asked)
    notes = [_noise(found.noise), _clustered(asked.results, "base point")]
    rough = [i.factor for i in found.indices if i.first > i.total]
    if rough:
        notes.append(
            f"The first order of {', '.join(rough)} exceeds its total, which cannot be: the sample is too small. Take the next "
            f"power of two, base = {2 * found.base}."
        )
    if found.pairs_are_total:
        notes.append("With second_order = true in [design], the shares cover only the interaction of the two factors.")
    return _Answered(
        {"design": "sobol", **asdict(found), **plain},
        [
            ShownTable("", ["Factor", "First order", "95 %", "Total", "95 %"], rows),
            *_pairs(found.pairs, title),
            *tables,
        ],
        notes,
    )


def _sampled(asked: Effects) -> _Answered:
    shares, noise = asked.mains
    rows = [[s.factor, brief(s.share), span(s.low, s.high)] for s in sorted(shares, key=lambda s: -s.share)]
    plain, tables = _marginal(asked)
    notes = [
        _noise(noise),
        "The rest up to 100 % is due to interactions, which a sobol design estimates.",
        _clustered(asked.results, "sample point"),
    ]
    return _Answered(
        {
            "outcome": asked.outcome,
            "design": "latin_hypercube",
            "noise": noise,
            "shares": [asdict(s) for s in shares],
            **plain,
        },
        [ShownTable("", ["Factor", "Share alone", "95 %"], rows), *tables],
        notes,
    )


def _clustered(results: Results, point: str) -> str:
    """A note on the intervals of effects in a sample."""
    if results.spec.replications > 1:
        return f"Intervals of effects are clustered by {point} and by replication."
    return f"Intervals of effects are clustered by {point}; with one replication, they do not cover the random draws."


def _marginal(found: Effects) -> tuple[dict[str, object], list[ShownTable]]:
    """The effects of levels, of ranges, and of one factor by level of another, as plain data and as tables."""
    title = "Marginal effects, averaged over points that agree in all other factors"
    if found.sample is not None:
        title = "Marginal effects, averaged over the sample of all other factors"
    rows = [
        [
            f"{c.factor} = {c.level}",
            c.against,
            brief(c.difference),
            span(c.low, c.high),
            brief(equivalence_margin(c.low, c.high)),
        ]
        for c in found.contrasts
    ]
    headings = ["Level", "Compared with", "Effect", "95 %", "Excluded beyond +-"]
    tables = [ShownTable(title, headings, rows, 2)] if rows else []
    rows = [[s.factor, s.per, brief(s.effect), span(s.low, s.high)] for s in found.slopes]
    if rows:
        title = "Linear slopes, averaged over the sample of all other factors"
        tables.append(ShownTable(title, ["Factor", "Per", "Effect", "95 %"], rows, 2))
    under = found.conditional
    rows = effect_rows(under)
    if rows:
        title = f"Effects of {under[0].factor} by level of {under[0].under.partition(' = ')[0]}"
        tables.append(ShownTable(title, ["Level", "Under", "Effect", "95 %", "Less the first", "95 %"], rows, 2))
    three, test = found.three_way, None
    if three is not None:
        a, b, c = three.factors
        test = None if three.test is None else asdict(three.test)
        said = "" if three.test is None else f"; test that it is the same at all: {three.test}"
        title = f"Three-way: the interaction of {a} and {b} by level of {c}{said}"
        tables.append(ShownTable(title, PAIR_HEADINGS, effect_rows(three.rows), 3))
    plain: dict[str, object] = {
        "three_way": [] if three is None else [asdict(r) for r in three.rows],
        "three_way_test": test,
        "marginal_effects": [
            {
                **{k: v for k, v in asdict(c).items() if k != "each"},
                "excluded_beyond": equivalence_margin(c.low, c.high),
            }
            for c in found.contrasts
        ],
        "conditional_effects": [asdict(r) for r in under],
    }
    return plain | ({"slopes": [asdict(s) for s in found.slopes]} if found.sample else {}), tables


def _crossed(found: Effects) -> _Answered:
    """The analysis of a grid, a list or switches: shares, interactions, marginal effects, and what changes nothing."""
    split = found.split
    if split is None:
        raise BadInput(f"{found.results.out} has fewer than three points; use `compare` for two scenarios.")
    shares = [
        {"factor": f.factor, **asdict(f.alone), "total": None if f.total is None else asdict(f.total)}
        for f in split.factors
    ]
    rows = [
        [f.factor, brief(f.alone.share), span(f.alone.low, f.alone.high)]
        + ([brief(f.total.share), span(f.total.low, f.total.high)] if f.total else ["-", "-"])
        for f in sorted(split.factors, key=lambda f: -f.alone.share)
    ]
    plain, effects = _marginal(found)
    tables = [ShownTable("", ["Factor", "Share alone", "95 %", "In total", "95 %"], rows)]
    tables += _pairs(split.pairs, INTERACTIONS)
    tables += effects
    notes = [_noise(split.noise), *(f"Without exception, {idle}." for idle in found.idle)]
    if not split.balanced:
        notes.append("The factors are not fully crossed, so the shares of single factors overlap.")
    return _Answered(
        {
            "outcome": found.outcome,
            "design": found.spec.design.kind,
            "noise": split.noise,
            "shares": shares,
            "pairs": [asdict(p) for p in split.pairs],
            **plain,
            "changes_nothing": [asdict(i) for i in found.idle],
        },
        tables,
        notes,
    )
