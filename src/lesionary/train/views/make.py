"""From patches to views: the steps of a recipe on a batch."""

from __future__ import annotations

from itertools import groupby

import torch
from torch import Tensor

from lesionary.errors import TrainingError
from lesionary.scan.recipe import Intensity
from lesionary.train.views.grey import Normalise, normalise
from lesionary.train.views.recipe import ViewRecipe
from lesionary.train.views.resample import Size, resample, size_of
from lesionary.train.views.step import Grey, Spatial, Step


@torch.no_grad()
def make_view(
    recipe: ViewRecipe,
    patches: Tensor,
    generator: torch.Generator,
    *,
    mapping: Intensity | None,
    size_vox: int | Size,
    small: bool = False,
) -> Tensor:
    """Make one view of each patch.

    Parameters
    ----------
    recipe : ViewRecipe
        See :func:`load_views`.
    patches : (n, 1, z, y, x) tensor
        HU, on any device. What they have beyond ``size_vox`` is a margin from which shifts and
        rotations take real voxels; crops stay within the middle ``size_vox``.
    generator : torch.Generator
        On the CPU; all randomness comes from it. Its draws are the same on every device, but
        for the noise itself.
    mapping : Intensity or None
        The ``intensity`` of the recipe of the network's input.
    size_vox : int or tuple of int
        Size of a view ``(z, y, x)``.
    small : bool
        Make a small view.

    Returns
    -------
    (n, 1, z, y, x) float32 tensor
        The views on the device of ``patches``, mapped as ``mapping`` says.
    """
    region = (size_vox, size_vox, size_vox) if isinstance(size_vox, int) else size_vox
    shape = size_of(patches)
    if any(side < wanted for side, wanted in zip(shape, region, strict=True)):
        raise TrainingError(
            f"Patches of {shape} voxels (z, y, x) are too small for views of {region}. Build the "
            "patch store with a larger size, or ask for smaller views."
        )
    steps, size = recipe.view, region
    if small:
        if recipe.small_view is None:
            raise TrainingError(f"The views {recipe.name} have no small_view; swav has one.")
        steps = recipe.small_view
        z, y, x = (max(round(side * recipe.small_size), 1) for side in region)
        size = z, y, x
    views = patches.float()
    runs = [(spatial, list(run)) for spatial, run in groupby(steps, _is_spatial)]
    last = max((place for place, (spatial, _) in enumerate(runs) if spatial), default=-1)
    if last == -1:
        views = _look(views, [], generator, region, size)
    for place, (spatial, run) in enumerate(runs):
        if spatial:
            # The margin stays until nothing moves any more.
            shown = (region, size) if place == last else (shape, shape)
            views = _look(views, run, generator, *shown)
        else:
            views = _change(views, run, generator, mapping)
    if not any(isinstance(step, Normalise) for step in steps):
        views = normalise(views, mapping)
    return views


def _is_spatial(step: Step) -> bool:
    return isinstance(step, Spatial)


def _look(
    patches: Tensor, run: list[Step], generator: torch.Generator, region_vox: Size, size_vox: Size
) -> Tensor:
    maps = torch.eye(4, dtype=torch.float64).repeat(len(patches), 1, 1)
    for step in run:
        assert isinstance(step, Spatial)
        maps = maps @ step.matrices(len(patches), region_vox, generator)
    return resample(patches, maps, region_vox, size_vox)


def _change(
    patches: Tensor, run: list[Step], generator: torch.Generator, mapping: Intensity | None
) -> Tensor:
    for step in run:
        if isinstance(step, Grey):
            patches = step(patches, generator)
        else:
            patches = normalise(patches, mapping)
    return patches
