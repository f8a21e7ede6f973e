"""Columns that miss the same rows: what can be computed for many at once."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray


def same_rows_missing(
    values: NDArray[np.float64],
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.bool_]]]:
    """Part columns into blocks that have a value in the same rows.

    Parameters
    ----------
    values : ndarray (n, p)
        NaN where missing.

    Yields
    ------
    columns : ndarray of int (block,)
    present : ndarray of bool (n,)
        Rows in which all of these columns have a value.

    Examples
    --------
    >>> table = np.array([[1.0, np.nan, 3.0], [4.0, 5.0, 6.0]])
    >>> [(block.tolist(), rows.tolist()) for block, rows in same_rows_missing(table)]
    [([0, 2], [True, True]), ([1], [False, True])]
    """
    present = ~np.isnan(values)
    columns_of: dict[bytes, list[int]] = {}
    for number, key in enumerate(map(bytes, np.packbits(present, axis=0).T)):
        columns_of.setdefault(key, []).append(number)
    for columns in columns_of.values():
        yield np.array(columns), present[:, columns[0]]
