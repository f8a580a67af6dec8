"""`juste-retour report`, `sensitivity`, `export` and `package`: what is made of an experiment's results."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from juste_retour.runs.commands.options import Json, ResultDir
from juste_retour.runs.numerals import brief, span

if TYPE_CHECKING:
    from juste_retour.runs.experiments.results import Results
    from juste_retour.runs.reports.effects import Effects
    from juste_retour.runs.reports.sensitivity import Pair


def report(folder: ResultDir) -> None:
    """Write one HTML page that stands alone: question, methods, tables, figures, how to replicate."""
    from juste_retour.runs.printing import console
    from juste_retour.runs.reports.report import FIGURES
    from juste_retour.runs.reports.report import report as write

    page = write(folder)
    console().print(f"{page}; its figures as SVG and PDF are in {page.parent / FIGURES}.", soft_wrap=True)


def sensitivity(
    folder: ResultDir,
    outcome: Annotated[
        str | None, typer.Option(metavar="NAME", help="Outcome.  [default: the spec's first]")
    ] = None,
    json: Json = False,
) -> None:
    """Say how much of an outcome's variance each factor makes alone, with others and in total, and what each level does."""
    from juste_retour.runs import printing
    from juste_retour.runs.experiments.results import Results
    from juste_retour.runs.reports.sensitivity import DRAWN

    results = Results(folder)
    _warn(results)
    name = outcome or results.spec.outcomes[0]
    kind = results.spec.design.kind
    shown = {"morris": _effects, "sobol": _indices, "latin_hypercube": _sampled}.get(kind, _crossed)(
        results, name
    )
    if json:
        printing.print_json(shown.plain)
        return
    where = printing.console()
    where.print(f"{name}: shares of its variance" if kind != "morris" else f"{name}: elementary effects")
    for k, table in enumerate(shown.tables):
        if k:
            where.print()
            where.print(table.title)
        printing.print_table(where, table.headings, table.rows, right=table.headings[table.words :])
    for line in shown.notes:
        where.print(line, soft_wrap=True)
    where.print(f"Intervals are 95 % intervals over {DRAWN.get(kind, 'replications')}.")


class _Table(NamedTuple):
    """A table with its title; the first `words` columns are no numbers."""

    title: str
    headings: list[str]
    rows: list[list[str]]
    words: int = 1


class _Shown(NamedTuple):
    """An analysis as plain values and as tables, with what is to be said below."""

    plain: dict[str, object]
    tables: list[_Table]
    notes: list[str]


def _pairs(pairs: list[Pair], title: str) -> list[_Table]:
    rows = [
        [" x ".join(p.factors), brief(p.share), span(p.low, p.high)]
        for p in sorted(pairs, key=lambda p: -p.share)
    ]
    return [_Table(title, ["Pair", "Share together", "95 %"], rows)] if rows else []


def _noise(share: float) -> str:
    if share != share:
        return "With one replication the random draws cannot be told apart."
    return f"Random draws make {share:.0%} of the variance."


def _effects(results: Results, name: str) -> _Shown:
    from juste_retour.runs.reports.sensitivity import morris

    effects = morris(results, name)
    rows = [
        [e.factor, brief(e.mu_star), f"+- {brief(e.mu_star_half_width)}", brief(e.mu), brief(e.sigma)]
        for e in sorted(effects, key=lambda e: -e.mu_star)
    ]
    return _Shown(
        {"outcome": name, "design": "morris", "effects": [asdict(e) for e in effects]},
        [_Table("", ["Factor", "Mean absolute effect", "95 %", "Mean effect", "Spread"], rows)],
        ["A spread as large as the mean absolute effect: the factor interacts, or its effect is not linear."],
    )


def _indices(results: Results, name: str) -> _Shown:
    from juste_retour.runs.reports.effects import Effects

    asked = Effects(results, name)
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
    notes = [_noise(found.noise), _clustered(results, "base point")]
    if found.pairs_are_total:
        notes.append(
            "second_order = true in [design] tells interactions of two from those of three and more."
        )
    return _Shown(
        {"design": "sobol", **asdict(found), **plain},
        [
            _Table("", ["Factor", "First order", "95 %", "Total", "95 %"], rows),
            *_pairs(found.pairs, title),
            *tables,
        ],
        notes,
    )


def _sampled(results: Results, name: str) -> _Shown:
    from juste_retour.runs.reports.effects import Effects

    asked = Effects(results, name)
    shares, noise = asked.mains
    rows = [[s.factor, brief(s.share), span(s.low, s.high)] for s in sorted(shares, key=lambda s: -s.share)]
    plain, tables = _marginal(asked)
    notes = [
        _noise(noise),
        "What is missing to 100 % are interactions; a sobol design tells them apart.",
        _clustered(results, "place of the sample"),
    ]
    return _Shown(
        {
            "outcome": name,
            "design": "latin_hypercube",
            "noise": noise,
            "shares": [asdict(s) for s in shares],
            **plain,
        },
        [_Table("", ["Factor", "Share alone", "95 %"], rows), *tables],
        notes,
    )


