"""Two processes with half a batch each do what one does with the whole."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from lesionary.train.gather import gather
from lesionary.train.objectives import objective_names

SCRIPT = Path(__file__).with_name("two_processes.py")


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("two_processes")
    started = [
        subprocess.Popen(
            [sys.executable, "-W", "error", SCRIPT, str(rank), folder],
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in (0, 1)
    ]
    try:
        for process in started:
            _, error = process.communicate(timeout=120)
            assert process.returncode == 0, error
    finally:
        for process in started:
            process.kill()
    return [torch.load(folder / f"{rank}.pt", weights_only=True) for rank in (0, 1)]


@pytest.mark.parametrize("name", objective_names())
def test_two_processes_equal_one(name, results):
    alone = results[0]["alone"][name]
    together = [result["together"][name] for result in results]
    # The mean over processes is the loss where each has its own part, and each where all have all.
    loss = torch.stack([each.pop("loss") for each in together]).mean(dim=0)
    torch.testing.assert_close(loss, alone.pop("loss"), rtol=1e-10, atol=1e-12)
    for each in together:
        assert each.keys() == alone.keys()
        for key, value in alone.items():
            torch.testing.assert_close(
                each[key], value, rtol=1e-9, atol=1e-12, msg=lambda m, key=key: f"{key}: {m}"
            )


def test_one_process_gathers_nothing():
    rows = torch.randn(3, 2, requires_grad=True)
    assert gather(rows) is rows
