"""``lesionary fit``: features and labels in, a small model and its predictions out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from lesionary.cli.exits import SET_ASIDE
from lesionary.cli.fit_options import Columns, Features, Out, Overwrite, Seed, names
from lesionary.errors import ModelError

if TYPE_CHECKING:
    from lesionary.adapt.probes.run import Fit

_SHOWN = 5
"""Lesions set aside that are printed."""


def fit(
    features: Features,
    table: Annotated[
        Path,
        typer.Option(
            help="Lesion table with the label; split and patient_id are used.", show_default=False
        ),
    ],
    label: Annotated[str, typer.Option(help="Column to learn.", show_default=False)],
    model: Annotated[
        str, typer.Option(help="linear, knn, elastic_net, svm, forest or boosting.")
    ] = "linear",
    metric: Annotated[
        str,
        typer.Option(help="Settings are chosen by it: auc, balanced_accuracy, log_loss, ..."),
    ] = "auc",
    search: Annotated[
        Literal["path", "spread", "optuna"] | None,
        typer.Option(
            help="Default: path (linear), or spread, settings that cover the space evenly. optuna "
            "with linear is the published search.",
            show_default=False,
        ),
    ] = None,
    trials: Annotated[
        int | None,
        typer.Option(min=1, help="Settings to try. Default: by the model.", show_default=False),
    ] = None,
    class_weights: Annotated[
        str | None,
        typer.Option(
            metavar="balanced|CLASS=WEIGHT,...", help="Default: all 1.", show_default=False
        ),
    ] = None,
    select: Annotated[
        str | None,
        typer.Option(
            metavar="NAMES|FILE.yaml",
            help="Selectors of features, learnt on train, in order: variance,correlation. In a "
            "file, with their settings.",
            show_default=False,
        ),
    ] = None,
    folds: Annotated[
        int, typer.Option(min=2, help="Of cross-validation, where there is no tune split.")
    ] = 5,
    columns: Columns = None,
    out: Out = Path("model"),
    seed: Seed = 0,
    overwrite: Overwrite = False,
) -> None:
    """Fit a small model to features: on train, chosen on tune, and predict every split.

    Without a tune split, settings are chosen by cross-validation, and the scores of training
    lesions are those of models that did not see their patients. Lesions that cannot be used are
    listed in errors.csv, and the exit status is 3.

    [bold]Examples[/bold]

      lesionary fit features.parquet --table cohort.csv --label malignant

      lesionary fit features.parquet --table cohort.csv --label site --model knn
      --metric balanced_accuracy --out models/knn

      lesionary fit features.parquet --table cohort.csv --label malignant --search optuna

      lesionary fit radiomics.parquet --table cohort.csv --label malignant
      --select variance,correlation,mrmr
    """
    from lesionary.adapt.probes.named import make_probe
    from lesionary.adapt.probes.run import run_fit

    options = {} if search is None else {"search": search}
    probe = make_probe(
        model,
        metric=metric,
        trials=trials,
        class_weight=_class_weight(class_weights),
        selection=_selection(select),
        folds=folds,
        seed=seed,
        **options,
    )
    done = run_fit(features, table, label, probe, out, columns=names(columns), overwrite=overwrite)
    _tell(done)
    if done.errors:
        raise typer.Exit(SET_ASIDE)


def _tell(done: Fit) -> None:
    for note in (*done.table.notes, *done.probe.notes_):
        typer.secho(f"Note: {note}", fg=typer.colors.YELLOW, err=True)
    setting = ", ".join(
        f"{name} {value:.3g}" if isinstance(value, float) else f"{name} {value}"
        for name, value in done.probe.found_.setting.items()
    )
    typer.echo(f"{done.probe.family}: {setting} ({done.probe.method_})")
    typer.echo(str(done.score))
    aside = done.table.set_aside
    for lesion, reason in aside.head(_SHOWN).itertuples(index=False):
        typer.secho(f"Set aside: lesion {lesion}: {reason}", fg=typer.colors.YELLOW, err=True)
    if done.errors:
        typer.echo(f"Set aside {len(aside):,} lesions; {done.errors} says why.")
    typer.echo(
        f"Wrote {done.model} and {done.predictions}: {len(done.table):,} lesions. Next: "
        f"lesionary evaluate {done.predictions}"
    )


def _selection(words: str | None) -> list[Any] | None:
    import yaml

    if words is None:
        return None
    if Path(words).suffix not in (".yaml", ".yml"):
        return [one.strip() for one in words.split(",")]
    try:
        steps = yaml.safe_load(Path(words).read_text(encoding="utf-8"))
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise ModelError(f"The selection {words} is not YAML: {error}") from error
    if not isinstance(steps, list):
        raise ModelError(f"The selection {words} is no list of selectors.")
    return steps


def _class_weight(words: str | None) -> dict[str, float] | str | None:
    if words is None or "=" not in words:
        return words
    try:
        return {name: float(value) for name, value in (one.split("=") for one in words.split(","))}
    except ValueError as error:
        raise ModelError(f"--class-weights is 'balanced' or 0=1,1=3, not {words!r}.") from error
