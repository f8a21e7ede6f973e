"""Whether a probability of 20 % comes true in 20 of 100: slope, intercept, error, curve."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize
from scipy.special import expit, logit

from lesionary.errors import EvaluationError
from lesionary.evaluate.clusters import sum_by_patient
from lesionary.evaluate.inputs import Labelled, labelled
from lesionary.evaluate.level import reach
from lesionary.evaluate.resample.draw import draw
from lesionary.evaluate.result import Result

Binning = Literal["mass", "width"]

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
    rows = _binary(y, probability, groups)
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
    rows = _binary(y, probability, groups)
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
    return _recalibrate(_binary(y, probability, groups))[0]


def calibration_error(
    y: ArrayLike,
    probability: ArrayLike,
    groups: ArrayLike | None = None,
    *,
    bins: int = 10,
    binning: Binning = "mass",
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> Result:
    """Return the expected calibration error: mean distance of observed from predicted.

    Parameters
    ----------
    y, probability, groups, level
        As for :func:`calibration_slope`.
    bins : int
        Number of bins; fewer where probabilities are tied.
    binning : {"mass", "width"}
        Bins of as many rows each, or of the same width from 0 to 1.
    resamples : int
        Of the bootstrap, by patient, in the same bins; 0 for no interval.
    seed : int
        Of the bootstrap.

    Notes
    -----
    Chance alone puts the error above 0, so that resamples of it are no guide to the truth. Their
    distance from the rows is: by the triangle inequality the error is off by at most the sum
    over the bins of how far each is off, and the interval is the value give or take that
    sum's quantile. It is wide, and reaches 0 unless calibration is refuted.
    """
    rows = _binary(y, probability, groups)
    bin_of, _ = _bins(rows.score, bins, binning)
    surplus = _one_hot(bin_of) * (rows.label - rows.score)[:, None]
    value = float(np.abs(surplus.sum(axis=0)).sum() / rows.n)
    low = high = None
    kind = "equal-mass" if binning == "mass" else "equal-width"
    method = f"{bin_of.max() + 1} {kind} bins"
    if resamples:
        off = draw(rows.group, resamples=resamples, seed=seed) @ surplus - surplus.sum(axis=0)
        width = float(np.quantile(np.abs(off).sum(axis=1) / rows.n, level))
        low, high = max(0.0, value - width), min(1.0, value + width)
        method += f"; bootstrap bound, conservative, {resamples:,} resamples"
    return Result(
        "expected calibration error",
        value,
        low,
        high,
        n=rows.n,
        events=rows.events,
        patients=rows.patients,
        level=level,
        method=method,
    )


def calibration_curve(
    y: ArrayLike,
    probability: ArrayLike,
    groups: ArrayLike | None = None,
    *,
    bins: int = 10,
    binning: Binning = "mass",
    level: float = 0.95,
) -> pd.DataFrame:
    """Return predicted and observed frequencies, bin by bin.

    Parameters
    ----------
    y, probability, groups, bins, binning, level
        As for :func:`calibration_error`.

    Returns
    -------
    DataFrame
        One row a bin that has rows: ``from`` and ``to`` (its edges), ``predicted`` (mean
        probability),
        ``observed`` (share of the second class) with ``low`` and ``high``, ``n`` and ``events``.
        The intervals are Wilson's; with patients, of the number of rows that as many
        independent ones would be worth (the design effect of clusters).

    Examples
    --------
    >>> curve = calibration_curve([0, 0, 1, 1], [0.1, 0.2, 0.7, 0.9], bins=2)
    >>> curve[["predicted", "observed", "n"]].round(2).to_numpy().tolist()
    [[0.15, 0.0, 2.0], [0.8, 1.0, 2.0]]
    """
    rows = _binary(y, probability, groups)
    bin_of, edges = _bins(rows.score, bins, binning)
    n = np.bincount(bin_of)
    events = np.bincount(bin_of, weights=rows.label)
    observed = events / n
    low, high = _wilson(observed, n / _design_effect(rows, bin_of, observed, n), level)
    return pd.DataFrame(
        {
            "from": edges[:, 0],
            "to": edges[:, 1],
            "predicted": np.bincount(bin_of, weights=rows.score) / n,
            "observed": observed,
            "low": low,
            "high": high,
            "n": n,
            "events": events.astype(np.int64),
        }
    )


def _binary(y: ArrayLike, probability: ArrayLike, groups: ArrayLike | None) -> Labelled:
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


def _bins(
    probability: NDArray[np.float64], bins: int, binning: Binning
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return of each row its bin, numbered without gaps, and of each bin its two edges."""
    if bins < 1:
        raise EvaluationError(f"There must be at least one bin, not {bins}.")
    if binning == "width":
        edges = np.linspace(0, 1, bins + 1)
    elif binning == "mass":
        edges = np.unique(np.quantile(probability, np.linspace(0, 1, bins + 1)))
    else:
        raise EvaluationError(f"binning is 'mass' or 'width', not {binning!r}.")
    inner = edges[1:-1]
    used, bin_of = np.unique(np.searchsorted(inner, probability, side="right"), return_inverse=True)
    return bin_of, np.stack([edges[used], edges[np.minimum(used + 1, len(edges) - 1)]], axis=1)


def _one_hot(bin_of: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.eye(bin_of.max() + 1)[bin_of]


def _design_effect(
    rows: Labelled,
    bin_of: NDArray[np.int64],
    observed: NDArray[np.float64],
    n: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Return how many times wider than of independent rows the variance of each share is."""
    if not rows.grouped:
        return np.ones(len(n))
    residual = _one_hot(bin_of) * (rows.label - observed[bin_of])[:, None]
    clustered = (sum_by_patient(residual, rows.group) ** 2).sum(axis=0)
    alone = (residual**2).sum(axis=0)
    effect: NDArray[np.float64] = np.divide(
        clustered, alone, out=np.ones_like(alone), where=alone > 0
    )
    return np.maximum(effect, 1.0)


def _wilson(
    share: NDArray[np.float64], n: NDArray[np.float64], level: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    z = reach(level)
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    width = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return np.clip(middle - width, 0, 1), np.clip(middle + width, 0, 1)
