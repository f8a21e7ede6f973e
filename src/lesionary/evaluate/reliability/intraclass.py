"""Intraclass correlation: the share of the variance that is between subjects."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import f as f_distribution

from lesionary.errors import EvaluationError
from lesionary.evaluate.reliability.estimate import Estimate, Values, one_result
from lesionary.evaluate.result import Result
from lesionary.spelling import hint

ICC_FORMS = {
    "1,1": "one-way random, single",
    "2,1": "two-way random, absolute agreement, single",
    "3,1": "two-way mixed, consistency, single",
    "1,k": "one-way random, mean of raters",
    "2,k": "two-way random, absolute agreement, mean of raters",
    "3,k": "two-way mixed, consistency, mean of raters",
}
"""Shrout and Fleiss's six, and what they are."""


def icc(ratings: ArrayLike, form: str = "2,1", *, level: float = 0.95) -> Result:
    """Compute an intraclass correlation with its interval.

    Parameters
    ----------
    ratings : array_like (subjects, raters)
        Subjects with a missing rating are left out, and told.
    form : {"1,1", "2,1", "3,1", "1,k", "2,k", "3,k"}
        Of Shrout & Fleiss, Psychological Bulletin 86:420 (1979). ``1``: raters differ from
        subject to subject; ``2``: the same raters, a sample of all, and their differences count;
        ``3``: these raters only, and constant differences do not count. ``k``: of their mean.
    level
        Of the interval (McGraw & Wong, Psychological Methods 1:30, 1996).

    Examples
    --------
    >>> first = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8]]
    >>> ratings = [*first, [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
    >>> print(icc(ratings, "3,1"))
    ICC(3,1) 0.715 (95 % CI 0.342 to 0.946), n = 6; two-way mixed, consistency, single, 4 raters
    """
    if form not in ICC_FORMS:
        raise EvaluationError(f"There is no ICC {form!r}{hint(form, ICC_FORMS)}.")
    return one_result(
        f"ICC({form})", ICC_FORMS[form], partial(icc_estimate, form=form), ratings, level
    )


def icc_estimate(ratings: Values, level: float, *, form: str) -> Estimate:
    """Compute the ICC of many features, (n, k, p), complete."""
    n, k = ratings.shape[:2]
    tail = (1.0 + level) / 2.0
    subjects, raters, error, within = _mean_squares(ratings)
    with np.errstate(divide="ignore", invalid="ignore"):
        if form[0] == "2":
            value, low, high = _absolute(subjects, raters, error, n, k, tail)
        else:
            noise = within if form[0] == "1" else error
            freedom = n * (k - 1) if form[0] == "1" else (n - 1) * (k - 1)
            above = f_distribution.ppf(tail, n - 1, freedom)
            below = f_distribution.ppf(tail, freedom, n - 1)
            value, low, high = (
                (subjects - noise * times) / (subjects + (k - 1) * noise * times)
                for times in (1.0, above, 1.0 / below)
            )
        if form[2] == "k":
            value, low, high = (k * one / (1.0 + (k - 1) * one) for one in (value, low, high))
    return Estimate(value, low, high)


def _mean_squares(ratings: Values) -> tuple[Values, Values, Values, Values]:
    """Return the mean squares of subjects, raters, error, and within subjects, each (p,)."""
    n, k = ratings.shape[:2]
    # About the first value: features of a million with differences of one keep their digits.
    x = ratings - ratings[:1, :1]
    of_subject, of_rater, grand = x.mean(axis=1), x.mean(axis=0), x.mean(axis=(0, 1))
    subjects = k * ((of_subject - grand) ** 2).sum(axis=0) / (n - 1)
    raters = n * ((of_rater - grand) ** 2).sum(axis=0) / (k - 1)
    within_sum = ((x - of_subject[:, None]) ** 2).sum(axis=(0, 1))
    residual = x - of_subject[:, None] - of_rater[None] + grand
    error = (residual**2).sum(axis=(0, 1)) / ((n - 1) * (k - 1))
    return subjects, raters, error, within_sum / (n * (k - 1))


def _absolute(
    subjects: Values, raters: Values, error: Values, n: int, k: int, tail: float
) -> tuple[Values, Values, Values]:
    """ICC(2,1): the error's degrees of freedom are Satterthwaite's, as two mean squares make it."""
    noise = k * raters + (k * n - k - n) * error
    value = n * (subjects - error) / (noise + n * subjects)
    a = k * value * raters
    b = (n * (1.0 - value) + k * value * (n - 1)) * error
    freedom = (a + b) ** 2 / (a**2 / (k - 1) + b**2 / ((n - 1) * (k - 1)))
    above = f_distribution.ppf(tail, n - 1, freedom)
    below = f_distribution.ppf(tail, freedom, n - 1)
    low = n * (subjects - above * error) / (above * noise + n * subjects)
    high = n * (below * subjects - error) / (noise + n * below * subjects)
    whole = value == 1.0
    return value, np.where(whole, 1.0, low), np.where(whole, 1.0, high)
