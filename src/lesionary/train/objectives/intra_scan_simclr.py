"""Intra-scan SimCLR: tell a crop's other view from the other crops of the same scan.

Pai et al., Vision foundation models for computed tomography, 2025 (CT-FM).
"""

from __future__ import annotations

import torch
from pydantic import PositiveFloat, PositiveInt
from torch import Tensor

from lesionary.errors import TrainingError
from lesionary.train.objectives.contrast import contrast
from lesionary.train.objectives.heads import mlp
from lesionary.train.objectives.objective import Objective, Outcome, Step, ViewPlan, Views
from lesionary.train.objectives.similarity import cosine


def intra_scan_nt_xent(view0: Tensor, view1: Tensor, temperature: float = 0.1) -> Tensor:
    """Return the cross-entropy of picking a crop's second view among all crops of its scan.

    Parameters
    ----------
    view0, view1
        Projections of two views of m crops of each scan, (scans, m, d), m ≥ 2. The first view
        is the anchor, as published; both views of the other m - 1 crops are negatives.
    temperature
        What cosines are divided by.
    """
    return _outcome(view0, view1, temperature).loss


def _outcome(view0: Tensor, view1: Tensor, temperature: float) -> Outcome:
    if view0.ndim != 3 or view0.shape != view1.shape or view0.shape[1] < 2:
        raise TrainingError(
            "Intra-scan SimCLR needs two views (scans, crops, d) of at least 2 crops a scan, and "
            f"got {tuple(view0.shape)} and {tuple(view1.shape)}."
        )
    scans, crops, _ = view0.shape
    itself = torch.eye(crops, dtype=torch.bool, device=view0.device)
    other = cosine(view0, view1)
    same = cosine(view0, view0).masked_fill(itself, -torch.inf)
    logits = torch.cat([other, same], dim=2) / temperature
    target = torch.arange(crops, device=view0.device).repeat(scans)
    return contrast(logits.flatten(0, 1), target)


class IntraScanSimCLR(Objective, name="intra_scan_simclr"):
    """Intra-scan SimCLR with CT-FM's projection: no batch norm, 128 numbers."""

    def __init__(
        self,
        dimension: int,
        *,
        crops: PositiveInt = 15,
        hidden: PositiveInt = 256,
        projection: PositiveInt = 128,
        temperature: PositiveFloat = 0.1,
    ) -> None:
        super().__init__()
        self.plan = ViewPlan(scan_crops=crops)
        self.temperature = temperature
        self.head = mlp(dimension, hidden, projection)

    def loss(self, features: Views, views: Views, step: Step) -> Outcome:
        """Return the loss of two views of the crops of each scan."""
        view0, view1 = (
            self.head(view).unflatten(0, (-1, self.plan.scan_crops)) for view in features["crops"]
        )
        return _outcome(view0, view1, self.temperature)
