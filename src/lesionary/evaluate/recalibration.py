"""Recalibration: what would have made the probabilities right, on the scale of log-odds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize
from scipy.special import expit, logit

from lesionary.errors import EvaluationError
from lesionary.evaluate.clusters import sum_by_patient
from lesionary.evaluate.inputs import Labelled, labelled
from lesionary.evaluate.level import reach
from lesionary.evaluate.result import Result

_FARTHEST = 1e-6
"""Nearest that a probability comes to 0 or 1 where its log-odds are taken."""


def calibration_slope(
    y: ArrayLike, probability: ArrayLike, groups: ArrayLike | None = None, *, level: float = 0.95
) -> Result:
    """Return the slope of logistic recalibration: 1 is right, below 1 is overconfident.

    The outcome is regressed on the log-odds of the probability (logistic regression with an
    intercept). The interval is Wald's; with patients, of errors that are robust to clusters.

    Parameters
    ----------
    y : array_like (n,)
        Labels of two classes; the positive one is the second as sorted (give ``y == "name"``).
    probability : array_like (n,) or (n, 2)
        Of the second class. Those of 0 or 1 count as 1e-6 from there, and a note says so.
    groups : array_like (n,), optional
        Of each row its patient.
    level : float
        Of the interval.

    Raises
    ------
    EvaluationError
        If scores are not probabilities or all the same, or if they separate the classes
        perfectly: then no slope is steep enough.

    Examples
    --------
    >>> calibration_slope([0, 1, 0, 1, 0, 1], [0.1, 0.3, 0.4, 0.6, 0.7, 0.9]).value < 1
    True
    """
    rows = binary(y, probability, groups)
    fit, notes = _recalibrate(rows)
    return _wald("calibration slope", fit.slope, fit.errors[1], rows, level, notes)


def calibration_intercept(
    y: ArrayLike, probability: ArrayLike, groups: ArrayLike | None = None, *, level: float = 0.95
) -> Result:
    """Return calibration in the large: 0 is right, above 0 is too low a risk on the whole.

    The log-odds by which all probabilities would have to be shifted, with the slope held at 1.
    Parameters and interval as for :func:`calibration_slope`; classes that are separated
    perfectly are no obstacle here.

    Examples
    --------
    >>> print(calibration_intercept([0, 0, 0, 1], [0.5, 0.5, 0.5, 0.5]))
    calibration intercept -1.099 (95 % CI -3.362 to 1.165), n = 4, 1 events; Wald
    """
    rows = binary(y, probability, groups)
    odds, notes = _log_odds(rows.score)
    parameters, errors = _logistic(np.ones((rows.n, 1)), odds, rows)
    return _wald("calibration intercept", parameters[0], errors[0], rows, level, notes)


@dataclass(frozen=True)
class Recalibration:
    """Logistic recalibration, fitted on one split to be applied to another.

    Parameters
    ----------
    intercept, slope : float
        New log-odds = intercept + slope × log-odds.
    errors : tuple of float
        Standard errors of both.
    """

    intercept: float
    slope: float
    errors: tuple[float, float]

    def apply(self, probability: ArrayLike) -> NDArray[np.float64]:
        """Return recalibrated probabilities (n,)."""
        odds, _ = _log_odds(np.asarray(probability, dtype=np.float64))
        recalibrated: NDArray[np.float64] = expit(self.intercept + self.slope * odds)
        return recalibrated


def recalibrate(
    y: ArrayLike, probability: ArrayLike, groups: ArrayLike | None = None
) -> Recalibration:
    """Fit the intercept and slope that would have made the probabilities right.

    Fit on tune and apply to test: a recalibration judged where it was fitted is always good.
    Parameters as for :func:`calibration_slope`.
    """
    return _recalibrate(binary(y, probability, groups))[0]


def binary(y: ArrayLike, probability: ArrayLike, groups: ArrayLike | None) -> Labelled:
    """Check labels of two classes and the probability of the second."""
    rows = labelled(y, probability, groups)
    if rows.score.ndim != 1:
        raise EvaluationError(
            f"Calibration is of one class: of the {len(rows.classes)} classes give y == one of "
            "them, and its column of probabilities."
        )
    outside = (rows.score < 0) | (rows.score > 1)
    if outside.any():
        raise EvaluationError(
            f"{int(outside.sum()):,} of {rows.n:,} scores are not between 0 and 1, such as "
            f"{rows.score[outside][0]:g}: calibration is of probabilities."
        )
    return rows


def _log_odds(probability: NDArray[np.float64]) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    inside = np.clip(probability, _FARTHEST, 1 - _FARTHEST)
    certain = int((inside != probability).sum())
    note = f"{certain:,} probabilities nearer to 0 or 1 than {_FARTHEST:g} count as that near."
    return logit(inside), (note,) if certain else ()


def _recalibrate(rows: Labelled) -> tuple[Recalibration, tuple[str, ...]]:
    odds, notes = _log_odds(rows.score)
    negative, positive = odds[rows.label == 0], odds[rows.label == 1]
    if np.ptp(odds) == 0:
        raise EvaluationError("All probabilities are the same: there is no calibration slope.")
    if positive.min() >= negative.max() or positive.max() <= negative.min():
        raise EvaluationError(
            "The probabilities separate the classes perfectly: no calibration slope is steep "
            "enough to fit. Calibration in the large and the calibration error can be had."
        )
    design = np.stack([np.ones(rows.n), odds], axis=1)
    (intercept, slope), errors = _logistic(design, np.zeros(rows.n), rows)
    return Recalibration(
        float(intercept), float(slope), (float(errors[0]), float(errors[1]))
    ), notes


def _logistic(
    design: NDArray[np.float64], offset: NDArray[np.float64], rows: Labelled
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return parameters and standard errors, robust to clusters where rows have patients."""

    def loss(parameters: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        eta = design @ parameters + offset
        slope = design.T @ (expit(eta) - rows.label)
        return float((np.logaddexp(0, eta) - rows.label * eta).sum()), slope

    def curvature(parameters: NDArray[np.float64]) -> NDArray[np.float64]:
        p = expit(design @ parameters + offset)
        information: NDArray[np.float64] = (design * (p * (1 - p))[:, None]).T @ design
        return information

    # Newton's method within a trust region: log-odds have long tails, where plain steps overshoot.
    found = minimize(
        loss,
        np.zeros(design.shape[1]),
        jac=True,
        hess=curvature,
        method="trust-exact",
        options={"gtol": 1e-9},
    )
    covariance = np.linalg.inv(curvature(found.x))
    if rows.grouped:
        residual = rows.label - expit(design @ found.x + offset)
        by_patient = sum_by_patient(design * residual[:, None], rows.group)
        patients, parameters = len(by_patient), design.shape[1]
        few = patients / (patients - 1) * (rows.n - 1) / (rows.n - parameters)
        covariance = few * covariance @ by_patient.T @ by_patient @ covariance
    return found.x, np.sqrt(np.diag(covariance))


def _wald(
    name: str, value: float, error: float, rows: Labelled, level: float, notes: tuple[str, ...]
) -> Result:
    width = reach(level) * error
    return Result(
        name,
        float(value),
        float(value - width),
        float(value + width),
        n=rows.n,
        events=rows.events,
        patients=rows.patients,
        level=level,
        method="Wald, robust to clusters" if rows.grouped else "Wald",
        notes=notes,
    )
