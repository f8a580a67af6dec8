"""Rate limits for phones and addresses: token buckets."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable

KEPT = 4096  # buckets in memory; the one unused for longest is dropped


class Buckets:
    """One token bucket per key, with at most `burst` requests at once and `rate` per second on average."""

    def __init__(self, rate: float, burst: float):
        self.rate, self.burst = rate, burst
        self.held: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def take(self, key: Hashable, now: float) -> bool:
        """Count a request of a key; False if it is over the limit. `now` is in seconds of any monotonic clock."""
        held, then = self.held.pop(key, (self.burst, now))
        held = min(self.burst, held + self.rate * (now - then))
        self.held[key] = (held - 1 if held >= 1 else held), now
        while len(self.held) > KEPT:
            self.held.popitem(last=False)
        return held >= 1
