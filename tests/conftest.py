"""What all tests share: no example has a deadline, because machines are noisy."""

from hypothesis import settings

settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
