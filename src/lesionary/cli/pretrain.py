"""``lesionary pretrain``: scans and seeds in, an encoder out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lesionary.cli.exits import SET_ASIDE
from lesionary.cli.interrupt import one_line

if TYPE_CHECKING:
    from lesionary.train import Pretrained


def pretrain(
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE",
            help="Training file (.yaml), or the name of a ready one: fmcib, simclr, swav, nnclr, "
            "autoencoder, ct_fm, vicreg, barlow_twins.",
            show_default=False,
        ),
    ],
    values: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="Override a value of the file, as optimizer.lr=0.1. Repeat.",
            show_default=False,
        ),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the run where it stopped.")
    ] = False,
    show_views: Annotated[
        Path | None,
        typer.Option(
            metavar="PICTURE",
            help="Do not train: draw what the network will see of a few lesions (.png, .svg).",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Train an encoder on lesions without labels.

    FILE says on what, with which objective and how long. The encoder that comes out is a
    folder, which extract takes by --encoder. A killed run goes on with --resume to exactly
    what it would have become.

    [bold]Examples[/bold]

      lesionary pretrain fmcib --set data.cohort=cohort.csv --set run=runs/mine

      lesionary pretrain pretrain.yaml --set optimizer.lr=0.1 --resume

      lesionary pretrain fmcib --set data.cohort=cohort.csv --show-views views.png
    """
    from lesionary import train

    if show_views is not None:
        picture = train.show_views(file, show_views, overrides=values or [])
        typer.echo(f"Wrote {picture}: a row a lesion; first as it is, then its views.")
        return
    with one_line():
        done = train.pretrain(file, overrides=values or [], resume=resume)
    if not done.is_main:
        return
    typer.echo(_summary(done))
    if done.errors is not None:
        typer.echo(f"Some lesions could not be used; {done.errors} says why.")
        raise typer.Exit(SET_ASIDE)


def _summary(done: Pretrained) -> str:
    kept = (
        f"kept from epoch {done.best_epoch}, probe {done.score:.3f}"
        if done.best_epoch is not None
        else "kept from the last epoch"
    )
    return (
        f"Wrote {done.encoder}: the encoder {done.name}, trained on {done.lesions:,} lesions for "
        f"{done.epochs:,} epochs ({done.steps:,} steps) in {done.seconds / 60:.1f} min, {kept}.\n"
        f"Metrics are in {done.run / 'metrics.csv'}, drawn in {done.curves}.\n"
        f"Use it: lesionary extract TABLE --encoder {done.encoder}"
    )
