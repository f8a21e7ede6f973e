"""Scaling to fat, whose intensity differs little between patients."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from lesionary.scan.intensity.step import Parameters, Step, number
from lesionary.scan.intensity.volume import FloatArray, IntensityError, Volume


def scale_to_fat(voxels: NDArray[Any], fat: float, target: float = 1000.0) -> FloatArray:
    """Give fat a fixed intensity: ``x' = x target / fat``.

    Parameters
    ----------
    voxels : ndarray
    fat : float
        The intensity of fat in this image, as the median over a region of subcutaneous fat.
    target : float
        What it becomes.

    Examples
    --------
    >>> scale_to_fat(np.array([0, 387, 774]), fat=774, target=1000).tolist()
    [0.0, 500.0, 1000.0]
    """
    if not fat > 0:
        raise IntensityError(
            f"The intensity of fat is {fat:g} and must be positive to scale by: this step is for "
            "images in arbitrary units (MR), not for HU."
        )
    return (np.asarray(voxels, dtype=np.float64) * (target / fat)).astype(np.float32)


class FatReference(Step):
    """``fat_reference: {target: 1000}``, with fat outlined by each image's region.

    ``fat: 774`` is the intensity of fat in all images, where it is known.
    """

    name: ClassVar[str] = "fat_reference"
    target: float = Field(default=1000.0, gt=0)
    fat: float | None = Field(default=None, gt=0)

    def measure(self, volume: Volume) -> Parameters:
        """Return the median over the region."""
        if self.fat is not None:
            return {"fat": self.fat}
        return {"fat": float(np.median(volume.values("region")))}

    def apply(self, volume: Volume, learnt: Parameters) -> Volume:
        """Scale."""
        return volume.with_voxels(scale_to_fat(volume.voxels, number(learnt, "fat"), self.target))
