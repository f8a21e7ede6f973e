"""Put a mask on a scan's grid: only where it fits, or where resampling was asked for."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from lesionary.errors import MaskError
from lesionary.scan.geometry import Geometry
from lesionary.scan.masks.mask import Mask

# Two lattices are the same where no voxel is further than this from one of the other's.
_TOLERANCE_VOX = 0.05


def fit(mask: Mask, grid: Geometry | None, *, resample: bool) -> Mask:
    """Return ``mask`` on ``grid`` (as it is, where there is none).

    Raises
    ------
    MaskError
        If the geometries differ and ``resample`` is false, or nothing is left of the mask.
    """
    if grid is None:
        return mask
    if mask.geometry.matches(grid):
        return Mask(mask.voxels, grid, mask.name, mask.source)
    if not resample:
        raise MaskError(
            f"{mask.source}: the mask's geometry is not the scan's. Mask: {mask.geometry}; "
            f"scan: {grid}{_direction_hint(mask.geometry, grid)}. If they belong together, ask "
            "for resampling (resample=True; nearest neighbour)."
        )
    index = np.linalg.inv(mask.geometry.affine) @ grid.affine
    voxels = ndimage.affine_transform(
        mask.voxels.view(np.uint8),
        index[2::-1, 2::-1],
        index[2::-1, 3],
        output_shape=grid.shape,
        order=0,
        mode="grid-constant",
    ).view(np.bool_)
    if not voxels.any():
        raise MaskError(
            f"{mask.source}: nothing of mask {mask.name!r} lies in the scan: {mask.geometry} "
            f"against {grid}."
        )
    return Mask(voxels, grid, mask.name, mask.source)


def place(
    voxels: NDArray[np.bool_], geometry: Geometry, grid: Geometry
) -> NDArray[np.bool_] | None:
    """Copy voxels onto a grid whose lattice they share; None where it is not the same lattice.

    The grid may begin elsewhere, run the other way or along other axes: DICOM objects store
    any subset of slices, in any order. Voxels beyond the grid are dropped.
    """
    step = np.linalg.inv(grid.affine) @ geometry.affine
    whole = np.rint(step)
    reach = np.array([*geometry.shape[::-1], 1])
    if (np.abs(step - whole)[:3] @ reach).max() > _TOLERANCE_VOX:
        return None
    if not np.array_equal(np.abs(whole[:3, :3]).sum(axis=0), [1, 1, 1]):
        return None
    index = np.argwhere(voxels)[:, ::-1] @ whole[:3, :3].T.astype(np.intp)
    index = (index + whole[:3, 3].astype(np.intp))[:, ::-1]
    inside = ((index >= 0) & (index < grid.shape)).all(axis=1)
    placed = np.zeros(grid.shape, dtype=np.bool_)
    placed[tuple(index[inside].T)] = True
    return placed


def _direction_hint(mask: Geometry, grid: Geometry) -> str:
    if np.allclose(mask.direction, grid.direction, atol=1e-3):
        return ""
    return f" (axes point elsewhere: {_axes(mask)} against {_axes(grid)})"


def _axes(geometry: Geometry) -> str:
    return str(np.round(geometry.direction, 3).T.tolist())
