"""SwAV: predict from one view to which prototypes another view of the lesion belongs.

Caron et al., Unsupervised learning of visual features by contrasting cluster assignments, 2020.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from pydantic import NonNegativeInt, PositiveFloat, PositiveInt
from torch import Tensor, nn
from torch.nn import functional

from lesionary.train.objectives.contrast import check_rows
from lesionary.train.objectives.heads import mlp
from lesionary.train.objectives.objective import Objective, Outcome, Step, ViewPlan, Views
from lesionary.train.objectives.queue import RowQueue
from lesionary.train.objectives.similarity import product, unit, wide


def swav(
    high: Sequence[Tensor],
    low: Sequence[Tensor],
    queue: Sequence[Tensor] | None = None,
    *,
    temperature: float = 0.1,
    epsilon: float = 0.05,
    iterations: int = 3,
) -> Tensor:
    """Return the cross-entropy between the assignment of each large view and all other views.

    Parameters
    ----------
    high
        Cosines of each large view with the prototypes, (n, prototypes) a view; assignments are
        made from these.
    low
        The same for small views, which only predict.
    queue
        For each large view the same of earlier samples, (m, prototypes): they take part in the
        assignment and not in the loss.
    temperature
        What cosines are divided by for a prediction.
    epsilon
        What cosines are divided by for an assignment: the smaller, the harder it is.
    iterations
        Rounds of balancing the assignment (`sinkhorn`).
    """
    views = [wide(view) for view in (*high, *low)]
    check_rows(**{f"view{index}": view for index, view in enumerate(views)})
    predictions = [functional.log_softmax(view / temperature, dim=1) for view in views]
    total = views[0].new_zeros(())
    for index, view in enumerate(views[: len(high)]):
        scores = view if queue is None else torch.cat([view, queue[index].to(view.dtype)])
        target = sinkhorn(scores, epsilon, iterations)[: len(view)]
        others = predictions[:index] + predictions[index + 1 :]
        total = total - sum((target * other).sum(dim=1).mean() for other in others) / len(others)
    return total / len(high)


@torch.no_grad()
def sinkhorn(scores: Tensor, epsilon: float, iterations: int) -> Tensor:
    """Return soft assignments (n, prototypes): rows sum to 1, prototypes are used alike.

    In logarithms, so that nothing overflows or vanishes.
    """
    logs = scores / epsilon
    for _ in range(iterations):
        logs = logs - logs.logsumexp(dim=0, keepdim=True)
        logs = logs - logs.logsumexp(dim=1, keepdim=True)
    return logs.exp()


class SwAV(Objective, name="swav"):
    """SwAV with multi-crop, queues and prototypes that rest at first."""

    def __init__(
        self,
        dimension: int,
        *,
        hidden: PositiveInt = 2048,
        projection: PositiveInt = 128,
        prototypes: PositiveInt = 3000,
        small: NonNegativeInt = 6,
        queue: NonNegativeInt = 3840,
        queue_from_epoch: NonNegativeInt = 15,
        frozen_epochs: NonNegativeInt = 1,
        temperature: PositiveFloat = 0.1,
        epsilon: PositiveFloat = 0.05,
        iterations: PositiveInt = 3,
    ) -> None:
        super().__init__()
        self.plan = ViewPlan(lesion=2, small=small)
        self.queue_from_epoch = queue_from_epoch
        self.frozen_epochs = frozen_epochs
        self.temperature = temperature
        self.epsilon = epsilon
        self.iterations = iterations
        self.head = mlp(dimension, hidden, projection, batch_norm=True)
        self.prototypes = nn.Linear(projection, prototypes, bias=False)
        self.queues = nn.ModuleList(
            [RowQueue(queue, projection) for _ in range(self.plan.lesion if queue else 0)]
        )

    def loss(self, features: Views, views: Views, step: Step) -> Outcome:
        """Return the loss of the large and small views of each lesion."""
        if self.training:
            with torch.no_grad():
                self.prototypes.weight.copy_(unit(self.prototypes.weight))
        high = [unit(self.head(view)) for view in features["lesion"]]
        low = [unit(self.head(view)) for view in features.get("small", ())]
        scores = [self._scores(view) for view in high]
        loss = swav(
            scores,
            [self._scores(view) for view in low],
            self._queued() if step.epoch >= self.queue_from_epoch else None,
            temperature=self.temperature,
            epsilon=self.epsilon,
            iterations=self.iterations,
        )
        if self.training and self.queues:
            for queue, view in zip(self.queues, high, strict=True):
                queue.push(view.detach())  # type: ignore[operator]
        used = scores[0].detach().argmax(dim=1).bincount() > 0
        return Outcome(loss, {"prototypes_used": used.sum()})

    def before_optimizer_step(self, step: Step) -> None:
        """Let the prototypes rest in the first epochs, while the features find their feet."""
        if step.epoch < self.frozen_epochs:
            self.prototypes.weight.grad = None

    def _scores(self, rows: Tensor) -> Tensor:
        return product(rows, self.prototypes.weight.mT)

    @torch.no_grad()
    def _queued(self) -> list[Tensor] | None:
        if not self.queues:
            return None
        return [self._scores(queue.contents()) for queue in self.queues]  # type: ignore[operator]
