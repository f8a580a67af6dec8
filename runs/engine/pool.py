"""Run chunks in this process, by worker processes, or on a Dask cluster; each way yields chunks as they end."""

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
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import CancelledError
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO, cast

from juste_retour.agents.errors import BadInput, JusteRetourError
from juste_retour.runs.base.provenance import WATCHED, made_with
from juste_retour.runs.base.stopping import GRACE, deferring_signals
from juste_retour.runs.engine.chunks import Failure, MadeOf, Produced, plan_of, produce
from juste_retour.runs.engine.spec import Spec
from juste_retour.runs.engine.worker import HEADER, ONE_THREAD

if TYPE_CHECKING:
    from distributed import Client, Future

ATTEMPTS = 2  # at a chunk whose worker process dies
TICK = 0.25  # seconds between checks whether to stop
PATIENCE = 10.0  # seconds that a scheduler may take to answer
GLANCE = 0.02  # seconds between checks of a cluster
ALONE = 30.0  # seconds without workers in a cluster after which a warning is logged


class Stop:
    """A request to stop: `asked` (finish running chunks, start none) or `hurried` (abandon running chunks)."""

    def __init__(self) -> None:
        self.asked = False
        self.status = 130  # exit status for the signal, as a shell reports it
        self.latest = math.inf  # time by the monotonic clock at which running chunks are abandoned

    def ask(self) -> None:
        """Request to stop; a second request abandons running chunks at once."""
        self.latest = time.monotonic() + (0.0 if self.asked else GRACE)
        self.asked = True

    @property
    def hurried(self) -> bool:
        """Whether to abandon running chunks."""
        return time.monotonic() >= self.latest


