"""Preparation as PyRadiomics has it: normalise, resample from the corner, re-segment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lesionary.errors import RadiomicsError
from lesionary.radiomics.inputs import Box, Outlined, bounding_box
from lesionary.radiomics.pyradiomics.parameters import Setting

if TYPE_CHECKING:
    import SimpleITK as sitk

Spacing = tuple[float, float, float]


@dataclass(frozen=True)
class Prepared:
    """An image and the outline in it, on the grid where they are measured.

    Attributes
    ----------
    image : ndarray, (z, y, x)
    outline : ndarray of bool, (z, y, x)
    spacing_mm : tuple of float
        Along the array's axes.
    """

    image: NDArray[Any]
    outline: NDArray[np.bool_]
    spacing_mm: Spacing

    def cropped(self, beside: int = 0) -> Prepared:
        """Return what lies around the outline, with so many voxels on each side."""
        around = _widened(bounding_box(self.outline), beside, self.outline.shape)
        return Prepared(self.image[around], self.outline[around], self.spacing_mm)


def prepare(given: Outlined, how: Setting, *, filtered: bool) -> Prepared:
    """Prepare image and outline, before any filter.

    Unless the image is normalised, resampled or filtered, only the box around the outline is read.
    """
    outline = given.mask
    if how.normalize:
        image = _normalised(_whole(given), how)
    elif how.resampledPixelSpacing is None and (how.preCrop or not filtered):
        beside = how.padDistance if how.preCrop else 0
        box = _widened(bounding_box(outline), beside, outline.shape)
        return _checked(Prepared(given.read(box), outline[box], given.spacing_mm), how)
    else:
        image = _whole(given)
    found = Prepared(image, outline, given.spacing_mm)
    if how.resampledPixelSpacing is not None and how.interpolator is not None:
        found = _resampled(found, how)
    elif how.preCrop:
        found = found.cropped(how.padDistance)
    return _checked(found, how)


def resegmented(found: Prepared, how: Setting) -> NDArray[np.bool_]:
    """Return which voxels of the outline count by their intensity."""
    values = found.image[found.outline].astype(np.float64)
    broken = int(np.count_nonzero(~np.isfinite(values)))
    if broken:
        raise RadiomicsError(
            f"{broken} of the region's {values.size} voxels are NaN or infinite: mend the image, "
            "or leave them out of the mask."
        )
    if how.resegmentRange is None:
        return found.outline
    limits = np.array(how.resegmentRange)
    if how.resegmentMode == "relative":
        limits = limits * values.max()
    elif how.resegmentMode == "sigma":
        limits = values.mean() + limits * values.std()
    kept = values >= limits[0]
    if limits.size == 2:
        kept &= values <= limits[1]
    if np.count_nonzero(kept) <= 1:
        raise RadiomicsError(
            f"resegmentRange leaves {np.count_nonzero(kept)} of the region's {values.size} voxels, "
            f"whose intensities are {values.min():g} to {values.max():g}: widen it."
        )
    mask = found.outline.copy()
    mask[found.outline] = kept
    return mask


def _whole(given: Outlined) -> NDArray[Any]:
    z, y, x = (slice(0, length) for length in given.mask.shape)
    return given.read((z, y, x))


def _normalised(image: NDArray[Any], how: Setting) -> NDArray[Any]:
    """Shift and scale by the mean and deviation of the whole image."""
    import SimpleITK as sitk

    if not np.isfinite(image).all():
        raise RadiomicsError(
            "normalize: the image has voxels that are NaN or infinite, so it has no mean."
        )
    found = sitk.GetArrayFromImage(sitk.Normalize(sitk.GetImageFromArray(image)))
    if how.removeOutliers is not None:
        found = np.clip(found, -how.removeOutliers, how.removeOutliers)
    return np.asarray(found * how.normalizeScale)


def _resampled(found: Prepared, how: Setting) -> Prepared:
    """Interpolate on a grid that begins in the corner of the image, around the outline.

    An axis that the outline has one slice of keeps its spacing. Intensities keep their type, so
    that those of a scan in whole numbers are rounded; the outline takes the nearest voxel.
    """
    import SimpleITK as sitk

    assert how.resampledPixelSpacing is not None
    box = bounding_box(found.outline)
    old = np.array(found.spacing_mm)
    first = np.array([each.start for each in box], dtype=np.float64)
    stop = np.array([each.stop for each in box], dtype=np.float64)
    wanted = np.array(how.resampledPixelSpacing[::-1])
    new = np.where((wanted == 0) | (stop - first == 1), old, wanted)
    if np.allclose(old, new):
        return found.cropped(how.padDistance)
    scale = old / new
    low = np.maximum(np.floor((first - 0.5) * scale - how.padDistance), 0)
    last = np.ceil(np.array(found.outline.shape) * scale) - 1
    high = np.minimum(np.ceil((stop - 0.5) * scale + how.padDistance), last)
    # Where the new grid's first voxel of the crop has its centre, mm from the old grid's first.
    origin = (new - old) / 2 + low * new
    resampler = sitk.ResampleImageFilter()
    resampler.SetOutputSpacing(new[::-1].tolist())
    resampler.SetOutputOrigin(origin[::-1].tolist())
    resampler.SetSize((high - low + 1).astype(int)[::-1].tolist())
    resampler.SetInterpolator(getattr(sitk, str(how.interpolator)))
    image = resampler.Execute(_as_itk(found.image, old))
    resampler.SetInterpolator(sitk.sitkNearestNeighbor)
    outline = resampler.Execute(_as_itk(found.outline.astype(np.uint8), old))
    z, y, x = new.tolist()
    return Prepared(
        sitk.GetArrayFromImage(image), sitk.GetArrayFromImage(outline).astype(bool), (z, y, x)
    )


def _as_itk(array: NDArray[Any], spacing: NDArray[np.float64]) -> sitk.Image:
    import SimpleITK as sitk

    image = sitk.GetImageFromArray(array)
    image.SetSpacing(spacing[::-1].tolist())
    return image


def _checked(found: Prepared, how: Setting) -> Prepared:
    count = np.count_nonzero(found.outline)
    if count == 0:
        raise RadiomicsError(
            "No voxel of the region is left after resampling: it is smaller than the new voxels. "
            "Resample to a finer resampledPixelSpacing."
        )
    extents = [each.stop - each.start for each in bounding_box(found.outline)]
    dimensions = sum(extent > 1 for extent in extents)
    if dimensions < how.minimumROIDimensions:
        raise RadiomicsError(
            f"The region has {dimensions} dimensions (it is {' x '.join(map(str, extents[::-1]))} "
            f"voxels, x y z); minimumROIDimensions asks for {how.minimumROIDimensions}."
        )
    if how.minimumROISize is not None and count <= how.minimumROISize:
        raise RadiomicsError(
            f"The region has {count} voxels; minimumROISize asks for more than "
            f"{how.minimumROISize}."
        )
    return found


def _widened(box: Box, beside: int, shape: tuple[int, ...]) -> Box:
    z, y, x = (
        slice(max(each.start - beside, 0), min(each.stop + beside, length))
        for each, length in zip(box, shape, strict=True)
    )
    return z, y, x
