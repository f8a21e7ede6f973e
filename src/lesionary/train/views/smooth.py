"""Gaussian smoothing, one axis after the other, each sample with its own widths."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import pad

from lesionary.train.views.step import Grey, Positives, uniform

_REACH = 4.0
"""The kernel ends after so many standard deviations."""


class GaussianSmooth(Grey):
    """Smooth with a Gaussian, its width drawn for each axis.

    Attributes
    ----------
    sigma_vox : (float, float)
        Bounds of the standard deviation, in voxels.
    border : {"edge", "zero"}
        What lies beyond the patch: its outermost voxels, repeated, or zeros, as MONAI takes and
        so the published pipelines. In HU a zero is water, which lights up the border.
    """

    sigma_vox: Positives = (0.25, 1.5)
    border: Literal["edge", "zero"] = "edge"

    def change(self, patches: Tensor, generator: torch.Generator) -> Tensor:
        """Draw the widths, and smooth."""
        return smooth(patches, uniform((len(patches), 3), *self.sigma_vox, generator), self.border)


def smooth(patches: Tensor, sigma_vox: Tensor, border: Literal["edge", "zero"]) -> Tensor:
    """Smooth ``(n, 1, z, y, x)`` patches by standard deviations ``(n, 3)`` for z, y and x."""
    half_kernels = _half_kernels(sigma_vox).to(patches.device, patches.dtype)
    reach = half_kernels.shape[2] - 1
    for axis in range(3):
        weights = half_kernels[:, axis, :, None, None, None, None]
        side = patches.shape[2 + axis]
        padding = [0] * 4 + [reach, reach] + [0] * 4
        padding = padding[2 * axis : 2 * axis + 6]
        padded = pad(patches, padding, mode="replicate" if border == "edge" else "constant")
        # Sums of shifted patches, and no convolution: a GPU may cut that to 10 bits.
        total = patches * weights[:, 0]
        for k in range(1, reach + 1):
            for start in (reach - k, reach + k):
                total.addcmul_(weights[:, k], padded.narrow(2 + axis, start, side))
        patches = total
    return patches


def _half_kernels(sigma_vox: Tensor) -> Tensor:
    """Return ``(n, 3, reach + 1)`` weights: the Gaussian's share in the voxel at each distance."""
    tail = (sigma_vox * _REACH + 0.5).floor().clamp(min=1)
    distance = torch.arange(int(tail.max()) + 1, dtype=torch.float64)
    width = sigma_vox[..., None] * 2**0.5
    weights = (torch.erf((distance + 0.5) / width) - torch.erf((distance - 0.5) / width)) / 2
    # Each kernel ends where it would end alone: a sample does not depend on its batch.
    weights = weights * (distance <= tail[..., None])
    return weights / (2 * weights.sum(dim=2, keepdim=True) - weights[..., :1])
