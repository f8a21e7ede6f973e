"""``lesionary extract``: a table of lesions in, a table of features out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from lesionary.cli.exits import SET_ASIDE
from lesionary.errors import EncoderError

if TYPE_CHECKING:
    from lesionary.encode import Extraction

_SHOWN = 5
"""Rows set aside that are printed."""


def extract(
    table: Annotated[
        str,
        typer.Argument(metavar="TABLE", help="Lesion table, CSV or Parquet.", show_default=False),
    ],
    encoder: Annotated[
        str,
        typer.Option(
            help="Name, or path of a model card; several with commas: fmcib,med3d. "
            "[bold]lesionary encoders list[/bold] names them."
        ),
    ] = "fmcib",
    out: Annotated[
        Path | None,
        typer.Option(
            help="Table to write, .parquet or .csv. Default: features.parquet; features.csv with "
            "--format csv.",
            show_default=False,
        ),
    ] = None,
    root: Annotated[
        Path | None,
        typer.Option(help="Folder of the scans. Default: the table's own.", show_default=False),
    ] = None,
    weights: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FILE",
            help="Weights to use instead of those fetched; for one of several encoders, "
            "NAME=FILE. Repeat.",
            show_default=False,
        ),
    ] = None,
    recipe: Annotated[
        str | None,
        typer.Option(
            help="Cut patches by this recipe (a name or a .yaml file), not by the card's.",
            show_default=False,
        ),
    ] = None,
    precropped: Annotated[
        bool, typer.Option("--precropped", help="The images are patches already.")
    ] = False,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1, mps, ...")] = "auto",
    precision: Annotated[
        Literal["fp32", "bf16"],
        typer.Option(help="bf16 is faster; the card says what it costs."),
    ] = "fp32",
    batch_size: Annotated[
        int | None,
        typer.Option(min=1, help="Patches at once. Default: by memory.", show_default=False),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Processes that prepare patches. Default: half the processors, at most 8.",
            show_default=False,
        ),
    ] = None,
    engine: Annotated[
        Literal["local", "ray"],
        typer.Option(help="ray: on all nodes of the Ray cluster that RAY_ADDRESS names."),
    ] = "local",
    table_format: Annotated[
        Literal["parquet", "csv"] | None,
        typer.Option("--format", help="Default: by the ending of --out.", show_default=False),
    ] = None,
    column_style: Annotated[
        Literal["lesionary", "pred"],
        typer.Option(
            help="pred: all columns of TABLE, then pred_0, pred_1, ..., as the published "
            "get_features has them."
        ),
    ] = "lesionary",
    overwrite: Annotated[
        bool,
        typer.Option("--overwrite", help="Replace a table or a begun run with other settings."),
    ] = False,
) -> None:
    """Compute features of every lesion in a table with pre-trained encoders.

    If it is interrupted, the same command goes on where it stopped. Rows that cannot be
    used are listed in errors.csv beside the table, and the exit status is 3.

    [bold]Examples[/bold]

      lesionary extract cohort.csv --encoder fmcib --out features.parquet

      lesionary extract cohort.csv --encoder fmcib,med3d --precision bf16

      lesionary extract cohort.csv --format csv --column-style pred --out features.csv
    """
    from lesionary.encode import run_extraction

    names = [name.strip() for name in encoder.split(",") if name.strip()]
    done = run_extraction(
        table,
        names,
        out or Path(f"features.{table_format or 'parquet'}"),
        root=root,
        weights=_weights(weights or [], names),
        recipe=recipe,
        device=device,
        precision=precision,
        batch_size=batch_size,
        workers=workers,
        engine=engine,
        precropped=precropped,
        table_format=table_format,
        column_style=column_style,
        overwrite=overwrite,
    )
    for note in (*done.notes, *done.warnings):
        typer.secho(f"Note: {note}", fg=typer.colors.YELLOW, err=True)
    typer.echo(_summary(done))
    for one in done.set_aside[:_SHOWN]:
        typer.secho(f"Set aside: row {one.row}: {one.reason}", fg=typer.colors.YELLOW, err=True)
    if done.set_aside:
        count = len(done.set_aside)
        typer.echo(
            f"Set aside {count:,} row{'s' * (count > 1)}; {done.errors} says why. Correct what is "
            "wrong and run the same command again: only these scans are computed."
        )
        raise typer.Exit(SET_ASIDE)


def _weights(words: list[str], names: list[str]) -> dict[str, str] | str | None:
    if len(words) == 1 and (Path(words[0]).exists() or "=" not in words[0]):
        return words[0]
    given = {}
    for word in words:
        name, equals, path = word.partition("=")
        if not equals:
            raise EncoderError(
                f"Say which of {', '.join(names)} has the weights {word}: NAME=FILE."
            )
        given[name] = path
    return given or None


def _summary(done: Extraction) -> str:
    if not done.computed:
        return f"{done.out} is complete: {done.lesions:,} lesions, nothing was left to compute."
    earlier = done.lesions - done.computed
    return (
        f"Wrote {done.out}: {done.lesions:,} lesions, {done.columns:,} features each "
        f"({', '.join(done.encoders)}), in {done.seconds:.1f} s"
        f" ({done.computed / done.seconds:.2g} lesions/s)"
        + (f"; {earlier:,} lesions were finished by an earlier run." if earlier else ".")
    )
