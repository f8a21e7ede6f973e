"""What features with a probe cost, and what fine-tuning does: time and memory."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from lesionary.errors import TrainingError
from lesionary.files import atomic_path

_MIB = 1 << 20


@contextmanager
def metered(device: torch.device) -> Iterator[dict[str, Any]]:
    """Give a dict that has ``seconds`` and ``peak_memory_mib`` once the block is done.

    Memory is what torch allocated at most on a GPU in the block; on the CPU it is the most that
    this process was resident with since it started, which can only grow from block to block.
    Where the system does not say, it is None.
    """
    spent: dict[str, Any] = {}
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    started = time.monotonic()
    yield spent
    spent["seconds"] = round(time.monotonic() - started, 3)
    spent["peak_memory_mib"] = _peak_mib(device)


def read_efficiency(path: Path) -> dict[str, Any]:
    """Read the record of a run that goes on; empty where there is none."""
    if not path.exists():
        return {}
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise TrainingError(f"{path} is damaged ({error}): remove it and go on.") from error
    return dict(record)


def write_efficiency(record: dict[str, Any], path: Path) -> None:
    """Write the record, whole."""
    with atomic_path(path) as temporary:
        temporary.write_text(json.dumps(record, indent=1), encoding="utf-8")


def _peak_mib(device: torch.device) -> float | None:
    if device.type == "cuda":
        return round(torch.cuda.max_memory_allocated(device) / _MIB, 1)
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (_MIB if sys.platform == "darwin" else 1024), 1)
