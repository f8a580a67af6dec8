"""What all tests share: the two cores, and no deadline for an example, because machines are noisy."""

from hypothesis import settings

settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


def pytest_xdist_auto_num_workers(config):
    """One process for one file, which then starts at once and may be debugged; else one for each core, but four at most."""
    if len(config.args) == 1 and ".py" in config.args[0]:
        return 0
    return None
