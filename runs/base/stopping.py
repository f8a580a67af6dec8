"""Handling of Ctrl-C and SIGTERM: the command says what is kept, and its processes end within two seconds.

A signal raises `Stopped` in the main thread. If other code swallows that exception, or C code does not return, a timer
ends the process. Nothing here imports NumPy, so that a command can be stopped while it loads.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

GRACE = 1.0  # seconds that a running chunk has to finish
LAST = 1.8  # seconds after which the process ends in any case
NOTHING_MORE = "interrupted; nothing more was done."
EXIT_STATUS = {signal.SIGINT: 130, signal.SIGTERM: 143}  # as a shell reports them


class Stopped(KeyboardInterrupt):
    """This process received a signal to end; `exit_status` is the one that a shell expects."""

    def __init__(self, number: int = signal.SIGINT):
        super().__init__()
        self.number = number
        self.exit_status = EXIT_STATUS.get(signal.Signals(number), 1)


class _Deferred:
    """Signals that arrive while processes are started and are handled afterwards; a mask does not stop Python's handlers."""

    active = False

    def __init__(self) -> None:
        self.numbers: list[int] = []


_deferred = _Deferred()


@contextmanager
def listening(act: Callable[[int], None]) -> Iterator[None]:
    """Call `act` with the number of a signal to end; a signal that is ignored stays ignored.

    Signals reach only the main thread, so in other threads this does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def heard(number: int, frame: FrameType | None) -> None:
        if _deferred.active:
            _deferred.numbers.append(number)
        else:
            act(number)

    before = {n: signal.getsignal(n) for n in EXIT_STATUS}
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, heard)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Deadline:
    """Ends the process `LAST` seconds after a signal and prints a sentence, unless it is canceled before."""

    def __init__(self, said: str = NOTHING_MORE):
        self.said = said
        self.timer: threading.Timer | None = None

    def set(self, number: int) -> None:
        """Start the timer for a signal; a second call does nothing."""
        if self.timer is None:
            status = EXIT_STATUS.get(signal.Signals(number), 1)
            self.timer = threading.Timer(LAST, end_now, (status, self.said))
            self.timer.daemon = True
            self.timer.start()

    def cancel(self) -> None:
        """Stop the timer."""
        if self.timer is not None:
            self.timer.cancel()


def end_now(status: int, said: str) -> None:
    """Print a sentence to standard error and end this process and its children at once."""
    os.write(2, f"{said}\n".encode())
    kill_children()
    os._exit(status)


def kill_children() -> None:
    """End the child processes that `multiprocessing` started; workers of a batch end by themselves."""
    if "multiprocessing" in sys.modules:
        import multiprocessing

        for child in multiprocessing.active_children():
            child.kill()


@contextmanager
def raising() -> Iterator[None]:
    """Raise `Stopped` at a signal, even if Python would discard it in a destructor or an import callback."""
    deadline, before = Deadline(), sys.unraisablehook

    def stop(number: int) -> None:
        deadline.set(number)
        raise Stopped(number)

    def again(lost: sys.UnraisableHookArgs) -> None:
        if isinstance(lost.exc_value, Stopped):
            threading.Timer(0.01, os.kill, (os.getpid(), lost.exc_value.number)).start()
        else:
            before(lost)

    sys.unraisablehook = again
    try:
        with listening(stop):
            yield
    finally:
        sys.unraisablehook = before
        deadline.cancel()


def end_with_parent(alive: Callable[[], object]) -> None:
    """End this process when `alive` returns; `alive` must block until the parent process ends."""

    def watch() -> None:
        alive()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


@contextmanager
def deferring_signals() -> Iterator[None]:
    """Defer signals while child processes are started, and block them in the children, which their parent ends."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    _deferred.active = True
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        _deferred.active = False
        while _deferred.numbers:
            signal.raise_signal(_deferred.numbers.pop())
