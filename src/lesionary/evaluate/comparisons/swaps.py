"""Swap two models' scores by patient: what their difference would be if they were equally good.

Under a swap the scores of some patients change sides, and labels stay. Written with a sign of
each patient (+1 kept, -1 swapped), many metrics' differences are sums of a term of each patient
times its sign: one matrix product gives all pairs of models under all permutations.

That is plain for shares of right decisions. For the AUC: one model's AUC after the swap is a
quadratic form of the signs, the other's is the same form of the opposite signs, and in their
difference only the linear part is left. Average precision has a way of its own; all other
metrics are computed from both models' rows in one table, with weights that say whose count.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from lesionary.errors import EvaluationError
from lesionary.evaluate.clusters import sum_by_patient
from lesionary.evaluate.comparisons.mcnemar import first_alone_right
from lesionary.evaluate.comparisons.paired import Paired, Pairs
from lesionary.evaluate.comparisons.swapped_precision import BLOCK, swapped_precision
from lesionary.evaluate.inputs import Labelled
from lesionary.evaluate.metrics.registry import kernel_of

Floats = NDArray[np.float64]

# Sums of the same numbers in another order differ by less: such permutations are ties.
_ROUNDING = 1e-12


def signs(patients: int, resamples: int, seed: int) -> NDArray[np.int8]:
    """Draw for each patient whether the two models swap: (resamples, patients), -1 or 1."""
    # A stream of its own: the bootstrap draws from the seed itself.
    rng = np.random.default_rng(seed).spawn(1)[0]
    return rng.integers(0, 2, size=(resamples, patients), dtype=np.int8) * np.int8(2) - np.int8(1)


def ranked(models: Paired[Labelled]) -> Paired[Labelled]:
    """Replace each model's scores by their ranks, column by column; ties share the middle one.

    What only counts the order stays as it is, and swapping no longer mixes scales: a score of
    0.9 that takes the place of a log-odds of 0.9 would say something else.
    """
    return Paired(
        {
            name: replace(rows, score=rankdata(rows.score, axis=0))
            for name, rows in models.models.items()
        }
    )


def swapped_differences(
    metric: str,
    models: Paired[Labelled],
    pairs: Pairs,
    sign: NDArray[np.int8],
    threshold: float,
) -> Floats:
    """Compute each pair's difference under each permutation: (resamples, pairs)."""
    if metric in _TERMS:
        term = np.stack(
            [_TERMS[metric](models.models[a], models.models[b], threshold) for a, b in pairs],
            axis=1,
        )
        return sign.astype(np.float64) @ sum_by_patient(term, models.rows.group)
    group = models.rows.group
    if metric == "average_precision":
        by_row = [
            sign[start : start + BLOCK, group].T.astype(np.float64, order="C")
            for start in range(0, len(sign), BLOCK)
        ]
        return np.stack(
            [swapped_precision(models.models[a], models.models[b], by_row) for a, b in pairs],
            axis=1,
        )
    kept = (sign[:, group] > 0).astype(np.int32)
    as_first, as_second = np.hstack([kept, 1 - kept]), np.hstack([1 - kept, kept])
    out = np.empty((len(sign), len(pairs)))
    for column, (a, b) in enumerate(pairs):
        kernel = kernel_of(metric, _pooled(models.models[a], models.models[b]), threshold)
        out[:, column] = kernel(as_first) - kernel(as_second)
    return out


def swapped_p(
    swapped: Floats, observed: float, *, one_sided: bool
) -> tuple[float, tuple[str, ...]]:
    """Count the permutations that differ as much as the data do.

    Two-sided, the data are counted as one of the permutations, which they are: p is never 0 and
    the test keeps its level. One-sided is as published: without them.
    """
    defined = swapped[~np.isnan(swapped)]
    notes: tuple[str, ...] = ()
    if len(defined) < len(swapped):
        notes = (
            f"{len(swapped) - len(defined):,} of {len(swapped):,} permutations are left out: the "
            "metric is not defined in them.",
        )
    if one_sided:
        if len(defined) == 0:
            raise EvaluationError("The metric is not defined in any permutation: there is no p.")
        return float((defined >= observed - _ROUNDING).mean()), notes
    as_far = (np.abs(defined) >= abs(observed) - _ROUNDING).sum()
    return float((as_far + 1) / (len(defined) + 1)), notes


def _pooled(first: Labelled, second: Labelled) -> Labelled:
    """Both models' rows in one table: weights say whose score a row takes."""
    return Labelled(
        np.tile(first.label, 2),
        np.concatenate([first.score, second.score]),
        np.tile(first.group, 2),
        first.classes,
        first.grouped,
    )


def _auc_terms(first: Labelled, second: Labelled, threshold: float) -> Floats:  # noqa: ARG001
    if first.score.ndim == 1:
        return _auc_terms_of_one(first.label == 1, first.score, second.score)
    # Classes without rows are not in the mean.
    each = [
        _auc_terms_of_one(first.label == number, first.score[:, number], second.score[:, number])
        for number in np.unique(first.label)
    ]
    return np.asarray(np.mean(each, axis=0))


def _auc_terms_of_one(positive: NDArray[np.bool_], first: Floats, second: Floats) -> Floats:
    """Of each row, how much further on its own side it is in the first model than in the second.

    Its place is counted among the other class' scores of both models, ties as one half.
    """
    term = np.empty(len(first))
    for side, direction in ((positive, 1.0), (~positive, -1.0)):
        others = np.sort(np.concatenate([first[~side], second[~side]]))
        term[side] = direction * (_place(others, first[side]) - _place(others, second[side]))
    term /= 2.0 * positive.sum() * (~positive).sum()
    return term


def _place(others: Floats, score: Floats) -> Floats:
    below, not_above = (np.searchsorted(others, score, side=side) for side in ("left", "right"))
    return np.asarray((below + not_above) / 2.0)


def _accuracy_terms(first: Labelled, second: Labelled, threshold: float) -> Floats:
    return first_alone_right(first, second, threshold) / first.n


def _balanced_accuracy_terms(first: Labelled, second: Labelled, threshold: float) -> Floats:
    counts = np.bincount(first.label)
    share = 1.0 / (counts[first.label] * np.count_nonzero(counts))
    return np.asarray(first_alone_right(first, second, threshold) * share)


_TERMS = {
    "auc": _auc_terms,
    "accuracy": _accuracy_terms,
    "balanced_accuracy": _balanced_accuracy_terms,
}
