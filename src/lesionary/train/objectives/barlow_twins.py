"""Barlow Twins: each feature agrees between the views, and with no other feature.

Zbontar et al., Barlow Twins: self-supervised learning via redundancy reduction, 2021.
"""

from __future__ import annotations

from pydantic import NonNegativeFloat, PositiveInt
from torch import Tensor

from lesionary.train.objectives.contrast import check_rows
from lesionary.train.objectives.heads import mlp
from lesionary.train.objectives.objective import Objective, Outcome, Step, ViewPlan, Views
from lesionary.train.objectives.similarity import product, wide


def barlow_twins(view0: Tensor, view1: Tensor, redundancy: float = 0.005) -> Tensor:
    """Return how far the correlation between the views' features is from the identity.

    Parameters
    ----------
    view0, view1
        Projections of two views of the same n samples, (n, d), n ≥ 2, not scaled.
    redundancy
        Weight of correlations between different features.
    """
    return _outcome(view0, view1, redundancy).loss


def _outcome(view0: Tensor, view1: Tensor, redundancy: float) -> Outcome:
    check_rows(view0=view0, view1=view1)
    correlation = product(_standard(view0).mT, _standard(view1)) / len(view0)
    itself = correlation.diagonal()
    agreement = (itself - 1).square().sum()
    others = correlation.square().sum() - itself.square().sum()
    return Outcome(
        agreement + redundancy * others,
        {"agreement": agreement.detach(), "redundancy": others.detach()},
    )


def _standard(rows: Tensor) -> Tensor:
    rows = wide(rows)
    variance, mean = rows.var(dim=0, correction=0), rows.mean(dim=0)
    return (rows - mean) / (variance + 1e-5).sqrt()  # a constant feature correlates with nothing


class BarlowTwins(Objective, name="barlow_twins"):
    """Barlow Twins with an expander of three layers."""

    def __init__(
        self,
        dimension: int,
        *,
        hidden: PositiveInt = 2048,
        projection: PositiveInt = 2048,
        redundancy: NonNegativeFloat = 0.005,
    ) -> None:
        super().__init__()
        self.plan = ViewPlan(lesion=2)
        self.redundancy = redundancy
        self.head = mlp(dimension, hidden, hidden, projection, batch_norm=True)

    def loss(self, features: Views, views: Views, step: Step) -> Outcome:
        """Return the loss of two views of each lesion."""
        view0, view1 = (self.head(view) for view in features["lesion"])
        return _outcome(view0, view1, self.redundancy)
