"""Where the command `juste-retour` starts: a signal is answered by a sentence even before the command line is loaded."""

import _signal as signal  # the part of `signal` that is there at once: the other takes as long to load as all before it
import os

STATUS = 128  # added to a signal's number, as shells do


def leave(number: int, frame: object) -> None:
    """End at once: nothing has been begun, or all is done."""
    os.write(2, b"interrupted; nothing more was done.\n")
    os._exit(STATUS + number)


def main() -> int:
    """Run the command line; after a signal no thread and no child is waited for."""
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, leave)
    import sys

    from juste_retour.runs.command import main as run

    status = run()
    if status in (STATUS + signal.SIGINT, STATUS + signal.SIGTERM):
        from juste_retour.runs.stopping import kill_children

        kill_children()
        sys.stdout.flush()
        os._exit(status)
    return status
