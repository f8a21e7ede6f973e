"""SimCLR: tell the other view of the same lesion from all other views of the batch.

Chen et al., A simple framework for contrastive learning of visual representations, 2020.
"""

from __future__ import annotations

import torch
from pydantic import PositiveFloat, PositiveInt
from torch import Tensor

from lesionary.train.objectives.contrast import check_rows, contrast
from lesionary.train.objectives.heads import mlp
from lesionary.train.objectives.objective import Objective, Outcome, Step, ViewPlan, Views
from lesionary.train.objectives.similarity import cosine


def nt_xent(view0: Tensor, view1: Tensor, temperature: float = 0.1) -> Tensor:
    """Return the normalised temperature-scaled cross-entropy of two views.

    Parameters
    ----------
    view0, view1
        Projections of two views of the same n samples, (n, d), n ≥ 2; scaled to unit length here.
    temperature
        What cosines are divided by.
    """
    return nt_xent_outcome(view0, view1, temperature).loss


def nt_xent_outcome(view0: Tensor, view1: Tensor, temperature: float) -> Outcome:
    """Return `nt_xent` with how often the partner is picked."""
    check_rows(view0=view0, view1=view1)
    both = torch.cat([view0, view1])
    itself = torch.eye(len(both), dtype=torch.bool, device=both.device)
    logits = (cosine(both, both) / temperature).masked_fill(itself, -torch.inf)
    rows = torch.arange(len(both), device=both.device)
    return contrast(logits, rows.roll(len(view0)))


class SimCLR(Objective, name="simclr"):
    """SimCLR with a projection of two layers, without batch norm as published for FMCIB."""

    def __init__(
        self,
        dimension: int,
        *,
        hidden: PositiveInt = 2048,
        projection: PositiveInt = 128,
        temperature: PositiveFloat = 0.1,
    ) -> None:
        super().__init__()
        self.plan = ViewPlan(lesion=2)
        self.temperature = temperature
        self.head = mlp(dimension, hidden, projection)

    def loss(self, features: Views, views: Views, step: Step) -> Outcome:
        """Return the loss of two views of each lesion."""
        view0, view1 = (self.head(view) for view in features["lesion"])
        return nt_xent_outcome(view0, view1, self.temperature)
