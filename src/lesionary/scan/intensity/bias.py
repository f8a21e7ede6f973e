"""N4: the slow change of brightness across an MR image, estimated and divided out."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from pydantic import Field

from lesionary.scan.intensity.step import Parameters, Step
from lesionary.scan.intensity.volume import FloatArray, IntensityError, Volume


def correct_bias(
    voxels: FloatArray,
    where: NDArray[np.bool_],
    spacing_mm: tuple[float, float, float],
    *,
    levels: int = 4,
    iterations: int = 50,
    shrink: int = 4,
) -> FloatArray:
    """Divide out the bias field: ``x' = x / exp(b)``, with b a smooth B-spline found by N4.

    Parameters
    ----------
    voxels : ndarray, shape (z, y, x)
        Not negative.
    where : ndarray of bool, shape (z, y, x)
        The voxels that b is estimated from; all are corrected.
    spacing_mm : tuple of float
        ``(x, y, z)``.
    levels, iterations : int
        Levels of the B-spline, each twice as fine as the one before, and iterations of each.
    shrink : int
        b is estimated on every ``shrink``-th voxel of each axis, which its smoothness allows.

    References
    ----------
    N. J. Tustison et al.: N4ITK: improved N3 bias correction. IEEE Transactions on Medical
    Imaging 29 (2010), doi:10.1109/TMI.2010.2046908.
    """
    if voxels.min() < 0:
        raise IntensityError(
            f"N4 takes logarithms, and the lowest value is {voxels.min():g}. It is for MR, before "
            "steps that make values negative, not for CT."
        )
    if not (voxels[where] > 0).any():
        raise IntensityError("There is no value above 0 to estimate the bias field from.")
    image, mask = _image(voxels, spacing_mm), _image(where.astype(np.uint8), spacing_mm)
    # Axes that are short already (few thick slices) are not made shorter than a spline's support.
    factors = [max(1, min(shrink, n // 4)) for n in image.GetSize()]
    n4 = sitk.N4BiasFieldCorrectionImageFilter()
    n4.SetMaximumNumberOfIterations([iterations] * levels)
    try:
        n4.Execute(sitk.Shrink(image, factors), sitk.Shrink(mask, factors))
        field = sitk.GetArrayFromImage(n4.GetLogBiasFieldAsImage(image))
    except RuntimeError as error:
        last = str(error).strip().splitlines()[-1]
        raise IntensityError(f"N4 failed: {last}") from error
    return np.asarray(voxels / np.exp(field), dtype=np.float32)


def _image(
    array: NDArray[np.float32] | NDArray[np.uint8], spacing: tuple[float, float, float]
) -> sitk.Image:
    image = sitk.GetImageFromArray(array)
    image.SetSpacing(spacing)
    return image


class N4(Step):
    """``n4: {within: foreground, levels: 4, iterations: 50, shrink: 4}``."""

    name: ClassVar[str] = "n4"
    within: Literal["foreground", "region"] = "foreground"
    levels: int = Field(default=4, ge=1)
    iterations: int = Field(default=50, ge=1)
    shrink: int = Field(default=4, ge=1)

    def apply(self, volume: Volume, learnt: Parameters) -> Volume:  # noqa: ARG002
        """Correct."""
        corrected = correct_bias(
            volume.voxels,
            volume.where(self.within),
            volume.geometry.spacing_mm,
            levels=self.levels,
            iterations=self.iterations,
            shrink=self.shrink,
        )
        return volume.with_voxels(corrected)
