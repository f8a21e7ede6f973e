"""One of two processes: trains every objective on its half of a batch, and alone on all of it.

Run as ``two_processes.py RANK FOLDER``; writes what came out to FOLDER/RANK.pt.
"""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel

from lesionary.train.gather import gather
from lesionary.train.objectives import Objective, Step, ViewPlan, build_objective

PROCESSES, SAMPLES, SIZE, STEPS = 2, 6, (4, 5, 4), 3
OBJECTIVES: dict[str, dict[str, Any]] = {
    "autoencoder": {"width": 16},
    "barlow_twins": {"hidden": 16, "projection": 8},
    "intra_scan_simclr": {"hidden": 16, "projection": 8, "crops": 3},
    "mined_simclr": {"hidden": 16, "projection": 8},
    "nnclr": {"hidden": 16, "projection": 8, "bank": 10},
    "simclr": {"hidden": 16, "projection": 8},
    "swav": {"hidden": 16, "projection": 8, "prototypes": 10, "queue": 10, "small": 2},
    "vicreg": {"hidden": 16, "projection": 8},
}
Views = dict[str, list[Tensor]]


class Training(nn.Module):
    """An encoder and an objective, as a training module joins them."""

    def __init__(self, name: str) -> None:
        super().__init__()
        torch.manual_seed(1)
        voxels = SIZE[0] * SIZE[1] * SIZE[2]
        self.encoder = nn.Sequential(nn.Flatten(), nn.Linear(voxels, 20), nn.Tanh())
        self.objective: Objective = build_objective(name, 20, SIZE, **OBJECTIVES[name])

    def forward(self, views: Views, step: Step) -> Tensor:
        features = {key: [self.encoder(view) for view in each] for key, each in views.items()}
        if self.objective.gathers:
            features = {key: [gather(row) for row in each] for key, each in features.items()}
        return self.objective.loss(features, views, step).loss


def batch(plan: ViewPlan, seed: int) -> Views:
    generator = torch.Generator().manual_seed(seed)

    def patches(views: int, rows: int) -> list[Tensor]:
        shape = (views, rows, 1, *SIZE)
        return list(torch.randn(shape, generator=generator, dtype=torch.float64))

    return {
        "lesion": patches(plan.lesion, SAMPLES),
        "background": patches(plan.background, SAMPLES),
        "small": patches(plan.small, SAMPLES),
        "crops": patches(2 if plan.scan_crops else 0, SAMPLES * plan.scan_crops),
    }


def train(name: str, rank: int, processes: int) -> dict[str, Tensor]:
    """Return losses, the gradients of the last step, and all that a checkpoint would hold."""
    training = Training(name).double()
    model = DistributedDataParallel(training) if processes > 1 else training
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    losses = []
    for index in range(STEPS):
        step = Step(step=index, epoch=20, steps_per_epoch=1)
        whole = batch(training.objective.plan, seed=index)
        part = {key: [view.chunk(processes)[rank] for view in each] for key, each in whole.items()}
        optimizer.zero_grad()
        loss = model(part, step)
        loss.backward()
        training.objective.before_optimizer_step(step)
        optimizer.step()
        losses.append(loss.detach())
    result = {f"gradient of {key}": p.grad for key, p in training.named_parameters()}
    return {"loss": torch.stack(losses), **result, **training.state_dict()}


def main(rank: int, folder: Path) -> None:
    alone = {name: train(name, rank=0, processes=1) for name in OBJECTIVES}
    distributed.init_process_group(
        "gloo",
        init_method=f"file://{folder / 'meet'}",
        rank=rank,
        world_size=PROCESSES,
        timeout=timedelta(seconds=60),
    )
    together = {name: train(name, rank, PROCESSES) for name in OBJECTIVES}
    distributed.destroy_process_group()
    torch.save({"alone": alone, "together": together}, folder / f"{rank}.pt")


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
