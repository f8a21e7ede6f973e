"""Metrics of the order of the scores: AUC and average precision, for many weightings at once.

Sorting is done once. A weighting then costs, for each class, one cumulative sum over the rows
in sorted order, in blocks of weightings that stay in the processor's cache. Sums are of
integers, so they are exact, and ties are what they would be with rows repeated.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lesionary.evaluate.inputs import Labelled
from lesionary.evaluate.metrics.kernel import Kernel, Values, Weights, mean_of_defined, ratio

CACHED = 1 << 16  # weights that are worked on at once: 256 KiB of them


def auc_kernel(rows: Labelled, threshold: float) -> Kernel:  # noqa: ARG001 (a metric's signature)
    """Area under the ROC curve; of several classes the mean of each against the rest."""
    return _over_classes(rows, _auc_of_one)


def average_precision_kernel(rows: Labelled, threshold: float) -> Kernel:  # noqa: ARG001
    """Average precision; of several classes the mean of each against the rest (mAP)."""
    return _over_classes(rows, _average_precision_of_one)


def _over_classes(
    rows: Labelled, of_one: Callable[[NDArray[np.bool_], NDArray[np.float64]], Kernel]
) -> Kernel:
    if rows.score.ndim == 1:
        kernels = [of_one(rows.label == 1, rows.score)]
    else:
        kernels = [
            of_one(rows.label == number, rows.score[:, number])
            for number in range(len(rows.classes))
        ]
    step = max(1, CACHED // rows.n)

    def values(weights: Weights) -> Values:
        out = np.empty(len(weights))
        for start in range(0, len(weights), step):
            block = weights[start : start + step]
            out[start : start + step] = mean_of_defined(
                np.stack([kernel(block) for kernel in kernels], axis=1)
            )
        return out

    return values


def _auc_of_one(positive: NDArray[np.bool_], score: NDArray[np.float64]) -> Kernel:
    ours = np.flatnonzero(positive)
    rest = np.flatnonzero(~positive)
    rest = rest[np.argsort(score[rest], kind="stable")]
    below = np.searchsorted(score[rest], score[ours], side="left")
    not_above = np.searchsorted(score[rest], score[ours], side="right")

    def values(weights: Weights) -> Values:
        passed = _running_sum(weights, rest)
        own = weights[:, ours]
        # A tie counts half: twice the pairs won are whole numbers.
        won_twice = _dot(own, passed[:, below] + passed[:, not_above])
        return ratio(won_twice, 2.0 * own.sum(axis=1, dtype=np.float64) * passed[:, -1])

    return values


def _average_precision_of_one(positive: NDArray[np.bool_], score: NDArray[np.float64]) -> Kernel:
    ordered = np.argsort(-score, kind="stable")
    ours = ordered[positive[ordered]]
    # Rows whose score is at least that of each positive: its ties are in, as one threshold.
    called = np.searchsorted(-score[ordered], -score[ours], side="right")
    hits = np.searchsorted(-score[ours], -score[ours], side="right")

    def values(weights: Weights) -> Values:
        own = weights[:, ours]
        found = _running_sum(weights, ours)
        precision = ratio(found[:, hits], _running_sum(weights, ordered)[:, called], other=0.0)
        return ratio(_dot(own, precision), found[:, -1])

    return values


def _running_sum(weights: Weights, order: NDArray[np.intp]) -> NDArray[np.int32]:
    """Sum the weights of the first 0, 1, ... rows in this order."""
    out = np.zeros((len(weights), len(order) + 1), dtype=np.int32)
    np.cumsum(np.take(weights, order, axis=1), axis=1, out=out[:, 1:])
    return out


def _dot(left: NDArray[Any], right: NDArray[Any]) -> Values:
    out: Values = np.einsum("rp,rp->r", left, right, dtype=np.float64, casting="safe")
    return out
