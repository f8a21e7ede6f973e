"""Lin's concordance correlation: how near pairs lie to the line of equality."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri
from scipy.stats import t as t_distribution

from lesionary.evaluate.reliability.estimate import Estimate, Values, one_result
from lesionary.evaluate.result import Result


def ccc(ratings: ArrayLike, *, level: float = 0.95) -> Result:
    """Compute the concordance correlation coefficient with its interval.

    Parameters
    ----------
    ratings : array_like (subjects, raters)
        Of two raters it is Lin's (Biometrics 45:255, 1989), with the interval of his
        z-transform (corrected, Biometrics 56:324, 2000). Of more it is the overall coefficient
        (Barnhart, Haber & Song, Biometrics 58:1020, 2002), with a jackknife over subjects.
        Subjects with a missing rating are left out, and told.
    level
        Of the interval.

    Examples
    --------
    >>> print(ccc([[1.0, 1.1], [2.0, 1.9], [3.0, 3.2], [4.0, 3.9]]))
    CCC 0.993 (95 % CI 0.897 to 1.000), n = 4; z-transform, 2 raters
    """
    method = "z-transform" if np.ndim(ratings) == 2 and np.shape(ratings)[1] == 2 else "jackknife"
    return one_result("CCC", method, ccc_estimate, ratings, level)


def ccc_estimate(ratings: Values, level: float) -> Estimate:
    """Compute the CCC of many features, (n, k, p), complete."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return _of_two(ratings, level) if ratings.shape[1] == 2 else _of_many(ratings, level)


def _of_two(ratings: Values, level: float) -> Estimate:
    n = len(ratings)
    x = ratings - ratings[:1, :1]
    mean = x.mean(axis=0)
    centred = x - mean
    one, other = (centred**2).mean(axis=0)
    both = (centred[:, 0] * centred[:, 1]).mean(axis=0)
    apart = (mean[0] - mean[1]) ** 2
    spread = one + other + apart
    value = 2.0 * both / spread
    # Lin's variance with rho = value / accuracy put in: it then needs no correlation to divide by.
    accuracy, shift, free = (
        2.0 * np.sqrt(one * other) / spread,
        2.0 * apart / spread,
        1.0 - value**2,
    )
    variance = (
        (accuracy**2 - value**2) / free
        + 2.0 * value**2 * (1.0 - value) * shift / free**2
        - (value * shift / free) ** 2 / 2.0
    ) / (n - 2 if n > 2 else np.nan)
    reach = ndtri((1.0 + level) / 2.0) * np.sqrt(np.maximum(variance, 0.0))
    reach = np.where(accuracy > 0.0, reach, np.nan)
    return _bounded(value, np.arctanh(value), reach)


def _of_many(ratings: Values, level: float) -> Estimate:
    n = len(ratings)
    x = ratings - ratings[:1, :1]
    mean = x.mean(axis=0)
    centred = x - mean
    total = centred.sum(axis=1)
    squares, squares_of_total = (centred**2).sum(axis=0), (total**2).sum(axis=0)
    value = _overall(mean, squares / n, squares_of_total / n)
    # Without a subject, means and squares follow from what it is away from the mean.
    left, times = n - 1, n / (n - 1)
    without = _overall(
        mean - centred / left,
        (squares - times * centred**2) / left,
        (squares_of_total - times * total**2) / left,
    )
    z = np.arctanh(value)
    pseudo = n * z - left * np.arctanh(without)
    error = pseudo.std(axis=0, ddof=1) / np.sqrt(n)
    reach = t_distribution.ppf((1.0 + level) / 2.0, left) * error
    return _bounded(value, z, np.where(np.isfinite(reach) & (n > 2), reach, np.nan))


def _overall(mean: Values, variance: Values, variance_of_total: Values) -> Values:
    """Take means and variances of raters (..., k, p), and the variance of their sum (..., p)."""
    k = mean.shape[-2]
    variances = variance.sum(axis=-2)
    apart = k * (mean**2).sum(axis=-2) - mean.sum(axis=-2) ** 2
    value: Values = (variance_of_total - variances) / ((k - 1) * variances + apart)
    return value


def _bounded(value: Values, z: Values, reach: Values) -> Estimate:
    whole = value >= 1.0
    low, high = np.tanh(z - reach), np.tanh(z + reach)
    return Estimate(value, np.where(whole, 1.0, low), np.where(whole, 1.0, high))
