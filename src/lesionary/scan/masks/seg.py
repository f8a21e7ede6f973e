"""DICOM SEG: binary, fractional (half and more belongs) and label map."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import highdicom as hd
import numpy as np

from lesionary.errors import MaskError
from lesionary.scan.geometry import FloatArray, Geometry
from lesionary.scan.masks.fit import fit, place
from lesionary.scan.masks.mask import Mask
from lesionary.scan.masks.region import Region

_FRACTION = 0.5

# Slices of a tilted gantry's scan are not stacked at right angles: by 1 - cosine, up to 45 deg.
_SHEAR = 0.3


def segment_regions(path: Path, grid: Geometry | None, *, resample: bool) -> list[Region]:
    """List the segments of a segmentation object."""
    try:
        segmentation = hd.seg.segread(path)
    # A damaged file can make a parser raise anything, and its values may identify a patient.
    except Exception as error:
        raise MaskError(
            f"{path} is not a readable DICOM segmentation ({type(error).__name__})."
        ) from error
    return [
        Region(
            str(segmentation.get_segment_description(number).segment_label),
            number,
            partial(_read, segmentation, number, path, grid, resample),
        )
        for number in segmentation.segment_numbers
        if number > 0
    ]


def _read(
    segmentation: hd.seg.Segmentation,
    number: int,
    path: Path,
    grid: Geometry | None,
    resample: bool,
) -> Mask:
    name = str(segmentation.get_segment_description(number).segment_label)
    try:
        volume = segmentation.get_volume(
            segment_numbers=[number], rescale_fractional=True, perpendicular_tol=_SHEAR
        )
    except (RuntimeError, ValueError) as error:
        raise MaskError(
            f"{path}: the frames of segment {number} do not make a volume: {error}"
        ) from error
    # highdicom's axes are (slice, row, column), slices against rows x columns; ours go up.
    volume = volume.flip_spatial(0)
    voxels = volume.array[..., 0] >= _FRACTION
    geometry = Geometry(voxels.shape, _affine(segmentation, volume))
    if not voxels.any():
        raise MaskError(f"{path}: segment {number} ({name!r}) is empty.")
    if grid is not None and (placed := place(voxels, geometry, grid)) is not None:
        if not placed.any():
            raise MaskError(f"{path}: segment {number} ({name!r}) lies outside the scan.")
        return Mask(placed, grid, name, str(path))
    return fit(Mask(voxels, geometry, name, str(path)), grid, resample=resample)


def _affine(segmentation: hd.seg.Segmentation, volume: hd.Volume) -> FloatArray:
    """Map (x, y, z) indices of the volume to mm, with the shear that highdicom leaves out."""
    affine = np.array(volume.affine[:, [2, 1, 0, 3]], dtype=np.float64)
    frames = segmentation.get("PerFrameFunctionalGroupsSequence") or []
    points = [
        frame.PlanePositionSequence[0].ImagePositionPatient
        for frame in frames
        if "PlanePositionSequence" in frame
    ]
    if volume.spatial_shape[0] > 1 and points:
        positions = np.array(points, dtype=np.float64)
        along = positions @ affine[:3, 2]
        first, last = positions[along.argmin()], positions[along.argmax()]
        affine[:3, 2] = (last - first) / (volume.spatial_shape[0] - 1)
        affine[:3, 3] = first
    return affine
