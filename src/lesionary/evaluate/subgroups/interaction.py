"""Judge rows column by column, and test whether subgroups differ, whatever the metric."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lesionary.errors import EvaluationError
from lesionary.evaluate.comparisons.correction import holm
from lesionary.evaluate.metrics.kernel import Kernel, Values, Weights
from lesionary.evaluate.result import Result
from lesionary.evaluate.subgroups.cut import cut_column
from lesionary.evaluate.subgroups.table import UNRELIABLE, Subgroups

Mask: TypeAlias = NDArray[np.bool_]

_DEFINED = 0.8
"""Share of resamples in which every subgroup has a value, below which there is no test."""


def by_columns(
    columns: pd.DataFrame,
    edges: Mapping[str, Sequence[float]] | None,
    weights: Weights,
    judged: Callable[[Mask], Result],
    kernel: Callable[[Mask], Kernel],
    enough: str,
) -> list[Subgroups]:
    """Judge the subgroups of each column, and correct the tests over the columns (Holm).

    Parameters
    ----------
    columns : DataFrame (n, columns)
        What to tell rows apart by.
    edges : mapping, optional
        Where columns of numbers are cut.
    weights : ndarray of int32 (resamples, n)
        How often each row is drawn.
    judged
        From a mask of the rows (n,) to the result of these; a note of it says if it is unreliable.
    kernel
        From a mask to what takes the weights of these rows to values.
    enough
        What a subgroup needs to be tested, as a sentence's part.
    """
    n = weights.shape[1]
    if len(columns) != n:
        raise EvaluationError(f"There are {n:,} rows, but {len(columns):,} to cut them by.")
    unknown = set(edges or {}) - set(columns)
    if unknown:
        raise EvaluationError(f"There is no column {min(unknown)!r} to be cut at edges.")
    found = []
    for name in columns:
        cut = cut_column(columns[name], (edges or {}).get(str(name)))
        masks = {str(one): (cut == one).to_numpy() for one in cut.cat.categories}
        results, reasons = {}, {}
        for subgroup, mask in masks.items():
            try:
                results[subgroup] = judged(mask)
            except EvaluationError as error:
                reasons[subgroup] = str(error)
        large = [one for one in results if not is_unreliable(results[one])]
        p, notes = _interaction([masks[one] for one in large], weights, kernel, enough)
        small = [one for one in masks if one not in large]
        if small and p is not None:
            notes = (f"The test leaves out {', '.join(small)}, which are too small.",)
        missing = int(cut.isna().sum())
        if missing:
            notes = (f"{missing:,} rows have no {name} and are left out.", *notes)
        counts = {one: int(mask.sum()) for one, mask in masks.items()}
        found.append(Subgroups(str(name), results, reasons, counts, p, None, notes))
    tested = [one.p for one in found if one.p is not None]
    corrected = iter(holm(tested).tolist() if tested else [])
    return [one if one.p is None else replace(one, corrected_p=next(corrected)) for one in found]


def is_unreliable(result: Result) -> bool:
    """Say whether a result is marked as resting on too little."""
    return any(note.startswith(UNRELIABLE) for note in result.notes)


def _interaction(
    masks: list[Mask], weights: Weights, kernel: Callable[[Mask], Kernel], enough: str
) -> tuple[float | None, tuple[str, ...]]:
    """Test whether a metric is the same in all subgroups: p, and notes."""
    if len(masks) < 2:
        return None, (f"No test: there are not two subgroups with {enough}.",)
    values: list[float] = []
    drawn: list[Values] = []
    for mask in masks:
        of_part = kernel(mask)
        values.append(of_part(np.ones((1, int(mask.sum())), dtype=np.int32))[0])
        drawn.append(of_part(np.ascontiguousarray(weights[:, mask])))
    apart = np.diff(np.array(values))
    resampled = np.diff(np.array(drawn), axis=0)
    resampled = resampled[:, ~np.isnan(resampled).any(axis=0)]
    if resampled.shape[1] < _DEFINED * len(weights):
        return None, ("No test: in many resamples the metric of a subgroup is not defined.",)
    covariance = np.atleast_2d(np.cov(resampled))
    if np.linalg.matrix_rank(covariance) < len(apart):
        return None, ("No test: the metric does not vary with the patients drawn.",)
    inverse = np.linalg.inv(covariance)
    centred = resampled - apart[:, None]
    by_chance = np.einsum("kr,kl,lr->r", centred, inverse, centred)
    p = (1 + (by_chance >= apart @ inverse @ apart).sum()) / (1 + len(by_chance))
    return float(p), ()
