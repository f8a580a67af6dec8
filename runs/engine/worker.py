"""A worker process: it reads a spec and chunk numbers from standard input and writes the chunks' bytes to standard output.

    python -m juste_retour.runs.engine.worker

It ends as soon as its standard input is closed, even in the middle of a chunk, so that no worker outlives its parent.
The parent blocks Ctrl-C for it.
"""

from __future__ import annotations

import os
import pickle
import struct
import sys
from contextlib import suppress
from queue import SimpleQueue
from typing import BinaryIO

from juste_retour.runs.base.stopping import end_with_parent

HEADER = struct.Struct(">Q")
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
ONE_THREAD = dict.fromkeys((*_THREADS, "ARROW_NUM_THREADS"), "1")


def send(pipe: BinaryIO, answer: object) -> None:
    """Write an object to a pipe: its pickled length, then its pickle."""
    content = pickle.dumps(answer, protocol=pickle.HIGHEST_PROTOCOL)
    pipe.write(HEADER.pack(len(content)) + content)
    pipe.flush()


def main() -> None:
    """Run chunks until standard input is closed."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # keeps what a user's rule prints out of the answers
    content = sys.stdin.buffer.readline().decode()
    if not content:
        return
    orders: SimpleQueue[int] = SimpleQueue()

    def hear() -> None:
        for line in sys.stdin.buffer:
            orders.put(int(line))

    end_with_parent(hear)
    from juste_retour.runs.engine.chunks import MadeOf, plan_of, produce

    made_of = None
    with suppress(Exception):  # if the spec cannot be read here, `produce` returns the error
        made_of = MadeOf.here(plan_of(content).spec)
    try:
        send(answers, made_of)
        while True:
            send(answers, produce(content, orders.get()))
    except (BrokenPipeError, MemoryError):
        os._exit(1)  # the parent has ended, or memory is too small to answer; the pool reports the exit status


if __name__ == "__main__":
    main()
