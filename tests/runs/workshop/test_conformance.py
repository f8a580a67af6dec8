"""The public checks: every shipped rule passes, and each kind of broken rule is reported in one sentence."""

import json
import os
import sys
from pathlib import Path

import numpy as np
import pytest

from juste_retour.abm import catalog  # noqa: F401
from juste_retour.agents.errors import BadInput
from juste_retour.agents.rules import FAMILIES
from juste_retour.runs.base.user_rules import loaded
from juste_retour.runs.workshop.conformance import check_apart, check_file, example
from juste_retour.runs.workshop.conformance.agent_checks import AGAIN, CHANGES, RUNS
from juste_retour.runs.workshop.conformance.examine import examine
from juste_retour.runs.workshop.conformance.scenes import ROOT, scenes
from juste_retour.runs.workshop.conformance.speed import _shipped_seconds
from juste_retour.runs.workshop.conformance.steps import STEPS

pytestmark = pytest.mark.slow

CHECKS = {name: step.__name__ for name, step in STEPS}
OURS = [
    rule
    for family in FAMILIES.values()
    for rule in family
    if rule.place.startswith((f"{ROOT}/agents/", f"{ROOT}/abm/"))
]

VOTING = '''"""A rule."""
import numpy as np

from juste_retour.abm.politics.voting import voting


@voting
def mine(ballot, states):
    """Passes with more than half of the states.

    Source: my own.
    """
    return 2 * ballot.yes.sum(-1) > states.count
'''
RETURN = "return 2 * ballot.yes.sum(-1) > states.count"
BID = '''"""A rule."""
import numpy as np

from juste_retour.agents.member_state import bid


@bid
def mine(situation):
    """Applies for half of what there is room for.

    Source: my own.
    """
    size = situation.room / 2
    return size
'''
VOTE = '''"""A rule."""
import numpy as np

from juste_retour.agents.member_state import vote


@vote
def mine(offer, reservation, situation):
    """Says yes to what is worth its reservation value.

    Source: my own.
    """
    gain = offer.utility - reservation
    return np.where(gain >= 0, 1, -1)
'''


@pytest.mark.parametrize("rule", OURS, ids=lambda rule: f"{rule.family}.{rule.name}")
def test_shipped_rules_pass(rule):
    found = examine(rule, timed=False)
    assert [fault.sentence() for fault in found.faults] == []
    assert {"documented", "runs_", "alone"} <= {CHECKS[name] for name in found.held}
    declared = {name for name, _ in STEPS if name.partition(",")[0] in rule.properties}
    assert declared <= set(found.held)


def test_checking_a_shipped_file_changes_nothing(own_rules):
    before = [id(rule) for family in FAMILIES.values() for rule in family]
    found = check_file(ROOT / "abm" / "delivery" / "operations.py")
    assert found.sentences() == []
    assert {rule.rule for rule in found.rules} == {
        rule.name for name in ("operations", "standing_operations") for rule in FAMILIES[name]
    }
    assert [id(rule) for family in FAMILIES.values() for rule in family] == before
    assert found.file.resolve() not in {file.path.resolve() for file in loaded()}


def test_families_are_examined_in_ordinary_and_corner_cases():
    for name in {rule.family for rule in OURS}:
        kinds = {scene.corner for scene in scenes(name)}
        assert kinds == {True, False}, name


@pytest.fixture
def found(tmp_path, own_rules):
    def find(text, limit=5.0):
        path = tmp_path / "mine.py"
        path.write_text(text)
        return check_file(path, limit)

    return find


@pytest.fixture
def faults(found):
    """Each fault's check, by its function, and its message."""
    return lambda text: [(CHECKS.get(fault.check), fault.says) for fault in found(text).faults]


@pytest.mark.parametrize("text", [VOTING, BID, VOTE])
def test_rules_are_valid_before_they_are_broken(faults, text):
    assert faults(text) == []


def broken(text, old, new):
    assert old in text
    return text.replace(old, new)


