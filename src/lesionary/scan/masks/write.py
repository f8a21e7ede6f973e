"""Write masks as label files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from lesionary.errors import MaskError
from lesionary.scan.geometry import Geometry
from lesionary.scan.masks.mask import Mask
from lesionary.scan.scan import Scan
from lesionary.scan.write import write_volume


def write_mask(mask: Mask | Sequence[Mask], path: str | Path, *, scan: Scan | None = None) -> Path:
    """Write one mask (label 1) or several (labels 1, 2, ... in their order) as one file.

    Parameters
    ----------
    path
        Its ending says the format: ``.nii``, ``.nii.gz``, ``.nrrd`` or ``.mha``. For DICOM
        see :func:`write_seg` and :func:`write_rtstruct`.
    scan : Scan, optional
        The scan the masks belong to; it is an error if their geometry differs.

    Raises
    ------
    MaskError
        If masks overlap (a label file holds one label a voxel) or their geometries differ.
    """
    masks = [mask] if isinstance(mask, Mask) else list(mask)
    grid = shared_grid(masks, scan.geometry if scan else None)
    labels = np.zeros(grid.shape, dtype=np.uint8 if len(masks) < 256 else np.uint16)
    for label, one in enumerate(masks, start=1):
        if labels[one.voxels].any():
            other = masks[int(labels[one.voxels].max()) - 1]
            raise MaskError(
                f"Masks {other.name!r} and {one.name!r} overlap, and a label file holds one label "
                "a voxel. Write one file each, or a DICOM SEG or RTSTRUCT."
            )
        labels[one.voxels] = label
    return write_volume(labels, grid, path, compress=True)


def shared_grid(masks: Sequence[Mask], grid: Geometry | None) -> Geometry:
    """Return the grid that all masks are on (the given one, or the first mask's)."""
    if not masks:
        raise MaskError("There is no mask to write.")
    grid = grid or masks[0].geometry
    for mask in masks:
        if not mask.geometry.matches(grid):
            raise MaskError(
                f"Mask {mask.name!r} is on another grid than the scan or the other masks: "
                f"{mask.geometry} against {grid}."
            )
    return grid
