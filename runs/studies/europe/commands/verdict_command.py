"""`juste-retour verdict`: test the essay's five claims."""

from __future__ import annotations

import hashlib
import json as json_module
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from juste_retour.abm.bargaining.solved import folder
from juste_retour.agents.errors import BadInput
from juste_retour.runs.base import printing
from juste_retour.runs.base.numerals import number, within
from juste_retour.runs.base.provenance import code_digest
from juste_retour.runs.cli.options import Json, Yes, option
from juste_retour.runs.cli.patience import refuse_hours, seconds_of
from juste_retour.runs.engine.pool import cores
from juste_retour.runs.engine.studies import study_module
from juste_retour.runs.results.export import cannot_write
from juste_retour.runs.studies.europe.claims import CLAIMS, IDENTITY
from juste_retour.runs.studies.europe.evidence import plan_of
from juste_retour.runs.studies.europe.plain import PlainVerdict
from juste_retour.runs.studies.europe.sizes import FULL, MEASURED, QUICK, SECONDS, Size
from juste_retour.runs.studies.europe.verdict import STUDY, begun, check, judge

ROOM = Path(__file__).resolve().parents[1]
PAGE, TABLES, NUMBERS = ROOM / "RESULTS.md", ROOM / "TABLES.md", ROOM / "results.json"


