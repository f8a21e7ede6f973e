"""Work on many scans in processes, of which one may die without the others' work being lost."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from itertools import islice
from typing import Generic, TypeVar

# Not multiprocessing's own pool: that one runs the caller's script again in every process.
from joblib.externals.loky import ProcessPoolExecutor
from joblib.externals.loky.process_executor import BrokenProcessPool

from lesionary.encode.workers import _end_with

Task = TypeVar("Task")
Result = TypeVar("Result")

_IDLE_S = 60.0


def run_each(
    work: Callable[[Task], Result], tasks: Iterable[Task], workers: int
) -> Iterator[tuple[Task, Result | None]]:
    """Yield each task in turn with its result, or None where it ended its process.

    With 0 workers, the caller's own process does the work.
    """
    if not workers:
        yield from ((task, work(task)) for task in tasks)
        return
    pool = _Pool(work, workers)
    try:
        rest = iter(tasks)
        ahead = deque((task, pool.submit(task)) for task in islice(rest, 2 * workers))
        while ahead:
            task, future = ahead.popleft()
            try:
                result: Result | None = future.result()
            except BrokenProcessPool:
                result = _run_alone(work, task)  # to see whether it was the cause
            ahead.extend((following, pool.submit(following)) for following in islice(rest, 1))
            yield task, result
    finally:
        pool.end()


class _Pool(Generic[Task, Result]):
    """A pool that is started anew when one of its processes died."""

    def __init__(self, work: Callable[[Task], Result], count: int) -> None:
        self._work = work
        self._count = count
        self._pool = _start(count)

    def submit(self, task: Task) -> Future[Result]:
        try:
            future: Future[Result] = self._pool.submit(self._work, task)
        except BrokenProcessPool:
            self._pool = _start(self._count)
            future = self._pool.submit(self._work, task)
        return future

    def end(self) -> None:
        self._pool.shutdown(kill_workers=True)


def _run_alone(work: Callable[[Task], Result], task: Task) -> Result | None:
    pool = _Pool(work, 1)
    try:
        return pool.submit(task).result()
    except BrokenProcessPool:
        return None
    finally:
        pool.end()


def _start(count: int) -> ProcessPoolExecutor:
    # Where one process a core works, threads within each only get in the way.
    return ProcessPoolExecutor(
        count,
        timeout=_IDLE_S,
        initializer=_end_with,
        initargs=(os.getpid(),),
        env={"OMP_NUM_THREADS": "1"},
    )
