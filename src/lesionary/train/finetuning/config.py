"""What a fine-tuning file says beside what all training files have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from lesionary.train.config import Count, EncoderConfig, Optimizer, Part, Positive, Schedule
from lesionary.train.config import Data as AnyData
from lesionary.train.config import Training as AnyTraining
from lesionary.train.finetuning.target import Metric, Target
from lesionary.train.reading import load_config, ready_names

_READY = Path(__file__).parent / "files"


class Data(AnyData):
    """What is learnt from, beside what all training files say of it.

    Attributes
    ----------
    cohort : Path
        Lesion table with the splits ``train`` (to learn from), ``tune`` (to choose the best
        checkpoint by) and, if there is one, ``test`` (scored only), and the target's columns.
    margin_vox : int
        As far as views shift, the margin shows what is really there.
    """

    margin_vox: Annotated[int, Field(ge=0)] = 10


class Head(Part):
    """The layers from features to outputs.

    Attributes
    ----------
    hidden : tuple of int
        Widths between the encoder's dimension and the number of outputs. The published head
        ``[4096, 2048, 8]`` is ``hidden: [2048]`` on an encoder of dimension 4096, and 8 classes.
    warm_start : bool
        Begin as the linear probe: logistic regression (or Cox's) on the frozen features.
    """

    hidden: tuple[Count, ...] = (2048,)
    warm_start: bool = False


class Layers(Part):
    """Which stages of the encoder learn, when, and how fast.

    Attributes
    ----------
    freeze : "all" or tuple of str
        Stages that never learn, such as ``[conv1, layer1]``; their batch norms keep their
        statistics. A wrong name shows those that there are.
    unfreeze_every : int or None
        Progressive unfreezing: only the head learns at first, and every so many epochs one
        more stage does, from the last to the first.
    decay : float
        Each stage learns so many times as fast as the one after it; the head as the optimizer
        says.
    """

    freeze: Literal["all"] | tuple[str, ...] = ()
    unfreeze_every: Count | None = None
    decay: Annotated[float, Field(gt=0, le=1)] = 1.0


class Training(AnyTraining):
    """How long, and how much at once.

    Attributes
    ----------
    batch_size : int
        Lesions a step, over all devices together. For survival, those at risk are looked for
        among them: the larger, the better.
    evaluate_every : int
        Epochs from one look at the tune split to the next; the last epoch has one anyway.
    """

    batch_size: Annotated[int, Field(ge=2)] = 32
    evaluate_every: Count = 1


class FinetuneConfig(EncoderConfig):
    """A fine-tuning file.

    Attributes
    ----------
    encoder : str
        What is fine-tuned: a name (``fmcib``), the folder of an encoder that was trained here
        (``RUN/encoder``; the head of an earlier fine-tuning comes along where it fits), or the
        path of a card. ``random:fmcib`` learns from scratch, with that encoder's network.
    weights : Path or None
        A file to use instead of the encoder's own weights, as a published fine-tuned checkpoint.
    data : Data
    target : Target
    views : str or mapping
        Augmentation.
    head : Head
    layers : Layers
    class_weights : {"none", "balanced"} or mapping of class to weight
    best_by : str or None
        Metric of the tune split that the best checkpoint has most of: ``auc``, ``map``,
        ``balanced_accuracy``, ``c_index``; by default ``auc`` of a binary label,
        ``balanced_accuracy`` of classes, ``c_index`` of survival alone.
    predictions : {"parquet", "csv"}
        Format of the table of predictions.
    """

    encoder: str = "fmcib"
    weights: Path | None = None
    data: Data
    target: Target
    views: str | dict[str, Any] = "finetune"
    head: Head = Head()
    layers: Layers = Layers()
    class_weights: Literal["none", "balanced"] | dict[int | str, Positive] = "none"
    best_by: Metric | None = None
    predictions: Literal["parquet", "csv"] = "parquet"
    training: Training = Training()
    optimizer: Optimizer = Optimizer(name="sgd", lr=0.1, per_batch=256, weight_decay=0)
    schedule: Schedule = Schedule(shape="step", decay_epochs=30, decay=0.1)


def load_finetuning(
    source: str | Path | Mapping[str, Any] | FinetuneConfig, overrides: Sequence[str] = ()
) -> FinetuneConfig:
    """Read a fine-tuning file: a path, the name of a ready one, or its content.

    Examples
    --------
    >>> config = load_finetuning("task2", ["data.cohort=nodules.csv", "target.label=malignancy"])
    >>> config.head.hidden, config.target.kind
    ((2048,), 'binary')
    """
    return load_config(FinetuneConfig, source, overrides, ready=_READY)


def ready_finetunings() -> list[str]:
    """Return the names of the ready files.

    Examples
    --------
    >>> ready_finetunings()
    ['survival', 'task1', 'task2', 'task3']
    """
    return ready_names(_READY)
