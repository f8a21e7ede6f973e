"""Follow-up that ends: at a horizon by choice, and otherwise as a distribution of its own."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lesionary.errors import EvaluationError
from lesionary.evaluate.survival.inputs import Survival, survival
from lesionary.evaluate.survival.risk_table import risk_table, step

Train = tuple[ArrayLike, ArrayLike]
"""Times and events of the table that the distribution of censoring is taken from."""


def censor_at(
    time: ArrayLike, event: ArrayLike, horizon: float
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """End everybody's follow-up at a horizon: later times become it, later events censored.

    Both change together. Published code for this kind of study called events from five years on
    censored but left their times as they were. What looks at earlier events only (log-rank,
    Cox, Harrell's C) is the same then; but curves run on, flat, through years in which deaths
    were struck out, and medians, restricted means and numbers at risk can be read there.

    Parameters
    ----------
    time, event : array_like (n,)
        An event at the horizon itself is still one.
    horizon : float
        In the unit of ``time``.

    Returns
    -------
    ndarray of float64 (n,), ndarray of int64 (n,)
        Times and events.

    Examples
    --------
    >>> censor_at([2, 5, 7], [1, 1, 1], 5)
    (array([2., 5., 5.]), array([1, 1, 0]))
    """
    if not (np.isfinite(horizon) and horizon > 0):
        raise EvaluationError(f"A horizon is a time above 0, not {horizon:g}.")
    rows = survival(time, event, without_events=True)
    return np.minimum(rows.time, horizon), (rows.event & (rows.time <= horizon)).astype(np.int64)


def still_followed(
    rows: Survival,
    at: NDArray[np.float64],
    train: Train | None = None,
    weight: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Return the probability of not having been censored up to and with each time.

    Kaplan-Meier of censoring: who has the event at a time leaves before who is censored then.

    Parameters
    ----------
    at : ndarray (m,)
        Times.
    train : pair of array_like, optional
        Times and events to take it from, instead of ``rows``; it is then the same in all
        resamples.
    weight : ndarray (..., n), optional
        How often each of ``rows`` is in each resample.

    Returns
    -------
    ndarray (..., m)
    """
    if train is not None:
        rows, weight = survival(*train, without_events=True), None
    table = risk_table(rows.time, rows.event, weight)
    staying = table.at_risk - table.events
    left = np.divide(table.censored, staying, out=np.zeros_like(staying), where=staying > 0)
    return step(table.times, np.cumprod(1 - left, axis=-1), at)


def inverse(followed: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return weights 1 / probability, and 0 where nobody can be followed."""
    return np.divide(1.0, followed, out=np.zeros_like(followed), where=followed > 0)


def need_followed(rows: Survival, times: NDArray[np.float64], train: Train | None) -> None:
    """Raise if, as far as ``train`` (or ``rows``) tells, nobody is followed until a time."""
    known = rows if train is None else survival(*train, without_events=True)
    latest, last = times.max(), known.time.max()
    if (latest > last and not known.event[known.time == last].all()) or (
        still_followed(known, times).min() <= 0
    ):
        whose = "these rows" if train is None else "`train`"
        raise EvaluationError(
            f"Nobody is followed until {latest:g} in {whose}, as far as censoring tells (the last "
            f"time is {last:g}): events there cannot be weighed. Give an earlier horizon (tau)."
        )
