"""Shared by all tests: no deadline for a Hypothesis example, because machines are noisy, and a cache folder of their own."""

import os
import tempfile

from hypothesis import settings
from xdist.scheduler import LoadFileScheduling

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


def pytest_collection_modifyitems(items):
    """Run the browser's tests first, then the files with slow tests, so that no worker is left alone with a long file."""
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
