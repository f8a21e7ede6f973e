"""Telling the right partner from the wrong ones: what the contrastive objectives share."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from lesionary.errors import TrainingError
from lesionary.train.objectives.objective import Outcome


def contrast(logits: Tensor, target: Tensor) -> Outcome:
    """Return the cross-entropy of picking the target (rows,) among the columns of (rows, m)."""
    accuracy = (logits.detach().argmax(dim=1) == target).float().mean()
    return Outcome(functional.cross_entropy(logits, target), {"accuracy": accuracy})


def check_rows(**tensors: Tensor) -> None:
    """Raise unless all are (n, d) alike, with at least two rows."""
    shapes = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    listed = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
    first = next(iter(shapes.values()))
    if len(first) != 2 or len(set(shapes.values())) > 1:
        raise TrainingError(f"The objective needs rows of the same shape (n, d), and got {listed}.")
    if first[0] < 2:
        raise TrainingError(
            "The objective compares the samples of a batch with each other, and this batch has "
            "only one: take at least 2 a step."
        )
