"""``lesionary scan``: look at one scan, from the command line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.table import Table

    from lesionary.scan import Series

app = typer.Typer(
    name="scan",
    help="Scans: what one holds, and how a patch of it looks.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)

ScanPath = Annotated[
    str,
    typer.Argument(
        metavar="PATH",
        help="NIfTI, NRRD, MetaImage or NumPy file; DICOM folder, zip or file. "
        "PATH#SeriesInstanceUID picks one series.",
        show_default=False,
    ),
]
AllowMissing = Annotated[
    bool,
    typer.Option("--allow-missing-slices", help="Fill gaps in a DICOM series by interpolation."),
]


@app.command()
def info(path: ScanPath, allow_missing_slices: AllowMissing = False) -> None:
    """Show geometry, intensities, modality and problems of a scan.

    Of a folder or archive that holds several series, it lists them.

    [bold]Examples[/bold]

      lesionary scan info ct.nii.gz

      lesionary scan info /data/LUNG1-001
    """
    from rich.console import Console

    from lesionary.scan import describe_scan, list_series, read_scan
    from lesionary.scan.read import is_dicom_source, split_series

    console = Console()
    source, series_uid = split_series(path)
    if series_uid is None and is_dicom_source(source):
        series = list_series(source)
        if len(series) > 1:
            console.print(_series_table(series))
    scan = read_scan(path, allow_missing_slices=allow_missing_slices)
    description = describe_scan(scan)
    x, y, z = scan.spacing_mm
    low, high = scan.geometry.bounds_mm
    rows = {
        "modality": f"{scan.modality or 'not stated'}, in {scan.unit}",
        "size (x, y, z)": " x ".join(str(n) for n in scan.shape[::-1]) + " voxels",
        "spacing (x, y, z)": f"{x:.4g} x {y:.4g} x {z:.4g} mm",
        "orientation": f"{description.orientation}, "
        f"{description.oblique_degrees:.1f} degrees from the patient's axes",
        "reaches (LPS mm)": f"({_point(low)}) to ({_point(high)})",
        "intensity": f"{description.minimum:g} to {description.maximum:g}, median "
        f"{description.median:g}, 1st and 99th percentile {description.p1:g} and "
        f"{description.p99:g} {scan.unit}",
        **{key.replace("_", " "): str(value) for key, value in scan.acquisition.items()},
        "problems": "\n".join(description.problems) or "none found",
    }
    console.print(_property_table(path, rows))


@app.command()
def patch(
    path: ScanPath,
    at: Annotated[
        str,
        typer.Option(help="The seed x,y,z in LPS mm, as --at=-12.5,30,-400.", show_default=False),
    ],
    png: Annotated[
        Path | None, typer.Option(help="Draw three views of the place here.", show_default=False)
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Write the patch here (.npy).", show_default=False)
    ] = None,
    recipe: Annotated[
        str, typer.Option(help="lesion, fmcib, fmcib-dataset, or a YAML file.")
    ] = "lesion",
    window: Annotated[
        str, typer.Option(help="auto, lung, soft-tissue, bone, or LEVEL,WIDTH.")
    ] = "auto",
    size: Annotated[float, typer.Option(help="Side of the views, in mm.")] = 50.0,
    allow_missing_slices: AllowMissing = False,
) -> None:
    """Cut the patch around a seed; draw three orthogonal views with the seed crossed.

    [bold]Example[/bold]

      lesionary scan patch /data/LUNG1-001 --at 82.3,-201.5,-456.8 --png lesion.png
    """
    import numpy as np

    from lesionary.files import atomic_path
    from lesionary.scan import draw_views, read_scan

    seed = _numbers(at, 3, "--at")
    level_width: str | tuple[float, float] = window
    if "," in window:
        level, width = _numbers(window, 2, "--window")
        level_width = level, width
    scan = read_scan(path, allow_missing_slices=allow_missing_slices)
    voxels = scan.patch(seed, recipe)
    if not scan.geometry.contains(seed):
        typer.secho(
            "The seed lies outside the scan: some of the patch is padding.", err=True, fg="yellow"
        )
    typer.echo(
        f"Patch {recipe!r} of {path} at ({_point(seed)}) mm: shape {voxels.shape}, values "
        f"{voxels.min():.4g} to {voxels.max():.4g}, mean {voxels.mean():.4g}"
    )
    if out:
        out = out.with_suffix(".npy")
        with atomic_path(out) as temporary:
            np.save(temporary, voxels)
        typer.echo(f"Wrote {out}")
    if png:
        draw_views(scan, seed, png, window=level_width, size_mm=size)
        typer.echo(f"Wrote {png}")


def _numbers(text: str, count: int, option: str) -> list[float]:
    try:
        numbers = [float(word) for word in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) != count:
        raise typer.BadParameter(
            f"give {count} numbers with commas between, not {text!r}", param_hint=option
        )
    return numbers


def _point(point: Iterable[float]) -> str:
    return ", ".join(f"{value:.1f}" for value in point)


def _property_table(title: str, rows: dict[str, str]) -> Table:
    from rich.table import Table

    table = Table(title=title, show_header=False, title_justify="left")
    for name, value in rows.items():
        table.add_row(f"[bold]{name}[/bold]", value)
    return table


def _series_table(series: Sequence[Series]) -> Table:
    from rich.table import Table

    table = Table(title="Series", title_justify="left")
    for heading in ("SeriesInstanceUID", "modality", "images", "description", "not read because"):
        table.add_column(heading, overflow="fold")
    for one in series:
        table.add_row(one.uid, one.modality, str(one.n_images), one.description, one.problem)
    return table
