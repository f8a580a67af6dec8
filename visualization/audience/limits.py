"""How often a phone or an address may ask: token buckets."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable

KEPT = 4096  # buckets; who asks after so many others begins with a full one


class Buckets:
    """One bucket per key: it holds at most `burst` requests and gains `rate` a second."""

    def __init__(self, rate: float, burst: float):
        self.rate, self.burst = rate, burst
        self.held: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def take(self, key: Hashable, now: float) -> bool:
        """Take one request from a key's bucket; False where it is empty. `now` is in seconds, of any clock that only grows."""
        held, then = self.held.pop(key, (self.burst, now))
        held = min(self.burst, held + self.rate * (now - then))
        self.held[key] = (held - 1 if held >= 1 else held), now
        while len(self.held) > KEPT:
            self.held.popitem(last=False)
        return held >= 1
