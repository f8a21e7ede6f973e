"""How far predicted probabilities of survival are from what happened."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.integrate import trapezoid

from lesionary.errors import EvaluationError
from lesionary.evaluate.inputs import complete, same_rows
from lesionary.evaluate.result import Result
from lesionary.evaluate.survival.censoring import Train, inverse, need_followed, still_followed
from lesionary.evaluate.survival.curve import kaplan_meier
from lesionary.evaluate.survival.inputs import Survival, survival
from lesionary.evaluate.survival.interval import IntervalName, result
from lesionary.evaluate.survival.over_time import OverTime, checked_times


def brier_at(
    time: ArrayLike,
    event: ArrayLike,
    survival_probabilities: ArrayLike,
    times: ArrayLike,
    groups: ArrayLike | None = None,
    *,
    train: Train | None = None,
    interval: IntervalName | None = "percentile",
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> OverTime:
    """Return the Brier score at times, and its integral over them: 0 is right.

    The mean squared distance of the predicted probability to be free of the event from 1 for who
    is, 0 for who is not. Who was censored before is left out, and the others count for them:
    weights are 1 / G, with G from Kaplan-Meier of censoring.

    Parameters
    ----------
    time, event : array_like (n,)
    survival_probabilities : array_like (n, k)
        Of each row to be free of the event at each of ``times``.
    times : array_like (k,)
        Ascending and within follow-up.
    groups : array_like (n,), optional
        Of each row its patient; resamples draw patients.
    train : pair of array_like, optional
        Times and events to take the distribution of censoring from. Without, it is that of these
        rows, estimated anew in each resample.
    interval, resamples, level, seed
        As for :func:`lesionary.evaluate.survival.c_index`.

    Returns
    -------
    OverTime
        ``whole`` is the integral, divided by the length of time. Each notes what Kaplan-Meier's
        curve of these rows, the same for everybody, would reach: a model has to be below.

    Examples
    --------
    >>> time, event = [1, 2, 3, 4], [1, 1, 1, 1]
    >>> print(brier_at(time, event, [[0.1], [0.4], [0.7], [0.9]], [2.5], interval=None))
    Brier score at 2.5 0.068, n = 4, 4 events
      Kaplan-Meier of these rows: 0.250
    Brier score at 2.5 0.068, n = 4, 4 events
      Kaplan-Meier of these rows: 0.250
    """
    rows, probabilities, at = _checked(time, event, survival_probabilities, times, groups, train)
    judge = partial(
        _result,
        rows=rows,
        train=train,
        interval=interval,
        resamples=resamples,
        level=level,
        seed=seed,
    )
    each = [
        judge(probabilities=probabilities[:, [index]], at=at[[index]]) for index in range(len(at))
    ]
    whole = judge(probabilities=probabilities, at=at)
    return OverTime(tuple(at.tolist()), tuple(each), whole)


def integrated_brier(
    time: ArrayLike,
    event: ArrayLike,
    survival_probabilities: ArrayLike,
    times: ArrayLike,
    groups: ArrayLike | None = None,
    *,
    train: Train | None = None,
    interval: IntervalName | None = "percentile",
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> Result:
    """Return the integral of the Brier score over times, divided by their length.

    Parameters and interval as for :func:`brier_at`; there are at least two times.
    """
    if len(np.atleast_1d(np.asarray(times))) < 2:
        raise EvaluationError("An integral needs at least two times; of one, take `brier_at`.")
    rows, probabilities, at = _checked(time, event, survival_probabilities, times, groups, train)
    return _result(
        rows=rows,
        probabilities=probabilities,
        at=at,
        train=train,
        interval=interval,
        resamples=resamples,
        level=level,
        seed=seed,
    )


def _checked(
    time: ArrayLike,
    event: ArrayLike,
    survival_probabilities: ArrayLike,
    times: ArrayLike,
    groups: ArrayLike | None,
    train: Train | None,
) -> tuple[Survival, NDArray[np.float64], NDArray[np.float64]]:
    rows = survival(time, event, groups=groups)
    at = checked_times(times, rows)
    same_rows(time=time, survival_probabilities=survival_probabilities)
    values = np.asarray(survival_probabilities, dtype=np.float64)
    if values.shape != (rows.n, len(at)):
        raise EvaluationError(
            f"Probabilities have the shape {values.shape}; wanted is {(rows.n, len(at))}: a row a "
            "row, a column a time."
        )
    complete("survival_probabilities", ~np.isfinite(values))
    if values.min() < 0 or values.max() > 1:
        raise EvaluationError(
            f"Probabilities lie between 0 and 1; these from {values.min():g} to {values.max():g}. "
            "A risk or a log hazard is no probability."
        )
    need_followed(rows, at, train)
    return rows, values, at


def _result(
    *,
    rows: Survival,
    probabilities: NDArray[np.float64],
    at: NDArray[np.float64],
    train: Train | None,
    interval: IntervalName | None,
    resamples: int,
    level: float,
    seed: int,
) -> Result:
    score = partial(_score, rows=rows, at=at, train=train)
    same = np.broadcast_to(kaplan_meier(rows.time, rows.event).at(at), probabilities.shape)
    null = float(score(np.ones((1, rows.n)), predicted=same)[0])
    return result(
        _name(at),
        partial(score, predicted=probabilities),
        rows,
        interval,
        resamples=resamples,
        level=level,
        seed=seed,
        notes=(f"Kaplan-Meier of these rows: {null:.3f}",),
    )


def _score(
    weights: NDArray[Any],
    *,
    rows: Survival,
    predicted: NDArray[np.float64],
    at: NDArray[np.float64],
    train: Train | None,
) -> NDArray[np.float64]:
    """Brier score at one time, or its integral over several, in each resample: (resamples,)."""
    counts = weights.astype(np.float64)
    had = (rows.event[:, None]) & (rows.time[:, None] <= at)
    free = rows.time[:, None] > at
    of_had = counts * inverse(still_followed(rows, rows.time, train, counts))
    of_free = inverse(still_followed(rows, at, train, counts))
    wrong = of_had @ (had * predicted**2) + of_free * (counts @ (free * (1 - predicted) ** 2))
    scores = wrong / counts.sum(axis=1, keepdims=True)
    if len(at) == 1:
        return np.asarray(scores[:, 0])
    return np.asarray(trapezoid(scores, at, axis=1) / (at[-1] - at[0]))


def _name(at: NDArray[np.float64]) -> str:
    if len(at) == 1:
        return f"Brier score at {at[0]:g}"
    return f"integrated Brier score, {at[0]:g} to {at[-1]:g}"
