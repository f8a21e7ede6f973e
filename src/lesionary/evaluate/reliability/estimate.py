"""An agreement of many features, and of one as a result that prints itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lesionary.errors import EvaluationError
from lesionary.evaluate.result import Result

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Estimate:
    """Values with bounds, each (p,); NaN where there is none."""

    value: Values
    low: Values
    high: Values


Estimator = Callable[[Values, float], Estimate]
"""From complete ratings (n, k, p) and the level to an estimate of each feature."""


def one_result(
    name: str, method: str, estimator: Estimator, ratings: ArrayLike, level: float
) -> Result:
    """Judge one feature's ratings (n, k); subjects that somebody did not rate are left out."""
    if not 0.0 < level < 1.0:
        raise EvaluationError(f"The level of an interval is between 0 and 1, not {level}.")
    values, notes = _complete(ratings)
    n, k = values.shape
    found = estimator(values[:, :, None], level)
    value, low, high = (float(one[0]) for one in (found.value, found.low, found.high))
    if np.isnan(value):
        raise EvaluationError(f"The {name} has no value: {UNDEFINED}")
    bounded = not (np.isnan(low) or np.isnan(high))
    if not bounded:
        notes += (f"No interval: {NO_INTERVAL}",)
    return Result(
        name,
        value,
        low if bounded else None,
        high if bounded else None,
        n,
        f"{method}, {k} raters",
        level=level,
        notes=notes,
    )


UNDEFINED = "the ratings do not vary, or their sum is about zero."
NO_INTERVAL = "too few subjects, or a rater who gave all the same value."


def check_shape(n: int, k: int) -> None:
    """Raise unless there is something to agree on, and somebody to agree with."""
    if k < 2:
        raise EvaluationError(
            f"There is {k} rater (reader, repeat, scanner): agreement needs two or more."
        )
    if n < 2:
        raise EvaluationError(
            f"{n} subjects were rated by all: agreement needs two or more, and 30 for a narrow "
            "interval."
        )


def _complete(ratings: ArrayLike) -> tuple[Values, tuple[str, ...]]:
    try:
        values = np.asarray(ratings, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise EvaluationError("Ratings are not numbers.") from error
    if values.ndim != 2:
        raise EvaluationError(
            f"Ratings have the shape {values.shape}; wanted is (subjects, raters)."
        )
    if np.isinf(values).any():
        raise EvaluationError("Ratings are infinite somewhere: correct them.")
    whole = ~np.isnan(values).any(axis=1)
    check_shape(int(whole.sum()), values.shape[1])
    left = int((~whole).sum())
    notes = (f"{left:,} subjects that somebody did not rate are left out.",) if left else ()
    return values[whole], notes
