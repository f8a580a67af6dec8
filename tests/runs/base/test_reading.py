"""What a file of rules reads when it is imported is part of its identity."""

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
def test_what_is_read_at_import_is_recorded_and_read_again(
    tmp_path, own_rules, monkeypatch, reads, file, then, now
):
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


def test_batch_names_a_data_file_that_has_changed(call, tmp_path, own_rules):
    rule, data, spec = (tmp_path / name for name in ("mine.py", "quota.csv", "mine.toml"))
    rule.write_text(RULE.replace("{}", "(HERE / 'quota.csv').read_text()"))
    data.write_text("0.5")
    spec.write_text(
        'title = "Quota"\nquestion = "Does the quota matter?"\nrules = ["mine.py"]\nreplications = 2\n'
        'scenario = { voting = "mine" }\n[design]\nkind = "grid"\n[factors]\nenvelope_eur_bn = [5.0]\n'
    )
    out = tmp_path / "results"
    status, _, err = call("batch", spec, "--out", out, "--workers", "0")
    assert status == 0, err
    assert call("verify", out)[0] == 0
    data.write_text("0.75")
    status, _, err = call("batch", spec, "--out", out, "--workers", "0")
    assert (status, "quota.csv has changed" in err) == (2, True), err
    _, text, err = call("verify", out)
    assert "quota.csv has changed" in text + err
