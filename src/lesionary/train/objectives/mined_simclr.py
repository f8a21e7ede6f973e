"""Mined SimCLR: tell the other view of the lesion from random patches of other scans.

Pai et al., Foundation model for cancer imaging biomarkers, 2024 (FMCIB).
"""

from __future__ import annotations

import torch
from pydantic import PositiveFloat, PositiveInt
from torch import Tensor

from lesionary.train.objectives.contrast import check_rows, contrast
from lesionary.train.objectives.heads import mlp
from lesionary.train.objectives.objective import Objective, Outcome, Step, ViewPlan, Views
from lesionary.train.objectives.similarity import cosine, unit


def mined_nt_xent(
    positive0: Tensor,
    positive1: Tensor,
    negative0: Tensor,
    negative1: Tensor,
    temperature: float = 0.1,
    *,
    same_scan: bool = False,
) -> Tensor:
    """Return the cross-entropy of picking a lesion's other view among patches of other scans.

    Parameters
    ----------
    positive0, positive1
        Projections of two views of n lesions, (n, d), n ≥ 2; scaled to unit length here.
    negative0, negative1
        Projections of two views of a patch elsewhere in the scan of each lesion, (n, d).
    temperature
        What cosines are divided by.
    same_scan
        The published variant in which the lesion's own scan gives a negative, too; an anchor
        then meets the negatives of its own view only: n of them, not 2(n - 1).
    """
    return _outcome(positive0, positive1, negative0, negative1, temperature, same_scan).loss


def _outcome(
    positive0: Tensor,
    positive1: Tensor,
    negative0: Tensor,
    negative1: Tensor,
    temperature: float,
    same_scan: bool,
) -> Outcome:
    check_rows(positive0=positive0, positive1=positive1, negative0=negative0, negative1=negative1)
    n = len(positive0)
    # Anchors are the lesions only, in both views; what a patch is like among patches is not asked.
    anchors = torch.cat([positive0, positive1])
    partner = (unit(positive0) * unit(positive1)).sum(dim=1).repeat(2)
    if same_scan:
        wrong = torch.cat([cosine(positive0, negative0), cosine(positive1, negative1)])
    else:
        own = torch.eye(n, dtype=torch.bool, device=anchors.device).repeat(2, 2)
        wrong = cosine(anchors, torch.cat([negative0, negative1])).masked_fill(own, -torch.inf)
    logits = torch.cat([partner[:, None], wrong], dim=1) / temperature
    return contrast(logits, torch.zeros(2 * n, dtype=torch.long, device=logits.device))


class MinedSimCLR(Objective, name="mined_simclr"):
    """Mined SimCLR with the published projection: two layers, no batch norm."""

    def __init__(
        self,
        dimension: int,
        *,
        hidden: PositiveInt = 2048,
        projection: PositiveInt = 128,
        temperature: PositiveFloat = 0.1,
        same_scan: bool = False,
    ) -> None:
        super().__init__()
        self.plan = ViewPlan(lesion=2, background=2)
        self.temperature = temperature
        self.same_scan = same_scan
        self.head = mlp(dimension, hidden, projection)

    def loss(self, features: Views, views: Views, step: Step) -> Outcome:
        """Return the loss of two views of each lesion and two of a patch elsewhere."""
        positive0, positive1 = (self.head(view) for view in features["lesion"])
        negative0, negative1 = (self.head(view) for view in features["background"])
        return _outcome(
            positive0, positive1, negative0, negative1, self.temperature, self.same_scan
        )
