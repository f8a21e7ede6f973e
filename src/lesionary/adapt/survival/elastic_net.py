"""Cox coefficients under an elastic-net penalty, for one penalty after another."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lesionary.adapt.survival.outcome import Outcome
from lesionary.adapt.survival.partial_likelihood import RiskSets, risk_sets, value_and_slope
from lesionary.errors import ModelError

Floats = NDArray[np.float64]

_ITERATIONS = 10_000
_TOLERANCE = 1e-4
"""How far, of the penalty, a slope may be from where it should be."""


def penalties(x: Floats, outcome: Outcome, l1_ratio: float, *, count: int = 50) -> Floats:
    """Return penalties from the least that leaves no coefficient, down to where all but fit.

    The last is a hundredth of the first, or a twentieth where terms outnumber rows: below
    that, there, the fit explains every event.

    Parameters
    ----------
    x : ndarray of float64 (n, terms)
        Standardised.
    count
        How many, evenly on a log scale.
    """
    sets = risk_sets(outcome.time, outcome.event)
    slope = x.T @ value_and_slope(sets, np.zeros(len(x)))[1] / len(x)
    # A ridge keeps every coefficient at any penalty; glmnet's habit is to start it as at 0.001.
    first = np.abs(slope).max() / max(l1_ratio, 1e-3)
    if first <= 0:
        raise ModelError("No column goes with the outcome at all: every slope is zero.")
    last = 0.05 if x.shape[1] >= len(x) else 0.01
    return np.asarray(first * np.geomspace(1, last, count))


def path(x: Floats, outcome: Outcome, l1_ratio: float, at: Floats) -> Floats:
    """Fit one penalty after another, each from where the last one ended.

    Minimises ``-log likelihood / n + penalty * (l1_ratio * sum(|beta|) + (1 - l1_ratio) / 2 *
    sum(beta ** 2))``, the scale of lifelines and scikit-survival, by accelerated proximal
    gradient steps on the terms that may be other than zero (strong rules, checked after).

    Parameters
    ----------
    x : ndarray of float64 (n, terms)
    at : ndarray of float64 (penalties,)
        Falling.

    Returns
    -------
    ndarray of float64 (penalties, terms)
    """
    sets = risk_sets(outcome.time, outcome.event)
    n, p = x.shape
    betas = np.zeros((len(at), p))
    beta = np.zeros(p)
    slope = -x.T @ value_and_slope(sets, np.zeros(n))[1] / n
    before = float(at[0])
    for index, penalty in enumerate(at):
        l1, l2 = float(penalty * l1_ratio), float(penalty * (1 - l1_ratio))
        likely = (beta != 0) | (np.abs(slope) >= l1_ratio * (2 * penalty - before))
        while True:
            beta[likely] = _descend(np.ascontiguousarray(x[:, likely]), sets, beta[likely], l1, l2)
            slope = -x.T @ value_and_slope(sets, x @ beta)[1] / n
            missed = ~likely & (np.abs(slope) > l1 * (1 + _TOLERANCE))
            if not missed.any():
                break
            likely |= missed
        betas[index] = beta
        before = float(penalty)
    return betas


def _descend(x: Floats, sets: RiskSets, start: Floats, l1: float, l2: float) -> Floats:
    """Minimise for one penalty (FISTA with backtracking and restarts)."""
    n, p = x.shape
    if p == 0:
        return start
    beta, ahead, momentum, size = start, start, 1.0, 1 / p
    for _ in range(_ITERATIONS):
        value, residual = value_and_slope(sets, x @ ahead)
        value = -value / n + l2 / 2 * float(ahead @ ahead)
        slope = -x.T @ residual / n + l2 * ahead
        while True:
            there = _shrink(ahead - size * slope, size * l1)
            move = there - ahead
            reached = -value_and_slope(sets, x @ there)[0] / n + l2 / 2 * float(there @ there)
            bound = value + float(slope @ move) + float(move @ move) / (2 * size)
            if reached <= bound + 1e-13 * abs(value):
                break
            size /= 2
        if np.abs(move).max() <= _TOLERANCE * max(l1 + l2, 1e-12) * size:
            return np.asarray(there)
        if float((ahead - there) @ (there - beta)) > 0:
            momentum, ahead = 1.0, there
        else:
            grown = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
            ahead = there + (momentum - 1) / grown * (there - beta)
            momentum = float(grown)
        beta = there
        size *= 1.1
    raise ModelError(
        f"The elastic net has not converged after {_ITERATIONS:,} steps at this penalty: give "
        "larger ones."
    )


def _shrink(values: Floats, by: float) -> Floats:
    return np.asarray(np.sign(values) * np.maximum(np.abs(values) - by, 0))
