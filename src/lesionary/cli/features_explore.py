"""``lesionary features explore``: what features are like, and what they tell of a class."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from lesionary.cli.exits import SET_ASIDE

_SHOWN = 5
"""Rows set aside that are printed."""


def explore(
    features: Annotated[
        Path,
        typer.Argument(
            metavar="FEATURES", help="Feature table, .csv or .parquet.", show_default=False
        ),
    ],
    table: Annotated[
        Path | None,
        typer.Option(help="Table of outcomes. Default: they are in FEATURES.", show_default=False),
    ] = None,
    label: Annotated[
        str | None, typer.Option(help="Column of the class.", show_default=False)
    ] = None,
    classes: Annotated[
        str | None,
        typer.Option(
            help="Classes to compare, with commas; of two the last is the positive one. "
            "Default: all.",
            show_default=False,
        ),
    ] = None,
    volume: Annotated[
        str | None, typer.Option(help="Column of the lesion's volume.", show_default=False)
    ] = None,
    on: Annotated[
        str, typer.Option(help="Column of the identifier, in both tables; patient_id, say.")
    ] = "lesion_id",
    split: Annotated[
        str | None, typer.Option(help="Take this split's rows only.", show_default=False)
    ] = None,
    correlation: Annotated[
        Literal["spearman", "pearson", "kendall"],
        typer.Option(help="Of the features with each other."),
    ] = "spearman",
    correlated: Annotated[
        float, typer.Option(help="Absolute correlation of all pairs of a cluster.")
    ] = 0.85,
    stands_for_volume: Annotated[
        float, typer.Option(help="Absolute correlation from which a feature stands for volume.")
    ] = 0.75,
    level: Annotated[float, typer.Option(min=0.5, max=0.999, help="Of the intervals.")] = 0.95,
    correlations: Annotated[
        Path | None,
        typer.Option(
            help="Also write the correlations of all pairs of features, .csv or .parquet.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path, typer.Option(help="Page to write; all statistics go beside it, as .csv.")
    ] = Path("explored.html"),
) -> None:
    r"""Explore features: distributions, tests, ROC curves, correlation, volume, on one page.

    Rows are joined by an identifier that is the same. Rows without an outcome are listed in
    errors.csv, and the exit status is 3.

    [bold]Examples[/bold]

      lesionary features explore features.csv --table outcome.csv --label malignant

      lesionary features explore features.csv --table clinical.csv --on patient_id \\
        --label 1yearsurvival --volume original_shape_MeshVolume --out page.html
    """
    from lesionary.evaluate.explore import explore as explored
    from lesionary.evaluate.explore import read_feature_rows
    from lesionary.study.explore import write_exploration

    rows = read_feature_rows(
        features,
        table,
        label=label,
        volume=volume,
        on=on,
        classes=[one.strip() for one in classes.split(",")] if classes else None,
        split=split,
    )
    for note in rows.notes:
        typer.secho(f"Note: {note}", fg=typer.colors.YELLOW, err=True)
    found = explored(
        rows,
        correlation=correlation,
        correlated=correlated,
        stands_for_volume=stands_for_volume,
        level=level,
    )
    written = write_exploration(
        found,
        out,
        correlations=correlations,
        source=features.name,
        command=f"lesionary features explore {features.name}",
    )
    for result in found.volume:
        typer.echo(f"{volume}: {result}")
    typer.echo(
        f"Wrote {written.page} and {written.statistics}: {len(found.statistics):,} features of "
        f"{len(rows):,} rows."
    )
    if written.correlations:
        typer.echo(f"Wrote {written.correlations}: correlations of all pairs ({correlation}).")
    if written.errors:
        for row in rows.set_aside.head(_SHOWN).itertuples(index=False):
            typer.secho(f"Set aside: {row[1]}: {row[2]}", fg=typer.colors.YELLOW, err=True)
        typer.echo(f"Set aside {len(rows.set_aside):,} rows; {written.errors} says why.")
        raise typer.Exit(SET_ASIDE)
