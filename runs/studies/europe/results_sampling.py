"""Findings that more draws could reverse."""

from __future__ import annotations

from collections.abc import Sequence

from scipy.stats import binomtest

from juste_retour.runs.studies.europe.claims import LEVEL
from juste_retour.runs.studies.europe.plain import PlainFinding


def unsettled(findings: Sequence[PlainFinding]) -> list[PlainFinding]:
    """Findings for which the 95 % interval (Wilson's) of the share of draws contains `LEVEL`, the share for support."""
    found = []
    for f in findings:
        a = f["answer"]
        counted = binomtest(round(a["share_above"] * a["draws"]), a["draws"])
        interval = counted.proportion_ci(0.95, method="wilson")
        if interval.low < LEVEL < interval.high:
            found.append(f)
    return found


def left_open(findings: Sequence[PlainFinding]) -> str:
    """A paragraph that lists the findings that more draws could reverse."""
    these = unsettled(findings)
    said = [f"{f['says'].rstrip('.')} [{f['status']}]" for f in these]
    listed = "; ".join(text[0].lower() + text[1:] for text in said) if said else "none"
    return (
        f"**What more draws could change.** For {len(these)} findings the 95 % interval of the share of draws (Wilson's) contains "
        f"{100 * LEVEL:.0f} %, so that another sample could reverse the verdict: {listed}."
    )
