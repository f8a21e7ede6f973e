"""What is measured: voxels and a region on one grid, whatever they came as."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lesionary.errors import RadiomicsError
from lesionary.scan.masks import Mask
from lesionary.scan.scan import ArrayVoxels, Scan, Voxels

Box = tuple[slice, slice, slice]


@dataclass(frozen=True)
class Outlined:
    """An image, not yet read, and the region outlined in it.

    Attributes
    ----------
    voxels : Voxels
    mask : ndarray of bool, (z, y, x)
    spacing_mm : tuple of float
        Along the array's axes: ``(z, y, x)``.
    """

    voxels: Voxels
    mask: NDArray[np.bool_]
    spacing_mm: tuple[float, float, float]

    def read(self, box: Box) -> NDArray[Any]:
        """Return the intensities in a box."""
        return self.voxels.read(box[0].start, box[0].stop)[:, box[1], box[2]]


def outlined(
    image: Scan | ArrayLike,
    mask: Mask | ArrayLike,
    *,
    spacing_mm: Sequence[float] | None = None,
    label: int | None = None,
) -> Outlined:
    """Check that a region and its image belong together.

    Parameters are those of :func:`lesionary.radiomics.measure`.
    """
    if isinstance(image, Scan):
        if spacing_mm is not None:
            raise RadiomicsError("A scan knows its spacing: give spacing_mm with an array only.")
        voxels, shape, spacing = image.voxels, image.shape, image.spacing_mm
    else:
        array = np.asarray(image)
        if array.ndim != 3 or 0 in array.shape or array.dtype.kind not in "biuf":
            raise RadiomicsError(
                f"An image is a (z, y, x) array of numbers, not of shape {array.shape} and type "
                f"{array.dtype}."
            )
        voxels, shape, spacing = ArrayVoxels(array), array.shape, _spacing(spacing_mm)
    if isinstance(mask, Mask):
        if label is not None:
            raise RadiomicsError("A Mask is one region already: give label with an array only.")
        if isinstance(image, Scan) and not mask.geometry.matches(image.geometry):
            raise RadiomicsError(
                f"The mask {mask.name!r} is not on the scan's grid: {mask.geometry} and "
                f"{image.geometry}. Read it with read_mask(..., scan), which fits it."
            )
        region = mask.voxels
    else:
        region = _region(np.asarray(mask), label)
    if region.shape != shape:
        raise RadiomicsError(
            f"The mask's shape (z, y, x) {region.shape} is not the image's, {shape}."
        )
    if np.count_nonzero(region) == 0:
        raise RadiomicsError("The mask is empty: no voxel of the image belongs to the region.")
    x, y, z = spacing
    return Outlined(voxels, region, (z, y, x))


def bounding_box(mask: NDArray[np.bool_]) -> Box:
    """Return the smallest box around a region.

    Examples
    --------
    >>> bounding_box(np.eye(3, dtype=bool)[None])
    (slice(0, 1, None), slice(0, 3, None), slice(0, 3, None))
    """
    # Slice by slice first, so that the rest looks at one plane only.
    slices = np.flatnonzero(mask.any(axis=(1, 2)))
    plane = np.asarray(mask[slices[0] : slices[-1] + 1].any(axis=0))
    found = (slices, np.flatnonzero(plane.any(axis=1)), np.flatnonzero(plane.any(axis=0)))
    z, y, x = (slice(int(there[0]), int(there[-1]) + 1) for there in found)
    return z, y, x


def _spacing(spacing_mm: Sequence[float] | None) -> tuple[float, float, float]:
    if spacing_mm is None:
        raise RadiomicsError("Give the array's spacing: spacing_mm=(x, y, z), in mm.")
    spacing = tuple(float(each) for each in spacing_mm)
    if len(spacing) != 3 or not all(0 < each < np.inf for each in spacing):
        raise RadiomicsError(f"Spacing is three positive numbers (x, y, z) in mm, not {spacing}.")
    x, y, z = spacing
    return x, y, z


def _region(mask: NDArray[Any], label: int | None) -> NDArray[np.bool_]:
    if mask.ndim != 3 or mask.dtype.kind not in "biuf":
        raise RadiomicsError(
            f"A mask is a (z, y, x) array of labels, not of shape {mask.shape} and type "
            f"{mask.dtype}."
        )
    if mask.dtype == np.bool_ and label is None:
        return mask
    if label is not None:
        if not isinstance(label, int | np.integer):
            raise RadiomicsError(f"A label of an array is a whole number, not {label!r}.")
        region = mask == label
        if np.count_nonzero(region) == 0:
            raise RadiomicsError(f"The mask has no label {label}: it has {_listed(_labels(mask))}.")
        return np.asarray(region)
    if not np.all(np.isfinite(mask)):
        raise RadiomicsError("The mask holds NaN or infinity: its voxels are labels.")
    found = _labels(mask)
    if found.size > 1:
        raise RadiomicsError(
            f"The mask has {found.size} labels, {_listed(found)}: say which one is the region with "
            "label=..."
        )
    return np.asarray(mask != 0)


def _labels(mask: NDArray[Any]) -> NDArray[Any]:
    found = np.unique(mask)
    return np.asarray(found[found != 0])


def _listed(labels: NDArray[Any]) -> str:
    some = ", ".join(f"{label:g}" for label in labels[:10].tolist())
    return (some or "none") + (", ..." if labels.size > 10 else "")
