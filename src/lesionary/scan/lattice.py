"""Where the points of a patch lie in the scan's voxel grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from lesionary.errors import ScanError
from lesionary.scan.geometry import FloatArray, Geometry
from lesionary.scan.recipe import Recipe

_LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
_MONAI_TOLERANCE = 1e-3
_ALIGNED_VOX = 1e-9
"""Points this close to a voxel row, in voxels, count as on it."""


@dataclass(frozen=True)
class Lattice:
    """Sample points of one patch, as continuous voxel indices of the scan.

    Attributes
    ----------
    coordinates : tuple of ndarray
        Index along the scan's z, y and x axis. Three vectors where the patch's axes run along
        the scan's (the points are their outer product), else three ``(D, H, W)`` arrays.
    order : tuple of int
        How to transpose what is sampled, so that its axes are the patch's.
    shape : tuple of int
        Shape of what is sampled, after ``order``.
    start_vox : tuple of int
        Where it goes in the patch; the rest of the patch is padding.
    """

    coordinates: tuple[FloatArray, FloatArray, FloatArray]
    order: tuple[int, ...]
    shape: tuple[int, ...]
    start_vox: tuple[int, ...]

    @property
    def is_separable(self) -> bool:
        """Whether the points are the outer product of three vectors."""
        return self.coordinates[0].ndim == 1


def lay_lattice(geometry: Geometry, center_mm: ArrayLike, recipe: Recipe) -> Lattice:
    """Lay the sample points of a patch with its seed at ``center_mm`` (LPS mm, shape (3,))."""
    center = np.asarray(center_mm, dtype=np.float64)
    if center.shape != (3,) or not np.isfinite(center).all():
        raise ScanError(f"A seed is three finite numbers (x, y, z) in LPS mm, not {center_mm!r}.")
    lay = {"seed": _around_seed, "monai": _on_monai_grid, "itk": _on_itk_grid}[recipe.grid]
    lattice = lay(geometry, center, recipe)
    if lattice is None or not _touches(lattice, geometry.shape):
        low, high = geometry.bounds_mm
        raise ScanError(
            f"The patch around {center.round(1).tolist()} mm lies outside the scan, which reaches "
            f"from {low.round(1).tolist()} to {high.round(1).tolist()} (x, y, z in LPS mm). "
            "Are the coordinates RAS, or voxel indices?"
        )
    return lattice


def _around_seed(geometry: Geometry, center: FloatArray, recipe: Recipe) -> Lattice:
    spacing = np.asarray(recipe.spacing_mm or geometry.spacing_mm)
    if recipe.axes == "patient":
        directions = np.eye(3)
    else:
        directions, own_axes = _scan_axes(geometry)
        if recipe.spacing_mm is None:
            spacing = spacing[list(own_axes)]
    steps = np.zeros((3, 3))
    for axis, letter in enumerate(recipe.orientation):
        side, sign = _SIDE_LPS[letter]
        steps[:, axis] = directions[:, side] * spacing[side] * sign
    first_mm = center - steps @ np.asarray(recipe.seed_index_vox)
    return _from_steps(geometry, first_mm, steps, recipe.size_vox, (0, 0, 0))


def _on_monai_grid(geometry: Geometry, center: FloatArray, recipe: Recipe) -> Lattice | None:
    """Crop the grid of ``Spacingd(diagonal=True)`` and ``Orientationd``, evaluated only there.

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
    sides = [_SIDE_RAS[letter] for letter in recipe.orientation]
    turn = np.eye(4)
    for side, sign in sides:
        if sign < 0:
            turn[side, side], turn[side, 3] = -1.0, count[side] - 1
    turned = grid @ turn
    seed = np.linalg.inv(turned) @ _LPS_TO_RAS @ np.append(center, 1.0)

    start, stop, first = [], [], np.zeros(3)
    for axis, (side, _) in enumerate(sides):
        half = recipe.size_vox[axis] // 2
        start.append(max(int(seed[side]) - half, 0))
        stop.append(min(int(seed[side]) + half, int(count[side])))
        first[side] = start[axis]
    shape = tuple(b - a for a, b in zip(start, stop, strict=True))
    if min(shape) <= 0:
        return None
    ras_to_lps = _LPS_TO_RAS[:3, :3]
    first_mm = ras_to_lps @ (turned[:3, :3] @ first + turned[:3, 3])
    steps = ras_to_lps @ turned[:3, [side for side, _ in sides]]
    return _from_steps(geometry, first_mm, steps, shape, _split_padding(shape, recipe))


