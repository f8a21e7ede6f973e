"""The peak memory of this process, for either side of a benchmark."""

from __future__ import annotations

from pathlib import Path


def peak_mb() -> float:
    """Peak resident memory in MB (Linux); unlike getrusage, not that of the parent."""
    status = Path("/proc/self/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024
