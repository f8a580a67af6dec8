"""Scaffolds: for each family a small working rule and its test, for the author to edit."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.util import find_spec
from keyword import iskeyword
from pathlib import Path

from juste_retour.abm import catalog  # noqa: F401  registers the shipped rules, whose names are taken
from juste_retour.abm.bargaining.tables.bargaining_table import Table
from juste_retour.agents.errors import BadInput, CannotWrite, near
from juste_retour.agents.rule_methods import protocol_member
from juste_retour.agents.rules import FAMILIES, family
from juste_retour.runs.workshop.scaffold_more import FILES, title_of


@dataclass(frozen=True)
class Scaffold:
    """The parts of a family's example rule: imports, decorator with signature, docstring, doctest and body."""

    imports: str
    head: str
    says: str
    handed: str
    returns: str
    doctest: str
    body: str


def new(family_name: str, name: str, folder: Path) -> tuple[Path, Path]:
    """Write `NAME.py` and `test_NAME.py` to a folder and return the two paths. Nothing is overwritten.

    Args:
        family_name: a family of rules, "agent" or "outcome".
        name: name of the rule, of the outcome or of the agent's file.
        folder: the folder.

    Raises:
        BadInput: an unknown family, an invalid or taken name, or a file that exists already.
        CannotWrite: the folder cannot be written to.
    """
    check_new(family_name, name)
    rule, test = folder / f"{name}.py", folder / f"test_{name}.py"
    for path in (rule, test):
        if path.exists():
            raise BadInput(f"{path.name} exists already; delete it or choose another name.")
    if find_spec(name) is not None:
        raise BadInput(
            f"{name}.py would hide the module {name!r} from programs in the same folder; choose another name."
        )
    write(rule, rule_file(family_name, name))
    write(test, test_file(family_name, name))
    return rule, test


def check_new(family_name: str, name: str) -> None:
    """Raise `BadInput` for a family without a scaffold, a name that it has already, or one that is no valid name."""
    if family_name not in FILES:
        _check_free(family_name, name)
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or iskeyword(name):
        raise BadInput(
            f"{name!r} is not a valid name; use lower-case letters, digits and _, begin with a letter, and avoid "
            "Python's keywords."
        )
    if name.startswith("test_"):
        raise BadInput(f"{name!r} begins with test_, so pytest would run it as a test; choose another name.")


def _check_free(family_name: str, name: str) -> None:
    """Raise `BadInput` for a family without a scaffold, or a name that it has already."""
    group = family(family_name)
    if name in group.rules:
        raise BadInput(
            f"the name {family_name}.{name} is taken by {group.rules[name].place}; choose another name."
        )
    if family_name not in SCAFFOLDS:
        raise BadInput(
            f"there is no scaffold for the family {family_name!r}; {near(family_name, set(SCAFFOLDS) & set(FAMILIES))}"
        )


def write(path: Path, text: str) -> None:
    """Write a new file. Raises `CannotWrite` if it cannot be written."""
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise CannotWrite(
            f"{path} cannot be written ({error.strerror}); change to a folder where you may write."
        ) from None


def rule_file(family_name: str, name: str, more: str = "") -> str:
    """The text of a family's example rule with `more` after its imports, or of an example agent or outcome."""
    if family_name in FILES:
        return FILES[family_name][0].format(name=name, title=title_of(name))
    s = SCAFFOLDS[family_name]
    doctest = "".join(f"    {line}\n" for line in s.doctest.format(name=name).splitlines())
    body = "".join(f"    {line}\n" for line in s.body.splitlines())
    return (
        f'"""{name}, a rule of the family {family_name}. Edit it."""\n\n'
        f"{s.imports}{more}\n\n\n{s.head.format(name=name)}\n"
        f'    """{s.says}\n\n'
        f"    {s.handed}\n    {s.returns}\n{PARAMETERS}\n"
        f"    Source: my own.\n\n{doctest}"
        f'    """\n{body}'
    )


def test_file(family_name: str, name: str) -> str:
    """The text of the test for `rule_file`."""
    if family_name in FILES:
        return FILES[family_name][1].format(name=name, title=title_of(name))
    return TEST.format(family=family_name, name=name)


