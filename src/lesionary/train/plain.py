"""Patches as extraction sees them: the middle of the store's crops, not augmented."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lesionary.encode.forward import choose_batch_size
from lesionary.scan.recipe import Recipe
from lesionary.train.store import PatchStore
from lesionary.train.views import load_views, make_view


def run_network(
    network: nn.Module,
    store: PatchStore,
    rows: NDArray[np.int64],
    recipe: Recipe,
    device: torch.device,
) -> NDArray[np.float64]:
    """Return what a network gives for lesions, in evaluation mode, batch after batch.

    Parameters
    ----------
    network : Module
        Takes patches ``(n, 1, z, y, x)``; on ``device``.
    store : PatchStore
    rows : ndarray of int64 (n,)
        Of the store; at least one.
    recipe : Recipe
        Of the network's input.
    device : torch.device

    Returns
    -------
    ndarray (n, outputs)
    """
    batch = choose_batch_size(device, [recipe])
    parts = []
    training = network.training
    network.eval()
    try:
        with torch.no_grad():
            for start in range(0, len(rows), batch):
                patches = torch.from_numpy(store.cut(rows[start : start + batch])).to(device)
                parts.append(network(plain_view(patches, recipe)).double().cpu().numpy())
    finally:
        network.train(training)
    return np.concatenate(parts)


def plain_view(patches: Tensor, recipe: Recipe) -> Tensor:
    """Return the middle of patches ``(n, 1, z, y, x)`` in HU, as the recipe maps them."""
    return make_view(
        load_views("none"),
        patches,
        torch.Generator(),
        mapping=recipe.intensity,
        size_vox=recipe.size_vox,
    )