@pytest.mark.parametrize(
    ("text", "line", "step", "named"),
    [
        (broken(VOTING, RETURN, "return 2 * ballot.yes.sum() > states.count"), 8, "answers", ["()"]),
        (broken(VOTING, RETURN, "return 2 * ballot.yes > states.count"), 8, "answers", ["(13,)"]),
        (broken(VOTING, RETURN, "return 2.0 * ballot.yes.sum(-1)"), 8, "answers", ["float64"]),
        (
            broken(VOTING, RETURN, f"return list({RETURN[7:]})"),
            8,
            "answers", ["list", "(worlds,)"],
        ),
        (
            broken(VOTING, RETURN, f"ballot.yes[:, 0] = True\n    {RETURN}"),
            13,
            "answers", ["copy"],
        ),
        (
            broken(VOTING, RETURN, f"ballot.yes = ~ballot.no\n    {RETURN}"),
            13,
            "answers", ["'yes'"],
        ),
        (
            broken(VOTING, RETURN, RETURN + " * np.random.random()"),
            13,
            "answers", ["np.random.random()"],
        ),
        (
            broken(VOTING, RETURN, "rng = np.random.default_rng()\n    return rng.random(len(ballot.yes)) > .5"),
            13,
            "repeats", ["np.random.default_rng()"],
        ),
        (
            broken(broken(VOTING, "import numpy", "import time\nimport numpy"), RETURN, "return (ballot.yes.sum(-1) + 1) * time.time_ns() % 97 > 48"),
            14,
            "repeats", ["time.time_ns()"],
        ),
        (
            broken(broken(VOTING, "@voting", "SEEN = []\n\n\n@voting"), RETURN, "SEEN.append(1)\n    return ballot.yes.sum(-1) % 3 == len(SEEN) % 3"),
            11,
            "answers", ["'SEEN'"],
        ),
        (
            broken(BID, "size = situation.room / 2", "size = np.sqrt(situation.room - 1)"),
            8,
            "answers", ["NaN", "AT"],
        ),
        (
            broken(BID, "size = situation.room / 2", "size = situation.room - 1"),
            8,
            "answers", ["AT", "0"],
        ),
        (
            broken(VOTING, RETURN, "return ballot.yes.sum(-1) >= np.median(ballot.yes.sum(-1))"),
            8,
            "alone", [],
        ),
        (
            broken(VOTING, RETURN, "return 2 * ballot.yes.sum(1) > states.count"),
            8,
            "leading", ["(searches, worlds, states)"],
        ),
        (
            broken(BID, "size = situation.room / 2", "size = situation.room / situation.room[:, np.argsort(situation.states.gdp)].sum(-1)[:, None]"),
            8,
            "alone", ["juste_retour.agents.arrays.total"],
        ),
        (broken(VOTING, RETURN, "return 1 / 0"), 13, "answers", ["ZeroDivisionError: division by zero"]),
        (broken(VOTING, RETURN, "raise SystemExit(3)"), 13, "answers", ["SystemExit: 3"]),
        (broken(VOTING, RETURN, "return ballot.yess.sum(-1) > 3"), 13, "answers", ["'yess'", "'yes'"]),
        (broken(VOTING, RETURN, "return bllot.yes.sum(-1) > 3"), 13, "answers", ["'bllot'", "'ballot'"]),
        (broken(BID, "situation.room / 2", "situation.gdp / 2"), 13, "answers", ["'gdp'", "alone, applied, centre,"]),
        (
            broken(VOTING, "import voting", "import votting"),
            4,
            None, ["'votting'"],
        ),
        (broken(VOTING, "@voting", "@voting(anonymus=True)"), 7, None, ["'anonymus'", "'anonymous'"]),
        (broken(VOTING, "states):", "states, share=0.5):"), 8, "documented", ["'share'", "*,"]),
        (broken(VOTING, "states):", "states, *, share=None):"), 7, None, ["'share'", "None"]),
        (broken(VOTING, "(ballot, states)", "(ballot)"), 7, None, ["rule(ballot, states)"]),
        (broken(VOTING, RETURN, "return np.random.random(len(ballot.yes)) > 0.5"), 13, "answers", ["np.random.random()"]),
        (broken(BID, "return size", "return np.where(situation.uniforms < 0.5, size, 0.0)"), 14, "answers", ["situation.uniforms"]),
        (
            broken(VOTE, "return np.where(gain >= 0, 1, -1)", "return 1 if gain >= 0 else -1"),
            14,
            "answers", ["np.where"],
        ),
        (broken(VOTE, "1, -1)", "1.0, -1.0)"), 8, "answers", ["float64"]),
        (broken(VOTE, "1, -1)", "2, -1)"), 8, "answers", ["2", "-1", "1"]),
        (broken(VOTING, "def mine", "def Mine"), 7, None, ["'Mine'"]),
        (broken(VOTING, "def mine", "def unanimity"), 7, None, ["voting.unanimity", "voting.py:"]),
        (
            VOTING.replace('    """Passes with more than half of the states.\n\n    Source: my own.\n    """\n', ""),
            8,
            "documented", ["docstring"],
        ),
        (broken(VOTING, "    Source: my own.\n", ""), 8, "documented", ["Source: "]),
        (broken(VOTING, RETURN, "while True:\n        pass"), (13, 14), "answers", ["0.3 s"]),
        (broken(VOTING, "@voting", "while True:\n    pass\n\n\n@voting"), (7, 8), None, ["0.3 s"]),
        (broken(VOTING, "import numpy as np", "import no_such_module"), 2, None, ["'no_such_module'"]),
        (broken(VOTING, "def mine", "def mine("), 8, None, []),
        (
            broken(broken(VOTING, "@voting", "@voting(anonymous=True)"), RETURN, "return ballot.yes[..., 0]"),
            8,
            "anonymous", [],
        ),
        (
            broken(broken(VOTING, "@voting", "@voting(monotone=True)"), RETURN, "return ballot.yes.sum(-1) % 2 == 1"),
            8,
            "monotone", ["AT"],
        ),
        (
            broken(broken(VOTING, "@voting", "@voting(neutral=True)"), RETURN, "return 3 * ballot.yes.sum(-1) > 2 * states.count"),
            8,
            "neutral", [],
        ),
        (broken(BID, "@bid", "@bid(monotone=True)"), 8, "monotone", ["monotone"]),
        (
            broken(broken(VOTE, "@vote", "@vote(deterministic=True)"), "gain >= 0", "gain >= situation.uniforms"),
            14,
            "answers", ["situation.uniforms", "deterministic"],
        ),
        (
            broken(BID, "situation.room / 2", "situation.room / (situation.states.count - 1)"),
            8,
            "corners", ["inf", "AA", "juste_retour.agents.errors.BadInput"],
        ),
    ],
)  # fmt: skip
def test_broken_rule_is_reported_in_one_sentence(found, text, line, step, named):
    """`step` is the function of the check that finds the fault, None if the file cannot be read."""
    (fault,) = found(text, limit=0.3 if "while" in text else 5.0).faults
    assert CHECKS.get(fault.check) == step, fault
    lines = line if isinstance(line, tuple) else (line,)
    assert (Path(fault.file).name, fault.line in lines) == ("mine.py", True), fault
    assert fault.sentence().startswith(f"mine.py, line {fault.line}: ")
    assert "\n" not in fault.sentence()
    for word in named:
        assert word in fault.says


