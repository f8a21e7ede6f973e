"""What the commands that fit a model are all given."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Features = Annotated[
    Path,
    typer.Argument(metavar="FEATURES", help="Feature table, .parquet or .csv.", show_default=False),
]
Columns = Annotated[
    str | None,
    typer.Option(
        help="Features to use, names or patterns with commas: 'fmcib_*'. Default: all.",
        show_default=False,
    ),
]
Out = Annotated[Path, typer.Option(help="Folder to write.")]
Seed = Annotated[int, typer.Option(help="Fixes everything that is random.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace a model that is there.")]


def names(words: str | None) -> list[str] | None:
    """Return the names that are given with commas between them."""
    return [one.strip() for one in words.split(",")] if words else None
