"""Small synthetic scans, whose values tell whose they are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from lesionary.scan.recipe import Intensity, Recipe

SHAPE = (20, 40, 44)
SPACING = (2.5, 2.0, 3.0)
ORIGIN = (-55.0, -30.0, 100.0)
RECIPE = Recipe(
    name="tiny",
    size_vox=(6, 8, 10),
    spacing_mm=(2.0, 2.0, 2.0),
    intensity=Intensity(low=-1024, high=2048),
)


def patient(number: int) -> NDArray[np.int16]:
    """A body of 100 * number HU with two lungs, on a table, in air; values tell the patient."""
    z, y, x = np.ogrid[: SHAPE[0], : SHAPE[1], : SHAPE[2]]
    body = ((x - 21.5) / 19) ** 2 + ((y - 17) / 15) ** 2 < 1
    lungs = (((abs(x - 21.5) - 9) / 5) ** 2 + ((y - 16) / 8) ** 2 < 1) & (z > 6)
    voxels = np.full(SHAPE, -1000)
    voxels[np.broadcast_to(body, SHAPE)] = 100 * number
    voxels[lungs] = -850
    voxels[:, 37] = 50  # the table
    return (voxels + np.random.default_rng(number).integers(-20, 21, SHAPE)).astype(np.int16)


def write(path: Path, voxels: NDArray[np.generic]) -> None:
    image = sitk.GetImageFromArray(voxels)
    image.SetSpacing(SPACING)
    image.SetOrigin(ORIGIN)
    sitk.WriteImage(image, str(path))
