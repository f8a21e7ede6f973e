"""How often the one with the higher risk has the earlier event: Harrell's C and Uno's."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lesionary.errors import EvaluationError
from lesionary.evaluate.result import Result
from lesionary.evaluate.survival.censoring import Train, inverse, need_followed, still_followed
from lesionary.evaluate.survival.inputs import Survival, survival
from lesionary.evaluate.survival.interval import IntervalName, result

Method = Literal["harrell", "uno"]

NO_PAIRS = (
    "No two rows can be compared: nobody is known to be free of the event after "
    "somebody else had it."
)

_BLOCK = 4_000_000
"""Pairs held in memory at a time."""


def c_index(
    time: ArrayLike,
    event: ArrayLike,
    risk: ArrayLike,
    groups: ArrayLike | None = None,
    *,
    method: Method = "harrell",
    tau: float | None = None,
    train: Train | None = None,
    interval: IntervalName | None = "percentile",
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> Result:
    """Return the concordance of risks with the order of events: 1 is right, 0.5 is chance.

    Two rows can be compared if one had the event while the other is known to have been free of
    it, also one that was censored at that very time; two events at the same time cannot. Equal
    risks count one half.

    Parameters
    ----------
    time, event : array_like (n,)
    risk : array_like (n,)
        Higher for an earlier event. Of predicted survival times, give the negative.
    groups : array_like (n,), optional
        Of each row its patient; resamples draw patients.
    method : {"harrell", "uno"}
        Harrell's counts pairs as they are, and depends on who is censored when. Uno's weighs
        each by how likely the earlier event was to be seen: 1 / G², with G from Kaplan-Meier
        of censoring.
    tau : float, optional
        Compare events before this time only. Advised for Uno's, whose weights grow in the tail.
    train : pair of array_like, optional
        For Uno's: times and events to take the distribution of censoring from. Without, it is
        that of these rows, estimated anew in each resample.
    interval : {"percentile", "bca"} or None
        Of the bootstrap.
    resamples, level, seed
        How many, of which level, and drawn from where.

    Raises
    ------
    EvaluationError
        If no pair can be compared, or an event is later than anybody is followed in ``train``.

    Examples
    --------
    >>> print(c_index([1, 2, 3, 4], [1, 1, 0, 1], [4, 3, 1, 2], interval=None))
    C-index (Harrell) 1.000, n = 4, 3 events
    """
    rows = survival(time, event, risk, groups)
    if method not in ("harrell", "uno"):
        raise EvaluationError(f"method is 'harrell' or 'uno', not {method!r}.")
    if train is not None and method == "harrell":
        raise EvaluationError("`train` is for Uno's C: Harrell's does not weigh censoring.")
    counted = rows.event if tau is None else rows.event & (rows.time < tau)
    cases = np.flatnonzero(counted)
    # The first event can be compared with more rows than any other.
    first = cases[np.argmin(rows.time[cases])][None] if len(cases) else cases
    if not _pairs(rows, first).any():
        before = "" if tau is None else f" Events count before tau = {tau:g} only."
        raise EvaluationError(NO_PAIRS + before)
    if method == "uno":
        need_followed(rows, rows.time[cases], train)

    def values_of(weights: NDArray[np.integer]) -> NDArray[np.float64]:
        counts = weights.astype(np.float64)
        of_case = counts[:, cases]
        if method == "uno":
            followed = still_followed(rows, rows.time[cases], train, counts)
            of_case = of_case * inverse(followed) ** 2
        return _concordance(rows, cases, counts, of_case)

    name = {"harrell": "Harrell", "uno": "Uno"}[method]
    before = "" if tau is None else f", before {tau:g}"
    return result(
        f"C-index ({name}{before})",
        values_of,
        rows,
        interval,
        resamples=resamples,
        level=level,
        seed=seed,
        notes=("all risks are the same",) if np.ptp(rows.risk) == 0 else (),
    )


def _concordance(
    rows: Survival,
    cases: NDArray[np.int64],
    counts: NDArray[np.float64],
    of_case: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Weigh pairs by how often both rows are in a resample: (resamples,); NaN without a pair.

    Parameters
    ----------
    counts : ndarray (resamples, n)
    of_case : ndarray (resamples, cases)
    """
    won, pairs = np.zeros(len(counts)), np.zeros(len(counts))
    width = max(1, _BLOCK // rows.n)
    for start in range(0, len(cases), width):
        some = cases[start : start + width]
        comparable = _pairs(rows, some)
        mine, theirs = rows.risk[some, None], rows.risk
        points = comparable * ((mine > theirs) + 0.5 * (mine == theirs))
        weight = of_case[:, start : start + width]
        won += (weight * (counts @ points.T)).sum(axis=1)
        pairs += (weight * (counts @ comparable.T.astype(np.float64))).sum(axis=1)
    undefined = np.full(len(counts), np.nan)
    return np.asarray(np.divide(won, pairs, out=undefined, where=pairs > 0))


def _pairs(rows: Survival, cases: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Say which rows (cases, n) were free of the event when each case had it."""
    mine = rows.time[cases, None]
    return np.asarray((rows.time > mine) | ((rows.time == mine) & ~rows.event))


def concordance_of_each(rows: Survival, x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return Harrell's C of each column (n, p) as a risk: (p,)."""
    # Ranks compare faster than floats, and tie where these do.
    ranks = np.empty(x.shape, dtype=np.int32)
    for column in range(x.shape[1]):
        ranks[:, column] = np.unique(x[:, column], return_inverse=True)[1]
    order = np.lexsort((~rows.event, rows.time))
    ranks, time, event = ranks[order], rows.time[order], rows.event[order]
    won, pairs = np.zeros(x.shape[1]), 0
    for row in np.flatnonzero(event):
        # Sorted so that who is censored at the time of an event comes after it.
        later = ranks[row + 1 :][(time[row + 1 :] > time[row]) | ~event[row + 1 :]]
        pairs += len(later)
        won += (ranks[row] > later).sum(axis=0) + 0.5 * (ranks[row] == later).sum(axis=0)
    if pairs == 0:
        raise EvaluationError(NO_PAIRS)
    return won / pairs
