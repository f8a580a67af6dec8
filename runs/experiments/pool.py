"""Where chunks are run: in this process, by worker processes, or by a Dask scheduler. Each yields chunks as they end."""

from __future__ import annotations

import logging
import math
import os
import pickle
import selectors
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO, cast

import numpy as np

from juste_retour.agents.errors import BadInput, JusteRetourError
from juste_retour.runs.experiments.chunks import Failure, MadeOf, Produced, plan_of, produce
from juste_retour.runs.experiments.spec import Spec
from juste_retour.runs.experiments.worker import HEADER, ONE_THREAD
from juste_retour.runs.provenance import code_digest
from juste_retour.runs.stopping import GRACE, unheard

if TYPE_CHECKING:
    from distributed import Client, Future

ATTEMPTS = 2  # of a chunk whose worker dies
TICK = 0.25  # seconds between looks at whether to stop
PATIENCE = 10.0  # seconds that a scheduler may take to answer
GLANCE = 0.02  # seconds between looks at a cluster
ALONE = 30.0  # seconds that a cluster may be without workers before it is said


class Stop:
    """Whether to stop: `asked` (end what runs, begin nothing) or `hurried` (drop what runs)."""

    def __init__(self) -> None:
        self.asked = False
        self.latest = math.inf  # when what runs is dropped, by the monotonic clock

    def ask(self) -> None:
        """Ask to stop; asked twice, it hurries."""
        self.latest = time.monotonic() + (0.0 if self.asked else GRACE)
        self.asked = True

    @property
    def hurried(self) -> bool:
        """Whether to drop what runs."""
        return time.monotonic() >= self.latest


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def here(content: str, chunks: Iterable[int], stop: Stop) -> Iterator[Produced]:
    """Run chunks in this process, one after the other."""
    for chunk in chunks:
        if stop.asked:
            return
        yield produce(content, chunk)


@dataclass(eq=False)
class _Worker:
    process: subprocess.Popen[bytes]
    chunk: int | None = None
    ready: bool = False
    buffer: bytearray = field(default_factory=bytearray)

    @property
    def answers(self) -> BinaryIO:
        return cast(BinaryIO, self.process.stdout)

    @property
    def orders(self) -> BinaryIO:
        return cast(BinaryIO, self.process.stdin)

    def hand(self, chunk: int) -> None:
        self.chunk = chunk
        with suppress(BrokenPipeError):  # a worker that has died is met when its answers end
            self.orders.write(f"{chunk}\n".encode())
            self.orders.flush()

    def read(self) -> tuple[bool, list[object]]:
        """What has arrived: whether the worker lives, and its whole answers."""
        part = os.read(self.answers.fileno(), 1 << 20)
        self.buffer += part
        found = []
        while len(self.buffer) >= HEADER.size:
            (size,) = HEADER.unpack(self.buffer[: HEADER.size])
            if len(self.buffer) < HEADER.size + size:
                break
            found.append(pickle.loads(self.buffer[HEADER.size : HEADER.size + size]))
            del self.buffer[: HEADER.size + size]
        return bool(part), found

    def end(self, patience: float = 0.0) -> None:
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(patience)
        self.process.kill()
        self.process.wait()
        for pipe in (self.orders, self.answers):
            with suppress(OSError):
                pipe.close()


