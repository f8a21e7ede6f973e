"""Grey level run lengths: how far a level goes on in a straight line."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lesionary.radiomics.texture.matrices import Ints, Matrices, counted, stacked
from lesionary.radiomics.texture.region import Region, Step, directions


@dataclass(frozen=True)
class Runs:
    """Runs of one level along one direction: level, length, and where in ``flat`` they start."""

    level: Ints
    length: Ints
    start: Ints


def find_runs(region: Region, step: Step) -> Runs:
    """Find every run of one level along a step ``(z, y, x)`` of at most 1 voxel an axis."""
    offset = region.offset(step)
    rows = -(-region.flat.size // offset)
    lines = np.zeros(rows * offset, dtype=region.flat.dtype)
    lines[: region.flat.size] = region.flat
    # Voxels a step apart are now rows apart. Transposed, they follow one another, and the
    # margin of zeros parts one line from the next.
    lines = lines.reshape(rows, offset).T.ravel()
    start = np.flatnonzero(lines[1:] != lines[:-1]) + 1
    length = np.diff(start, append=lines.size)
    level = lines[start]
    inside = level > 0
    start = start[inside]
    return Runs(
        level[inside].astype(np.intp), length[inside], start % rows * offset + start // rows
    )


def matrices(region: Region, *, in_plane: bool) -> Matrices:
    """Count runs by level and length."""
    return stacked([_along(region, step, in_plane) for step in directions(in_plane)])


def _along(region: Region, step: Step, in_plane: bool) -> Matrices:
    runs = find_runs(region, step)
    slices = region.slice_of(runs.start) if in_plane else np.zeros_like(runs.start)
    voxels = region.voxels(in_plane)
    return counted(len(voxels), 1, slices, runs.level, runs.length, voxels)
