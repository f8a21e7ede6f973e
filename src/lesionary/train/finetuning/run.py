"""One fine-tuning: from a file to an encoder with a head, and its predictions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lesionary.cohort import check_cohort
from lesionary.cohort.columns import SPLIT
from lesionary.encode.registry import load_card
from lesionary.errors import TrainingError
from lesionary.train.extra import need_lightning
from lesionary.train.finetuning.config import FinetuneConfig, load_finetuning
from lesionary.train.rank import this_rank
from lesionary.train.shared_store import open_store
from lesionary.train.views import load_views

if TYPE_CHECKING:
    from lesionary.train.engine import Fitted
    from lesionary.train.finetuning.labels import Labelled
    from lesionary.train.finetuning.learner import Finetuning
    from lesionary.train.store import PatchStore

EFFICIENCY = "efficiency.json"


@dataclass(frozen=True)
class Finetuned:
    """What a fine-tuning made.

    Attributes
    ----------
    run : Path
        With ``metrics.csv``, ``config.yaml``, the checkpoints and the loggers' files in it.
    encoder : Path
        Folder that ``load_encoder`` and ``extract`` take, and a later fine-tuning.
    predictions : Path
        Table of scores of every lesion of every split.
    efficiency : Path
        What it cost, and what features with a linear probe cost.
    curves : Path
    name : str
        Of the encoder.
    best_by : str
        Metric of the tune split that the kept epoch has most of.
    score, best_epoch : float, int
    probe_score : float or None
        The same metric of the linear probe on the frozen features.
    steps, epochs : int
    notes : tuple of str
        What is no error, and should be known.
    errors : Path or None
        Table of the lesions that could not be used, if there are any.
    seconds : float
        That this call took to train.
    is_main : bool
        False in all processes of a run but the one that wrote.
    """

    run: Path
    encoder: Path
    predictions: Path
    efficiency: Path
    curves: Path
    name: str
    best_by: str
    score: float
    best_epoch: int
    probe_score: float | None
    steps: int
    epochs: int
    notes: tuple[str, ...]
    errors: Path | None
    seconds: float
    is_main: bool


def finetune(
    config: str | Path | Mapping[str, Any] | FinetuneConfig,
    *,
    overrides: Sequence[str] = (),
    resume: bool = False,
) -> Finetuned:
    """Train an encoder and a head on labelled lesions, and predict every split.

    Parameters
    ----------
    config : str, Path, mapping or FinetuneConfig
        A fine-tuning file, the name of a ready one (``task1``, ``task2``, ``task3``,
        ``survival``), or its content.
    overrides : sequence of str
        ``key=value``, such as ``optimizer.lr=0.01``.
    resume : bool
        Go on with the run where it stopped.

    Returns
    -------
    Finetuned

    Raises
    ------
    TrainingError
        If it cannot start, or diverges. Checkpoints that were written stay.
    """
    need_lightning()
    from lesionary.train.interrupt import resumable

    config = load_finetuning(config, overrides)
    with resumable(config.run):
        return _finetune(config, resume=resume)


def _finetune(config: FinetuneConfig, *, resume: bool) -> Finetuned:
    from lesionary.encode.forward import choose_device
    from lesionary.train.checkpoints import Checkpoints
    from lesionary.train.curves import CURVES
    from lesionary.train.engine import fit
    from lesionary.train.finetuning.baseline import probe_encoder
    from lesionary.train.finetuning.efficiency import metered, read_efficiency, write_efficiency
    from lesionary.train.finetuning.heads import fill_head
    from lesionary.train.finetuning.labels import read_labels
    from lesionary.train.finetuning.learner import Finetuning, best_by
    from lesionary.train.finetuning.start import start

    notes = _split_notes(config)
    load_views(config.views)  # what is wrong with them, before hours of cutting patches
    store = open_store(config, load_card(config.encoder).input)
    labelled = read_labels(store.lesions, config.target)
    metric = best_by(config, labelled)
    encoder, head, about_head = start(config, labelled.outputs)
    learner = Finetuning(config, store, labelled, encoder, head)
    device = choose_device(config.machine.accelerator)

    begun = Checkpoints(config.run).last.exists()
    record = read_efficiency(config.run / EFFICIENCY) if begun else {}
    # Other processes of a run get their parameters from the first.
    if not begun and not this_rank():
        weights = learner.class_weights
        probe, record = probe_encoder(encoder, store, labelled, metric, weights, device)
        write_efficiency(record, config.run / EFFICIENCY)
        if config.head.warm_start:
            fill_head(head, probe.weight, probe.bias)
    with metered(device) as spent:
        fitted = fit(learner, resume=resume)
    assert fitted.best is not None

    done = Finetuned(
        run=config.run,
        encoder=config.run / "encoder",
        predictions=config.run / f"predictions.{config.predictions}",
        efficiency=config.run / EFFICIENCY,
        curves=config.run / CURVES,
        name=config.encoder_name,
        best_by=metric,
        score=fitted.best.score,
        best_epoch=fitted.best.epoch,
        probe_score=record.get("probe", {}).get("tune", {}).get(metric),
        steps=fitted.steps,
        epochs=fitted.epochs,
        notes=(*notes, *labelled.notes, *about_head),
        errors=store.errors,
        seconds=fitted.seconds,
        is_main=fitted.is_main,
    )
    if fitted.is_main:
        if learner.first_step is not None:  # else an earlier session came to the end
            epochs = (fitted.steps - learner.first_step) / learner.steps_per_epoch
            trained = {"epochs": epochs, "tune": {metric: fitted.best.score}, **spent}
            write_efficiency({**record, "fine_tuning": trained}, done.efficiency)
        learner.to(device)
        _write_results(learner, store, labelled, fitted, done)
    return done


def _write_results(
    learner: Finetuning, store: PatchStore, labelled: Labelled, fitted: Fitted, done: Finetuned
) -> None:
    from lesionary.encode.features import write_with_provenance
    from lesionary.train.curves import draw_curves
    from lesionary.train.export import export_encoder
    from lesionary.train.finetuning import telling
    from lesionary.train.finetuning.predictions import predictions_table
    from lesionary.train.finetuning.start import HEAD, write_head
    from lesionary.train.history import METRICS

    config, encoder, old = learner.config, learner.encoder, learner.encoder.card
    aim = telling.aim_of(config)
    record = telling.record_of_labelled(config, old, labelled, fitted)
    rows = np.sort(np.concatenate(list(labelled.rows.values())))
    scores = labelled.outputs.scores(learner.outputs(rows))
    table = predictions_table(store.lesions, labelled, rows, scores)
    write_with_provenance(table, done.predictions, telling.provenance_of(record, encoder))
    lesions = f"{len(labelled.known('train')):,} lesions of {config.data.cohort.name} with {aim}"
    export_encoder(
        encoder,
        done.encoder,
        name=done.name,
        title=f"{old.name}, fine-tuned for {aim}",
        description=telling.description_of(config, fitted, learner.best_by),
        training_data=lesions,
        record=record,
    )
    write_head(learner.head, labelled.outputs, done.encoder / HEAD)
    draw_curves(
        config.run / METRICS, done.curves, title=f"{done.name}: {aim}", kept_epoch=done.best_epoch
    )


def _split_notes(config: FinetuneConfig) -> list[str]:
    """Refuse splits that share patients; where they were published so, say it."""
    problems = [
        problem
        for problem in check_cohort(config.data.cohort, root=config.data.root, files=False)
        if problem.column == SPLIT
    ]
    errors = [problem for problem in problems if problem.level == "error"]
    if errors:
        raise TrainingError(f"{config.data.cohort} cannot be trained on: {errors[0].message}")
    return [problem.message for problem in problems]
