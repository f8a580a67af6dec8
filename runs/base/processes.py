"""A pool of worker processes that end with this one."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context, parent_process

from juste_retour.runs.base.stopping import end_with_parent, kill_children


@contextmanager
def processes(workers: int) -> Iterator[ProcessPoolExecutor]:
    """Yield a pool of `workers` processes; they end with this process, and at once if it is stopped."""
    with ProcessPoolExecutor(workers, get_context("spawn"), end_with_parent, (_parent_ends,)) as pool:
        try:
            yield pool
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            kill_children()
            raise


def _parent_ends() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
