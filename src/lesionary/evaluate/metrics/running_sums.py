"""Running sums of many small counts, several of them in each addition.

A running sum waits for the one before it, so a processor adds one number at a time. Counts are
small, so four of 16 bits share a number of 64 and are summed by one addition; none overflows
into its neighbour, because the widths are chosen by the largest sum.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from lesionary.evaluate.metrics.kernel import Weights

Lanes: TypeAlias = NDArray[np.unsignedinteger[Any]]
"""Weights as (rows, weightings): the number of weightings is filled up to 8 bytes with zeros."""


def in_lanes(weights: Weights) -> Lanes:
    """Turn (weightings, rows) into the narrowest lanes that hold each weighting's sum."""
    largest = weights.sum(axis=1, dtype=np.int64).max()
    kinds = (np.uint16, np.uint32, np.uint64)
    kind = next(kind for kind in kinds if largest <= np.iinfo(kind).max)
    beside = 8 // np.dtype(kind).itemsize
    lanes = np.zeros((weights.shape[1], -(-len(weights) // beside) * beside), dtype=kind)
    lanes[:, : len(weights)] = weights.T
    return lanes


def running_sums(lanes: Lanes, order: NDArray[np.intp]) -> Lanes:
    """Sum the weights of the first 0, 1, ... rows in this order: (len(order) + 1, weightings).

    Examples
    --------
    >>> running_sums(in_lanes(np.array([[1, 0, 2]])), np.array([2, 0, 1]))[:, 0].tolist()
    [0, 2, 3, 3]
    """
    out = np.zeros((len(order) + 1, lanes.shape[1]), dtype=lanes.dtype)
    np.cumsum(np.take(lanes, order, axis=0).view(np.uint64), axis=0, out=out[1:].view(np.uint64))
    return out
