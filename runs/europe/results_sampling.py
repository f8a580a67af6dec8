"""Which findings the number of draws leaves open."""

from __future__ import annotations

from collections.abc import Sequence

from scipy.stats import binomtest

from juste_retour.runs.europe.claims import LEVEL
from juste_retour.runs.europe.plain import PlainFinding


def unsettled(findings: Sequence[PlainFinding]) -> list[PlainFinding]:
    """Findings whose share of draws, with its 95 % interval (Wilson's), may be either side of the share that supports a finding."""
    found = []
    for f in findings:
        a = f["answer"]
        counted = binomtest(round(a["share_above"] * a["draws"]), a["draws"])
        interval = counted.proportion_ci(0.95, method="wilson")
        if interval.low < LEVEL < interval.high:
            found.append(f)
    return found


def left_open(findings: Sequence[PlainFinding]) -> str:
    """The findings that are not settled, in a paragraph."""
    these = unsettled(findings)
    said = [f"{f['says'].rstrip('.')} [{f['status']}]" for f in these]
    listed = "; ".join(text[0].lower() + text[1:] for text in said) if said else "none"
    return (
        f"**What more draws could change.** For {len(these)} findings the 95 % interval of the share of draws (Wilson's) contains "
        f"{100 * LEVEL:.0f} %, so that another sample could reverse the verdict: {listed}."
    )
