"""Grey level co-occurrence: which levels are neighbours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lesionary.radiomics.texture.catalogue import FAMILIES
from lesionary.radiomics.texture.matrices import Floats, Ints, Matrices, counted, stacked, tally
from lesionary.radiomics.texture.region import Region, directions


def matrices(region: Region, *, in_plane: bool, distance: int = 1) -> Matrices:
    """Count pairs of levels at a Chebyshev distance, both ways round.

    Each matrix is symmetric, and its sum is twice the number of pairs.
    """
    steps = directions(in_plane, distance)
    width = region.n_levels + 1
    first = region.levels * width
    voxels = region.voxels(in_plane)
    if len(voxels) > 1:
        first += region.slices(in_plane) * width**2
    return stacked([_along(region, first, region.offset(step), voxels) for step in steps])


def _along(region: Region, first: Ints, offset: int, voxels: Ints) -> Matrices:
    width = region.n_levels + 1
    # Of each entry: matrix, level and neighbour's level, in one number.
    keys, count = tally(first + region.flat[offset:][region.inside], len(voxels) * width**2)
    inside = keys % width > 0
    keys, count = keys[inside], count[inside]
    which, one, other = keys // width**2, keys // width % width, keys % width
    return counted(
        len(voxels),
        1,
        np.concatenate([which, which]),
        np.concatenate([one, other]),
        np.concatenate([other, one]),
        voxels,
        np.tile(count, 2),
    )


@dataclass(frozen=True)
class _Distribution:
    """How probable each value is, in each of several matrices."""

    size: int
    which: Ints
    value: Floats
    p: Floats

    def mean(self, weight: Floats) -> Floats:
        sums = np.bincount(self.which, weights=self.p * weight, minlength=self.size)
        return sums.astype(np.float64, copy=False)

    def moment(self, power: int, centre: Floats) -> Floats:
        return self.mean((self.value - centre[self.which]) ** power)

    def entropy(self) -> Floats:
        return self.mean(-np.log2(self.p))


def features(matrices: Matrices, n_levels: int) -> dict[str, Floats]:
    """Return the features of each matrix, by IBSI code; NaN for a matrix without pairs.

    Where all pairs are of one level, the correlation is 1 (a level is always beside its like)
    and information correlation 1 is 0 (it tells nothing of its neighbour).
    """
    total = matrices.total

    def distribution(index: Ints) -> _Distribution:
        which, value, count = matrices.marginal(index)
        return _Distribution(len(matrices), which, value.astype(np.float64), count / total[which])

    # Most features depend on the levels, their differences or their sums alone.
    level = distribution(matrices.row)
    apart = distribution(np.abs(matrices.row - matrices.column))
    summed = distribution(matrices.row + matrices.column)
    k = apart.value
    average, difference = level.mean(level.value), apart.mean(k)
    variance, contrast = level.moment(2, average), apart.mean(k**2)
    covariance = variance - contrast / 2
    tendency = summed.moment(2, 2 * average)

    share = matrices.count / total[matrices.which]
    maximum = np.zeros(len(matrices))
    np.maximum.at(maximum, matrices.which, share)
    level_entropy = level.entropy()
    # Of symmetric matrices both marginals are the same, and the cross entropies HXY1 and HXY2
    # of the manual are both twice their entropy.
    with np.errstate(invalid="ignore", divide="ignore"):
        joint_entropy = matrices.sum(-np.log2(share)) / total
        shared = np.maximum(2 * level_entropy - joint_entropy, 0)
        second_moment = matrices.sum(share) / total
        correlation = np.where(variance == 0, 1.0, covariance / variance)
        information = np.where(level_entropy == 0, 0.0, -shared / level_entropy)
    values = (
        maximum,
        average,
        variance,
        joint_entropy,
        difference,
        apart.moment(2, difference),
        apart.entropy(),
        2 * average,
        tendency,
        summed.entropy(),
        second_moment,
        contrast,
        difference,
        apart.mean(1 / (1 + k)),
        apart.mean(1 / (1 + k / n_levels)),
        apart.mean(1 / (1 + k**2)),
        apart.mean(1 / (1 + (k / n_levels) ** 2)),
        apart.mean(np.where(k > 0, 1 / np.maximum(k, 1) ** 2, 0)),
        correlation,
        covariance + average**2,
        tendency,
        summed.moment(3, 2 * average),
        summed.moment(4, 2 * average),
        information,
        np.sqrt(1 - np.exp(-2 * shared)),
    )
    known = (np.where(total > 0, value, np.nan) for value in values)
    return dict(zip(FAMILIES["glcm"], known, strict=True))
