"""Ctrl-C in a command that can go on later."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer

from lesionary.cli.exits import INTERRUPTED


@contextmanager
def one_line() -> Iterator[None]:
    """Print what an interrupt says, in one line, and exit."""
    try:
        yield
    except KeyboardInterrupt as stop:
        typer.echo(str(stop) or "Interrupted.", err=True)
        raise typer.Exit(INTERRUPTED) from stop
