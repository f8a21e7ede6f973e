"""A stack of counted matrices, kept as their entries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lesionary.radiomics.texture.aggregation import Aggregation

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]


@dataclass(frozen=True)
class Matrices:
    """One matrix for each slice and direction, as the entries that are not zero.

    A matrix of zone sizes has as many columns as the region has voxels, and a handful of
    entries: entries are what is kept, whatever the family.

    Parameters
    ----------
    n_slices, n_directions
        Matrices there are. Matrix ``slice * n_directions + direction``.
    which, row, column, count
        Of each entry: its matrix, grey level, what the family counts by (a level, length, size,
        distance or dependence), and how often it is there. Sorted, no entry twice.
    voxels
        Of each matrix: voxels it was made from, ``(n_slices * n_directions,)``.
    """

    n_slices: int
    n_directions: int
    which: Ints
    row: Ints
    column: Ints
    count: Floats
    voxels: Ints

    def __len__(self) -> int:
        return self.n_slices * self.n_directions

    @property
    def total(self) -> Floats:
        """Sum of each matrix."""
        return self.sum(np.ones_like(self.count))

    def sum(self, weight: Floats) -> Floats:
        """Add up, for each matrix, its counts times the weights of their entries."""
        sums = np.bincount(self.which, weights=self.count * weight, minlength=len(self))
        return sums.astype(np.float64, copy=False)

    def marginal(self, index: Ints) -> tuple[Ints, Ints, Floats]:
        """Count by another index of the entries: matrix, index and count of what is there."""
        width = int(index.max(initial=0)) + 1
        keys, count = tally(self.which * width + index, len(self) * width, self.count)
        return keys // width, keys % width, count

    def merged(self, how: Aggregation) -> Matrices:
        """Add up the matrices of all slices, of all directions, or of both."""
        n_slices = 1 if how.merge_slices else self.n_slices
        n_directions = 1 if how.merge_directions else self.n_directions
        if (n_slices, n_directions) == (self.n_slices, self.n_directions):
            return self
        which = self.which // self.n_directions % n_slices * n_directions
        which = which + self.which % self.n_directions % n_directions
        voxels = self.voxels.reshape(self.n_slices, self.n_directions)
        voxels = voxels.sum(0, keepdims=True) if how.merge_slices else voxels
        voxels = voxels.sum(1, keepdims=True) if how.merge_directions else voxels
        return counted(
            n_slices, n_directions, which, self.row, self.column, voxels.ravel(), self.count
        )

    def dense(self) -> Floats:
        """Return the matrices as one array ``(matrix, row - 1, column - 1)``."""
        shape = (len(self), int(self.row.max(initial=0)), int(self.column.max(initial=0)))
        array = np.zeros(shape)
        array[self.which, self.row - 1, self.column - 1] = self.count
        return array


def counted(
    n_slices: int,
    n_directions: int,
    which: Ints,
    row: Ints,
    column: Ints,
    voxels: Ints,
    count: Floats | None = None,
) -> Matrices:
    """Count what falls on the same entry of the same matrix."""
    rows, columns = int(row.max(initial=0)) + 1, int(column.max(initial=0)) + 1
    keys = which * rows
    keys += row
    keys *= columns
    keys += column
    keys, count = tally(keys, n_slices * n_directions * rows * columns, count)
    return Matrices(
        n_slices,
        n_directions,
        keys // (rows * columns),
        keys // columns % rows,
        keys % columns,
        count,
        voxels,
    )


def stacked(parts: Sequence[Matrices]) -> Matrices:
    """Put matrices of one direction each side by side."""
    n = len(parts)
    return counted(
        parts[0].n_slices,
        n,
        np.concatenate([part.which * n + number for number, part in enumerate(parts)]),
        np.concatenate([part.row for part in parts]),
        np.concatenate([part.column for part in parts]),
        np.repeat(parts[0].voxels, n),
        np.concatenate([part.count for part in parts]),
    )


def tally(keys: Ints, size: int, weights: Floats | None = None) -> tuple[Ints, Floats]:
    """Return the keys that are there, sorted, and how often (or the sum of their weights).

    Keys are below ``size``. A small range is counted in place; a wide one is sorted.
    """
    if size <= 8 * keys.size + 2**16:
        # Without weights bincount takes half the time.
        count = np.bincount(keys, weights=weights)
        found = np.flatnonzero(count)
        return found, count[found].astype(np.float64)
    order = np.argsort(keys, kind="stable")  # quick where sorted pieces were put together
    keys = keys[order]
    first = np.flatnonzero(np.diff(keys, prepend=-1))
    if weights is None:
        return keys[first], np.diff(first, append=keys.size).astype(np.float64)
    return keys[first], np.add.reduceat(weights[order], first)
