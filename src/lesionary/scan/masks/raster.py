"""Polygons to voxels: a voxel belongs where its centre is inside an outline, or on it.

Coordinates here are continuous in-plane voxel indices ``(row, column)``; the centre of the
first voxel is at (0, 0).

Outlines that pass through voxel centres are common (tools that trace the border voxels of a
mask draw them), so a centre on the line counts as inside: otherwise such a structure would
lose its last row and column on reading, and its centre would move by half a voxel.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

# Coordinates come from decimal text through a matrix; closer than this, they are the same.
_TOLERANCE_VOX = 1e-6


@dataclass(frozen=True, eq=False)
class _Patch:
    """The voxels of one polygon within its bounding box."""

    box: tuple[slice, slice]
    closed: BoolArray
    open: BoolArray

    @property
    def key(self) -> tuple[int, int, int, bytes]:
        """Equal for polygons that cover the same voxels."""
        rows, columns = self.box
        return rows.start, columns.start, self.closed.shape[1], self.closed.tobytes()


def fill_outlines(
    polygons: Sequence[FloatArray], shape: tuple[int, int], *, xor: bool = False
) -> BoolArray:
    """Return the voxels of one slice that lie in the region the outlines of one plane bound.

    Parameters
    ----------
    polygons : sequence of ndarray, shape (n, 2)
        Closed polygons (row, column); a keyhole polygon (outline and hole joined by a
        channel) is one polygon, filled by the even-odd rule.
    shape : tuple of int
        Rows and columns of the slice. What lies outside is clipped.
    xor : bool
        Combine by exclusive or (DICOM's ``CLOSEDPLANAR_XOR``). Otherwise an outline that
        lies wholly inside the region so far, largest first, cuts a hole, and any other adds
        to it. Outlines that cover the same voxels count once either way.

    Examples
    --------
    >>> square = np.array([[0.5, 0.5], [0.5, 3.5], [3.5, 3.5], [3.5, 0.5]])
    >>> int(fill_outlines([square, square], (5, 5)).sum())
    9
    """
    found = [patch for polygon in polygons if (patch := _fill(polygon, shape)) is not None]
    once = {patch.key: patch for patch in found}.values()
    region = np.zeros(shape, dtype=np.bool_)
    for patch in sorted(once, key=lambda patch: int(patch.closed.sum()), reverse=True):
        target = region[patch.box]
        if xor:
            target ^= patch.closed
        elif (target | ~patch.closed).all():
            target &= ~patch.open
        else:
            target |= patch.closed
    return region


def _fill(polygon: FloatArray, shape: tuple[int, int]) -> _Patch | None:
    """Fill one polygon by the even-odd rule; None where it holds no voxel centre of the slice."""
    points = np.round(polygon / _TOLERANCE_VOX) * _TOLERANCE_VOX
    first = np.maximum(np.ceil(points.min(axis=0)), 0).astype(np.intp)
    last = np.minimum(np.floor(points.max(axis=0)), np.asarray(shape) - 1).astype(np.intp)
    height, width = (last - first + 1).tolist()
    if height < 1 or width < 1:
        return None

    rows, columns = (points - first).T
    next_rows, next_columns = np.roll(rows, -1), np.roll(columns, -1)
    # Every edge runs towards higher rows, so that the two banks of a keyhole's channel give
    # the very same crossings, and cancel.
    up = rows <= next_rows
    low, high = np.where(up, rows, next_rows), np.where(up, next_rows, rows)
    start = np.where(up, columns, next_columns)
    end = np.where(up, next_columns, columns)

    inside = _even_odd(low, high, start, end, height, width)
    outline = _on_outline(low, high, start, end, height, width)
    closed = inside | outline
    if not closed.any():
        return None
    box = (slice(first[0], last[0] + 1), slice(first[1], last[1] + 1))
    return _Patch(box, closed, inside & ~outline)


def _even_odd(
    low: FloatArray,
    high: FloatArray,
    start: FloatArray,
    end: FloatArray,
    height: int,
    width: int,
) -> BoolArray:
    """Count edges to the left of each centre; rows are half-open so a vertex counts once."""
    edge, row = _crossed_rows(np.ceil(low), np.ceil(high) - 1, height)
    column = _column_at(row, edge, low, high, start, end)
    toggle = np.clip(np.ceil(column), 0, width).astype(np.intp)
    crossings = np.bincount(row * (width + 1) + toggle, minlength=height * (width + 1))
    parity = np.cumsum(crossings.reshape(height, width + 1), axis=1)[:, :width] % 2
    return np.asarray(parity, dtype=np.bool_)


def _on_outline(
    low: FloatArray,
    high: FloatArray,
    start: FloatArray,
    end: FloatArray,
    height: int,
    width: int,
) -> BoolArray:
    """Mark the voxel centres that an edge passes through."""
    outline = np.zeros((height, width), dtype=np.bool_)
    edge, row = _crossed_rows(np.ceil(low), np.floor(high), height)
    flat = low[edge] == high[edge]

    # Along a row, an edge passes through a run of centres.
    left = np.minimum(start, end)[edge[flat]]
    right = np.maximum(start, end)[edge[flat]]
    begin = np.clip(np.ceil(left - _TOLERANCE_VOX), 0, width).astype(np.intp)
    stop = np.clip(np.floor(right + _TOLERANCE_VOX) + 1, 0, width).astype(np.intp)
    for at, a, b in zip(row[flat], begin, stop, strict=True):
        outline[at, a:b] = True

    # Across rows, it passes through at most one centre a row.
    edge, row = edge[~flat], row[~flat]
    column = _column_at(row, edge, low, high, start, end)
    nearest = np.rint(column)
    hit = (np.abs(column - nearest) <= _TOLERANCE_VOX) & (nearest >= 0) & (nearest < width)
    outline[row[hit], nearest[hit].astype(np.intp)] = True
    return outline


def _crossed_rows(
    first: FloatArray, last: FloatArray, height: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """List (edge, row) for every row from ``first`` to ``last`` of every edge."""
    first = np.maximum(first, 0)
    counts = np.maximum(np.minimum(last, height - 1) - first + 1, 0).astype(np.intp)
    edge = np.repeat(np.arange(len(first)), counts)
    within = np.arange(len(edge)) - np.repeat(np.cumsum(counts) - counts, counts)
    return edge, first.astype(np.intp)[edge] + within


def _column_at(
    row: NDArray[np.intp],
    edge: NDArray[np.intp],
    low: FloatArray,
    high: FloatArray,
    start: FloatArray,
    end: FloatArray,
) -> FloatArray:
    slope = (end[edge] - start[edge]) / (high[edge] - low[edge])
    return np.asarray(start[edge] + (row - low[edge]) * slope)
