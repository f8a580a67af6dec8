"""A batch on a Dask scheduler gives the same files as a local batch, even if workers are lost."""

import errno
import json
import logging
import os
import re
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace

import pytest

from juste_retour.agents.errors import BadInput, CannotWrite, JusteRetourError
from juste_retour.runs.engine import pool
from juste_retour.runs.engine.experiment import batch
from juste_retour.runs.engine.pool import fingerprint, there
from juste_retour.runs.engine.spec import read_spec
from juste_retour.runs.engine.store import Busy, Store
from tests.runs.small import SPEC, files, manifest, run_small, spec_file
from tests.runs.test_readme import blocks

pytestmark = pytest.mark.slow

pytest.importorskip("distributed", reason="Dask is the extra dask")
ROOT = Path(__file__).parents[3]
TEXT = SPEC.replace("chunk = 6", "chunk = 2")


@contextmanager
def cluster(folder, workers=2):
    """A scheduler and workers as processes; yields (address, scheduler, workers)."""
    where = folder / "scheduler.json"
    quiet = {
        "cwd": ROOT,
        "stdout": subprocess.DEVNULL,
        "stderr": subprocess.DEVNULL,
        "env": {**os.environ, "PYTHONPATH": str(ROOT)},
    }
    usual = ["--host", "127.0.0.1", "--no-dashboard", "--scheduler-file", str(where)]
    scheduler = [sys.executable, "-m", "distributed.cli.dask_scheduler", *usual, "--port", "0"]
    worker = [sys.executable, "-m", "distributed.cli.dask_worker", *usual, "--nthreads", "1", "--no-nanny"]
    found = [subprocess.Popen(scheduler, **quiet)]
    found += [
        subprocess.Popen([*worker, "--local-directory", str(folder / f"worker-{k}")], **quiet) for k in range(workers)
    ]
    try:
        yield address_of(where, workers), found[0], found[1:]
    finally:
        for process in found:
            with suppress(ProcessLookupError):
                process.kill()
            process.wait()


def address_of(where, workers):
    from distributed import Client

    until = time.monotonic() + 120
    while not where.exists() and time.monotonic() < until:
        time.sleep(0.05)
    address = json.loads(where.read_text())["address"]
    with Client(address, set_as_default=False) as client:
        client.wait_for_workers(workers, timeout=120)
    return address


@pytest.fixture(scope="module")
def local(tmp_path_factory):
    return run_small(tmp_path_factory.mktemp("at-home"), text=TEXT)


def slurm_cluster(address):
    """A stand-in for the cluster class of the README's script, connected to the running scheduler."""

    class SLURMCluster:
        scheduler_address = address

        def __init__(self, *, cores, processes, memory, walltime, queue):
            self.jobs = 0

        def __enter__(self):
            return self

        def __exit__(self, *error):
            pass

        def adapt(self, *, minimum_jobs, maximum_jobs):
            assert minimum_jobs <= maximum_jobs
            self.jobs = minimum_jobs

        def wait_for_workers(self, count):
            assert self.jobs >= count

    return SLURMCluster


def test_killed_worker_changes_nothing_and_lost_scheduler_is_reported(local, tmp_path, monkeypatch):
    spec, seen = spec_file(tmp_path, TEXT), []
    with cluster(tmp_path) as (address, scheduler, workers):

        def kill_one(tally):
            seen.append(tally.chunks_done)
            if len(seen) == 2:
                workers[0].send_signal(signal.SIGKILL)

        done = batch(spec, tmp_path / "out", cluster=address, progress=kill_one)
        assert workers[0].wait(10) == -signal.SIGKILL
        assert len(seen) == done.tally.chunks == 12
        assert files(tmp_path / "out") == files(local)
        assert manifest(tmp_path / "out")["result"] == manifest(local)["result"]

        monkeypatch.chdir(tmp_path)
        spec.rename("mine.toml")
        monkeypatch.setitem(sys.modules, "dask_jobqueue", SimpleNamespace(SLURMCluster=slurm_cluster(address)))
        script = next(code for code in blocks("py") if "SLURMCluster" in code)
        exec(script, {"__name__": "__main__"})
        assert files(tmp_path / "results") == files(local)
        spec = Path("mine.toml")

        def lose(tally):
            scheduler.kill()

        with pytest.raises(JusteRetourError, match=re.escape(address)):
            batch(spec, tmp_path / "cut", cluster=address, progress=lose)
        assert not logging.getLogger("distributed.client").isEnabledFor(logging.ERROR)  # it prints tracebacks
    assert 1 <= len(Store(tmp_path / "cut").done()) < 12
    batch(spec, tmp_path / "cut", workers=0)
    assert files(tmp_path / "cut") == files(local)


