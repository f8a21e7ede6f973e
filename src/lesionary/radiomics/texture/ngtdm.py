"""Neighbourhood grey tone difference: how far a voxel is from the mean of its neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lesionary.radiomics.texture.aggregation import Aggregation
from lesionary.radiomics.texture.catalogue import FAMILIES
from lesionary.radiomics.texture.matrices import Floats, Ints
from lesionary.radiomics.texture.region import IntArray, Region, Step

COARSEST = 1e6  # the manual's value for a region in which nothing differs


@dataclass(frozen=True)
class Tones:
    """For each slice (or all of space) and level: voxels with a neighbour, and what they differ.

    Parameters
    ----------
    count
        Voxels of a level that have a neighbour in the region, ``(slice, level - 1)``.
    difference
        Sum of the absolute differences of these voxels from the mean of their neighbours.
    """

    count: Floats
    difference: Floats

    def merged(self, how: Aggregation) -> Tones:
        """Add up the slices."""
        if not how.merge_slices:
            return self
        return Tones(self.count.sum(0, keepdims=True), self.difference.sum(0, keepdims=True))


def matrices(region: Region, *, in_plane: bool, distance: int = 1) -> Tones:
    """Compare each voxel with the mean of its neighbours up to a Chebyshev distance."""
    axes: list[Step] = [(0, 0, 1), (0, 1, 0)] if in_plane else [(0, 0, 1), (0, 1, 0), (1, 0, 0)]
    strides = [region.offset(axis) for axis in axes]
    # The narrowest type that holds a neighbourhood's sum.
    largest = (2 * distance + 1) ** 3 * region.n_levels
    dtype = np.promote_types(np.int16, np.min_scalar_type(-largest))
    neighbours = _box_sum((region.flat > 0).astype(dtype), strides, distance)[region.inside] - 1
    others = _box_sum(region.flat.astype(dtype), strides, distance)[region.inside] - region.levels
    levels, slices = region.levels, region.slices(in_plane)
    if not neighbours.all():
        known = np.flatnonzero(neighbours)
        neighbours, others = neighbours[known], others[known]
        levels, slices = levels[known], slices[known]
    n_slices = len(region.voxels(in_plane))
    keys = slices * region.n_levels + levels - 1
    size = n_slices * region.n_levels
    difference = np.abs(levels - others / neighbours)
    count, sums = np.bincount(keys, minlength=size), np.bincount(keys, difference, size)
    return Tones(
        count.reshape(n_slices, -1).astype(np.float64),
        sums.reshape(n_slices, -1).astype(np.float64),
    )


def features(tones: Tones) -> dict[str, Floats]:
    """Return the features of each slice (or of space), by IBSI code.

    NaN without a voxel that has a neighbour. Where nothing differs, coarseness is 1e6 and the
    others are 0, as the manual has it. Busyness is NaN, too, where the product of level and count
    is the same for all levels, which divides by zero.
    """
    size, i, n, s = _levels_there(tones)
    total = n.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        p = n / total[:, None]
        weighted, differ = (p * s).sum(axis=1), s.sum(axis=1)
        there = n > 0
        from_mean = i - (p * i).sum(axis=1, keepdims=True)
        from_middle = np.where(there, i - i.sum(axis=1, keepdims=True) / size[:, None], 0)
        # Sums over all pairs of levels, most of them in closed form.
        contrast = 2 * (p * from_mean**2).sum(axis=1) / (size * (size - 1)) * differ / total
        spread = size * (p * from_middle**2).sum(axis=1) + (from_middle**2).sum(axis=1)
        unrest = _sum_of_differences(i * n, size) / total
        values = np.array(
            [
                1 / weighted,
                contrast,
                np.where(unrest > 0, weighted / unrest, np.nan),
                _complexity(i, p, p * s) / total,
                2 * spread / differ,
            ]
        )
    values[1:, size == 1] = 0.0
    values[:, weighted == 0] = np.array([[COARSEST], [0], [0], [0], [0]])
    values[:, total == 0] = np.nan
    return dict(zip(FAMILIES["ngtdm"], values, strict=True))


def _levels_there(tones: Tones) -> tuple[Ints, Floats, Floats, Floats]:
    """Return how many levels each slice has; and the levels, their count and their difference.

    Those of a slice come first in its row, and zeros after them.
    """
    rows, levels = np.nonzero(tones.count)
    size = np.bincount(rows, minlength=len(tones.count))
    place = np.arange(rows.size) - np.repeat(np.cumsum(size) - size, size)
    found = np.zeros((3, len(size), max(int(size.max()), 1)))
    found[:, rows, place] = (
        levels + 1,
        tones.count[rows, levels],
        tones.difference[rows, levels],
    )
    return size, *found


def _sum_of_differences(products: Floats, size: Ints) -> Floats:
    """Add up how far the first entries of each row are from one another, each pair both ways.

    The products are whole numbers, and so are the sums: of equal ones it is zero.
    """
    place, size = np.arange(products.shape[1]), size[:, None]
    ranked = np.sort(np.where(place < size, products, np.inf), axis=1)
    weight = 2 * place - size + 1
    return np.asarray(2 * np.where(place < size, weight * ranked, 0).sum(axis=1))


def _complexity(i: Floats, p: Floats, ps: Floats) -> Floats:
    total = np.zeros(len(i))
    for a in np.array_split(np.arange(i.shape[1]), i.size * i.shape[1] // 2**20 + 1):
        pairs = np.abs(i[:, a, None] - i[:, None])
        pairs *= ps[:, a, None] + ps[:, None]
        pairs /= p[:, a, None] + p[:, None]
        pairs[(p[:, a, None] == 0) | (p[:, None] == 0)] = 0
        total += pairs.sum(axis=(1, 2))
    return total


def _box_sum(flat: IntArray, strides: Sequence[int], distance: int) -> IntArray:
    """Add up the neighbourhood of each voxel, itself included, one axis after another.

    Sums in the margin mix one line with the next, and are of no use.
    """
    for stride in strides:
        total = flat.copy()
        for shift in range(stride, distance * stride + 1, stride):
            total[shift:] += flat[:-shift]
            total[:-shift] += flat[shift:]
        flat = total
    return flat
