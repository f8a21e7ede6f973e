"""Univariate AUCs of thousands of columns at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata


def univariate_auc(values: NDArray[np.float64], codes: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return each column's area under the ROC curve, whichever direction it points in.

    Of two classes it is max(AUC, 1 - AUC); of more, the mean of that over each class against
    the others.

    Parameters
    ----------
    values : ndarray (n, columns)
    codes : ndarray of int (n,)
        Class of each row, from 0.

    Examples
    --------
    >>> univariate_auc(np.array([[1.0, 4], [2, 1], [3, 2], [4, 3]]), np.array([0, 0, 1, 1]))
    array([1. , 0.5])
    """
    ranks = rankdata(values, axis=0)
    classes = np.unique(codes)
    areas = []
    for positive in classes[1:] if len(classes) == 2 else classes:
        inside = codes == positive
        count = int(inside.sum())
        wins = ranks[inside].sum(axis=0) - count * (count + 1) / 2
        area = wins / (count * (len(codes) - count))
        areas.append(np.maximum(area, 1 - area))
    return np.asarray(np.mean(areas, axis=0), dtype=np.float64)
