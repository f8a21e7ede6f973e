"""Neighbouring grey level dependence: how many neighbours are like a voxel."""

from __future__ import annotations

import numpy as np

from lesionary.radiomics.texture.matrices import Matrices, counted
from lesionary.radiomics.texture.region import Region, directions


def matrices(region: Region, *, in_plane: bool, distance: int = 1, coarseness: int = 0) -> Matrices:
    """Count voxels by level and dependence: 1 and the number of like neighbours.

    Neighbours are the voxels up to a Chebyshev distance; alike are levels that differ by at
    most the coarseness.
    """
    flat = region.flat
    if coarseness > 0:
        # Far from any level, so that no voxel outside is like one inside.
        flat = np.where(flat > 0, flat, -coarseness).astype(np.int32)
    dependence = np.ones(flat.size, dtype=np.min_scalar_type((2 * distance + 1) ** 3))
    for reach in range(1, distance + 1):
        for step in directions(in_plane, reach):
            offset = region.offset(step)
            one, other = flat[:-offset], flat[offset:]
            alike = one == other if coarseness == 0 else np.abs(one - other) <= coarseness
            dependence[:-offset] += alike
            dependence[offset:] += alike
    voxels = region.voxels(in_plane)
    found = dependence[region.inside].astype(np.intp)
    return counted(len(voxels), 1, region.slices(in_plane), region.levels, found, voxels)
