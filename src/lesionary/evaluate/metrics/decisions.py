"""Metrics of decisions: all are ratios of cells of a confusion matrix.

Of two classes, the second is decided for at scores of at least the threshold; of several, the
one of the highest score (the first of equals).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from lesionary.evaluate.inputs import Labelled
from lesionary.evaluate.metrics.kernel import Kernel, Values, Weights, mean_of_defined, ratio

Counts = NDArray[np.float64]  # (weightings, true class, decided class)


def decided(rows: Labelled, threshold: float) -> NDArray[np.int64]:
    """Decide on a class for each row: its number (n,)."""
    if rows.score.ndim == 1:
        return (rows.score >= threshold).astype(np.int64)
    highest: NDArray[np.int64] = rows.score.argmax(axis=1)
    return highest


def of_confusion(metric: Callable[[Counts], Values]) -> Callable[[Labelled, float], Kernel]:
    """Make a metric of confusion matrices one of weighted rows."""

    def kernel(rows: Labelled, threshold: float) -> Kernel:
        size = len(rows.classes)
        cell = rows.label * size + decided(rows, threshold)
        member = (cell[:, None] == np.arange(size * size)).astype(np.float64)

        def values(weights: Weights) -> Values:
            # Sums of whole numbers in double precision are exact.
            return metric((weights.astype(np.float64) @ member).reshape(-1, size, size))

        return values

    return kernel


def accuracy(counts: Counts) -> Values:
    """Share of rows decided rightly."""
    return ratio(np.trace(counts, axis1=1, axis2=2), counts.sum(axis=(1, 2)))


def balanced_accuracy(counts: Counts) -> Values:
    """Mean over the classes that have rows of the share of theirs decided rightly."""
    right = np.diagonal(counts, axis1=1, axis2=2)
    return mean_of_defined(ratio(right, counts.sum(axis=2)))


def f1(counts: Counts) -> Values:
    """Harmonic mean of PPV and sensitivity; of several classes the mean of those with rows."""
    right = np.diagonal(counts, axis1=1, axis2=2)
    true, called = counts.sum(axis=2), counts.sum(axis=1)
    each = ratio(2.0 * right, true + called)
    if counts.shape[1] == 2:
        return each[:, 1]
    return mean_of_defined(np.where(true > 0, each, np.nan))


def sensitivity(counts: Counts) -> Values:
    """Share of the positive rows that are decided positive."""
    return ratio(counts[:, 1, 1], counts[:, 1].sum(axis=1))


def specificity(counts: Counts) -> Values:
    """Share of the negative rows that are decided negative."""
    return ratio(counts[:, 0, 0], counts[:, 0].sum(axis=1))


def ppv(counts: Counts) -> Values:
    """Share of the rows decided positive that are positive."""
    return ratio(counts[:, 1, 1], counts[:, :, 1].sum(axis=1))


def npv(counts: Counts) -> Values:
    """Share of the rows decided negative that are negative."""
    return ratio(counts[:, 0, 0], counts[:, :, 0].sum(axis=1))
