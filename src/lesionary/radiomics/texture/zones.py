"""Zones: connected voxels of one level."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

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
    flat = region.flat
    changes = flat[1:] != flat[:-1]
    is_first, is_last = flat > 0, flat > 0
    is_first[1:] &= changes
    is_last[:-1] &= changes
    first = np.flatnonzero(is_first)
    length = np.flatnonzero(is_last) - first + 1
    run_at = np.cumsum(is_first, dtype=np.int32) - 1

    # Runs along x are the nodes of a graph. Two runs of neighbouring lines touch where the first
    # voxel of one lies straight beside the other, or where the last of one is diagonal to the
    # first of the other: one edge for each touch, not one for each pair of voxels.
    edges = []
    for line in [(0, 1)] if in_plane else [(0, 1), (1, -1), (1, 0), (1, 1)]:
        offset = region.offset((*line, 0))
        for beside, touch in (
            (offset, is_first[:-offset] | is_first[offset:]),
            (offset + 1, is_last[: -offset - 1] & is_first[offset + 1 :]),
            (offset - 1, is_first[: -offset + 1] & is_last[offset - 1 :]),
        ):
            voxel = np.flatnonzero(touch & (flat[:-beside] == flat[beside:]))
            edges.append((run_at[voxel], run_at[beside:][voxel]))
    one, other = (np.concatenate(ends) for ends in zip(*edges, strict=True))
    count, of_run = _joined(first.size, one, other)

    level, slices = np.zeros(count, dtype=np.intp), np.zeros(count, dtype=np.intp)
    level[of_run] = flat[first]
    voxels = region.voxels(in_plane)
    if len(voxels) > 1:
        slices[of_run] = region.slice_of(first)
    size = np.bincount(of_run, weights=length).astype(np.intp)
    return Zones(of_run, length, level, size, slices, voxels)


def _joined(size: int, one: Ints, other: Ints) -> tuple[int, Ints]:
    """Find the connected parts of a graph whose edges lead from a node to a later one.

    Each node first goes with one that leads to it, and on to where that goes, which leaves a
    fraction of the graph to be walked through.
    """
    ahead = np.arange(size, dtype=one.dtype)
    ahead[other] = one
    while not np.array_equal(further := ahead[ahead], ahead):
        ahead = further
    heads = np.flatnonzero(ahead == np.arange(size))
    place = np.empty(size, dtype=one.dtype)
    place[heads] = np.arange(heads.size)
    group = place[ahead]
    open_ = group[one] != group[other]
    ends = group[one[open_]], group[other[open_]]
    graph = coo_array((np.ones(len(ends[0]), dtype=np.int8), ends), shape=(heads.size,) * 2)
    count, of_group = connected_components(graph, directed=False)
    return int(count), np.asarray(of_group[group], dtype=np.intp)
