"""The protocol that every objective keeps, so that the training knows none of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from torch import Tensor, nn

Views = Mapping[str, Sequence[Tensor]]
"""A tensor for each view, by the names of the plan."""


@dataclass(frozen=True)
class ViewPlan:
    """The views of each item of the batch that an objective needs.

    Parameters
    ----------
    lesion
        Views of the lesion's patch.
    background
        Views of a patch elsewhere in the lesion's scan.
    small
        Small views of the lesion's patch, as multi-crop takes them.
    scan_crops
        Random crops of each scan, two views each; the items of the batch are then scans.
    clean
        Whether the lesion's patch is needed as it is, too: only as voxels, the encoder does not
        see it.
    """

    lesion: int = 0
    background: int = 0
    small: int = 0
    scan_crops: int = 0
    clean: bool = False


@dataclass(frozen=True)
class Step:
    """Where the training stands: optimiser steps and epochs done, both from 0."""

    step: int
    epoch: int
    steps_per_epoch: int


@dataclass(frozen=True)
class Outcome:
    """The loss to follow, and scalars worth a curve."""

    loss: Tensor
    logs: Mapping[str, Tensor] = field(default_factory=dict)


class Objective(nn.Module, ABC):
    """What the network is asked to do, with the heads, queues and banks that this takes.

    An objective knows nothing of processes. Where `gathers` holds, the training concatenates the
    features of all processes first (`lesionary.train.gather`), and each computes the same loss
    of the whole batch; otherwise the loss is a mean over samples, and each computes its own part.

    What has to last from step to step is a buffer, so that a checkpoint holds it; it changes in
    training mode only.

    A subclass is known to `build_objective` by the name it is declared with:
    ``class SimCLR(Objective, name="simclr")``.
    """

    named: ClassVar[dict[str, type[Objective]]] = {}
    gathers: ClassVar[bool] = True
    plan: ViewPlan

    def __init_subclass__(cls, name: str) -> None:
        Objective.named[name] = cls

    @abstractmethod
    def loss(self, features: Views, views: Views, step: Step) -> Outcome:
        """Return the loss of a batch.

        Parameters
        ----------
        features
            The encoder's output for each view, (n, dimension), by the names of the plan:
            ``"lesion"``, ``"background"``, ``"small"`` and ``"crops"``. The two tensors of
            ``"crops"`` have a row for each crop, (n · scan_crops, dimension), scan by scan.
        views
            What the encoder saw, (n, 1, z, y, x), normalised, by the same names, and ``"clean"``.
            Never gathered.
        step
            Where the training stands.
        """

    def before_optimizer_step(self, step: Step) -> None:
        """Change gradients after the backward pass, before they are used or clipped."""
