"""What a file of rules reads, when it is imported or in a run, is part of its identity."""

import json

import pytest

from juste_retour.agents.rules import FAMILIES
from juste_retour.runs.base.user_rules import load_rules

RULE = '''"""A rule."""
import csv, importlib, os, runpy
from pathlib import Path

from juste_retour.abm.politics.voting import voting

HERE = Path(__file__).parent
QUOTA = {}


@voting
def mine(ballot, states):
    """Passes with a share of the states.

    Source: my own.
    """
    return ballot.yes.sum(-1) > float(QUOTA) * states.count
'''


@pytest.mark.parametrize(
    ("reads", "file", "then", "now"),
    [
        ("importlib.import_module('quota_of_mine').Q", "quota_of_mine.py", "Q = 0.5", "Q = 0.75"),
        ("runpy.run_path(str(HERE / 'quota.py'))['Q']", "quota.py", "Q = 0.5", "Q = 0.75"),
        ("next(csv.reader(open(HERE / 'quota.csv')))[0]", "quota.csv", "0.5", "0.75"),
        ("(HERE / 'quota.txt').read_text()", "quota.txt", "0.5", "0.75"),
        ("os.environ.get('MY_QUOTA')", "environment variable MY_QUOTA", "0.5", "0.75"),
    ],
)
def test_what_is_read_at_import_is_recorded_and_read_again(tmp_path, own_rules, monkeypatch, reads, file, then, now):
    def write(content):
        if "." in file:
            (tmp_path / file).write_text(content)
        else:
            monkeypatch.setenv(file.rpartition(" ")[2], content)

    rule = tmp_path / "mine.py"
    rule.write_text(RULE.replace("{}", reads))
    write(then)
    (first,) = load_rules([rule])
    assert load_rules([rule])[0] is first
    assert [module.place for module in first.imports] == [file]
    write(now)
    (second,) = load_rules([rule])
    assert [module.place for module in second.imports] == [file]
    assert second.imports[0].sha256 != first.imports[0].sha256
    assert float(FAMILIES["voting"]["mine"].function.__globals__["QUOTA"]) == 0.75


def manifest(folder):
    return json.loads((folder / "manifest.json").read_text())


AT_IMPORT = RULE.replace("{}", "(HERE / 'quota.csv').read_text()")
IN_A_RUN = RULE.replace("QUOTA = {}\n", "").replace("float(QUOTA)", "float({})")


@pytest.mark.parametrize(
    ("rule", "reads", "file"),
    [
        (AT_IMPORT, "", "quota.csv"),
        (IN_A_RUN, "importlib.import_module('quota_in_run').Q", "quota_in_run.py"),
        (IN_A_RUN, "runpy.run_path(str(HERE / 'quota.py'))['Q']", "quota.py"),
        (IN_A_RUN, "next(csv.reader(open(HERE / 'quota.csv')))[0]", "quota.csv"),
        (IN_A_RUN, "importlib.import_module('json').load(open(HERE / 'quota.json'))", "quota.json"),
        (IN_A_RUN, "importlib.import_module('numpy').loadtxt(HERE / 'quota.txt')", "quota.txt"),
        (
            IN_A_RUN,
            "importlib.import_module('pandas').read_csv(HERE / 'q.csv', header=None).iloc[0, 0]",
            "q.csv",
        ),
        (IN_A_RUN, "os.environ['QUOTA_IN_RUN']", "environment variable QUOTA_IN_RUN"),
    ],
)
def test_batch_and_verify_name_what_has_changed(call, tmp_path, own_rules, monkeypatch, rule, reads, file):
    def write(value):
        if file.startswith("environment"):
            monkeypatch.setenv("QUOTA_IN_RUN", value)
        else:
            (tmp_path / file).write_text(f"Q = {value}" if file.endswith(".py") else value)

    write("0.5")
    (tmp_path / "mine.py").write_text(rule.replace("{}", reads))
    spec, out = tmp_path / "mine.toml", tmp_path / "results"
    spec.write_text(
        'title = "Quota"\nquestion = "Does the quota matter?"\nrules = ["mine.py"]\nreplications = 1\n'
        'scenario = { voting = "mine" }\n[design]\nkind = "grid"\n[factors]\nenvelope_eur_bn = [5.0]\n'
    )
    status, _, err = call("batch", spec, "--out", out, "--workers", "0")
    assert status == 0, err
    status, text, err = call("verify", out, "--workers", "0")
    assert (status, "has changed" in text) == (0, False), err
    write("0.75")
    status, _, err = call("batch", spec, "--out", out, "--workers", "0")
    assert (status, f"{file} has changed" in err) == (2, True), err
    _, text, err = call("verify", out, "--workers", "0")
    assert f"{file} has changed" in text + err
    fresh = tmp_path / "fresh"
    assert call("batch", spec, "--out", fresh, "--workers", "0")[0] == 0
    assert any(name.endswith(file) for name in {**manifest(fresh)["read"], **manifest(fresh)["rules"]})
