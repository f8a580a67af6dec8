"""The essay's five claims as findings: each has a number, its interval over all uncertain parameters, and a status.

A finding is *supported* if at least 90 % of the draws exceed the smallest effect that counts. It is *sensitive* if it is
supported in the headline comparison (five years, equal spending) but not in another one. An *identity* follows from the
model's equations and is not counted. *Not known* means that the number is missing in all draws.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from juste_retour.agents.arrays import Floats, Number
from juste_retour.runs.base.statistics import known_summary
from juste_retour.runs.studies.europe.curves import ESSAY, STRUCTURAL_AT
from juste_retour.runs.studies.europe.patterns import large_site
from juste_retour.runs.studies.europe.trials import BARON_FEREJOHN, EQUAL, PROTOCOLS, Numbers

SUPPORTED, SENSITIVE, NOT_SUPPORTED = "supported", "sensitive", "not supported"
IDENTITY, UNKNOWN = "identity", "not known"
LEVEL = 0.9  # share of the draws that must exceed the smallest effect that counts
WINDOWS = (5, 7, 10)
HEADLINE = "spending|5"
RESAMPLES = 500
PARTS = ("access", "procurement", "placement", "pooling", "operations", "funding", "money")
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

    `median_error` and `share_error` are Monte Carlo standard errors. `draws` is the number of draws with a known value.
    """

    median: float
    low: float
    high: float
    share_above: float
    median_error: float
    share_error: float
    draws: int

    @property
    def supported(self) -> bool:
        """Whether enough draws exceed the smallest effect that counts."""
        return self.draws > 0 and self.share_above >= LEVEL


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


def answered(values: Floats, least: float, seed: int = 0) -> Answer:
    """Summarize the values of the draws. NaN values are omitted.

    >>> answered(np.array([1.0, 2.0, 3.0, np.nan]), 1.5).share_above
    0.6666666666666666
    """
    known = np.asarray(values, dtype=float)
    known = known[~np.isnan(known)]
    if not len(known):
        return Answer(np.nan, np.nan, np.nan, np.nan, np.nan, np.nan, 0)
    share = share_above(known, least)
    drawn = np.random.default_rng(seed).integers(0, len(known), (RESAMPLES, len(known)))
    with np.errstate(invalid="ignore"):
        medians = np.median(known[drawn], axis=1)
    spread = float(np.std(medians)) if np.isfinite(medians).all() else np.inf
    return Answer(
        **known_summary(known),
        share_above=share,
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


def _beyond(key: str) -> Value:
    """The gain from access minus the largest gain from another part, in years."""
    others = [part for part in PARTS if part not in ("access", "money")]
    return lambda n: n[f"share|{key}|access"] - np.max([n[f"share|{key}|{part}"] for part in others], axis=0)


def _added(protocol: str, more: str, less: str) -> Value:
    return lambda n: n[f"sites|{protocol}|{more}"] - n[f"sites|{protocol}|{less}"]


def _under(protocol: str) -> list[Question]:
    """The questions of claim 1 about one agenda protocol."""
    found = [
        Question(
            f"sites that unanimity adds to a qualified majority, {protocol}",
            1,
            "sites",
            _added(protocol, "unanimity", "qualified majority"),
            1.0,
            f"Vetoes are paid for in sites ({protocol}).",
        ),
        Question(
            f"sites that a qualified majority adds to a simple one, {protocol}",
            1,
            "sites",
            _added(protocol, "qualified majority", "simple majority"),
            1.0,
            f"A higher threshold is paid for in sites ({protocol}).",
        ),
        Question(
            f"sites that would not be built without the trophy, {protocol}",
            1,
            "sites",
            _added(protocol, "own rule", "no trophy"),
            1.0,
            f"The wish to host makes the number ({protocol}).",
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
    if protocol != BARON_FEREJOHN:
        alone = Question(
            f"sites that the vote adds to the Commission alone, {protocol}",
            1,
            "sites",
            _added(protocol, "own rule", "Commission alone"),
            1.0,
            f"The vote itself makes the number ({protocol}).",
        )
        found.insert(0, alone)
    return found


QUESTIONS: tuple[Question, ...] = (
    Question(
        "the reform's largest site over the status quo's",
        1,
        "times",
        lambda n: _ratio(n["reform|largest_site_accelerators"], n["quo|largest_site_accelerators"]),
        2.0,
        "Sites are sized by the institutions: the envelope is the same, and the reform itself sets two or three sites.",
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
        "by how much all of the status quo's sites together fall short of one large American site that works today",
        2,
        "share",
        lambda n: 1 - n["quo|h100_equivalents"] / large_site("US"),
        0.0,
        "Even added up, the sites are less than what one serious lab deploys.",
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
        _over("lag", "|quo") | _read("quo"),
    ),
    Question(
        "what today's program gains over no new site",
        4,
        "years",
        _of("program"),
        0.1,
        "Today's program shortens the lag that would be there without it.",
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
        0.0,
        f"Within three years of the essay not even the reform gets within {STRUCTURAL_AT:g} years of the frontier.",
    ),
    Question(
        "what a reform of 2026 gains by 2034 over one of 2030",
        4,
        "years",
        _of("early ahead"),
        0.1,
        "An early reform is still ahead in 2034.",
    ),
    Question(
        "what the reform gains",
        5,
        "years",
        _of(f"gain|{HEADLINE}"),
        0.5,
        "The reform as a whole pays in years.",
        _over("gain") | _read("quo", "reform"),
    ),
    Question(
        "years behind that the reform leaves",
        5,
        "years",
        _of(f"lag|{HEADLINE}|reform"),
        1.0,
        "The reform does not catch up.",
        _over("lag", "|reform") | _read("reform"),
    ),
    _share("access", 5, "Who may use the machines is a part of the gap, which the essay does not say."),
    Question(
        "what access gains beyond the largest other part",
        5,
        "years",
        _beyond(HEADLINE),
        0.0,
        "Access is the binding part.",
        {
            f"equal {equal}, {years} years": _beyond(f"{equal}|{years}")
            for equal in EQUAL
            for years in WINDOWS
            if f"{equal}|{years}" != HEADLINE
        },
    ),
    Question(
        "most that access can gain at a date",
        5,
        "years",
        _of("access bound"),
        0.1,
        "The gain from access is bounded.",
        identity="ln(share of the reform / share today) / ln(growth of the frontier)",
    ),
    Question(
        "accelerators open to others, taken away by the reform",
        5,
        "share",
        lambda n: 1 - _ratio(n["reform|open_accelerators"], n["quo|open_accelerators"]),
        0.1,
        "What the flagship runs get is taken from research.",
    ),
    Question(
        "what money gains",
        5,
        "years",
        _of("share|envelopes|5|money"),
        0.1,
        "That the reform spends what the call leaves unspent is a part of its gain at equal envelopes.",
        {f"equal envelopes, {years} years": _of(f"share|envelopes|{years}|money") for years in WINDOWS[1:]},
    ),
    Question(
        "what the reform's operations, pooling and access gain on today's program with no new site at all",
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
