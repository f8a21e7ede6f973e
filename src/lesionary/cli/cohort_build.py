"""``lesionary cohort build``: a lesion table from scans and contours."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from lesionary.cli.exits import SET_ASIDE
from lesionary.errors import CohortError

_SHOWN = 5


class Per(str, Enum):
    """What one row is."""

    roi = "roi"
    lesion = "lesion"


def build(
    folder: Annotated[
        Path,
        typer.Argument(metavar="FOLDER", help="Holds one folder a patient.", show_default=False),
    ],
    roi: Annotated[
        str | None,
        typer.Option(
            help="ROI, segment or label: a name (GTV-1) or a pattern ('GTV*'; '*' is all). "
            "Not needed where each mask holds just one.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[Path, typer.Option(help="Table to write; errors.csv goes beside it.")] = Path(
        "cohort.csv"
    ),
    per: Annotated[
        Per, typer.Option(help="One row for each ROI, or for each connected part of it.")
    ] = Per.roi,
    from_table: Annotated[
        Path | None,
        typer.Option(
            help="Take seeds from this table instead of masks: patient_id and, in LPS mm, "
            "coordX coordY coordZ (a point), x1 y1 z1 x2 y2 z2 (a RECIST diameter) or "
            "xmin ymin zmin xmax ymax zmax (a bounding box).",
            show_default=False,
        ),
    ] = None,
    resample: Annotated[
        bool, typer.Option("--resample", help="Take masks of another geometry than the scan's too.")
    ] = False,
) -> None:
    """Make a lesion table from scans and contours.

    The seed of a lesion is the centre of mass of its mask (NIfTI, NRRD, DICOM SEG, RTSTRUCT),
    or the middle of a measurement. The name of a patient's folder is the patient_id. What
    cannot be used is set aside in errors.csv; the exit status is then 3.

    [bold]Examples[/bold]

      lesionary cohort build /data/LUNG1 --roi GTV-1 --out cohort.csv

      lesionary cohort build /data/metastases --roi '*' --per lesion --out cohort.csv

      lesionary cohort build /data/scans --from-table recist.csv --out cohort.csv
    """
    from lesionary.cohort.build import build_cohort
    from lesionary.cohort.measured import build_cohort_from_table
    from lesionary.cohort.table import write_table

    if from_table is None:
        built = build_cohort(
            folder, roi=roi, per=per.value, resample=resample, table_folder=out.parent
        )
    elif roi is not None or per is not Per.roi or resample:
        raise CohortError("--roi, --per and --resample are about masks, not about --from-table.")
    else:
        built = build_cohort_from_table(from_table, folder, table_folder=out.parent)

    errors = out.parent / "errors.csv"
    write_table(built.set_aside, errors)
    for patient, file, reason in built.set_aside.head(_SHOWN).itertuples(index=False):
        where = f"{patient}, {file}" if file else patient
        typer.secho(f"Set aside: {where}: {reason}", fg=typer.colors.YELLOW, err=True)
    if len(built.set_aside) > _SHOWN:
        typer.secho(f"... and {len(built.set_aside) - _SHOWN} more.", fg="yellow", err=True)
    if built.table.empty:
        raise CohortError(f"No lesion was found in {folder}; {errors} says why.")
    write_table(built.table, out)
    patients = built.table["patient_id"].nunique()
    typer.echo(f"Wrote {out}: {len(built.table)} lesion(s) of {patients} patient(s).")
    if len(built.set_aside):
        typer.echo(f"Wrote {errors}: {len(built.set_aside)} set aside.")
        raise typer.Exit(SET_ASIDE)
