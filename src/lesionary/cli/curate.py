"""``lesionary curate``: folders of DICOM described and checked, from the command line."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lesionary.cli.curate_convert import anonymise, convert
from lesionary.cli.curate_preprocess import preprocess
from lesionary.cli.exits import FINDINGS, SET_ASIDE

if TYPE_CHECKING:
    import pandas as pd

    from lesionary.cohort.curate import Checked

app = typer.Typer(
    name="curate",
    help="Folders of DICOM: describe, check, convert, anonymise, preprocess.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)

_SHOWN = 20
_SHORT = {
    "patient": "patient",
    "modality": "modality",
    "slices": "slices",
    "slice_thickness_mm": "mm",
    "kernel": "kernel",
    "manufacturer": "manufacturer",
}
"""Columns that are printed, and their headings."""


class Dates(str, Enum):
    """What becomes of dates."""

    shift = "shift"
    drop = "drop"
    keep = "keep"


Folder = Annotated[
    Path,
    typer.Argument(metavar="FOLDER", help="Searched with all its sub-folders.", show_default=False),
]
Workers = Annotated[
    int | None,
    typer.Option(help="Processes; 0 does without. Default: by the machine.", show_default=False),
]


@app.command()
def describe(
    folder: Folder,
    keyword: Annotated[
        list[str] | None,
        typer.Option(
            help="A further DICOM attribute by its keyword (SoftwareVersions); repeat for several.",
            show_default=False,
        ),
    ] = None,
    dates: Annotated[
        Dates,
        typer.Option(help="Shifted (each patient's first study is on 2000-01-01), dropped, kept."),
    ] = Dates.shift,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Table to write (CSV or Parquet). Beside it: errors.csv, and histograms as PDF "
            "and PNG.",
            show_default=False,
        ),
    ] = None,
    key: Annotated[
        Path | None,
        typer.Option(
            help="Write who the patients of the table are. It identifies them: keep it apart.",
            show_default=False,
        ),
    ] = None,
    workers: Workers = None,
) -> None:
    """Describe every DICOM series: one row each, from headers alone.

    Patients have codes instead of names and numbers. Files that are damaged or no DICOM are set
    aside in errors.csv; the exit status is 3 where DICOM files were damaged.

    [bold]Examples[/bold]

      lesionary curate describe /data/delivery --out series.csv

      lesionary curate describe /data/delivery --keyword SoftwareVersions --dates drop --out s.csv
    """
    from lesionary.cohort.curate import describe_folder, draw_histograms
    from lesionary.cohort.table import write_table
    from lesionary.files import atomic_path

    described = describe_folder(folder, keywords=keyword or (), dates=dates.value, workers=workers)
    table = described.table
    _print_series(table)
    typer.echo(
        f"{len(table):,} series of {table['patient'].nunique():,} patient(s) in "
        f"{int(table['files'].sum()):,} files; {len(described.set_aside):,} file(s) set aside."
    )
    if out is not None:
        write_table(table, out)
        write_table(described.set_aside, out.with_name("errors.csv"))
        typer.echo(f"Wrote {out}.")
        if table["slices"].notna().any():
            figure = draw_histograms(table)
            for suffix in (".pdf", ".png"):
                with atomic_path(out.with_suffix(suffix)) as temporary:
                    figure.savefig(temporary, dpi=200)
                typer.echo(f"Wrote {out.with_suffix(suffix)}.")
    if key is not None:
        write_table(described.key, key)
        typer.echo(f"Wrote {key}, which identifies patients.")
    _end(described.set_aside)


@app.command()
def check(
    folder: Folder,
    rules: Annotated[
        str, typer.Option(help="Ready rules (default, chest-ct) or a YAML file of your own.")
    ] = "default",
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder to write to: checks.csv (a row a series), flags.csv (a row a check, with "
            "reasons), errors.csv, rules.yaml (as used) and page.html (thumbnails with contours).",
            show_default=False,
        ),
    ] = None,
    workers: Workers = None,
) -> None:
    """Check every CT, MR and PET series, and the contours drawn on it.

    Each check is passed, failed or not possible, and says why. Exit status 1 if one failed.

    [bold]Examples[/bold]

      lesionary curate check /data/delivery --out checked

      lesionary curate check /data/delivery --rules chest-ct --out checked

      lesionary curate check /data/delivery --rules rules.yaml
    """
    from lesionary.cohort.curate import check_folder

    checked = check_folder(folder, rules, pictures=out is not None, workers=workers)
    _print_failed(checked.flags)
    if out is not None:
        _write_checked(checked, out)
        typer.echo(f"Wrote {out / 'page.html'}, and tables beside it.")
    if (checked.flags["outcome"] == "failed").any():
        raise typer.Exit(FINDINGS)
    _end(checked.set_aside)


app.command()(convert)
app.command()(anonymise)
app.command()(preprocess)


def _write_checked(checked: Checked, out: Path) -> None:
    import yaml

    from lesionary.cohort.table import write_table
    from lesionary.files import atomic_path
    from lesionary.study.curation_page import curation_page

    write_table(checked.table(), out / "checks.csv")
    write_table(checked.flags, out / "flags.csv")
    write_table(checked.set_aside, out / "errors.csv")
    texts = {
        "rules.yaml": yaml.safe_dump(
            checked.rules.model_dump(mode="json", exclude_none=True), sort_keys=False
        ),
        "page.html": curation_page(checked, "lesionary curate check"),
    }
    for name, text in texts.items():
        with atomic_path(out / name) as temporary:
            temporary.write_text(text, encoding="utf-8")


def _end(set_aside: pd.DataFrame) -> None:
    """Exit with 3 where DICOM files could not be read; what is no DICOM is no fault."""
    if set_aside["damaged"].any():
        raise typer.Exit(SET_ASIDE)


def _print_series(table: pd.DataFrame) -> None:
    from rich import box
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    view = Table(box=box.SIMPLE_HEAD)
    for name in _SHORT.values():
        view.add_column(name, overflow="fold")
    for values in table[list(_SHORT)].head(_SHOWN).astype(object).itertuples(index=False):
        view.add_row(*(escape(_cell(value)) for value in values))
    Console().print(view)
    if len(table) > _SHOWN:
        typer.echo(f"... and {len(table) - _SHOWN:,} more; --out writes all of them.")


def _print_failed(flags: pd.DataFrame) -> None:
    from rich import box
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    failed = flags[flags["outcome"] == "failed"]
    view = Table(box=box.SIMPLE_HEAD)
    for name in ("series", "path", "check"):
        view.add_column(name)
    view.add_column("why it failed", ratio=1, overflow="fold")
    shown = failed[["series", "path", "check", "reason"]].head(_SHOWN)
    for values in shown.itertuples(index=False, name=None):
        view.add_row(*map(escape, values))
    if len(failed):
        Console().print(view)
    if len(failed) > _SHOWN:
        typer.echo(f"... and {len(failed) - _SHOWN:,} more; --out writes all of them.")
    counts = flags["outcome"].value_counts()
    said = [f"{counts.get(name, 0):,} {name}" for name in ("passed", "failed", "not possible")]
    typer.echo(f"{flags['series'].nunique():,} series checked: {', '.join(said)}.")


def _cell(value: Any) -> str:
    import pandas as pd

    return "" if pd.isna(value) else f"{value:g}" if isinstance(value, float) else str(value)
