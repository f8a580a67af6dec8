"""Preregistration: design, hypotheses and analysis, written before an experiment is run and compared with what was done."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from juste_retour.abm.base.files import MOST_WRITTEN, content_of
from juste_retour.abm.base.toml import JsonObject
from juste_retour.agents.errors import BadInput
from juste_retour.runs.analysis.clustered import equivalence_margin, over_replications
from juste_retour.runs.analysis.crossed_effects import Crossed
from juste_retour.runs.base.numerals import brief, span
from juste_retour.runs.base.printing import json_text
from juste_retour.runs.base.provenance import changes_between, content_hash, made_with
from juste_retour.runs.engine.hypotheses import Hypothesis
from juste_retour.runs.engine.results import Results
from juste_retour.runs.engine.spec import Spec
from juste_retour.runs.engine.store import MANIFEST, Store

FILE = "preregistration.json"
ANALYSIS = (
    "Effects are means of paired differences between points that agree in all other factors, averaged over these points; an "
    "interaction is a difference of such differences. Intervals are 95 % t intervals over replications. A directed hypothesis "
    "is supported if the interval excludes zero on its side and the estimate is at least the least effect that counts. An "
    "effect counts as negligible if two one-sided tests at 5 % exclude effects of that size. Nothing is corrected for "
    "multiple comparisons."
)
HEADINGS = ["Hypothesis", "Outcome", "Effect", "95 %", "Excluded beyond", "Verdict"]


@dataclass(frozen=True)
class Judged:
    """A hypothesis with its estimate, 95 % interval, the size beyond which effects are excluded, and the verdict."""

    hypothesis: Hypothesis
    effect: float
    low: float
    high: float
    beyond: float

    @property
    def verdict(self) -> str:
        """Supported, negligible, opposite, smaller than the least effect that counts, or undecided."""
        asked, least = self.hypothesis, self.hypothesis.least
        negligible = self.beyond < least
        if asked.sign == "none":
            sure = self.low > least or self.high < -least
            return "supported" if negligible else "not supported" if sure else "undecided"
        effect, low, high = self.effect, self.low, self.high
        if asked.sign == "negative":
            effect, low, high = -effect, -high, -low
        if negligible:
            return "not supported: negligible"
        if high < 0:
            return "not supported: opposite sign"
        if low > 0:
            return "supported" if effect >= least else "not supported: smaller than the least effect"
        return "undecided"

    @property
    def row(self) -> list[str]:
        """The row of a table, under `HEADINGS`."""
        beyond = f"+- {brief(self.beyond)}" if np.isfinite(self.beyond) else "-"
        asked = self.hypothesis
        return [str(asked), asked.outcome, brief(self.effect), span(self.low, self.high), beyond, self.verdict]


def preregister(spec: Spec, out: Path | str) -> Path:
    """Write a spec's design, hypotheses and analysis to `preregistration.json` in a folder for its results.

    Raises:
        BadInput: the spec has no hypotheses, or the folder holds results or another preregistration.
    """
    store = Store(Path(out).absolute())
    if not spec.hypotheses:
        raise BadInput("the spec has no hypotheses; add [[hypotheses]] with effect, sign and least.")
    for name, why in (
        (MANIFEST, "a preregistration is written before the run"),
        (FILE, "it is written once"),
    ):
        if os.path.lexists(store.out / name):
            raise BadInput(f"{out} holds {name}, and {why}; give another folder with --out.")
    content = {
        "format": "juste-retour preregistration 1",
        "registered": datetime.now(UTC).isoformat(timespec="seconds"),
        "title": spec.title,
        "question": spec.content["question"],
        "hypotheses": [asdict(one) for one in spec.hypotheses],
        "analysis": ANALYSIS,
        "digest": spec.digest,
        "spec": dict(spec.content),
        "spec_text": spec.text,
        "provenance": made_with(spec.members, *spec.study),
    }
    store.write(FILE, json_text({**content, "sha256": content_hash(content)}).encode())
    return store.out / FILE


def registered(out: Path) -> JsonObject | None:
    """The preregistration in a folder of results; None if there is none.

    Raises:
        BadInput: it is not one, or was changed.
    """
    path = out / FILE
    if not os.path.lexists(path):
        return None
    try:
        found = json.loads(content_of(path, MOST_WRITTEN))
        intact = found["sha256"] == content_hash(found) and isinstance(found["spec"], dict)
    except (OSError, ValueError, KeyError, AttributeError, TypeError, RecursionError):
        intact = False
    if not intact:
        raise BadInput(f"{path} is not a preregistration, or was changed after it was written; restore it.")
    return dict(found)


def judged(results: Results) -> list[Judged]:
    """The estimates of the hypotheses: of those that were registered, otherwise of those of the spec."""
    plan = registered(results.out)
    asked = results.spec.hypotheses if plan is None else [Hypothesis(**one) for one in plan["hypotheses"]]
    found = []
    for one in asked:
        each = Crossed.of(results, one.outcome).each(list(one.effect)).get(tuple(one.effect.values()))
        if each is not None:
            effect, low, high = (float(x) for x in over_replications(each))
            found.append(Judged(one, effect, low, high, equivalence_margin(low, high)))
    return found


def compared(results: Results) -> list[str]:
    """Sentences on the preregistration of an experiment, and on each way in which the experiment departs from it."""
    plan, spec = registered(results.out), results.spec
    if plan is None:
        return ["The hypotheses were not preregistered."] if spec.hypotheses else []
    said = [f"Preregistered on {plan['registered']}, before the run (SHA-256 {plan['sha256']})."]
    departures = list(_departures(plan["spec"], dict(json.loads(json_text(dict(spec.content))))))
    changed = changes_between(plan["provenance"], results.manifest["provenance"])
    departures += [f"{', '.join(changed)} changed"] if changed else []
    if not results.complete:
        departures.append("the batch is not complete")
    if plan["hypotheses"] != [asdict(one) for one in spec.hypotheses]:
        departures.append("the spec has other hypotheses now; those that were registered are tested")
    return [*said, f"Departures: {'; '.join(departures)}." if departures else "No departure from it."]


def _departures(then: JsonObject, now: JsonObject) -> Iterator[str]:
    for key in sorted({*then, *now} - {"hypotheses", "scenarios", "left_out", "title"}):
        one, other = then.get(key), now.get(key)
        if one != other and key == "factors":
            changed = [k for k in {**one, **other} if one.get(k) != other.get(k)]  # type: ignore[union-attr,dict-item]
            yield f"the levels of {', '.join(changed)} changed"
        elif one != other:
            short = all(isinstance(x, int | float | str | list | None) and len(str(x)) < 60 for x in (one, other))
            yield f"{key} was {one}, and is {other}" if short else f"{key} changed"
