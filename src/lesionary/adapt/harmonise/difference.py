"""Whether batches still have different distributions, of many features at once."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import kstwo


def batch_p_values(values: NDArray[np.float64], batch: NDArray[np.str_]) -> NDArray[np.float64]:
    """Test every feature for equal distributions in all batches (Kolmogorov-Smirnov).

    Parameters
    ----------
    values : ndarray (n, p)
        NaN where missing.
    batch : ndarray of str (n,)

    Returns
    -------
    ndarray (p,)
        Two-sided. Of more than two batches the smallest p-value of all pairs, times their number.

    Examples
    --------
    >>> values = np.r_[np.arange(10.0), np.arange(10.0) + 100][:, None]
    >>> bool(batch_p_values(values, np.repeat(["A", "B"], 10))[0] < 0.001)
    True
    """
    pairs = list(combinations(np.unique(batch), 2))
    found = [_two_samples(values[batch == one], values[batch == other]) for one, other in pairs]
    p_values: NDArray[np.float64] = np.minimum(np.min(found, axis=0) * len(pairs), 1.0)
    return p_values


def _two_samples(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """Take the largest gap between the two samples' distribution functions, and its p-value."""
    both = np.vstack([one, other])
    order = np.argsort(both, axis=0, kind="stable")  # missing values come last, and add no step
    ordered = np.take_along_axis(both, order, axis=0)
    there, first = ~np.isnan(ordered), order < len(one)
    n, m = (~np.isnan(one)).sum(axis=0), (~np.isnan(other)).sum(axis=0)
    steps = np.where(first, 1.0 / np.maximum(n, 1), -1.0 / np.maximum(m, 1)) * there
    gap = np.abs(np.cumsum(steps, axis=0))
    # Within a tie the functions have not both stepped yet.
    last = np.vstack([ordered[1:] != ordered[:-1], np.ones((1, ordered.shape[1]), dtype=bool)])
    largest = np.where(last & there, gap, 0.0).max(axis=0)
    size = np.round(n * m / np.maximum(n + m, 1))
    p_value: NDArray[np.float64] = kstwo.sf(np.minimum(largest, 1.0), np.maximum(size, 1))
    return np.where(size > 0, p_value, 1.0)
