"""Cox's partial likelihood with Efron's handling of ties, and its derivatives."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class RiskSets:
    """Who was at risk at each distinct event time; all that times and events decide.

    Rows of what it is given and returns are in the table's order; within, they are sorted by
    falling time, so that a risk set is the beginning of the rows and its sum a cumulative sum.

    Parameters
    ----------
    order : ndarray of int64 (n,)
        Rows by falling time.
    died : ndarray of int64 (events,)
        Rows with an event, by falling time.
    instant : ndarray of int64 (events,)
        Of each of them the number of its event time, 0 for the latest.
    fraction : ndarray of float64 (events,)
        Efron's l / d, for the l-th of d events at one time.
    at_risk : ndarray of int64 (instants,)
        How many rows are at risk.
    since : ndarray of int64 (n,)
        Of each row the first instant at which it is at risk; it is so at all that follow.
    time : ndarray of float64 (instants,)
    """

    order: NDArray[np.int64]
    died: NDArray[np.int64]
    instant: NDArray[np.int64]
    fraction: Floats
    at_risk: NDArray[np.int64]
    since: NDArray[np.int64]
    time: Floats

    @property
    def deaths(self) -> NDArray[np.int64]:
        """Events at each instant."""
        return np.bincount(self.instant, minlength=len(self.time))


def risk_sets(time: Floats, event: NDArray[np.bool_]) -> RiskSets:
    """Sort rows into the risk sets of their event times."""
    order = np.argsort(-time, kind="stable")
    died = order[event[order]]
    instants, first, instant = np.unique(-time[died], return_index=True, return_inverse=True)
    count = np.bincount(instant)
    fraction = (np.arange(len(died)) - first[instant]) / count[instant]
    at_risk = np.searchsorted(-time[order], instants, side="right")
    since = np.searchsorted(instants, -time, side="left")
    return RiskSets(order, died, instant, fraction, at_risk, since, -instants)


@dataclass(frozen=True)
class _Sums:
    """Of one risk score: each row's hazard and what every event divides by."""

    weight: Floats
    divisor: Floats
    expected: Floats
    shift: float


def _sums(sets: RiskSets, score: Floats) -> _Sums:
    shift = float(score.max())
    weight = np.exp(score - shift)
    total = np.cumsum(weight[sets.order])[sets.at_risk - 1]
    tied = np.bincount(sets.instant, weights=weight[sets.died], minlength=len(sets.time))
    divisor = total[sets.instant] - sets.fraction * tied[sets.instant]
    k = len(sets.time)
    hazard = np.bincount(sets.instant, weights=1 / divisor, minlength=k)
    spared = np.bincount(sets.instant, weights=sets.fraction / divisor, minlength=k)
    expected = _from(sets, np.asarray(hazard, dtype=np.float64))
    expected[sets.died] -= spared[sets.instant]
    return _Sums(weight, divisor, weight * expected, shift)


def _from(sets: RiskSets, of_instant: Floats) -> Floats:
    """Sum over the instants at which each row is at risk."""
    summed = np.cumsum(of_instant[::-1], axis=0)[::-1]
    padded = np.concatenate([summed, np.zeros((1, *summed.shape[1:]))])
    return np.asarray(padded[sets.since])


def log_likelihood(sets: RiskSets, score: Floats) -> float:
    """Return the log partial likelihood of log hazards ``score`` (n,)."""
    sums = _sums(sets, score)
    return float((score[sets.died] - sums.shift).sum() - np.log(sums.divisor).sum())


def value_and_slope(sets: RiskSets, score: Floats) -> tuple[float, Floats]:
    """Return the log partial likelihood, and its derivative by each row's score (n,).

    The derivative is the martingale residual: events seen less events expected.
    """
    sums = _sums(sets, score)
    value = float((score[sets.died] - sums.shift).sum() - np.log(sums.divisor).sum())
    slope = -sums.expected
    slope[sets.died] += 1
    return value, slope


def information(sets: RiskSets, x: Floats, score: Floats) -> Floats:
    """Return minus the second derivative by the coefficients of ``x``, (terms, terms)."""
    sums = _sums(sets, score)
    means = _means(sets, x, sums)
    return np.asarray((x.T * sums.expected) @ x - means.T @ means)


def schoenfeld(sets: RiskSets, x: Floats, score: Floats) -> Floats:
    """Return each event's terms less their mean in its risk set (events, terms), by falling time.

    Where events are tied, the mean is the average over Efron's steps.
    """
    means = _average(sets, _means(sets, x, _sums(sets, score)))
    return np.asarray(x[sets.died] - means[sets.instant])


def score_residuals(sets: RiskSets, x: Floats, score: Floats) -> Floats:
    """Return each row's share (n, terms) in the derivative by the coefficients."""
    sums = _sums(sets, score)
    means = _means(sets, x, sums)
    drawn = _of_instant(sets, means / sums.divisor[:, None])
    spared = _of_instant(sets, means * (sets.fraction / sums.divisor)[:, None])
    expected = _from(sets, drawn)
    expected[sets.died] -= spared[sets.instant]
    residuals = sums.weight[:, None] * expected - sums.expected[:, None] * x
    residuals[sets.died] += x[sets.died] - _average(sets, means)[sets.instant]
    return np.asarray(residuals)


def _means(sets: RiskSets, x: Floats, sums: _Sums) -> Floats:
    """Return for each event the weighted mean of the terms among those at risk."""
    weighted = x * sums.weight[:, None]
    total = np.cumsum(weighted[sets.order], axis=0)[sets.at_risk - 1]
    tied = _of_instant(sets, weighted[sets.died])
    part = total[sets.instant] - sets.fraction[:, None] * tied[sets.instant]
    return np.asarray(part / sums.divisor[:, None])


def _average(sets: RiskSets, of_event: Floats) -> Floats:
    return np.asarray(_of_instant(sets, of_event) / sets.deaths[:, None])


def _of_instant(sets: RiskSets, of_event: Floats) -> Floats:
    """Sum the rows of tied events."""
    return np.asarray(np.add.reduceat(of_event, np.flatnonzero(sets.fraction == 0)))
