"""Bland and Altman's limits of agreement: how far two measurements of one thing may differ."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri
from scipy.stats import t as t_distribution

from lesionary.errors import EvaluationError
from lesionary.evaluate.inputs import same_rows
from lesionary.evaluate.reliability.ratings import Ratings
from lesionary.evaluate.result import Result

_METHOD = "Bland & Altman 1999"


@dataclass(frozen=True)
class BlandAltman:
    """Bias and limits of agreement of two raters.

    Parameters
    ----------
    bias, lower, upper : Result
        Mean difference, and the limits between which 95 % of differences are expected.
    mean, difference : ndarray (n,)
        Of each subject; difference is first less second.
    """

    bias: Result
    lower: Result
    upper: Result
    mean: NDArray[np.float64]
    difference: NDArray[np.float64]


def bland_altman(one: ArrayLike, other: ArrayLike, *, level: float = 0.95) -> BlandAltman:
    """Compare two raters' measurements of the same subjects, each measured once by each.

    Parameters
    ----------
    one, other : array_like (n,)
        Subjects that one did not measure (NaN) are left out, and told.
    level
        Of the limits and of all intervals (those of the limits are approximate; Statistical
        Methods in Medical Research 8:135, 1999).

    Examples
    --------
    >>> found = bland_altman([1.0, 2.0, 3.0, 4.0], [1.1, 1.9, 3.3, 4.1])
    >>> round(found.bias.value, 3), round(found.lower.value, 3), round(found.upper.value, 3)
    (-0.1, -0.42, 0.22)
    """
    if not 0.0 < level < 1.0:
        raise EvaluationError(f"The level of an interval is between 0 and 1, not {level}.")
    same_rows(one=one, other=other)
    first, second = (np.asarray(given, dtype=np.float64) for given in (one, other))
    if first.ndim != 1 or second.ndim != 1:
        raise EvaluationError("Bland and Altman compare two columns, each (n,).")
    there = np.isfinite(first) & np.isfinite(second)
    if there.sum() < 2:
        raise EvaluationError(
            f"{int(there.sum())} subjects were measured by both: limits need two or more."
        )
    left = int((~there).sum())
    notes = (f"{left:,} subjects that one did not measure are left out.",) if left else ()
    first, second = first[there], second[there]
    found = _limits((first - second)[:, None], level)
    n = len(first)
    bias, lower, upper = (
        Result(name, value, low, high, n, _METHOD, level=level, notes=notes)
        for name, (value, low, high) in zip(
            ("bias", "lower limit of agreement", "upper limit of agreement"),
            np.array(found)[:, :, 0].tolist(),
            strict=True,
        )
    )
    return BlandAltman(bias, lower, upper, (first + second) / 2.0, first - second)


def bland_altman_table(ratings: Ratings, *, level: float = 0.95) -> pd.DataFrame:
    """Compute bias and limits of every feature and every two raters.

    Returns
    -------
    DataFrame
        ``feature, first, second, n, bias, bias_low, bias_high, lower, lower_low, lower_high,
        upper, upper_low, upper_high``.
    """
    parts = []
    pairs = list(combinations(range(len(ratings.raters)), 2))
    for one, other in pairs:
        difference = ratings.array[:, one] - ratings.array[:, other]
        numbers = {
            f"{name}{end}": column
            for name, bounds in zip(
                ("bias", "lower", "upper"), _limits(difference, level), strict=True
            )
            for end, column in zip(("", "_low", "_high"), bounds, strict=True)
        }
        about = {
            "feature": list(ratings.features),
            "first": ratings.raters[one],
            "second": ratings.raters[other],
            "n": (~np.isnan(difference)).sum(axis=0),
        }
        parts.append(pd.DataFrame({**about, **numbers}))
    if not parts:
        raise EvaluationError("There is one rater: limits of agreement are of two.")
    return pd.concat(parts, ignore_index=True)


def _limits(
    difference: NDArray[np.float64], level: float
) -> tuple[tuple[NDArray[np.float64], ...], ...]:
    """Return bias, lower and upper limit of (n, p), each with its bounds, (p,); NaN if n < 2."""
    there = ~np.isnan(difference)
    n = there.sum(axis=0).astype(np.float64)
    enough = np.where(n > 1, n, np.nan)
    bias = np.where(there, difference, 0.0).sum(axis=0) / enough
    squares = (np.where(there, difference - bias, 0.0) ** 2).sum(axis=0)
    spread = np.sqrt(squares / (enough - 1.0))
    z = ndtri((1.0 + level) / 2.0)
    t = t_distribution.ppf((1.0 + level) / 2.0, enough - 1.0)
    of_bias = t * spread / np.sqrt(enough)
    of_limit = t * spread * np.sqrt(1.0 / enough + z**2 / (2.0 * (enough - 1.0)))
    middles = (bias, bias - z * spread, bias + z * spread)
    reaches = (of_bias, of_limit, of_limit)
    return tuple((m, m - r, m + r) for m, r in zip(middles, reaches, strict=True))
