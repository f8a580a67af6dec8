"""Random streams: random numbers that are addressed by name, so that a new rule does not change other draws.

A number depends only on seed, channel, quarter, slot and replicate. Slots are divided into blocks of 64. Each block is
a Philox stream of its own, in which the replicates follow one another. More slots, quarters or replicates therefore
change no other number.
"""

from zlib import crc32

import numpy as np
from numpy.random import Generator, Philox, SeedSequence
from numpy.typing import NDArray

from juste_retour.abm.base.normal import quantile
from juste_retour.agents.arrays import Floats

BLOCK = 64
_SMALLEST = 2.0**-54  # so that no quantile of the normal distribution is infinite


class RandomStreams:
    """The random streams of some worlds of one seed.

    Args:
        seed: the run's seed, an integer of at least 0.
        replicates: (worlds,) the number of each world within the seed.
    """

    def __init__(self, seed: int, replicates: NDArray[np.int64]):
        self.seed = int(seed)
        self.replicates = np.asarray(replicates, dtype=np.int64)
        self._first = int(self.replicates.min())
        self._count = int(self.replicates.max()) - self._first + 1
        self._rows: NDArray[np.int64] | None = self.replicates - self._first
        if self._count == len(self.replicates) and bool(np.all(np.diff(self._rows) == 1)):
            self._rows = None

    def uniform(self, channel: str, slots: int, quarter: int = 0) -> Floats:
        """Uniform random numbers in (0, 1), (worlds, slots).

        Args:
            channel: the name of the stream.
            slots: how many numbers each world needs.
            quarter: the quarter or year, for streams that are drawn repeatedly.
        """
        blocks = [self._block(channel, quarter, b) for b in range(-(-slots // BLOCK))]
        x = blocks[0][:, :slots] if len(blocks) == 1 else np.concatenate(blocks, axis=1)[:, :slots]
        return np.maximum(x if self._rows is None else x[self._rows], _SMALLEST)

    def normal(self, channel: str, slots: int, quarter: int = 0) -> Floats:
        """Standard normal random numbers, (worlds, slots), each the quantile of one uniform number."""
        return quantile(self.uniform(channel, slots, quarter))

    def rows(self, worlds: NDArray[np.int64]) -> "RandomStreams":
        """The streams of some of the worlds."""
        return RandomStreams(self.seed, self.replicates[worlds])

    def _block(self, channel: str, quarter: int, block: int) -> Floats:
        key = SeedSequence([self.seed, crc32(channel.encode()), quarter, block]).generate_state(2, np.uint64)
        stream = Philox(key=key)
        stream.advance(self._first * (BLOCK // 4))  # one step of Philox's counter yields four numbers
        return Generator(stream).random((self._count, BLOCK))
