"""Coefficients that maximise Cox's partial likelihood, by Newton's method.

Our own, as what we need is not in lifelines: an offset (to validate an index), and the
likelihood on rows that were not fitted (to choose a penalty). Its numbers are lifelines'.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import qr, solve

from lesionary.adapt.survival.outcome import Outcome
from lesionary.adapt.survival.partial_likelihood import (
    information,
    log_likelihood,
    risk_sets,
    score_residuals,
    value_and_slope,
)
from lesionary.errors import ModelError

_STEPS = 100
_CONVERGED = 1e-12
"""Of the log likelihood, what a further step would add."""
_WIDEST = 200.0
"""Log hazard between two rows that no data can tell from an infinite one."""
_RUNAWAY = 1e-3
"""A step of this many standardised units that no longer adds anything goes to infinity."""


@dataclass(frozen=True)
class Estimate:
    """A maximum of the partial likelihood.

    Parameters
    ----------
    beta : ndarray of float64 (terms,)
    covariance : ndarray of float64 (terms, terms)
        Inverse information, or its sandwich clustered by patient where patients have several
        rows.
    log_likelihood, null
        At ``beta`` and at zero (without the penalty; with the offset).
    """

    beta: NDArray[np.float64]
    covariance: NDArray[np.float64]
    log_likelihood: float
    null: float


def maximise(
    x: NDArray[np.float64],
    outcome: Outcome,
    terms: Sequence[str],
    *,
    l2: float = 0.0,
    offset: NDArray[np.float64] | None = None,
) -> Estimate:
    """Fit Cox's model to standardised terms.

    Parameters
    ----------
    x : ndarray of float64 (n, terms)
    outcome : Outcome
    terms
        Their names, for messages.
    l2
        Ridge: ``n * l2 / 2 * sum(beta ** 2)`` is taken from the log likelihood.
    offset : ndarray of float64 (n,), optional
        Log hazard that is given and not estimated.

    Raises
    ------
    ModelError
        If terms are collinear, more than can be told apart, or one of them separates the rows
        so that its coefficient is infinite.
    """
    n, p = x.shape
    sets = risk_sets(outcome.time, outcome.event)
    given = np.zeros(n) if offset is None else offset
    ridge = n * l2
    beta = np.zeros(p)
    null = log_likelihood(sets, given)
    if ridge == 0:
        _identified(information(sets, x, given), terms, outcome)
    value, slack = null, _CONVERGED * max(1.0, abs(null))
    for _ in range(_STEPS):
        score = given + x @ beta
        slope = x.T @ value_and_slope(sets, score)[1] - ridge * beta
        curvature = information(sets, x, score) + ridge * np.eye(p)
        try:
            step = solve(curvature, slope, assume_a="pos")
        except np.linalg.LinAlgError:
            _infinite(terms, beta)
        gain = float(slope @ step) / 2
        if gain < slack:
            break
        size = 1.0
        while size > 1e-8:
            there = beta + size * step
            spread = float(np.ptp(x @ there))
            if spread < _WIDEST:
                reached = log_likelihood(sets, given + x @ there) - ridge / 2 * float(there @ there)
                if reached >= value - slack:
                    break
            size /= 2
        if spread > _WIDEST / 2:
            _infinite(terms, step)
        beta, value = there, reached
    else:
        _infinite(terms, step)
    if np.abs(step).max() > _RUNAWAY:
        _infinite(terms, step)
    inverse = np.linalg.inv(curvature)
    if outcome.clustered:
        shares = np.zeros((outcome.patients, p))
        np.add.at(shares, outcome.patient, score_residuals(sets, x, given + x @ beta))
        inverse = inverse @ (shares.T @ shares) @ inverse
    return Estimate(beta, inverse, log_likelihood(sets, given + x @ beta), null)


def _identified(curvature: NDArray[np.float64], terms: Sequence[str], outcome: Outcome) -> None:
    """Raise unless the rows tell every term from the others."""
    if len(terms) >= outcome.events:
        raise ModelError(
            f"There are {len(terms):,} terms and {outcome.events:,} events: a Cox model without "
            "a penalty needs fewer terms than events, and better ten events a term. Select "
            "columns first, or fit model='cox_elastic_net'."
        )
    _, triangle, pivot = qr(curvature, pivoting=True)
    size = np.abs(np.diag(triangle))
    lost = size <= 1e-9 * size[0]
    if lost.any():
        names = [terms[index] for index in pivot[lost]]
        raise ModelError(
            f"{', '.join(names[:5])}: follows from the other columns, or does not vary among "
            "those at risk when events happened, so that it has no coefficient of its own. "
            "Leave it out, or fit with a penalty."
        )


def _infinite(terms: Sequence[str], direction: NDArray[np.float64]) -> NoReturn:
    name = terms[int(np.argmax(np.abs(direction)))]
    raise ModelError(
        f"{name}: the likelihood grows without end with its coefficient, because it separates "
        "those with early events from the others (a level without events, perhaps). Join levels, "
        "leave the column out, or fit with a penalty."
    )
