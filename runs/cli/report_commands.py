"""`juste-retour report`, `sensitivity`, `export` and `package`: analyze and publish an experiment's results."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from juste_retour.agents.errors import BadInput
from juste_retour.runs.base import printing
from juste_retour.runs.base.numerals import brief
from juste_retour.runs.base.printing import console
from juste_retour.runs.cli.options import Json, ResultDir, option
from juste_retour.runs.cli.settings import several
from juste_retour.runs.engine.results import Results


def report(folder: ResultDir) -> None:
    """Write an experiment's results as one HTML page: question, methods, tables, figures, how to replicate."""
    from juste_retour.runs.reports.report import FIGURES
    from juste_retour.runs.reports.report import report as write

    page = write(folder)
    console().print(
        f"Written to {page}; the figures are also in {page.parent / FIGURES}, as SVG and PDF.", soft_wrap=True
    )


def sensitivity(
    folder: ResultDir,
    outcome: Annotated[
        str | None, option("Outcome to analyze.  [default: the first outcome of the spec]", "NAME")
    ] = None,
    json: Json = False,
) -> None:
    """Show which factors matter: each one's share of the variance, alone and in interactions, and its effects."""
    from juste_retour.runs.reports.sensitivity_report import sensitivity as analysis

    found = analysis(folder, outcome)
    if found.caution:
        printing.console(stderr=True).print(found.caution, soft_wrap=True)
    if json:
        printing.print_json(found.plain)
        return
    where = printing.console()
    kind = found.effects.spec.design.kind
    what = "elementary effects" if kind == "morris" else "shares of its variance"
    where.print(f"{found.outcome}: {what}")
    for k, table in enumerate(found.tables):
        if k:
            where.print()
            where.print(table.title)
        printing.print_table(where, table.headings, table.rows, right=table.headings[table.words :])
    for line in found.notes:
        where.print(line, soft_wrap=True)


def curve(
    folder: ResultDir,
    effect: Annotated[
        str | None,
        option(
            "Factor and level whose effect is shown.  [default: the first factor that the question names]",
            "FACTOR=LEVEL",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Draw a specification curve: one effect under every combination of the other factors, and under each measure."""
    from juste_retour.runs.reports.curve import specification_curve, write_curve

    if effect is not None and "=" not in effect:
        raise BadInput(f"--effect is {effect!r}; write a factor and a level, as in --effect voting=unanimity.")
    results = Results(folder)
    found = specification_curve(results, None if effect is None else dict([effect.split("=", 1)]))
    files = write_curve(results, found)
    _warn(results)
    if json:
        records = found.table.to_dict("records")
        printing.print_json({"effect": found.effect, **found.summary, "by_size": records})
        return
    s, where = found.summary, printing.console()
    where.print(
        f"{found.effect[0]} = {found.effect[1]} instead of {found.effect[2]}, {found.outcome}: median {brief(s['median'])}, from "
        f"{brief(s['least'])} to {brief(s['most'])} in {s['specifications']} specifications; significantly higher in "
        f"{s['higher']:.0%}, lower in {s['lower']:.0%}.",
        soft_wrap=True,
    )
    headings = ["Alternative", "Specifications", "Median effect", "Higher", "Lower"]
    rows = [[name, str(n), brief(m), f"{up:.0%}", f"{down:.0%}"] for name, n, m, up, down in found.medians]
    printing.print_table(where, headings, rows, right=headings[1:])
    where.print(f"Written to {folder}: {', '.join(files)}.", soft_wrap=True)


def export(
    folder: ResultDir,
    out: Annotated[Path, option("Folder for the tables and their codebook.", "DIR")],
    format: Annotated[str, option("csv, dta, xlsx or parquet; separate several with commas.", "FORMATS")] = "csv",
    tables: Annotated[
        str | None,
        option("Names of tables; separate several with commas.  [default: all in the results]", "TABLES"),
    ] = None,
    regression: Annotated[
        str | None,
        option(
            "Also write the regression of this outcome as LaTeX, Word and HTML, with a script for R (csv) or Stata (dta).",
            "OUTCOME",
        ),
    ] = None,
) -> None:
    """Write an experiment's tables as CSV, Stata, Excel or Parquet files, one per table, with a codebook."""
    from juste_retour.runs.reports.publication import export as write

    paths = write(folder, out, several(format), None if tables is None else several(tables), regression)
    _warn(Results(folder))
    console().print(f"Written to {out}: {', '.join(p.name for p in paths)}.", soft_wrap=True)


def _warn(results: Results) -> None:
    if results.caution:
        console(stderr=True).print(results.caution, soft_wrap=True)


def package(
    folder: ResultDir,
    out: Annotated[Path | None, option("Archive to write.  [default: DIR/replication.zip]", "FILE.zip")] = None,
    hashes_only: Annotated[bool, option("Omit the tables and keep only their hashes.", None, "--hashes-only")] = False,
) -> None:
    """Pack a replication archive: spec, code, data, results, codebook, environment, and one command that reruns all."""
    from juste_retour.runs.reports.publication import changed_since
    from juste_retour.runs.reports.publication import package as pack

    path = pack(folder, out, tables=not hashes_only)
    console().print(f"Written to {path} ({path.stat().st_size / 1e6:.1f} MB).", soft_wrap=True)
    changed = changed_since(Results(folder))
    if changed:
        console(stderr=True).print(
            f"The archive differs from what made the tables: {'; '.join(changed)}. Pack with the original versions, or run "
            f"`verify {folder} --all` first and report its result.",
            soft_wrap=True,
        )
