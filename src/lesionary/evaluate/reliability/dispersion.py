"""Quartile coefficient of dispersion: how far repeats of one subject lie apart, without a unit."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import binom

from lesionary.evaluate.reliability.estimate import Estimate, Values, one_result
from lesionary.evaluate.result import Result


def qcd(ratings: ArrayLike, *, level: float = 0.95) -> Result:
    """Compute the quartile coefficient of dispersion, the median over subjects.

    Of each subject it is ``(Q3 - Q1) / |Q3 + Q1|`` of its ratings: 0 where all are equal. It has
    no value where ratings of a subject lie on both sides of zero.

    Parameters
    ----------
    ratings : array_like (subjects, raters)
        Subjects with a missing rating are left out, and told.
    level
        Of the interval of the median: that of order statistics, which supposes no distribution
        and needs 6 subjects for 95 %.

    Examples
    --------
    >>> qcd([[10.0, 11.0, 12.0], [20.0, 20.0, 20.0], [5.0, 6.0, 7.0]]).value.__round__(4)
    0.0455
    """
    return one_result("QCD", "median over subjects, order statistics", qcd_estimate, ratings, level)


def qcd_estimate(ratings: Values, level: float) -> Estimate:
    """Compute the QCD of many features, (n, k, p), complete."""
    n = len(ratings)
    first, third = np.quantile(ratings, [0.25, 0.75], axis=1)
    both_sides = (ratings.min(axis=1) < 0.0) & (ratings.max(axis=1) > 0.0)
    apart, size = third - first, np.abs(third + first)
    with np.errstate(divide="ignore", invalid="ignore"):
        each = np.where(apart == 0.0, 0.0, apart / size)
    each = np.sort(np.where(both_sides, np.nan, each), axis=0)
    undefined = np.isnan(each).any(axis=0)
    # The interval from the i-th smallest to the i-th largest misses with 2 P(X < i), X ~ B(n, 1/2).
    place = int(binom.ppf((1.0 - level) / 2.0, n, 0.5)) - 1
    nothing = np.full(each.shape[1], np.nan)
    low, high = (each[place], each[n - 1 - place]) if place >= 0 else (nothing, nothing)
    blank = np.where(undefined, np.nan, 0.0)
    return Estimate(np.median(each, axis=0) + blank, low + blank, high + blank)
