"""Grey level run lengths: how far a level goes on in a straight line."""

from __future__ import annotations

import numpy as np

from lesionary.radiomics.texture.matrices import Matrices, counted, stacked
from lesionary.radiomics.texture.region import Region, Step, directions


def matrices(region: Region, *, in_plane: bool) -> Matrices:
    """Count runs by level and length."""
    return stacked([_along(region, step, in_plane) for step in directions(in_plane)])


def _along(region: Region, step: Step, in_plane: bool) -> Matrices:
    offset = region.offset(step)
    rows = -(-region.flat.size // offset)
    lines = np.zeros(rows * offset, dtype=region.flat.dtype)
    lines[: region.flat.size] = region.flat
    # Voxels a step apart are now rows apart. Transposed, they follow one another, and the
    # margin of zeros parts one line from the next.
    lines = lines.reshape(rows, offset).T.ravel()
    start = np.flatnonzero(lines[1:] != lines[:-1]) + 1
    length = np.diff(start, append=lines.size)
    inside = np.flatnonzero(lines[start])
    start, length = start[inside], length[inside]
    level = lines[start].astype(np.intp)
    slices = np.zeros_like(level)
    if in_plane:
        slices = region.slice_of(start % rows * offset + start // rows)
    voxels = region.voxels(in_plane)
    return counted(len(voxels), 1, slices, level, length, voxels)
