"""From what a training file says to an optimizer and its learning rate at every step."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import nn

from lesionary.train.config import Optimizer, Schedule
from lesionary.train.optim import LARS, warmup_cosine


def build_optimizer(
    parameters: Iterable[nn.Parameter] | list[dict[str, Any]], settings: Optimizer, batch_size: int
) -> torch.optim.Optimizer:
    """Build the optimizer of a training file.

    Parameters
    ----------
    parameters : iterable of Parameter, or list of dict
        Groups may have ``lr_factor``, which multiplies their learning rate.
    settings : Optimizer
    batch_size : int
        Of a step, over all devices.

    Returns
    -------
    torch.optim.Optimizer
        Each group has its highest learning rate as ``initial_lr``.
    """
    lr, decay = settings.peak(batch_size), settings.weight_decay
    optimizer: torch.optim.Optimizer
    if settings.name == "lars":
        optimizer = LARS(parameters, lr=lr, momentum=settings.momentum, weight_decay=decay)
    elif settings.name == "sgd":
        optimizer = torch.optim.SGD(
            parameters, lr=lr, momentum=settings.momentum, weight_decay=decay
        )
    elif settings.name == "adam":
        optimizer = torch.optim.Adam(parameters, lr=lr, weight_decay=decay)
    else:
        optimizer = torch.optim.AdamW(parameters, lr=lr, weight_decay=decay)
    for group in optimizer.param_groups:
        group["initial_lr"] = lr * group.get("lr_factor", 1.0)
    return optimizer


def learning_rate_factor(step: int, steps_per_epoch: int, epochs: int, schedule: Schedule) -> float:
    """Return what the highest learning rate is multiplied by at a step (the first is 0)."""
    warmup = round(schedule.warmup_epochs * steps_per_epoch)
    if schedule.shape == "cosine":
        return warmup_cosine(step, total_steps=epochs * steps_per_epoch, warmup_steps=warmup)
    rise = min(1.0, (step + 1) / warmup) if warmup else 1.0
    if schedule.shape == "step":
        return rise * schedule.decay ** (step // steps_per_epoch // schedule.decay_epochs)
    return rise
