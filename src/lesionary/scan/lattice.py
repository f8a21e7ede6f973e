"""Where the points of a patch lie in the scan's voxel grid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lesionary.scan.geometry import FloatArray, Geometry
from lesionary.scan.recipe import Recipe

SIDES = {"L": (0, 1), "R": (0, -1), "P": (1, 1), "A": (1, -1), "S": (2, 1), "I": (2, -1)}
"""For each side of the patient, the LPS axis it lies on and in which direction."""

_ALIGNED_VOX = 1e-9
"""Points this close to a voxel row, in voxels, count as on it."""


@dataclass(frozen=True)
class Lattice:
    """Sample points of one patch, as continuous voxel indices of the scan.

    Attributes
    ----------
    coordinates : tuple of ndarray
        Index along the scan's z, y and x axis. Three vectors where the patch's axes run along
        the scan's (the points are their outer product), else three arrays in the scan's order.
    order : tuple of int
        How to transpose what is sampled, so that its axes are the patch's.
    shape : tuple of int
        Shape of what is sampled, after the transposition.
    start_vox : tuple of int
        Where it goes in the patch; the rest of the patch is padding.
    """

    coordinates: tuple[FloatArray, FloatArray, FloatArray]
    order: tuple[int, ...]
    shape: tuple[int, ...]
    start_vox: tuple[int, ...] = (0, 0, 0)

    @property
    def is_separable(self) -> bool:
        """Whether the points are the outer product of three vectors."""
        return self.coordinates[0].ndim == 1

    def touches(self, shape: tuple[int, int, int]) -> bool:
        """Tell whether any point lies in a voxel of a scan of ``shape``."""
        inside: Any = True
        for points, n in zip(self.coordinates, shape, strict=True):
            within = (points >= -0.5) & (points < n - 0.5)
            inside = inside & (within.any() if self.is_separable else within)
        return bool(np.any(inside))


def lattice_around_seed(geometry: Geometry, center: FloatArray, recipe: Recipe) -> Lattice:
    """Lay the points evenly around a seed (LPS mm), which is exactly at the recipe's index."""
    spacing = np.asarray(recipe.spacing_mm or geometry.spacing_mm)
    directions = np.eye(3)
    if recipe.axes == "scan":
        directions, own_axes = nearest_axes(geometry)
        if recipe.spacing_mm is None:
            spacing = spacing[list(own_axes)]
    steps = np.empty((3, 3))
    for axis, letter in enumerate(recipe.orientation):
        side, sign = SIDES[letter]
        steps[:, axis] = directions[:, side] * spacing[side] * sign
    first_mm = center - steps @ np.asarray(recipe.seed_index_vox)
    return lattice_from_steps(geometry, first_mm, steps, recipe.size_vox)


def lattice_from_steps(
    geometry: Geometry,
    first_mm: FloatArray,
    steps_mm: FloatArray,
    shape: Sequence[int],
    start_vox: tuple[int, ...] = (0, 0, 0),
) -> Lattice:
    """Make the lattice whose point ``(i, j, k)`` is at ``first_mm + steps_mm @ (i, j, k)``."""
    to_index = np.linalg.inv(geometry.affine[:3, :3])
    first = (to_index @ (first_mm - geometry.affine[:3, 3]))[::-1]
    jacobian = (to_index @ steps_mm)[::-1]  # rows: the scan's z, y, x; columns: the patch's axes
    along = np.abs(jacobian).argmax(axis=0)
    rest = jacobian.copy()
    rest[along, [0, 1, 2]] = 0
    if sorted(along) == [0, 1, 2] and np.abs(rest).max() * max(shape) < _ALIGNED_VOX:
        vectors = [np.empty(0)] * 3
        for axis, scan_axis in enumerate(along):
            step = jacobian[scan_axis, axis]
            vectors[scan_axis] = first[scan_axis] + step * np.arange(shape[axis])
        z, y, x = vectors
        return Lattice((z, y, x), tuple(along.tolist()), tuple(shape), start_vox)
    index = np.indices(tuple(shape), dtype=np.float64)
    z, y, x = np.tensordot(jacobian, index, axes=1) + first[:, None, None, None]
    return Lattice((z, y, x), (0, 1, 2), tuple(shape), start_vox)


def nearest_axes(geometry: Geometry) -> tuple[FloatArray, tuple[int, ...]]:
    """Match the scan's axes with the patient's (left, back, head).

    Returns the scan's unit vectors (columns), permuted and flipped to be nearest to LPS, and for
    each of LPS which of the scan's (x, y, z) axes it is.
    """
    direction = geometry.direction
    best = max(
        ((0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)),
        key=lambda axes: sum(abs(direction[side, axis]) for side, axis in enumerate(axes)),
    )
    signs = [np.sign(direction[side, axis]) for side, axis in enumerate(best)]
    return np.asarray(direction[:, list(best)] * signs), best
