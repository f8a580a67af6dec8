"""Shared by all tests: no deadline for a Hypothesis example, because machines are noisy, and a cache folder of their own."""

import hashlib
import json
import os
import tempfile
from contextlib import suppress
from functools import cache
from importlib.metadata import distributions
from itertools import chain
from pathlib import Path

import pytest
from hypothesis import settings
from xdist.scheduler import LoadFileScheduling

HERE = Path(__file__).parent
KEPT = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "juste-retour-tests"
NUMBERS = ("tests/runs/studies/", "tests/runs/benchmarks/", "tests/theory/", "tests/test_same_bits.py")

PASSED: dict[str, list[str]] = {}

settings.register_profile("no_deadline", deadline=None)
settings.load_profile("no_deadline")

# Solved equilibria go to a folder of this test run, also those of the commands that the tests start.
if "PYTEST_XDIST_WORKER" not in os.environ:
    os.environ["JUSTE_RETOUR_CACHE"] = tempfile.mkdtemp(prefix="juste-retour-")


def pytest_xdist_auto_num_workers(config):
    """Use no worker for a single file, which then starts at once and can be debugged; else one per core, and one more.

    The worker that drives the browser mostly waits for it.
    """
    if len(config.args) == 1 and ".py" in config.args[0]:
        return 0
    return min(os.cpu_count() or 1, 4) + 1


def pytest_configure(config):
    """Leave out known numbers only if no test is asked for by name, and not on the full lane."""
    config.lane = getattr(config, "workerinput", {}).get("lane")
    if config.lane is None:
        config.lane = config.args_source is not config.ArgsSource.ARGS and os.environ.get("LANE") != "full"


def pytest_configure_node(node):
    """Tell a worker, whose arguments are always explicit, what the user asked for."""
    node.workerinput["lane"] = node.config.lane


@cache
def surroundings():
    """Bytes of what all tests of numbers depend on: processor, kernels, libraries, data, and the helpers of tests."""
    from juste_retour.runs.base.provenance import platform_facts

    facts = {key: value for key, value in platform_facts().items() if key != "commit"}
    facts["kernels"] = [os.environ.get(name) for name in ("NPY_DISABLE_CPU_FEATURES", "OPENBLAS_CORETYPE")]
    facts["libraries"] = sorted(f"{found.name} {found.version}" for found in distributions())
    helpers = [file for file in HERE.rglob("*.py") if not file.name.startswith("test_")]
    rooms = [HERE.with_name(room).rglob("*") for room in ("agents", "abm", "runs")]
    data = [file for file in chain(*rooms) if file.is_file() and file.suffix not in (".py", ".pyc")]
    return b"".join([json.dumps(facts).encode(), *(file.read_bytes() for file in sorted(helpers + data))])


@cache
def inputs(path):
    """Hash of what a test file depends on: its text, the code that it imports at any depth, and the surroundings."""
    from juste_retour.runs.base.provenance import _imported, code_digest

    code = code_digest(*sorted(name for name in _imported(path) if name.startswith("juste_retour.runs.")))
    return hashlib.sha256(path.read_bytes() + code.encode() + surroundings()).hexdigest()


def pytest_runtest_logreport(report):
    """Note, where the reports of all workers arrive, which tests passed with which inputs."""
    known = dict(report.user_properties).get("inputs")
    if known and report.when == "call" and report.passed and "PYTEST_XDIST_WORKER" not in os.environ:
        PASSED.setdefault(known, []).append(report.nodeid)


def pytest_sessionfinish(session):
    """Keep the tests that passed, by the hash of their inputs."""
    with suppress(OSError):
        for known, names in PASSED.items():
            KEPT.mkdir(parents=True, exist_ok=True)
            (KEPT / known).write_text(json.dumps(sorted({*names, *passed_before(known)})))


def passed_before(known):
    """Names of the tests that passed with these inputs."""
    file = KEPT / known
    return json.loads(file.read_text()) if file.exists() else []


def pytest_collection_modifyitems(config, items):
    """Leave out slow tests of numbers whose inputs are those with which they passed, and order the others.

    The browser's tests come first, then the files with slow tests, so that no worker is left alone with a long file.
    """
    for item in items:
        if item.nodeid.startswith(NUMBERS) and item.get_closest_marker("slow"):
            item.user_properties.append(("inputs", inputs(item.path)))
            if config.lane and item.nodeid in passed_before(inputs(item.path)):
                item.add_marker(pytest.mark.skip(reason="passed with the same inputs; LANE=full runs it again"))
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: (not item.get_closest_marker("browser"), item.path not in slow))


def pytest_xdist_make_scheduler(config, log):
    """Keep that order, and give all tests of the browser to one worker, which starts one server and one Chromium."""
    if config.getoption("dist") != "loadfile":
        return None
    config.option.loadscopereorder = False
    return OneBrowser(config, log)


class OneBrowser(LoadFileScheduling):
    """Send each file to one worker, and the browser's tests to one as if they were one file."""

    def _split_scope(self, nodeid):
        return "tests/browser" if nodeid.startswith("tests/browser/") else super()._split_scope(nodeid)
