"""``lesionary cohort``: lesion tables, from the command line."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lesionary.cli.cohort_build import build
from lesionary.cli.exits import FINDINGS
from lesionary.errors import CohortError

if TYPE_CHECKING:
    import pandas as pd

    from lesionary.cohort import Cohort, Problem

app = typer.Typer(
    name="cohort",
    help="Lesion tables: build, check, split.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)

app.command()(build)

_SHOWN = 10
"""Problems of one level and column that are printed."""

Tables = Annotated[
    list[str],
    typer.Argument(
        metavar="TABLE",
        help="CSV or Parquet; or one a split: train=A.csv tune=B.csv test=C.csv.",
        show_default=False,
    ),
]
Root = Annotated[
    Path | None,
    typer.Option(help="Folder of the scans. Default: the table's own.", show_default=False),
]
KeepFaults = Annotated[
    bool, typer.Option("--keep-faults", help="Keep the known faults of published tables.")
]
Out = Annotated[
    Path, typer.Option(help="Table to write (CSV, or Parquet by its ending).", show_default=False)
]
Stratify = Annotated[
    list[str] | None,
    typer.Option(help="Column to balance by; repeat for several.", show_default=False),
]
Seed = Annotated[int, typer.Option(help="The same seed gives the same result.")]


@app.command()
def check(
    tables: Tables,
    root: Root = None,
    label: Annotated[
        list[str] | None,
        typer.Option(help="Column to be predicted; repeat for several.", show_default=False),
    ] = None,
    files: Annotated[
        bool, typer.Option("--files/--no-files", help="Open each scan's header once.")
    ] = True,
    out: Annotated[
        Path | None, typer.Option(help="Write the report as CSV.", show_default=False)
    ] = None,
    keep_faults: KeepFaults = False,
) -> None:
    """List everything that is wrong with a lesion table. Exit status 1 if there are errors.

    [bold]Examples[/bold]

      lesionary cohort check cohort.csv --label malignant --out report.csv

      lesionary cohort check annotations.csv --root /data/scans --no-files

      lesionary cohort check train=a.csv tune=b.csv test=c.csv --no-files
    """
    from lesionary.cohort import check_cohort, problems_table
    from lesionary.cohort.table import write_table

    problems = check_cohort(
        _source(tables),
        root=root,
        labels=label or (),
        files=files,
        published_faults="keep" if keep_faults else "handle",
    )
    _print_problems(problems, several=len(tables) > 1)
    if out is not None:
        write_table(problems_table(problems), out)
        typer.echo(f"Wrote {out}.")
    if any(problem.level == "error" for problem in problems):
        raise typer.Exit(FINDINGS)


@app.command()
def split(
    tables: Tables,
    out: Out,
    root: Root = None,
    train: Annotated[float, typer.Option(help="Share of the patients to fit on.")] = 0.7,
    tune: Annotated[float, typer.Option(help="Share to choose on; 0 for none.")] = 0.1,
    test: Annotated[float, typer.Option(help="Share to report on; 0 for none.")] = 0.2,
    stratify: Stratify = None,
    seed: Seed = 0,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a split that the table has.")
    ] = False,
    keep_faults: KeepFaults = False,
) -> None:
    """Split a cohort into train, tune and test by patient, and write it with its split.

    [bold]Examples[/bold]

      lesionary cohort split cohort.csv --stratify malignant --seed 1 --out split.csv

      lesionary cohort split cohort.csv --stratify event --stratify time --out split.csv

      lesionary cohort split cohort.csv --train 0.5 --tune 0 --test 0.5 --out halves.csv
    """
    from lesionary.cohort import split_cohort

    fractions = {"train": train, "tune": tune, "test": test}
    cohort = split_cohort(
        _read(tables, root, keep_faults),
        {name: share for name, share in fractions.items() if share != 0},
        stratify=stratify or (),
        seed=seed,
        overwrite=overwrite,
    )
    parts = {name: cohort.of_split(name).table for name in fractions if fractions[name] != 0}
    _print_parts("split", parts, stratify)
    typer.echo(f"Wrote {cohort.write(out)}.")


@app.command()
def folds(
    tables: Tables,
    out: Out,
    root: Root = None,
    k: Annotated[int, typer.Option("--k", "-k", help="Number of folds.")] = 5,
    repeats: Annotated[int, typer.Option(help="Deal that often, each time anew.")] = 1,
    of: Annotated[
        list[str] | None,
        typer.Option(help="Only lesions of this split; repeat for several.", show_default=False),
    ] = None,
    stratify: Stratify = None,
    seed: Seed = 0,
) -> None:
    """Deal patients into folds for cross-validation; one column a repeat.

    [bold]Examples[/bold]

      lesionary cohort folds cohort.csv -k 5 --repeats 10 --stratify malignant --out folds.csv

      lesionary cohort folds split.csv --of train --of tune --out folds.csv
    """
    from lesionary.cohort import folds as deal_folds
    from lesionary.cohort.table import write_table

    cohort = _read(tables, root)
    if of:
        cohort = cohort.of_split(*of)
    table = deal_folds(cohort, k, repeats=repeats, stratify=stratify or (), seed=seed)
    first = {str(fold): cohort.table[table["repeat_1"] == fold] for fold in range(1, k + 1)}
    _print_parts("fold (repeat 1)", first, stratify)
    write_table(table, out)
    typer.echo(f"Wrote {out}.")


@app.command()
def subsets(
    tables: Tables,
    out: Out,
    root: Root = None,
    fraction: Annotated[
        list[float] | None,
        typer.Option(help="Share of the training patients; repeat.  [default: 0.5, 0.2, 0.1]"),
    ] = None,
    stratify: Stratify = None,
    seed: Seed = 0,
) -> None:
    """Mark nested parts of the training patients, for curves over the amount of data.

    [bold]Examples[/bold]

      lesionary cohort subsets split.csv --stratify malignant --out subsets.csv

      lesionary cohort subsets split.csv --fraction 0.25 --fraction 0.05 --out subsets.csv
    """
    from lesionary.cohort import training_subsets

    fractions = fraction or (0.5, 0.2, 0.1)
    cohort = training_subsets(_read(tables, root), fractions, stratify=stratify or (), seed=seed)
    columns = [f"train_{100 * share:g}" for share in sorted(fractions, reverse=True)]
    parts = {name: cohort.table[cohort.table[name]] for name in columns}
    _print_parts("part", parts, stratify)
    typer.echo(f"Wrote {cohort.write(out)}.")


def _source(tables: list[str]) -> str | dict[str, str]:
    """Tell one table from several, each named by its split."""
    named = [table.partition("=") for table in tables]
    if len(tables) == 1 and (not named[0][1] or Path(tables[0]).exists()):
        return tables[0]
    nameless = [name for name, equals, _ in named if not equals]
    if nameless:
        raise CohortError(f"Say which split {nameless[0]} is, as train={nameless[0]}.")
    return {name: path for name, _, path in named}


def _read(tables: list[str], root: Path | None, keep_faults: bool = False) -> Cohort:
    """Read a cohort, and say on stderr what was done to it and what to know of it."""
    import warnings

    from lesionary.cohort import CohortWarning, read_cohort

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CohortWarning)  # they are among the notes
        cohort = read_cohort(
            _source(tables), root=root, published_faults="keep" if keep_faults else "handle"
        )
    for note in cohort.notes:
        typer.secho(f"Note: {note}", fg=typer.colors.YELLOW, err=True)
    return cohort


def _print_problems(problems: list[Problem], *, several: bool) -> None:
    from rich import box
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console()
    view = Table(box=box.SIMPLE_HEAD)
    view.add_column("Level")
    if several:
        view.add_column("File")
    view.add_column("Row", justify="right")
    view.add_column("Column")
    view.add_column("What is wrong, and what to do", ratio=1, overflow="fold")
    seen: Counter[tuple[str, str]] = Counter()
    for problem in problems:
        seen[problem.level, problem.column] += 1
        if seen[problem.level, problem.column] > _SHOWN:
            continue
        whole = problem.row is None
        color = "red" if problem.level == "error" else "yellow"
        view.add_row(
            f"[{color}]{problem.level}[/{color}]",
            *([] if not several else [""] if whole else [escape(Path(problem.file).name)]),
            "" if whole else str(problem.row),
            escape(problem.column),
            escape(problem.message),
        )
    if problems:
        console.print(view)
    if view.row_count < len(problems):
        console.print(f"... and {len(problems) - view.row_count:,} more; --out writes all of them.")
    errors = sum(problem.level == "error" for problem in problems)
    console.print(f"{errors:,} errors, {len(problems) - errors:,} warnings.")


def _print_parts(heading: str, parts: dict[str, pd.DataFrame], by: list[str] | None) -> None:
    """Show how many patients and lesions each part has, and how its classes are spread."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    everyone = next(iter(parts.values()))
    classes = [name for name in by or [] if everyone[name].nunique() <= 10]
    view = Table(box=box.SIMPLE_HEAD)
    view.add_column(heading)
    for name in ("patients", "lesions", *classes):
        view.add_column(name, justify="right")
    for part, rows in parts.items():
        spread = [
            ", ".join(
                f"{value}: {100 * share:.1f} %"
                for value, share in rows[name].value_counts(normalize=True).sort_index().items()
            )
            for name in classes
        ]
        view.add_row(part, f"{rows['patient_id'].nunique():,}", f"{len(rows):,}", *spread)
    Console().print(view)
