"""Sensitivity of an outcome as tables: shares of the variance, effects of levels, and what two factors do together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from juste_retour.agents.errors import BadInput, near
from juste_retour.runs.experiments.agreement import HEADINGS, MEANING, averaged
from juste_retour.runs.experiments.results import Results
from juste_retour.runs.experiments.spec import said
from juste_retour.runs.numerals import brief, shown, span
from juste_retour.runs.reports.effects import Effects
from juste_retour.runs.reports.sensitivity import DRAWN, Pair, morris
from juste_retour.runs.reports.wording import percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes


MOST_POINTS = 48  # that a table of points shows; beyond them each level of a factor stands for its points


class Table(NamedTuple):
    """A table with its title; the first `words` columns are no numbers."""

    title: str
    headings: list[str]
    rows: list[list[str]]
    words: int = 1


@dataclass(frozen=True, eq=False)
class Sensitivity:
    """What an experiment says about one outcome.

    `found["marginal_effects"]` is a data frame; `list(found)` names those that the design allows: `shares` (of a Sobol
    sample `indices`, of a Morris design `effects`), `pairs`, `marginal_effects`, `slopes`, `conditional_effects`,
    `changes_nothing` and `agreement`. Shares are parts of the variance, 0 to 1; effects have the outcome's unit. `low` and `high` are 95 %
    intervals. `tables` holds what the command prints, `notes` how to read it, and `caution` what is wrong with the results,
    if anything.
    """

    outcome: str
    plain: Mapping[str, object]
    tables: list[Table]
    notes: list[str]
    caution: str
    effects: Effects

    def __iter__(self) -> Iterator[str]:
        """Names of the data frames."""
        return (key for key, rows in self.plain.items() if isinstance(rows, list) and rows)

    def __getitem__(self, name: str) -> pd.DataFrame:
        """A data frame by name.

        Raises:
            BadInput: no such frame in this design.
        """
        if name not in list(self):
            raise BadInput(f"there is no {name!r} here; {near(name, list(self))}")
        return pd.json_normalize(self.plain[name], sep="_")  # type: ignore[arg-type]

    def _ipython_key_completions_(self) -> list[str]:
        return list(self)

    def plot(self) -> Axes:
        """Draw the means at each pair of levels of the two factors that the question asks about.

        Raises:
            BadInput: a design that does not tell, or one factor alone.
        """
        import matplotlib.pyplot as plt

        from juste_retour.runs.reports.effect_figures import interaction
        from juste_retour.runs.reports.wording import unit_of, words

        cells = self.effects.cells
        if cells is None:
            raise BadInput(
                "no two factors of few levels are crossed here, or the sample is too small; use a grid of two factors."
            )
        figure = plt.figure(figsize=(7.2, 3.6), layout="constrained")
        return interaction(cells, unit_of(words(self.outcome), self.outcome), figure).axes[0]

    def __repr__(self) -> str:
        """Every table, and how to read it."""
        parts = [f"{t.title or self.outcome}\n{_frame(t).to_string(index=False)}" for t in self.tables]
        return "\n\n".join([*parts, "\n".join(filter(None, (*self.notes, self.caution)))])

    def _repr_html_(self) -> str:
        """What notebooks show: every table, how to read it, and the caution first."""
        parts = [f"<p><strong>{escape(self.caution)}</strong></p>"] if self.caution else []
        for t in self.tables:
            parts.append(f"<p>{escape(t.title or f'{self.outcome}: shares of its variance')}</p>")
            parts.append(_frame(t).to_html(index=False, border=0))
        return "".join([*parts, *(f"<p>{escape(note)}</p>" for note in self.notes)])


def _frame(table: Table) -> pd.DataFrame:
    return pd.DataFrame(table.rows, columns=table.headings)


def sensitivity(results: Results | Path | str, outcome: str | None = None) -> Sensitivity:
    """Return how much of an outcome's variance each factor makes alone, with others and in total, and what each level does.

    Args:
        results: an experiment, or the folder that `batch` wrote.
        outcome: a column of the table `worlds`; the spec's first outcome where none is given.

    Raises:
        BadInput: fewer than three points, an outcome that never varies, or worlds in which nothing runs.

    Example:
        `sensitivity("results")["marginal_effects"]` is a data frame with a row for each level of each factor.
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
    notes = [*notes, f"Intervals are 95 % intervals over {DRAWN.get(kind, 'replications')}."]
    return Sensitivity(name, plain, tables, notes, results.caution, asked)


def _agreement(asked: Effects) -> list[Table]:
    """The shares of the runs in which nothing was agreed: at each point, or at each level where points are many."""
    found = asked.agreed
    if max(max(a.no_site, a.standing) for a in found) == 0:
        return []
    groups = {said(a.point): [a] for a in found}
    if len(found) > MOST_POINTS:
        groups = {"all points": found}
        for factor in asked.spec.factors:
            for level in map(shown, factor.levels):
                groups[f"{factor.key} = {level}"] = [
                    a for a in found if shown(a.point.get(factor.key)) == level
                ]
    rows = [[where, *map(percent, averaged(some))] for where, some in groups.items() if some]
    return [Table("Runs in which nothing was agreed", ["Point", *HEADINGS], rows)]


class _Shown(NamedTuple):
    """An analysis as plain values and as tables, with what is to be said below."""

    plain: dict[str, object]
    tables: list[Table]
    notes: list[str]