def test_parameters_are_tried_at_their_bounds(faults):
    text = VOTING.replace("import numpy as np\n", "from typing import Annotated\n").replace(
        "from juste_retour.abm.politics.voting import voting",
        "from juste_retour.abm.politics.voting import voting\nfrom juste_retour.agents.rules import Parameter",
    )
    text = text.replace(
        "(ballot, states)", "(ballot, states, *, share: Annotated[float, Parameter(low=0, high=1)] = 0.5)"
    )
    assert faults(text.replace(RETURN, "return ballot.yes.sum(-1, keepdims=True) > share * states.count")) == []
    scalar = text.replace(RETURN, "return ballot.yes.sum(-1) > (0.5 if share < 0.6 else 0.7) * states.count")
    ((_, message),) = faults(scalar)
    assert "np.where" in message
    whole = text.replace("= 0.5", "= 1").replace(
        RETURN, "return ballot.yes.sum(-1, keepdims=True) >= share * states.count"
    )
    assert faults(whole) == []
    assert type(FAMILIES["voting"]["mine"].parameters["share"][0]) is float  # as it is annotated
    ((_, message),) = faults(whole.replace("= 1", "= 5.0"))
    assert "share" in message
    assert "5.0" in message
    wrong = text.replace(RETURN, "return ballot.yes.sum(-1) > np.where(share < 1, 1, [[1], [2]])")
    wrong = wrong.replace('"""A rule."""', '"""A rule."""\nimport numpy as np')
    assert len(faults(wrong)) == 1


NAMED = "(ballot.yes & [code == 'HU' for code in states.codes]).any(-1) | (states.count < 2)"


