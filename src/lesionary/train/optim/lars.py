"""LARS: stochastic gradient descent in which every layer moves by a share of its own length.

You et al., Large batch training of convolutional networks, 2017.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer
from torch.optim.optimizer import ParamsT

from lesionary.errors import TrainingError


class LARS(Optimizer):
    """Layer-wise adaptive rate scaling with momentum.

    The step of a parameter p with gradient g is ``lr · v``, with ``v = momentum · v + g'`` and
    ``g' = (g + weight_decay · p) · trust · |p| / (|g| + weight_decay · |p| + eps)``. A group of
    parameters whose weight decay is 0 is left unscaled (``g' = g``), as published: give biases
    and norms such a group to keep them out.

    Parameters
    ----------
    params
        Parameters, or groups of them.
    lr
        Learning rate; contrastive training takes 0.3 · batch / 256 or so.
    momentum
        What is kept of the last step.
    weight_decay
        Share of the parameter that is added to its gradient.
    trust
        Share of its length by which a parameter moves, at a learning rate of 1.
    eps
        Keeps the division finite.
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float,
        momentum: float = 0.9,
        weight_decay: float = 0.0,
        trust: float = 0.001,
        eps: float = 1e-8,
    ) -> None:
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "weight_decay": weight_decay,
            "trust": trust,
            "eps": eps,
        }
        for name, value in defaults.items():
            if not value >= 0:
                raise TrainingError(f"LARS: {name} must be 0 or more, not {value}.")
        super().__init__(params, defaults)

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """Take one step, and return the loss if a closure computes it."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    self._move(parameter, parameter.grad, group)
        return loss

    def _move(self, parameter: Tensor, gradient: Tensor, group: dict[str, Any]) -> None:
        if group["weight_decay"] > 0:
            gradient = _scaled(parameter, gradient, group)
        state = self.state[parameter]
        if "momentum_buffer" in state:
            velocity = state["momentum_buffer"].mul_(group["momentum"]).add_(gradient)
        else:
            velocity = state["momentum_buffer"] = gradient.clone()
        parameter.add_(velocity, alpha=-group["lr"])


def _scaled(parameter: Tensor, gradient: Tensor, group: dict[str, Any]) -> Tensor:
    length, slope = parameter.norm(), gradient.norm()
    decay = group["weight_decay"]
    share = group["trust"] * length / (slope + decay * length + group["eps"])
    # Where either is zero there is no direction or no scale: plain descent. Chosen on the device,
    # so that the GPU need not be waited for at every parameter.
    return torch.where((length > 0) & (slope > 0), (gradient + decay * parameter) * share, gradient)
