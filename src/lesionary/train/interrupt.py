"""What becomes of a training that a person stops."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lesionary.train.checkpoints import Checkpoints
from lesionary.train.rank import this_rank


@contextmanager
def resumable(run: Path) -> Iterator[None]:
    """Make an interrupt (Ctrl-C) say how to go on with the run."""
    try:
        yield
    except KeyboardInterrupt as stop:
        if this_rank():  # the first process says it for all
            raise
        last = Checkpoints(run).last
        kept = f"The last checkpoint is {last}" if last.exists() else "There is no checkpoint yet"
        raise KeyboardInterrupt(
            f"Interrupted. {kept}; the same command with --resume goes on from what is there."
        ) from stop
