"""The pages of results: a verdict's plain values in the templates beside this file. No number is typed by hand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from juste_retour.runs.base.pages import page_of
from juste_retour.runs.studies.europe import claims
from juste_retour.runs.studies.europe.checks import EDGE
from juste_retour.runs.studies.europe.claims import (
    CLAIMS,
    IDENTITY,
    LEVEL,
    NOT_SUPPORTED,
    PARTS,
    READ_AS,
    SENSITIVE,
    SUPPORTED,
    UNKNOWN,
    WINDOWS,
    wilson_low,
)
from juste_retour.runs.studies.europe.plain import PlainAnswer, PlainFinding, PlainVerdict, Row
from juste_retour.runs.studies.europe.results_figures import FOLDER, markdown, results_figures
from juste_retour.runs.studies.europe.sizes import FULL, MEASURED, SECONDS
from juste_retour.runs.studies.europe.trials import NAMED, NEARLY

TEMPLATES = Path(__file__).parent / "templates"
BEGIN, END = "<!-- findings -->", "<!-- /findings -->"
FIRST = 8  # parameters that the table of defaults names


def page(found: PlainVerdict) -> str:
    """The page of results."""
    return _written("results.jinja", found)


def tables_page(found: PlainVerdict) -> str:
    """The page of further tables: robustness, variance, curves, evidence and further checks of the measure."""
    return _written("tables.jinja", found)


def front_page(found: PlainVerdict) -> str:
    """The lines of the repository's front page, from the same numbers."""
    return _written("front.jinja", found).rstrip()


def renewed(text: str, found: PlainVerdict) -> str:
    """The front page's text with its findings renewed between `BEGIN` and `END`."""
    before, rest = text.split(BEGIN)
    return f"{before}{BEGIN}\n{front_page(found)}\n{END}{rest.split(END)[1]}"


def unsettled(findings: Sequence[PlainFinding]) -> list[PlainFinding]:
    """Findings that are not supported although the share of draws is at least `LEVEL`, or whose bound is close to it.

    More draws with the same share would support the former, and one draw less would reverse the latter.
    """
    found = []
    for f in findings:
        a = f["answer"]
        less = wilson_low(a["share_above"] - 1 / a["draws"], a["draws"]) if a["share_above"] else 0.0
        if a["share_low"] < LEVEL <= a["share_above"] or less < LEVEL <= a["share_low"]:
            found.append(f)
    return found


def _written(template: str, found: PlainVerdict) -> str:
    """A page of a template, with the values and what it asks of them."""
    named = {f["question"]: f for f in found["findings"]}
    of_part = {part: named[f"what {part} gain{'' if part == 'operations' else 's'}"] for part in PARTS}
    counted = [f for f in found["findings"] if f["status"] not in (IDENTITY, UNKNOWN)]
    moving = [row for row in found["ranges"] if row["changes"]]
    about = {row["parameter"]: row for row in found["ranges"]}
    largest = sorted(found["middle"], key=lambda r: -max(abs(r[k]) for k in ("status_quo", "reform", "gain")))
    bands: dict[str, dict[str, Row]] = {}
    for row in found["growth"]:
        bands.setdefault(row["growth"], {})[row["outcome"]] = row
    drawn = results_figures(found)

    def by_end(reading: str, equal: str = "spending") -> dict[str, Row]:
        return {r["end"]: r for r in found["readings"] if (r["equal"], r["reading"]) == (equal, reading)}

    def variant(question: str, equal: str, words: str) -> PlainAnswer:
        """A finding's answer in a comparison and a reading."""
        if (equal, words) == ("spending", "5 years"):
            return named[question]["answer"]
        return named[question]["variants"][f"equal {equal}, {words}"]

    def only(rows: Iterable[Row], **values: str) -> Row:
        (row,) = (r for r in rows if all(r[key] == value for key, value in values.items()))
        return row

    return page_of(
        TEMPLATES / template,
        **found,
        **{name: getattr(claims, name) for name in ("IDENTITY", "LEVEL", "NOT_SUPPORTED", "SENSITIVE", "SUPPORTED")},
        EDGE=EDGE, NEARLY=NEARLY, as_today=claims.AS_TODAY, measured=MEASURED, seconds=SECONDS,
        named=named,
        ranked=sorted(
            ((p, f) for p, f in of_part.items() if p != "money"), key=lambda pair: -pair[1]["answer"]["median"]
        ),
        essay_parts=NAMED,
        all_parts=("total", *PARTS),
        completion="the GNI key and pooling",
        command=_command(found),
        counted=counted,
        unsettled=unsettled(counted),
        claims=_claims(found),
        moving=moving,
        small_movers=sum(max(row["status_quo"], row["reform"]) < 0.01 for row in moving),
        movers=[(row, [about[name] for name in row["parameter"].split(" and ")]) for row in largest[:FIRST]],
        growth_bands=bands,
        read_as=READ_AS,
        read_in=[(f"{years} years", f"mean of {years} years") for years in WINDOWS] + [(w, w) for w in READ_AS.values()],
        robustness_heads={key: key for key in found["robustness"][0]},
        by_end=by_end,
        variant=variant,
        only=only,
        hundredths=lambda value: f"{value + 0.0:.2f}",
        figure=lambda name, folder=FOLDER: markdown(drawn[name], folder),
    ).rstrip() + "\n"  # fmt: skip


def _command(found: PlainVerdict) -> str:
    """The command that makes a verdict of this size."""
    size: Row = {key: value for key, value in found.items() if key in ("worlds", "few", "base")}
    asked = "".join(f" --{key} {value}" for key, value in size.items() if value != getattr(FULL, key))
    return f"juste-retour verdict{asked} --write"


def _claims(found: PlainVerdict) -> str:
    """What is found of each claim, by status; absent is what at most a tenth of the draws exceed."""
    lines = []
    for claim, title in CLAIMS.items():
        mine = [f for f in found["findings"] if f["claim"] == claim]
        absent = [f for f in mine if f["status"] == NOT_SUPPORTED and f["answer"]["share_above"] <= 1 - LEVEL]
        said = []
        for status, words in (
            (SUPPORTED, "Supported"),
            (SENSITIVE, "Sensitive"),
            (NOT_SUPPORTED, "Undecided"),
            (UNKNOWN, "Not known"),
            ("absent", "Absent"),
        ):
            these = [f for f in mine if ("absent" if f in absent else f["status"]) == status]
            if these:
                said.append(f"{words}: {'; '.join(_grouped([f['says'].rstrip('.') for f in these]))}.")
        lines.append(f"{claim}. *{title}.* {' '.join(said)}")
    return "\n".join(lines)


def _grouped(texts: list[str]) -> list[str]:
    """Statements in lower case, those that differ only by what stands in parentheses at the end as one."""
    found: dict[str, list[str]] = {}
    for text in texts:
        head, _, tail = text.partition(" (")
        found.setdefault(head[0].lower() + head[1:], []).append(tail.rstrip(")"))
    return [f"{head} ({', '.join(tails)})" if tails != [""] else head for head, tails in found.items()]
