"""A process that dies takes its own task with it, and no other."""

from __future__ import annotations

import os

import pytest

from lesionary.train.store.pool import run_each


def test_results_come_in_turn() -> None:
    assert list(run_each(lambda n: n * n, range(9), 2)) == [(n, n * n) for n in range(9)]
    assert list(run_each(lambda n: n * n, range(9), 0)) == [(n, n * n) for n in range(9)]


def test_death_of_a_process_costs_one_result() -> None:
    def work(n: int) -> int:
        if n == 2:
            os._exit(9)
        return n

    expected = [(n, None if n == 2 else n) for n in range(6)]
    assert list(run_each(work, range(6), 2)) == expected


def test_error_in_a_process_is_the_callers() -> None:
    def work(n: int) -> int:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        list(run_each(work, range(3), 1))
