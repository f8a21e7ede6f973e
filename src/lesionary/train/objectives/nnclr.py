"""NNCLR: tell what resembles the lesion most among those seen lately, from the other view.

Dwibedi et al., With a little help from my friends, 2021.
"""

from __future__ import annotations

import torch
from pydantic import PositiveFloat, PositiveInt
from torch import Tensor

from lesionary.train.objectives.contrast import check_rows
from lesionary.train.objectives.heads import mlp
from lesionary.train.objectives.objective import Objective, Outcome, Step, ViewPlan, Views
from lesionary.train.objectives.queue import RowQueue
from lesionary.train.objectives.simclr import nt_xent_outcome
from lesionary.train.objectives.similarity import cosine, unit


def nnclr(
    projection0: Tensor,
    projection1: Tensor,
    prediction0: Tensor,
    prediction1: Tensor,
    bank: Tensor,
    temperature: float = 0.1,
    *,
    published_pairs: bool = False,
) -> Tensor:
    """Return the contrastive loss between each view's neighbour and the other view's prediction.

    Parameters
    ----------
    projection0, projection1
        Projections of two views of n lesions, (n, d), n ≥ 2: their neighbours are looked up.
    prediction0, prediction1
        What the prediction head makes of these, (n, d).
    bank
        Projections of earlier lesions, (m, d); without any, a projection is its own neighbour.
    temperature
        What cosines are divided by.
    published_pairs
        Pair each neighbour with the prediction of its *own* view, as the published FMCIB code
        does by mistake; only for repeating its numbers.
    """
    return _outcome(
        (projection0, projection1), (prediction0, prediction1), bank, temperature, published_pairs
    ).loss


def _outcome(
    projections: tuple[Tensor, Tensor],
    predictions: tuple[Tensor, Tensor],
    bank: Tensor,
    temperature: float,
    published_pairs: bool,
) -> Outcome:
    check_rows(
        projection0=projections[0],
        projection1=projections[1],
        prediction0=predictions[0],
        prediction1=predictions[1],
    )
    neighbours = [_nearest(projection, bank) for projection in projections]
    partners = predictions if published_pairs else predictions[::-1]
    outcomes = [
        nt_xent_outcome(neighbour, partner, temperature)
        for neighbour, partner in zip(neighbours, partners, strict=True)
    ]
    return Outcome(
        (outcomes[0].loss + outcomes[1].loss) / 2,
        {"accuracy": (outcomes[0].logs["accuracy"] + outcomes[1].logs["accuracy"]) / 2},
    )


@torch.no_grad()
def _nearest(rows: Tensor, bank: Tensor) -> Tensor:
    return bank[cosine(rows, bank).argmax(dim=1)] if len(bank) else rows.detach()


class NNCLR(Objective, name="nnclr"):
    """NNCLR with the published heads (batch norm throughout) and a bank of 4096."""

    def __init__(
        self,
        dimension: int,
        *,
        hidden: PositiveInt = 2048,
        projection: PositiveInt = 128,
        bank: PositiveInt = 4096,
        temperature: PositiveFloat = 0.1,
        published_pairs: bool = False,
    ) -> None:
        super().__init__()
        self.plan = ViewPlan(lesion=2)
        self.temperature = temperature
        self.published_pairs = published_pairs
        self.head = mlp(dimension, hidden, hidden, projection, batch_norm=True, last_norm=True)
        self.prediction = mlp(projection, hidden, projection, batch_norm=True)
        self.bank = RowQueue(bank, projection)

    def loss(self, features: Views, views: Views, step: Step) -> Outcome:
        """Return the loss of two views of each lesion."""
        projection0, projection1 = (self.head(view) for view in features["lesion"])
        predictions = self.prediction(projection0), self.prediction(projection1)
        outcome = _outcome(
            (projection0, projection1),
            predictions,
            self.bank.contents(),
            self.temperature,
            self.published_pairs,
        )
        if self.training:
            self.bank.push(unit(projection0.detach()))
        return outcome
