"""An image on its way through the steps, and the part of it that numbers are taken from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from lesionary.errors import ScanError
from lesionary.scan.geometry import Geometry

FloatArray = NDArray[np.float32]

Within = Literal["image", "foreground", "region"]
"""Which voxels a step takes its numbers from: all, those of the body, or a mask's."""

_BRIGHT = 99
_DARK = 0.01
"""Of the range: differences in darker voxels are noise."""


class IntensityError(ScanError):
    """A step is unknown or contradicts itself, or an image is none that it can be applied to."""


@dataclass(frozen=True, eq=False)
class Volume:
    """Voxels, where they are, and a region that statistics may be taken from.

    Attributes
    ----------
    voxels : ndarray of float32, shape (z, y, x)
        Finite.
    geometry : Geometry
    region : ndarray of bool, shape (z, y, x), or None
        A brain, a body, fat: what ``within: region`` means.
    source : str
        For messages.
    """

    voxels: FloatArray
    geometry: Geometry
    region: NDArray[np.bool_] | None = None
    source: str = ""

    def __post_init__(self) -> None:
        voxels = np.asarray(self.voxels, dtype=np.float32)
        where = self.source or "The image"
        if voxels.shape != self.geometry.shape:
            raise IntensityError(
                f"{where}: voxels have shape {voxels.shape}, the grid {self.geometry.shape}."
            )
        broken = voxels.size - int(np.count_nonzero(np.isfinite(voxels)))
        if broken:
            raise IntensityError(
                f"{where} has {broken:,} voxel(s) that are NaN or infinite: no step can tell what "
                "they should be. Mend the file first."
            )
        object.__setattr__(self, "voxels", voxels)

    def with_voxels(self, voxels: NDArray[Any]) -> Volume:
        """Return the volume with other values on the same grid."""
        return replace(self, voxels=voxels)

    def values(self, within: Within) -> NDArray[np.float64]:
        """Return the values of the voxels that statistics are taken from, shape (n,)."""
        whole = within == "image"
        chosen = self.voxels.ravel() if whole else self.voxels[self.where(within)]
        return chosen.astype(np.float64)

    def where(self, within: Within) -> NDArray[np.bool_]:
        """Return which voxels those are, shape (z, y, x)."""
        if within == "image":
            return np.ones(self.voxels.shape, dtype=np.bool_)
        if within == "foreground":
            return foreground(self.voxels, self.source)
        if self.region is None:
            raise IntensityError(
                f"{self.source or 'The image'} has no region, and a step takes its numbers from "
                "there. Give a mask for every image (the command's --region names the column with "
                "their paths), or use within: foreground."
            )
        if not self.region.any():
            raise IntensityError(f"{self.source or 'The image'}: its region is empty.")
        return self.region


def foreground(voxels: FloatArray, source: str = "") -> NDArray[np.bool_]:
    """Tell which voxels are the body and not the air around it.

    They lie above Otsu's threshold (256 bins) of ``log((x - min) / (P_99 - min) + 0.01)``. Of x
    itself, the threshold is often that between fat and all darker tissue in MR, or around what is
    hot in PET.
    """
    refuse_constant(voxels, source)
    low, high = float(voxels.min()), float(np.percentile(voxels, _BRIGHT))
    if high == low:
        high = float(voxels.max())
    x = np.log((voxels - low) / (high - low) + _DARK).astype(np.float32)
    above = sitk.OtsuThreshold(sitk.GetImageFromArray(x), 0, 1, 256)
    return np.asarray(sitk.GetArrayViewFromImage(above) == 1)


def refuse_constant(values: NDArray[Any], source: str = "") -> None:
    """Raise where all values are the same (or there are none), which no scale can be made of."""
    where = source or "The image"
    if values.size == 0:
        raise IntensityError(f"{where}: there is no voxel to take numbers from.")
    first = values.flat[0]
    if (values == first).all():
        raise IntensityError(
            f"{where} is constant ({float(first):g}) where numbers are taken from: it has no scale."
        )
