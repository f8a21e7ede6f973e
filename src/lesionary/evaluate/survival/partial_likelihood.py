"""Cox's partial likelihood of many covariates at once, each on its own: Newton's method.

Ties are Efron's. All arrays are (n, p) or (events, p): a column a covariate.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lesionary.evaluate.clusters import sum_by_patient
from lesionary.evaluate.survival.inputs import Survival

_STEPS = 50
_PRECISE = 1e-10
"""Newton's last step, in standard deviations of the covariate."""


@dataclass(frozen=True)
class Deaths:
    """Who has an event when, and who is at risk of it, of rows sorted by time.

    Parameters
    ----------
    order : ndarray (n,)
        Sorts the rows by time.
    row : ndarray (events,)
        Sorted rows with an event.
    first : ndarray (times,)
        For each distinct time of an event, the first sorted row that is at risk.
    start : ndarray (times,)
        The first of ``row`` at that time.
    tie : ndarray (events,)
        Number of the time of each event.
    share : ndarray (events, 1)
        Efron's share of the tied events that are taken as over: 0, 1/d, 2/d, ...
    seen : ndarray (n,)
        How many distinct times of events are not after each sorted row's time.
    """

    order: NDArray[np.int64]
    row: NDArray[np.int64]
    first: NDArray[np.int64]
    start: NDArray[np.int64]
    tie: NDArray[np.int64]
    share: NDArray[np.float64]
    seen: NDArray[np.int64]

    @classmethod
    def of(cls, rows: Survival) -> Deaths:
        """Sort rows, and find the times of events."""
        order = np.argsort(rows.time, kind="stable")
        time, event = rows.time[order], rows.event[order]
        row = np.flatnonzero(event)
        times, start, tie, number = np.unique(
            time[row], return_index=True, return_inverse=True, return_counts=True
        )
        share = (np.arange(len(row)) - start[tie]) / number[tie]
        return cls(
            order,
            row,
            np.searchsorted(time, times),
            start,
            tie,
            share[:, None],
            np.searchsorted(times, time, side="right"),
        )

    def at_risk(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sum sorted rows (n, p) over who is at risk of each event, less Efron's share."""
        after = values[::-1].cumsum(axis=0)[::-1][self.first]
        tied = np.add.reduceat(values[self.row], self.start, axis=0)
        return np.asarray(after[self.tie] - self.share * tied[self.tie])


@dataclass(frozen=True)
class Fits:
    """Univariate Cox fits of p covariates.

    Parameters
    ----------
    coef, variance : ndarray (p,)
        Log hazard ratio of one unit, and its variance, which is the sandwich's where patients have
        several rows. NaN where there is none.
    constant, separated, unfinished : ndarray of bool (p,)
        Why there is none: all values alike; no finite maximum; Newton did not arrive.
    """

    coef: NDArray[np.float64]
    variance: NDArray[np.float64]
    constant: NDArray[np.bool_]
    separated: NDArray[np.bool_]
    unfinished: NDArray[np.bool_]


def fit_each(rows: Survival, x: NDArray[np.float64]) -> Fits:
    """Fit a Cox model to each column of ``x`` (n, p)."""
    p = x.shape[1]
    deaths = Deaths.of(rows)
    spread = x.std(axis=0)
    constant = spread <= 1e-12 * np.abs(x).max(axis=0)
    separated = ~constant & _separated(deaths, x[deaths.order])
    usable = np.flatnonzero(~(constant | separated))
    coef, variance = np.full(p, np.nan), np.full(p, np.nan)
    unfinished = np.zeros(p, dtype=bool)
    if len(usable):
        z = ((x - x.mean(axis=0)) / np.where(constant, 1, spread))[deaths.order][:, usable]
        beta, information, arrived = _newton(deaths, z)
        spread_of_beta = 1 / information
        if rows.repeated:
            scores = sum_by_patient(_residuals(deaths, z, beta), rows.group[deaths.order])
            spread_of_beta = (scores**2).sum(axis=0) / information**2
        coef[usable] = beta / spread[usable]
        variance[usable] = spread_of_beta / spread[usable] ** 2
        unfinished[usable] = ~arrived
    return Fits(coef, variance, constant, separated, unfinished)


def _separated(deaths: Deaths, x: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Say for which columns (n, p) the likelihood has no finite maximum.

    It grows without end if whoever has an event always has the largest value of those at risk,
    or always the smallest.
    """
    largest = np.maximum.accumulate(x[::-1], axis=0)[::-1][deaths.first][deaths.tie]
    smallest = np.minimum.accumulate(x[::-1], axis=0)[::-1][deaths.first][deaths.tie]
    dead = x[deaths.row]
    return np.asarray((dead == largest).all(axis=0) | (dead == smallest).all(axis=0))


def _newton(
    deaths: Deaths, z: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Maximise the partial likelihood of each column; halve what steps too far.

    Returns coefficients, information, and whether the last step was small: each (p,).
    """
    beta = np.zeros(z.shape[1])
    height, slope, information = _likelihood(deaths, z, beta)
    arrived = np.zeros(z.shape[1], dtype=bool)
    step = slope / information
    for _ in range(_STEPS):
        trial = beta + step
        # So far off that hazards vanish, the likelihood is NaN, and no better.
        with np.errstate(divide="ignore", invalid="ignore"):
            reached = _likelihood(deaths, z, trial)
        # A step within rounding of the top is no step too far.
        better = reached[0] >= height - 1e-9 * (1 + np.abs(height))
        arrived |= better & (np.abs(step) < _PRECISE)
        beta = np.where(better, trial, beta)
        height, slope, information = (
            np.where(better, new, old)
            for new, old in zip(reached, (height, slope, information), strict=True)
        )
        if arrived.all():
            break
        step = np.where(better, slope / information, step / 2)
    return beta, information, arrived


def _likelihood(
    deaths: Deaths, z: NDArray[np.float64], beta: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Log partial likelihood, its slope and its information, of each column."""
    linear = z * beta
    top = linear.max(axis=0)
    hazard = np.exp(linear - top)
    s0, s1, s2 = (deaths.at_risk(part) for part in (hazard, hazard * z, hazard * z**2))
    mean = s1 / s0
    height = (linear[deaths.row] - top - np.log(s0)).sum(axis=0)
    return height, (z[deaths.row] - mean).sum(axis=0), (s2 / s0 - mean**2).sum(axis=0)


def _residuals(
    deaths: Deaths, z: NDArray[np.float64], beta: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Score residuals of each sorted row and column (n, p); tied events share as Efron's do."""
    hazard = np.exp(z * beta - (z * beta).max(axis=0))
    s0, s1 = deaths.at_risk(hazard), deaths.at_risk(hazard * z)
    mean, rate = s1 / s0, 1 / s0
    residual = np.zeros_like(z)
    residual[deaths.row] = (
        z[deaths.row]
        - np.add.reduceat(mean, deaths.start, axis=0)[deaths.tie]
        / np.bincount(deaths.tie)[deaths.tie, None]
    )
    none = np.zeros((1, z.shape[1]))
    until = [
        np.concatenate([none, np.add.reduceat(part, deaths.start, axis=0).cumsum(axis=0)])
        for part in (rate, rate * mean)
    ]
    residual -= hazard * (z * until[0][deaths.seen] - until[1][deaths.seen])
    # Of tied events, the later ones are at risk of the earlier in part only.
    over = [
        np.add.reduceat(part * deaths.share, deaths.start, axis=0)[deaths.tie]
        for part in (rate, rate * mean)
    ]
    dead = deaths.row
    residual[dead] += hazard[dead] * (z[dead] * over[0] - over[1])
    return residual