def test_cluster_without_workers_is_reported_and_can_be_stopped(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(pool, "ALONE", 0.3)
    content = json.dumps(dict(read_spec(spec_file(tmp_path, TEXT)).content), default=str)
    stop, found = pool.Stop(), []
    with cluster(tmp_path, workers=1) as (address, _, (worker,)):
        running = pool.dask(content, range(12), stop, address)
        found.append(next(running))
        worker.kill()
        rest = threading.Thread(target=lambda: found.extend(running), daemon=True)
        rest.start()
        until = time.monotonic() + 60
        while address not in caplog.text and time.monotonic() < until:
            time.sleep(0.05)
        assert address in caplog.text
        assert rest.is_alive()
        stop.asked = True
        rest.join(20)
        assert not rest.is_alive()
    assert len(caplog.records) == 1
    assert 1 <= len(found) < 12
    assert all(produced.failure is None for produced in found)


def test_check_of_workers_tolerates_lost_ones(tmp_path):
    content = json.dumps(dict(read_spec(spec_file(tmp_path, TEXT)).content), default=str)
    same, lost = fingerprint(content), OSError("Stream is closed")

    def check(**answers):
        pool._same_everywhere(SimpleNamespace(run=lambda *_, on_error: answers), content, same)

    check(one=lost, two=same)
    with pytest.raises(JusteRetourError, match=r"\bone\b"):
        check(one=lost)
    with pytest.raises(BadInput, match=r"\btwo\b.*No module"):
        check(one=lost, two=ModuleNotFoundError("No module named 'runs'"))
    with pytest.raises(BadInput, match=r"\bone\b.*No such file"):
        check(one=FileNotFoundError(2, "No such file"))
    with pytest.raises(BadInput, match=r"\btwo\b"):
        check(one=same, two={**same, "code": "other"})
    with pytest.raises(BadInput, match="workers"):
        check()


def test_worker_with_other_code_or_rules_is_refused(tmp_path):
    content = json.dumps(dict(read_spec(spec_file(tmp_path, TEXT)).content), default=str)
    same = fingerprint(content)
    assert there(content, 0, same).failure is None
    for key in ("spec", "code", "numpy", "scipy", "juste_retour"):
        found = there(content, 0, {**same, key: "other"})
        assert not found.files
        assert "install the same" in found.failure.message
    assert "cannot read the spec" in there("{}", 0, same).failure.message


def test_threads_of_a_worker_run_one_at_a_time(tmp_path, local):
    content = json.dumps(dict(read_spec(spec_file(tmp_path, TEXT)).content), default=str)
    expected, found = fingerprint(content), {}

    def work(chunk):
        found[chunk] = there(content, chunk, expected)

    crew = [threading.Thread(target=work, args=(chunk,)) for chunk in range(6)]
    for thread in crew:
        thread.start()
    for thread in crew:
        thread.join()
    kept = files(local)
    for chunk, produced in found.items():
        assert produced.files["worlds"] == kept[f"worlds/{chunk:06d}.parquet"]


def test_unusable_cluster_is_reported(tmp_path, monkeypatch):
    monkeypatch.setattr(pool, "PATIENCE", 0.2)
    with pytest.raises(BadInput, match=r"tcp://127\.0\.0\.1:1"):
        run_small(tmp_path, workers=None, cluster="tcp://127.0.0.1:1")
    with pytest.raises(BadInput, match="here"):
        run_small(tmp_path, workers=None, cluster="here")
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(BadInput, match=r"install juste-retour\[dask\]"):
        run_small(tmp_path, workers=None, cluster="tcp://127.0.0.1:1")


def test_file_system_without_locks_is_reported(tmp_path, monkeypatch):
    def refuse(number):
        def flock(*_):
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr("fcntl.flock", flock)

    for number in (errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP):
        refuse(number)
        with pytest.raises(CannotWrite, match=re.escape(os.strerror(number))):
            run_small(tmp_path)
    for number in (errno.EAGAIN, errno.EACCES):
        refuse(number)
        with pytest.raises(Busy, match=re.escape(str(tmp_path / "out"))):
            run_small(tmp_path)