PARAMETERS = """    Parameters of the rule are keyword-only arguments, after a *. A float arrives as an array
    (worlds, 1), an integer, a boolean or a string unchanged.
"""
TEST = '''"""Tests of {name}."""

import doctest

import {name}
from juste_retour import simulate
from juste_retour.runs.workshop.conformance import check_file


def test_passes_the_public_checks():
    assert check_file({name}.__file__).sentences() == []


def test_example_in_docstring_is_right():
    found = doctest.testmod({name})
    assert found.attempted and not found.failed


def test_whole_runs_complete():
    assert len(simulate({{"{family}": "{name}"}}, worlds=3).worlds) == 3
'''

CONCLUDE = protocol_member(Table, "conclude")
SCAFFOLDS = {
    "bid": Scaffold(
        "import numpy as np\n\nfrom juste_retour.agents.member_state import bid, sized",
        "@bid(anonymous=True, deterministic=True)\ndef {name}(situation):",
        "Bids for the smallest facility if that is worth more than none.",
        "situation.alone(size) has the payoff with a site of that size, situation.standing the payoff without, EUR bn.",
        "Returns the size of the bid, EUR bn (worlds, states); 0 is no bid.",
        '>>> from juste_retour.runs.workshop.conformance import example\n>>> (situation,) = example("bid")\n'
        ">>> bool(({name}(situation) <= situation.room).all())\nTrue",
        "least = np.broadcast_to(situation.p.smallest_eur_bn, situation.received.shape)\n"
        "size = sized(least, situation)\n"
        "return np.where(situation.alone(size).utility > situation.standing.utility, size, 0.0)",
    ),
    "vote": Scaffold(
        "import numpy as np\n\nfrom juste_retour.agents.member_state import vote",
        "@vote(anonymous=True, deterministic=True)\ndef {name}(offer, reservation, situation):",
        "Votes yes if the offer is worth its reservation value; otherwise abstains if it would host a site, or votes no.",
        "offer.utility and reservation are EUR bn (worlds, states); offer.sites is the number of sites each would host.",
        "Returns integers (worlds, states): 1 yes, -1 no, 0 abstention.",
        '>>> from juste_retour.runs.workshop.conformance import example\n>>> offer, reservation, situation = example("vote")\n'
        ">>> bool(({name}(offer, offer.utility - 1, situation) == 1).all())\nTrue",
        "otherwise = np.where(offer.sites > 0, 0, -1)\n"
        "return np.where(offer.utility >= reservation, 1, otherwise)",
    ),
    "expect": Scaffold(
        "import numpy as np\n\nfrom juste_retour.agents.member_state import expect",
        "@expect(anonymous=True, deterministic=True)\ndef {name}(reversion, memory, situation):",
        "Expects to gain as much as past offers brought, one round later.",
        "reversion.utility is the payoff without agreement, memory.gain the gain that offers have brought so far, EUR bn.",
        "Returns reservation values, EUR bn (worlds, states).",
        '>>> from juste_retour.runs.workshop.conformance import example\n>>> reversion, memory, situation = example("expect")\n'
        ">>> bool(({name}(reversion, memory, situation) >= reversion.utility).all())\nTrue",
        "return reversion.utility + situation.p.patience * np.maximum(memory.gain, 0.0)",
    ),
    "draft": Scaffold(
        "import numpy as np\n\nfrom juste_retour.agents.commissioner import draft",
        "@draft(anonymous=True, deterministic=True)\ndef {name}(plans, college):",
        "Prefers the plan that advances the Union furthest in the race, whatever it costs.",
        "plans.home (worlds, plans, commissioners), plans.union and plans.race (worlds, plans, 1) are gains, EUR bn.",
        "Returns scores (worlds, plans, commissioners); the lead commissioner's best plan is drafted.",
        '>>> from juste_retour.runs.workshop.conformance import example\n>>> plans, college = example("draft")\n'
        ">>> {name}(plans, college).shape == plans.home.shape\nTrue",
        "return np.broadcast_to(plans.race, plans.home.shape)",
    ),
    "endorse": Scaffold(
        "from juste_retour import endorse",
        "@endorse(anonymous=True, deterministic=True)\ndef {name}(plans, college):",
        "Supports a plan if the home state and the Union together gain by it.",
        "plans.home (worlds, plans, commissioners) and plans.union (worlds, plans, 1) are gains, EUR bn.",
        "Returns booleans (worlds, plans, commissioners): would vote for that plan.",
        '>>> from juste_retour.runs.workshop.conformance import example\n>>> plans, college = example("endorse")\n'
        ">>> bool({name}(plans, college)[plans.home + plans.union > 0].all())\nTrue",
        "return plans.home + plans.union >= 0",
    ),
    "anchor": Scaffold(
        "import numpy as np\n\nfrom juste_retour.agents.lab import anchor",
        "@anchor(anonymous=True, deterministic=True)\ndef {name}(market):",
        "Moves only for a tenth more compute than the lab has.",
        "market.gain is the log of effective compute over what the lab has (worlds, labs, places).",
        "Returns the advantage of each place, log units (worlds, labs, places); the lab pays where it is positive.",
        '>>> from juste_retour.runs.workshop.conformance import example\n>>> (market,) = example("anchor")\n'
        ">>> bool(({name}(market) <= market.gain).all())\nTrue",
        "return market.gain - np.log(1.1)",
    ),
    "agenda": Scaffold(
        "from typing import Annotated\n\nfrom juste_retour.abm.bargaining.agenda.family import Sunk, agenda",
        "@agenda(deterministic=True)\ndef {name}(council, *, sunk: Annotated[float, Sunk] = 0.0):",
        "Puts to the vote a fifth of the envelope, divided equally over the best site of every state.",
        f"council.{CONCLUDE.call}:\n    {CONCLUDE.summary}",
        "Returns the ballot result, or None if there is nothing to decide this quarter.",
        '>>> from juste_retour.runs.workshop.conformance import example\n>>> (council,) = example("agenda")\n'
        ">>> bool({name}(council).held.all())\nTrue",
        "plan = council.plans.one_each(0.2)\nreturn council.conclude(plan, sunk)",
    ),
    "voting": Scaffold(
        "from juste_retour import voting",
        "@voting(anonymous=True, monotone=True, deterministic=True)\ndef {name}(ballot, states):",
        "Passes with the yes of two thirds of the states.",
        "ballot.yes and ballot.no are booleans (worlds, states); states.population has integers, persons (states,).",
        "Returns booleans (worlds,): whether the ballot passes. Compare integers, so that the threshold is exact.",
        '>>> from juste_retour.runs.workshop.conformance import example\n>>> ballot, states = example("voting")\n'
        ">>> bool({name}(ballot, states)[ballot.yes.all(-1)].all())\nTrue",
        "return 3 * ballot.yes.sum(-1) >= 2 * states.count",
    ),
    "funding": Scaffold(
        "from juste_retour.abm.politics.funding import Split, funding",
        "@funding(anonymous=True, deterministic=True)\ndef {name}(states, decider):",
        "The host pays a quarter and the Union the rest, to which states contribute by population.",
        "states.population, states.gdp and states.gni are (states,); decider is the index of a sole decider, -1 for none.",
        "Returns Split(host, union, private, key): shares that add up to 1, and the key (states,) to the Union's part.",
        '>>> from juste_retour.runs.workshop.conformance import example\n>>> states, decider = example("funding")\n'
        ">>> split = {name}(states, decider)\n>>> split.host + split.union + split.private\n1.0",
        "return Split(0.25, 0.75, 0.0, states.population / states.population.sum())",
    ),
    "entitlement": Scaffold(
        "import numpy as np\n\nfrom juste_retour.abm.politics.entitlement import entitlement",
        "@entitlement(anonymous=True, deterministic=True)\ndef {name}(plan, claims):",
        "Removes facilities of less than twice the smallest size.",
        "plan is EUR bn (worlds, sites); claims.payments(plan) is what each state pays, claims.best its best free site.",
        "Returns the plan that satisfies the claim within the envelope, EUR bn (worlds, sites).",
        '>>> from juste_retour.runs.workshop.conformance import example\n>>> plan, claims = example("entitlement")\n'
        ">>> bool(({name}(plan, claims) <= plan).all())\nTrue",
        "return np.where(plan >= 2 * claims.smallest, plan, 0.0)",
    ),
    "reversion": Scaffold(
        "from juste_retour import reversion",
        "@reversion(anonymous=True, deterministic=True)\ndef {name}(council):",
        "Divides a tenth of the envelope equally over the best site of every state.",
        "council.envelope (worlds, 1) is unspent money, EUR bn; council.best (worlds, states) each state's best free site.",
        "Returns the plan without agreement, EUR bn (worlds, sites), and whether hosts pay for it alone.",
        '>>> from juste_retour.runs.workshop.conformance import example\n>>> (council,) = example("reversion")\n'
        ">>> plan, alone = {name}(council)\n>>> alone\nFalse",
        "return council.plans.one_each(0.1), False",
    ),
    "procurement": Scaffold(
        "from dataclasses import replace\n\nfrom juste_retour.abm.delivery.procurement import procurement, public_tender",
        "@procurement(deterministic=True)\ndef {name}():",
        "A public tender that takes a year from specification to contract.",
        "It receives only its own parameters.",
        "Returns a Procedure: years, shares and chances, each a number or an array (worlds, 1).",
        ">>> {name}().award_years\n1.0",
        "return replace(public_tender(), award_years=1.0)",
    ),
    "operations": Scaffold(
        "from dataclasses import replace\n\nfrom juste_retour.abm.delivery.operations import audit_first, operations",
        "@operations(deterministic=True)\ndef {name}():",
        "As audit_first, but interrupted runs restart automatically within a minute.",
        "It receives only its own parameters.",
        "Returns a Practice: hours, shares and factors, each a number or an array (worlds, 1).",
        ">>> {name}().downtime_h < audit_first().downtime_h\nTrue",
        "return replace(audit_first(), restart_h=1 / 60)",
    ),
    "access": Scaffold(
        "from juste_retour.abm.delivery.access import Regime, access",
        "@access(anonymous=True, deterministic=True)\ndef {name}():",
        "A project gets a tenth of a site's hours in a year.",
        "It receives only its own parameters.",
        "Returns a Regime: the share of a machine's hours in a year, a number or an array (worlds, 1).",
        ">>> {name}().year_share\n0.1",
        "return Regime(0.1)",
    ),
    "standing": Scaffold(
        "from juste_retour.abm.delivery.access import Regime, standing",
        "@standing(anonymous=True, deterministic=True)\ndef {name}():",
        "A project gets a tenth of a year's hours of a machine that stood before.",
        "It receives only its own parameters.",
        "Returns a Regime: the share of a machine's hours in a year, a number or an array (worlds, 1).",
        ">>> {name}().year_share\n0.1",
        "return Regime(0.1)",
    ),
    "leftover": Scaffold(
        "from juste_retour.abm.politics.leftover import Leftover, Wave, leftover",
        "@leftover(anonymous=True, deterministic=True)\ndef {name}(after):",
        "One further wave is decided a year after the last regular one.",
        "after is the quarter of the last regular decision, an integer since year 0.",
        "Returns Leftover(waves, top_up): the further waves, and whether selected sites receive the unspent funds.",
        ">>> {name}(8103).waves[0].decision\n8107",
        "return Leftover((Wave((after + 3) / 4, after + 4),))",
    ),
    "pooling": Scaffold(
        "import numpy as np\n\nfrom juste_retour.abm.delivery.pooling import Pool, pooling, single_site, synchronous",
        "@pooling(deterministic=True)\ndef {name}(fleet, before):",
        "Sites train together only if that is at least a tenth faster than the best single site.",
        "fleet.chips and fleet.peak are (worlds, sites); before (worlds, sites) is the best pool so far, or None.",
        "Returns a Pool: rate (worlds,) FLOP/s, members (worlds, sites), islands (worlds,), own (worlds, sites).",
        '>>> from juste_retour.runs.workshop.conformance import example\n>>> fleet, before = example("pooling")\n'
        ">>> bool(({name}(fleet, before).rate >= single_site(fleet, before).rate).all())\nTrue",
        "alone, together = single_site(fleet, before), synchronous(fleet, before)\n"
        "pays = together.rate > 1.1 * alone.rate\n"
        "return Pool(\n"
        "    np.where(pays, together.rate, alone.rate),\n"
        "    np.where(pays[:, None], together.members, alone.members),\n"
        "    np.where(pays, together.islands, alone.islands),\n"
        "    alone.own,\n"
        ")",
    ),
}
