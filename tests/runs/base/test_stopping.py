"""Ctrl-C and SIGTERM: one sentence, the shell's exit status, and no process left."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from juste_retour.runs.base.stopping import GRACE, Stopped, listening, raising
from juste_retour.runs.engine.pool import Stop
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
    """The processes of a session that have not ended."""
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
    """Start a command, send a signal once `ready`, and return its exit status, error output and remaining processes."""
    command = [Path(sys.executable).parent / "juste-retour", *words]
    started = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        cwd=folder,
        # a shell's background job ignores Ctrl-C and its children inherit that
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    until = time.monotonic() + 60
    while not ready(started.pid) and time.monotonic() < until:
        time.sleep(0.01)
    (os.killpg if everybody else os.kill)(started.pid, number)
    try:
        _, printed = started.communicate(timeout=30)
        until = time.monotonic() + 10
        while processes(started.pid) and time.monotonic() < until:
            time.sleep(0.05)
        return started.returncode, printed, processes(started.pid)
    finally:
        for pid in processes(started.pid):
            os.kill(pid, signal.SIGKILL)


def loaded(pid):
    """Whether the process has loaded NumPy, so the command has begun its work."""
    return "_multiarray_umath" in Path(f"/proc/{pid}/maps").read_text()


@pytest.mark.parametrize(("number", "everybody"), [(signal.SIGTERM, False), (signal.SIGINT, True)])
@pytest.mark.parametrize("name", COMMANDS)
def test_signal_ends_a_command_and_its_processes(tmp_path, name, number, everybody):
    spec_file(tmp_path, SPEC)
    status, printed, left = stopped(COMMANDS[name], number, everybody, loaded, tmp_path)
    assert status in (130, STATUS[number])
    assert "interrupted" in printed
    assert "Traceback" not in printed
    assert left == []


def test_signal_ends_the_workers_of_a_verdict(tmp_path):
    status, printed, left = stopped(
        ["verdict", "--draws", "2000"], signal.SIGTERM, False, lambda pid: len(processes(pid)) > 2, tmp_path
    )
    assert status == 143
    assert "Traceback" not in printed
    assert left == []


@pytest.mark.parametrize("number", STATUS)
def test_signal_during_import_ends_the_command(tmp_path, number):
    """Before the first line of the package runs, Python's own handler acts."""

    def begun(pid):
        return caught(pid, number)

    status, printed, left = stopped(["run", "--worlds", "100000"], number, False, begun, tmp_path)
    assert status == STATUS[number]
    assert "Traceback" not in printed
    assert left == []


def caught(pid, number):
    """Whether a process has its own handler for the signal."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("SigCgt:"):
            ours = bool(int(line.split()[1], 16) >> (signal.SIGTERM - 1) & 1)  # Python has none for SIGTERM
            return ours and bool(int(line.split()[1], 16) >> (number - 1) & 1)
    return False


@pytest.mark.parametrize("what", ["BaseException('gone')", "KeyboardInterrupt", "GeneratorExit", "SystemExit(0)"])
def test_any_exception_of_a_rule_is_reported(tmp_path, call, own_rules, what):
    (tmp_path / "rule.py").write_text(RAISES.format(what))
    words = ["--set", "agenda=commission_proposal", "--set", "voting=leaves"]
    status, _, printed = call("run", "--rules", tmp_path / "rule.py", *words)
    assert status in (1, 2, 130)
    assert "Traceback" not in printed
    text = SPEC.replace("100_000", "2").replace('"unanimity"', '"leaves"').replace("chunk = 256", "chunk = 2")
    text = f'rules = ["rule.py"]\n{text}agenda = ["commission_proposal"]\n'
    for workers in ("0", "1"):
        out = tmp_path / workers
        status, _, printed = call("batch", spec_file(tmp_path, text), "--out", out, "--workers", workers)
        assert status == 1
        assert what.partition("(")[0] in printed
        assert "Traceback" not in printed
        assert (out / "failures.json").exists()


def test_ignored_signal_stays_ignored():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with raising():
            os.kill(os.getpid(), signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_signal_handlers_are_restored():
    before, heard = signal.getsignal(signal.SIGTERM), []
    with listening(heard.append):
        os.kill(os.getpid(), signal.SIGTERM)
    assert heard == [signal.SIGTERM]
    with pytest.raises(Stopped) as found, raising():
        os.kill(os.getpid(), signal.SIGTERM)
    assert found.value.exit_status == 143
    assert signal.getsignal(signal.SIGTERM) is before


def test_stop_hurries_after_the_grace_period_or_a_second_signal(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("juste_retour.runs.engine.pool.time.monotonic", lambda: now[0])
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