def _clustered(results: Results, point: str) -> str:
    """What the intervals of effects in a sample hold."""
    if results.spec.replications > 1:
        return f"Intervals of effects are clustered by {point} and by replication."
    return f"Intervals of effects are clustered by {point}, and hold for the one replication alone."


def _marginal(found: Effects) -> tuple[dict[str, object], list[_Table]]:
    """The effects of levels, of ranges, and of one factor by level of another: as plain values and as tables."""
    title = "Marginal effects, averaged over the points that agree in all else"
    if found.sample is not None:
        title = "Marginal effects, averaged over the sample of all other factors"
    rows = [
        [f"{c.factor} = {c.level}", c.against, brief(c.difference), span(c.low, c.high)]
        for c in found.contrasts
    ]
    tables = [_Table(title, ["Level", "Less", "Effect", "95 %"], rows, 2)] if rows else []
    rows = [[s.factor, s.per, brief(s.effect), span(s.low, s.high)] for s in found.slopes]
    if rows:
        title = "Slopes of the best straight line, averaged over the sample of all other factors"
        tables.append(_Table(title, ["Factor", "Per", "Effect", "95 %"], rows, 2))
    under = found.conditional
    rows = [
        [f"{r.factor} = {r.level}", r.under, brief(r.effect), span(r.low, r.high), brief(r.beyond),
         span(r.beyond_low, r.beyond_high)]
        for r in under
    ]  # fmt: skip
    if rows:
        title = f"Effects of {under[0].factor} by level of {under[0].under.partition(' = ')[0]}"
        tables.append(
            _Table(title, ["Level", "Under", "Effect", "95 %", "Beyond the first", "95 %"], rows, 2)
        )
    plain: dict[str, object] = {
        "marginal_effects": [{k: v for k, v in asdict(c).items() if k != "each"} for c in found.contrasts],
        "conditional_effects": [asdict(r) for r in under],
    }
    return plain | ({"slopes": [asdict(s) for s in found.slopes]} if found.sample else {}), tables


def _crossed(results: Results, name: str) -> _Shown:
    """Shares of a grid, a list or switches, their pairs, marginal effects, and what changes nothing."""
    from juste_retour.agents.errors import BadInput
    from juste_retour.runs.reports.effects import Effects

    found = Effects(results, name)
    split = found.split
    if split is None:
        raise BadInput(f"{results.out} has fewer than three points; compare two scenarios by `compare`.")
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
    tables = [_Table("", ["Factor", "Share alone", "95 %", "In total", "95 %"], rows)]
    tables += _pairs(split.pairs, "Pairs: what two factors make together beyond what each makes alone")
    tables += effects
    notes = [_noise(split.noise), *(f"Exactly zero: {idle}." for idle in found.idle)]
    if not split.balanced:
        notes.append("The factors are not fully crossed: shares of single factors overlap.")
    return _Shown(
        {
            "outcome": name,
            "design": results.spec.design.kind,
            "noise": split.noise,
            "shares": shares,
            "pairs": [asdict(p) for p in split.pairs],
            **plain,
            "changes_nothing": [asdict(i) for i in found.idle],
        },
        tables,
        notes,
    )


def export(
    folder: ResultDir,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for the tables and their codebook.")],
    format: Annotated[
        str, typer.Option(metavar="FORMATS", help="parquet, csv or dta, several by commas.")
    ] = "csv",
    tables: Annotated[
        str | None, typer.Option(metavar="TABLES", help="Several by commas.  [default: all that were kept]")
    ] = None,
) -> None:
    """Write an experiment's tables as one file each, in CSV, Stata or Parquet, with a codebook."""
    from juste_retour.runs.commands.settings import several
    from juste_retour.runs.experiments.results import Results
    from juste_retour.runs.printing import console
    from juste_retour.runs.reports.publication import export as write

    paths = write(folder, out, several(format), None if tables is None else several(tables))
    _warn(Results(folder))
    console().print(f"Written to {out}: {', '.join(p.name for p in paths)}.", soft_wrap=True)


def _warn(results: Results) -> None:
    from juste_retour.runs.printing import console

    if results.caution:
        console(stderr=True).print(results.caution, soft_wrap=True)


def package(
    folder: ResultDir,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE.zip", help="The archive.  [default: DIR/replication.zip]")
    ] = None,
    hashes_only: Annotated[
        bool, typer.Option("--hashes-only", help="Leave the tables out; their hashes are there in any case.")
    ] = False,
) -> None:
    """Pack a replication archive: spec, code, data, results, codebook, environment, one master command."""
    from juste_retour.runs.experiments.results import Results
    from juste_retour.runs.printing import console
    from juste_retour.runs.reports.publication import changed_since
    from juste_retour.runs.reports.publication import package as pack

    path = pack(folder, out, tables=not hashes_only)
    console().print(f"{path} ({path.stat().st_size / 1e6:.1f} MB)", soft_wrap=True)
    changed = changed_since(Results(folder))
    if changed:
        console(stderr=True).print(
            f"Not all that is packed is what made the tables: {'; '.join(changed)}. Pack with what they were made with, or "
            f"run `verify {folder} --all` first and say so.",
            soft_wrap=True,
        )
