"""Grey level run lengths: how far a level goes on in a straight line."""

from __future__ import annotations

import numpy as np

from lesionary.radiomics.texture.matrices import Ints, Matrices, counted, stacked
from lesionary.radiomics.texture.region import Region, directions


def matrices(region: Region, *, in_plane: bool) -> Matrices:
    """Count runs by level and length."""
    voxels, width = region.voxels(in_plane), region.n_levels + 1
    keys = region.slices(in_plane) * width + region.levels
    histogram = np.bincount(keys, minlength=len(voxels) * width)
    parts = []
    for step in directions(in_plane):
        longer = _longer_runs(region, region.offset(step), voxels)
        # Runs of one voxel are what longer runs leave of a level.
        held = longer.count * longer.column
        left = histogram - np.bincount(longer.which * width + longer.row, held, histogram.size)
        single = np.flatnonzero(left)
        parts.append(
            counted(
                len(voxels),
                1,
                np.concatenate([longer.which, single // width]),
                np.concatenate([longer.row, single % width]),
                np.concatenate([longer.column, np.ones_like(single)]),
                voxels,
                np.concatenate([longer.count, left[single]]),
            )
        )
    return stacked(parts)


def _longer_runs(region: Region, offset: int, voxels: Ints) -> Matrices:
    """Count the runs of two voxels and more along one direction."""
    rows = -(-region.flat.size // offset)
    lines = np.zeros(rows * offset, dtype=region.flat.dtype)
    lines[: region.flat.size] = region.flat
    # Voxels a step apart are now rows apart. Transposed, they follow one another, and the
    # margin of zeros parts one line from the next.
    lines = lines.reshape(rows, offset).T.ravel()
    goes_on = (lines[1:] == lines[:-1]) & (lines[1:] > 0)
    # Where going on begins and ends are the first and the last voxel of a run.
    ends = np.flatnonzero(goes_on[1:] != goes_on[:-1]) + 1
    first, last = ends[::2], ends[1::2]
    slices = np.zeros_like(first)
    if len(voxels) > 1:
        slices = region.slice_of(first % rows * offset + first // rows)
    level = lines[first].astype(np.intp)
    return counted(len(voxels), 1, slices, level, last - first + 1, voxels)
