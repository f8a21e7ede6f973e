"""``lesionary fit-survival``: features and follow-up in, a survival model and its risks out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from lesionary.cli.exits import SET_ASIDE
from lesionary.cli.fit_options import Columns, Features, Out, Overwrite, Seed, names

if TYPE_CHECKING:
    from lesionary.adapt.survival.run import SurvivalFit


def fit_survival(
    features: Features,
    table: Annotated[
        Path,
        typer.Option(
            help="Lesion table with the follow-up; split and patient_id are used.",
            show_default=False,
        ),
    ],
    time: Annotated[str, typer.Option(help="Column with the time of follow-up.")] = "time",
    event: Annotated[
        str, typer.Option(help="Column that is 1 where it ended with the event.")
    ] = "event",
    model: Annotated[
        Literal["cox", "cox_elastic_net", "forest"],
        typer.Option(help="cox is for few columns; forest needs the extra of that name."),
    ] = "cox_elastic_net",
    columns: Columns = None,
    clinical: Annotated[
        str | None,
        typer.Option(
            help="Columns of the lesion table to use as well, with commas; text will do.",
            show_default=False,
        ),
    ] = None,
    out: Out = Path("model"),
    seed: Seed = 0,
    overwrite: Overwrite = False,
) -> None:
    """Fit a survival model to features: on train, its penalty chosen on tune; predict every split.

    Without a tune split, the penalty is chosen by cross-validation over patients. Lesions that
    cannot be used are listed in errors.csv, and the exit status is 3.

    [bold]Examples[/bold]

      lesionary fit-survival features.parquet --table cohort.csv

      lesionary fit-survival radiomics.csv --table cohort.csv --model cox --columns volume
      --clinical age,stage --out models/clinical
    """
    import warnings

    from lesionary.adapt.survival.run import run_survival_fit
    from lesionary.adapt.survival.warning import SurvivalWarning

    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", SurvivalWarning)
        done = run_survival_fit(
            features,
            table,
            out,
            model=model,
            time=time,
            event=event,
            columns=names(columns),
            clinical=names(clinical) or (),
            overwrite=overwrite,
            seed=seed,
        )
    _tell(done, [str(one.message) for one in told])
    if done.errors:
        raise typer.Exit(SET_ASIDE)


def _tell(done: SurvivalFit, warned: list[str]) -> None:
    for note in (*done.table.notes, *warned):
        typer.secho(f"Note: {note}", fg=typer.colors.YELLOW, err=True)
    typer.echo(str(done.score))
    if done.errors:
        typer.echo(f"Set aside {len(done.table.set_aside):,} lesions; {done.errors} says why.")
    typer.echo(
        f"Wrote {done.model} and {done.predictions}: {len(done.table):,} lesions. Next: "
        f"lesionary evaluate {done.predictions}"
    )
