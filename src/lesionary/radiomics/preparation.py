"""Preparation: interpolate, round, and find which voxels of the region count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lesionary.errors import RadiomicsError
from lesionary.radiomics import filters
from lesionary.radiomics.inputs import Box, Outlined, bounding_box, outlined
from lesionary.radiomics.resample import REACH, line, resample
from lesionary.radiomics.settings import Resegmentation, Settings
from lesionary.scan.masks import Mask
from lesionary.scan.scan import Scan

# Rounding must not decide on a voxel of which exactly half is in the region.
_HALF = 1e-9


@dataclass(frozen=True)
class Prepared:
    """A region ready to be measured, with some of the image around it.

    Attributes
    ----------
    image : ndarray, (z, y, x)
        Intensities after interpolation and rounding, around the region.
    morphological : ndarray of bool, (z, y, x)
        The region by its outline: what shape is measured of.
    intensity : ndarray of bool, (z, y, x)
        The voxels of it that re-segmentation keeps: what intensities are measured of.
    spacing_mm : tuple of float
        Along the array's axes: ``(z, y, x)``.
    """

    image: NDArray[Any]
    morphological: NDArray[np.bool_]
    intensity: NDArray[np.bool_]
    spacing_mm: tuple[float, float, float]

    @cached_property
    def values(self) -> NDArray[np.float64]:
        """Intensities of the voxels that count."""
        return self.image[self.intensity].astype(np.float64)

    @cached_property
    def box(self) -> Box:
        """The smallest box around the outline."""
        return bounding_box(self.morphological)


def prepare(
    image: Scan | ArrayLike,
    mask: Mask | ArrayLike,
    settings: Settings,
    *,
    spacing_mm: Sequence[float] | None = None,
    label: int | None = None,
    margin_mm: float = 0.0,
) -> Prepared:
    """Prepare a region as the settings say.

    Parameters
    ----------
    image, mask, spacing_mm, label
        As for :func:`lesionary.radiomics.measure`.
    settings : Settings
    margin_mm : float
        How much of the image around the region is kept, on each side, at least: the settings'
        filters may need more.
    """
    given = outlined(image, mask, spacing_mm=spacing_mm, label=label)
    read, morphological, spacing = _interpolated(given, settings, margin_mm)
    values = read[morphological]
    broken = int(np.count_nonzero(~np.isfinite(values)))
    if broken:
        raise RadiomicsError(
            f"{broken} of the region's {values.size} voxels are NaN or infinite: mend the image, "
            "or leave them out of the mask (with interpolation, their neighbours too)."
        )
    intensity = morphological.copy()
    intensity[morphological] = _kept(values, settings.resegmentation)
    return Prepared(read, morphological, intensity, spacing)


def _interpolated(
    given: Outlined, settings: Settings, margin_mm: float
) -> tuple[NDArray[Any], NDArray[np.bool_], tuple[float, float, float]]:
    how = settings.interpolation
    region = bounding_box(given.mask)
    shape = given.mask.shape
    new_mm = (None,) * 3 if how is None else how.spacing_mm[::-1]
    grid_mm = [new or old for old, new in zip(given.spacing_mm, new_mm, strict=True)]
    margin_mm = max(margin_mm, filters.margin_mm(settings.filters, grid_mm))
    lines = tuple(
        line(length, old, new, needed, min(margin_mm, length * old))
        for length, old, new, needed in zip(shape, given.spacing_mm, new_mm, region, strict=True)
    )
    z, y, x = lines
    reach = 0 if how is None else REACH[how.image]
    box = tuple(one.needs(length, reach) for one, length in zip(lines, shape, strict=True))
    image, mask = given.read((box[0], box[1], box[2])), given.mask[box]
    spacing = z.spacing_mm, y.spacing_mm, x.spacing_mm
    if how is None or not any(one.moves for one in lines):
        return image, mask, spacing
    starts = box[0].start, box[1].start, box[2].start
    share = resample(mask, (z, y, x), starts, how.mask)
    # Of a region so small that no new voxel has enough of it, those count that have most.
    most = float(share.max())
    morphological = share >= min(how.partial_volume, most) - _HALF
    if most < _HALF:
        raise RadiomicsError(
            "No voxel of the region is left after interpolation to "
            f"{' x '.join(f'{each:g}' for each in spacing[::-1])} mm (x, y, z): the region is "
            "smaller than the new voxels. Interpolate to a finer spacing."
        )
    image = resample(image, (z, y, x), starts, how.image)
    return (np.rint(image) if how.round_to_integer else image), morphological, spacing


def _kept(values: NDArray[Any], how: Resegmentation) -> NDArray[np.bool_]:
    low, high = how.range
    kept = np.ones(values.size, dtype=bool)
    if low is not None:
        kept &= values >= low
    if high is not None:
        kept &= values <= high
    if how.outliers_sd is not None and kept.any():
        inside = values[kept].astype(np.float64)
        kept &= np.abs(values - inside.mean()) <= how.outliers_sd * inside.std()
    if not kept.any():
        raise RadiomicsError(
            f"Re-segmentation to {_shown(low, high)} leaves none of the region's {values.size} "
            f"voxels, whose intensities are {values.min():g} to {values.max():g}: widen "
            "resegmentation.range, or see whether the image is in the unit that it is meant for."
        )
    return kept


def _shown(low: float | None, high: float | None) -> str:
    return f"[{'-inf' if low is None else f'{low:g}'}, {'inf' if high is None else f'{high:g}'}]"