def _pairs(pairs: list[Pair], title: str) -> list[Table]:
    rows = [
        [" x ".join(p.factors), brief(p.share), span(p.low, p.high)]
        for p in sorted(pairs, key=lambda p: -p.share)
    ]
    return [Table(title, ["Pair", "Share together", "95 %"], rows)] if rows else []


def _noise(share: float) -> str:
    if share != share:
        return "With one replication the random draws cannot be told apart."
    return f"Random draws make {share:.0%} of the variance."


def _effects(asked: Effects) -> _Shown:
    effects = morris(asked.results, asked.outcome)
    rows = [
        [e.factor, brief(e.mu_star), f"+- {brief(e.mu_star_half_width)}", brief(e.mu), brief(e.sigma)]
        for e in sorted(effects, key=lambda e: -e.mu_star)
    ]
    return _Shown(
        {"outcome": asked.outcome, "design": "morris", "effects": [asdict(e) for e in effects]},
        [Table("", ["Factor", "Mean absolute effect", "95 %", "Mean effect", "Spread"], rows)],
        ["A spread as large as the mean absolute effect: the factor interacts, or its effect is not linear."],
    )


def _indices(asked: Effects) -> _Shown:
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
        "Pairs: what two factors make in all interactions in which both take part"
        if found.pairs_are_total
        else "Pairs: what two factors make together beyond what each makes alone"
    )
    plain, tables = _marginal(asked)
    notes = [_noise(found.noise), _clustered(asked.results, "base point")]
    if found.pairs_are_total:
        notes.append(
            "second_order = true in [design] tells interactions of two from those of three and more."
        )
    return _Shown(
        {"design": "sobol", **asdict(found), **plain},
        [
            Table("", ["Factor", "First order", "95 %", "Total", "95 %"], rows),
            *_pairs(found.pairs, title),
            *tables,
        ],
        notes,
    )


def _sampled(asked: Effects) -> _Shown:
    shares, noise = asked.mains
    rows = [[s.factor, brief(s.share), span(s.low, s.high)] for s in sorted(shares, key=lambda s: -s.share)]
    plain, tables = _marginal(asked)
    notes = [
        _noise(noise),
        "What is missing to 100 % are interactions; a sobol design tells them apart.",
        _clustered(asked.results, "place of the sample"),
    ]
    return _Shown(
        {
            "outcome": asked.outcome,
            "design": "latin_hypercube",
            "noise": noise,
            "shares": [asdict(s) for s in shares],
            **plain,
        },
        [Table("", ["Factor", "Share alone", "95 %"], rows), *tables],
        notes,
    )


def _clustered(results: Results, point: str) -> str:
    """What the intervals of effects in a sample hold."""
    if results.spec.replications > 1:
        return f"Intervals of effects are clustered by {point} and by replication."
    return f"Intervals of effects are clustered by {point}, and hold for the one replication alone."


def _marginal(found: Effects) -> tuple[dict[str, object], list[Table]]:
    """The effects of levels, of ranges, and of one factor by level of another: as plain values and as tables."""
    title = "Marginal effects, averaged over the points that agree in all else"
    if found.sample is not None:
        title = "Marginal effects, averaged over the sample of all other factors"
    rows = [
        [f"{c.factor} = {c.level}", c.against, brief(c.difference), span(c.low, c.high)]
        for c in found.contrasts
    ]
    tables = [Table(title, ["Level", "Less", "Effect", "95 %"], rows, 2)] if rows else []
    rows = [[s.factor, s.per, brief(s.effect), span(s.low, s.high)] for s in found.slopes]
    if rows:
        title = "Slopes of the best straight line, averaged over the sample of all other factors"
        tables.append(Table(title, ["Factor", "Per", "Effect", "95 %"], rows, 2))
    under = found.conditional
    rows = [
        [f"{r.factor} = {r.level}", r.under, brief(r.effect), span(r.low, r.high), brief(r.beyond),
         span(r.beyond_low, r.beyond_high)]
        for r in under
    ]  # fmt: skip
    if rows:
        title = f"Effects of {under[0].factor} by level of {under[0].under.partition(' = ')[0]}"
        tables.append(Table(title, ["Level", "Under", "Effect", "95 %", "Beyond the first", "95 %"], rows, 2))
    plain: dict[str, object] = {
        "marginal_effects": [{k: v for k, v in asdict(c).items() if k != "each"} for c in found.contrasts],
        "conditional_effects": [asdict(r) for r in under],
    }
    return plain | ({"slopes": [asdict(s) for s in found.slopes]} if found.sample else {}), tables


def _crossed(found: Effects) -> _Shown:
    """Shares of a grid, a list or switches, their pairs, marginal effects, and what changes nothing."""
    split = found.split
    if split is None:
        raise BadInput(
            f"{found.results.out} has fewer than three points; compare two scenarios by `compare`."
        )
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
    tables = [Table("", ["Factor", "Share alone", "95 %", "In total", "95 %"], rows)]
    tables += _pairs(split.pairs, "Pairs: what two factors make together beyond what each makes alone")
    tables += effects
    notes = [_noise(split.noise), *(f"Exactly zero: {idle}." for idle in found.idle)]
    if not split.balanced:
        notes.append("The factors are not fully crossed: shares of single factors overlap.")
    return _Shown(
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
