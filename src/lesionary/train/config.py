"""What a training file says: its common parts, and how such a file is read.

A file is YAML. A key that there is not is an error that names the nearest one there is, and
every value can be overridden: ``optimizer.lr=0.1``.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from lesionary.errors import TrainingError

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
        Processes a device that prepare batches; 0 prepares them in the training process.
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


C = TypeVar("C", bound=RunConfig)


def load_config(
    kind: type[C],
    source: str | Path | Mapping[str, Any] | C,
    overrides: Sequence[str] = (),
    *,
    ready: Path,
) -> C:
    """Read a training file and check it.

    Parameters
    ----------
    kind : type
        The :class:`RunConfig` that the file is to be.
    source : str, Path, mapping or RunConfig
        Path of a ``.yaml`` file, name of a ready one, its content, or a config.
    overrides : sequence of str
        ``key=value``, where the key may lead into a part (``optimizer.lr``) and the value is
        YAML.
    ready : Path
        Folder of the ready files.

    Raises
    ------
    TrainingError
        With everything that is wrong with the file.
    """
    if isinstance(source, kind) and not overrides:
        return source
    values, place = _values(source, ready)
    for override in overrides:
        _set(values, override)
    problems = list(_unknown_keys(kind, values))
    if not problems:
        try:
            return kind.model_validate(values)
        except ValidationError as error:
            problems = [_said(each) for each in error.errors()]
    raise TrainingError(f"{place} is not a valid training file: {'; '.join(problems)}.")


def ready_names(ready: Path) -> list[str]:
    """Return the names of the ready files in a folder."""
    return sorted(file.stem for file in ready.glob("*.yaml"))


def _values(source: Any, ready: Path) -> tuple[dict[str, Any], str]:
    if isinstance(source, RunConfig):
        return source.model_dump(), "The config"
    if isinstance(source, Mapping):
        return {str(key): value for key, value in source.items()}, "The config"
    if str(source) in ready_names(ready):
        text = (ready / f"{source}.yaml").read_text(encoding="utf-8")
    elif Path(source).suffix in (".yaml", ".yml"):
        try:
            text = Path(source).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise TrainingError(f"The training file {source} cannot be read: {error}") from error
    else:
        raise TrainingError(
            f"There is no ready file {str(source)!r}{_nearest(str(source), ready_names(ready))}. "
            f"There are {', '.join(ready_names(ready))}; or give the path of a .yaml file."
        )
    try:
        values = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise TrainingError(f"The training file {source} is not YAML: {error}") from error
    if not isinstance(values, dict):
        raise TrainingError(f"The training file {source} is empty or no table of names and values.")
    return values, str(source)


def _set(values: dict[str, Any], override: str) -> None:
    key, equals, text = override.partition("=")
    if not equals or not key:
        raise TrainingError(
            f"Give a value to set as key=value, such as optimizer.lr=0.1, not {override!r}."
        )
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise TrainingError(f"The value of {override!r} is not YAML: {error}") from error
    *parts, last = key.split(".")
    for part in parts:
        inner = values.get(part)
        values[part] = dict(inner) if isinstance(inner, Mapping) else {}
        values = values[part]
    values[last] = value


def _said(error: Mapping[str, Any]) -> str:
    place = ".".join(str(part) for part in error["loc"])
    if error["type"] == "missing":
        return f"{place} is missing: write it in the file, or give --set {place}=..."
    return f"{place}: {error['msg']}"


def _unknown_keys(kind: type[BaseModel], values: Mapping[str, Any], at: str = "") -> Iterator[str]:
    if kind.model_config.get("extra") == "allow":
        return
    for key, value in values.items():
        field = kind.model_fields.get(key)
        if field is None:
            yield f"there is no key {at}{key}{_nearest(str(key), list(kind.model_fields), at)}"
        elif isinstance(value, Mapping) and (part := _part_of(field.annotation)):
            yield from _unknown_keys(part, value, f"{at}{key}.")


def _part_of(annotation: Any) -> type[BaseModel] | None:
    """Return the part that a field holds (``Part`` or ``Part | None``), if it holds one."""
    for one in (annotation, *getattr(annotation, "__args__", ())):
        if isinstance(one, type) and issubclass(one, BaseModel):
            return one
    return None


def _nearest(word: str, known: Sequence[str], at: str = "") -> str:
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    return f" (did you mean {at}{close[0]}?)" if close else f" (there are {', '.join(known)})"
