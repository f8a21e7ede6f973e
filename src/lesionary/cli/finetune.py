"""``lesionary finetune``: labelled lesions in, an encoder with a head and predictions out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from lesionary.cli.exits import SET_ASIDE
from lesionary.cli.interrupt import one_line

if TYPE_CHECKING:
    from lesionary.train.finetuning.run import Finetuned


def finetune(
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE",
            help="Training file (.yaml), or a ready one: task1, task2, task3, survival.",
            show_default=False,
        ),
    ],
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="KEY=VALUE", help="Override a value. Repeat.", show_default=False
        ),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the run where it stopped.")
    ] = False,
) -> None:
    """Train an encoder and a head on labelled lesions, and predict every split.

    The epoch that does best on the tune split is kept. The folder of the run gets the encoder,
    for [bold]lesionary extract --encoder RUN/encoder[/bold] and for further fine-tuning,
    predictions of every split, metrics and curves, and what it cost beside a linear probe.

    [bold]Examples[/bold]

      lesionary finetune task2 --set data.cohort=nodules.csv --set run=runs/nodules

      lesionary finetune mine.yaml --set encoder=random:fmcib --set class_weights=balanced

      lesionary finetune mine.yaml --resume
    """
    from lesionary.train import finetune as train

    with one_line():
        done = train(file, overrides=settings or [], resume=resume)
    if not done.is_main:
        return
    for note in done.notes:
        typer.secho(f"Note: {note}", fg=typer.colors.YELLOW, err=True)
    typer.echo(_summary(done))
    if done.errors is not None:
        typer.echo(f"Some lesions could not be used; {done.errors} says why.")
        raise typer.Exit(SET_ASIDE)


def _summary(done: Finetuned) -> str:
    probe = (
        f" A linear probe on the features as they were reaches {done.probe_score:.3f}."
        if done.probe_score is not None
        else ""
    )
    return (
        f"Fine-tuned {done.name}: {done.epochs} epochs ({done.steps:,} steps) in "
        f"{done.seconds:.0f} s; kept epoch {done.best_epoch}, where {done.best_by} of the tune "
        f"split is {done.score:.3f}.{probe}\n"
        f"Encoder: {done.encoder}\nPredictions: {done.predictions}\nCost: {done.efficiency}"
    )
