"""Rules from a user's file: loading, recording, and errors that name the line."""

import importlib
import json
import re
import sys

import pytest

from juste_retour import simulate
from juste_retour.agents.errors import BadInput
from juste_retour.agents.rules import FAMILIES
from juste_retour.runs.base.user_modules import forget_modules, imported_by
from juste_retour.runs.base.user_rules import RuleFailed, load_rules

GOOD = '''"""A rule of mine."""
from typing import Annotated

from juste_retour.abm.politics.voting import voting
from juste_retour.agents.rules import Parameter


@voting
def two_of_three(ballot, states, *, share: Annotated[float, Parameter(low=0, high=1)] = 2 / 3):
    """Passes with two thirds of the states.

    Source: my own.
    """
    return ballot.yes.sum(-1, keepdims=True) >= share * states.count
'''


@pytest.fixture
def file(tmp_path, own_rules):
    def write(text, name="mine.py"):
        (tmp_path / name).write_text(text)
        return tmp_path / name

    return write


def test_user_rule_runs(call, file):
    path = file(GOOD)
    status, out, err = call(
        "run",
        "--rules",
        path,
        "--set",
        "voting=two_of_three",
        "--set",
        "voting.share=0.9",
        "--json",
        "--worlds",
        3,
    )
    assert status == 0, err
    assert {vote["rule"] for vote in json.loads(out)["votes"]} == {"two_of_three"}
    listed = json.loads(call("rules", "list", "voting", "--rules", path, "--json")[1])["rules"]
    mine = next(rule for rule in listed if rule["name"] == "two_of_three")
    assert (mine["summary"], mine["source"]) == ("Passes with two thirds of the states.", "my own.")


def test_result_records_the_user_rules(file):
    path = file(GOOD)
    load_rules([path])
    record = simulate({"voting": "two_of_three"}).provenance["rules"][-1]
    assert record["file"] == str(path)
    assert record["source"] == GOOD
    assert len(record["sha256"]) == 64


def test_imported_rule_file_is_recorded(file, monkeypatch):
    path = file(GOOD, "imported_rules.py")
    monkeypatch.syspath_prepend(path.parent)
    importlib.import_module("imported_rules")
    record = simulate({"voting": "two_of_three"}).provenance["rules"][-1]
    assert (record["file"], record["source"]) == (str(path), GOOD)
    monkeypatch.delitem(sys.modules, "imported_rules")


def test_changed_rule_file_is_read_again(file):
    first = load_rules([file(GOOD)])[0]
    assert load_rules([file(GOOD)])[0] is first
    moved = "# moved by a line\n" + GOOD.replace("two thirds", "most")
    again = load_rules([file(moved)])[0]
    assert again.rules == (("voting", "two_of_three"),)
    assert FAMILIES["voting"]["two_of_three"].summary == "Passes with most of the states."


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (GOOD + "def broken(:\n", "line 15"),
        (GOOD + "1 / 0\n", "line 15: ZeroDivisionError: division by zero"),
        (GOOD + "raise SystemExit\n", "line 15: SystemExit"),
        (GOOD + "import no_such_module\n", "line 15: ModuleNotFoundError"),
        (GOOD.replace("two_of_three", "unanimity"), "unanimity"),
        (GOOD.replace(" = 2 / 3):", "):"), "'share'"),
        (GOOD.replace("two_of_three", "TwoThirds"), "TwoThirds"),
        ("x = 3\n", "odd.py"),
        ("", "odd.py"),
    ],
)
def test_invalid_rule_file_is_refused_and_enters_nothing(call, file, text, words):
    before = {name: dict(family.rules) for name, family in FAMILIES.items()}
    path = file(text, "odd.py")
    status, out, err = call("run", "--rules", path)
    assert (status, out) == (2, "")
    assert str(path) in err
    assert words in err
    assert len(err.splitlines()) == 1
    assert {name: dict(family.rules) for name, family in FAMILIES.items()} == before


def test_rule_file_that_is_not_text_is_refused(file, tmp_path):
    (tmp_path / "odd.py").write_bytes(b"\xff\xfe")
    with pytest.raises(BadInput, match=r"odd\.py.*UTF-8"):
        load_rules([tmp_path / "odd.py"])
    with pytest.raises(BadInput, match=re.escape(str(tmp_path))):
        load_rules([tmp_path])


