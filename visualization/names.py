"""Titles on the page, in place of the names used in files and commands; `titles.toml` has those not made from the names."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from juste_retour.abm.base.toml import read_toml
from juste_retour.abm.worlds.scenario import parameters
from juste_retour.agents.rules import FAMILIES

# The choices that the page offers first: access, procurement, money (the envelope), placement (who proposes, and the voting
# rule), operations, pooling and funding, as in `runs/studies/europe/RESULTS.md`. The growth of the frontier changes lag and
# gain most of all single assumptions, and the wish to host the number of sites.
LEVERS = (
    "access",
    "procurement",
    "envelope_eur_bn",
    "agenda",
    "voting",
    "operations",
    "pooling",
    "funding",
    "frontier_growth",
    "first_trophy_eur_bn",
)

_TITLES = read_toml(Path(__file__).with_name("titles.toml"))
RULES, PARAMETERS, UNITS, NUMBERS = (_TITLES[name] for name in ("rules", "parameters", "units", "numbers"))
TITLES, ELSEWHERE, UNIONS, GROUPS = (_TITLES[name] for name in ("scenarios", "elsewhere", "unions", "groups"))
_SYMBOL = re.compile(
    r",\s+(?:[A-Za-z]|[A-Za-z]_\w+|m0|(?:alpha|beta|gamma|delta|eps|tau|lambda|kappa|phi|pi|rho|eta|chi|sigma)(?:_\w+)?)(?=$|[;:,])"
)


def rule_title(name: str) -> str:
    """The title of a rule or of another choice on the page.

    >>> rule_title("lisbon_qmv"), rule_title("public_tender")
    ('qualified majority (Lisbon)', 'public tender')
    """
    return RULES.get(name) or name.replace("_", " ")


def lab_title(name: str) -> str:
    """A lab's name as the lab spells it.

    >>> lab_title("openai"), lab_title("aleph_alpha")
    ('OpenAI', 'Aleph Alpha')
    """
    return _TITLES["labs"].get(name, name.replace("_", " ").title())


def in_sentences(summary: str) -> str:
    """A rule's summary without a formula at its end.

    >>> in_sentences("Says yes with a chance that grows: 1 / (1 + exp(-(U - r) / sigma)).")
    'Says yes with a chance that grows.'
    """
    return re.sub(r": [^:]*\bexp\(.*$", ".", summary)


def unit_words(name: str, unit: str) -> str:
    """A parameter's unit in words; empty for a plain number.

    >>> unit_words("envelope_eur_bn", "EUR bn"), unit_words("frontier_growth", "1 per year")
    ('€ bn', 'times per year')
    """
    if unit == "1 per year" and "growth" in name:
        return "times per year"
    return UNITS.get(unit, unit)


def described(name: str, about: str) -> tuple[str, str]:
    """The title of a parameter on the page, and the rest of its description.

    >>> described("envelope_eur_bn", "money to place, the Union's and all others' together")
    ('money to place', "the Union's and all others' together")
    >>> described("chip_peak", "peak of a chip of 2022.8, dense BF16")
    ('peak of a chip of late 2022', 'dense BF16')
    >>> described("run_days", "length of the largest training run, T; a choice")
    ('length of the largest training run', 'a choice')
    """
    first, *rest = re.split(r"[,;:]\s+| \(", _SYMBOL.sub("", about), maxsplit=1)
    title = PARAMETERS.get(name, first.strip())
    more = named_plainly("".join(rest).replace("`", ""))
    if re.search("[,:(]", title):  # the title already includes the rest
        return title, ""
    return title, more[:-1] if more.count(")") > more.count("(") else more


@cache
def _raw() -> tuple[re.Pattern[str], dict[str, str]]:
    """The names with an underscore that may occur in messages, as a pattern, and their titles."""
    titles = {rule.name: rule_title(rule.name) for family in FAMILIES.values() for rule in family}
    own = {n: p.about for f in FAMILIES.values() for rule in f for n, (_, p) in rule.parameters.items()}
    every = {name: about.about for name, (_, about) in parameters().items()} | own
    for name, about in every.items():
        titles[name] = PARAMETERS.get(name) or re.split(r"[,;:(]", about)[0].strip()
    made = {name: f"“{title}”" for name, title in titles.items() if "_" in name}
    longest_first = sorted(made, key=len, reverse=True)
    return re.compile(rf"(?<![\w/-])({'|'.join(map(re.escape, longest_first))})(?![\w/]|\.\w)"), made


def named_plainly(text: str) -> str:
    """A sentence with the names of rules and parameters replaced by their titles.

    >>> named_plainly("envelope_eur_bn = -5 is out of bounds")
    '“money to place” = -5 is out of bounds'
    """
    pattern, titles = _raw()
    return pattern.sub(lambda found: titles[found[0]], text)
