"""Ctrl-C and SIGTERM at any time: one sentence, the shell's exit status, and no process left behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from juste_retour.runs.experiments.pool import Stop
from juste_retour.runs.stopping import GRACE, Stopped, listening, raising
from tests.runs.small import spec_file

pytestmark = pytest.mark.slow

SPEC = """
scenario = "eu-status-quo"
replications = 100_000
tables = ["worlds"]
chunk = 256
[design]
kind = "grid"
[factors]
voting = ["lisbon_qmv", "unanimity"]
"""
COMMANDS = {
    "run": ["run", "--worlds", "100000"],
    "batch": ["batch", "spec.toml", "--out", "out", "--workers", "2"],
    "batch here": ["batch", "spec.toml", "--out", "out", "--workers", "0"],
    "verdict": ["verdict"],
    "calibrate": ["calibrate"],
    "app": ["app", "--no-browser", "--port", "0"],
}
STATUS = {signal.SIGINT: 130, signal.SIGTERM: 143}
RAISES = '''
from juste_retour.abm.politics.voting import voting


@voting
def leaves(ballot, states):
    """Leaves.

    Source: nobody.
    """
    raise {}
'''


def processes(session):
    """Those of a session that have not ended."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split() if entry.name.isdigit() else []
        except OSError:
            continue
        if fields and fields[0] != "Z" and int(fields[3]) == session:
            found.append(int(entry.name))
    return found


def stopped(words, number, everybody, ready, folder):
    """Start a command, send a signal once it is `ready`, and return its exit status, its errors and what is left of it."""
    command = [Path(sys.executable).parent / "juste-retour", *words]
    started = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        cwd=folder,
        # a shell's background job, as these tests may be, ignores Ctrl-C and hands that down
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    until = time.monotonic() + 60
    while not ready(started.pid) and time.monotonic() < until:
        time.sleep(0.01)
    (os.killpg if everybody else os.kill)(started.pid, number)
    try:
        _, said = started.communicate(timeout=30)
        until = time.monotonic() + 10
        while processes(started.pid) and time.monotonic() < until:
            time.sleep(0.05)
        return started.returncode, said, processes(started.pid)
    finally:
        for pid in processes(started.pid):
            os.kill(pid, signal.SIGKILL)


def loaded(pid):
    """Whether NumPy is there, so that a command is at its work or near it."""
    return "_multiarray_umath" in Path(f"/proc/{pid}/maps").read_text()


@pytest.mark.parametrize(("number", "everybody"), [(signal.SIGTERM, False), (signal.SIGINT, True)])
@pytest.mark.parametrize("name", COMMANDS)
def test_a_signal_ends_a_command_and_all_that_it_started(tmp_path, name, number, everybody):
    spec_file(tmp_path, SPEC)
    status, said, left = stopped(COMMANDS[name], number, everybody, loaded, tmp_path)
    assert status in (130, STATUS[number])
    assert "interrupted" in said
    assert "Traceback" not in said
    assert left == []


def test_a_signal_ends_the_processes_of_a_verdict(tmp_path):
    status, said, left = stopped(
        ["verdict", "--draws", "2000"], signal.SIGTERM, False, lambda pid: len(processes(pid)) > 2, tmp_path
    )
    assert status == 143
    assert "Traceback" not in said
    assert left == []


@pytest.mark.parametrize("number", STATUS)
def test_a_signal_is_answered_while_a_command_loads(tmp_path, number):
    """Before the first line of the package Python itself answers."""

    def begun(pid):
        return caught(pid, number)

    status, said, left = stopped(["run", "--worlds", "100000"], number, False, begun, tmp_path)
    assert status == STATUS[number]
    assert "Traceback" not in said
    assert left == []


def caught(pid, number):
    """Whether a process has a handler of its own for a signal."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("SigCgt:"):
            ours = bool(int(line.split()[1], 16) >> (signal.SIGTERM - 1) & 1)  # Python has none for SIGTERM
            return ours and bool(int(line.split()[1], 16) >> (number - 1) & 1)
    return False


@pytest.mark.parametrize(
    "what", ["BaseException('gone')", "KeyboardInterrupt", "GeneratorExit", "SystemExit(0)"]
)
def test_a_rule_may_raise_anything(tmp_path, call, own_rules, what):
    (tmp_path / "rule.py").write_text(RAISES.format(what))
    words = ["--set", "agenda=commission_proposal", "--set", "voting=leaves"]
    status, _, said = call("run", "--rules", tmp_path / "rule.py", *words)
    assert status in (1, 2, 130)
    assert "Traceback" not in said
    text = SPEC.replace("100_000", "2").replace('"unanimity"', '"leaves"').replace("chunk = 256", "chunk = 2")
    text = f'rules = ["rule.py"]\n{text}agenda = ["commission_proposal"]\n'
    for workers in ("0", "1"):
        out = tmp_path / workers
        status, _, said = call("batch", spec_file(tmp_path, text), "--out", out, "--workers", workers)
        assert status == 1
        assert what.partition("(")[0] in said
        assert "Traceback" not in said
        assert (out / "failures.json").exists()


def test_a_signal_that_is_ignored_stays_so():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with raising():
            os.kill(os.getpid(), signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_signals_are_heard_and_handed_back():
    before, heard = signal.getsignal(signal.SIGTERM), []
    with listening(heard.append):
        os.kill(os.getpid(), signal.SIGTERM)
    assert heard == [signal.SIGTERM]
    with pytest.raises(Stopped) as found, raising():
        os.kill(os.getpid(), signal.SIGTERM)
    assert found.value.exit_status == 143
    assert signal.getsignal(signal.SIGTERM) is before


def test_what_runs_is_dropped_after_a_while_or_at_a_second_signal(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("juste_retour.runs.experiments.pool.time.monotonic", lambda: now[0])
    stop = Stop()
    assert not stop.hurried
    stop.ask()
    assert stop.asked
    assert not stop.hurried
    now[0] = GRACE
    assert stop.hurried
    other = Stop()
    other.ask()
    other.ask()
    assert other.hurried
