"""A command that would take over an hour by its own estimate is refused and names `--yes`."""

import re

import pytest

from juste_retour.agents.errors import BadInput
from juste_retour.runs.cli.lazy_group import GROUP, TASKS
from juste_retour.runs.cli.patience import HOUR, long, refuse_hours
from juste_retour.runs.engine.store import DONE
from juste_retour.runs.studies.europe.commands.verdict_command import estimated_seconds
from juste_retour.runs.studies.europe.sizes import FULL

MANY = "99999999999"


@pytest.mark.parametrize(
    "words",
    [
        ["run", "--worlds", MANY],
        ["compare", "eu-status-quo", "essay-reform", "--worlds", MANY],
        ["attribute", "eu-status-quo", "essay-reform", "--worlds", MANY],
        ["tournament", "--worlds", MANY],
        ["patterns", "--worlds", MANY],
        ["calibrate", "--draws", MANY],
        ["verdict", "--worlds", MANY],
        ["verdict", "--quick", "--base", str(2**30)],
        ["verdict", "--quick", "--draws", MANY],
    ],
)
def test_very_long_commands_are_refused_and_name_yes(call, words):
    status, out, err = call(*words)
    assert (status, out) == (2, "")
    assert "--yes" in err


def test_very_long_batch_is_refused_before_writing(call, tmp_path):
    spec = tmp_path / "s.toml"
    spec.write_text(
        'replications = 999999999\n[design]\nkind = "grid"\n[factors]\nvoting = ["lisbon_qmv", "unanimity"]\n'
    )
    status, _, err = call("batch", spec, "--out", tmp_path / "o", "--workers", "1")
    assert (status, "--yes" in err, (tmp_path / "o").exists()) == (2, True, False)


def test_very_long_verification_is_refused_and_names_yes(call, tmp_path):
    spec, out = tmp_path / "s.toml", tmp_path / "o"
    spec.write_text('replications = 4\n[design]\nkind = "grid"\n[factors]\nvoting = ["lisbon_qmv", "unanimity"]\n')
    assert call("batch", spec, "--out", out, "--workers", "0")[0] == 0
    done = out / DONE
    done.write_text(re.sub('"seconds": ?[0-9.]+', '"seconds": 1e7', done.read_text()))
    status, printed, err = call("verify", out, "--all", "--workers", "1")
    assert (status, printed, "--yes" in err) == (2, "", True)
    assert call("verify", out, "--all", "--workers", "0", "--yes")[0] == 0


def test_published_verdict_takes_less_than_an_hour():
    assert estimated_seconds(FULL, 2) < HOUR


def test_limit_is_one_hour_and_yes_lifts_it():
    refuse_hours(3600.0, False, "ask for less")
    refuse_hours(1e9, True, "ask for less")
    with pytest.raises(BadInput, match="--yes"):
        refuse_hours(3601.0, False, "ask for less")
    assert (long(7200), long(1e6), long(1e9)) == ("2.0 h", "12 days", "32 years")


def test_every_command_belongs_to_exactly_one_task():
    from importlib.metadata import entry_points

    listed = [name for names in TASKS.values() for name in names]
    assert len(listed) == len(set(listed))
    assert {point.name for point in entry_points(group=GROUP) if "juste_retour" in point.value} == set(listed)
