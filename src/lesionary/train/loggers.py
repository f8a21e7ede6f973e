"""Where the metrics go beside ``metrics.csv``."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from lightning.pytorch import loggers
from lightning.pytorch.loggers import Logger

from lesionary.errors import TrainingError


def build_loggers(names: Sequence[str], run: Path, step: int) -> list[Logger]:
    """Start the loggers of a run that begins, or goes on, after ``step``."""
    for name in names:
        if find_spec(name) is None:
            raise TrainingError(
                f"The logger {name} is not installed: pip install {name}, or leave it out with "
                "--set machine.loggers=[]. metrics.csv is written in any case."
            )
    return [_build(name, run, step) for name in names]


def _build(name: str, run: Path, step: int) -> Logger:
    if name == "tensorboard":
        # Points after the step that the run goes on from are replaced.
        return loggers.TensorBoardLogger(run, name="", version="tensorboard", purge_step=step + 1)
    if name == "mlflow":
        return loggers.MLFlowLogger(run_name=run.name, tracking_uri=f"file:{run / 'mlflow'}")
    return loggers.WandbLogger(name=run.name, save_dir=run)
