"""Resampling: another spacing, on a grid with the same centre."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from pydantic import BeforeValidator, Field

from lesionary.scan.geometry import FloatArray, Geometry
from lesionary.scan.intensity.step import Parameters, Step
from lesionary.scan.intensity.volume import IntensityError, Volume

Interpolation = Literal["nearest", "linear", "cubic"]

_ITK = {"nearest": sitk.sitkNearestNeighbor, "linear": sitk.sitkLinear, "cubic": sitk.sitkBSpline}
_MOST_VOXELS = 2**31
# Rounding in headers is not to add a slice.
_ROUNDING_VOX = 1e-4


def isotropic_grid(
    geometry: Geometry, spacing_mm: float | tuple[float | None, float | None, float | None]
) -> Geometry:
    """Return the grid of another spacing that has the same centre and covers the same volume.

    Along each axis ``n' = ceil(n s / s')`` voxels. The axes keep their directions, in an oblique
    scan too; where slices are sheared (a tilted gantry), the third becomes their normal, and the
    grid covers the sheared volume.

    Parameters
    ----------
    geometry : Geometry
    spacing_mm : float or tuple
        One number for all axes, or ``(x, y, z)``; None keeps an axis as it is.

    Examples
    --------
    >>> grid = Geometry((20, 512, 512), np.diag([0.7, 0.7, 5, 1]))
    >>> isotropic_grid(grid, 1.0).shape
    (100, 359, 359)
    """
    axes = _straight(geometry.direction)
    wanted = spacing_mm if isinstance(spacing_mm, tuple) else (spacing_mm,) * 3
    edges = np.stack(np.meshgrid(*[(-0.5, n - 0.5) for n in geometry.shape]), axis=-1)
    extent = np.ptp(geometry.to_mm(edges.reshape(-1, 3)) @ axes, axis=0)
    own = [*geometry.spacing_mm[:2], geometry.spacing_mm[2] * _upright(geometry.direction)]
    spacing = np.array(
        [kept if s is None else s for s, kept in zip(wanted, own, strict=True)], dtype=np.float64
    )
    size = np.maximum(np.ceil(extent / spacing - _ROUNDING_VOX), 1).astype(int)
    if size.prod(dtype=np.float64) > _MOST_VOXELS:
        raise IntensityError(
            f"A spacing of {spacing.tolist()} mm makes {' x '.join(map(str, size))} voxels: more "
            "than can be held. Choose a larger one."
        )
    affine = np.eye(4)
    affine[:3, :3] = axes * spacing
    affine[:3, 3] = geometry.center_mm - affine[:3, :3] @ ((size - 1) / 2)
    nx, ny, nz = size.tolist()
    return Geometry((nz, ny, nx), affine)


def resample(
    voxels: NDArray[Any],
    geometry: Geometry,
    grid: Geometry,
    interpolation: Interpolation = "linear",
) -> NDArray[np.float32]:
    """Return the voxels on another grid: ``x'(p) = sum_i w_i(p) x_i``.

    Weights are those of the nearest voxel, of a trilinear or of a cubic B-spline interpolation.
    Points up to half a voxel outside have the border's value; further out, the image's lowest.
    Nothing is smoothed before voxels are made larger.

    Parameters
    ----------
    voxels : ndarray, shape (z, y, x)
    geometry, grid : Geometry
        Where the voxels are, and where they are wanted; any orientation, sheared ones too.
    interpolation : {"nearest", "linear", "cubic"}
    """
    voxels = np.asarray(voxels, dtype=np.float32)
    reference = sitk.Image([1, 1, 1], sitk.sitkUInt8)
    _place(reference, grid)
    resampler = sitk.ResampleImageFilter()
    resampler.SetReferenceImage(reference)
    resampler.SetSize(grid.shape[::-1])
    resampler.SetInterpolator(_ITK[interpolation])
    resampler.SetDefaultPixelValue(float(voxels.min()))
    image = sitk.GetImageFromArray(voxels)
    _place(image, geometry)
    return np.asarray(sitk.GetArrayFromImage(resampler.Execute(image)), dtype=np.float32)


def resample_mask(mask: NDArray[np.bool_], geometry: Geometry, grid: Geometry) -> NDArray[np.bool_]:
    """Return a mask on another grid: where trilinear interpolation gives at least one half."""
    return resample(mask.astype(np.float32), geometry, grid, "linear") >= 0.5


def _place(image: sitk.Image, geometry: Geometry) -> None:
    image.SetSpacing(geometry.spacing_mm)
    image.SetOrigin(geometry.origin_mm)
    image.SetDirection(geometry.direction.ravel().tolist())


def _straight(direction: FloatArray) -> FloatArray:
    """Return the axes at right angles: the third is the slices' normal, on the side it was."""
    x = direction[:, 0]
    y = direction[:, 1] - (direction[:, 1] @ x) * x
    y /= np.linalg.norm(y)
    normal = np.cross(x, y)
    return np.column_stack([x, y, normal * np.sign(normal @ direction[:, 2])])


def _upright(direction: FloatArray) -> float:
    """Return how much of a step from slice to slice is along the slices' normal."""
    return float(abs(_straight(direction)[:, 2] @ direction[:, 2]))


def _one_or_three(value: object) -> object:
    return (value,) * 3 if isinstance(value, int | float) else value


class Resample(Step):
    """``resample: {spacing_mm: [1, 1, 1], interpolation: linear, rounded: false}``.

    ``spacing_mm`` may be one number; ``null`` keeps an axis. ``rounded`` gives whole numbers, as
    HU are. Masks are resampled along.
    """

    name: ClassVar[str] = "resample"
    spacing_mm: Annotated[
        tuple[
            Annotated[float, Field(gt=0)] | None,
            Annotated[float, Field(gt=0)] | None,
            Annotated[float, Field(gt=0)] | None,
        ],
        BeforeValidator(_one_or_three),
    ]
    interpolation: Interpolation = "linear"
    rounded: bool = False

    def apply(self, volume: Volume, learnt: Parameters) -> Volume:  # noqa: ARG002
        """Resample image and region."""
        grid = isotropic_grid(volume.geometry, self.spacing_mm)
        voxels = resample(volume.voxels, volume.geometry, grid, self.interpolation)
        region = volume.region
        if region is not None:
            region = resample_mask(region, volume.geometry, grid)
        return replace(
            volume,
            voxels=np.rint(voxels) if self.rounded else voxels,
            geometry=grid,
            region=region,
        )