def test_rule_that_names_states_is_not_anonymous(found):
    text = broken(VOTING, RETURN, f"return {NAMED}")
    assert found(text).faults == ()
    assert not any("anonymous" in note for note in found(text).rules[0].notes)
    (fault,) = found(broken(text, "@voting", "@voting(anonymous=True)")).faults
    assert CHECKS[fault.check] == "anonymous"
    assert "names" in fault.says


def test_rule_that_depends_on_the_order_of_states_gets_a_note(found):
    notes = found(broken(VOTING, RETURN, "return ballot.yes[..., 0]")).rules[0].notes
    assert any("order" in note for note in notes)


def test_rule_that_writes_a_module_variable_is_reported(found):
    text = broken(VOTING, "@voting", "SEEN = {}\n\n\n@voting")
    text = broken(text, RETURN, f"SEEN['last'] = int(ballot.yes.sum())\n    {RETURN}")
    (fault,) = found(text).faults
    assert "'SEEN'" in fault.says


def test_funding_key_with_a_parameter_passes(faults):
    text = '''"""A key."""
from typing import Annotated

from juste_retour.abm.politics.funding import Split, funding
from juste_retour.agents.arrays import total
from juste_retour.agents.rules import Parameter


@funding(anonymous=True, deterministic=True)
def mine(states, decider, *, bend: Annotated[float, Parameter(low=0.5, high=2)] = 1.0):
    """The states pay by a power of their income.

    Source: my own.
    """
    weights = states.gni / states.gni.max() + bend - bend
    return Split(0.25, 0.75, 0.0, weights / total(weights)[..., None])
'''
    assert faults(text) == []


def test_protocol_that_changes_the_table_is_reported(faults):
    text = '''"""A rule."""
from juste_retour.abm.bargaining.agenda.family import agenda


@agenda
def mine(council):
    """Halves the envelope before it shares it out.

    Source: my own.
    """
    council.world.program.envelope *= 0.5
    return council.conclude(council.plans.one_each(0.2), vote=False)
'''
    ((_, message),) = faults(text)
    assert "world.program.envelope" in message
    assert faults(text.replace("    council.world.program.envelope *= 0.5\n", "")) == []
    spent = text.replace("council.world.program.envelope *= 0.5\n", "plan = 9 * council.plans.one_each(1.0)\n").replace(
        "council.plans.one_each(0.2)", "plan"
    )
    ((step, message),) = faults(spent)
    assert (step, "10" in message) == ("answers", True)
    random_rule = text.replace("@agenda", "@agenda(deterministic=True)").replace(
        "council.world.program.envelope *= 0.5\n", "council.uniform('whim', 1)\n"
    )
    ((step, message),) = faults(random_rule)
    assert (step, "'whim'" in message) == ("deterministic", True)
    bare = text.replace("    council.world.program.envelope *= 0.5\n", "").replace(
        "council.conclude(council.plans.one_each(0.2), vote=False)", "council.plans.one_each(0.2)"
    )
    ((step, message),) = faults(bare)
    assert (step, "conclude" in message) == ("answers", True)


HALVED = '''

class Halved(Split):
    """Forgets half of the bill."""

    def payments(self, spend, pledged=0.0):
        return super().payments(spend, pledged) / 2
'''


def test_funding_shares_must_sum_to_one(faults):
    text = '''"""A rule."""
from juste_retour.abm.politics.funding import Split, funding, gni_shares


@funding
def mine(states, decider):
    """The Union pays half.

    Source: my own.
    """
    return Split(0.5, 0.5, 0.0, gni_shares(states))
'''
    assert faults(text) == []
    for old, new, named in (
        ("0.5, 0.5", "0.5, 0.4", "0.9"),
        ("gni_shares(states)", "2 * gni_shares(states)", "key"),
        ("Split(0.5, 0.5, 0.0, gni_shares(states))", "[]", "Split"),
        ("Split(0.5", "Halved(0.5", "add up"),
    ):
        ((step, message),) = faults(broken(text + HALVED, old, new))
        assert (step, named in message) == ("answers", True), message


def test_deterministic_vote_without_declaration_gets_a_hint(tmp_path, own_rules):
    path = tmp_path / "mine.py"
    path.write_text(VOTE)
    assert "@vote(deterministic=True)" in check_file(path).rules[0].notes[0]
    path.write_text(VOTE.replace("gain >= 0", "gain >= situation.uniforms"))
    assert not [note for note in check_file(path).rules[0].notes if "deterministic" in note]


