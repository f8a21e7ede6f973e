"""Products and cosines that mixed precision does not blur."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def product(left: Tensor, right: Tensor) -> Tensor:
    """Return ``left @ right`` in single precision at least, under autocast too.

    Divided by a temperature of 0.1 or less, the rounding of half precision would show in losses.
    """
    with torch.autocast(left.device.type, enabled=False):
        return wide(left) @ wide(right)


def unit(rows: Tensor) -> Tensor:
    """Return vectors (last axis) scaled to unit length, in single precision at least."""
    return functional.normalize(wide(rows), dim=-1)


def cosine(left: Tensor, right: Tensor) -> Tensor:
    """Return the cosine of each vector of one (..., n, d) with each of another (..., m, d)."""
    return product(unit(left), unit(right).mT)


def wide(tensor: Tensor) -> Tensor:
    """Return a tensor in single precision at least."""
    return tensor if tensor.dtype == torch.float64 else tensor.float()
