"""Interpolation on a grid that shares the image's centre, one axis after another."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Voxels beyond a point that its interpolation needs. A cubic spline's coefficients depend on the
# whole line, each voxel 0.27 times as much as the one before: 24 voxels on, less than rounding.
REACH = {"nearest": 1, "linear": 1, "cubic": 24}


@dataclass(frozen=True)
class Line:
    """The new grid along one axis, as far as it is needed.

    Attributes
    ----------
    at : ndarray
        Places of the new voxels, in voxels of the image.
    spacing_mm : float
        Of the new grid.
    moves : bool
        False where the new grid is the image's own.
    """

    at: Floats
    spacing_mm: float
    moves: bool

    def needs(self, length: int, reach: int) -> slice:
        """Return which of the image's voxels interpolation here needs."""
        if not self.moves:
            reach = 0
        first = max(math.floor(self.at[0]) - reach, 0)
        last = min(math.ceil(self.at[-1]) + reach, length - 1)
        return slice(min(first, length - 1), max(last, 0) + 1)


def line(length: int, old_mm: float, new_mm: float | None, needed: slice, margin_mm: float) -> Line:
    """Lay the new grid along one axis around the voxels that are needed.

    The new grid has as many voxels as cover the image's, rounded up, and the same centre.

    Parameters
    ----------
    length : int
        Voxels of the image.
    old_mm, new_mm : float
        Spacing of the image, and the new one (None: the same).
    needed : slice
        Voxels of the image around which the new grid is wanted.
    margin_mm : float
        How far around.

    Examples
    --------
    >>> line(4, 1.0, 2.0, slice(0, 4), 0.0).at
    array([0.5, 2.5])
    """
    step = 1.0 if new_mm is None else new_mm / old_mm
    moves = abs(step - 1) > 1e-9
    count = math.ceil(round(length / step, 6)) if moves else length
    places = (length - 1) / 2 + (np.arange(count, dtype=np.float64) - (count - 1) / 2) * step
    # A voxel of the region can reach a new voxel up to one image voxel away.
    around = (1 if moves else 0) + margin_mm / old_mm
    first, last = needed.start - around, needed.stop - 1 + around
    wanted = np.flatnonzero((places > first - 1e-6) & (places < last + 1e-6))
    if not wanted.size:  # the new voxels are so large that none has its centre nearby
        wanted = np.array([np.abs(places - (first + last) / 2).argmin()])
    return Line(places[wanted[0] : wanted[-1] + 1], old_mm * step, moves)


def resample(
    volume: NDArray[Any], lines: tuple[Line, Line, Line], starts: tuple[int, int, int], method: str
) -> Floats:
    """Interpolate a piece of an image on new lines.

    Parameters
    ----------
    volume : ndarray, (z, y, x)
        The piece of the image.
    lines : tuple of Line
        Along z, y and x.
    starts : tuple of int
        Which voxel of the image the piece begins with.
    method : {"linear", "cubic", "nearest"}
        Beyond the outermost voxel centres its value goes on.
    """
    values = volume.astype(np.float64)
    # The axis that shrinks most comes first, which leaves least to do for the others.
    by_growth = sorted(range(3), key=lambda axis: lines[axis].at.size / volume.shape[axis])
    for axis in by_growth:
        if lines[axis].moves:
            at = np.clip(lines[axis].at - starts[axis], 0, volume.shape[axis] - 1)
            values = _along(values, axis, at, method)
    return values


def _along(values: Floats, axis: int, at: Floats, method: str) -> Floats:
    shape = [1, 1, 1]
    shape[axis] = at.size
    last = values.shape[axis] - 1
    if method == "nearest":
        # Half way goes to the later voxel.
        nearest = np.minimum(np.floor(at + 0.5).astype(np.intp), last)
        return np.asarray(np.take(values, nearest, axis))
    base = np.floor(at).astype(np.intp)
    part = (at - base).reshape(shape)
    if method == "linear":
        low: Floats = np.take(values, base, axis)
        return np.asarray(low + part * (np.take(values, np.minimum(base + 1, last), axis) - low))
    return _cubic_along(values, axis, base, part)


def _cubic_along(values: Floats, axis: int, base: NDArray[np.intp], part: Floats) -> Floats:
    from scipy import ndimage

    if values.shape[axis] == 1:
        return np.take(values, base, axis)
    coefficients = ndimage.spline_filter1d(values, order=3, axis=axis, mode="mirror")
    rest = 1 - part
    weights = (
        rest**3 / 6,
        2 / 3 - part**2 * (2 - part) / 2,
        2 / 3 - rest**2 * (2 - rest) / 2,
        part**3 / 6,
    )
    # Lines are mirrored at their ends, about the outermost voxels' centres.
    period = 2 * (values.shape[axis] - 1)
    total = 0.0
    for shift, weight in zip(range(-1, 3), weights, strict=True):
        index = np.abs(base + shift) % period
        index = np.minimum(index, period - index)
        total = total + weight * np.take(coefficients, index, axis)
    return np.asarray(total)
