"""How often the one with the higher risk has the earlier event: Harrell's C and Uno's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lesionary.errors import EvaluationError
from lesionary.evaluate.result import Result
from lesionary.evaluate.survival.censoring import Train, inverse, need_followed, still_followed
from lesionary.evaluate.survival.inputs import Survival, survival
from lesionary.evaluate.survival.interval import IntervalName, Values, result

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
    pairs = comparable(rows, method, tau, train)
    return result(
        pairs.title,
        pairs.kernel(rows.risk),
        rows,
        interval,
        resamples=resamples,
        level=level,
        seed=seed,
        notes=("all risks are the same",) if np.ptp(rows.risk) == 0 else (),
    )


@dataclass(frozen=True)
class Comparable:
    """Pairs of rows that can be compared, whatever the risks.

    Parameters
    ----------
    rows : Survival
    cases : ndarray of int64 (cases,)
        Rows whose event counts: each is compared with all that were free of it then.
    method, tau, train
        As of :func:`c_index`.
    """

    rows: Survival
    cases: NDArray[np.int64]
    method: Method
    tau: float | None
    train: Train | None

    @property
    def title(self) -> str:
        """The index, as a person says it."""
        name = {"harrell": "Harrell", "uno": "Uno"}[self.method]
        before = "" if self.tau is None else f", before {self.tau:g}"
        return f"C-index ({name}{before})"

    def kernel(self, risk: NDArray[np.float64]) -> Values:
        """Prepare the concordance of risks (n,): from weights (r, n) to values (r,).

        A value is NaN where no two of the weighted rows can be compared.
        """

        def values(weights: NDArray[Any]) -> NDArray[np.float64]:
            counts = weights.astype(np.float64)
            of_case = counts[:, self.cases] * self._seen(counts)
            won, pairs = np.zeros(len(counts)), np.zeros(len(counts))
            for part, cases, free in self._blocks():
                mine, theirs = risk[cases, None], risk
                points = free * ((mine > theirs) + 0.5 * (mine == theirs))
                weight = of_case[:, part]
                won += (weight * (counts @ points.T)).sum(axis=1)
                pairs += (weight * (counts @ free.T.astype(np.float64))).sum(axis=1)
            undefined = np.full(len(counts), np.nan)
            return np.asarray(np.divide(won, pairs, out=undefined, where=pairs > 0))

        return values

    def swap_terms(
        self, first: NDArray[np.float64], second: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return what each row adds to the difference of two risks' concordances: (n,).

        Where patients swap the two risks (sign -1) or keep them (1), the difference is the sum of
        these terms times the signs. A pair's part of one model's concordance is a quadratic
        form of its two signs, of the other's the same form of the opposite signs: in the
        difference only what is linear is left.
        """
        of_case = self._seen(np.ones(self.rows.n))
        terms, pairs = np.zeros(self.rows.n), 0.0
        for part, cases, free in self._blocks():
            weight = of_case[part, None] * free
            # Twice what is won: 2, a tie 1, all from the one's risk against the other's.
            ahead = {
                (a, b): np.sign(mine[cases, None] - theirs) + 1.0
                for a, mine in enumerate((first, second))
                for b, theirs in enumerate((first, second))
            }
            both, across = ahead[0, 0] - ahead[1, 1], ahead[0, 1] - ahead[1, 0]
            terms[cases] += (weight * (both + across)).sum(axis=1) / 4
            terms += (weight * (both - across)).sum(axis=0) / 4
            pairs += weight.sum()
        return terms / pairs

    def _seen(self, counts: NDArray[np.float64]) -> NDArray[np.float64]:
        """Weigh each case by how likely its event was to be seen, in each resample."""
        if self.method == "harrell":
            return np.ones((*counts.shape[:-1], len(self.cases)))
        at = self.rows.time[self.cases]
        return inverse(still_followed(self.rows, at, self.train, counts)) ** 2

    def _blocks(self) -> Iterator[tuple[slice, NDArray[np.int64], NDArray[np.bool_]]]:
        """Yield some cases at a time, and who was free of the event then: (cases, n)."""
        width = max(1, _BLOCK // self.rows.n)
        for start in range(0, len(self.cases), width):
            part = slice(start, start + width)
            yield part, self.cases[part], _free(self.rows, self.cases[part])


def comparable(
    rows: Survival, method: Method, tau: float | None, train: Train | None
) -> Comparable:
    """Find the pairs that an index compares; see :func:`c_index`."""
    if method not in ("harrell", "uno"):
        raise EvaluationError(f"method is 'harrell' or 'uno', not {method!r}.")
    if train is not None and method == "harrell":
        raise EvaluationError("`train` is for Uno's C: Harrell's does not weigh censoring.")
    counted = rows.event if tau is None else rows.event & (rows.time < tau)
    cases = np.flatnonzero(counted)
    # The first event can be compared with more rows than any other.
    first = cases[np.argmin(rows.time[cases])][None] if len(cases) else cases
    if not _free(rows, first).any():
        before = "" if tau is None else f" Events count before tau = {tau:g} only."
        raise EvaluationError(NO_PAIRS + before)
    if method == "uno":
        need_followed(rows, rows.time[cases], train)
    return Comparable(rows, cases, method, tau, train)


def _free(rows: Survival, cases: NDArray[np.int64]) -> NDArray[np.bool_]:
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
