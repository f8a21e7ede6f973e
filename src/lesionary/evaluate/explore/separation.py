"""Intervals of the AUCs of thousands of columns."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit
from scipy.stats import norm

from lesionary.evaluate.comparisons.delong import NO_VARIANCE, delong_covariance, delong_interval
from lesionary.evaluate.inputs import Labelled

Floats = NDArray[np.float64]

_AT_ONCE = 64
"""Columns whose covariances are computed together, though only variances are wanted."""


def auc_intervals(
    values: Floats,
    area: Floats,
    positive: NDArray[np.bool_],
    patient: NDArray[np.int64],
    level: float,
) -> tuple[Floats, Floats, NDArray[np.object_]]:
    """Give DeLong's interval, on the logit scale, of each column's AUC.

    Parameters
    ----------
    values : ndarray (n, p)
        Without gaps.
    area : ndarray (p,)
        The AUCs.
    positive : ndarray of bool (n,)
    patient : ndarray of int (n,)
    level : float

    Returns
    -------
    low, high : ndarray (p,)
        NaN where there is none.
    notes : ndarray of str (p,)
        Why there is none, or is another: of columns that separate the classes altogether it is
        Clopper and Pearson's.
    """
    width = values.shape[1]
    low, high = np.full(width, np.nan), np.full(width, np.nan)
    notes = np.full(width, "", dtype=object)
    group = np.unique(patient, return_inverse=True)[1].astype(np.int64)
    if min(len(np.unique(group[positive])), len(np.unique(group[~positive]))) < 2:
        notes[:] = "Fewer than two patients of a class: the AUC has no interval."
        return low, high, notes
    label = positive.astype(np.int64)
    variance = np.empty(width)
    for start in range(0, width, _AT_ONCE):
        block = slice(start, start + _AT_ONCE)
        variance[block] = np.diag(delong_covariance(label, values[:, block].T, group)[1])
    apart = (area == 0) | (area == 1)
    flat = ~apart & (variance < NO_VARIANCE)
    notes[flat] = "The AUC of a constant has no interval."
    plain = ~apart & ~flat
    middle = area[plain]
    reach = norm.ppf((1 + level) / 2) * np.sqrt(variance[plain]) / (middle * (1 - middle))
    low[plain], high[plain] = expit(logit(middle) - reach), expit(logit(middle) + reach)
    for column in np.flatnonzero(apart):
        rows = Labelled(label, values[:, column], group, (0, 1), grouped=True)
        one, other, told = delong_interval(rows, level)
        low[column], high[column] = (np.nan if bound is None else bound for bound in (one, other))
        notes[column] = " ".join(told)
    return low, high, notes