def test_several_faults_are_all_reported(found):
    second = VOTING.split("@voting")[1].replace("def mine", "def other").replace("Source", "Out of")
    reported = found(VOTING.replace(RETURN, "return 1 / 0") + "\n\n@voting" + second).faults
    assert [(fault.rule, CHECKS[fault.check]) for fault in reported] == [
        ("mine", "answers"),
        ("other", "documented"),
    ]


def test_rules_check_reports_passed_and_failed_checks(call, tmp_path, own_rules):
    path = tmp_path / "mine.py"
    path.write_text(VOTING)
    status, out, err = call("rules", "check", path)
    assert (status, err) == (0, "")
    assert "voting.mine" in out
    held = json.loads(call("rules", "check", path, "--json")[1])
    assert (held["passed"], held["faults"], held["rules"][0]["passed"]) == (True, [], True)
    assert held["rules"][0]["microseconds_a_world"] > 0
    assert all(name in " ".join(out.split()) for name in held["rules"][0]["checks"])
    path.write_text(VOTING.replace(RETURN, "return 1 / 0"))
    status, out, err = call("rules", "check", path, "--json")
    found = json.loads(out)
    assert (status, err, found["passed"]) == (1, "", False)
    assert found["faults"][0]["line"] == 13
    assert call("rules", "check", tmp_path / "absent.py")[0] == 2


@pytest.mark.skipif(not hasattr(os, "fork") or sys.platform == "darwin", reason="processes cannot be forked here")
@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (broken(VOTING, RETURN, "return sum(repeat(1))"), 14, "0.2 s"),
        (VOTING + "\n\nsum(repeat(1))\n", 17, "0.2 s"),
        (broken(VOTING, RETURN, "os._exit(0)"), None, ""),
    ],
)
def test_uninterruptible_rule_is_reported_in_one_sentence(call, tmp_path, own_rules, text, line, words):
    path = tmp_path / "mine.py"
    path.write_text(text.replace("import numpy as np", "import os\nfrom itertools import repeat"))
    status, out, err = call("rules", "check", path, "--limit", "0.2", "--json")
    (fault,) = json.loads(out)["faults"]
    assert (status, err, fault["line"]) == (1, "", line)
    assert words in fault["says"]


@pytest.mark.parametrize("examples", ["[1]", "lambda: [1]"])
def test_invalid_user_family_is_reported(tmp_path, own_rules, examples):
    text = f'''"""Mine."""
from juste_retour.agents.rules import Family

queue = Family("queue", decides="who is served", signature="rule(place)", examples={examples})


@queue
def mine(place):
    """First come, first served.

    Source: my own.
    """
    return place
'''
    path = tmp_path / "mine.py"
    path.write_text(text)
    with pytest.raises(BadInput, match=r"mine\.py:4: .*'queue'.*examples=lambda: \["):
        check_file(path)
    path.write_text(text.replace('"queue"', '"a queue"'))
    (fault,) = check_file(path).faults
    assert "'a queue'" in fault.says


def test_protocol_without_a_return_gets_a_hint(tmp_path, own_rules):
    path = tmp_path / "mine.py"
    path.write_text('''"""A rule."""
from juste_retour.abm.bargaining.agenda.family import agenda


@agenda
def mine(council, *, sunk=0.0):
    """Shares a fifth of the envelope out.

    Source: my own.
    """
    council.conclude(council.plans.one_each(0.2), sunk)
''')
    assert "conclude" in check_file(path).rules[0].notes[0]


def test_speed_is_relative_to_the_shipped_rules(tmp_path, own_rules):
    path = tmp_path / "mine.py"
    path.write_text(VOTE)
    speed = check_file(path, timed=True).rules[0].speed
    assert speed.microseconds > 0
    assert speed.times == pytest.approx(speed.microseconds / 1e6 / _shipped_seconds("vote"))


def test_example_has_the_arguments_of_a_rule():
    (situation,) = example("bid")
    assert situation.room.shape == (2, 27)
    wanted = FAMILIES["bid"]["trophy_seeking"](situation)
    assert np.any(wanted > 0)


