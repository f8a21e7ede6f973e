"""Whether batches still have different distributions, of many features at once."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import comb
from scipy.stats import kstwo

from lesionary.adapt.harmonise.given import name_of

SIGNIFICANT = 0.05


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


def count_different(
    before: pd.DataFrame, after: pd.DataFrame, batch: pd.Series, rows: NDArray[np.bool_]
) -> tuple[int, int, int, int]:
    """Count features that differ between batches, before and after harmonisation.

    Parameters
    ----------
    before, after : DataFrame (m, p)
    batch : Series (n,)
        Its index holds that of the features.
    rows : ndarray of bool (n,)
        Those to look at.

    Returns
    -------
    rows, features, before, after : int
        No rows where there are fewer than two batches.
    """
    labels = np.array([name_of(one) for one in batch[rows].tolist()], dtype=np.str_)
    if len(np.unique(labels)) < 2:
        return 0, before.shape[1], 0, 0
    index = batch.index[rows]
    counts = [
        int((batch_p_values(one.loc[index].to_numpy(np.float64), labels) < SIGNIFICANT).sum())
        for one in (before, after)
    ]
    return len(labels), before.shape[1], counts[0], counts[1]


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
    p_value = kstwo.sf(np.minimum(largest, 1.0), np.maximum(size, 1))
    # The approximation makes 0 of a few rows that do not overlap; of all orders two do not.
    least = 2.0 / comb(n + m, n)
    found: NDArray[np.float64] = np.where(size > 0, np.clip(p_value, least, 1.0), 1.0)
    return found
