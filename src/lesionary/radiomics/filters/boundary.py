"""Boundaries: what a filter finds beyond the edge of an image."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Boundary = Literal["zero", "nearest", "periodic", "mirror"]
# PyRadiomics repeats an image of even length: an odd axis gets its first voxel once more.
Extension = Literal[Boundary, "periodic-even"]


def source(positions: NDArray[np.intp], length: int, boundary: Extension) -> NDArray[np.intp]:
    """Return the voxel that stands at each position along an axis, or -1 for none (zero).

    Parameters
    ----------
    positions : ndarray of int
        Positions along the axis, before 0 and beyond ``length`` too.
    length : int
        Voxels along the axis.
    boundary : {"zero", "nearest", "periodic", "mirror", "periodic-even"}
        ``mirror`` repeats the voxel at the edge: ``b a | a b c | c b``.

    Examples
    --------
    >>> for boundary in ("zero", "nearest", "periodic", "mirror"):
    ...     print(source(np.arange(-2, 5), 3, boundary))
    [-1 -1  0  1  2 -1 -1]
    [0 0 0 1 2 2 2]
    [1 2 0 1 2 0 1]
    [1 0 0 1 2 2 1]
    """
    if boundary == "zero":
        return np.where((positions >= 0) & (positions < length), positions, -1)
    if boundary == "nearest":
        return np.clip(positions, 0, length - 1)
    if boundary == "periodic":
        return positions % length
    if boundary == "periodic-even":
        return positions % (length + length % 2) % length
    turned = positions % (2 * length)
    return np.minimum(turned, 2 * length - 1 - turned)
