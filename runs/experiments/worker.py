"""A worker process: reads a spec and chunk numbers from standard input, answers with the chunks' bytes.

    python -m juste_retour.runs.experiments.worker

It ends as soon as its standard input does, in the middle of a chunk too, so that none is left behind however the process
that started it ends. That process keeps Ctrl-C from it.
"""

from __future__ import annotations

import os
import pickle
import struct
import sys
from contextlib import suppress
from queue import SimpleQueue
from typing import BinaryIO

from juste_retour.runs.stopping import end_with_parent

HEADER = struct.Struct(">Q")
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
ONE_THREAD = dict.fromkeys((*_THREADS, "ARROW_NUM_THREADS"), "1")


def send(pipe: BinaryIO, answer: object) -> None:
    """Write an answer: its length, then its pickle."""
    content = pickle.dumps(answer, protocol=pickle.HIGHEST_PROTOCOL)
    pipe.write(HEADER.pack(len(content)) + content)
    pipe.flush()


def main() -> None:
    """Serve until standard input ends; then nothing is left to do, and nobody to answer to."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(
        sys.stderr.fileno(), sys.stdout.fileno()
    )  # what a user's rule prints must not get among the answers
    content = sys.stdin.buffer.readline().decode()
    if not content:
        return
    orders: SimpleQueue[int] = SimpleQueue()

    def hear() -> None:
        for line in sys.stdin.buffer:
            orders.put(int(line))

    end_with_parent(hear)
    from juste_retour.runs.experiments.chunks import MadeOf, plan_of, produce

    made_of = None
    with suppress(Exception):  # the spec was checked before; should it fail here, `produce` says so
        made_of = MadeOf.here(plan_of(content).spec)
    try:
        send(answers, made_of)
        while True:
            send(answers, produce(content, orders.get()))
    except (BrokenPipeError, MemoryError):
        os._exit(1)  # no one is left to answer to, or no memory to do it with: the pool says what that means


if __name__ == "__main__":
    main()
