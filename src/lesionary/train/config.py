"""What every training file says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

Count = Annotated[int, Field(ge=1)]
NotNegative = Annotated[float, Field(ge=0)]
Positive = Annotated[float, Field(gt=0)]


class Part(BaseModel):
    """A part of a training file: no keys but those it names."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Optimizer(Part):
    """How parameters move.

    Attributes
    ----------
    name : {"lars", "sgd", "adam", "adamw"}
    lr : float
        Learning rate at its highest.
    per_batch : int or None
        Batch size that ``lr`` is meant for: with another one it is scaled in proportion.
        ``None`` takes ``lr`` as it is.
    momentum : float
        Of ``lars`` and ``sgd``.
    weight_decay : float
    """

    name: Literal["lars", "sgd", "adam", "adamw"] = "lars"
    lr: Positive = 0.3
    per_batch: Count | None = 256
    momentum: Annotated[float, Field(ge=0, lt=1)] = 0.9
    weight_decay: NotNegative = 1e-6

    def peak(self, batch_size: int) -> float:
        """Return the highest learning rate for a batch size."""
        return self.lr if self.per_batch is None else self.lr * batch_size / self.per_batch


class Schedule(Part):
    """How the learning rate goes over the training.

    Attributes
    ----------
    shape : {"cosine", "step", "constant"}
        After the warm-up: to zero along half a cosine; multiplied by ``decay`` every
        ``decay_epochs``; or unchanged.
    warmup_epochs : float
        Epochs in which it rises in a straight line.
    decay_epochs, decay
        Of ``step``.
    """

    shape: Literal["cosine", "step", "constant"] = "cosine"
    warmup_epochs: NotNegative = 0
    decay_epochs: Count = 30
    decay: Annotated[float, Field(gt=0, le=1)] = 0.1


class Training(Part):
    """How long, and how much at once.

    Attributes
    ----------
    epochs : int
    batch_size : int
        Lesions (or scans) a step, over all devices together.
    micro_batch : int or None
        Patches that the network of a device sees at once, where memory does not hold all; the
        loss is still that of the whole batch.
    precision : {"32-true", "16-mixed", "bf16-mixed"}
        Of the network; heads and loss are always computed in 32 bits.
    clip_norm : float or None
        Largest norm of the gradient.
    sync_batch_norm : bool
        Batch norms take their statistics over all GPUs.
    """

    epochs: Count = 100
    batch_size: Count = 64
    micro_batch: Count | None = None
    precision: Literal["32-true", "16-mixed", "bf16-mixed"] = "32-true"
    clip_norm: Positive | None = None
    sync_batch_norm: bool = True


class Machine(Part):
    """Where it runs and what it says; nothing here changes what is learnt.

    Attributes
    ----------
    accelerator : str
        ``auto``, ``cpu``, ``cuda`` or ``mps``.
    devices : int or "auto"
        A node.
    nodes : int
    workers : int
        Processes a device that prepare batches, and at first cut the patch store; with 0, the
        training process does both.
    loggers : list of str
        Beside ``metrics.csv``, which is always written: ``tensorboard``, ``mlflow``, ``wandb``.
    log_every : int
        Steps between two rows of the metrics.
    checkpoint_minutes : float
        Longest time between two checkpoints; there is one after each epoch anyway.
    """

    accelerator: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    devices: Count | Literal["auto"] = "auto"
    nodes: Count = 1
    workers: Annotated[int, Field(ge=0)] = 4
    loggers: tuple[Literal["tensorboard", "mlflow", "wandb"], ...] = ("tensorboard",)
    log_every: Count = 10
    checkpoint_minutes: Positive = 15


class RunConfig(Part):
    """What every training file has.

    Attributes
    ----------
    run : Path
        Folder of the run. This and all paths of the file start from the working folder.
    seed : int
        Fixes all that is random.
    """

    run: Path
    seed: Annotated[int, Field(ge=0)] = 0
    training: Training = Training()
    optimizer: Optimizer = Optimizer()
    schedule: Schedule = Schedule()
    machine: Machine = Machine()


class Data(Part):
    """What is learnt from.

    Attributes
    ----------
    cohort : Path
        Lesion table.
    root : Path or None
        Folder that the table's paths start from; by default the table's own.
    store : Path or None
        Folder of the patch store, which is built if it is not there. Runs may share one: it does
        not depend on their seed. By default ``store`` in the folder of the run.
    margin_vox : int
        By how much the store's crops are larger than a patch, on each side.
    """

    cohort: Path
    root: Path | None = None
    store: Path | None = None
    margin_vox: Annotated[int, Field(ge=0)] = 8


class EncoderConfig(RunConfig):
    """What every file has that trains an encoder on the lesions of a cohort.

    Attributes
    ----------
    name : str or None
        Of the encoder that comes out; by default that of the run's folder.
    encoder : str or path
        What the training starts from: a name, the folder of a trained encoder, or a card.
    data : Data
    views : str or mapping
        A name (``fmcib``, ``swav``, ``ct_fm``, ``finetune``, ``none``), the path of a ``.yaml``
        file, or what such a file says.
    """

    name: Annotated[str | None, Field(pattern=r"^[a-z0-9]+([_-][a-z0-9]+)*$")] = None
    encoder: str
    data: Data
    views: str | dict[str, Any]

    @field_validator("encoder", mode="before")
    @classmethod
    def _as_text(cls, encoder: Any) -> Any:
        return str(encoder) if isinstance(encoder, Path) else encoder

    @property
    def encoder_name(self) -> str:
        """Name of the encoder that comes out."""
        words = re.findall("[a-z0-9]+", self.run.resolve().name.lower())
        return self.name or "_".join(words) or "encoder"

    @property
    def store(self) -> Path:
        """Folder of the patch store."""
        return self.data.store or self.run / "store"