def test_failing_rule_is_named_with_its_line(call, file):
    path = file(GOOD.replace("ballot.yes.sum", "ballot.ayes.sum"))
    status, out, err = call("run", "--rules", path, "--set", "voting=two_of_three")
    assert (status, out) == (1, "")
    assert re.search(rf"{re.escape(str(path))}.*line 14.*AttributeError", err)
    assert "Traceback" not in err
    with pytest.raises(RuleFailed) as failed:
        simulate({"voting": "two_of_three"})
    assert isinstance(failed.value.__cause__, AttributeError)


@pytest.mark.parametrize(
    "arguments",
    [
        ["power", "two_of_three"],
        ["vote", "two_of_three", "--yes", "DE"],
        ["tournament", "--set", "voting=two_of_three", "--worlds", "2"],
    ],
)
def test_failing_rule_is_named_in_every_command(call, file, arguments):
    path = file(GOOD.replace("ballot.yes.sum", "ballot.yess.sum"))
    status, _, err = call(*arguments, "--rules", path)
    assert status == 1
    assert re.search(rf"{re.escape(str(path))}.*line 14.*AttributeError.*'yes'", err)


def test_internal_error_is_not_reported_as_a_rule_failure(file, monkeypatch):
    load_rules([file(GOOD)])

    def broken(*args, **kwargs):
        raise ValueError("a fault of the program")

    monkeypatch.setattr("juste_retour.abm.outcomes.Simulation", broken)
    with pytest.raises(ValueError, match="a fault of the program"):
        simulate({"voting": "two_of_three"})


def test_unused_user_rule_changes_nothing(file):
    """A welfare planner simulates the other agendas and must not include an unused one of the user."""
    planner = {"agenda": {"rule": "planner", "objective": "welfare"}, "end": "2025Q4", "window_years": 1.25}
    before = simulate(planner, worlds=2).worlds
    load_rules([file(BROKEN_AGENDA)])
    assert simulate(planner, worlds=2).worlds.equals(before)


@pytest.mark.parametrize("fault", ["1 / 0", "exit(3)"])
def test_failing_agenda_is_named_with_its_line(file, fault):
    load_rules([file(BROKEN_AGENDA.replace("1 / 0", fault))])
    with pytest.raises(RuleFailed, match="line 11"):
        simulate({"agenda": "mine"})


WITH_HELPER = GOOD.replace("from typing", "from quorum_of_mine import SHARE\nfrom typing").replace("2 / 3", "SHARE")


def test_imported_modules_are_recorded_and_reloaded_after_a_change(file):
    file("from deeper_still import SHARE\n", "quorum_of_mine.py")
    file("SHARE = 0.5\n", "deeper_still.py")
    path = file(WITH_HELPER)
    first = load_rules([path])[0]
    assert [m.place for m in first.imports] == ["deeper_still.py", "quorum_of_mine.py"]
    assert load_rules([path])[0] is first
    file("SHARE = 0.9\n", "deeper_still.py")
    assert load_rules([path])[0] is not first
    assert FAMILIES["voting"]["two_of_three"].parameters["share"][0] == 0.9
    record = simulate({"voting": "two_of_three"}).provenance["modules"]
    assert [m["place"] for m in record] == ["deeper_still.py", "mine.py", "quorum_of_mine.py"]
    forget_modules(first.imports)


def test_two_helper_modules_with_one_name_are_refused(file, tmp_path):
    file("SHARE = 0.5\n", "quorum_of_mine.py")
    first = load_rules([file(WITH_HELPER)])[0]
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "quorum_of_mine.py").write_text("SHARE = 0.9\n")
    other = file(WITH_HELPER.replace("two_of_three", "other"), "other/mine.py")
    with pytest.raises(BadInput, match="quorum_of_mine"):
        load_rules([other])
    assert "other" not in FAMILIES["voting"].rules
    forget_modules(first.imports)


def test_standard_library_and_this_package_are_not_user_modules():
    assert imported_by("import os, numpy as np, juste_retour.abm.base.members\nfrom json import loads\n") == ()
    (found,) = imported_by("import tomlkit, pytest\n")
    assert (found.place, found.path) == ("pytest", None)
    assert found.sha256 == pytest.__version__


BROKEN_AGENDA = '''"""An agenda of mine."""
from juste_retour.abm.bargaining.agenda.family import agenda


@agenda
def mine(council):
    """Ends in an error.

    Source: my own.
    """
    return council.conclude(council.plans.one_each(1 / 0), vote=False)
'''
