"""The essay's five claims as findings: each has a number, its interval over all uncertain parameters, and a status.

A finding is *supported* if the lower bound of the 95 % interval (Wilson's) of the share of draws that exceed the smallest
effect that counts is at least 0.9. Fewer than 35 draws support nothing. It is *sensitive* if it is supported in the
headline comparison (five years, equal spending) but not in another one. An *identity* follows from the
model's equations and is not counted. *Not known* means that the number is missing in all draws.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from scipy.stats import binomtest

from juste_retour.abm.base.toml import read_toml
from juste_retour.agents.arrays import Floats, Number
from juste_retour.runs.base.statistics import known_summary
from juste_retour.runs.studies.europe.curves import ESSAY, STRUCTURAL_AT
from juste_retour.runs.studies.europe.patterns import large_site
from juste_retour.runs.studies.europe.trials import (
    ALONE,
    BARON_FEREJOHN,
    CHIPS,
    EQUAL,
    OWN,
    PROTOCOLS,
    SUNK,
    Numbers,
)

SUPPORTED, SENSITIVE, NOT_SUPPORTED = "supported", "sensitive", "not supported"
IDENTITY, UNKNOWN = "identity", "not known"
LEVEL = 0.9  # least lower bound of the share of draws that exceed the smallest effect that counts
WINDOWS = (5, 7, 10)
HEADLINE = "spending|5"
RESAMPLES = 500
PARTS = ("procurement", "placement", "operations", "pooling", "funding", "money")
EITHER = 0.5  # sites: a number that differs by one or more
CLAIMS = {
    1: "Participation: sites are many and small because every state with a vote has a claim",
    2: "Geography defeats arithmetic: nineteen medium sites are not one large one",
    3: "Governance mismatch: procurement takes too long, and nobody may act at three in the morning",
    4: "The window closes: in about three years the gap is structural",
    5: "What would work: two or three large sites, built apart from audit, bought quickly",
}
Value = Callable[[Numbers], Floats]


@dataclass(frozen=True)
class Question:
    """A question that the findings answer.

    Attributes:
        name: the quantity, as in the tables.
        claim: number of the claim in `CLAIMS`.
        unit: unit of the quantity.
        value: computes the quantity (draws,) from the numbers of the trials.
        least: smallest effect that counts, in the same unit.
        says: the finding as a sentence.
        variants: the same quantity in other comparisons, by name.
        identity: the equation from which the finding follows, or "".
    """

    name: str
    claim: int
    unit: str
    value: Value
    least: float
    says: str
    variants: Mapping[str, Value] = field(default_factory=dict)
    identity: str = ""


@dataclass(frozen=True)
class Answer:
    """A median with its 90 % interval over the draws, and the share of draws above the smallest effect that counts.

    `share_low` is the lower bound of its 95 % interval (Wilson's). `median_error` and `share_error` are Monte Carlo standard
    errors. `draws` is the number of draws with a known value.
    """

    median: float
    low: float
    high: float
    share_above: float
    share_low: float
    median_error: float
    share_error: float
    draws: int

    @property
    def supported(self) -> bool:
        """Whether enough draws exceed the smallest effect that counts."""
        return self.draws > 0 and self.share_low >= LEVEL


@dataclass(frozen=True)
class Finding:
    """The answer to a question in the headline comparison and in the variants; `sensitive` names variants that differ."""

    question: str
    claim: int
    unit: str
    least: float
    says: str
    identity: str
    status: str
    answer: Answer
    variants: Mapping[str, Answer]
    sensitive: tuple[str, ...]


def share_above(values: Floats, least: float) -> float:
    """Share of the known values that exceed `least`; NaN if none is known.

    >>> share_above(np.array([1.0, 2.0, np.nan]), 1.5)
    0.5
    """
    known = values[~np.isnan(values)]
    return float((known > least).mean()) if len(known) else float("nan")


def wilson_low(share: float, draws: int) -> float:
    """Lower bound of the 95 % interval (Wilson's) of a share of draws; NaN without draws.

    >>> round(wilson_low(1.0, 34), 3), round(wilson_low(1.0, 35), 3), round(wilson_low(122 / 128, 128), 3)
    (0.898, 0.901, 0.902)
    """
    if not draws:
        return float("nan")
    return float(binomtest(round(share * draws), draws).proportion_ci(0.95, method="wilson").low)


def answered(values: Floats, least: float, seed: int = 0) -> Answer:
    """Summarize the values of the draws. NaN values are omitted.

    >>> answered(np.array([1.0, 2.0, 3.0, np.nan]), 1.5).share_above
    0.6666666666666666
    """
    known = np.asarray(values, dtype=float)
    known = known[~np.isnan(known)]
    if not len(known):
        return Answer(np.nan, np.nan, np.nan, np.nan, np.nan, np.nan, np.nan, 0)
    share = share_above(known, least)
    drawn = np.random.default_rng(seed).integers(0, len(known), (RESAMPLES, len(known)))
    with np.errstate(invalid="ignore"):
        medians = np.median(known[drawn], axis=1)
    spread = float(np.std(medians)) if np.isfinite(medians).all() else np.inf
    return Answer(
        **known_summary(known),
        share_above=share,
        share_low=wilson_low(share, len(known)),
        median_error=spread,
        share_error=float(np.sqrt(share * (1 - share) / len(known))),
        draws=len(known),
    )


def judged(question: Question, numbers: Numbers) -> Finding:
    """The finding on a question, from the numbers of all draws."""
    answer = answered(question.value(numbers), question.least)
    variants = {name: answered(value(numbers), question.least) for name, value in question.variants.items()}
    others = tuple(name for name, a in variants.items() if a.draws and a.supported != answer.supported)
    if question.identity:
        status = IDENTITY
    elif not answer.draws:
        status = UNKNOWN
    elif not answer.supported:
        status = NOT_SUPPORTED
    else:
        status = SENSITIVE if others else SUPPORTED
    return Finding(
        question.name,
        question.claim,
        question.unit,
        question.least,
        question.says,
        question.identity,
        status,
        answer,
        variants,
        others,
    )


def worked_out(formula: str, numbers: Numbers) -> Floats:
    """The value (draws,) of a formula: differences and ratios of numbers named by their keys, and of `KNOWN` ones.

    `/` binds more strongly than `-`, and `over` less; `|...|` around a difference is its absolute value. A ratio is NaN
    where what it divides by is not above zero.

    >>> worked_out("1 - a / b", {"a": np.array([3.0, 3.0]), "b": np.array([4.0, 0.0])})
    array([0.25,  nan])
    """
    if formula.startswith("|"):
        return np.abs(worked_out(formula[1:-1], numbers))
    for sign in (" over ", " - ", " / "):
        if sign in formula:
            a, b = (worked_out(part, numbers) for part in formula.split(sign))
            return a - b if sign == " - " else np.where(b > 0, a / np.where(b > 0, b, 1.0), np.nan)
    return np.asarray(KNOWN[formula]()) if formula in KNOWN else numbers[formula]


KNOWN: dict[str, Callable[[], Number]] = {
    "1": lambda: 1.0,
    "essay": lambda: ESSAY,
    "three years after the essay": lambda: ESSAY + 3.0,
    "one large American site": lambda: large_site("US"),
}
READ_AS = {"end": "the last quarter of five years", "least": "the best quarter of five years"}
TOGETHER, AS_TODAY = "all machines as one", "older machines run as today"
TOPPED_UP = "equal spending of nearly the whole envelope"
CAPABILITY = {"whole": "whole machines", "all": TOGETHER}  # readings beside that of one project


def _over(quantity: str) -> dict[str, str]:
    """A quantity of the attribution in the other comparisons: equal envelopes, and windows of 7 and 10 years."""
    ways = [f"{equal}|{years}" for equal in reversed(EQUAL) for years in WINDOWS]
    return {f"equal {way.replace('|', ', ')} years": quantity.replace("*", way) for way in ways if way != HEADLINE}


def _read(ends: Sequence[str]) -> dict[str, str]:
    """The lag of an end, or of the first less the second: in one quarter of the window, and of other capabilities."""
    ways = {f"equal {equal}, {words}": f"{way}|{equal}" for equal in reversed(EQUAL) for way, words in READ_AS.items()}
    ways |= {words: f"{reading}|spending" for reading, words in CAPABILITY.items()}
    return {words: " - ".join(f"{way}|{end}" for end in ends) for words, way in ways.items()}


def _levels(end: str) -> dict[str, str]:
    """The gain in other comparisons of one project's largest run.

    One run has the same share of all machines' chips on both sides; both sides spend what is left; or the machines that
    stood before are run as today.
    """
    found = {f"{100 * c:.0f} % of the chips on both sides": f"won|spending|{end} at {c:g}" for c in CHIPS}
    found |= {f"equal {equal}, {AS_TODAY}": f"won|{equal}|{end}, new sites" for equal in reversed(EQUAL)}
    return found | {TOPPED_UP: f"won|spending|{end} topped up"}


VOTED = (  # two ways to decide, and what a difference between them says
    (OWN, ALONE, "the vote and the Commission alone", "The vote changes the number of sites"),
    (
        "qualified majority",
        "simple majority",
        "a qualified and a simple majority",
        "A threshold changes the number of sites",
    ),
    (
        "unanimity",
        "qualified majority",
        "unanimity and a qualified majority",
        "Vetoes change the number of sites",
    ),
)


def _under(protocol: str) -> Iterator[dict[str, Any]]:
    """The questions of claim 1 about one agenda protocol, declared as in `claims.toml`."""
    sunk = SUNK if protocol != BARON_FEREJOHN else ()
    for more, less, words, says in VOTED:
        if (protocol, less) != (BARON_FEREJOHN, ALONE):
            by = "|sites{at}|{protocol}|{more} - sites{at}|{protocol}|{less}|".format
            named = {"protocol": protocol, "more": more, "less": less}
            yield {
                "name": f"sites by which {words} differ, up or down, {protocol}",
                "unit": "sites",
                "value": by(at="", **named),
                "least": EITHER,
                "says": f"{says} ({protocol}).",
                "variants": {f"{100 * s:.0f} % of the money sunk": by(at=f" at {s:g}", **named) for s in sunk},
            }
    sites = f"sites|{protocol}|"
    yield {
        "name": f"sites more than without trophy and host cost, {protocol}",
        "unit": "sites",
        "value": f"{sites}{OWN} - {sites}no wish to host",
        "least": EITHER,
        "says": f"The wish to host, net of what hosting costs, adds sites ({protocol}).",
        "variants": {"without the trophy alone": f"{sites}{OWN} - {sites}no trophy"},
    }
    yield {
        "name": f"what two or three sites gain on it, {protocol}",
        "unit": "years",
        "value": f"placement|{protocol}|spending",
        "least": 0.1,
        "says": f"Who decides where costs capability, all else as today ({protocol}).",
        "variants": {"equal envelopes": f"placement|{protocol}|envelopes"},
    }


def _question(
    name: str,
    unit: str,
    value: str,
    least: float,
    says: str,
    claim: int = 1,
    identity: str = "",
    over: str = "",
    ends: Sequence[str] = (),
    levels: str = "",
    variants: Mapping[str, str] = MappingProxyType({}),
) -> Question:
    """A question as it is declared in `claims.toml`."""
    ways = _over(over) if over else {}
    ways |= _read(ends) if ends else {}
    ways |= _levels(levels) if levels else {}
    others = {words: partial(worked_out, formula) for words, formula in (ways | dict(variants)).items()}
    says = says.format(structural_at=STRUCTURAL_AT)
    return Question(name, claim, unit, partial(worked_out, value), least, says, others, identity)


def _declared() -> Iterator[Question]:
    """All questions: those of the file, with those about each protocol after the two on sites."""
    fixed = read_toml(Path(__file__).with_suffix(".toml"))["question"]
    fixed[2:2] = [question for protocol in PROTOCOLS for question in _under(protocol)]
    return (_question(**question) for question in fixed)


QUESTIONS: tuple[Question, ...] = tuple(_declared())


def findings(numbers: Numbers) -> list[Finding]:
    """The findings on all questions, in the order of the claims."""
    return sorted((judged(question, numbers) for question in QUESTIONS), key=lambda f: f.claim)
