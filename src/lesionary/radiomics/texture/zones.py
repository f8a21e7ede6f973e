"""Zones: connected voxels of one level."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from lesionary.radiomics.texture.glrlm import find_runs
from lesionary.radiomics.texture.matrices import Ints
from lesionary.radiomics.texture.region import Region


@dataclass(frozen=True)
class Zones:
    """The zones of a region, in space or of each slice.

    Parameters
    ----------
    of_run
        Zone of each run of voxels along x, in the order of ``Region.inside``.
    run_length
        Voxels of each run.
    level, size, slice
        Of each zone; the slice is 0 for zones in space.
    voxels
        Of each slice, or of the whole region.
    """

    of_run: Ints
    run_length: Ints
    level: Ints
    size: Ints
    slice: Ints
    voxels: Ints


def find_zones(region: Region, *, in_plane: bool) -> Zones:
    """Find connected voxels of one level: of 26 neighbours in space, of 8 in a slice."""
    runs = find_runs(region, (0, 0, 1))
    first, last = runs.start, runs.start + runs.length - 1
    run_at = np.zeros(region.flat.size, dtype=np.int32)
    run_at[region.inside] = np.repeat(np.arange(first.size, dtype=np.int32), runs.length)

    # Two runs of neighbouring lines touch where the first voxel of one lies beside the other, or
    # where an end of one is diagonal to the other: ends of runs are all that is looked at.
    edges = []
    for line in [(0, 1)] if in_plane else [(0, 1), (1, -1), (1, 0), (1, 1)]:
        offset = region.offset((*line, 0))
        for end, beside in (
            (first, first + offset),
            (first, first - offset),
            (first, first + offset - 1),
            (last, last + offset + 1),
        ):
            alike = np.flatnonzero(region.flat[beside] == runs.level)
            edges.append((run_at[end[alike]], run_at[beside[alike]]))
    one, other = (np.concatenate(ends) for ends in zip(*edges, strict=True))
    graph = coo_array((np.ones(one.size, dtype=np.int8), (one, other)), shape=(first.size,) * 2)
    count, of_run = connected_components(graph, directed=False)

    level, slices = np.zeros(count, dtype=np.intp), np.zeros(count, dtype=np.intp)
    level[of_run] = runs.level
    if in_plane:
        slices[of_run] = region.slice_of(first)
    size = np.bincount(of_run, weights=runs.length).astype(np.intp)
    return Zones(of_run, runs.length, level, size, slices, region.voxels(in_plane))
