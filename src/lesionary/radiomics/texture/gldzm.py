"""Grey level distance zones: how near the border the patches of one level lie."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from lesionary.radiomics.texture.matrices import Ints, Matrices, counted
from lesionary.radiomics.texture.region import Region
from lesionary.radiomics.texture.zones import Zones


def border_distances(region: Region, *, in_plane: bool) -> Ints:
    """Return the distance of each voxel inside to the border of the region's mask.

    In voxels, by steps along the axes (of the slice, or of space); 1 at the border.
    """
    steps = ndimage.generate_binary_structure(3, 1)
    if in_plane:
        steps[[0, 2]] = False
    distances = ndimage.distance_transform_cdt(region.mask, metric=steps)
    return np.asarray(distances.ravel()[region.inside], dtype=np.intp)


def matrices(zones: Zones, distances: Ints) -> Matrices:
    """Count zones by level and by the distance of their voxel nearest to the border."""
    first = np.cumsum(zones.run_length) - zones.run_length
    nearest = np.full(zones.level.size, distances.max())
    np.minimum.at(nearest, zones.of_run, np.minimum.reduceat(distances, first))
    return counted(len(zones.voxels), 1, zones.slice, zones.level, nearest, zones.voxels)
