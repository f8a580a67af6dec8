"""The command line: lazy imports, help, interruptions, and lists of scenarios, parameters and rules."""

import io
import json
import os
import subprocess
import sys
import tomllib
from importlib.metadata import EntryPoint, entry_points, version

import pytest
from rich.console import Console

import juste_retour.abm.worlds.scenario
from juste_retour.agents.rules import FAMILIES
from juste_retour.runs.base import printing
from juste_retour.runs.cli import lazy_group as command

pytestmark = pytest.mark.slow


def test_help_imports_no_heavy_package():
    code = (
        "import sys; from juste_retour.runs.cli.lazy_group import main; status = main(['--help'])\n"
        "heavy = {'numpy', 'scipy', 'pandas', 'mesa', 'pydantic', 'rich', 'matplotlib', 'solara', 'abm'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
        "sys.exit(status)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "run" in done.stdout
    assert "Run a scenario" in done.stdout


def test_no_arguments_show_the_help(call):
    assert call() == call("--help") == call("-h")


def test_version(call):
    assert call("--version") == (0, version("juste-retour") + "\n", "")


@pytest.mark.parametrize("point", list(entry_points(group=command.GROUP)), ids=lambda point: point.name)
def test_every_command_has_a_summary_and_help(call, point):
    assert command.first_line(point).endswith(".")
    status, out, _ = call(point.name, "--help")
    assert status == 0
    assert out.startswith(f"Usage: juste-retour {point.name}")


def test_summary_of_a_command_is_read_without_importing_it(tmp_path, monkeypatch):
    (tmp_path / "loud.py").write_text('"""The module."""\nraise SystemExit\n\n\ndef go():\n    """Goes."""\n')
    monkeypatch.syspath_prepend(tmp_path)
    assert command.first_line(EntryPoint("go", "loud:go", command.GROUP)) == "Goes."
    assert command.first_line(EntryPoint("app", "loud:app", command.GROUP)) == "The module."
    assert command.first_line(EntryPoint("gone", "no_such_module:app", command.GROUP)) == ""


def test_interruption_is_reported_in_one_line(call, monkeypatch):
    def interrupted(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("juste_retour.abm.outcomes.Simulation", interrupted)
    status, out, err = call("run")
    assert (status, out) == (130, "")
    assert len(err.splitlines()) == 1
    assert "Traceback" not in err


def test_internal_error_is_reported_in_one_line(call, monkeypatch):
    def broken(*args, **kwargs):
        raise ZeroDivisionError("by\nnothing")

    monkeypatch.setattr("juste_retour.abm.outcomes.Simulation", broken)
    status, _, err = call("run")
    assert status == 1
    assert err.count("\n") == 1
    assert command.FAULT in err
    monkeypatch.setenv(command.TRACEBACK, "1")
    with pytest.raises(ZeroDivisionError):
        call("run")


def test_path_that_is_too_long_is_reported_in_one_line(call):
    for arguments in (["run"], ["run", "--members"], ["run", "--rules"], ["run", "--out"], ["verify"]):
        status, _, err = call(*arguments, "x" * 5000)
        assert status in (1, 2)
        assert err.count("\n") == 1
        assert command.FAULT not in err


@pytest.mark.parametrize("arguments", [["scenarios", "parameters", "--json"], ["power", "simple_majority"]])
def test_closed_pipe_gives_no_error_message(arguments):
    code = f"from juste_retour.runs.cli.lazy_group import main; import sys; sys.exit(main({arguments!r}))"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        errors = process.stderr.read()
    assert errors == b""
    assert process.returncode == 1


def test_closed_standard_streams_lose_no_file(tmp_path):
    program = f"{sys.executable} -c 'import sys; from juste_retour.runs.cli.lazy_group import main; sys.exit(main())'"
    for closed, status in (("run --out made <&- >&- 2>&-", 0), ("rnu >&- 2>&-", 2)):
        done = subprocess.run(f"{program} {closed}", shell=True, cwd=tmp_path)
        assert done.returncode == status, closed
    assert (tmp_path / "made" / "worlds.parquet").read_bytes()[:4] == b"PAR1"


def test_scenarios_are_listed_and_shown_as_valid_files(call):
    listed = json.loads(call("scenarios", "list", "--json")[1])["scenarios"]
    assert [s["name"] for s in listed] == juste_retour.abm.worlds.scenario.presets()
    assert all(s["summary"].endswith(".") for s in listed)
    text = call("scenarios", "list")[1]
    for preset in listed:
        assert preset["name"] in text
        shown = tomllib.loads(call("scenarios", "show", preset["name"])[1])
        assert juste_retour.abm.worlds.scenario.load(shown).digest == preset["digest"]
        short = tomllib.loads(call("scenarios", "show", preset["name"], "--changes")[1])
        assert len(short) < len(shown)
        assert juste_retour.abm.worlds.scenario.load(short).digest == preset["digest"]
        assert json.loads(call("scenarios", "show", preset["name"], "--json")[1])["name"] == preset["name"]


def test_scenarios_parameters_lists_every_parameter(call):
    found = json.loads(call("scenarios", "parameters", "--json")[1])["parameters"]
    assert {p["name"] for p in found} == set(juste_retour.abm.worlds.scenario.parameters())
    assert all(p["about"] and p["source"] for p in found)
    text = call("scenarios", "parameters")[1]
    assert all(p["name"] in text for p in found)


def test_rules_list_shows_every_rule(call):
    found = json.loads(call("rules", "list", "--json")[1])["rules"]
    assert {(r["family"], r["name"]) for r in found} >= {(f.name, r.name) for f in FAMILIES.values() for r in f}
    assert all(r["summary"] for r in found)
    lisbon = next(r for r in found if r["name"] == "lisbon_qmv")
    assert {"anonymous", "monotone"} & set(lisbon["properties"])
    assert lisbon["source"]
    voting = json.loads(call("rules", "list", "voting", "--json")[1])["rules"]
    assert voting == [r for r in found if r["family"] == "voting"]
    text = call("rules", "list", "voting")[1]
    assert all(r["name"] in text for r in voting)
    assert "host_matches_half" not in text
    assert "ballot.union_yes" in text
    families = [line.partition(":")[0] for line in call("rules", "list")[1].splitlines() if line[:1].islower()]
    assert families == [*sorted(FAMILIES), "agent", "outcome"]


def test_json_writes_infinity_and_nan_as_null():
    assert json.loads(printing.json_text({"a": [float("inf"), float("nan"), 1.5], "b": float("-inf")})) == {
        "a": [None, None, 1.5],
        "b": None,
    }


def test_output_without_unicode_loses_no_line():
    """Some city names are not ASCII: a table replaces these letters and JSON escapes them."""
    at = {"capture_output": True, "env": os.environ | {"PYTHONIOENCODING": "ascii"}, "check": True}
    start = "import sys; from juste_retour.runs.cli.start import main; sys.exit(main())"
    command = [sys.executable, "-c", start, "run", "--seed", "0"]
    assert b"Link?ping" in subprocess.run(command, **at).stdout
    cities = [f["city"] for f in json.loads(subprocess.run([*command, "--json"], **at).stdout)["facilities"]]
    assert "Linköping" in cities


def test_length_of_bars():
    blocks = Console(file=io.TextIOWrapper(io.BytesIO(), encoding="utf-8"))
    letters = Console(file=io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    assert printing.bar(10, 10, 6, blocks) == "██████"
    assert printing.bar(5, 10, 5, blocks) == "██▌"
    assert printing.bar(1e-9, 10, 5, blocks) == "▏"
    assert printing.bar(0, 10, 5, blocks) == printing.bar(1, 0, 5, blocks) == ""
    assert printing.bar(5, 10, 6, letters) == "###"


def test_progress_is_shown_only_in_terminals_after_a_delay(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    for stream, patience, shown in (
        (io.StringIO(), 0, False),
        (Terminal(), 60, False),
        (Terminal(), 0, True),
    ):
        monkeypatch.setattr(sys, "stderr", stream)
        monkeypatch.setattr(printing, "PATIENCE", patience)
        monkeypatch.setenv("TERM", "xterm")
        with printing.progress("worlds") as report:
            for done in (1, 2, 3):
                report(done, 3)
        assert ("worlds" in stream.getvalue()) is shown
