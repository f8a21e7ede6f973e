"""The head on an encoder: from features to the outputs of a target."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from lesionary.errors import TrainingError


def build_head(dimension: int, hidden: Sequence[int], outputs: int) -> nn.Sequential:
    """Return linear layers with ReLUs between them, as the published heads are.

    Its keys are those of the published checkpoints (``0.0.weight``, ``1.0.weight``, ...).

    Parameters
    ----------
    dimension : int
        Of the features.
    hidden : sequence of int
        Widths of the layers between.
    outputs : int

    Examples
    --------
    >>> [tuple(p.shape) for p in build_head(4096, [2048], 8).parameters()]
    [(2048, 4096), (2048,), (8, 2048), (8,)]
    """
    widths = [dimension, *hidden, outputs]
    layers = [nn.Linear(a, b) for a, b in pairwise(widths)]
    return nn.Sequential(
        *(nn.Sequential(layer, nn.ReLU()) for layer in layers[:-1]), nn.Sequential(layers[-1])
    )


def fill_head(head: nn.Sequential, weight: NDArray[np.float64], bias: NDArray[np.float64]) -> None:
    """Make a head compute a linear probe exactly: ``features @ weight.T + bias``.

    With layers between, two units of each carry each output, one its positive and one its
    negative part. The other units keep their random weights and are not listened to at first;
    training changes that.

    Parameters
    ----------
    head : Sequential
        From :func:`build_head`.
    weight : ndarray (outputs, dimension)
    bias : ndarray (outputs,)
    """
    layers = [module for module in head.modules() if isinstance(module, nn.Linear)]
    outputs = len(bias)
    narrow = min((layer.out_features for layer in layers[:-1]), default=2 * outputs)
    if narrow < 2 * outputs:
        raise TrainingError(
            f"A head with a layer of {narrow} units cannot start from a probe of {outputs} "
            f"outputs, which needs {2 * outputs}: widen head.hidden, or set warm_start: false."
        )
    with torch.no_grad():
        for number, layer in enumerate(layers):
            first, last = number == 0, number == len(layers) - 1
            if not first:
                # Nobody listens to the units that carry nothing.
                layer.weight[: outputs if last else 2 * outputs] = 0
            linear = torch.as_tensor(weight) if first else torch.eye(outputs)
            offset = torch.as_tensor(bias) if first else torch.zeros(outputs)
            signs = (1,) if last else (1, -1)
            for which, sign in enumerate(signs):
                rows = slice(which * outputs, (which + 1) * outputs)
                layer.bias[rows] = (sign * offset).to(layer.bias)
                if first:
                    layer.weight[rows] = (sign * linear).to(layer.weight)
                else:
                    layer.weight[rows, :outputs] = (sign * linear).to(layer.weight)
                    layer.weight[rows, outputs : 2 * outputs] = (-sign * linear).to(layer.weight)
