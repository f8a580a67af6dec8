"""Entry point of the command `juste-retour`: it handles signals before the rest of the program is loaded."""

import _signal as signal  # built in; importing `signal` would take as long as everything before it
import os

STATUS = 128  # added to a signal's number, as shells do


def leave(number: int, frame: object) -> None:
    """Exit at once: either nothing has started, or everything is done."""
    os.write(2, b"interrupted; nothing more was done.\n")
    os._exit(STATUS + number)


def main() -> int:
    """Run the command line; after a signal, exit without waiting for threads and child processes."""
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, leave)
    import sys

    from juste_retour.runs.cli.lazy_group import main as run

    status = run()
    if status in (STATUS + signal.SIGINT, STATUS + signal.SIGTERM):
        from juste_retour.runs.base.stopping import kill_children

        kill_children()
        sys.stdout.flush()
        os._exit(status)
    return status
