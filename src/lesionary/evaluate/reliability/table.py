"""Every agreement of every feature, in one table."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd

from lesionary.errors import EvaluationError
from lesionary.evaluate.reliability.concordance import ccc_estimate
from lesionary.evaluate.reliability.dispersion import qcd_estimate
from lesionary.evaluate.reliability.estimate import (
    NO_INTERVAL,
    UNDEFINED,
    Estimator,
    check_shape,
)
from lesionary.evaluate.reliability.intraclass import ICC_FORMS, icc_estimate
from lesionary.evaluate.reliability.ratings import Ratings
from lesionary.spelling import hint

METRICS: dict[str, Estimator] = {
    "ccc": ccc_estimate,
    **{f"icc{form.replace(',', '')}": partial(icc_estimate, form=form) for form in ICC_FORMS},
    "qcd": qcd_estimate,
}
"""By name: ``ccc``, ``icc11``, ``icc21``, ``icc31``, ``icc1k``, ``icc2k``, ``icc3k``, ``qcd``."""


def agreement_table(
    ratings: Ratings, metrics: Sequence[str] = tuple(METRICS), *, level: float = 0.95
) -> pd.DataFrame:
    """Judge how far raters agree on every feature.

    Parameters
    ----------
    ratings : Ratings
        Of each feature, subjects that lack a rating are left out; ``n`` says how many stay.
    metrics
        Names of :data:`METRICS`.
    level
        Of the intervals.

    Returns
    -------
    DataFrame
        ``feature, metric, value, low, high, n, raters, level, note``: a row a feature and
        metric; NaN with a note where there is no value or interval.
    """
    for name in metrics:
        if name not in METRICS:
            raise EvaluationError(f"There is no agreement {name!r}{hint(name, METRICS)}.")
    if not 0.0 < level < 1.0:
        raise EvaluationError(f"The level of an interval is between 0 and 1, not {level}.")
    n, k, p = ratings.array.shape
    check_shape(n, k)
    found = np.full((3, len(metrics), p), np.nan)
    counts = np.zeros(p, dtype=np.int64)
    for features, values in ratings.complete():
        counts[features] = len(values)
        if len(values) < 2:
            continue
        for number, name in enumerate(metrics):
            one = METRICS[name](values, level)
            found[:, number, features] = one.value, one.low, one.high
    value, low, high = found.reshape(3, -1)
    count = np.tile(counts, len(metrics))
    few = f"Fewer than two subjects have all {k} ratings."
    note = np.select(
        [count < 2, np.isnan(value), np.isnan(low) | np.isnan(high)],
        [few, f"No value: {UNDEFINED}", f"No interval: {NO_INTERVAL}"],
        "",
    )
    return pd.DataFrame(
        {
            "feature": np.tile(np.array(ratings.features, dtype=object), len(metrics)),
            "metric": np.repeat(np.array(metrics, dtype=object), p),
            "value": value,
            "low": low,
            "high": high,
            "n": count,
            "raters": k,
            "level": level,
            "note": note,
        }
    )
