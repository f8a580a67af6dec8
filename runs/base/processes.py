"""Jobs spread over worker processes that end with this one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, parent_process
from typing import TypeVar

from juste_retour.agents.errors import JusteRetourError
from juste_retour.runs.base.stopping import end_with_parent, kill_children

T = TypeVar("T")


def spread(workers: int, function: Callable[..., T], *columns: Iterable[object]) -> Iterator[T]:
    """Yield what a function returns for each row of `columns`, in order, computed by `workers` processes.

    They end with this process, and at once if it is stopped. If one dies, the jobs without a result are tried once more.

    Raises:
        JusteRetourError: a process died twice without a result between.
    """
    jobs, failed = list(zip(*columns, strict=True)), -1
    done = 0
    while done < len(jobs):
        try:
            with ProcessPoolExecutor(workers, get_context("spawn"), end_with_parent, (_parent_ends,)) as pool:
                try:
                    for found in pool.map(function, *zip(*jobs[done:], strict=True)):
                        done += 1
                        yield found
                except BaseException:
                    pool.shutdown(wait=False, cancel_futures=True)
                    kill_children()
                    raise
        except BrokenProcessPool:
            if failed == done:
                raise JusteRetourError(
                    "a worker process was ended twice, most likely because memory is too small; close other programs, or "
                    "use fewer workers."
                ) from None
            failed = done


def _parent_ends() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
