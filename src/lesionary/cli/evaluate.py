"""``lesionary evaluate``: a table of predictions in, numbers and figures out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import typer

from lesionary.cli.exits import FINDINGS, SET_ASIDE


def evaluate(
    predictions: Annotated[
        list[Path],
        typer.Argument(
            metavar="PREDICTIONS...",
            help="CSV or Parquet: lesion_id, split, target and score_<class>, score or score_risk. "
            "Of several, each is a model, called by its folder or file.",
            show_default=False,
        ),
    ],
    by: Annotated[
        str | None,
        typer.Option(help="Column that tells models apart.", show_default=False),
    ] = None,
    scores: Annotated[
        list[str] | None,
        typer.Option(
            help="Columns of scores of the positive class (or of risk), one a model; with commas.",
            show_default=False,
        ),
    ] = None,
    target: Annotated[str, typer.Option(help="Column of the label.")] = "target",
    positive: Annotated[
        str | None,
        typer.Option(help="The positive class of two. Default: the last.", show_default=False),
    ] = None,
    lesion: Annotated[str, typer.Option("--id", help="Column that names the lesion.")] = (
        "lesion_id"
    ),
    kind: Annotated[
        Literal["classes", "survival"] | None,
        typer.Option(help="What to judge, where there is both.", show_default=False),
    ] = None,
    table: Annotated[
        Path | None,
        typer.Option(
            help="Lesion table to take patient_id, split and columns of subgroups from.",
            show_default=False,
        ),
    ] = None,
    split: Annotated[
        str | None,
        typer.Option(help="Split to judge. Default: test, if there is one.", show_default=False),
    ] = None,
    tune_split: Annotated[str, typer.Option(help="Split to choose thresholds on.")] = "tune",
    threshold: Annotated[
        str | None,
        typer.Option(
            help="Of classes: youden, sensitivity=0.9 or specificity=0.9 (on the tune split), or a "
            "number. Default: youden, or 0.5 without a tune split.",
            show_default=False,
        ),
    ] = None,
    metric: Annotated[
        list[str] | None,
        typer.Option(
            help="What models are compared by: auc, average_precision, balanced_accuracy, f1, ...; "
            "of survival c_index (Harrell's) or c_index_uno; with commas. The first is that of "
            "subgroups. Default: auc or c_index.",
            show_default=False,
        ),
    ] = None,
    times: Annotated[
        str | None,
        typer.Option(
            help="Of survival: when to judge the AUC of who had the event by then, as 365,730.",
            show_default=False,
        ),
    ] = None,
    reference: Annotated[
        str | None,
        typer.Option(help="Compare all with this model. Default: all pairs.", show_default=False),
    ] = None,
    test: Annotated[
        Literal["permutation", "bootstrap", "delong", "mcnemar", "wilcoxon"],
        typer.Option(help="Of the comparisons; of survival one of the first two."),
    ] = "permutation",
    correction: Annotated[
        Literal["holm", "benjamini-hochberg", "none"],
        typer.Option(help="Of p-values, for the number of comparisons of a metric."),
    ] = "holm",
    subgroups: Annotated[
        list[str] | None,
        typer.Option(help="Columns to judge subgroups by; with commas.", show_default=False),
    ] = None,
    edges: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN=EDGES",
            help="Where to cut a column of numbers: age=50,65. Repeat. Default: tertiles.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder to write.")] = Path("evaluation"),
    figures: Annotated[bool, typer.Option("--figures/--no-figures", help="Draw.")] = True,
    resamples: Annotated[int, typer.Option(min=1, help="Of bootstraps and permutations.")] = 1000,
    level: Annotated[float, typer.Option(min=0.5, max=0.999, help="Of the intervals.")] = 0.95,
    seed: Annotated[int, typer.Option(help="The same seed gives the same result.")] = 0,
) -> None:
    r"""Judge predictions: metrics with intervals, comparisons of models, subgroups, figures.

    Whole patients are drawn where patient_id is known. Rows without a score or target are set
    aside in errors.csv (exit status 3); patients in two splits are a finding (1).

    Risks of survival are judged by their order. Where a model gives probabilities of survival,
    lesionary.evaluate.integrated_brier judges these.

    [bold]Examples[/bold]

      lesionary evaluate predictions.csv --by model

      lesionary evaluate ours/predictions.csv theirs/predictions.csv --split test

      lesionary evaluate predictions.csv --by model --table cohort.csv --subgroups sex,age \\
        --edges age=50,65 --reference baseline --out evaluation

      lesionary evaluate wide.csv --id name --target label --scores ours,theirs --metric auc,f1

      lesionary evaluate survival.csv --by model --times 365,730 --subgroups sex
    """
    from lesionary.cli.evaluate_view import print_evaluation, print_written
    from lesionary.evaluate.gather import MODEL, gather_predictions, model_names
    from lesionary.evaluate.predictions import read_predictions
    from lesionary.evaluate.report import (
        Settings,
        ThresholdChoice,
        evaluate_predictions,
        write_evaluation,
    )
    from lesionary.files import sha256

    several = len(predictions) > 1
    read = read_predictions(
        gather_predictions(predictions, by) if several else predictions[0],
        by=MODEL if several else by,
        target=target,
        scores=_names(scores) or None,
        lesion=lesion,
        positive=positive,
        table=table,
        kind=kind,
    )
    settings = Settings(
        split=split,
        tune_split=tune_split,
        metrics=_names(metric),
        times=_times(times) if times else [],
        threshold=None if threshold is None else ThresholdChoice.of(threshold),
        reference=reference,
        subgroups=_names(subgroups),
        edges=_edges(edges or []),
        test=test,
        correction=None if correction == "none" else correction,
        resamples=resamples,
        level=level,
        seed=seed,
    )
    evaluation = evaluate_predictions(read, settings)
    print_evaluation(evaluation)
    about: dict[str, object] = {"file": predictions[0].name, "sha256": sha256(predictions[0])}
    if several:
        about = {"files": {name: sha256(file) for file, name in model_names(predictions).items()}}
    written = write_evaluation(evaluation, out, about=about, draw=figures)
    print_written(written, out)
    if read.findings:
        raise typer.Exit(FINDINGS)
    if len(read.set_aside):
        raise typer.Exit(SET_ASIDE)


def _names(given: Sequence[str] | None) -> list[str]:
    return [name.strip() for words in given or [] for name in words.split(",") if name.strip()]


def _edges(given: Sequence[str]) -> dict[str, list[float]]:
    from lesionary.errors import EvaluationError

    edges = {}
    for words in given:
        column, _, numbers = words.partition("=")
        try:
            edges[column.strip()] = [float(number) for number in numbers.split(",")]
        except ValueError as error:
            raise EvaluationError(
                f"Edges are a column and its numbers, as age=50,65, and not {words!r}."
            ) from error
    return edges


def _times(words: str) -> list[float]:
    from lesionary.errors import EvaluationError

    try:
        return [float(number) for number in words.split(",")]
    except ValueError as error:
        raise EvaluationError(f"Times are numbers, as 365,730, and not {words!r}.") from error
