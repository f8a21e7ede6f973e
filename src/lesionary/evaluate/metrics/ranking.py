"""Metrics of the order of the scores: AUC and average precision, for many weightings at once.

Sorting is done once. A weighting then costs, for each class, one running sum over the rows in
sorted order (``running_sums.py``). Sums are of whole numbers, so they are exact, and ties are
what they would be with rows repeated.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from lesionary.evaluate.inputs import Labelled
from lesionary.evaluate.metrics.kernel import Kernel, Values, Weights, mean_of_defined, ratio
from lesionary.evaluate.metrics.running_sums import Lanes, in_lanes, running_sums

CACHED = 1 << 18
"""Weights that are worked on at once: what stays in a core's cache."""

OfLanes: TypeAlias = Callable[[Lanes], Values]


def auc_kernel(rows: Labelled, threshold: float) -> Kernel:  # noqa: ARG001 (a metric's signature)
    """Area under the ROC curve; of several classes the mean of each against the rest."""
    return _over_classes(rows, _auc_of_one)


def average_precision_kernel(rows: Labelled, threshold: float) -> Kernel:  # noqa: ARG001
    """Average precision; of several classes the mean of each against the rest (mAP)."""
    return _over_classes(rows, _average_precision_of_one)


def _over_classes(
    rows: Labelled, of_one: Callable[[NDArray[np.bool_], NDArray[np.float64]], OfLanes]
) -> Kernel:
    if rows.score.ndim == 1:
        of_classes = [of_one(rows.label == 1, rows.score)]
    else:
        of_classes = [
            of_one(rows.label == number, rows.score[:, number])
            for number in range(len(rows.classes))
        ]
    step = max(8, CACHED // rows.n)

    def values(weights: Weights) -> Values:
        out = np.empty(len(weights))
        for start in range(0, len(weights), step):
            block = weights[start : start + step]
            lanes = in_lanes(block)
            each = np.stack([of_class(lanes) for of_class in of_classes], axis=1)
            out[start : start + step] = mean_of_defined(each)[: len(block)]
        return out

    return values


def _auc_of_one(positive: NDArray[np.bool_], score: NDArray[np.float64]) -> OfLanes:
    ours = np.flatnonzero(positive)
    rest = np.flatnonzero(~positive)
    rest = rest[np.argsort(score[rest], kind="stable")]
    below = np.searchsorted(score[rest], score[ours], side="left")
    not_above = np.searchsorted(score[rest], score[ours], side="right")

    def values(lanes: Lanes) -> Values:
        passed = running_sums(lanes, rest)
        own = lanes[ours].astype(np.float64)
        # A tie counts half: twice the pairs won are a whole number.
        won_twice = np.einsum(
            "pr,pr->r", own, np.add(passed[below], passed[not_above], dtype=float)
        )
        return ratio(won_twice, 2.0 * own.sum(axis=0) * passed[-1])

    return values


def _average_precision_of_one(positive: NDArray[np.bool_], score: NDArray[np.float64]) -> OfLanes:
    ordered = np.argsort(-score, kind="stable")
    ours = ordered[positive[ordered]]
    # Rows whose score is at least that of each positive: its ties are in, as one threshold.
    called = np.searchsorted(-score[ordered], -score[ours], side="right")
    hits = np.searchsorted(-score[ours], -score[ours], side="right")

    def values(lanes: Lanes) -> Values:
        found = running_sums(lanes, ours)
        # Where nothing is called, nothing is found either: 0 / 1.
        precision = found[hits] / np.maximum(running_sums(lanes, ordered)[called], 1)
        return ratio(np.einsum("pr,pr->r", lanes[ours], precision), found[-1])

    return values
