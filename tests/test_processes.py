"""Processes work ahead, in turn; one that dies takes its own task with it, and no other."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lesionary.processes import Processes, default_workers


def nothing(task: object) -> None:
    """Stand for a result that was lost."""


@pytest.mark.parametrize("count", [0, 2])
def test_results_come_in_turn(count: int) -> None:
    def square(n: int) -> int:
        time.sleep(0.2 if n == 0 else 0)
        return n * n

    with Processes(square, count, lost=nothing) as pool:
        assert list(pool.run(range(9), ahead=count)) == [n * n for n in range(9)]


@pytest.mark.parametrize(("count", "ahead"), [(0, 1), (1, 1), (2, 3)])
def test_tasks_are_taken_one_by_one_as_results_are(count: int, ahead: int) -> None:
    taken = []

    def tasks() -> Iterator[int]:
        for number in range(1, 21):
            taken.append(number)
            yield number

    most = count + ahead if count else 0
    with Processes(abs, count, lost=nothing) as pool:
        results = pool.run(tasks(), ahead=ahead)
        assert len(taken) == most
        for number, result in enumerate(results, start=1):
            assert result == number
            assert len(taken) == min(20, number + most)
    assert number == 20


def test_processes_are_ready_for_their_work_before_there_is_a_task(tmp_path: Path) -> None:
    class Work:
        def __call__(self, task: int) -> int:
            return task

        def __setstate__(self, state: dict[str, int]) -> None:
            (tmp_path / str(os.getpid())).touch()

    work = Work()
    work.__dict__["state"] = 1  # without any, there would be nothing to set
    with Processes(work, 2, lost=nothing):
        deadline = time.monotonic() + 30
        while len(list(tmp_path.iterdir())) < 2:
            assert time.monotonic() < deadline, "The processes wait for the first task."
            time.sleep(0.05)
    assert not (tmp_path / str(os.getpid())).exists()


def test_death_of_a_process_costs_one_result() -> None:
    def work(n: int) -> str:
        if n in (2, 5):
            os._exit(9)
        return f"{n} done"

    with Processes(work, 2, lost="{} lost".format) as pool:
        assert list(pool.run(range(7))) == [
            f"{n} lost" if n in (2, 5) else f"{n} done" for n in range(7)
        ]


def test_error_in_a_process_is_the_callers() -> None:
    def work(n: int) -> int:
        raise OSError(28, "No space left on device")

    with (
        Processes(work, 1, lost=nothing) as pool,
        pytest.raises(OSError, match="No space left"),
    ):
        list(pool.run(range(3)))


def test_each_process_has_one_thread_and_all_end_with_the_pool() -> None:
    def work(n: int) -> tuple[int, str]:
        return os.getpid(), os.environ["OMP_NUM_THREADS"]

    with Processes(work, 1, lost=nothing) as pool:
        ((process, threads),) = pool.run([0])
    assert threads == "1"
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


def test_by_default_half_the_processors_work() -> None:
    assert 1 <= default_workers() <= max(1, min(8, (os.cpu_count() or 1) // 2))
