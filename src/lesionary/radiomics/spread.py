"""Where weights on a grid lie, from their sums along its axes: no list of voxels is needed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Spread:
    """Sum of weights, their centre (z, y, x) in mm and covariance in mm²."""

    total: float
    centre: Floats
    covariance: Floats


def spread_of(weights: NDArray[Any], spacing_mm: tuple[float, float, float]) -> Spread:
    """Return where weights lie, from the centre of the first voxel.

    Examples
    --------
    >>> spread = spread_of(np.ones((1, 1, 3)), (1.0, 1.0, 2.0))
    >>> spread.centre.tolist(), spread.covariance[2, 2].round(6)
    ([0.0, 0.0, 2.0], np.float64(2.666667))
    """
    yx, zx = weights.sum(axis=0, dtype=np.float64), weights.sum(axis=1, dtype=np.float64)
    zy = weights.sum(axis=2, dtype=np.float64)
    along = zy.sum(axis=1), zy.sum(axis=0), yx.sum(axis=0)
    total = float(zy.sum())
    places = [np.arange(n) * mm for n, mm in zip(weights.shape, spacing_mm, strict=True)]
    centre = np.array([line @ place for line, place in zip(along, places, strict=True)]) / total
    z, y, x = (place - middle for place, middle in zip(places, centre, strict=True))
    covariance = np.diag([line @ d**2 for line, d in zip(along, (z, y, x), strict=True)])
    for i, j, value in ((0, 1, z @ zy @ y), (0, 2, z @ zx @ x), (1, 2, y @ yx @ x)):
        covariance[i, j] = covariance[j, i] = value
    return Spread(total, centre, covariance / total)
