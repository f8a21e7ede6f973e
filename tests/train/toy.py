"""A learner that needs no scans: a line through seeded points."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from lesionary.train.config import RunConfig
from lesionary.train.learner import Learner


class Points:
    """Batch ``i`` of epoch ``e``: points that follow from the two alone."""

    def __init__(self, count: int, size: int, rank: int = 0, world: int = 1) -> None:
        self._count, self._size, self._rank, self._world = count, size, rank, world
        self._epoch = 0

    def set_epoch(self, epoch: int) -> None:
        self._epoch = epoch

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> Tensor:
        source = torch.Generator().manual_seed(1000 * self._epoch + index)
        whole = torch.randn(self._size, 3, generator=source)
        return whole.chunk(self._world)[self._rank]


class Line(Learner):
    """Learns the sum of three numbers, through a dropout that draws from torch's own source."""

    score = "goodness"

    def __init__(self, config: RunConfig, steps_per_epoch: int = 4, width: int = 8) -> None:
        super().__init__(config, steps_per_epoch)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.seed)
            self.network = nn.Sequential(
                nn.Linear(3, width), nn.BatchNorm1d(width), nn.Dropout(0.2), nn.Linear(width, 1)
            )
        self.spoil_at: int | None = None

    def batches(self, rank: int, world: int) -> Points:
        return Points(self.steps_per_epoch, self.config.training.batch_size, rank, world)

    def learn(self, batch: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        error = (self.network(batch)[:, 0] - batch.sum(dim=1)).square().mean()
        if self.step == self.spoil_at:
            error = error * torch.nan
        return error, {"spread": batch.std()}

    def evaluate(self, epoch: int) -> dict[str, float]:
        points = Points(1, 32)
        points.set_epoch(999)
        batch = points[0]
        error = (self.network(batch)[:, 0] - batch.sum(dim=1)).square().mean()
        return {"goodness": -float(error)}


def config(run: Path, **values: Any) -> RunConfig:
    machine = {"accelerator": "cpu", "devices": 1, "workers": 0, "loggers": [], "log_every": 1}
    return RunConfig.model_validate(
        {
            "run": run,
            "training": {"epochs": 3, "batch_size": 8},
            "optimizer": {"name": "sgd", "lr": 0.05, "per_batch": None},
            "machine": machine,
            **values,
        }
    )
