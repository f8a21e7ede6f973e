"""``lesionary robustness``: which features survive another scanner, kernel or reader."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from lesionary.cli.exits import SET_ASIDE

app = typer.Typer(
    name="robustness",
    help="Stable, harmonisable or rejected: from a phantom, test-retest scans or readers.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)


@app.command()
def assess(
    table: Annotated[
        Path,
        typer.Argument(
            metavar="TABLE",
            help="Features, a row a measurement.",
            show_default=False,
        ),
    ],
    subject: Annotated[
        str, typer.Option(help="Column of what was measured: insert, lesion.", show_default=False)
    ],
    condition: Annotated[
        str,
        typer.Option(help="Column of how: scanner, kernel, reader, scan.", show_default=False),
    ],
    repeat: Annotated[
        str | None,
        typer.Option(help="Column that tells repeats under one condition apart."),
    ] = None,
    metric: Annotated[
        str, typer.Option(help="ccc, icc11, icc21, icc31, icc1k, icc2k or icc3k.")
    ] = "ccc",
    repeatable: Annotated[float, typer.Option(help="Cut-off of repeats.")] = 0.9,
    reproducible: Annotated[float, typer.Option(help="Cut-off across conditions.")] = 0.9,
    by: Annotated[
        Literal["value", "low"],
        typer.Option(help="What has to reach it: the value, or its lower bound."),
    ] = "value",
    qcd: Annotated[
        float | None,
        typer.Option(help="Highest quartile coefficient of dispersion. Default: not asked."),
    ] = None,
    method: Annotated[
        Literal["combat", "centring", "none"], typer.Option(help="How to harmonise.")
    ] = "combat",
    folds: Annotated[
        int,
        typer.Option(min=0, help="Of subjects, to test harmonisation on; 0: on the same ones."),
    ] = 5,
    columns: Annotated[
        str | None,
        typer.Option(help="Features, names or patterns with commas. Default: all numbers."),
    ] = None,
    plot: Annotated[
        str | None,
        typer.Option(help="Features to draw (Bland-Altman), names with commas."),
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder to write.")] = Path("robustness"),
) -> None:
    """Judge every feature on measurements of the same things under several conditions.

    The folder gets verdicts.csv, agreement.csv (all ICCs, CCC and QCD with intervals),
    bland_altman.csv, and harmoniser.json, with which 'lesionary robustness apply' brings patients'
    features to one scale.

    [bold]Examples[/bold]

      lesionary robustness assess phantom.csv --subject insert --condition kernel --repeat scan

      lesionary robustness assess readers.csv --subject lesion_id --condition reader
      --metric icc21 --reproducible 0.75 --by low --method none
    """
    from lesionary.adapt.harmonise import Centring, ComBat
    from lesionary.adapt.robustness import CutOffs, assess_robustness, save_robustness
    from lesionary.adapt.robustness.pairs import write_pairs
    from lesionary.cohort.table import read_table

    rows = read_table(table)
    found = assess_robustness(
        rows,
        subject=subject,
        condition=condition,
        repeat=repeat,
        columns=_words(columns),
        cuts=CutOffs(metric, repeatable, reproducible, by, qcd),
        harmoniser=Centring() if method == "centring" else ComBat(),
        harmonise=method != "none",
        folds=folds,
    )
    save_robustness(found, out)
    write_pairs(
        rows, subject, condition, repeat, out, columns=_words(columns), drawn=_words(plot) or ()
    )
    for note in found.notes:
        typer.secho(f"Note: {note}", fg=typer.colors.YELLOW, err=True)
    counts = found.verdicts["verdict"].value_counts()
    total = len(found.verdicts)
    for verdict in ("stable", "harmonisable", "reject"):
        count = int(counts.get(verdict, 0))
        typer.echo(f"{verdict:<13}{count:>6,} of {total:,} features ({count / total:.0%})")
    typer.echo(f"Wrote {out}: verdicts.csv, agreement.csv, bland_altman.csv.")


@app.command()
def apply(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="Of assess.", show_default=False)
    ],
    features: Annotated[
        Path,
        typer.Argument(
            metavar="FEATURES", help="Patients' features, .parquet or .csv.", show_default=False
        ),
    ],
    condition: Annotated[
        str | None,
        typer.Option(help="Column of how patients were scanned. Default: the phantom's."),
    ] = None,
    out: Annotated[Path, typer.Option(help="Table to write, .csv or .parquet.")] = Path(
        "robust-features.parquet"
    ),
) -> None:
    """Keep patients' stable and harmonisable features, the latter brought to one scale.

    Patients scanned as the phantom was not are listed in errors.csv beside the table, and the exit
    status is 3.

    [bold]Examples[/bold]

      lesionary robustness apply robustness patients.csv --out patients-robust.csv
    """
    from lesionary.adapt.robustness import load_robustness
    from lesionary.cohort.columns import LESION
    from lesionary.cohort.table import read_table, write_table

    saved, rows = load_robustness(folder), read_table(features)
    reasons = saved.not_scanned(rows, condition)
    fine = reasons == ""
    if not fine.any():
        fine[:] = True  # nobody is left to go on with: apply says why
    found = saved.apply(rows[fine].reset_index(drop=True), condition)
    write_table(found, out)
    if saved.harmoniser is not None:
        typer.secho(
            f"Note: {len(saved.harmoniser.names_in_):,} features were harmonised by what the "
            "phantom showed. ComBat's parameters are strictly those of the data they were fitted "
            "to: where patients were scanned twice, judge on them, too.",
            fg=typer.colors.YELLOW,
            err=True,
        )
    typer.echo(f"Wrote {out}: {len(found):,} rows, {found.shape[1]:,} columns.")
    errors = out.with_name("errors.csv")
    if fine.all():
        errors.unlink(missing_ok=True)
        return
    named = [LESION] if LESION in rows else []
    aside = rows.loc[~fine, named].assign(reason=reasons[~fine])
    aside.insert(0, "row", aside.index)
    write_table(aside, errors)
    typer.echo(f"Set aside {len(aside):,} patients; {errors} says why.")
    raise typer.Exit(SET_ASIDE)


def _words(given: str | None) -> list[str] | None:
    return [one.strip() for one in given.split(",") if one.strip()] if given else None
