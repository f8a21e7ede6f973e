"""Processes that prepare the next scans while the network is at work on the last one."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from itertools import islice
from threading import Thread
from types import TracebackType

# Not multiprocessing's own pool: that one runs the caller's script again in every process, so
# that the two lines a researcher writes would need an ``if __name__ == "__main__"``.
from joblib.externals.loky import ProcessPoolExecutor
from joblib.externals.loky.process_executor import (
    BrokenProcessPool,
)

from lesionary.encode.plan import ScanLesions
from lesionary.encode.prepare import Prepared, prepare, unreadable
from lesionary.scan.recipe import Recipe

_MOST = 8
_IDLE_S = 60.0


def default_workers() -> int:
    """Return half the processors that this process may use, but at most 8."""
    affinity = getattr(os, "sched_getaffinity", None)
    count = len(affinity(0)) if affinity else os.cpu_count() or 1
    return max(1, min(_MOST, count // 2))


class Workers:
    """A pool that prepares scans in order, with a bounded number of them ahead.

    Parameters
    ----------
    count : int
        Processes; with 0, scans are prepared by the caller, one at a time.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._pool = self._start(count) if count else None

    def __enter__(self) -> Workers:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(kill_workers=True)

    def prepare(
        self, tasks: Iterable[ScanLesions], recipes: Sequence[Recipe], precropped: bool
    ) -> Iterator[Prepared]:
        """Start with the first scans at once, and yield each when its turn comes."""
        rest = iter(tasks)
        if self._pool is None:
            return (prepare(task, recipes, precropped) for task in rest)
        # One scan more than workers: the one that the network will ask for next is ready.
        ahead = deque(
            (task, self._submit(task, recipes, precropped))
            for task in islice(rest, self._count + 1)
        )
        return self._in_turn(ahead, rest, recipes, precropped)

    def _in_turn(
        self,
        ahead: deque[tuple[ScanLesions, Future[Prepared]]],
        rest: Iterator[ScanLesions],
        recipes: Sequence[Recipe],
        precropped: bool,
    ) -> Iterator[Prepared]:
        while ahead:
            task, future = ahead.popleft()
            try:
                prepared = future.result()
            except BrokenProcessPool:
                prepared = self._prepare_alone(task, recipes, precropped)
            del future  # holds the patches
            for following in islice(rest, 1):
                ahead.append((following, self._submit(following, recipes, precropped)))
            yield prepared

    def _submit(
        self, task: ScanLesions, recipes: Sequence[Recipe], precropped: bool
    ) -> Future[Prepared]:
        assert self._pool is not None
        try:
            future: Future[Prepared] = self._pool.submit(prepare, task, recipes, precropped)
        except BrokenProcessPool:
            self._pool = self._start(self._count)
            future = self._pool.submit(prepare, task, recipes, precropped)
        return future

    def _prepare_alone(
        self, task: ScanLesions, recipes: Sequence[Recipe], precropped: bool
    ) -> Prepared:
        """Prepare a scan that was in flight when a process died, to see whether it is the cause."""
        pool = self._start(1)
        try:
            prepared: Prepared = pool.submit(prepare, task, recipes, precropped).result()
        except BrokenProcessPool:
            return unreadable(task)
        finally:
            pool.shutdown(kill_workers=True)
        return prepared

    @staticmethod
    def _start(count: int) -> ProcessPoolExecutor:
        # Where one process a core works, threads within each only get in the way.
        pool = ProcessPoolExecutor(
            count,
            timeout=_IDLE_S,
            initializer=_end_with,
            initargs=(os.getpid(),),
            env={"OMP_NUM_THREADS": "1"},
        )
        pool.submit(_import_readers)  # starts the processes, which takes them a second
        return pool


def _import_readers() -> None:
    """Do nothing: to be called, this module and all it needs had to be imported."""


def _end_with(parent: int) -> None:
    """Let a worker process end when its parent does, also by ``kill -9``."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    Thread(target=watch, daemon=True).start()
