"""Weights and patches that are the same wherever they are made: no big file need be stored."""

from __future__ import annotations

import zlib
from collections.abc import Iterable

import numpy as np
import torch
from torch import Tensor, nn


def make_tensor(key: str, shape: Iterable[int]) -> Tensor:
    """A tensor that its name and shape decide, of a size that keeps activations sane."""
    shape = tuple(shape)
    if key.endswith("num_batches_tracked"):
        return torch.zeros(shape, dtype=torch.int64)
    random = np.random.default_rng(zlib.crc32(key.encode()))
    values = 2 * random.random(shape, dtype=np.float32) - 1
    if key.endswith("running_var"):
        values = 1 + 0.5 * values
    elif key.endswith("weight") and len(shape) == 1:
        values = 1 + 0.2 * values
    elif len(shape) > 1:
        values *= np.float32(np.sqrt(3 / np.prod(shape[1:])))
    else:
        values *= np.float32(0.1)
    return torch.from_numpy(np.asarray(values, np.float32))


def make_weights(network: nn.Module) -> dict[str, Tensor]:
    """Weights for a network; buffers that are not floating point stay as they are."""
    return {
        key: make_tensor(key, tensor.shape) if tensor.is_floating_point() else tensor.clone()
        for key, tensor in network.state_dict().items()
    }


def make_patches(count: int, side: int) -> Tensor:
    """Patches ``(count, 1, side, side, side)`` with values from 0 to 1."""
    values = np.random.default_rng(side).random((count, 1, side, side, side), dtype=np.float32)
    return torch.from_numpy(values)
