"""Each feature's own numbers: where it lies, how it spreads, and whether it is normal."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from lesionary.evaluate.explore.patterns import same_rows_missing

Floats = NDArray[np.float64]

MOST_SHAPIRO = 5000
"""Rows up to which the p-value of Shapiro and Wilk's test has been worked out (Royston 1995)."""

_STATISTICS = (
    "mean", "std", "min", "q25", "median", "q75", "max", "skewness", "shapiro_w", "shapiro_p",
)  # fmt: skip


def describe(values: Floats) -> pd.DataFrame:
    """Describe columns of numbers.

    Parameters
    ----------
    values : ndarray (n, p)
        NaN where missing.

    Returns
    -------
    DataFrame (p, ...)
        ``n``, ``missing``, ``mean``, ``std`` (of a sample), ``min``, ``q25``, ``median``, ``q75``,
        ``max``, ``skewness``, ``shapiro_w``, ``shapiro_p`` and ``notes``, which say why one is NaN.

    Examples
    --------
    >>> describe(np.array([[1.0], [2.0], [6.0]]))[["n", "mean", "median"]].to_numpy().tolist()
    [[3.0, 3.0, 2.0]]
    """
    missing = np.isnan(values).sum(axis=0)
    found = pd.DataFrame({"n": len(values) - missing, "missing": missing})
    numbers = np.full((values.shape[1], len(_STATISTICS)), np.nan)
    notes = np.full(values.shape[1], "", dtype=object)
    for columns, present in same_rows_missing(values):
        block = values[np.ix_(present, columns)]
        if len(block):
            numbers[columns], notes[columns] = _of_block(block)
        else:
            notes[columns] = "No value."
    return found.join(pd.DataFrame(numbers, columns=list(_STATISTICS))).assign(notes=notes)


def _of_block(block: Floats) -> tuple[Floats, NDArray[np.object_]]:
    n = len(block)
    quartiles = np.quantile(block, (0.25, 0.5, 0.75), axis=0)
    low, high = block.min(axis=0), block.max(axis=0)
    varies = high > low
    moments = np.full((4, block.shape[1]), np.nan)  # std, skewness, W, p
    notes = np.where(varies, "", "One value." if n == 1 else "Constant.").astype(object)
    # In units of the range, so that powers of huge numbers do not run over.
    reach = (high - low)[varies]
    scaled = (block[:, varies] - low[varies]) / reach
    if n > 1:
        moments[0, ~varies] = 0
        moments[0, varies] = scaled.std(axis=0, ddof=1) * reach
    moments[1, varies] = stats.skew(scaled, axis=0)
    if n > MOST_SHAPIRO:
        notes[varies] = f"Normality is not tested above {MOST_SHAPIRO:,} rows."
    elif n > 2 and varies.any():
        moments[2:, varies] = stats.shapiro(scaled, axis=0)
    else:
        notes[varies] = "Too few rows to test normality."
    std, skewness, w, p = moments
    found = [block.mean(axis=0), std, low, *quartiles, high, skewness, w, p]
    return np.stack(found, axis=1), notes
