"""Findings that more draws could reverse."""

from __future__ import annotations

from collections.abc import Sequence

from juste_retour.runs.studies.europe.claims import LEVEL, wilson_low
from juste_retour.runs.studies.europe.plain import PlainFinding


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


def left_open(findings: Sequence[PlainFinding]) -> str:
    """A paragraph that lists the findings that more draws could reverse."""
    these = unsettled(findings)
    said = [f"{f['says'].rstrip('.')} [{f['status']}]" for f in these]
    listed = "; ".join(text[0].lower() + text[1:] for text in said) if said else "none"
    return (
        f"**What more draws could change.** {len(these)} findings hold in {100 * LEVEL:.0f} % of the draws or more but in too few draws to "
        f"be supported, or are supported by a single draw: {listed}."
    )
