"""Cut patches: crop first, then resample only what is needed."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from lesionary.errors import ScanError
from lesionary.scan.geometry import FloatArray
from lesionary.scan.lattice import Lattice, lattice_around_seed
from lesionary.scan.published_grids import lattice_on_itk_grid, lattice_on_monai_grid
from lesionary.scan.recipe import Recipe
from lesionary.scan.scan import Scan

_MARGIN = {"linear": 1, "nearest": 1, "bspline": 16}
"""Voxels around the points that a kernel needs; a spline's reach has faded to 1e-9 by 16."""


def cut_patches(scan: Scan, centers_mm: ArrayLike, recipe: Recipe) -> NDArray[np.float32]:
    """Cut one patch around each seed; see ``Scan.patches``."""
    centers = np.asarray(centers_mm, dtype=np.float64).reshape(-1, 3)
    lattices = [_lay_lattice(scan, center, recipe) for center in centers]
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


def _lay_lattice(scan: Scan, center: FloatArray, recipe: Recipe) -> Lattice:
    if not np.isfinite(center).all():
        raise ScanError(f"The seed {center.tolist()} is not a point: give finite LPS mm.")
    lattice = _GRIDS[recipe.grid](scan.geometry, center, recipe)
    if lattice is None or not lattice.touches(scan.shape):
        low, high = scan.geometry.bounds_mm
        raise ScanError(
            f"The patch around {center.round(1).tolist()} mm lies outside the scan, which reaches "
            f"from {low.round(1).tolist()} to {high.round(1).tolist()} (x, y, z in LPS mm). "
            "Are the coordinates RAS, or voxel indices?"
        )
    return lattice


_GRIDS = {
    "seed": lattice_around_seed,
    "monai": lattice_on_monai_grid,
    "itk": lattice_on_itk_grid,
}


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
            beyond = (index < -0.5) | (index >= n - 0.5)
            outside = outside | (_along(beyond, axis) if lattice.is_separable else beyond)
            points.append(np.clip(index, 0, n - 1) - first)

    sampled = _KERNELS[recipe.interpolation](values, points)
    if np.any(outside):
        sampled = np.where(outside, recipe.padding, sampled)
    return sampled


def _linear(values: FloatArray, points: list[FloatArray]) -> FloatArray:
    """Interpolate along x, then y, then z, each as ``a + (b - a) * w``: ITK to the last bit."""
    if points[0].ndim == 1:
        for axis in (2, 1, 0):
            lower, upper, weight = _neighbours(points[axis], values.shape[axis])
            before = np.take(values, lower, axis)
            after = np.take(values, upper, axis)
            values = _mix(before, after, _along(weight, axis))
        return values
    (z0, z1, wz), (y0, y1, wy), (x0, x1, wx) = map(_neighbours, points, values.shape)

    def row(z: NDArray[np.intp], y: NDArray[np.intp]) -> FloatArray:
        return _mix(values[z, y, x0], values[z, y, x1], wx)

    lower_plane = _mix(row(z0, y0), row(z0, y1), wy)
    return _mix(lower_plane, _mix(row(z1, y0), row(z1, y1), wy), wz)


def _nearest(values: FloatArray, points: list[FloatArray]) -> FloatArray:
    index = [
        np.minimum(np.floor(p + 0.5).astype(np.intp), n - 1)
        for p, n in zip(points, values.shape, strict=True)
    ]
    picked: FloatArray = values[np.ix_(*index) if points[0].ndim == 1 else tuple(index)]
    return picked


def _bspline(values: FloatArray, points: list[FloatArray]) -> FloatArray:
    grid = np.meshgrid(*points, indexing="ij") if points[0].ndim == 1 else points
    sampled: FloatArray = ndimage.map_coordinates(values, grid, order=3, mode="mirror")
    return sampled


_KERNELS = {"linear": _linear, "nearest": _nearest, "bspline": _bspline}


def _neighbours(
    points: FloatArray, n: int
) -> tuple[NDArray[np.intp], NDArray[np.intp], FloatArray]:
    lower = np.floor(points).astype(np.intp)
    return lower, np.minimum(lower + 1, n - 1), points - lower


def _mix(before: FloatArray, after: FloatArray, weight: FloatArray) -> FloatArray:
    after -= before
    after *= weight
    after += before
    return after


def _along(vector: NDArray[Any], axis: int) -> NDArray[Any]:
    shape = [1, 1, 1]
    shape[axis] = -1
    return vector.reshape(shape)