def cores() -> int:
    """The number of cores that this process may use."""
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
        with suppress(BrokenPipeError):  # that the worker has died is noticed when its output ends
            self.orders.write(f"{chunk}\n".encode())
            self.orders.flush()

    def read(self) -> tuple[bool, list[object]]:
        """Whether the worker is alive, and the complete answers that have arrived."""
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
    """The worker processes of a spec, and the chunks that wait for them."""

    def __init__(self, spec: Spec, content: str, chunks: Iterable[int], size: int):
        self.made_of, self.content, self.size = MadeOf.here(spec), content, size
        self.waiting = deque(chunks)
        self.workers: list[_Worker] = []
        self.deaths: dict[int, int] = {}  # how many workers died while they ran a chunk, by chunk
        self.failed_starts = 0  # workers in a row that ended before they were ready
        self.selector = selectors.DefaultSelector()

    @property
    def busy(self) -> bool:
        return any(worker.chunk is not None for worker in self.workers)

    def hire(self) -> None:
        with deferring_signals():
            process = subprocess.Popen(
                # with -P, files in the working folder cannot shadow Python's modules
                [sys.executable, "-P", "-m", "juste_retour.runs.engine.worker"],
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
        """Yield the chunks that a worker has run, and a failure if it died too often on one."""
        alive, answers = worker.read()
        for answer in answers:
            if isinstance(answer, Produced):
                worker.chunk = None
                yield answer
            else:
                worker.ready, self.failed_starts = True, 0
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
            self.failed_starts += 1
            if self.failed_starts > self.size:
                raise JusteRetourError(
                    f"worker processes end as soon as they start (exit status {code}); run with --workers 0 to see why."
                )

    def _check(self, made_of: object) -> None:
        """Raise an error if a worker would compute other results because code or files have changed meanwhile."""
        unlike = self.made_of.unlike(made_of) if isinstance(made_of, MadeOf) else ""
        if unlike:
            raise JusteRetourError(
                f"{unlike} while the batch ran, so a new worker would compute other results. Finished chunks are kept: "
                "restore what has changed and give the same command, or run the batch in another folder."
            )

    def close(self) -> None:
        for worker in list(self.workers):
            self.dismiss(worker)
        self.selector.close()


def local(spec: Spec, content: str, chunks: Iterable[int], stop: Stop, workers: int) -> Iterator[Produced]:
    """Run chunks by worker processes; a chunk whose worker dies is tried once more, then returned as a failure.

    Args:
        spec: the spec.
        content: its content as JSON.
        chunks: numbers of the chunks.
        stop: the request to stop.
        workers: number of processes.

    Raises:
        JusteRetourError: code or files have changed since the batch began, or workers end as soon as they start.
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
    """The failure of a chunk whose worker process died; `code` is its exit status."""
    how = f"by signal {-code}" if code is not None and code < 0 else f"with exit status {code}"
    return _unlocated(
        f"its worker process ended {how} {ATTEMPTS} times, most likely because memory is too small; use fewer workers, or "
        "set a smaller `chunk` in the spec of a new experiment."
    )


def dask(content: str, chunks: Iterable[int], stop: Stop, address: str) -> Iterator[Produced]:
    """Run chunks on the workers of a Dask scheduler; if a worker is lost, its chunk moves to another.

    Args:
        content: the spec's content as JSON.
        chunks: numbers of the chunks.
        stop: the request to stop.
        address: of the scheduler, as in tcp://127.0.0.1:8786.

    Raises:
        BadInput: Dask is not installed, there is no scheduler or no worker, or a worker has other versions or files.
        JusteRetourError: the connection to the scheduler is lost.
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
                    return  # no worker is left to finish running chunks
                time.sleep(GLANCE)
                continue
            future = next(ended)
            chunk = running.pop(future)
            lost = future.exception()
            yield future.result() if lost is None else Produced(chunk, 0, 0.0, {}, _lost(lost))
            future.release()
    except (OSError, CancelledError) as error:  # Dask raises either if a connection ends
        raise JusteRetourError(
            f"the connection to the Dask scheduler at {address} is lost ({type(error).__name__}). Finished chunks are kept: "
            "start the scheduler again and give the same command."
        ) from None
    finally:
        with suppress(TimeoutError):
            client.close(timeout=2)


def _connected(address: str) -> Client:
    """A client of the scheduler at an address."""
    try:
        import distributed
    except ImportError:
        raise BadInput("--cluster needs Dask, which is not installed; install juste-retour[dask].") from None
    if "://" not in address:
        raise BadInput(f"--cluster {address} is not an address; give one such as tcp://127.0.0.1:8786.")
    for name in ("distributed", "distributed.client"):  # the second one's level is set separately
        # they log tracebacks of errors that are reported here in a sentence
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        return distributed.Client(address, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise BadInput(f"--cluster {address}: no Dask scheduler answers there ({reason}); check the address.") from None


class _Watch:
    """Checks whether a cluster has workers, and logs a warning if it has had none for `ALONE` seconds."""

    def __init__(self, client: Client, address: str):
        self.client, self.address = client, address
        self.any, self.said = True, False
        self.seen, self.next_look = time.monotonic(), 0.0

    def has_workers(self) -> bool:
        """Whether there were workers at the last check."""
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
                "the cluster at %s has no workers; waiting for some. Finished chunks are kept.", self.address
            )
        return self.any


def fingerprint(content: str) -> dict[str, object]:
    """The spec's digest and what a result rests on besides it: what must be equal for two processes' chunks to be the same."""
    spec = plan_of(content).spec
    made = made_with(spec.members, *spec.study)
    return {"spec": spec.digest, **{key: made[key] for key in WATCHED}}


def there(content: str, chunk: int, expected: Mapping[str, object]) -> Produced:
    """Run a chunk on a worker of a cluster, one at a time regardless of the worker's threads.

    The check of versions is made here too, for workers that join after the batch has begun.
    """
    with _ONE_AT_A_TIME:
        try:
            found = fingerprint(content)
        except Exception as error:
            return Produced(chunk, 0, 0.0, {}, _unlocated(f"the worker cannot read the spec: {error}"))
        if found != expected:
            return Produced(chunk, 0, 0.0, {}, _unlocated(f"the worker has {_other(found, expected)}"))
        return produce(content, chunk)


_ONE_AT_A_TIME = threading.Lock()


def _other(found: Mapping[str, object], expected: Mapping[str, object]) -> str:
    """A phrase for what differs on a worker, with the remedy."""
    kinds = {**WATCHED, "spec": "files of rules or members"}
    odd = [f"{said} ({found[k]} there, {expected[k]} here)" for k, said in kinds.items() if found[k] != expected[k]]
    return f"different {' and '.join(odd)}; install the same versions there, and share the files that the spec names."


def _same_everywhere(client: Client, content: str, expected: Mapping[str, object]) -> None:
    found = client.run(fingerprint, content, on_error="return")
    if not found:
        raise BadInput("--cluster: the scheduler has no workers; start some, or wait for them.")
    # an OSError of Dask's about a lost connection has no errno; one that a worker raises for a file has one
    lost = {w: has for w, has in found.items() if isinstance(has, OSError) and has.errno is None}
    if len(lost) == len(found):
        worker, error = next(iter(lost.items()))
        raise JusteRetourError(
            f"--cluster: the worker {worker} was lost while it loaded the model ({type(error).__name__}), most likely "
            "because its memory is too small; give each worker 1 GB or more."
        )
    for worker, has in found.items():
        if worker in lost:  # a worker that replaces it is checked by `there`
            continue
        if isinstance(has, Exception):
            raise BadInput(
                f"--cluster: the worker {worker} cannot read the spec ({' '.join(str(has).split())}); install juste-retour "
                "there, and share the files that the spec names."
            )
        if has != expected:
            raise BadInput(f"--cluster: the worker {worker} has {_other(has, expected)}")


def _lost(error: BaseException) -> Failure:
    text = " ".join(str(error).split())
    return _unlocated(
        f"the cluster gave it up ({type(error).__name__}: {text}), most likely because its workers have too little memory or "
        "time for a chunk; give them more, or set a smaller `chunk` in the spec of a new experiment."
    )


def _unlocated(message: str) -> Failure:
    """A failure that cannot be traced to a replication."""
    return Failure(message, "", -1, "", None, None, {}, "")
