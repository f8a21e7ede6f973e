"""From a metric's values in resamples to the bounds of an interval."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

Values = NDArray[np.float64]


def percentile(resampled: Values, level: float = 0.95) -> tuple[float, float]:
    """Take the quantiles that leave half of ``1 - level`` on each side.

    Examples
    --------
    >>> percentile(np.linspace(0.0, 1.0, 101), level=0.5)
    (0.25, 0.75)
    """
    tail = (1.0 - level) / 2.0
    low, high = np.quantile(resampled, [tail, 1.0 - tail])
    return float(low), float(high)


def bca(
    value: float, resampled: Values, left_out: Values, level: float = 0.95
) -> tuple[float, float]:
    """Correct the quantiles for bias and for a spread that changes with the value.

    Efron's bias-corrected and accelerated interval. The bias is how far from the middle of the
    resamples the value lies; the acceleration is the skewness of the jackknife.

    Parameters
    ----------
    value
        Of the data.
    resampled : ndarray (resamples,)
        In resamples.
    left_out : ndarray (patients,)
        Without each patient in turn.
    level
        Of the interval.

    Returns
    -------
    low, high : float
        NaN where no resample lies on one side of the value: then there is no correction.
    """
    below = ((resampled < value).mean() + (resampled <= value).mean()) / 2.0
    bias = ndtri(below)
    pull = left_out.mean() - left_out
    spread = (pull**2).sum()
    acceleration = (pull**3).sum() / (6.0 * spread**1.5) if spread > 0.0 else 0.0
    tail = (1.0 - level) / 2.0
    shifted = bias + ndtri(np.array([tail, 1.0 - tail]))
    at = ndtr(bias + shifted / (1.0 - acceleration * shifted))
    if np.isnan(at).any():
        return float("nan"), float("nan")
    low, high = np.quantile(resampled, at)
    return float(low), float(high)
