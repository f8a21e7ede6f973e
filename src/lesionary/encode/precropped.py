"""Images that are patches already."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from lesionary.errors import ScanError
from lesionary.scan import Geometry, Recipe, Scan
from lesionary.scan.lattice import SIDES, nearest_axes


def whole_patch(scan: Scan, recipe: Recipe) -> NDArray[np.float32]:
    """Return a whole image as a patch: its voxels as they are, padded evenly on both sides.

    The axes are turned as the recipe says, and intensities are mapped. With a recipe of
    ``grid: monai``, which is there to reproduce the published ``get_features``, they are
    *not* turned: like ``precropped=True`` there, the array's axes are the file's ``(x, y, z)``,
    whichever way these run. (Its other patches are ``(z, y, x)``, so the same lesion gives
    other features when it is cropped beforehand.)
    """
    orientation = recipe.orientation
    if recipe.grid == "monai":
        scan = replace(scan, geometry=Geometry(scan.shape, np.eye(4)))
        orientation = "LPS"
    _, own_axes = nearest_axes(scan.geometry)
    sides = [SIDES[letter][0] for letter in orientation]
    shape = [scan.shape[2 - own_axes[side]] for side in sides]
    if any(n > most for n, most in zip(shape, recipe.size_vox, strict=True)):
        raise ScanError(
            f"{scan.source} is {' x '.join(map(str, shape))} voxels, and the patches of the recipe "
            f"{recipe.name} are {' x '.join(map(str, recipe.size_vox))}. Crop it, or leave out "
            "'precropped' to have the patch cut around its seed."
        )
    a, b, c = (
        (most - n) // 2 + (n - 1) / 2 for n, most in zip(shape, recipe.size_vox, strict=True)
    )
    as_it_is = recipe.model_copy(
        update={
            "grid": "seed",
            "axes": "scan",
            "spacing_mm": None,
            "orientation": orientation,
            "seed_vox": (a, b, c),
            "interpolation": "nearest",
        }
    )
    return scan.patch(scan.geometry.center_mm, as_it_is)