def _on_itk_grid(geometry: Geometry, center: FloatArray, recipe: Recipe) -> Lattice | None:
    """Crop the grid of SimpleITK's ``Resample`` to a spacing, along the scan's own axes.

    The crop is turned to ``recipe.orientation`` afterwards, as published, so a flipped axis
    has its seed one voxel before the middle.
    """
    spacing = np.asarray(recipe.spacing_mm)
    own = np.asarray(geometry.spacing_mm)
    count = [round(n * s / w) for n, s, w in zip(geometry.shape[::-1], own, spacing, strict=True)]
    seed = np.linalg.inv(geometry.direction * spacing) @ (center - geometry.affine[:3, 3])

    _, own_axes = _scan_axes(geometry)
    coordinates: list[FloatArray] = [np.empty(0)] * 3
    order, shape = [], []
    for axis, letter in enumerate(recipe.orientation):
        side, sign = _SIDE_LPS[letter]
        own_axis = own_axes[side]
        half = recipe.size_vox[axis] // 2
        start = max(int(seed[own_axis]) - half, 0)
        stop = min(int(seed[own_axis]) + half, count[own_axis])
        if stop <= start:
            return None
        index = _itk_index(geometry, own_axis, count[own_axis], spacing[own_axis])[start:stop]
        runs_backwards = sign * geometry.direction[side, own_axis] < 0
        coordinates[2 - own_axis] = index[::-1] if runs_backwards else index
        order.append(2 - own_axis)
        shape.append(stop - start)
    z, y, x = coordinates
    start_vox = _split_padding(tuple(shape), recipe)
    return Lattice((z, y, x), tuple(order), tuple(shape), start_vox)


def _itk_index(geometry: Geometry, axis: int, count: int, spacing: float) -> FloatArray:
    """Return the continuous index of output voxels 0 to ``count`` along one of the scan's axes.

    Done step by step as ITK does it, since the values are truncated afterwards and the last
    bit decides: along x, ITK interpolates between the ends of a row; along y and z it maps
    every voxel to a point in space and back.
    """
    own = geometry.spacing_mm[axis]
    index = np.arange(count, dtype=np.float64)
    if axis == 0:
        return np.asarray(index / count * (count * spacing / own))
    return np.asarray(index * spacing / own)


def _from_steps(
    geometry: Geometry,
    first_mm: FloatArray,
    steps: FloatArray,
    shape: tuple[int, ...],
    start_vox: tuple[int, ...],
) -> Lattice:
    """Make the lattice whose voxel ``(i, j, k)`` is at ``first_mm + steps @ (i, j, k)``."""
    to_index = np.linalg.inv(geometry.affine[:3, :3])
    first = (to_index @ (first_mm - geometry.affine[:3, 3]))[::-1]
    jacobian = (to_index @ steps)[::-1]  # rows: the scan's z, y, x; columns: the patch's axes
    along = np.abs(jacobian).argmax(axis=0)
    rest = jacobian.copy()
    rest[along, [0, 1, 2]] = 0
    if sorted(along) == [0, 1, 2] and np.abs(rest).max() * max(shape) < _ALIGNED_VOX:
        vectors = [np.empty(0)] * 3
        for axis, scan_axis in enumerate(along):
            step = jacobian[scan_axis, axis]
            vectors[scan_axis] = first[scan_axis] + step * np.arange(shape[axis])
        z, y, x = vectors
        return Lattice((z, y, x), tuple(along.tolist()), shape, start_vox)
    index = np.indices(shape, dtype=np.float64)
    z, y, x = np.tensordot(jacobian, index, axes=1) + first[:, None, None, None]
    return Lattice((z, y, x), (0, 1, 2), shape, start_vox)


def _scan_axes(geometry: Geometry) -> tuple[FloatArray, tuple[int, ...]]:
    """Match the scan's axes with the patient's (left, back, head).

    Returns the scan's unit vectors, permuted and flipped to be nearest to LPS (columns), and for
    each of LPS which of the scan's (x, y, z) axes it is.
    """
    direction = geometry.direction
    best = max(
        ((0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)),
        key=lambda axes: sum(abs(direction[side, axis]) for side, axis in enumerate(axes)),
    )
    signs = [np.sign(direction[side, axis]) for side, axis in enumerate(best)]
    return np.asarray(direction[:, list(best)] * signs), best


def _split_padding(shape: tuple[int, ...], recipe: Recipe) -> tuple[int, ...]:
    return tuple((full - n) // 2 for full, n in zip(recipe.size_vox, shape, strict=True))


def _touches(lattice: Lattice, shape: tuple[int, int, int]) -> bool:
    inside: Any = True
    for points, n in zip(lattice.coordinates, shape, strict=True):
        within = (points >= -0.5) & (points <= n - 0.5)
        inside = inside & (within.any() if lattice.is_separable else within)
    return bool(np.any(inside))


_SIDE_LPS = {"L": (0, 1), "R": (0, -1), "P": (1, 1), "A": (1, -1), "S": (2, 1), "I": (2, -1)}
_SIDE_RAS = {"R": (0, 1), "L": (0, -1), "A": (1, 1), "P": (1, -1), "S": (2, 1), "I": (2, -1)}