AGENTS = '''"""Agents."""
import itertools

from juste_retour import Commissioner, MemberState, agent

COUNT = itertools.count()


@agent
class Sound(MemberState):
    """Says yes to what hosts it."""

    def vote(self, offer):
        return offer.sites > 0


@agent
class Shared(MemberState):
    """Counts in the module."""

    def bid(self, situation):
        return 0.1 if next(COUNT) % 7 else 0.0


@agent
class Broken(Commissioner):
    """Asks for what is not there."""

    def draft(self, plans):
        return plans.hom


@agent
class Endless(MemberState):
    """Never decides."""

    def vote(self, offer):
        while True:
            pass
'''


def test_agents_are_checked_in_whole_runs(tmp_path, own_rules):
    file = tmp_path / "agents_of_mine.py"
    file.write_text(AGENTS.replace("return plans.hom\n", "return plans.home\n"))
    found = {one.rule: one for one in check_file(file, limit=0.5).rules}
    assert {name: [fault.check for fault in one.faults] for name, one in found.items()} == {
        "Sound": [],
        "Shared": [AGAIN],
        "Broken": [],
        "Endless": [RUNS],
    }
    assert "0.5 s" in found["Endless"].faults[0].says
    file.write_text(AGENTS)
    broken = next(one for one in check_file(file, limit=0.5).rules if one.rule == "Broken")
    assert "'home'" in broken.faults[0].says
    assert broken.faults[0].line == AGENTS.splitlines().index("        return plans.hom") + 1


def test_time_limit_of_an_import_excludes_loading_mesa(tmp_path):
    """A child process has not loaded Mesa yet; on a busy machine that alone takes longer than the limit."""
    file = tmp_path / "agents_of_mine.py"
    file.write_text(f"import sys\n\nassert 'mesa' in sys.modules\n{AGENTS}")
    assert check_apart(file, limit=0.5).unread is None


def marked(text, *marks):
    family = "vote" if "def mine(offer" in text else "voting"
    return broken(text, f"@{family}\n", f"@{family}({', '.join(f'{mark}=True' for mark in marks)})\n")


ODD = "(ballot.yes.sum(-1) % 2 == 1)"
USUAL = "(2 * ballot.yes.sum(-1) > states.count)"
CONTENT = "share = float({})\n    return ballot.yes.sum(-1) > share * states.count"
NORTH = "np.abs(situation.states.more.get('latitude', np.zeros(1)) - 47.5) < 0.05"


@pytest.mark.parametrize(
    ("text", "step", "words"),
    [
        (broken(marked(VOTING, "monotone"), RETURN, f"return {ODD} if ballot.year >= 2025 else {USUAL}"), "monotone", []),
        (broken(marked(VOTING, "monotone"), RETURN, f"return {ODD} if ballot.year >= 2033 else {USUAL}"), "monotone", []),
        (
            broken(marked(VOTING, "monotone"), RETURN, f"return np.where(np.reshape(ballot.round, (-1,) + (1,) * 0) > 4, {ODD}, {USUAL})"),
            "monotone", [],
        ),
        (broken(marked(VOTING, "monotone"), RETURN, f"return {USUAL} if ballot.offer is None else {ODD}"), "monotone", []),
        (broken(marked(VOTE, "anonymous"), "gain >= 0", f"(gain >= 0) | ({NORTH})"), "anonymous", ["names"]),
        (
            broken(marked(VOTE, "anonymous"), "gain >= 0", "(gain >= 0) | (situation.states.population == 9584627)"),
            "anonymous", ["population"],
        ),
        (broken(marked(VOTING, "deterministic"), RETURN, CONTENT.format("os.environ.get('MY_SHARE', '0.5')")), "deterministic", ["MY_SHARE"]),
        (
            broken(broken(marked(VOTING, "deterministic"), "@voting", "SHARE = os.environ.get('MY_SHARE', '0.5')\n\n\n@voting"), RETURN, CONTENT.format("SHARE")),
            "deterministic", ["MY_SHARE"],
        ),
        (
            broken(marked(VOTING, "deterministic"), RETURN, CONTENT.format("open(os.path.dirname(__file__) + '/share.txt').read()")),
            "deterministic", ["share.txt"],
        ),
        (broken(VOTING, RETURN, CONTENT.format("Path('share.txt').read_text()")), "another process", ["share.txt"]),
        (broken(marked(VOTING, "deterministic"), RETURN, CONTENT.format("hash('Council') % 2")), "repeats", ["crc32"]),
        (
            broken(VOTING, RETURN, "first = next(iter({'a', 'b', 'c', 'd', 'e', 'f'}))\n    return ballot.yes.sum(-1) > 4 * (ord(first) - ord('a'))"),
            "another process", ["set"],
        ),
        (broken(VOTING, "states):", "states, *, share=0.5):"), "effective", ["'share'"]),
    ],
)  # fmt: skip
def test_no_false_certificate_is_given(found, tmp_path, monkeypatch, text, step, words):
    (tmp_path / "share.txt").write_text("0.5")
    monkeypatch.chdir(tmp_path)
    text = text.replace("import numpy as np", "import os\nfrom pathlib import Path\n\nimport numpy as np")
    (fault,) = found(text, limit=60.0).faults
    assert CHECKS.get(fault.check, fault.check.removeprefix("same result in ")) == step, fault
    for word in words:
        assert word in fault.says


