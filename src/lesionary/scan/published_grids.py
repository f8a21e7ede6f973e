"""The two sampling grids of published features, evaluated at the patch only.

Both resample the *whole* scan, round the seed down to a voxel of the result and crop. Here the
grid they would make is worked out, and only the crop's points are kept. A crop that hits the
border is shrunk and padded evenly, as published, which moves the lesion off the centre.
"""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk
from numpy.typing import ArrayLike

from lesionary.scan.geometry import FloatArray, Geometry
from lesionary.scan.lattice import SIDES, Lattice, lattice_from_steps, nearest_axes
from lesionary.scan.recipe import Recipe

_LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
_MONAI_TOLERANCE = 1e-3


def lattice_on_monai_grid(geometry: Geometry, center: FloatArray, recipe: Recipe) -> Lattice | None:
    """Lay the grid of MONAI's ``Spacingd(diagonal=True)`` followed by ``Orientationd``.

    All of it is in RAS, MONAI's own world. A spacing that is already within MONAI's
    tolerance of the wanted one is kept, axis by axis, as MONAI does.
    """
    affine = _LPS_TO_RAS @ geometry.affine
    size = np.asarray(geometry.shape[::-1])
    own = np.asarray(geometry.spacing_mm)
    wanted = np.asarray(recipe.spacing_mm)
    spacing = np.where(np.abs(own - wanted) <= _MONAI_TOLERANCE, own, wanted)

    corners = np.array(np.meshgrid(*[(0.0, n - 1.0) for n in size], indexing="ij")).reshape(3, -1)
    world = affine[:3, :3] @ corners + affine[:3, 3:]
    in_steps = world / spacing[:, None]
    count = np.round(np.ptp(in_steps, axis=1) + 1.0).astype(int)
    lowest = [i for i in range(8) if np.allclose(in_steps.min(axis=1) - in_steps[:, i], 0.0)]
    if lowest:
        origin = world[:, lowest[0]]
    else:  # an oblique scan: no corner is lowest on every axis, and MONAI matches the centres
        origin = affine[:3, :3] @ (size / 2) + affine[:3, 3] - spacing * (count / 2)

    grid = np.diag([*spacing, 1.0])
    grid[:3, 3] = origin
    for letter in recipe.orientation:
        side, sign = SIDES[letter]
        if sign * _LPS_TO_RAS[side, side] < 0:
            flip = np.eye(4)
            flip[side, side], flip[side, 3] = -1.0, count[side] - 1
            grid = grid @ flip
    seed = np.linalg.inv(grid) @ (_LPS_TO_RAS @ np.append(center, 1.0))

    sides = [SIDES[letter][0] for letter in recipe.orientation]
    crop = _crop(seed[sides], count[sides], recipe)
    if crop is None:
        return None
    start, shape, start_vox = crop
    to_lps = _LPS_TO_RAS @ grid
    steps = to_lps[:3, sides]
    return lattice_from_steps(geometry, to_lps[:3, 3] + steps @ start, steps, shape, start_vox)


def lattice_on_itk_grid(geometry: Geometry, center: FloatArray, recipe: Recipe) -> Lattice | None:
    """Lay the grid of SimpleITK's ``Resample`` to a spacing, along the scan's own axes.

    The crop is turned to the recipe's orientation afterwards, as published, so that along a
    flipped axis the seed ends one voxel before the middle.
    """
    spacing = np.asarray(recipe.spacing_mm)
    size = geometry.shape[::-1]
    count = np.array(
        [round(n * s / w) for n, s, w in zip(size, geometry.spacing_mm, spacing, strict=True)]
    )
    resampled = _itk_grid(geometry, spacing)
    seed = np.asarray(resampled.TransformPhysicalPointToContinuousIndex(center.tolist()))

    _, own_axes = nearest_axes(geometry)
    axes = [own_axes[SIDES[letter][0]] for letter in recipe.orientation]
    crop = _crop(seed[axes], count[axes], recipe)
    if crop is None:
        return None
    start, shape, start_vox = crop
    index = [np.empty(0)] * 3
    for axis, letter in enumerate(recipe.orientation):
        side, sign = SIDES[letter]
        own = axes[axis]
        along = np.arange(start[axis], start[axis] + shape[axis], dtype=np.float64)
        index[own] = along[::-1] if sign * geometry.direction[side, own] < 0 else along
    x, y, z = _itk_coordinates(geometry, resampled, index, int(count[0]))
    return Lattice((z, y, x), tuple(2 - own for own in axes), shape, start_vox)


def _itk_coordinates(
    geometry: Geometry, resampled: sitk.Image, index: list[FloatArray], row_length: int
) -> list[FloatArray]:
    """Map indices ``(x, y, z)`` of the resampled grid to the scan's, in ITK's own steps.

    The values are truncated to integers afterwards, so the last bit of a coordinate decides:
    ITK maps both ends of a row of voxels to points in space and back, and interpolates along
    the row. Where the grid is not turned, a row's points do not depend on the others'.
    """
    to_mm = np.reshape(resampled.GetDirection(), (3, 3)) * resampled.GetSpacing()
    origin = np.asarray(resampled.GetOrigin())
    unmoved = _itk_grid(geometry, np.asarray(geometry.spacing_mm))
    unmoved.SetOrigin((0.0, 0.0, 0.0))
    to_index = np.transpose(
        [unmoved.TransformPhysicalPointToContinuousIndex(unit) for unit in np.eye(3).tolist()]
    )

    def mapped(x: float, y: ArrayLike, z: ArrayLike) -> list[FloatArray]:
        index = x, np.asarray(y, np.float64), np.asarray(z, np.float64)
        offset = []
        for row, start in zip(to_mm, origin, strict=True):
            point = start + row[0] * index[0] + row[1] * index[1] + row[2] * index[2]
            offset.append(point - start)
        return [row[0] * offset[0] + row[1] * offset[1] + row[2] * offset[2] for row in to_index]

    share = index[0] / row_length
    if (np.count_nonzero(to_mm, axis=0) == 1).all():
        first, last = mapped(0, 0, 0)[0], mapped(row_length, 0, 0)[0]
        return [
            first + share * (last - first),
            mapped(0, index[1], 0)[1],
            mapped(0, 0, index[2])[2],
        ]
    z, y, share = np.meshgrid(index[2], index[1], share, indexing="ij")
    ends = zip(mapped(0, y, z), mapped(row_length, y, z), strict=True)
    return [first + share * (last - first) for first, last in ends]


def _itk_grid(geometry: Geometry, spacing: FloatArray) -> sitk.Image:
    grid = sitk.Image(1, 1, 1, sitk.sitkUInt8)
    grid.SetSpacing(spacing.tolist())
    grid.SetOrigin(geometry.origin_mm)
    grid.SetDirection(geometry.direction.ravel().tolist())
    return grid


def _crop(
    seed: FloatArray, count: FloatArray, recipe: Recipe
) -> tuple[list[int], tuple[int, ...], tuple[int, ...]] | None:
    """Crop around the seed, rounded down; return where, of what shape, and where it goes."""
    start, shape, start_vox = [], [], []
    for index, n, full in zip(seed, count, recipe.size_vox, strict=True):
        first = max(int(index) - full // 2, 0)
        last = min(int(index) + full // 2, int(n))
        if last <= first:
            return None
        start.append(first)
        shape.append(last - first)
        start_vox.append((full - shape[-1]) // 2)
    return start, tuple(shape), tuple(start_vox)
