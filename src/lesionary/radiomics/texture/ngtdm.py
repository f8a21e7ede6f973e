"""Neighbourhood grey tone difference: how far a voxel is from the mean of its neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lesionary.radiomics.texture.aggregation import Aggregation
from lesionary.radiomics.texture.catalogue import FAMILIES
from lesionary.radiomics.texture.matrices import Floats
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
    values = [_of_one(n, s) for n, s in zip(tones.count, tones.difference, strict=True)]
    return dict(zip(FAMILIES["ngtdm"], np.array(values).T, strict=True))


def _of_one(count: Floats, difference: Floats) -> tuple[float, ...]:
    there = np.flatnonzero(count)
    i, n, s = there + 1.0, count[there], difference[there]
    total = n.sum()
    if total == 0:
        return (np.nan,) * 5
    p = n / total
    weighted = float(p @ s)
    if weighted == 0:
        return COARSEST, 0.0, 0.0, 0.0, 0.0
    if there.size == 1:
        return 1 / weighted, 0.0, 0.0, 0.0, 0.0
    # Sums over all pairs of levels, most of them in closed form.
    size, middle = i.size, i.mean()
    contrast = 2 * (p @ (i - p @ i) ** 2) / (size * (size - 1)) * s.sum() / total
    strength = 2 * (size * (p @ (i - middle) ** 2) + ((i - middle) ** 2).sum()) / s.sum()
    # In whole numbers, so that equal products differ by zero.
    unrest = 2 * ((2 * np.arange(size) - size + 1) @ np.sort(i * n)) / total
    ps, complexity = p * s, 0.0
    for a in np.array_split(np.arange(size), size**2 // 2**20 + 1):
        pairs = np.abs(i[a, None] - i) * (ps[a, None] + ps) / (p[a, None] + p)
        complexity += float(pairs.sum()) / total
    return (
        1 / weighted,
        float(contrast),
        float(weighted / unrest) if unrest > 0 else np.nan,
        complexity,
        float(strength),
    )


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
