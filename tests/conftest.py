"""What all tests share: the two cores, and no deadline for an example, because machines are noisy."""

import os
import tempfile

from hypothesis import settings

settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

if (
    "PYTEST_XDIST_WORKER" not in os.environ
):  # stationary values of these tests, and of the commands that they run
    os.environ["JUSTE_RETOUR_CACHE"] = tempfile.mkdtemp(prefix="juste-retour-")


def pytest_xdist_auto_num_workers(config):
    """One process for one file, which then starts at once and may be debugged; else one for each core, but four at most."""
    if len(config.args) == 1 and ".py" in config.args[0]:
        return 0
    return None
