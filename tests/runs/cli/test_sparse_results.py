"""Every command that reads results copes with results in which little or nothing happened."""

import re

import pytest

from juste_retour.abm.bargaining import continuation, solved
from juste_retour.abm.bargaining.stationary_values import NotConverged
from juste_retour.runs.cli.lazy_group import main
from tests.runs.cli.test_bad_input import refused
from tests.runs.conftest import rules_kept

SPEC = """
title = "Little"
question = "Does who operates matter?"
scenario = {{ base = "eu-status-quo"{scenario} }}
seed = 1
replications = {replications}
tables = ["worlds", "states", "facilities", "votes"]
{head}
[design]
kind = "grid"
[factors]
operations = ["audit_first", "operator_led"]
procurement = ["rapid", "public_tender"]
"""
RULES = '''
from juste_retour import voting

@voting
def never(ballot, states):
    """Reject every offer."""
    return ballot.yes.sum(-1) < 0

@voting
def broken(ballot, states):
    """Fail on every ballot."""
    raise ValueError("no vote today")
'''
ONE = "state,population,gdp_eur_bn\nA,3000000,100\n"
OWN = 'rules = ["../own.py"]'
CASES = {  # settings of the scenario, replications, further keys
    "no agreement": (', voting = "never"', 2, OWN),
    "no site": (", envelope_eur_bn = 0.01", 2, ""),
    "no vote": (', agenda = "planner"', 2, ""),
    "one state": ("", 2, 'members = "one"'),
    "one replication": ("", 1, ""),
    "zero envelope": (", envelope_eur_bn = 0.0", 2, ""),
    "all failed": (', voting = "broken"', 2, OWN),
}
COMMANDS = {
    "dry run": ["batch", "spec.toml", "--dry-run"],
    "verify": ["verify", "out"],
    "sensitivity": ["sensitivity", "out"],
    "sensitivity as JSON": ["sensitivity", "out", "--json"],
    "export": ["export", "out", "--out", "tables", "--format", "csv,dta,parquet"],
    "patterns": ["patterns", "out"],
    "report": ["report", "out"],
    "package": ["package", "out"],
}
REFUSED = {("one state", name) for name in ("sensitivity", "sensitivity as JSON", "patterns")}


DIRECTLY = {  # the same cases in commands that run scenarios themselves
    "no agreement": ["--rules", "own.py", "--set", "voting=never"],
    "no site": ["--set", "envelope_eur_bn=0.01"],
    "no vote": ["--set", "agenda=planner"],
    "one state": ["--members", "one"],
    "one replication": ["--worlds", "1"],
    "zero envelope": ["--set", "envelope_eur_bn=0"],
    "all failed": ["--rules", "own.py", "--set", "voting=broken"],
    "not solved": ["--set", "agenda=closed_rule", "--set", "expect=stationary"],
}
TWO = ["eu-status-quo", "--set-b", "operations=operator_led"]
DRAWN = ["--draws", "20", "--prior"]
RUNNING = {
    "run": ["run"],
    "compare": ["compare", *TWO],
    "attribute": ["attribute", *TWO, "--set-b", "procurement=rapid"],
    "reforms": ["reforms", *TWO],
    "choose": ["choose", "eu-status-quo", "--vary", "operations=all"],
    "compare over draws": ["compare", *TWO, *DRAWN],
    "attribute over draws": ["attribute", *TWO, *DRAWN],
    "reforms over draws": ["reforms", *TWO, *DRAWN, "--each", "2"],
}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with the rules: two files may not define the same one."""
    folder = tmp_path_factory.mktemp("sparse")
    (folder / "own.py").write_text(RULES)
    return folder


@pytest.fixture(scope="module", params=CASES)
def case(request, place):
    """The name of a case, and the folder that holds its spec and its results."""
    folder = place / request.param
    scenario, replications, head = CASES[request.param]
    (folder / "one").mkdir(parents=True)
    (folder / "one" / "states.csv").write_text(ONE)
    text = SPEC.format(scenario=scenario, replications=replications, head=head)
    (folder / "spec.toml").write_text(text)
    with rules_kept():
        status = main(["batch", str(folder / "spec.toml"), "--out", str(folder / "out"), "--workers", "0"])
    assert status == (request.param == "all failed")
    return request.param, folder


@pytest.mark.parametrize(
    "command",
    [pytest.param(c, marks=pytest.mark.slow) if c in ("report", "package", "verify") else c for c in COMMANDS],
)
def test_command_answers_or_refuses_in_one_sentence(case, command, call, monkeypatch, own_rules):
    name, folder = case
    monkeypatch.chdir(folder)
    answer = call(*COMMANDS[command])
    if (name, command) == ("all failed", "dry run"):
        assert "no vote today" in answer[2]
        assert answer[0] in (1, 2)
        assert "Traceback" not in answer[2]
    elif name == "all failed" or (name, command) in REFUSED:
        refused(answer)
    else:
        status, out, err = answer
        assert (status, "Traceback" in err) == (0, False), err
        assert out.strip()
        if (name, command) == ("one replication", "sensitivity as JSON"):
            assert '"low": null' in out  # no interval from one replication


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("json", [False, True], ids=["text", "JSON"])
@pytest.mark.parametrize("command", [pytest.param(c, marks=pytest.mark.slow) if "draws" in c else c for c in RUNNING])
@pytest.mark.parametrize("name", DIRECTLY)
def test_command_that_runs_scenarios_answers_or_refuses(name, command, json, place, call, monkeypatch, own_rules):
    def no_values(*_):
        raise NotConverged("it did not converge.")

    monkeypatch.chdir(place)
    monkeypatch.setenv(solved.VARIABLE, "")
    monkeypatch.setattr(solved, "announced", lambda scenario, solve: solve())
    monkeypatch.setattr(continuation, "_solve", no_values)
    (place / "one").mkdir(exist_ok=True)
    (place / "one" / "states.csv").write_text(ONE)
    words = [*RUNNING[command], "--worlds", "2", *DIRECTLY[name], *["--json"] * json]
    status, out, err = call(*words)
    fails = {
        "all failed": "no vote today",
        "not solved": "it did not converge",
        "one replication": "at least 2",
    }
    if name in fails and not (name == "one replication" and command in ("run", "attribute over draws")):
        assert (status in (1, 2), out) == (True, "")
        assert err.count(fails[name]) == len(err.strip().splitlines()) == 1
    elif (name, command.partition(" ")[0]) == ("one state", "attribute"):
        refused((status, out, err))  # no machine works in any mixture
    else:
        assert (status, "Traceback" in err) == (0, False), err
        assert out.strip()
        assert not re.search(r"\b(nan|NaN|inf|Infinity)\b", out)
        if (name, command) == ("one state", "compare"):
            assert "100%      100%" not in out  # no lag stands where no machine works
