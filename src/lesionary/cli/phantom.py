"""``lesionary phantom``: synthetic CT cohorts, from the command line."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    name="phantom",
    help="Synthetic CT cohorts with known truth.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)


class _Format(str, Enum):
    nifti = "nifti"
    dicom = "dicom"


class _Size(str, Enum):
    full = "full"
    small = "small"
    tiny = "tiny"


class _Collapse(str, Enum):
    none = "none"
    left = "left"
    right = "right"
    mixed = "mixed"


@app.callback()
def _phantom() -> None:
    # With a callback, `make` stays a word of its own although it is the only command.
    pass


@app.command()
def make(
    out: Annotated[Path, typer.Argument(help="Folder to write.", show_default=False)],
    patients: Annotated[int, typer.Option(min=1, help="How many patients.")] = 200,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same cohort.")] = 0,
    form: Annotated[
        _Format, typer.Option("--format", help="DICOM comes with RTSTRUCT and SEG.")
    ] = _Format.nifti,
    size: Annotated[
        _Size,
        typer.Option(help="The whole trunk, 48 mm around the lesions, or 32 mm and coarse."),
    ] = _Size.full,
    site: Annotated[
        list[str] | None,
        typer.Option(help="Site of lesions; repeat for several. Default: all eight."),
    ] = None,
    retest: Annotated[bool, typer.Option("--retest", help="Scan everybody twice.")] = False,
    readers: Annotated[int, typer.Option(min=0, help="Readers who outline each lesion.")] = 0,
    collapsed_lung: Annotated[
        _Collapse, typer.Option(help="A collapsed lung in every patient, or by chance (mixed).")
    ] = _Collapse.none,
    matrix: Annotated[
        int,
        typer.Option(min=32, help="Voxels across the field of view; 512 is clinical, and slow."),
    ] = 256,
    signal: Annotated[
        float, typer.Option(min=0, help="Strength of the outcome rules; 0: nothing to find.")
    ] = 1.0,
    workers: Annotated[int, typer.Option(min=1, help="Patients made at the same time.")] = 1,
) -> None:
    """Write synthetic CT scans with lesions, their masks, a lesion table and the truth.

    An interrupted run goes on where it stopped; asking for more patients adds them.

    [bold]Examples[/bold]

      lesionary phantom make practice --patients 200 --seed 1

      lesionary phantom make nodules --site lung --size small --retest --readers 3

      lesionary phantom make hospital --patients 5 --format dicom
    """
    from lesionary.phantom import SITES, PhantomConfig, ideal_performance, make_cohort

    config = PhantomConfig(
        sites=tuple(site) if site else SITES,  # type: ignore[arg-type]  # checked by the config
        size=size.value,
        matrix=matrix,
        signal=signal,
        collapsed_lung=collapsed_lung.value,
        retest=retest,
        readers=readers,
    )
    truth = make_cohort(out, patients, seed, config, form=form.value, workers=workers)
    ideal = ideal_performance(truth)
    typer.echo(f"{ideal.lesions} lesions of {ideal.patients} patients in {out / 'cohort.csv'}")
    typer.echo(
        f"An ideal model reaches an AUC of {ideal.auc:.3f} for malignancy and a C-index of "
        f"{ideal.c_index:.3f} for survival; truth.csv says why."
    )
