"""What the engine trains: a module whose every step follows from its seed and its number."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sized
from typing import Any, Protocol

import lightning
import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from lesionary.errors import TrainingError
from lesionary.train.config import RunConfig
from lesionary.train.optimization import build_optimizer, learning_rate_factor


class Batches(Sized, Protocol):
    """A dataset whose item ``i`` is this process's part of batch ``i`` of the current epoch."""

    def __getitem__(self, index: int) -> Any:
        """Return what :meth:`Learner.learn` takes."""

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch that the following items are of."""


class Learner(lightning.LightningModule, ABC):
    """A module, and all that the engine has to know of it.

    Data, learning rate and random numbers of a step depend on its number only. So a run that
    goes on from a checkpoint does what an uninterrupted one would have done, without any
    state but parameters, buffers and the optimizer's.

    Attributes
    ----------
    config : RunConfig
    steps_per_epoch : int
    step : int
        Steps done.
    score : str or None
        The value of :meth:`evaluate` that the best checkpoint has most of.
    """

    score: str | None = None

    def __init__(self, config: RunConfig, steps_per_epoch: int) -> None:
        super().__init__()
        self.config = config
        self.steps_per_epoch = steps_per_epoch
        self.step = 0

    # What a subclass says.

    @abstractmethod
    def batches(self, rank: int, world: int) -> Batches:
        """Return the data of process ``rank`` of ``world``."""

    @abstractmethod
    def learn(self, batch: Any) -> tuple[Tensor, Mapping[str, Tensor]]:
        """Return the loss of a batch, and what else to write down of it."""

    def evaluate(self, epoch: int) -> dict[str, float]:
        """Return how good the module is after ``epoch`` epochs; nothing where it is not due."""
        return {}

    def trouble(self, metrics: Mapping[str, float]) -> str | None:
        """Say what is wrong with a training that shows these metrics, if anything is."""
        return None

    def parameter_groups(self) -> Iterable[nn.Parameter] | list[dict[str, Any]]:
        """Return what is optimized; a group may have its own ``lr_factor``."""
        return [parameter for parameter in self.parameters() if parameter.requires_grad]

    # What follows from it.

    @property
    def total_steps(self) -> int:
        """Steps of the whole training."""
        return self.steps_per_epoch * self.config.training.epochs

    @property
    def logs_now(self) -> bool:
        """Whether the metrics of the current step are written down."""
        after = self.step + 1
        return after % self.config.machine.log_every == 0 or after % self.steps_per_epoch == 0

    def batch_share(self, world: int) -> int:
        """Return how much of a batch each of ``world`` processes has."""
        size = self.config.training.batch_size
        if size % world:
            raise TrainingError(
                f"A batch of {size} cannot be shared evenly by {world} processes: change "
                "training.batch_size."
            )
        return size // world

    def generator(self) -> torch.Generator:
        """Return a source of random numbers on the CPU, the current step's and process's own."""
        return torch.Generator().manual_seed(self._step_seed())

    def train_dataloader(self) -> Iterable[Any]:
        """Return all batches that are left."""
        batches = self.batches(self.trainer.global_rank, self.trainer.world_size)
        return _BatchesLeft(batches, self.step, self.total_steps, self.config.machine.workers)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Build the optimizer; its learning rates are set before each step."""
        return build_optimizer(
            self.parameter_groups(), self.config.optimizer, self.config.training.batch_size
        )

    def on_train_batch_start(self, batch: Any, batch_idx: int) -> None:
        """Make the step start from its number alone."""
        torch.manual_seed(self._step_seed())
        factor = learning_rate_factor(
            self.step, self.steps_per_epoch, self.config.training.epochs, self.config.schedule
        )
        for group in self.trainer.optimizers[0].param_groups:
            group["lr"] = group["initial_lr"] * factor

    def training_step(self, batch: Any, batch_idx: int) -> dict[str, Any]:
        """Return the loss of a step, and its logs."""
        loss, logs = self.learn(batch)
        return {"loss": loss, "logs": {name: value.detach() for name, value in logs.items()}}

    def _step_seed(self) -> int:
        entropy = (self.config.seed, self.step, self.global_rank)
        return int(np.random.SeedSequence(entropy).generate_state(1, np.uint64)[0] >> 1)


class _BatchesLeft:
    """The batches of a run from a step on, through all its epochs."""

    def __init__(self, batches: Batches, step: int, total: int, workers: int) -> None:
        self._batches, self._step, self._total, self._workers = batches, step, total, workers

    def __len__(self) -> int:
        return self._total - self._step

    def __iter__(self) -> Iterator[Any]:
        step = self._step
        while step < self._total:
            epoch, first = divmod(step, len(self._batches))
            self._batches.set_epoch(epoch)
            # Processes start anew with each epoch, for then they know which one it is.
            yield from DataLoader(
                self._batches,  # type: ignore[arg-type]  # it need not be a torch Dataset
                batch_size=None,
                sampler=range(first, len(self._batches)),
                num_workers=self._workers,
                pin_memory=torch.cuda.is_available(),
            )
            step = (epoch + 1) * len(self._batches)
