"""``lesionary radiomics``: a table of outlined lesions in, a table of handcrafted features out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from lesionary.cli.exits import SET_ASIDE

if TYPE_CHECKING:
    from lesionary.radiomics.run import Measurement

_SHOWN = 5
"""Rows set aside that are printed."""


def radiomics(
    table: Annotated[
        str,
        typer.Argument(
            metavar="TABLE",
            help="Lesion table with mask_path, CSV or Parquet.",
            show_default=False,
        ),
    ],
    settings: Annotated[
        str | None,
        typer.Option(
            help="Name (ct, ibsi-a, ...) or .yaml file; a params.yaml of PyRadiomics is measured "
            "and named as PyRadiomics does. Default: ct, or PyRadiomics' own with its profile.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Table to write, .parquet or .csv. Default: radiomics.parquet; radiomics.csv with "
            "--format csv.",
            show_default=False,
        ),
    ] = None,
    profile: Annotated[
        Literal["names", "ibsi", "pyradiomics"],
        typer.Option(
            help="Name columns in words, or by IBSI code and aggregation; or measure and name as "
            "PyRadiomics does."
        ),
    ] = "names",
    resample_masks: Annotated[
        bool,
        typer.Option(
            "--resample-masks",
            help="Bring masks on another grid to their scan's, by the nearest voxel.",
        ),
    ] = False,
    root: Annotated[
        Path | None,
        typer.Option(
            help="Folder of the scans and masks. Default: the table's own.", show_default=False
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(min=0, help="Processes. Default: one a processor.", show_default=False),
    ] = None,
    table_format: Annotated[
        Literal["parquet", "csv"] | None,
        typer.Option("--format", help="Default: by the ending of --out.", show_default=False),
    ] = None,
    maps: Annotated[
        str | None,
        typer.Option(
            metavar="NAME,...",
            help="Instead of the table, write a map a lesion of these features as NIfTI, into the "
            "folder of --out (default: maps).",
            show_default=False,
        ),
    ] = None,
    radius: Annotated[
        int, typer.Option(min=1, help="Voxels around the centre of a map's neighbourhood.")
    ] = 1,
    overwrite: Annotated[
        bool,
        typer.Option("--overwrite", help="Replace a table or a begun run with other settings."),
    ] = False,
) -> None:
    """Measure handcrafted features of every outlined lesion in a table.

    If it is interrupted, the same command goes on where it stopped. Rows that cannot be
    used are listed in errors.csv beside the table, and the exit status is 3. A feature that is
    not defined for a lesion is empty; a file .notes.csv beside the table says why.

    [bold]Examples[/bold]

      lesionary radiomics cohort.csv --settings ct --out radiomics.parquet

      lesionary radiomics cohort.csv --settings ct.yaml --profile ibsi --out radiomics.csv

      lesionary radiomics cohort.csv --settings params.yaml --out pyradiomics.parquet

      lesionary radiomics cohort.csv --profile pyradiomics --out pyradiomics.parquet

      lesionary radiomics cohort.csv --settings native.yaml --maps stat_mean --out maps
    """
    from lesionary.radiomics.run import run_radiomics

    if maps is not None:
        from lesionary.errors import RadiomicsError

        if profile != "names":
            raise RadiomicsError(f"Maps are of features by name: leave --profile {profile} out.")
        names = [name.strip() for name in maps.split(",") if name.strip()]
        _write_maps(table, settings, names, radius, out or Path("maps"), root, workers)
        return
    done = run_radiomics(
        table,
        settings,
        out or Path(f"radiomics.{table_format or 'parquet'}"),
        profile=profile,
        resample_masks=resample_masks,
        root=root,
        workers=workers,
        table_format=table_format,
        overwrite=overwrite,
    )
    for note in done.notes:
        typer.secho(f"Note: {note}", fg=typer.colors.YELLOW, err=True)
    typer.echo(_summary(done))
    for one in done.set_aside[:_SHOWN]:
        typer.secho(f"Set aside: row {one.row}: {one.reason}", fg=typer.colors.YELLOW, err=True)
    if done.set_aside:
        typer.echo(
            f"Set aside {len(done.set_aside):,} rows; {done.errors} says why. Correct them and run "
            "the same command again: only their scans are measured."
        )
        raise typer.Exit(SET_ASIDE)


def _write_maps(
    table: str,
    settings: str | None,
    names: list[str],
    radius: int,
    folder: Path,
    root: Path | None,
    workers: int | None,
) -> None:
    from lesionary.errors import RadiomicsError
    from lesionary.radiomics.run import write_maps

    if folder.suffix:
        raise RadiomicsError(f"Maps are files in a folder: give --out a folder, not {folder}.")
    set_aside = write_maps(
        table, names, folder, radius=radius, settings=settings, root=root, workers=workers
    )
    typer.echo(f"Wrote maps of {', '.join(names)} into {folder}.")
    for one in set_aside:
        typer.secho(f"No map: row {one.row}: {one.reason}", fg=typer.colors.YELLOW, err=True)
    if set_aside:
        raise typer.Exit(SET_ASIDE)


def _summary(done: Measurement) -> str:
    if not done.computed:
        return f"{done.out} is complete: {done.lesions:,} lesions, nothing was left to measure."
    earlier = done.lesions - done.computed
    return (
        f"Wrote {done.out}: {done.lesions:,} lesions, {done.columns:,} features each, in "
        f"{done.seconds:.1f} s ({done.computed / done.seconds:.2g} lesions/s)"
        + (f"; {earlier:,} lesions were finished by an earlier run." if earlier else ".")
        + (
            f" {done.undefined:,} values are not defined; {done.notes_file} says why."
            if done.undefined
            else ""
        )
    )
