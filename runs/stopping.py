"""Ctrl-C and SIGTERM: whoever runs says what is kept, and two seconds later nothing is left.

A signal becomes `Stopped` in the main thread. Should that be swallowed, or should C code not come back, a thread ends
the process. Nothing here imports NumPy, so that a command can be stopped while it loads.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

GRACE = 1.0  # seconds in which what runs may come to its end
LAST = 1.8  # seconds after which the process ends in any case
NOTHING_MORE = "interrupted; nothing more was done."
EXIT_STATUS = {signal.SIGINT: 130, signal.SIGTERM: 143}  # as a shell reports them


class Stopped(KeyboardInterrupt):
    """A signal asked this process to end; `exit_status` is the one that a shell expects."""

    def __init__(self, number: int = signal.SIGINT):
        super().__init__()
        self.number = number
        self.exit_status = EXIT_STATUS.get(signal.Signals(number), 1)


class _Late:
    """Signals that are answered later, while processes are started; a mask would not hold back Python's handlers."""

    held = False

    def __init__(self) -> None:
        self.heard: list[int] = []


_late = _Late()


@contextmanager
def listening(act: Callable[[int], None]) -> Iterator[None]:
    """Call `act` with the number of a signal to stop; a signal that is ignored stays so. Main thread only."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def heard(number: int, frame: FrameType | None) -> None:
        if _late.held:
            _late.heard.append(number)
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
    """The end of a process some time after a signal; the sentence is said then, if nobody has said one."""

    def __init__(self, said: str = NOTHING_MORE):
        self.said = said
        self.timer: threading.Timer | None = None

    def set(self, number: int) -> None:
        """Start the clock, once."""
        if self.timer is None:
            status = EXIT_STATUS.get(signal.Signals(number), 1)
            self.timer = threading.Timer(LAST, end_now, (status, self.said))
            self.timer.daemon = True
            self.timer.start()

    def cancel(self) -> None:
        """Stop the clock."""
        if self.timer is not None:
            self.timer.cancel()


def end_now(status: int, said: str) -> None:
    """Say a sentence and end this process and its children, whatever else it does."""
    os.write(2, f"{said}\n".encode())
    kill_children()
    os._exit(status)


def kill_children() -> None:
    """End the children that `multiprocessing` started; workers of a batch end by themselves."""
    if "multiprocessing" in sys.modules:
        import multiprocessing

        for child in multiprocessing.active_children():
            child.kill()


@contextmanager
def raising() -> Iterator[None]:
    """Raise `Stopped` at a signal, also where Python would lose it in a destructor or a callback of an import."""
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
    """End this process when `alive` returns, which waits for the end of the one that started it."""

    def watch() -> None:
        alive()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


@contextmanager
def unheard() -> Iterator[None]:
    """Start processes whole, and keep signals to stop from them: whoever started them ends them."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    _late.held = True
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        _late.held = False
        while _late.heard:
            signal.raise_signal(_late.heard.pop())
