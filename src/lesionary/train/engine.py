"""The one engine of pre-training and fine-tuning: lightning, checkpoints, and a watch on both."""

from __future__ import annotations

import logging
import signal
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import lightning
import yaml
from lightning.fabric.plugins.environments.slurm import SLURMEnvironment
from lightning.pytorch.utilities.exceptions import SIGTERMException

from lesionary.errors import TrainingError
from lesionary.files import atomic_path
from lesionary.train.checkpoints import Best, Checkpoints, fill, read_checkpoint
from lesionary.train.config import RunConfig
from lesionary.train.learner import Learner
from lesionary.train.loggers import build_loggers
from lesionary.train.rank import this_rank
from lesionary.train.watch import Watch

_MAY_CHANGE = {"run", "machine"}
"""What a resumed run may have otherwise: it does not decide what is learnt."""


@dataclass(frozen=True)
class Fitted:
    """What a training did.

    Attributes
    ----------
    steps, epochs : int
        In all, those of earlier, interrupted runs included.
    best : Best or None
        Where the score was highest, if there is a score; its parameters are what the learner
        now has.
    seconds : float
        Of this run only.
    is_main : bool
        Whether this process is the one to write results.
    """

    steps: int
    epochs: int
    best: Best | None
    seconds: float
    is_main: bool


def fit(learner: Learner, *, resume: bool = False) -> Fitted:
    """Train, and leave the learner with its best parameters (without a score, the last).

    Parameters
    ----------
    learner : Learner
        Its config says where, how long and on what.
    resume : bool
        Go on from the last checkpoint of the run, if it has one.

    Returns
    -------
    Fitted

    Raises
    ------
    TrainingError
        If the run's folder holds another training, or the training diverges; the last good
        checkpoint stays.
    """
    config, started = learner.config, time.monotonic()
    checkpoints = Checkpoints(config.run)
    content = open_run(config, resume=resume)
    best = None
    if content is not None:
        fill(learner, content["module"], checkpoints.last)
        learner.step = content["step"]
        best = Best(**content["best"]) if content["best"] else None
    watch = Watch(learner, checkpoints, best)
    if content is not None:
        watch.resume(content["optimizer"], content["precision"])
    is_main = this_rank() == 0
    if learner.step < learner.total_steps:
        with _quietly(), _interruptible():
            trainer = _trainer(config, learner, watch)
            try:
                trainer.fit(learner)
            except SIGTERMException as told:
                raise TrainingError(
                    f"The training was told to end (SIGTERM) and did, after {learner.step} steps. "
                    "Nothing is lost: run the same command with --resume."
                ) from told
        is_main = trainer.is_global_zero
    if watch.best is not None and is_main:
        fill(learner, read_checkpoint(checkpoints.best)["module"], checkpoints.best)
    return Fitted(
        steps=learner.step,
        epochs=learner.step // learner.steps_per_epoch,
        best=watch.best,
        seconds=time.monotonic() - started,
        is_main=is_main,
    )


def open_run(config: RunConfig, *, resume: bool) -> dict[str, Any] | None:
    """Make the folder of a run, or find what it goes on from.

    A folder is never used for two different trainings.
    """
    record, last = config.run / "config.yaml", Checkpoints(config.run).last
    made = config.model_dump(mode="json")
    if last.exists():
        if not resume:
            raise TrainingError(
                f"{config.run} holds a training already. Add --resume to go on with it, or name "
                "another folder: --set run=FOLDER."
            )
        before = yaml.safe_load(record.read_text(encoding="utf-8"))
        differing = [name for name in made if made[name] != before.get(name)]
        if differing := [name for name in differing if name not in _MAY_CHANGE]:
            said = "; ".join(
                f"{name} was {before.get(name)}, is {made[name]}" for name in differing
            )
            raise TrainingError(
                f"{config.run} was begun with other settings ({said}). Go on with those, or name "
                "another folder: --set run=FOLDER."
            )
        return read_checkpoint(last)
    with atomic_path(record) as temporary:
        temporary.write_text(yaml.safe_dump(made, sort_keys=False), encoding="utf-8")
    return None


def _trainer(config: RunConfig, learner: Learner, watch: Watch) -> lightning.Trainer:
    machine, training = config.machine, config.training
    slurm = SLURMEnvironment.detect()
    return lightning.Trainer(
        accelerator=machine.accelerator,
        devices=machine.devices,
        num_nodes=machine.nodes,
        precision=training.precision,
        gradient_clip_val=training.clip_norm,
        sync_batchnorm=training.sync_batch_norm,
        max_epochs=1,  # the loader holds what is left of all of ours
        logger=build_loggers(machine.loggers, config.run, learner.step),
        callbacks=[watch],
        # Ours are exact to the step, and lightning's own requeueing would bring in its own.
        plugins=[SLURMEnvironment(auto_requeue=False)] if slurm else None,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        use_distributed_sampler=False,
        num_sanity_val_steps=0,
        log_every_n_steps=1,
        default_root_dir=config.run,
    )


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let an interrupt (Ctrl-C) be one: lightning exits instead, and is deaf to any other."""
    try:
        handler = signal.getsignal(signal.SIGINT)
        yield
    except SystemExit as left:
        if not isinstance(left.__context__, KeyboardInterrupt):
            raise
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, handler)
        raise left.__context__ from None


@contextmanager
def _quietly() -> Iterator[None]:
    """Keep lightning's advice off the terminal; what matters raises."""
    logs = [logging.getLogger(name) for name in ("lightning.pytorch", "lightning.fabric")]
    levels = [log.level for log in logs]
    for log in logs:
        log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module=r"lightning\..*")
            yield
    finally:
        for log, level in zip(logs, levels, strict=True):
            log.setLevel(level)
