"""``lesionary harmonise``: features in, features without the scanner's share out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from lesionary.cli.exits import SET_ASIDE
from lesionary.errors import ModelError

if TYPE_CHECKING:
    from lesionary.adapt.harmonise import Harmoniser, NestedComBat

_SHOWN = 5


def harmonise(
    features: Annotated[
        Path,
        typer.Argument(
            metavar="FEATURES", help="Feature table, .parquet or .csv.", show_default=False
        ),
    ],
    table: Annotated[
        Path,
        typer.Option(help="Lesion table with the batch; split is used.", show_default=False),
    ],
    batch: Annotated[
        str,
        typer.Option(help="Column of the scanner, kernel, ...; several with commas: nested."),
    ],
    method: Annotated[
        Literal["combat", "nested", "m-combat", "centring"],
        typer.Option(help="How; centring is the control of the others."),
    ] = "combat",
    covariates: Annotated[
        str | None,
        typer.Option(help="Biology to keep, columns with commas. Never the outcome."),
    ] = None,
    outcome: Annotated[
        str | None,
        typer.Option(help="Columns of the outcome with commas: refused as covariates."),
    ] = None,
    reference: Annotated[
        str | None,
        typer.Option(help="Batch to which all others are brought.", show_default=False),
    ] = None,
    nonparametric: Annotated[
        bool, typer.Option("--nonparametric", help="Priors without a form (combat, nested).")
    ] = False,
    mean_only: Annotated[
        bool, typer.Option("--mean-only", help="Leave the spread (combat, nested).")
    ] = False,
    columns: Annotated[
        str | None,
        typer.Option(help="Features, names or patterns with commas. Default: all."),
    ] = None,
    parameters: Annotated[
        Path | None,
        typer.Option(help="harmoniser.json of an earlier run: apply it, and fit nothing."),
    ] = None,
    out: Annotated[Path, typer.Option(help="Table to write, .csv or .parquet.")] = Path(
        "harmonised/features.parquet"
    ),
) -> None:
    """Take the scanner out of features: learnt on train, applied to every split.

    One effect is removed at a time; of several, give all their columns and --method nested. What
    was learnt is written to harmoniser.json beside the table, for the patients who come later; of
    batches that are new among these to harmoniser-extended.json.
    Lesions that cannot be harmonised are listed in errors.csv, and the exit status is 3.

    [bold]Examples[/bold]

      lesionary harmonise features.parquet --table cohort.csv --batch scanner --outcome malignant

      lesionary harmonise features.parquet --table cohort.csv --batch scanner,kernel --method nested

      lesionary harmonise new.parquet --table new.csv --batch scanner
      --parameters harmonised/harmoniser.json --out new-harmonised.parquet
    """
    from lesionary.adapt.harmonise.run import run_harmonise

    if parameters and (outcome or reference or nonparametric or mean_only):
        raise ModelError(
            "--parameters applies what was learnt: --outcome, --reference, --nonparametric and "
            "--mean-only are for learning. Leave them out."
        )
    chosen: Harmoniser | NestedComBat | Path = parameters or _harmoniser(
        method, _words(outcome), reference, nonparametric=nonparametric, mean_only=mean_only
    )
    found, written = run_harmonise(
        features,
        table,
        chosen,
        out,
        batch=_words(batch),
        covariates=_words(covariates),
        columns=_words(columns) or None,
    )
    for note in found.notes:
        typer.secho(f"Note: {note}", fg=typer.colors.YELLOW, err=True)
    for lesion, reason in found.set_aside.head(_SHOWN).itertuples(index=False):
        typer.secho(f"Set aside: lesion {lesion}: {reason}", fg=typer.colors.YELLOW, err=True)
    for row in found.different.itertuples():
        where = f"{row.lesions:,} lesions{'' if row.rows == 'all' else ', ' + str(row.rows)}"
        typer.echo(
            f"{row.batch} ({where}): {row.before:,} of {row.features:,} features differ between "
            f"its batches before, {row.after:,} after (Kolmogorov-Smirnov, p < 0.05)."
        )
    if len(_words(batch)) == 1 and parameters is None:
        typer.echo(f"Other effects than {batch} stay: several are removed by --method nested.")
    count = f"{len(found.features):,} lesions, {found.features.shape[1] - 1:,} features"
    typer.echo(f"Wrote {written.table}: {count}.")
    if written.parameters:
        typer.echo(f"Wrote {written.parameters}: apply it to later patients with --parameters.")
    if written.errors:
        typer.echo(f"Set aside {len(found.set_aside):,} lesions; {written.errors} says why.")
        raise typer.Exit(SET_ASIDE)


def _harmoniser(
    method: str,
    outcome: list[str],
    reference: str | None,
    *,
    nonparametric: bool,
    mean_only: bool,
) -> Any:
    from lesionary.adapt.harmonise import Centring, ComBat, MComBat, NestedComBat

    if (nonparametric or mean_only) and method in ("m-combat", "centring"):
        raise ModelError(f"--nonparametric and --mean-only are of ComBat, not of {method}.")
    if method == "m-combat":
        if reference is None:
            raise ModelError("--method m-combat needs --reference, the gold standard.")
        return MComBat(reference, outcome=outcome)
    if method == "centring":
        return Centring(reference_batch=reference, outcome=outcome)
    combat = ComBat(
        parametric=not nonparametric,
        mean_only=mean_only,
        reference_batch=reference,
        outcome=outcome,
    )
    return NestedComBat(combat) if method == "nested" else combat


def _words(given: str | None) -> list[str]:
    return [one.strip() for one in given.split(",") if one.strip()] if given else []
