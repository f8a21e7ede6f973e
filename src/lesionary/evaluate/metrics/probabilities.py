"""Metrics of probabilities: means over the rows of a loss."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lesionary.errors import EvaluationError
from lesionary.evaluate.inputs import Labelled
from lesionary.evaluate.metrics.kernel import Kernel, Values, Weights, ratio

SMALLEST = float(np.finfo(np.float64).eps)
ROUNDING = 1e-3  # by which a row's probabilities may miss 1: tables are rounded


def brier_kernel(rows: Labelled, threshold: float) -> Kernel:  # noqa: ARG001 (a metric's signature)
    """Mean squared error: of the positive class' probability, or summed over several classes."""
    _check_probabilities(rows)
    if rows.score.ndim == 1:
        return _mean_of((rows.score - rows.label) ** 2)
    truth = rows.label[:, None] == np.arange(len(rows.classes))
    return _mean_of(((rows.score - truth) ** 2).sum(axis=1))


def log_loss_kernel(rows: Labelled, threshold: float) -> Kernel:  # noqa: ARG001
    """Mean of minus the logarithm of the true class' probability, which counts as 2e-16 if 0."""
    _check_probabilities(rows)
    if rows.score.ndim == 1:
        given = np.where(rows.label == 1, rows.score, 1.0 - rows.score)
    else:
        given = rows.score[np.arange(rows.n), rows.label]
    return _mean_of(-np.log(np.clip(given, SMALLEST, 1.0)))


def _mean_of(loss: NDArray[np.float64]) -> Kernel:
    def values(weights: Weights) -> Values:
        counted = weights.astype(np.float64)
        return ratio(counted @ loss, counted.sum(axis=1))

    return values


def _check_probabilities(rows: Labelled) -> None:
    if rows.score.min() < 0.0 or rows.score.max() > 1.0:
        raise EvaluationError(
            f"Scores reach from {rows.score.min():g} to {rows.score.max():g}, so they are no "
            "probabilities (0 to 1), which the Brier score and log loss are about: calibrate them "
            "first, or use AUC."
        )
    if rows.score.ndim == 2:
        off = np.abs(rows.score.sum(axis=1) - 1.0)
        if off.max() > ROUNDING:
            raise EvaluationError(
                f"Probabilities of the classes sum to {rows.score[off.argmax()].sum():g} in row "
                f"{int(off.argmax())} (from 0) and not to 1: is a class' column missing?"
            )
