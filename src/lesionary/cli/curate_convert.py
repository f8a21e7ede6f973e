"""``lesionary curate convert`` and ``lesionary curate anonymise``: DICOM to files for research."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from lesionary.cli.exits import SET_ASIDE

_SHOWN = 5


class Format(str, Enum):
    """What a volume is written as."""

    nii_gz = "nii.gz"
    nii = "nii"
    nrrd = "nrrd"
    mha = "mha"


def convert(
    folder: Annotated[
        Path,
        typer.Argument(metavar="FOLDER", help="Holds one folder a patient.", show_default=False),
    ],
    out: Annotated[Path, typer.Option(help="Folder for scans, masks and tables.")] = Path(
        "converted"
    ),
    file_format: Annotated[Format, typer.Option("--format")] = Format.nii_gz,
    roi: Annotated[
        list[str] | None,
        typer.Option(
            help="ROI or segment: a name (GTV-1) or a pattern ('GTV*'). Repeat. Default: all.",
            show_default=False,
        ),
    ] = None,
    modality: Annotated[
        list[str] | None,
        typer.Option(help="CT, MR or PT. Repeat. Default: all three.", show_default=False),
    ] = None,
    resample: Annotated[
        bool, typer.Option("--resample", help="Take masks of another geometry than the scan's too.")
    ] = False,
    secret: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Give patients codes, made with the secret in this file (made if there is none), "
            "instead of the names of their folders.",
            show_default=False,
        ),
    ] = None,
    mapping: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write a table of who is who (DICOM identifiers!). Keep it apart.",
            show_default=False,
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(min=0, help="Processes. Default: half the processors.", show_default=False),
    ] = None,
) -> None:
    """Convert CT, MR, PET (to SUV), RTSTRUCT and SEG to NIfTI or NRRD.

    Every voxel stays where it was: any orientation, tilted gantries too. converted.csv says what
    became of every series, cohort.csv is the lesion table that 'lesionary extract' takes, and
    errors.csv lists what failed (the exit status is then 3). If it is interrupted, the same
    command goes on where it stopped.

    [bold]Examples[/bold]

      lesionary curate convert /data/LUNG1 --roi 'GTV*' --out converted

      lesionary curate convert /data/clinic --secret keys/secret --mapping keys/who.csv
    """
    from lesionary.cohort.curate.export import convert_folder

    done = convert_folder(
        folder,
        out,
        ending=f".{file_format.value}",
        roi=roi or (),
        modalities=[one.upper() for one in modality] if modality else ("CT", "MR", "PT"),
        resample=resample,
        secret=secret,
        mapping=mapping,
        workers=workers,
    )
    counts = done.series["status"].value_counts()
    said = ", ".join(f"{counts[status]} {status}" for status in counts.index)
    earlier = f" ({done.earlier} by an earlier run)" if done.earlier else ""
    typer.echo(f"Wrote {out / 'converted.csv'}: {len(done.series)} series, {said}{earlier}.")
    no_suv = int(((done.series["modality"] == "PT") & (done.series["unit"] == "a.u.")).sum())
    if no_suv:
        typer.secho(
            f"{no_suv} PET series are not in SUV; the column notes says what their headers lack.",
            fg=typer.colors.YELLOW,
            err=True,
        )
    if done.cohort.empty:
        typer.echo("No region was written, so there is no cohort.csv.")
    else:
        typer.echo(f"Wrote {out / 'cohort.csv'}: {len(done.cohort)} regions.")
    _say_mapping(mapping)
    for patient, file, reason in done.set_aside.head(_SHOWN).itertuples(index=False):
        where = f"{patient}, {file}" if file else patient
        typer.secho(f"Set aside: {where}: {reason}", fg=typer.colors.YELLOW, err=True)
    if len(done.set_aside):
        typer.echo(f"Wrote {out / 'errors.csv'}: {len(done.set_aside)} set aside.")
        raise typer.Exit(SET_ASIDE)


def _say_mapping(mapping: Path | None) -> None:
    if mapping is not None:
        typer.echo(f"Wrote {mapping}, which identifies patients.")


class Dates(str, Enum):
    """What becomes of dates."""

    remove = "remove"
    shift = "shift"
    keep = "keep"


def anonymise(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="FOLDER", help="Searched with all its sub-folders.", show_default=False
        ),
    ],
    secret: Annotated[
        Path,
        typer.Option(
            metavar="FILE",
            help="The secret that codes are made with; made if there is none. Keep it apart.",
            show_default=False,
        ),
    ],
    out: Annotated[Path, typer.Option(help="Folder for the anonymous files.")] = Path("anonymous"),
    dates: Annotated[
        Dates,
        typer.Option(help="Shifted dates keep intervals; each patient has days of their own."),
    ] = Dates.remove,
    keep: Annotated[
        list[str] | None,
        typer.Option(
            help="patient (sex, age, size, weight), device, or descriptions (names of ROIs, "
            "series, ...). Repeat.",
            show_default=False,
        ),
    ] = None,
    write_burned_in: Annotated[
        bool,
        typer.Option("--write-burned-in", help="Write what may show a name in its pixels, too."),
    ] = False,
    mapping: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write a table of who is who (DICOM identifiers!). Keep it apart.",
            show_default=False,
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(min=0, help="Processes. Default: half the processors.", show_default=False),
    ] = None,
) -> None:
    """Write copies of DICOM files from which nobody can tell the patient.

    Follows the basic application level confidentiality profile of DICOM PS3.15. Files whose pixels
    may show a name are set aside, and so is what cannot be read; the table of these lies beside
    the results, and the exit status is then 3.

    [bold]Examples[/bold]

      lesionary curate anonymise /data/clinic --secret keys/secret --out anonymous

      lesionary curate anonymise /data/pet --secret keys/secret --dates shift --keep patient
    """
    from lesionary.cohort.curate.export import anonymise_folder

    done = anonymise_folder(
        folder,
        out,
        secret=secret,
        dates=dates.value,
        keep=keep or (),
        write_burned_in=write_burned_in,
        mapping=mapping,
        workers=workers,
    )
    patients = done.files["patient_id"].nunique()
    earlier = f" ({done.earlier:,} by an earlier run)" if done.earlier else ""
    typer.echo(
        f"Wrote {out}: {len(done.files):,} files of {patients} patient(s){earlier}; "
        "anonymised.csv lists them."
    )
    _say_mapping(mapping)
    if done.passed_over:
        typer.echo(f"Passed over {done.passed_over:,} files that are no DICOM objects.")
    for file, reason in done.set_aside.head(_SHOWN).itertuples(index=False):
        typer.secho(f"Set aside: {file}: {reason}", fg=typer.colors.YELLOW, err=True)
    if len(done.set_aside):
        typer.echo(f"Set aside {len(done.set_aside):,} files; {out}-errors.csv says why.")
        raise typer.Exit(SET_ASIDE)
