"""The paired bootstrap: both models of a pair are judged on the same drawn patients."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from lesionary.errors import EvaluationError
from lesionary.evaluate.comparisons.paired import Pairs
from lesionary.evaluate.metrics.kernel import Kernel
from lesionary.evaluate.resample.bounds import percentile
from lesionary.evaluate.resample.draw import draw, patient_strata

Floats = NDArray[np.float64]


def drawn_differences(
    kernels: Mapping[str, Kernel],
    pairs: Pairs,
    group: NDArray[np.int64],
    label: NDArray[np.int64],
    *,
    resamples: int,
    seed: int,
) -> list[Floats]:
    """Compute each pair's difference in each resample in which it is defined.

    Parameters
    ----------
    kernels
        Of each model, from how often rows are drawn to its metric.
    pairs
        Names of models.
    group, label : ndarray of int64 (n,)
        Patients, who are drawn, and classes (or whether the event happened), for strata.
    resamples, seed
        How many, and drawn from where.
    """
    weights = draw(group, label, resamples=resamples, seed=seed)
    drawn = {name: kernel(weights) for name, kernel in kernels.items()}
    differences = [drawn[a] - drawn[b] for a, b in pairs]
    return [each[~np.isnan(each)] for each in differences]


def bootstrap_words(group: NDArray[np.int64], label: NDArray[np.int64], resamples: int) -> str:
    """Say how the intervals of differences come to be."""
    strata = patient_strata(group, label)
    by_class = ", stratified by class" if (strata != strata[0]).any() else ""
    return f"paired bootstrap percentile, {resamples:,} resamples{by_class}"


def drawn_interval(
    drawn: Floats, resamples: int, level: float
) -> tuple[float | None, float | None, tuple[str, ...]]:
    """Bounds that leave out the same share of the drawn differences at both ends, and notes."""
    notes: tuple[str, ...] = ()
    if len(drawn) < resamples:
        notes = (
            f"{resamples - len(drawn):,} of {resamples:,} resamples are left out: the metric is "
            "not defined in them.",
        )
    if len(drawn) < 2 or drawn.min() == drawn.max():
        return None, None, (*notes, "No interval: the difference is the same in every resample.")
    return *percentile(drawn, level), notes


def inverted_p(drawn: Floats) -> float:
    """Twice the smaller share of drawn differences on one side of 0, the data counted once more.

    That is one minus the level at which the percentile interval just touches 0.
    """
    if len(drawn) == 0:
        raise EvaluationError(
            "The metric is not defined in any bootstrap resample, so there is no p: give "
            "test='permutation'."
        )
    side = min((drawn <= 0).sum(), (drawn >= 0).sum())
    return float(min(1.0, 2 * (side + 1) / (len(drawn) + 1)))
