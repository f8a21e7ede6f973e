"""``lesionary demo``: everything at work, on patients that do not exist."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def demo(
    out: Annotated[Path, typer.Option(help="Folder to write to.")] = Path("demo"),
    patients: Annotated[int, typer.Option(min=4, help="Synthetic patients to make.")] = 12,
    seed: Annotated[int, typer.Option(help="The same seed makes the same demo.")] = 1,
) -> None:
    """Make a synthetic cohort, extract its features, and show every lesion on one page.

    [bold]Examples[/bold]

      lesionary demo

      lesionary demo --patients 40 --seed 7 --out larger-demo
    """
    from lesionary.study import run_demo

    made = run_demo(out, patients=patients, seed=seed)
    typer.echo(f"{made.cohort!r}")
    for problem in made.problems:
        typer.echo(f"{problem.level}: {problem}")
    typer.echo(f"Wrote tables, patches, features and pictures to {out}/. Open {made.page}.")