class _Crew:
    """Worker processes for a spec, and the chunks that wait for them."""

    def __init__(self, spec: Spec, content: str, chunks: Iterable[int], size: int):
        self.made_of, self.content, self.size = MadeOf.here(spec), content, size
        self.waiting = deque(chunks)
        self.workers: list[_Worker] = []
        self.deaths: dict[int, int] = {}  # of workers, by the chunk that they ran
        self.stillborn = 0  # workers that ended, one after the other, before they were ready
        self.selector = selectors.DefaultSelector()

    @property
    def busy(self) -> bool:
        return any(worker.chunk is not None for worker in self.workers)

    def hire(self) -> None:
        with unheard():
            process = subprocess.Popen(
                # with -P no file of the user's hides one of Python's
                [sys.executable, "-P", "-m", "juste_retour.runs.experiments.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={**os.environ, **ONE_THREAD},
            )
        worker = _Worker(process)
        with suppress(BrokenPipeError):
            worker.orders.write(self.content.encode() + b"\n")
            worker.orders.flush()
        self.workers.append(worker)
        self.selector.register(worker.answers, selectors.EVENT_READ, worker)

    def dismiss(self, worker: _Worker, patience: float = 0.0) -> None:
        self.selector.unregister(worker.answers)
        worker.end(patience)
        self.workers.remove(worker)

    def heard(self, worker: _Worker) -> Iterator[Produced]:
        """Yield the chunks that a worker has run, and the one that is given up where it has died."""
        alive, answers = worker.read()
        for answer in answers:
            if isinstance(answer, Produced):
                worker.chunk = None
                yield answer
            else:
                worker.ready, self.stillborn = True, 0
                self._check(answer)
        if alive:
            return
        self.dismiss(worker, patience=5.0)
        code, lost = worker.process.returncode, worker.chunk
        if lost is not None:
            self.deaths[lost] = self.deaths.get(lost, 0) + 1
            if self.deaths[lost] < ATTEMPTS:
                self.waiting.appendleft(lost)
            else:
                yield Produced(lost, 0, 0.0, {}, died(code))
        if not worker.ready:
            self.stillborn += 1
            if self.stillborn > self.size:
                raise JusteRetourError(
                    f"worker processes end as soon as they begin (exit status {code}); run with --workers 0, in "
                    "this process, to see why."
                )

    def _check(self, made_of: object) -> None:
        """Refuse a worker that would make other chunks, since something has changed after the first ones were begun."""
        unlike = self.made_of.unlike(made_of) if isinstance(made_of, MadeOf) else ""
        if unlike:
            raise JusteRetourError(
                f"{unlike} while the chunks were run, so that a new worker would make others; what is done is kept: put it "
                "back as it was and give the same command, or begin anew in another folder."
            )

    def close(self) -> None:
        for worker in list(self.workers):
            self.dismiss(worker)
        self.selector.close()


def local(spec: Spec, content: str, chunks: Iterable[int], stop: Stop, workers: int) -> Iterator[Produced]:
    """Run chunks by worker processes; a chunk whose worker dies is tried once more, then given up.

    Args:
        spec: as it was read.
        content: the same as JSON.
        chunks: their numbers.
        stop: when to stop.
        workers: how many.

    Raises:
        JusteRetourError: code or files have changed when a worker reads them, or workers end as soon as they begin.
    """
    crew = _Crew(spec, content, chunks, workers)
    try:
        for _ in range(min(workers, len(crew.waiting))):
            crew.hire()
        while (crew.waiting and not stop.asked) or crew.busy:
            if stop.hurried:
                return
            for key, _ in crew.selector.select(TICK):
                yield from crew.heard(key.data)
                if key.data not in crew.workers and crew.waiting and not stop.asked:
                    crew.hire()
            for worker in crew.workers:
                if worker.ready and worker.chunk is None and crew.waiting and not stop.asked:
                    worker.hand(crew.waiting.popleft())
    finally:
        crew.close()


def died(code: int | None) -> Failure:
    """What is said of a chunk whose worker ended under it."""
    how = f"by signal {-code}" if code is not None and code < 0 else f"with exit status {code}"
    return _nowhere(
        f"the worker that ran it ended {how} {ATTEMPTS} times, most often for want of memory: use fewer workers, or set a "
        "smaller chunk in the spec of a new experiment."
    )


def dask(content: str, chunks: Iterable[int], stop: Stop, address: str) -> Iterator[Produced]:
    """Run chunks by the workers of a Dask scheduler; a chunk whose worker is lost moves to another.

    Args:
        content: the spec's content as JSON.
        chunks: their numbers.
        stop: when to stop.
        address: the scheduler's, as in tcp://127.0.0.1:8786.

    Raises:
        BadInput: no Dask, no scheduler, no worker, or a worker that would run something else.
        JusteRetourError: the scheduler has gone away.
    """
    client = _connected(address)
    from distributed import as_completed

    waiting, expected = deque(chunks), fingerprint(content)
    try:
        _same_everywhere(client, content, expected)
        running: dict[Future, int] = {}
        ended = as_completed(loop=client.loop)
        window, watch = 0, _Watch(client, address)
        while not stop.hurried:
            if len(running) <= window // 2:  # workers may have come or gone
                window = max(2 * sum(client.nthreads().values()), 4)
            while waiting and len(running) < window and not stop.asked:
                future = client.submit(there, content, waiting[0], expected, pure=False)
                running[future] = waiting.popleft()
                ended.add(future)
            if not running:
                return
            if not ended.has_ready():
                if not watch.has_workers() and stop.asked:
                    return  # no one is left to end what runs
                time.sleep(GLANCE)
                continue
            future = next(ended)
            chunk = running.pop(future)
            lost = future.exception()
            yield future.result() if lost is None else Produced(chunk, 0, 0.0, {}, _lost(lost))
            future.release()
    except (OSError, CancelledError) as error:  # also what Dask raises where a connection ends
        raise JusteRetourError(
            f"the Dask scheduler at {address} has gone away ({type(error).__name__}); what is done is kept: start it "
            "again and give the same command."
        ) from None
    finally:
        with suppress(TimeoutError):
            client.close(timeout=2)


def _connected(address: str) -> Client:
    """A client of the scheduler at an address."""
    try:
        import distributed
    except ImportError:
        raise BadInput(
            "--cluster needs Dask, which is not installed: install juste-retour[dask], or `uv sync --extra dask`."
        ) from None
    if "://" not in address:
        raise BadInput(f"--cluster {address} is not an address; give one such as tcp://127.0.0.1:8786.")
    for name in ("distributed", "distributed.client"):  # the second has a level of its own
        # they print tracebacks; what matters is said here
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        return distributed.Client(address, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise BadInput(
            f"--cluster {address}: no Dask scheduler answers there ({reason}); check the address."
        ) from None


class _Watch:
    """Looks now and then whether a cluster has workers, and says once that it has had none for long."""

    def __init__(self, client: Client, address: str):
        self.client, self.address = client, address
        self.any, self.said = True, False
        self.seen, self.next_look = time.monotonic(), 0.0

    def has_workers(self) -> bool:
        """Whether there were any when it last looked."""
        now = time.monotonic()
        if now < self.next_look:
            return self.any
        self.next_look = now + TICK
        self.any = bool(self.client.nthreads())
        if self.any:
            self.seen, self.said = now, False
        elif now - self.seen > ALONE and not self.said:
            self.said = True
            logging.getLogger(__name__).warning(
                "the cluster at %s has no workers; waiting for some, and what is done is kept.", self.address
            )
        return self.any


def fingerprint(content: str) -> list[str]:
    """What two processes must have in common for a spec's chunks to be the same: code, NumPy, rules and members."""
    return [code_digest(), np.__version__, plan_of(content).spec.digest]


def there(content: str, chunk: int, expected: list[str]) -> Produced:
    """Run a chunk on a worker of a cluster, one at a time however many threads the worker has.

    Workers that join later are checked here, since nothing else has met them.
    """
    with _ONE_AT_A_TIME:
        try:
            found = fingerprint(content)
        except Exception as error:
            return Produced(chunk, 0, 0.0, {}, _nowhere(f"the worker cannot read the spec: {error}"))
        if found != expected:
            return Produced(chunk, 0, 0.0, {}, _nowhere(f"the worker runs {_other(found, expected)}"))
        return produce(content, chunk)


_ONE_AT_A_TIME = threading.Lock()


def _other(found: Sequence[str], expected: Sequence[str]) -> str:
    """What a worker has in other versions, in words."""
    kinds = ("code", "NumPy", "files of rules or members")
    odd = [f"{k} ({a} there, {b} here)" for k, a, b in zip(kinds, found, expected, strict=True) if a != b]
    return f"other {' and '.join(odd)}; install the same there, and share the files that the spec names."


def _same_everywhere(client: Client, content: str, expected: list[str]) -> None:
    found = client.run(fingerprint, content, on_error="return")
    if not found:
        raise BadInput("--cluster: the scheduler has no workers; start some, or wait for them.")
    # what Dask says of a lost connection has no errno; what a worker says of a file has one
    lost = {w: has for w, has in found.items() if isinstance(has, OSError) and has.errno is None}
    if len(lost) == len(found):
        worker, error = next(iter(lost.items()))
        raise JusteRetourError(
            f"--cluster: the worker {worker} was lost when it loaded the model ({type(error).__name__}); most often its "
            "memory is too little: give 1 GB a worker or more."
        )
    for worker, has in found.items():
        if worker in lost:  # those that come in its place are checked by `there`
            continue
        if isinstance(has, Exception):
            raise BadInput(
                f"--cluster: the worker {worker} cannot read the spec ({' '.join(str(has).split())}); install juste-retour "
                "there, and share the files that the spec names."
            )
        if list(has) != expected:
            raise BadInput(f"--cluster: the worker {worker} runs {_other(has, expected)}")


def _lost(error: BaseException) -> Failure:
    text = " ".join(str(error).split())
    return _nowhere(
        f"the cluster gave it up ({type(error).__name__}: {text}): most often its workers have too little memory, or too "
        "little time for a chunk; give them more, or set a smaller chunk in the spec of a new experiment."
    )


def _nowhere(message: str) -> Failure:
    """A failure that is no world's."""
    return Failure(message, "", -1, "", None, None, {}, "")
