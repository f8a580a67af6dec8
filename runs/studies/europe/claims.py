"""The essay's five claims as findings: each has a number, its interval over all uncertain parameters, and a status.

A finding is *supported* if the lower bound of the 95 % interval (Wilson's) of the share of draws that exceed the smallest
effect that counts is at least 0.9. Fewer than 35 draws support nothing. It is *sensitive* if it is supported in the
headline comparison (five years, equal spending) but not in another one. An *identity* follows from the
model's equations and is not counted. *Not known* means that the number is missing in all draws.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy.stats import binomtest

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


def _ratio(a: Floats, b: Number) -> Floats:
    return np.where(b > 0, a / np.where(b > 0, b, 1.0), np.nan)


def _of(key: str) -> Value:
    return lambda n: n[key]


def _over(kind: str, tail: str = "") -> dict[str, Value]:
    """A quantity of the attribution in the other comparisons: equal envelopes, and windows of 7 and 10 years."""
    found = {}
    for equal in reversed(EQUAL):
        for years in WINDOWS:
            if f"{equal}|{years}" != HEADLINE:
                found[f"equal {equal}, {years} years"] = _of(f"{kind}|{equal}|{years}{tail}")
    return found


READ_AS = {"end": "the last quarter of five years", "least": "the best quarter of five years"}


def _read(*ends: str) -> dict[str, Value]:
    """The lag of an end, or of the first less the second, in one quarter of the window instead of its mean."""

    def value(key: str) -> Value:
        return lambda n: n[f"{key}|{ends[0]}"] - (n[f"{key}|{ends[1]}"] if ends[1:] else 0.0)

    return {
        f"equal {equal}, {words}": value(f"{reading}|{equal}")
        for equal in reversed(EQUAL)
        for reading, words in READ_AS.items()
    }


def _share(part: str, claim: int, says: str) -> Question:
    name = f"what {part} gains" if part != "operations" else "what operations gain"
    return Question(
        name, claim, "years", _of(f"share|{HEADLINE}|{part}"), 0.1, says, _over("share", f"|{part}")
    )


def _differs(protocol: str, more: str, less: str, at: str = "") -> Value:
    """By how many sites, up or down, two ways to decide differ."""
    return lambda n: np.abs(n[f"sites{at}|{protocol}|{more}"] - n[f"sites{at}|{protocol}|{less}"])


def _fewer(protocol: str, more: str, less: str) -> Value:
    return lambda n: n[f"sites|{protocol}|{more}"] - n[f"sites|{protocol}|{less}"]


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


def _under(protocol: str) -> list[Question]:
    """The questions of claim 1 about one agenda protocol."""
    found = [
        Question(
            f"sites by which {words} differ, up or down, {protocol}",
            1,
            "sites",
            _differs(protocol, more, less),
            EITHER,
            f"{says} ({protocol}).",
            {f"{100 * s:.0f} % of the money sunk": _differs(protocol, more, less, f" at {s:g}") for s in SUNK}
            if protocol != BARON_FEREJOHN
            else {},
        )
        for more, less, words, says in VOTED
        if (protocol, less) != (BARON_FEREJOHN, ALONE)
    ]
    return [
        *found,
        Question(
            f"sites more than without trophy and host cost, {protocol}",
            1,
            "sites",
            _fewer(protocol, OWN, "no wish to host"),
            EITHER,
            f"The wish to host, net of what hosting costs, adds sites ({protocol}).",
            {"without the trophy alone": _fewer(protocol, OWN, "no trophy")},
        ),
        Question(
            f"what two or three sites gain on it, {protocol}",
            1,
            "years",
            _of(f"placement|{protocol}|spending"),
            0.1,
            f"Who decides where costs capability, all else as today ({protocol}).",
            {"equal envelopes": _of(f"placement|{protocol}|envelopes")},
        ),
    ]


def _site(equal: str, end: str) -> Value:
    return lambda n: _ratio(n[f"site|{equal}|{end}"], n[f"site|{equal}|quo"])


def _other(reading: str, *ends: str) -> Value:
    """A reading of an end at equal spending, or of the first less the second."""
    return lambda n: (
        n[f"{reading}|spending|{ends[0]}"] - (n[f"{reading}|spending|{ends[1]}"] if ends[1:] else 0.0)
    )


def _readings(*ends: str) -> dict[str, Value]:
    return {words: _other(reading, *ends) for reading, words in CAPABILITY.items()}


def _levels(end: str) -> dict[str, Value]:
    """The gain in other comparisons of one project's largest run.

    One run has the same share of all machines' chips on both sides; both sides spend what is left; or the machines that
    stood before are run as today.
    """
    found = {
        f"{100 * c:.0f} % of the chips on both sides": _of(f"won|spending|{end} at {c:g}") for c in CHIPS
    }
    found |= {f"equal {equal}, {AS_TODAY}": _of(f"won|{equal}|{end}, new sites") for equal in reversed(EQUAL)}
    return found | {TOPPED_UP: _of(f"won|spending|{end} topped up")}


def _adds(equal: str, more: str, less: str = "") -> Value:
    """What access adds to the reform, or to the reform with access to the new sites alone."""
    return lambda n: n[f"won|{equal}|{more}"] - n[f"won|{equal}|{less}" if less else f"gain|{equal}|5"]


TOGETHER, AS_TODAY = "all machines as one", "older machines run as today"
TOPPED_UP = "equal spending of nearly the whole envelope"
CAPABILITY = {"whole": "whole machines", "all": TOGETHER}  # readings beside that of one project


QUESTIONS: tuple[Question, ...] = (
    Question(
        "the reform's largest site over the status quo's at equal spending",
        1,
        "times",
        _site("spending", "reform"),
        2.0,
        "For the same money the reform's largest site is more than twice as large; it sets two or three sites itself.",
        {
            "the named parts alone": _site("spending", "named"),
            "equal envelopes, so at unequal spending": _site("envelopes", "reform"),
        },
    ),
    Question(
        "sites that bids written in half the time add",
        1,
        "sites",
        _fewer("open call", "bids in half the time", OWN),
        EITHER,
        "The number of sites follows the time that a bid takes to write.",
    ),
    *(question for protocol in PROTOCOLS for question in _under(protocol)),
    _share("placement", 1, "Who decides where is a part of the gap."),
    Question(
        "lost by the status quo's sites against one campus with their chips, each training alone",
        2,
        "share",
        lambda n: 1 - n["pooled|independent"],
        0.1,
        "Sites that train alone do not add up.",
        identity="the largest of several is less than their sum",
    ),
    Question(
        "lost by them against one campus, pooled as well as can be",
        2,
        "share",
        lambda n: 1 - n["pooled|best_of"],
        0.1,
        "Geography defeats arithmetic even for those who pool.",
    ),
    Question(
        "of what geography costs, regained by pooling",
        2,
        "share",
        lambda n: _ratio(n["pooled|best_of"] - n["pooled|independent"], 1 - n["pooled|independent"]),
        0.3,
        "Much of what geography costs is the cost of not pooling.",
    ),
    _share("pooling", 2, "Training together pays in years."),
    Question(
        "by how much all of the status quo's sites together fall short of one large American site of today, at unequal money",
        2,
        "share",
        lambda n: 1 - n["quo|h100_equivalents"] / large_site("US"),
        0.1,
        "Even added up, the sites are less than what one serious lab deploys, for more money.",
    ),
    _share("procurement", 3, "Faster procurement pays in years."),
    _share("operations", 3, "Who may act at night pays in years."),
    Question(
        "what placement and operations gain together beyond each alone",
        3,
        "years",
        _of("pair|spending|placement|operations"),
        0.05,
        "Placement and operations are complements.",
        {"equal envelopes, 5 years": _of("pair|envelopes|placement|operations")},
    ),
    Question(
        "years behind under the status quo",
        4,
        "years",
        _of(f"lag|{HEADLINE}|quo"),
        2.0,
        "The program as designed is out of the race.",
        _over("lag", "|quo") | _read("quo") | _readings("quo"),
    ),
    Question(
        "what today's program gains over no new site",
        4,
        "years",
        _of("added|envelopes|quo"),
        0.1,
        "Today's program shortens the lag that would be there without it.",
        {f"{years} years": _of(f"added|{years}") for years in WINDOWS[1:]} | {TOGETHER: _of("added|all")},
    ),
    Question(
        "what a reform can reach, lost for each year that it waits",
        4,
        "years",
        _of("lost a year"),
        0.5,
        "The frontier outruns what the same money buys later.",
        identity="one less the ratio of two growth rates: of computing power per euro and of the frontier",
    ),
    Question(
        "years between the date from which the gap is structural and three years after the essay",
        4,
        "years",
        lambda n: ESSAY + 3.0 - n["structural from"],
        0.25,
        f"Within three years of the essay not even the reform gets within {STRUCTURAL_AT:g} years of the frontier.",
    ),
    Question(
        "years between the essay and the date from which the gap is structural",
        4,
        "years",
        lambda n: n["structural from"] - ESSAY,
        0.25,
        f"When the essay appeared, the reform could still get within {STRUCTURAL_AT:g} years of the frontier.",
    ),
    Question(
        "what a reform of 2026 gains over one of 2030, mean of the four years to 2034",
        4,
        "years",
        _of("early ahead"),
        0.1,
        "An early reform is ahead after both.",
        {"the last quarter of 2034": _of("early ahead at the end")},
    ),
    Question(
        "what the three named parts gain",
        5,
        "years",
        _of(f"named|{HEADLINE}"),
        0.5,
        "Placement, procurement and operations together pay in years.",
        _over("named") | _read("quo", "named") | _readings("quo", "named") | _levels("named"),
    ),
    Question(
        "what the reform gains",
        5,
        "years",
        _of(f"gain|{HEADLINE}"),
        0.5,
        "The three parts and our completion, the GNI key and pooling, pay in years.",
        _over("gain") | _read("quo", "reform") | _readings("quo", "reform") | _levels("reform"),
    ),
    Question(
        "years behind that the named parts leave",
        5,
        "years",
        _of(f"lag|{HEADLINE}|named"),
        1.0,
        "The three named parts do not catch up.",
        _over("lag", "|named") | _read("named") | _readings("named"),
    ),
    Question(
        "years behind that the reform leaves",
        5,
        "years",
        _of(f"lag|{HEADLINE}|reform"),
        1.0,
        "The reform as we complete it does not catch up.",
        _over("lag", "|reform") | _read("reform") | _readings("reform"),
    ),
    Question(
        "what the reform's sites gain over no new site",
        5,
        "years",
        _of("added|spending|reform"),
        0.5,
        "The reform's sites shorten the lag that would be there without them.",
        {
            "the named parts alone": _of("added|spending|named"),
            "equal envelopes": _of("added|envelopes|reform"),
        },
    ),
    Question(
        "what hours of the new sites for flagship models add",
        5,
        "years",
        _adds("spending", "access"),
        0.1,
        "Access to the new sites adds to the reform, which the essay does not say.",
        {"equal envelopes": _adds("envelopes", "access")},
    ),
    Question(
        "what hours of the older machines for flagship models add",
        5,
        "years",
        _adds("spending", "standing", "access"),
        0.1,
        "Access to the machines that stood before adds to that, which the essay does not say.",
        {"equal envelopes": _adds("envelopes", "standing", "access")},
    ),
    Question(
        "accelerators open to others, fewer by",
        5,
        "share",
        lambda n: 1 - _ratio(n["reform|spending|open_accelerators"], n["quo|spending|open_accelerators"]),
        0.1,
        "For the same money the reform leaves less for research.",
        {
            "equal envelopes, so at unequal spending": lambda n: (
                1 - _ratio(n["reform|open_accelerators"], n["quo|open_accelerators"])
            )
        },
    ),
    Question(
        "what money gains",
        5,
        "years",
        _of("share|envelopes|5|money"),
        0.1,
        "That the reform spends what the call leaves unspent is a part of its gain at equal envelopes, so at unequal spending.",
        {f"equal envelopes, {years} years": _of(f"share|envelopes|{years}|money") for years in WINDOWS[1:]},
    ),
    Question(
        "what the reform's operations gain on the machines that stood before, over today's program",
        5,
        "years",
        _of("standing"),
        0.1,
        "Running what stands already differently beats building today's sites.",
    ),
    _share("funding", 5, "Who pays matters, which the essay does not say."),
)


def findings(numbers: Numbers) -> list[Finding]:
    """The findings on all questions, in the order of the claims."""
    return sorted((judged(question, numbers) for question in QUESTIONS), key=lambda f: f.claim)
