"""Values remembered for the very objects that they were computed for."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class Remembered(Generic[Key, Value]):
    """The latest results of a function; an argument is known again by identity.

    Arrays have no hash, and comparing them costs more than most of what is remembered. The key is kept beside the value,
    so that no other object can take its place. The function is not kept: an object that remembers its own method would
    refer to itself.

    Args:
        most: results kept.
    """

    def __init__(self, most: int = 64):
        self._known: deque[tuple[Key, Value]] = deque(maxlen=most)

    def get(self, key: Key, function: Callable[[Key], Value]) -> Value:
        """The value of a key, computed where it is not among the latest."""
        for known, value in self._known:
            if known is key:
                return value
        value = function(key)
        self._known.append((key, value))
        return value
