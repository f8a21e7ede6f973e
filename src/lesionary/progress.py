"""Progress bars: for people, so only on a terminal, and never with ``--quiet``."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")

_quiet = False


def set_quiet(quiet: bool) -> None:
    """Silence (or restore) every progress bar of this process."""
    global _quiet
    _quiet = quiet


def is_shown() -> bool:
    """Whether progress is to be drawn: on a terminal, unless it was silenced."""
    return not _quiet and sys.stderr.isatty()


def track(items: Iterable[T], description: str, total: int | None = None) -> Iterator[T]:
    """Yield ``items`` while a progress bar with ``description`` counts them on stderr.

    Examples
    --------
    >>> sum(track([1, 2, 3], "Adding"))
    6
    """
    if not is_shown():
        yield from items
        return
    from rich.console import Console
    from rich.progress import track as rich_track

    yield from rich_track(
        items, description=description, total=total, console=Console(stderr=True), transient=True
    )
