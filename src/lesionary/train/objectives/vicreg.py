"""VICReg: views alike, features spread out, and no two of them saying the same.

Bardes et al., VICReg: variance-invariance-covariance regularization, 2022.
"""

from __future__ import annotations

import torch
from pydantic import NonNegativeFloat, PositiveInt
from torch import Tensor
from torch.nn import functional

from lesionary.train.objectives.contrast import check_rows
from lesionary.train.objectives.heads import mlp
from lesionary.train.objectives.objective import Objective, Outcome, Step, ViewPlan, Views
from lesionary.train.objectives.similarity import product, wide


def vicreg(
    view0: Tensor,
    view1: Tensor,
    invariance: float = 25.0,
    variance: float = 25.0,
    covariance: float = 1.0,
) -> Tensor:
    """Return the weighted sum of what tells views apart, what is flat and what is redundant.

    Parameters
    ----------
    view0, view1
        Projections of two views of the same n samples, (n, d), n ≥ 2, not scaled.
    invariance, variance, covariance
        Weights of the three terms.
    """
    return _outcome(view0, view1, (invariance, variance, covariance)).loss


def _outcome(view0: Tensor, view1: Tensor, weights: tuple[float, float, float]) -> Outcome:
    check_rows(view0=view0, view1=view1)
    views = wide(view0), wide(view1)
    terms = {
        "invariance": functional.mse_loss(*views),
        "variance": (_flatness(views[0]) + _flatness(views[1])) / 2,
        "covariance": _redundancy(views[0]) + _redundancy(views[1]),
    }
    weighted = [weight * term for weight, term in zip(weights, terms.values(), strict=True)]
    return Outcome(
        torch.stack(weighted).sum(), {name: term.detach() for name, term in terms.items()}
    )


def _flatness(rows: Tensor) -> Tensor:
    deviation = (rows.var(dim=0) + 1e-4).sqrt()  # the root has no slope at 0 without it
    return functional.relu(1 - deviation).mean()


def _redundancy(rows: Tensor) -> Tensor:
    n, dimension = rows.shape
    centred = rows - rows.mean(dim=0)
    covariance = product(centred.mT, centred) / (n - 1)
    return (covariance.square().sum() - covariance.diagonal().square().sum()) / dimension


class VICReg(Objective, name="vicreg"):
    """VICReg with an expander of three layers."""

    def __init__(
        self,
        dimension: int,
        *,
        hidden: PositiveInt = 2048,
        projection: PositiveInt = 2048,
        invariance: NonNegativeFloat = 25.0,
        variance: NonNegativeFloat = 25.0,
        covariance: NonNegativeFloat = 1.0,
    ) -> None:
        super().__init__()
        self.plan = ViewPlan(lesion=2)
        self.weights = (invariance, variance, covariance)
        self.head = mlp(dimension, hidden, hidden, projection, batch_norm=True)

    def loss(self, features: Views, views: Views, step: Step) -> Outcome:
        """Return the loss of two views of each lesion."""
        view0, view1 = (self.head(view) for view in features["lesion"])
        return _outcome(view0, view1, self.weights)
