"""Titles of rules, parameters and units on the page, in place of the names used in files and commands."""

from __future__ import annotations

import re
from functools import cache

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

# Titles of rules whose name is not clear enough as it is.
RULES = {
    "calls": "project calls",
    "strategic": "hours for flagship models",
    "dedicated": "one lab, one run",
    "audit_first": "sign-off before every repair",
    "operator_led": "the operator decides, audit follows",
    "single_site": "the strongest site alone",
    "independent": "each site by itself",
    "synchronous": "together, exchanging at every step",
    "low_communication": "together, exchanging now and then",
    "best_of": "whichever gives the best run",
    "rapid": "direct award",
    "framework": "framework agreement",
    "state_directed": "directed by the state",
    "best_effective_compute": "the most computing power soonest",
    "exit_to_cloud": "always a cloud abroad",
    "gni_key": "the Union, by national income",
    "host_matches_half": "the Union and the host, half each",
    "national": "national",
    "equal_shares": "all states alike",
    "hosts_only": "each host for itself",
    "contributors_club": "a club of contributors",
    "none": "nothing must come back",
    "juste_retour": "a fair return (juste retour)",
    "one_each": "one site each",
    "cap_sites": "a cap on sites",
    "cohesion": "a share for poorer states",
    "georeturn": "a running balance of returns",
    "union": "the Union as a whole",
    "lisbon_qmv": "qualified majority (Lisbon)",
    "reinforced_qmv": "reinforced qualified majority",
    "reverse_qmv": "reverse qualified majority",
    "euro_area": "qualified majority of the euro area",
    "nice": "qualified majority (Nice)",
    "penrose": "square-root votes (Penrose)",
    "funders": "votes by contribution",
    "governing_board": "governing board (EuroHPC)",
    "dictator": "one decides",
    "top_up": "selected sites get more",
    "next_framework": "kept for the next budget",
    "exchange": "exchange of positions",
    "single_decider": "one board or ministry decides",
    "nash_bargaining": "Nash bargaining",
    "omnibus": "package deal (omnibus)",
    "open_call": "open call for proposals",
    "uncoordinated": "every owner by itself",
    "closed_rule": "one proposal, take it or leave it",
    "open_rule": "one proposal, open to amendment",
    "relocation_ballot": "ranked ballot on locations",
    "go_alone": "each state builds alone",
    "principled": "what serves the Union",
    "trophy_seeking": "for the trophy",
    "capacity_driven": "only with the capacity to run it",
    "sincere_union": "for the Union's good",
    "red_line": "no, unless it hosts",
    "learner": "one learner",
    "run": "the whole run",
    "european_union": "the European Union",
    "european_union_2019": "the European Union before the machines of 2019",
    "european_union_2022": "the European Union before the machines of 2022",
    "european_union_2023": "the European Union before the machines of 2023",
    "united_states": "the fifty states of the USA",
    "us_observed": "the United States as observed",
    "china_observed": "China as observed",
}

