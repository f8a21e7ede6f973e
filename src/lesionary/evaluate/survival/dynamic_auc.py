"""How well risks tell who has the event by a time from who is still free of it."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lesionary.errors import EvaluationError
from lesionary.evaluate.survival.censoring import Train, inverse, need_followed, still_followed
from lesionary.evaluate.survival.inputs import Survival, survival
from lesionary.evaluate.survival.interval import IntervalName, result
from lesionary.evaluate.survival.over_time import OverTime, checked_times
from lesionary.evaluate.survival.risk_table import risk_table, step


def td_auc(
    time: ArrayLike,
    event: ArrayLike,
    risk: ArrayLike,
    groups: ArrayLike | None = None,
    *,
    at: ArrayLike,
    train: Train | None = None,
    interval: IntervalName | None = "percentile",
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> OverTime:
    """Return the cumulative/dynamic AUC at times, and its mean over them.

    At each time, the AUC of the risks for who has had the event against who is known to be free
    of it. Who was censored before is neither, and those like them who had the event count for
    them: each event weighs 1 / G, with G from Kaplan-Meier of censoring. The mean weighs each
    time by the share of rows whose event falls between it and the time before.

    Parameters
    ----------
    time, event : array_like (n,)
    risk : array_like (n,)
        Higher for an earlier event.
    groups : array_like (n,), optional
        Of each row its patient; resamples draw patients.
    at : array_like (k,)
        Times, ascending and within follow-up.
    train : pair of array_like, optional
        Times and events to take the distribution of censoring from. Without, it is that of these
        rows, estimated anew in each resample.
    interval, resamples, level, seed
        As for :func:`lesionary.evaluate.survival.c_index`.

    Raises
    ------
    EvaluationError
        If by one of the times nobody had the event, or nobody is free of it.

    Examples
    --------
    >>> print(td_auc([1, 2, 3, 4], [1, 1, 1, 1], [4, 2, 3, 1], at=[2.5], interval=None))
    AUC at 2.5 0.750, n = 4, 4 events
      2 events until then, 2 free of it
    mean AUC 0.750, n = 4, 4 events
    """
    rows = survival(time, event, risk, groups)
    times = checked_times(at, rows)
    counts = [((rows.event & (rows.time <= t)).sum(), (rows.time > t).sum()) for t in times]
    for t, (cases, _) in zip(times, counts, strict=True):
        if cases == 0:
            raise EvaluationError(f"Nobody had the event by {t:g}: choose later times.")
    need_followed(rows, rows.time[rows.event & (rows.time <= times[-1])], train)
    told = partial(
        result, rows=rows, interval=interval, resamples=resamples, level=level, seed=seed
    )
    constant = ("all risks are the same",) if np.ptp(rows.risk) == 0 else ()
    results = [
        told(
            f"AUC at {t:g}",
            partial(_auc, rows=rows, t=t, train=train),
            notes=(f"{cases:,} events until then, {free:,} free of it", *constant),
        )
        for t, (cases, free) in zip(times, counts, strict=True)
    ]
    whole = told("mean AUC", partial(_mean, rows=rows, times=times, train=train), notes=constant)
    return OverTime(tuple(times.tolist()), tuple(results), whole)


def _auc(
    weights: NDArray[Any], rows: Survival, t: float, train: Train | None
) -> NDArray[np.float64]:
    """AUC at ``t`` in each resample: (resamples,); NaN where a side is empty."""
    counts = weights.astype(np.float64)
    cases = np.flatnonzero(rows.event & (rows.time <= t))
    free = np.flatnonzero(rows.time > t)
    of_case = counts[:, cases] * inverse(still_followed(rows, rows.time[cases], train, counts))
    of_free = counts[:, free]
    mine, theirs = rows.risk[cases, None], rows.risk[free]
    points = (mine > theirs) + 0.5 * (mine == theirs)
    won = (of_case * (of_free @ points.T)).sum(axis=1)
    pairs = of_case.sum(axis=1) * of_free.sum(axis=1)
    undefined = np.full(len(counts), np.nan)
    return np.asarray(np.divide(won, pairs, out=undefined, where=pairs > 0))


def _mean(
    weights: NDArray[Any], rows: Survival, times: NDArray[np.float64], train: Train | None
) -> NDArray[np.float64]:
    """Mean AUC over the times in each resample, weighed by the fall of Kaplan-Meier's curve."""
    each = np.stack([_auc(weights, rows, t, train) for t in times], axis=1)
    if len(times) == 1:
        return np.asarray(each[:, 0])
    table = risk_table(rows.time, rows.event, weights.astype(np.float64))
    hazard = np.divide(
        table.events, table.at_risk, out=np.zeros_like(table.events), where=table.at_risk > 0
    )
    share = step(table.times, np.cumprod(1 - hazard, axis=1), times)
    fall = -np.diff(share, axis=1, prepend=1.0)
    total = fall.sum(axis=1)
    undefined = np.full(len(total), np.nan)
    return np.asarray(np.divide((each * fall).sum(axis=1), total, out=undefined, where=total > 0))
