"""``lesionary predict``: a saved model and features in, predictions out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lesionary.cli.exits import SET_ASIDE


def predict(
    model: Annotated[
        Path,
        typer.Argument(
            metavar="MODEL", help="Folder that lesionary fit wrote.", show_default=False
        ),
    ],
    features: Annotated[
        Path,
        typer.Argument(
            metavar="FEATURES", help="Feature table, .parquet or .csv.", show_default=False
        ),
    ],
    table: Annotated[
        Path | None,
        typer.Option(
            help="Lesion table: patient_id, split and the true label go into the predictions.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[Path, typer.Option(help="Table to write, .csv or .parquet.")] = Path(
        "predictions.csv"
    ),
) -> None:
    """Apply a saved model to features of the same encoder.

    Columns are found by name; features that were made differently are refused. Lesions that cannot
    be used are listed in errors.csv beside the predictions, and the exit status is 3.

    [bold]Examples[/bold]

      lesionary predict model features.parquet --out predictions.csv

      lesionary predict model external.parquet --table external.csv --out external-predictions.csv
    """
    import warnings

    from lesionary.adapt.saving import load_model
    from lesionary.adapt.saving.apply import predict_table
    from lesionary.adapt.saving.origin import ModelWarning
    from lesionary.cohort.table import write_table
    from lesionary.encode import read_features

    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", ModelWarning)
        predictions, aside = predict_table(load_model(model), read_features(features), table)
    for one in told:
        typer.secho(f"Note: {one.message}", fg=typer.colors.YELLOW, err=True)
    write_table(predictions, out)
    typer.echo(f"Wrote {out}: {len(predictions):,} lesions.")
    errors = out.with_name("errors.csv")
    if len(aside):
        write_table(aside, errors)
        typer.echo(f"Set aside {len(aside):,} lesions; {errors} says why.")
        raise typer.Exit(SET_ASIDE)
    errors.unlink(missing_ok=True)