def test_what_cannot_be_tested_is_declared_only(found, tmp_path):
    (tmp_path / "share.txt").write_text("0.5")
    text = broken(VOTING, "@voting", "SHARE = open(__file__[:-7] + 'share.txt').read()\n\n\n@voting")
    text = broken(marked(text, "deterministic"), RETURN, CONTENT.format("SHARE"))
    (rule,) = found(text).rules
    assert not rule.faults
    assert any("share.txt" in note for note in rule.notes)
    warm = "(gain >= 0) | (situation.states.temperature > 1e3)"
    warmest = warm.replace("> 1e3", "== situation.states.temperature.max()")
    for gains, reported in ((warm, False), (warmest, True)):
        (rule,) = found(broken(marked(VOTE, "anonymous", "deterministic"), "gain >= 0", gains)).rules
        assert not rule.faults
        assert any("not tested" in note and "temperature" in note for note in rule.notes) is reported
    read = broken(marked(VOTE, "anonymous"), "gain >= 0", f"(gain >= 0) | ({NORTH}) & (gain > 1e9)")
    assert any("not tested" in note and "name" in note for note in found(read).rules[0].notes)
    family = '''"""Mine."""
from juste_retour.agents.rules import Family

queue_of_mine = Family("queue_of_mine", decides="who is served", signature="rule(place)")


@queue_of_mine(deterministic=True)
def mine(place):
    """First come, first served.

    Source: my own.
    """
    return place
'''
    (rule,) = found(family).rules
    assert not [name for name in rule.held if "declared" in name]
    assert any("not tested" in note for note in rule.notes)


def test_parameter_without_effect_is_reported(found):
    text = broken(VOTING, "states):", "states, *, share: Annotated[float, Parameter(low=0, high=1)] = 0.5):")
    needs = "from typing import Annotated\n\nfrom juste_retour.agents.rules import Parameter\nimport numpy as np"
    text = broken(text, "import numpy as np", needs)
    still = broken(
        text,
        RETURN,
        "keep = states.count + 0 * share\n    return 2 * ballot.yes.sum(-1, keepdims=True) > keep",
    )
    (rule,) = found(still).rules
    assert any("'share'" in note for note in rule.notes)


@pytest.mark.parametrize(
    ("kept", "change"),
    [("self.votes = 0", "self.votes += 1"), ("self.votes = {}", "self.votes[len(self.votes)] = offer.sites")],
)
def test_agent_that_changes_itself_in_a_decision_is_reported(tmp_path, own_rules, kept, change):
    file = tmp_path / "agents_of_mine.py"
    file.write_text(f'''"""Agents."""
from juste_retour import MemberState, agent


@agent
class Counting(MemberState):
    """Counts its votes."""

    def __init__(self, model, place, *, unread: float = 1.0):
        super().__init__(model, place)
        {kept}

    def vote(self, offer):
        {change}
        return super().vote(offer)
''')
    (fault,) = check_file(file).faults
    assert "'unread'" in fault.says
    file.write_text(file.read_text().replace(", *, unread: float = 1.0", ""))
    (fault,) = check_file(file).faults
    assert fault.check == CHANGES
    assert "self.votes" in fault.says
    file.write_text(
        file.read_text()
        .replace("    def vote(self, offer):", "    def step(self, offer=None):")
        .replace("return super().vote(offer)", "")
        .replace("= offer.sites", "= 0")
    )
    assert check_file(file).faults == ()
