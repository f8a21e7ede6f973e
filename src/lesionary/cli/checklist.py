"""``lesionary checklist``: published checklists to fill in, and their scores."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lesionary.cli.exits import FINDINGS

app = typer.Typer(
    name="checklist",
    help="Checklists of reports: RQS, TRIPOD, TRIPOD+AI, CLAIM, STARD.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)


@app.command("list")
def list_() -> None:
    """List the checklists there are.

    [bold]Examples[/bold]

      lesionary checklist list
    """
    from rich import box
    from rich.console import Console
    from rich.table import Table

    from lesionary.study.checklists import checklist_names, load_checklist

    view = Table("name", "version", "what it asks", box=box.SIMPLE)
    for name in checklist_names():
        one = load_checklist(name)
        view.add_row(name, one.version, f"{one.title}. {one.about}\n{one.citation}")
    Console().print(view)


@app.command()
def new(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME", help="rqs, tripod, tripod-ai, claim or stard.", show_default=False
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(help="File to write. Default: NAME.yaml.", show_default=False),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a file that is there.")
    ] = False,
) -> None:
    """Write a checklist to fill in.

    [bold]Examples[/bold]

      lesionary checklist new rqs --out rqs.yaml
    """
    from lesionary.study.checklists import write_blank_sheet

    path = out or Path(f"{name}.yaml")
    checklist = write_blank_sheet(name, path, overwrite=overwrite)
    typer.echo(
        f"Wrote {path}: {checklist.title}. Fill it in, then: lesionary checklist score {path}"
    )


@app.command()
def score(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="A checklist that was filled in.", show_default=False),
    ],
    out: Annotated[
        Path | None,
        typer.Option(help="Write every item with its points, as CSV.", show_default=False),
    ] = None,
) -> None:
    """Score a checklist that was filled in: points, percent, and what is missing.

    The exit status is 1 while items are not answered.

    [bold]Examples[/bold]

      lesionary checklist score rqs.yaml --out rqs.csv
    """
    from lesionary.cohort.table import write_table
    from lesionary.study.checklists import read_sheet, score_sheet

    found = score_sheet(read_sheet(file))
    lost = found.table[found.table["points"] < found.table["possible"]]
    for row in lost.itertuples():
        kept = f"{row.points:+d} of {row.possible}: " if found.checklist.unit == "points" else ""
        typer.echo(f"  {row.number}. {kept}{row.item} {row.answer}")
    for item in found.missing:
        typer.secho(f"  {item.number}. Not answered: {item.ask}", fg=typer.colors.YELLOW)
    typer.echo(str(found))
    if out:
        write_table(found.table, out)
        typer.echo(f"Wrote {out}: {len(found.table):,} items.")
    if found.missing:
        raise typer.Exit(FINDINGS)
