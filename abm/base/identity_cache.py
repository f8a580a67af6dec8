"""A cache whose keys are compared by identity."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class IdentityCache(Generic[Key, Value]):
    """A cache of the latest results of a function, for an argument that is the same object as before.

    Arrays have no hash, and comparing them costs more than computing most of the results. The cache keeps the argument,
    so that no other object can get its identity. It does not keep the function, because an object that caches its own
    method would refer to itself.

    Args:
        most: how many results it keeps.
    """

    def __init__(self, most: int = 64):
        self._known: deque[tuple[Key, Value]] = deque(maxlen=most)

    def get(self, key: Key, function: Callable[[Key], Value]) -> Value:
        """The value of a key: from the cache if it is there, or else computed by `function` and stored."""
        for known, value in self._known:
            if known is key:
                return value
        value = function(key)
        self._known.append((key, value))
        return value
