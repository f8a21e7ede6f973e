"""Processes that work ahead of their caller, one of which may die without the others' work."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from itertools import islice
from threading import Thread
from types import TracebackType
from typing import Generic, TypeVar

# Not multiprocessing's own pool: that one runs the caller's script again in every process, so
# that the two lines a researcher writes would need an ``if __name__ == "__main__"``.
from joblib.externals.loky import ProcessPoolExecutor
from joblib.externals.loky.process_executor import BrokenProcessPool

Task = TypeVar("Task")
Result = TypeVar("Result")

_MOST = 8
_IDLE_S = 60.0


def processors() -> int:
    """Return how many processors this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def default_workers() -> int:
    """Return half the processors that this process may use, but at most 8."""
    return max(1, min(_MOST, processors() // 2))


class Processes(Generic[Task, Result]):
    """A pool that does one kind of work, and is started before the first task is known.

    Parameters
    ----------
    work : callable
        What is done with each task. Its modules are imported as soon as a process starts.
    count : int
        Processes; with 0, the caller does the work, one task at a time.
    lost : callable
        Returns, to the caller, what stands for the result of a task that ends its process.
    """

    def __init__(
        self, work: Callable[[Task], Result], count: int, *, lost: Callable[[Task], Result]
    ) -> None:
        self._work = work
        self._count = count
        self._lost = lost
        self._pool = self._start(count) if count else None

    def __enter__(self) -> Processes[Task, Result]:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(kill_workers=True)

    def run(self, tasks: Iterable[Task], *, ahead: int = 1) -> Iterator[Result]:
        """Start with the first tasks at once, and yield the result of each in turn.

        Parameters
        ----------
        tasks : iterable
            Taken one by one, as results are.
        ahead : int
            Tasks under way beyond one a process: with 1, the result that is asked for next is
            ready, and few are held. More keep the processes at work where one task takes long.

        Yields
        ------
        object
            What ``work``, or else ``lost``, returns. What ``work`` raises is raised.
        """
        rest = iter(tasks)
        if self._pool is None:
            return map(self._work, rest)
        under_way = deque((task, self._submit(task)) for task in islice(rest, self._count + ahead))
        return self._in_turn(under_way, rest)

    def _in_turn(
        self, under_way: deque[tuple[Task, Future[Result]]], rest: Iterator[Task]
    ) -> Iterator[Result]:
        while under_way:
            result = self._result(*under_way.popleft())
            under_way.extend((task, self._submit(task)) for task in islice(rest, 1))
            yield result

    def _submit(self, task: Task) -> Future[Result]:
        assert self._pool is not None
        try:
            future: Future[Result] = self._pool.submit(self._work, task)
        except BrokenProcessPool:
            self._pool = self._start(self._count)
            future = self._pool.submit(self._work, task)
        return future

    def _result(self, task: Task, future: Future[Result]) -> Result:
        try:
            return future.result()
        except BrokenProcessPool:
            return self._alone(task)

    def _alone(self, task: Task) -> Result:
        """Try a task that was under way when a process died, to see whether it is the cause."""
        pool = self._start(1)
        try:
            result: Result = pool.submit(self._work, task).result()
        except BrokenProcessPool:
            return self._lost(task)
        finally:
            pool.shutdown(kill_workers=True)
        return result

    def _start(self, count: int) -> ProcessPoolExecutor:
        # Where one process a core works, threads within each only get in the way.
        pool = ProcessPoolExecutor(
            count,
            timeout=_IDLE_S,
            initializer=_begin,
            initargs=(os.getpid(), self._work),
            env={"OMP_NUM_THREADS": "1"},
        )
        pool.submit(int)  # any call starts all processes, which takes them a second
        return pool


def _begin(parent: int, work: object) -> None:  # noqa: ARG001
    """Let a process end when its parent does, also by ``kill -9``.

    To be called with the work, the process had to import all that it needs.
    """

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    Thread(target=watch, daemon=True).start()