def verdict(
    quick: Annotated[bool, option("Give a rough answer in a few minutes, with few draws.", None, "--quick")] = False,
    worlds: Annotated[
        int | None,
        option("Number of draws of all uncertain parameters, one replication each.  [default: 96]", "N"),
    ] = None,
    few: Annotated[int | None, option("Number of draws for the curves.  [default: 36]", "N")] = None,
    draws: Annotated[
        int | None, option("Number of prior draws of the calibration.  [default: the published number]", "N")
    ] = None,
    seed: Annotated[int, option("Random seed of the draws and the runs.")] = 20260114,
    workers: Annotated[int, option("Number of worker processes.", "N")] = 2,
    base: Annotated[
        int | None,
        option("Base points of the Sobol sample for variance shares, a power of two.  [default: 32]", "N"),
    ] = None,
    out: Annotated[
        Path | None, option("Write RESULTS.md, TABLES.md, figures and results.json to this folder.", "DIR")
    ] = None,
    runs: Annotated[
        Path | None,
        option(
            "Folder of the runs, from which the same command goes on after a stop, and which `verify` reruns.  "
            "[default: a folder in the cache]",
            "DIR",
        ),
    ] = None,
    cluster: Annotated[str | None, option("Run on the workers of this Dask scheduler instead.", "ADDRESS")] = None,
    write: Annotated[bool, option("Replace the results page that ships with the package.", None, "--write")] = False,
    stored: Annotated[
        bool, option("Print, write or draw the published numbers again, without a rerun.", None, "--stored")
    ] = False,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Test the essay's five claims: for each an estimate, its interval, and whether the model supports it."""
    asked = {"worlds": worlds, "few": few, "draws": draws, "base": base}
    given = {k: v for k, v in asked.items() if v is not None}
    if stored and (quick or given):
        raise BadInput("--stored uses the published numbers and runs nothing; omit --quick and the numbers of draws.")
    if stored:
        text = NUMBERS.read_text(encoding="utf-8")
    else:
        size = replace(QUICK if quick else FULL, **given)
        check(size, seed, workers)
        runs = runs or _kept(size, seed)
        if runs is None or not runs.exists():  # one that is resumed was accepted before
            refuse_hours(estimated_seconds(size, workers), yes, "use fewer draws, as with --quick")
        with printing.progress("trials") as report:
            found = judge(size, seed, workers, progress=report, out=runs, cluster=cluster)
            text = printing.json_text(found.plain())
    _write(text, [*([out] if out is not None else []), *([ROOM] if write else [])])
    if json:
        typer.echo(text, nl=False)
    else:
        _show(read(text), printing.console())


def _kept(size: Size, seed: int) -> Path | None:
    """The folder in the cache for the runs of a verdict by this code; None if the cache is turned off.

    A folder of the same verdict by other code is named: its runs can be verified, but not continued.
    """
    there = folder()
    made_of = f"{size} {seed} {code_digest(study_module(STUDY))}"
    if there is None:
        return None
    kept = there / f"verdict-{hashlib.sha256(made_of.encode()).hexdigest()[:16]}"
    for other in () if kept.exists() else sorted(there.glob("verdict-*")):
        with suppress(BadInput):  # a damaged folder is none of this verdict
            if begun(other, size, seed) is not None:
                printing.console(stderr=True).print(
                    f"{other} holds runs of this verdict by other code, which cannot be mixed; they stay there, and "
                    f"`verify` reruns them. This verdict begins anew in {kept}.",
                    soft_wrap=True,
                    markup=False,
                )
    return kept


def _write(text: str, places: list[Path]) -> None:
    """Write the numbers, the page and its figures to folders. For the shipped page, update the README's findings too."""
    from juste_retour.runs.studies.europe.results_figures import write_figures
    from juste_retour.runs.studies.europe.results_page import page, renewed, tables_page

    plain = read(text)
    for place in places:
        try:
            place.mkdir(parents=True, exist_ok=True)
            (place / NUMBERS.name).write_text(text, encoding="utf-8")
            (place / PAGE.name).write_text(page(plain), encoding="utf-8")
            (place / TABLES.name).write_text(tables_page(plain), encoding="utf-8")
            write_figures(plain, place)
            if place == ROOM:
                front = ROOM.parents[2] / "README.md"
                front.write_text(renewed(front.read_text(encoding="utf-8"), plain), encoding="utf-8")
        except OSError as error:
            raise cannot_write(place, error) from None


def estimated_seconds(size: Size, workers: int) -> float:
    """Estimated seconds: the processor time of a verdict of known size, scaled by size and number of processes, plus the calibration."""
    times = max(size.worlds / MEASURED.worlds, size.few / MEASURED.few, size.base / MEASURED.base)
    calibrated = seconds_of([plan_of().scenario], size.draws or 0, times=len(plan_of().decisions))
    return SECONDS * times / max(min(workers, cores()), 1) + calibrated


def read(text: str) -> PlainVerdict:
    """A verdict from its JSON text."""
    found: PlainVerdict = json_module.loads(text)
    return found


def _show(found: PlainVerdict, where: Console) -> None:
    where.print(
        f"{found['worlds']} draws of {len(found['uncertain'])} uncertain parameters and the politics, seed {found['seed']}. "
        "Headline: equal spending, five years.",
        soft_wrap=True,
    )
    for claim, title in CLAIMS.items():
        where.print()
        where.print(f"{claim}. {title}", style="bold", soft_wrap=True)
        for f in found["findings"]:
            if f["claim"] != claim:
                continue
            share = f"{number(100 * f['answer']['share_above'], 0)} % of the draws above {number(f['least'])}"
            if f["status"] == IDENTITY:
                share = f["identity"]
            where.print(
                f"  {f['status']}: {f['question']}: {within(f['answer'])} {f['unit']}; {share}",
                soft_wrap=True,
            )
            if f["sensitive"]:
                where.print(f"    different result in: {'; '.join(f['sensitive'])}", soft_wrap=True)
    even, flip = found["audit_break_even"], found["geography_flips_at"]
    where.print()
    where.print(
        f"Audit first is as good as the reform's operations if those lose {within(even)} of the money to overpricing.",
        soft_wrap=True,
    )
    where.print(
        f"Pooled sites match one large campus in {100 * flip['known']:.0f} % of the draws"
        + (f", at a penalty exponent of {number(flip['median'], 4)}." if flip["known"] else "."),
        soft_wrap=True,
    )
