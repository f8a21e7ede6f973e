"""Checkpoints: whole or absent, read without running code, and only of a training that is sound."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from lesionary.errors import TrainingError
from lesionary.files import atomic_path

_SHOWN = 4


@dataclass(frozen=True)
class Best:
    """The best state so far.

    Attributes
    ----------
    score : float
    epoch : int
        Epochs done when it was reached.
    """

    score: float
    epoch: int


class Checkpoints:
    """The checkpoints of a run: ``last.ckpt``, to go on from, and ``best.ckpt``, by score.

    Parameters
    ----------
    run : Path
        Folder of the run.
    """

    def __init__(self, run: Path) -> None:
        self.last = run / "checkpoints" / "last.ckpt"
        self.best = run / "checkpoints" / "best.ckpt"

    def write_last(
        self,
        module: nn.Module,
        step: int,
        optimizer: Mapping[str, Any],
        precision: Mapping[str, Any],
        best: Best | None,
    ) -> None:
        """Write all that the training goes on from; a module with NaN in it is refused."""
        check_sound(module)
        self._write(
            self.last,
            {
                "module": module.state_dict(),
                "step": step,
                "optimizer": dict(optimizer),
                "precision": dict(precision),
                "best": None if best is None else {"score": best.score, "epoch": best.epoch},
            },
        )

    def write_best(self, module: nn.Module) -> None:
        """Write the parameters and buffers of the best state so far."""
        self._write(self.best, {"module": module.state_dict()})

    def _write(self, path: Path, content: dict[str, Any]) -> None:
        try:
            with atomic_path(path) as temporary:
                torch.save(content, temporary)
        except (OSError, RuntimeError) as error:  # torch reports a full disk as RuntimeError
            kept = (
                f"{path}, written before, is still whole"
                if path.exists()
                else "there is none from before"
            )
            raise TrainingError(
                f"The checkpoint {path} cannot be written ({str(error).splitlines()[0]}); {kept}. "
                "Make room and run the same command with --resume."
            ) from error


def read_checkpoint(path: Path) -> dict[str, Any]:
    """Read a checkpoint: tensors, numbers and text only."""
    try:  # weights_only refuses code, and says so with an error of pickle's
        content = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, OSError) as error:
        raise TrainingError(
            f"The checkpoint {path} cannot be read: {str(error).splitlines()[0]}"
        ) from error
    if not isinstance(content, dict) or not isinstance(content.get("module"), dict):
        raise TrainingError(f"{path} is no checkpoint of a training by Lesionary.")
    return content


def fill(module: nn.Module, tensors: Mapping[str, Tensor], path: Path) -> None:
    """Load a checkpoint's tensors into a module; raise where they are of another network."""
    wanted = module.state_dict()
    wrong = sorted(
        {key for key in {*wanted, *tensors} if key not in wanted or key not in tensors}
        | {key for key in wanted if key in tensors and wanted[key].shape != tensors[key].shape}
    )
    if wrong:
        more = f" and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
        raise TrainingError(
            f"The checkpoint {path} is of another network, head or objective than this training "
            f"file; they differ in {', '.join(wrong[:_SHOWN])}{more}. Give the file it was made "
            "with, or another folder for the run."
        )
    module.load_state_dict(dict(tensors))


def check_sound(module: nn.Module) -> None:
    """Raise where a parameter or buffer is not finite."""
    for name, tensor in module.state_dict().items():
        if tensor.is_floating_point() and not torch.isfinite(tensor.sum()):
            raise TrainingError(
                f"The training has diverged: {name} holds values that are not finite. The last "
                "checkpoint is from before. Lower optimizer.lr, add schedule.warmup_epochs, or "
                "set training.clip_norm, and start a new run."
            )
