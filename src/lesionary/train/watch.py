"""An eye on the training: metrics, trouble, scores and checkpoints."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from typing import Any

import lightning
import torch
from lightning.pytorch.utilities.exceptions import SIGTERMException

from lesionary.errors import TrainingError
from lesionary.train.checkpoints import Best, Checkpoints, check_sound
from lesionary.train.console import Console
from lesionary.train.history import METRICS, History
from lesionary.train.learner import Learner


class Watch(lightning.Callback):
    """What happens after each step, each epoch, and before things get worse.

    Parameters
    ----------
    learner : Learner
    checkpoints : Checkpoints
    best : Best or None
        So far, in a run that goes on.
    """

    def __init__(self, learner: Learner, checkpoints: Checkpoints, best: Best | None) -> None:
        self.best = best
        self._learner = learner
        self._checkpoints = checkpoints
        self._resumed: tuple[dict[str, Any], dict[str, Any]] | None = None
        self._console: Console | None = None

    def resume(self, optimizer: dict[str, Any], precision: dict[str, Any]) -> None:
        """Take over the state of the optimizer and of the precision's scale."""
        self._resumed = optimizer, precision

    def on_train_start(self, trainer: lightning.Trainer, module: lightning.LightningModule) -> None:
        """Load what was resumed, now that the optimizer is there; start the clock."""
        if self._resumed is not None:
            optimizer, precision = self._resumed
            trainer.optimizers[0].load_state_dict(optimizer)
            trainer.precision_plugin.load_state_dict(precision)
            self._resumed = None
        self._saved = self._logged = time.monotonic()
        self._logged_step = self._learner.step
        learner, is_main = self._learner, trainer.is_global_zero
        self._history = History(learner.config.run / METRICS, learner.step) if is_main else None
        self._console = Console(
            learner.total_steps, learner.step, score=learner.score, shown=is_main
        )

    def on_train_batch_end(
        self,
        trainer: lightning.Trainer,
        module: lightning.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        """Count the step; log, evaluate and save where it is time to."""
        learner = self._learner
        logs_now = learner.logs_now
        learner.step += 1
        epoch, rest = divmod(learner.step, learner.steps_per_epoch)
        if logs_now:
            metrics = self._measure(trainer, outputs)
            reason = _divergence(metrics) or learner.trouble(metrics)
            if rest == 0 and not reason:
                metrics |= self._evaluate(trainer, epoch)
            self._log(trainer, metrics)
            if reason:
                raise TrainingError(
                    f"The training was stopped after {learner.step} steps: {reason} "
                    f"{self._kept()}What was measured is in {learner.config.run / METRICS}."
                )
        assert self._console is not None
        self._console.update(learner.step)
        minutes = (time.monotonic() - self._saved) / 60
        if rest == 0 or minutes > learner.config.machine.checkpoint_minutes:
            self._save(trainer)

    def on_train_end(self, trainer: lightning.Trainer, module: lightning.LightningModule) -> None:
        """Leave the terminal as it was."""
        assert self._console is not None
        self._console.close()

    def on_exception(
        self,
        trainer: lightning.Trainer,
        module: lightning.LightningModule,
        exception: BaseException,
    ) -> None:
        """Save a training that is told to end, and leave the terminal as it was."""
        if isinstance(exception, SIGTERMException):  # comes between two steps
            self._save(trainer)
        if self._console is not None:
            self._console.close()

    def _measure(self, trainer: lightning.Trainer, outputs: Mapping[str, Any]) -> dict[str, float]:
        learner, now = self._learner, time.monotonic()
        pace = (learner.step - self._logged_step) / max(now - self._logged, 1e-9)
        self._logged, self._logged_step = now, learner.step
        return {
            "loss": float(outputs["loss"]),
            **{name: float(value) for name, value in outputs["logs"].items()},
            "lr": float(trainer.optimizers[0].param_groups[0]["lr"]),
            "samples_per_second": pace * learner.config.training.batch_size,
            "hours_left": (learner.total_steps - learner.step) / pace / 3600,
        }

    def _evaluate(self, trainer: lightning.Trainer, epoch: int) -> dict[str, float]:
        learner = self._learner
        check_sound(learner)
        learner.eval()
        with torch.no_grad():
            scores = learner.evaluate(epoch)
        learner.train()
        if learner.score is not None and learner.score in scores:
            self._keep_best(trainer, scores[learner.score], epoch)
        return scores

    def _log(self, trainer: lightning.Trainer, metrics: Mapping[str, float]) -> None:
        step = self._learner.step
        if self._history is not None:
            epoch = step / self._learner.steps_per_epoch
            self._history.add({"step": step, "epoch": epoch, **metrics})
        for logger in trainer.loggers:
            logger.log_metrics(dict(metrics), step=step)
        if self._console is not None:
            self._console.describe(metrics)

    def _keep_best(self, trainer: lightning.Trainer, score: float, epoch: int) -> None:
        if self.best is None or score >= self.best.score:  # of equals, the longest trained
            if trainer.is_global_zero:
                self._checkpoints.write_best(self._learner)
            self.best = Best(score, epoch)

    def _save(self, trainer: lightning.Trainer) -> None:
        if trainer.is_global_zero:
            self._checkpoints.write_last(
                self._learner,
                self._learner.step,
                trainer.optimizers[0].state_dict(),
                trainer.precision_plugin.state_dict(),
                self.best,
            )
        self._saved = time.monotonic()

    def _kept(self) -> str:
        last = self._checkpoints.last
        return f"The last good checkpoint is {last}. " if last.exists() else ""


def _divergence(metrics: Mapping[str, float]) -> str | None:
    if math.isfinite(metrics["loss"]):
        return None
    return (
        f"the loss is {metrics['loss']}. Lower optimizer.lr, add schedule.warmup_epochs or set "
        "training.clip_norm; with 16-mixed precision, take bf16-mixed."
    )
