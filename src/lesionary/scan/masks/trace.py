"""Voxels to polygons: outlines that give the same voxels when they are filled again.

The outlines run midway between a voxel centre inside and one outside, so that every centre
is clearly in or out. A region with holes becomes one keyhole polygon, which is how DICOM
wants it in ``CLOSED_PLANAR`` contours, and which readers that know nothing of holes fill
rightly too.
"""

from __future__ import annotations

from itertools import pairwise

import contourpy
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from lesionary.scan.masks.raster import FloatArray


def trace_outlines(region: NDArray[np.bool_]) -> list[FloatArray]:
    """Return the outlines of one slice's region as polygons (row, column), shape (n, 2).

    Examples
    --------
    >>> [len(polygon) for polygon in trace_outlines(np.ones((3, 3), bool))]
    [8]
    """
    padded = np.pad(region.astype(np.float64), 1)
    generator = contourpy.contour_generator(z=padded, fill_type=contourpy.FillType.OuterOffset)
    polygons = []
    for points, offsets in zip(*generator.filled(0.5, 2.0), strict=True):
        rings = [points[start : stop - 1, ::-1] - 1.0 for start, stop in pairwise(offsets)]
        polygons.append(_without_collinear(_join(rings[0], rings[1:])))
    return polygons


def _join(outline: FloatArray, holes: list[FloatArray]) -> FloatArray:
    """Join holes to the outline, nearest first, each by a channel of no width."""
    while holes:
        tree = cKDTree(outline)
        nearest = [tree.query(hole) for hole in holes]
        number = int(np.argmin([distance.min() for distance, _ in nearest]))
        distance, at = nearest.pop(number)
        hole = holes.pop(number)
        leave = int(distance.argmin())
        arrive = int(at[leave])
        loop = np.concatenate([hole[leave:], hole[: leave + 1]])
        outline = np.concatenate([outline[: arrive + 1], loop, outline[arrive:]])
    return outline


def _without_collinear(polygon: FloatArray) -> FloatArray:
    """Drop points that lie on the straight line between their neighbours."""
    before = polygon - np.roll(polygon, 1, axis=0)
    after = np.roll(polygon, -1, axis=0) - polygon
    turn = before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0]
    ahead = (before * after).sum(axis=1)
    return np.asarray(polygon[(np.abs(turn) > 1e-9) | (ahead < 0)])
