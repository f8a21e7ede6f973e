"""The loss of a target: cross-entropy of the label, partial likelihood of survival."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from lesionary.errors import TrainingError
from lesionary.train.finetuning.cox import cox_loss
from lesionary.train.finetuning.labels import NO_LABEL
from lesionary.train.finetuning.target import Outputs


class TargetLoss(nn.Module):
    """The mean loss of a batch, from the network's outputs.

    Parameters
    ----------
    outputs : Outputs
        What they mean.
    class_weights : ndarray (classes,) or None
        How much a lesion of each class counts. The mean is over weights, not lesions.
    survival_weight : float
        Of the partial likelihood beside the label's loss.
    """

    def __init__(
        self,
        outputs: Outputs,
        class_weights: NDArray[np.float64] | None = None,
        survival_weight: float = 1.0,
    ) -> None:
        super().__init__()
        self.outputs = outputs
        self.survival_weight = survival_weight
        weights = np.ones(len(outputs.classes)) if class_weights is None else class_weights
        self.class_weights: Tensor
        self.register_buffer(
            "class_weights", torch.tensor(weights, dtype=torch.float32), persistent=False
        )

    def forward(self, outputs: Tensor, code: Tensor, time: Tensor, event: Tensor) -> Tensor:
        """Return the loss of outputs ``(n, count)``, each part over lesions that have it."""
        outputs = outputs.float()
        total = (outputs * 0).sum()  # keeps the graph where a batch has no target
        if self.outputs.kind is not None:
            total = total + self._label(outputs[:, : self.outputs.of_label], code)
        if self.outputs.survival:
            known = torch.isfinite(time)
            hazard = outputs[known, -1]
            total = total + self.survival_weight * cox_loss(hazard, time[known], event[known])
        return total

    def _label(self, logits: Tensor, code: Tensor) -> Tensor:
        known = code != NO_LABEL
        logits, code = logits[known], code[known]
        if self.outputs.kind == "binary":
            each = functional.binary_cross_entropy_with_logits(
                logits[:, 0], code.to(logits.dtype), reduction="none"
            )
        else:
            each = functional.cross_entropy(logits, code, reduction="none")
        weights = self.class_weights[code]
        return (weights * each).sum() / weights.sum().clamp_min(torch.finfo(each.dtype).tiny)


def class_weights(
    wanted: str | Mapping[Any, float], outputs: Outputs, train_codes: NDArray[np.int64]
) -> NDArray[np.float64] | None:
    """Return how much a lesion of each class counts.

    Parameters
    ----------
    wanted : {"none", "balanced"} or mapping of class to weight
        ``balanced``: as much as all lesions of its class together count the same.
    outputs : Outputs
    train_codes : ndarray of int64
        Classes of the lesions that are learnt from.
    """
    if wanted == "none" or outputs.kind is None:
        return None
    if isinstance(wanted, Mapping):
        names = [str(value) for value in outputs.classes]
        given = {str(value): weight for value, weight in wanted.items()}
        if sorted(given) != sorted(names):
            raise TrainingError(
                f"class_weights must name each class once: {', '.join(names)}; they name "
                f"{', '.join(given)}."
            )
        return np.array([given[name] for name in names], dtype=float)
    codes = train_codes[train_codes != NO_LABEL]
    counts = np.bincount(codes, minlength=len(outputs.classes))
    return len(codes) / (np.count_nonzero(counts) * np.maximum(counts, 1.0))
