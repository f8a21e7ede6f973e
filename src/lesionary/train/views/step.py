"""What the steps of a view have in common: arguments that are checked, and seeded draws."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Annotated

import torch
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from torch import Tensor


def _ordered(bounds: tuple[float, float]) -> tuple[float, float]:
    if bounds[0] > bounds[1]:
        raise ValueError(f"the first must not be above the second, as in {list(bounds)}")
    return bounds


Probability = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Share = Annotated[float, Field(gt=0, le=1)]
Positives = Annotated[tuple[Positive, Positive], AfterValidator(_ordered)]
NotNegatives = Annotated[tuple[NotNegative, NotNegative], AfterValidator(_ordered)]
Shares = Annotated[tuple[Share, Share], AfterValidator(_ordered)]


class Step(BaseModel):
    """One step on the way from a patch to a view."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Spatial(Step, ABC):
    """A step that moves voxels: it is an affine map for each sample.

    Spatial steps that follow each other are multiplied and resampled once.
    """

    probability: Probability = 0.5

    @abstractmethod
    def draw(self, n: int, size_vox: tuple[int, int, int], generator: torch.Generator) -> Tensor:
        """Draw the maps of ``n`` samples, each applied.

        Returns ``(n, 4, 4)``, float64: from a point of the view ``(z, y, x, 1)``, in voxels from
        its centre, to the point of the patch that it shows. ``size_vox`` is the part of the patch
        that a view shows if nothing moves.
        """

    def matrices(
        self, n: int, size_vox: tuple[int, int, int], generator: torch.Generator
    ) -> Tensor:
        """Draw the maps of ``n`` samples; those that the step leaves alone get the identity."""
        chosen = _chosen(n, self.probability, generator)
        drawn = self.draw(n, size_vox, generator)
        return torch.where(chosen[:, None, None], drawn, torch.eye(4, dtype=torch.float64))


class Grey(Step, ABC):
    """A step that changes grey values and leaves the voxels where they are."""

    probability: Probability = 0.5

    @abstractmethod
    def change(self, patches: Tensor, generator: torch.Generator) -> Tensor:
        """Return changed ``(n, 1, z, y, x)`` patches; the input stays as it is."""

    def __call__(self, patches: Tensor, generator: torch.Generator) -> Tensor:
        """Return the patches, those changed that the step's probability chooses."""
        chosen = _chosen(len(patches), self.probability, generator)
        if not chosen.any():
            return patches
        if chosen.all():
            return self.change(patches, generator)
        # The choice is made on the CPU, so a GPU is never waited for.
        places = chosen.nonzero()[:, 0].to(patches.device)
        return patches.index_copy(0, places, self.change(patches[places], generator))


def uniform(shape: tuple[int, ...], low: float, high: float, generator: torch.Generator) -> Tensor:
    """Return float64 draws from ``[low, high)``, on the CPU, so that devices draw the same."""
    return low + (high - low) * torch.rand(shape, generator=generator, dtype=torch.float64)


def _chosen(n: int, probability: float, generator: torch.Generator) -> Tensor:
    return torch.rand(n, generator=generator) < probability