# Titles of parameters whose description does not begin with a clear title.
PARAMETERS = {
    "mfu_reference": "utilization of 16,384 chips",
    "tokens_per_parameter": "training tokens per parameter of a model",
    "critical_batch_tokens": "largest useful batch at one token",
    "interruptions": "interruptions of a run",
    "bits": "bits exchanged per parameter, pool that exchanges at every step",
    "outer_bits": "bits exchanged per parameter, pool that exchanges now and then",
    "bandwidth_bps": "link between sites in each direction",
    "site_batch_tokens": "batch of one site",
    "inner_steps": "steps between exchanges of a pool",
    "inner_batch": "batch of a pool, share of the largest useful",
    "detour": "fiber per kilometer of distance",
    "chip_peak": "peak of a chip of late 2022",
    "chip_price_eur": "price of a chip of late 2024",
    "chip_power_kw": "power of a chip of late 2022",
    "export_peak": "speed of the chips that export controls leave for sale",
    "pue_base": "power drawn per unit of computing, in the cold",
    "pue_slope": "what each degree of warmth adds to the power drawn",
    "sketch_mw": "size of site for which the date of chips is planned",
    "facility_share": "share of the cost that is building, not machine",
    "interest": "interest rate",
    "frontier_growth": "growth of the frontier run until mid-2025",
    "frontier_growth_later": "growth of the frontier run after mid-2025",
    "ambition_sd": "spread of the states' ambition",
    "local_value": "value of the first euro spent at home",
    "race_value_eur_bn": "what nearness to the frontier is worth to the Union",
    "first_trophy_eur_bn": "what a first site is worth to a state (the wish to host)",
    "race_weight": "weight of the frontier in a state's payoff",
    "open_scale": "number of chips at which their value bends",
    "dossier_centre_months": "time to write a bid where a center exists (median)",
    "dossier_new_months": "time to write a bid where none exists (median)",
    "dossier_sd": "spread of the time to write a bid",
    "panel_conditions": "weight of power price, climate and specialists",
    "inequality_aversion": "envy: what a euro that others gain more takes away",
    "consensus_norm": "norm of consensus: chance that every yes is bought",
    "side_payments": "cash for a yes allowed",
    "home_value": "a lab's wish to stay at home",
    "exit_cost": "what the Union loses when all labs leave",
    "decider": "who decides where one decides alone",
    "start": "first quarter of the run",
    "end": "last quarter of the run",
    "window_years": "length of the comparison",
    "window_start": "quarter after which the comparison begins",
    "lag_cap_years": "years behind that count where nothing runs",
    "priced": "compute the price of politics",
    "restart_h": "time until an automatic restart",
    "mfu_factor": "skill of the team: use of the chips",
    "build_factor": "skill of the team: time to build",
    "repair_h": "time until a failed part is back",
    "person_wait_h": "wait for a person who may act",
    "found_after_years": "time until an audit has righted a wrong purchase",
    "failure_domain": "what a failure stops",
    "rejoin": "a learner that failed takes its state from the others",
    "award_years": "time from selection to contract",
    "award_cv": "spread of the time to a contract",
    "build_years": "time from contract to operation, 100 MW",
    "refresh": "chips of the date of delivery (1) or of the specification (0)",
    "litigation_hazard": "chance that an award is taken to court",
    "tender_failure": "chance that a tender fails",
    "without_shell": "chance that no hall stands at the site",
    "positions": "file of positions (actor, issue, position, salience, capability)",
}

UNITS = {
    "1": "",
    "1 per year": "per year",
    "1 per quarter": "per quarter",
    "1 per degree C": "per °C",
    "1 per accelerator-hour": "per chip and hour",
    "accelerators": "chips",
    "bit": "bits",
    "bit/s": "bits per second",
    "chance": "probability",
    "codes": "codes of states",
    "degrees C": "°C",
    "EUR": "€",
    "EUR per accelerator and year": "€ per chip and year",
    "EUR bn": "€ bn",
    "h": "hours",
    "h per day": "hours per day",
    "log units": "on a logarithmic scale",
    "s": "seconds",
    "share": "share, 0 to 1",
    "share per year": "share per year",
    "share of V": "share of what the frontier is worth",
    "tokens per parameter": "tokens per parameter",
    "years and EUR bn": "years and € bn",
}

NUMBERS = {
    "runs": "Training runs",
    "reliability": "Failures and repairs",
    "pooling": "Training across sites",
    "chips": "Chips",
    "sites": "Sites, power and building",
    "frontier": "The frontier and its people",
    "money": "Money",
    "states": "What states want",
    "call": "The call for proposals",
    "behavior": "Envy and consensus",
    "bargaining": "Bargaining",
    "commissioners": "Commissioners",
    "labs": "Labs",
    "time and actors": "Time and actors",
}

_SYMBOL = re.compile(
    r",\s+(?:[A-Za-z]|[A-Za-z]_\w+|m0|(?:alpha|beta|gamma|delta|eps|tau|lambda|kappa|phi|pi|rho|eta|chi|sigma)(?:_\w+)?)(?=$|[;:,])"
)


def rule_title(name: str) -> str:
    """The title of a rule or of another choice on the page.

    >>> rule_title("lisbon_qmv"), rule_title("public_tender")
    ('qualified majority (Lisbon)', 'public tender')
    """
    return RULES.get(name) or name.replace("_", " ")


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
