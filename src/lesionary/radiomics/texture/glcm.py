"""Grey level co-occurrence: which levels are neighbours."""

from __future__ import annotations

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
    if in_plane:
        first += region.slices(in_plane) * width**2
    voxels = region.voxels(in_plane)
    return stacked([_along(region, first, region.offset(step), voxels) for step in steps])


def _along(region: Region, first: Ints, offset: int, voxels: Ints) -> Matrices:
    width = region.n_levels + 1
    # Of each entry: matrix, level and neighbour's level, in one number.
    keys, count = tally(first + region.flat[region.inside + offset], len(voxels) * width**2)
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


def features(matrices: Matrices, n_levels: int) -> dict[str, Floats]:
    """Return the features of each matrix, by IBSI code; NaN for a matrix without pairs.

    Where all pairs are of one level, the correlation is 1 (a level is always beside its like)
    and information correlation 1 is 0 (it tells nothing of its neighbour).
    """
    which, size = matrices.which, len(matrices)
    i, j = matrices.row.astype(np.float64), matrices.column.astype(np.float64)
    total = matrices.total
    apart = np.abs(i - j)
    with np.errstate(invalid="ignore", divide="ignore"):

        def mean(weight: Floats) -> Floats:
            return matrices.sum(weight) / total

        p = matrices.count / total[which]
        average = mean(i)
        variance = mean((i - average[which]) ** 2)
        covariance = mean((i - average[which]) * (j - average[which]))
        cluster = i + j - 2 * average[which]
        joint_entropy = mean(-np.log2(p))
        difference = mean(apart)
        # Entropies of the marginals. Of symmetric matrices both are the same, and both cross
        # entropies HXY1 and HXY2 of the manual are their sum.
        level_entropy = _entropy(matrices, matrices.row, total)
        shared = np.maximum(2 * level_entropy - joint_entropy, 0)
        maximum = np.full(size, np.nan)
        np.fmax.at(maximum, which, p)
        values = (
            maximum,
            average,
            variance,
            joint_entropy,
            difference,
            mean((apart - difference[which]) ** 2),
            _entropy(matrices, np.abs(matrices.row - matrices.column), total),
            2 * average,
            mean(cluster**2),
            _entropy(matrices, matrices.row + matrices.column, total),
            mean(p),
            mean(apart**2),
            difference,
            mean(1 / (1 + apart)),
            mean(1 / (1 + apart / n_levels)),
            mean(1 / (1 + apart**2)),
            mean(1 / (1 + (apart / n_levels) ** 2)),
            mean(np.where(apart > 0, 1 / np.maximum(apart, 1) ** 2, 0)),
            np.where(variance == 0, 1.0, covariance / variance),
            mean(i * j),
            mean(cluster**2),
            mean(cluster**3),
            mean(cluster**4),
            np.where(level_entropy == 0, 0.0, -shared / level_entropy),
            np.sqrt(1 - np.exp(-2 * shared)),
        )
    return dict(zip(FAMILIES["glcm"], values, strict=True))


def _entropy(matrices: Matrices, index: Ints, total: Floats) -> Floats:
    which, _, count = matrices.marginal(index)
    p = count / total[which]
    entropy = np.bincount(which, weights=-p * np.log2(p), minlength=len(matrices))
    return np.where(total > 0, entropy, np.nan)
