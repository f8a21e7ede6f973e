"""The one place where a network is run."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from lesionary.errors import EncoderError
from lesionary.scan.recipe import Recipe

Precision = Literal["fp32", "bf16"]

_BYTES_PER_VOXEL = 1024
"""What the usual networks hold at their peak for each voxel of the patch, generously."""

_MOST = {"cpu": 8, "mps": 16, "cuda": 32}
"""Patches a batch beyond which the kind of device gains nothing more."""


def choose_device(name: str = "auto") -> torch.device:
    """Return the device of that name; ``auto`` is CUDA, else MPS, else the CPU."""
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise EncoderError(f"There is no device {name!r} here ({reason}). Use 'cpu'.") from error
    return device


def choose_batch_size(device: torch.device, recipes: Sequence[Recipe]) -> int:
    """Return how many patches fit a quarter of the memory, as a power of two.

    It depends on the machine and the size of the patch only, not on what else is running, so
    that a rerun makes the same batches.
    """
    patch_bytes = _BYTES_PER_VOXEL * max(int(np.prod(recipe.size_vox)) for recipe in recipes)
    fitting = int(_memory_bytes(device) // 4 // patch_bytes)
    most = _MOST.get(device.type, 8)
    return 1 << (max(1, min(most, fitting)).bit_length() - 1)


def embed(
    encoder: nn.Module,
    patches: NDArray[np.float32],
    *,
    device: torch.device,
    precision: Precision = "fp32",
    batch_size: int,
) -> NDArray[np.float32]:
    """Return features ``(n, dim)`` of patches ``(n, 1, z, y, x)``, batch after batch."""
    reduced = precision == "bf16"
    parts = []
    with (
        torch.inference_mode(),
        torch.autocast(device.type, dtype=torch.bfloat16, enabled=reduced),
    ):
        for start in range(0, len(patches), batch_size):
            batch = torch.from_numpy(patches[start : start + batch_size]).to(device)
            try:
                features = encoder(batch)
            except torch.OutOfMemoryError as error:
                raise EncoderError(
                    f"A batch of {len(batch)} patches does not fit the memory of {device}. "
                    "Give a smaller batch size (--batch-size)."
                ) from error
            parts.append(features.float().cpu().numpy())
    return np.concatenate(parts)


def _memory_bytes(device: torch.device) -> int:
    if device.type == "cuda":
        return int(torch.cuda.get_device_properties(device).total_memory)
    if hasattr(os, "sysconf"):
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return 16 << 30
