"""Scaffolds: every family has one, each passes the checks and its own test, and no file is overwritten."""

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile

import pytest

from juste_retour.agents.errors import BadInput, CannotWrite
from juste_retour.agents.rules import FAMILIES
from juste_retour.runs.base.user_rules import load_rules
from juste_retour.runs.workshop.conformance.scenes import shipped
from juste_retour.runs.workshop.scaffold import FILES, SCAFFOLDS, new, new_package

pytestmark = pytest.mark.slow


def test_every_family_has_a_scaffold():
    assert set(SCAFFOLDS) == {name for name in FAMILIES if shipped(name)}


def test_scaffolds_pass_their_own_tests_and_are_short(tmp_path):
    """Run in a separate process, as users do. The generated tests apply the public checks."""
    for family in SCAFFOLDS:
        rule, test = new(family, f"my_{family}", tmp_path)
        text = rule.read_text()
        assert len(text.splitlines()) < 40
        assert max(len(line) for line in text.splitlines()) <= 120
        assert f"def my_{family}(" in text
        assert test.name == f"test_my_{family}.py"
    for what in FILES:
        new(what, f"my_{what}", tmp_path)
    tests = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    done = subprocess.run(tests, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stdout[-3000:]
    assert f"{3 * len(SCAFFOLDS) + 2 * len(FILES)} passed" in done.stdout
    linted = [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "E4,E7,E9,F", str(tmp_path)]
    assert subprocess.run(linted, capture_output=True, check=False).returncode == 0


def test_scaffold_runs_from_the_command_line(call, tmp_path, monkeypatch, own_rules):
    monkeypatch.chdir(tmp_path)
    status, out, err = call("rules", "new", "voting", "two_thirds")
    assert (status, err) == (0, "")
    assert "juste-retour rules check two_thirds.py" in out
    assert call("run", "--rules", "two_thirds.py", "--set", "voting=two_thirds")[0] == 0


def test_agent_and_outcome_scaffolds_run_and_are_listed(call, tmp_path, monkeypatch, own_rules):
    monkeypatch.chdir(tmp_path)
    status, out, err = call("rules", "new", "agent", "patient_state")
    assert (status, err) == (0, "")
    assert "--set agents=PatientState" in out
    assert call("run", "--rules", "patient_state.py", "--set", "agents=PatientState")[0] == 0
    listing = call("rules", "list", "agent", "--rules", "patient_state.py")[1]
    assert "margin_eur_bn" in listing
    assert "0.1 [assumed]" in listing  # no meaning is given, so none is shown
    assert call("rules", "new", "outcome", "per_host")[0] == 0
    listed = json.loads(call("rules", "list", "--rules", "per_host.py", "--json")[1])
    assert [one["name"] for one in listed["outcomes"]] == ["per_host"]
    assert [one["name"] for one in listed["agents"]] == ["PatientState"]
    status, _, err = call("rules", "new", "agent", "other", "--package")
    assert (status, "--package" in err) == (2, True)


@pytest.mark.parametrize(
    ("family", "name", "words"),
    [
        ("votting", "mine", "'voting'"),
        ("voting", "Mine", "'Mine'"),
        ("voting", "2_thirds", "'2_thirds'"),
        ("voting", "a b", "'a b'"),
        ("voting", "pass", "'pass'"),
        ("agenda", "queue", "'queue'"),
        ("voting", "unanimity", "voting.py:"),
        ("voting", "test_mine", "test_mine"),
        ("voting", "there", "there.py"),
        ("voting", "tested", "test_tested.py"),
    ],
)
def test_invalid_scaffold_names_are_refused(tmp_path, call, monkeypatch, family, name, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there.py").write_text("x = 1\n")
    (tmp_path / "test_tested.py").write_text("x = 1\n")
    status, out, err = call("rules", "new", family, name)
    assert (status, out) == (2, "")
    assert words in err
    assert len(err.splitlines()) == 1
    assert {path.name for path in tmp_path.iterdir()} == {"there.py", "test_tested.py"}


def test_unwritable_folder_is_reported(tmp_path, call, monkeypatch):
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(CannotWrite, match=re.escape(str(file))):
        new("voting", "of_my_own", file)


def test_user_family_has_no_scaffold(tmp_path, own_rules):
    path = tmp_path / "mine.py"
    path.write_text(
        '"""Mine."""\nfrom juste_retour.agents.rules import Family\n\nlobby = Family("lobby", decides="who lobbies", signature="rule()")\n\n\n'
        '@lobby\ndef nobody():\n    """Nobody.\n\n    Source: my own.\n    """\n    return 0\n'
    )
    load_rules([path])
    with pytest.raises(BadInput, match="lobby"):
        new("lobby", "mine", tmp_path)


@pytest.mark.skipif(shutil.which("uv") is None, reason="uv builds the package")
def test_package_builds_offline_and_passes_its_own_test(tmp_path):
    """The wheel is unpacked as an installer would do, and everything runs in separate processes."""
    new_package("voting", "my_rule", tmp_path)
    source, built, installed = tmp_path / "my_rule", tmp_path / "built", tmp_path / "installed"
    build = ["uv", "build", "--wheel", "--offline", "--no-config", "-o", str(built), str(source)]
    done = subprocess.run(build, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (wheel,) = built.glob("*.whl")
    zipfile.ZipFile(wheel).extractall(installed)
    at = {"cwd": tmp_path, "env": os.environ | {"PYTHONPATH": str(installed)}, "check": False}
    tests = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", str(source / "tests")]
    done = subprocess.run(tests, capture_output=True, text=True, **at)
    assert "4 passed" in done.stdout, done.stdout[-3000:]
    start = "import sys; from juste_retour.runs.cli.start import main; sys.exit(main())"
    command = [sys.executable, "-c", start, "run", "--set", "voting=my_rule", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, **at)
    assert (done.returncode, done.stderr) == (0, "")


def test_package_does_not_overwrite_files(tmp_path, call, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert call("rules", "new", "voting", "two_thirds", "--package")[0] == 0
    before = (tmp_path / "two_thirds" / "pyproject.toml").read_bytes()
    status, out, err = call("rules", "new", "bid", "two_thirds", "--package")
    assert (status, out) == (2, "")
    assert "two_thirds" in err
    assert (tmp_path / "two_thirds" / "pyproject.toml").read_bytes() == before
    (tmp_path / "file").write_text("")
    with pytest.raises(CannotWrite, match="file"):
        new_package("voting", "of_my_own", tmp_path / "file")
