"""Steps that change grey values: histogram shift, contrast, noise, cut-out, threshold."""

from __future__ import annotations

from typing import Annotated, Literal

import torch
from pydantic import Field, model_validator
from torch import Tensor

from lesionary.scan.recipe import Intensity
from lesionary.train.views.step import (
    Grey,
    NotNegatives,
    Positives,
    Probability,
    Shares,
    Step,
    uniform,
)


class Normalise(Step):
    """Map HU to what the network expects, here. Without this step it is done last."""


class Threshold(Grey):
    """Raise values below ``low`` to it, and lower those above ``high``; one of them will do."""

    probability: Probability = 1.0
    low: float | None = None
    high: float | None = None

    @model_validator(mode="after")
    def _bounded(self) -> Threshold:
        if self.low is None and self.high is None:
            raise ValueError("give low, high or both")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError("low must not be above high")
        return self

    def change(self, patches: Tensor, generator: torch.Generator) -> Tensor:
        """Clamp."""
        return patches.clamp(self.low, self.high)


class HistogramShift(Grey):
    """Bend the grey scale between the patch's least and largest value, order kept.

    Attributes
    ----------
    control_points : int
        Number of points, evenly spaced with the ends, between which the bent scale is straight.
    """

    control_points: Annotated[int, Field(ge=3)] = 10

    def change(self, patches: Tensor, generator: torch.Generator) -> Tensor:
        """Move each inner point between its neighbours, the one below already moved."""
        points = torch.linspace(0, 1, self.control_points, dtype=torch.float64)
        points = points.repeat(len(patches), 1)
        share = uniform((len(patches), self.control_points), 0, 1, generator)
        for i in range(1, self.control_points - 1):
            points[:, i] = torch.lerp(points[:, i - 1], points[:, i + 1], share[:, i])
        return bend(patches, points)


def bend(patches: Tensor, points: Tensor) -> Tensor:
    """Map the grey scale of each patch, from 0 (least) to 1, through ``points (n, k)``."""
    low, span = _range(patches)
    last = points.shape[1] - 1
    position = (patches - low) * (last / span)
    index = position.to(torch.int64).clamp_(0, last - 1)
    points = points.to(patches.device, patches.dtype)
    slopes = points.diff(dim=1)
    # Value = slope * position + offset, within each piece.
    offsets = points[:, :-1] - slopes * torch.arange(
        last, device=patches.device, dtype=patches.dtype
    )
    flat = index.flatten(1)
    bent = position.mul_(slopes.gather(1, flat).view_as(position))
    bent += offsets.gather(1, flat).view_as(position)
    return bent.mul_(span).add_(low)


class Contrast(Grey):
    """Raise the grey scale between the patch's least and largest value to a power.

    Attributes
    ----------
    gamma : (float, float)
        Bounds of the power; below 1 brightens.
    """

    gamma: Positives = (0.7, 1.5)

    def change(self, patches: Tensor, generator: torch.Generator) -> Tensor:
        """Draw the power of each sample."""
        gamma = uniform((len(patches), 1, 1, 1, 1), *self.gamma, generator)
        low, span = _range(patches)
        share = ((patches - low) / span).clamp_(0, 1)
        return share.pow_(gamma.to(patches.device, patches.dtype)).mul_(span).add_(low)


class GaussianNoise(Grey):
    """Add white noise.

    Attributes
    ----------
    std : (float, float)
        Bounds of its standard deviation, in the values' unit: HU before ``normalise``.
    """

    std: NotNegatives

    def change(self, patches: Tensor, generator: torch.Generator) -> Tensor:
        """Draw each sample's standard deviation, and the noise on the device."""
        std = uniform((len(patches), 1, 1, 1, 1), *self.std, generator)
        seed = int(torch.randint(2**62, (), generator=generator))
        noise = torch.empty_like(patches).normal_(
            generator=torch.Generator(patches.device).manual_seed(seed)
        )
        return noise.mul_(std.to(patches.device, patches.dtype)).add_(patches)


class CutOut(Grey):
    """Fill boxes.

    Attributes
    ----------
    boxes : int
        Number of boxes; they may overlap.
    size : (float, float)
        Bounds of each side, as a share of the patch's.
    fill : float or "mean"
        Value of the filled voxels, in the values' unit; the patch's mean unless given.
    """

    boxes: Annotated[int, Field(ge=1)] = 1
    size: Shares = (0.1, 0.3)
    fill: float | Literal["mean"] = "mean"

    def change(self, patches: Tensor, generator: torch.Generator) -> Tensor:
        """Draw sides and places, the boxes whole in the patch."""
        inside = torch.zeros(patches.shape, dtype=torch.bool, device=patches.device)
        for _ in range(self.boxes):
            box = torch.ones((), dtype=torch.bool, device=patches.device)
            for axis in (2, 3, 4):
                side = patches.shape[axis]
                # The box holds at least a voxel.
                length = (uniform((len(patches),), *self.size, generator) * side).round_()
                length.clamp_(min=1)
                share = uniform((len(patches),), 0, 1, generator)
                start = (share * (side - length + 1)).floor_()
                index = torch.arange(side)
                hit = (index >= start[:, None]) & (index < (start + length)[:, None])
                shape = [len(patches), 1, 1, 1, 1]
                shape[axis] = side
                box = box & hit.view(shape).to(patches.device)
            inside |= box
        if self.fill == "mean":
            return torch.where(inside, patches.mean(dim=(1, 2, 3, 4), keepdim=True), patches)
        return patches.masked_fill(inside, self.fill)


def normalise(patches: Tensor, mapping: Intensity | None) -> Tensor:
    """Map values as an input recipe does; ``None`` leaves them."""
    if mapping is None:
        return patches
    first, last = mapping.to
    factor = (last - first) / (mapping.high - mapping.low)
    mapped = patches.sub(mapping.low).mul_(factor).add_(first)
    return mapped.clamp_(min(first, last), max(first, last)) if mapping.clip else mapped


def _range(patches: Tensor) -> tuple[Tensor, Tensor]:
    """Return each patch's least value and its range; that of a constant patch is 1."""
    low = patches.amin(dim=(1, 2, 3, 4), keepdim=True)
    span = patches.amax(dim=(1, 2, 3, 4), keepdim=True) - low
    return low, torch.where(span > 0, span, torch.ones_like(span))
