"""Cut patches: crop first, then resample only what is needed."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from lesionary.errors import ScanError
from lesionary.scan.geometry import FloatArray
from lesionary.scan.lattice import Lattice, lay_lattice
from lesionary.scan.recipe import Recipe
from lesionary.scan.scan import Scan

_MARGIN = {"linear": 1, "nearest": 1, "bspline": 16}
"""Voxels around the points that a kernel needs; a spline's reach has faded to 1e-9 by 16."""


def cut_patches(scan: Scan, centers_mm: ArrayLike, recipe: Recipe) -> NDArray[np.float32]:
    """Cut one patch around each seed; see ``Scan.patches``."""
    centers = np.asarray(centers_mm, dtype=np.float64).reshape(-1, 3)
    lattices = [lay_lattice(scan.geometry, center, recipe) for center in centers]
    patches = np.empty((len(lattices), 1, *recipe.size_vox), np.float32)
    boxes = [_box(lattice, scan.shape, recipe) for lattice in lattices]
    for start, stop, members in _slabs([(low[0], high[0]) for low, high in boxes]):
        slab = scan.voxels.read(start, stop)
        for i in members:
            low, high = boxes[i]
            block = slab[low[0] - start : high[0] - start, low[1] : high[1], low[2] : high[2]]
            patches[i, 0] = _cut(block, low, scan.shape, lattices[i], recipe)
    if np.isnan(patches).any():
        bad = centers[np.isnan(patches).any(axis=(1, 2, 3, 4))].tolist()
        raise ScanError(
            f"{scan.source or 'The scan'} holds NaN voxels in the patch(es) around {bad} mm. "
            "Replace them in the file by the value of air, or leave these seeds out."
        )
    return patches


def _box(
    lattice: Lattice, shape: tuple[int, int, int], recipe: Recipe
) -> tuple[list[int], list[int]]:
    """Bounds (low, high) of the voxels that the points need, ``(z, y, x)``."""
    margin = _MARGIN[recipe.interpolation]
    low, high = [], []
    for points, n in zip(lattice.coordinates, shape, strict=True):
        low.append(min(max(int(np.floor(points.min())) - margin, 0), n - 1))
        high.append(max(min(int(np.floor(points.max())) + margin + 2, n), 1))
    return low, high


def _slabs(ranges: list[tuple[int, int]]) -> list[tuple[int, int, list[int]]]:
    """Merge overlapping slice ranges, so that each slice is read once."""
    slabs: list[tuple[int, int, list[int]]] = []
    for i in sorted(range(len(ranges)), key=lambda i: ranges[i]):
        start, stop = ranges[i]
        if slabs and start < slabs[-1][1]:
            first, last, members = slabs[-1]
            slabs[-1] = (first, max(last, stop), [*members, i])
        else:
            slabs.append((start, stop, [i]))
    return slabs


def _cut(
    block: NDArray[Any],
    low: list[int],
    shape: tuple[int, int, int],
    lattice: Lattice,
    recipe: Recipe,
) -> NDArray[np.float32]:
    values = _sample(block, low, shape, lattice, recipe)
    if recipe.round_to_integer and block.dtype.kind in "iu":
        values = np.trunc(values)
    patch = np.full(recipe.size_vox, recipe.padding, np.float64)
    patch[tuple(slice(a, a + n) for a, n in zip(lattice.start_vox, lattice.shape, strict=True))] = (
        values.transpose(lattice.order)
    )
    if recipe.intensity:
        low_value, high_value = recipe.intensity.low, recipe.intensity.high
        first, last = recipe.intensity.to
        patch -= low_value
        patch *= (last - first) / (high_value - low_value)
        patch += first
        if recipe.intensity.clip:
            np.clip(patch, min(first, last), max(first, last), out=patch)
    return patch.astype(np.float32)


def _sample(
    block: NDArray[Any],
    low: list[int],
    shape: tuple[int, int, int],
    lattice: Lattice,
    recipe: Recipe,
) -> FloatArray:
    """Interpolate a block of the scan that begins at ``low`` at the points of a lattice."""
    values = block.astype(np.float64)
    points: list[FloatArray] = []
    outside: Any = False
    for axis, n in enumerate(shape):
        index = lattice.coordinates[axis]
        first = low[axis]
        if recipe.grid == "monai":
            # Beyond the outermost voxel centres, the scan fades into the padding.
            width = [(0, 0)] * 3
            width[axis] = (int(first == 0), int(first + block.shape[axis] == n))
            values = np.pad(values, width, constant_values=recipe.padding)
            first -= width[axis][0]
            points.append(np.clip(index, -1, n) - first)
        else:
            # Half a voxel beyond them is still the outermost voxel, and then comes padding.
            beyond = (index < -0.5) | (index > n - 0.5)
            outside = outside | (_along(beyond, axis) if lattice.is_separable else beyond)
            points.append(np.clip(index, 0, n - 1) - first)

    if not lattice.is_separable or recipe.interpolation == "bspline":
        grid = np.meshgrid(*points, indexing="ij") if lattice.is_separable else points
        order = {"nearest": 0, "linear": 1, "bspline": 3}[recipe.interpolation]
        sampled: FloatArray = ndimage.map_coordinates(values, grid, order=order, mode="mirror")
    else:
        sampled = values
        for axis in (2, 1, 0):  # x, y, z: ITK's order, and the coarsest axis last
            sampled = _interpolate(sampled, points[axis], axis, recipe.interpolation)
    if np.any(outside):
        sampled = np.where(outside, recipe.padding, sampled)
    return sampled


def _interpolate(values: FloatArray, points: FloatArray, axis: int, how: str) -> FloatArray:
    last = values.shape[axis] - 1
    if how == "nearest":
        return np.take(values, np.clip(np.floor(points + 0.5).astype(int), 0, last), axis)
    lower = np.clip(np.floor(points).astype(int), 0, last)
    before: FloatArray = np.take(values, lower, axis)
    after: FloatArray = np.take(values, np.minimum(lower + 1, last), axis)
    after -= before
    after *= _along(points - lower, axis)
    after += before
    return after


def _along(vector: NDArray[Any], axis: int) -> NDArray[Any]:
    shape = [1, 1, 1]
    shape[axis] = -1
    return vector.reshape(shape)
