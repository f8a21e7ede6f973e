"""``lesionary curate preprocess``: the scans of a cohort through a list of steps."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from lesionary.cli.exits import SET_ASIDE

_SHOWN = 5


def preprocess(
    table: Annotated[
        str,
        typer.Argument(metavar="TABLE", help="Lesion table, CSV or Parquet.", show_default=False),
    ],
    steps: Annotated[
        Path,
        typer.Option(
            help="Steps in their order (.yaml), or fitted ones to apply as they are (.json).",
            show_default=False,
        ),
    ],
    out: Annotated[
        Path, typer.Option(help="Folder for the scans, the table and the fitted steps.")
    ] = Path("preprocessed"),
    root: Annotated[
        Path | None,
        typer.Option(help="Folder of the scans. Default: the table's own.", show_default=False),
    ] = None,
    fit_on: Annotated[
        str, typer.Option(help="Split that steps with 'fit: train' learn from, or all.")
    ] = "train",
    region: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help="Column with the masks that 'within: region' means (brain, body, fat).",
            show_default=False,
        ),
    ] = None,
    file_format: Annotated[
        Literal["nii.gz", "nii", "nrrd", "mha"], typer.Option("--format", help="Of the scans.")
    ] = "nii.gz",
    workers: Annotated[
        int | None,
        typer.Option(min=0, help="Processes. Default: half the processors.", show_default=False),
    ] = None,
) -> None:
    """Make intensities and voxels of different scans comparable.

    Steps: n4, window, resample, z_score, min_max, percentile, histogram_match, white_stripe,
    fat_reference, equalise, binning. What they learn is learnt from the training scans, written
    to preprocessing.json, and applied to all. If it is interrupted, the same command goes on
    where it stopped.

    [bold]Examples[/bold]

      lesionary curate preprocess cohort.csv --steps mr.yaml --out prepared

      lesionary curate preprocess new.csv --steps prepared/preprocessing.json --out prepared-new
    """
    from lesionary.cohort.curate.export import preprocess_cohort

    done = preprocess_cohort(
        table,
        steps,
        out,
        root=root,
        fit_on=fit_on,
        region=region,
        ending=f".{file_format}",
        workers=workers,
    )
    for note in done.notes:
        typer.echo(note)
    earlier = f"; {done.earlier} finished by an earlier run" if done.earlier else ""
    typer.echo(
        f"Wrote {out / 'cohort.csv'}: {len(done.table)} lesion(s), {done.images} scan(s){earlier}."
    )
    for lesion, _, reason in done.set_aside.head(_SHOWN).itertuples(index=False):
        typer.secho(f"Set aside: {lesion}: {reason}", fg=typer.colors.YELLOW, err=True)
    if len(done.set_aside):
        typer.echo(f"Wrote {out / 'errors.csv'}: {len(done.set_aside)} lesion(s) set aside.")
        raise typer.Exit(SET_ASIDE)
