"""Shared by all tests: no deadline for a Hypothesis example, because machines are noisy, and a cache folder of their own."""

import os
import tempfile

from hypothesis import settings

settings.register_profile("no_deadline", deadline=None)
settings.load_profile("no_deadline")

# Solved equilibria go to a folder of this test run, also those of the commands that the tests start.
if "PYTEST_XDIST_WORKER" not in os.environ:
    os.environ["JUSTE_RETOUR_CACHE"] = tempfile.mkdtemp(prefix="juste-retour-")


def pytest_xdist_auto_num_workers(config):
    """Use no worker for a single file, which then starts at once and can be debugged; else one per core, at most four."""
    if len(config.args) == 1 and ".py" in config.args[0]:
        return 0
    return None
