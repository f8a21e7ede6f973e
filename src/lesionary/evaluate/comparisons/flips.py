"""All ways in which the signs of numbers could have fallen, counted."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def flipped_p(ahead: NDArray[np.int64]) -> float:
    """Share of all choices of signs whose sum is as far from 0 as this one, exactly.

    Examples
    --------
    >>> flipped_p(np.array([1, 1, 1, 1]))  # two of sixteen
    0.125
    """
    ways = np.ones(1)  # share of the choices so far that give each sum from -reach to reach
    for size in np.abs(ahead):
        step = np.zeros(2 * size + 1)
        step[[0, -1]] = 0.5
        ways = np.convolve(ways, step)
    reach = (len(ways) - 1) // 2
    far = np.abs(np.arange(-reach, reach + 1)) >= abs(ahead.sum())
    return float(min(1.0, ways[far].sum()))
