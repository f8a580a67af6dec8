"""`juste-retour verdict`: the essay claim by claim, rerun from one command."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from juste_retour.runs.commands.options import Json

if TYPE_CHECKING:
    from rich.console import Console

    from juste_retour.runs.europe.plain import PlainVerdict

ROOM = Path(__file__).resolve().parents[1]
PAGE, NUMBERS = ROOM / "RESULTS.md", ROOM / "results.json"


def verdict(
    worlds: Annotated[int, typer.Option(metavar="N", help="Posterior draws to try everything on.")] = 200,
    draws: Annotated[
        int | None,
        typer.Option(metavar="N", help="Prior draws of the calibration instead of the published number."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the worlds.")] = 20260114,
    workers: Annotated[int, typer.Option(metavar="N", help="Processes.")] = 2,
    base: Annotated[
        int, typer.Option(metavar="N", help="Points of the Sobol sequence, a power of two.")
    ] = 256,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write RESULTS.md, its figures and results.json there.")
    ] = None,
    write: Annotated[bool, typer.Option("--write", help="Renew the page that is shipped.")] = False,
    json: Json = False,
) -> None:
    """Judge the essay: the number, the interval and what would change it, for each of its five claims."""
    from juste_retour.runs import printing
    from juste_retour.runs.europe.results_figures import write_figures
    from juste_retour.runs.europe.results_page import page
    from juste_retour.runs.europe.verdict import judge
    from juste_retour.runs.export import cannot_write

    with printing.progress("trials") as report:
        found = judge(worlds, draws, seed, workers, base, progress=report).plain()
    text = printing.json_text(found)
    plain = read(text)
    places = [out] if out is not None else []
    places += [ROOM] if write else []
    for place in places:
        try:
            place.mkdir(parents=True, exist_ok=True)
            (place / NUMBERS.name).write_text(text, encoding="utf-8")
            (place / PAGE.name).write_text(page(plain), encoding="utf-8")
            write_figures(plain, place)
        except OSError as error:
            raise cannot_write(place, error) from None
    if json:
        typer.echo(text, nl=False)
    else:
        _show(found, printing.console())


def read(text: str) -> PlainVerdict:
    """A verdict's plain values from its JSON."""
    import json as json_module

    found: PlainVerdict = json_module.loads(text)
    return found


def _show(found: PlainVerdict, where: Console) -> None:
    from juste_retour.runs.europe.claims import CLAIMS
    from juste_retour.runs.numerals import within

    where.print(
        f"{found['worlds']} posterior draws, {len(found['doubts']) - 1} doubts, {found['seconds']:.0f} seconds"
    )
    for claim, title in CLAIMS.items():
        where.print()
        where.print(f"{claim}. {title}", style="bold", soft_wrap=True)
        for f in found["findings"]:
            if f["claim"] != claim:
                continue
            where.print(f"  {f['status']}: {f['question']}: {within(f)} {f['unit']}", soft_wrap=True)
            if f["flips"]:
                where.print(f"    otherwise if {'; '.join(f['flips'])}", soft_wrap=True)
    even, flip = found["audit_break_even"], found["geography_flips_at"]
    where.print()
    where.print(f"Audit breaks even where operators lose {within(even)} of the money.", soft_wrap=True)
    where.print(f"Geography flips at an exponent of {flip['median']:.4f}.", soft_wrap=True)
