"""Which lesions meet in a batch: dealt like cards, so that a scan's lesions come apart."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Int64s = NDArray[np.int64]


def deal(groups: Int64s, batch_size: int, rng: np.random.Generator) -> Int64s:
    """Put items into batches in random order; those of one group into as many as there are.

    Items are lined up group by group, and each goes to the next batch, around and around. So a
    group with no more items than there are batches has one at most in each. What does not
    fill a batch is left out, from the largest groups first, other items each time.

    Parameters
    ----------
    groups : ndarray of int, shape (n,)
        The group of each item.
    batch_size : int
        At most ``n``.
    rng : Generator

    Returns
    -------
    ndarray of int64, shape (n // batch_size, batch_size)
        Items, by their number.

    Examples
    --------
    >>> batches = deal(np.array([0, 0, 0, 1, 1, 2, 2]), 2, np.random.default_rng(0))
    >>> batches.shape
    (3, 2)
    """
    batches = len(groups) // batch_size
    order = rng.permutation(len(groups))
    shuffled = groups[order]
    kept = np.argsort(_occurrence(shuffled), kind="stable")[: batches * batch_size]
    order = order[kept]
    rank_of_group = rng.permutation(int(groups.max()) + 1)
    lined_up = order[np.argsort(rank_of_group[groups[order]], kind="stable")]
    return rng.permutation(lined_up.reshape(batch_size, batches).T)


def _occurrence(groups: Int64s) -> Int64s:
    """Count within each group: 0 for its first item, 1 for its second, ..."""
    by_group = np.argsort(groups, kind="stable")
    _, first, counts = np.unique(groups[by_group], return_index=True, return_counts=True)
    numbers = np.empty_like(by_group)
    numbers[by_group] = np.arange(len(groups)) - np.repeat(first, counts)
    return numbers
