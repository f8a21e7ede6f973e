"""One pre-training: from a file to an encoder."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from lesionary.cohort.load import load
from lesionary.encode.registry import load_card
from lesionary.train.extra import need_lightning
from lesionary.train.pretraining.config import PretrainConfig, load_pretraining
from lesionary.train.pretraining.objective import objective_of
from lesionary.train.record import record_of, training_in_words
from lesionary.train.shared_store import open_store
from lesionary.train.store import build_store
from lesionary.train.views import draw_views, load_views

if TYPE_CHECKING:
    import pandas as pd

    from lesionary.encode.card import ModelCard
    from lesionary.train.engine import Fitted

_PICTURED = 6
"""Lesions in a picture of views."""


@dataclass(frozen=True)
class Pretrained:
    """What a pre-training made.

    Attributes
    ----------
    run : Path
        With ``metrics.csv``, ``config.yaml``, the checkpoints and the loggers' files in it.
    encoder : Path
        Folder that ``load_encoder`` and ``extract`` take.
    curves : Path
        Picture of the metrics.
    name : str
        Of the encoder.
    lesions : int
        That it was trained on.
    steps, epochs : int
    score : float or None
        Of the probe, at its best.
    best_epoch : int or None
        Which the encoder is of; None if it is of the last.
    errors : Path or None
        Table of the lesions that could not be used, if there are any.
    seconds : float
        That this call took to train.
    is_main : bool
        False in all processes of a run but the one that wrote.
    """

    run: Path
    encoder: Path
    curves: Path
    name: str
    lesions: int
    steps: int
    epochs: int
    score: float | None
    best_epoch: int | None
    errors: Path | None
    seconds: float
    is_main: bool


def pretrain(
    config: str | Path | Mapping[str, Any] | PretrainConfig,
    *,
    overrides: Sequence[str] = (),
    resume: bool = False,
) -> Pretrained:
    """Train an encoder on lesions without labels.

    Parameters
    ----------
    config : str, Path, mapping or PretrainConfig
        A training file, the name of a ready one (``fmcib``, ``simclr``, ...), or its content.
    overrides : sequence of str
        ``key=value``, such as ``optimizer.lr=0.1``.
    resume : bool
        Go on with the run where it stopped.

    Returns
    -------
    Pretrained

    Raises
    ------
    TrainingError
        If it cannot start, or diverges. Checkpoints that were written stay.
    """
    need_lightning()  # before what cannot be imported without it
    from lesionary.train.interrupt import resumable

    config = load_pretraining(config, overrides)
    with resumable(config.run):
        return _pretrain(config, resume=resume)


def _pretrain(config: PretrainConfig, *, resume: bool) -> Pretrained:
    from lesionary.train.curves import CURVES, draw_curves
    from lesionary.train.engine import fit
    from lesionary.train.export import export_encoder
    from lesionary.train.history import METRICS
    from lesionary.train.pretraining.learner import Pretraining, training_rows

    card = load_card(config.encoder)
    with torch.device("meta"):  # before hours of cutting patches
        objective_of(config, card)
    store = open_store(
        config,
        card.input,
        backgrounds=config.data.backgrounds,
        avoid_lesions=config.data.avoid_lesions,
    )
    learner = Pretraining(config, store)
    fitted = fit(learner, resume=resume)
    learned = store.lesions.iloc[training_rows(store, config.data.split)]
    done = Pretrained(
        run=config.run,
        encoder=config.run / "encoder",
        curves=config.run / CURVES,
        name=config.encoder_name,
        lesions=len(learned),
        steps=fitted.steps,
        epochs=fitted.epochs,
        score=fitted.best.score if fitted.best else None,
        best_epoch=fitted.best.epoch if fitted.best else None,
        errors=store.errors,
        seconds=fitted.seconds,
        is_main=fitted.is_main,
    )
    if fitted.is_main:
        export_encoder(
            learner.encoder,
            done.encoder,
            name=done.name,
            title=f"Pre-trained with {config.objective.name}",
            description=_told(config, card, fitted),
            training_data=_data_told(config, learned),
            record=record_of(config, card, fitted, done.lesions),
        )
        draw_curves(
            config.run / METRICS,
            done.curves,
            title=f"{done.name}: {config.objective.name}",
            kept_epoch=done.best_epoch,
        )
    return done


def show_views(
    config: str | Path | Mapping[str, Any] | PretrainConfig,
    out: str | Path,
    *,
    overrides: Sequence[str] = (),
) -> Path:
    """Draw what the network of a training file will see of a few lesions.

    Parameters
    ----------
    config, overrides
        As for :func:`pretrain`.
    out : path
        Picture to write: ``.png``, ``.svg`` or ``.pdf``.
    """
    config = load_pretraining(config, overrides)
    recipe, views = load_card(config.encoder).input, load_views(config.views)
    loaded = load(config.data.cohort, config.data.root)
    chosen = np.random.default_rng(config.seed).permutation(len(loaded.table))[:_PICTURED]
    few = loaded.table.iloc[np.sort(chosen)].reset_index(drop=True)
    with tempfile.TemporaryDirectory() as folder:
        store = build_store(
            few, folder, root=loaded.root, recipe=recipe, margin_vox=config.data.margin_vox,
            backgrounds=0, workers=0,
        )  # fmt: skip
        patches = torch.from_numpy(store.cut(np.arange(len(store)), size_vox=store.crop_vox))
    draw_views(
        views,
        patches,
        out,
        mapping=recipe.intensity,
        size_vox=recipe.size_vox,
        names=store.lesions["lesion_id"].astype(str).tolist(),
        seed=config.seed,
    )
    return Path(out)


def _told(config: PretrainConfig, start: ModelCard, fitted: Fitted) -> str:
    kept = (
        f"Kept from epoch {fitted.best.epoch}, where the balanced accuracy of nearest neighbours "
        f"for {config.probe.label} on the tune split was highest ({fitted.best.score:.3f})."
        if fitted.best
        else "Kept from the last epoch."
    )
    return (
        f"Trained without labels with the objective {config.objective.name}, starting from "
        f"{start.name}: {training_in_words(config, fitted)} {kept}"
    )


def _data_told(config: PretrainConfig, learned: pd.DataFrame) -> str:
    counts = [f"{len(learned):,} lesions", f"{learned['scan'].nunique():,} scans"]
    if "patient_id" in learned:
        counts.append(f"{learned['patient_id'].nunique():,} patients")
    return f"{', '.join(counts)} of {config.data.cohort.name}, without labels"
