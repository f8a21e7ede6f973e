"""The small networks between the encoder's features and a loss; thrown away after training."""

from __future__ import annotations

from itertools import pairwise

from torch import nn


def mlp(*sizes: int, batch_norm: bool = False, last_norm: bool = False) -> nn.Sequential:
    """Return linear layers of these sizes, with ReLU between.

    Parameters
    ----------
    *sizes
        Length of the input, of each hidden layer and of the output.
    batch_norm
        Normalise each hidden layer over the batch.
    last_norm
        Normalise the output over the batch, too.
    """
    layers: list[nn.Module] = []
    for index, (inputs, outputs) in enumerate(pairwise(sizes)):
        last = index == len(sizes) - 2
        norm = last_norm if last else batch_norm
        layers.append(nn.Linear(inputs, outputs, bias=not norm))  # the norm has a bias itself
        if norm:
            layers.append(nn.BatchNorm1d(outputs))
        if not last:
            layers.append(nn.ReLU())
    return nn.Sequential(*layers)
