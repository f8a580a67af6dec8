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
    """Say how much of an outcome's variance each factor makes, and how much is luck."""
    from juste_retour.runs import printing
    from juste_retour.runs.experiments.results import Results
    from juste_retour.runs.reports.sensitivity import DRAWN

    results = Results(folder)
    _warn(results)
    name = outcome or results.spec.outcomes[0]
    kind = results.spec.design.kind
    shown = {"morris": _effects, "sobol": _indices}.get(kind, _shares)(results, name)
    if json:
        printing.print_json(shown.plain)
        return
    where = printing.console()
    where.print(f"{name}: shares of its variance" if kind != "morris" else f"{name}: elementary effects")
    printing.print_table(where, shown.headings, shown.rows, right=shown.headings[1:])
    if shown.noise is not None:
        where.print(
            f"Luck makes {shown.noise:.0%} of the variance."
            if shown.noise == shown.noise
            else "With one replication luck cannot be told apart."
        )
    if kind not in ("morris", "sobol"):
        where.print("What is missing to 100% are interactions of the factors.")
    where.print(f"Intervals are 95 % intervals over {DRAWN.get(kind, 'worlds')}.")


class _Shown(NamedTuple):
    """An analysis as plain values and as a table; `noise` is luck's share of the variance."""

    plain: dict[str, object]
    headings: list[str]
    rows: list[list[str]]
    noise: float | None = None


def _effects(results: Results, name: str) -> _Shown:
    from juste_retour.runs.reports.sensitivity import morris

    effects = morris(results, name)
    return _Shown(
        {"outcome": name, "design": "morris", "effects": [asdict(e) for e in effects]},
        ["Factor", "Mean absolute effect", "95 %", "Mean effect", "Spread"],
        [
            [e.factor, brief(e.mu_star), f"+- {brief(e.mu_star_half_width)}", brief(e.mu), brief(e.sigma)]
            for e in sorted(effects, key=lambda e: -e.mu_star)
        ],
    )


def _indices(results: Results, name: str) -> _Shown:
    from juste_retour.runs.reports.sensitivity import sobol

    found = sobol(results, name)
    return _Shown(
        {"design": "sobol", **asdict(found)},
        ["Factor", "First order", "95 %", "Total", "95 %"],
        [
            [
                i.factor,
                brief(i.first),
                span(i.first_low, i.first_high),
                brief(i.total),
                span(i.total_low, i.total_high),
            ]
            for i in sorted(found.indices, key=lambda i: -i.total)
        ],
        found.noise,
    )


def _shares(results: Results, name: str) -> _Shown:
    from juste_retour.runs.reports.sensitivity import main_effects

    shares, noise = main_effects(results, name)
    kind = results.spec.design.kind
    return _Shown(
        {"outcome": name, "design": kind, "noise": noise, "shares": [asdict(s) for s in shares]},
        ["Factor", "Share alone", "95 %"],
        [[s.factor, brief(s.share), span(s.low, s.high)] for s in sorted(shares, key=lambda s: -s.share)],
        noise,
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
