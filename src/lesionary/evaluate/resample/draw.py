"""Resamples of patients, as the number of times that each row is in them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from lesionary.errors import EvaluationError

Stratify: TypeAlias = bool | Literal["auto"]

RARE = 5
"""Patients of a class below which ``stratify="auto"`` draws each class by itself.

One resample in 150 lacks a class of 5 patients. Strata cost: in one of m patients the bootstrap
takes the variance for (m - 1) / m of what it is, so where they are not needed there are none.
"""

BLOCK = 256  # resamples that are held at once where patients are left out
CACHED = 64  # resamples that are counted at once: their counts stay in a core's cache


def draw(
    group: NDArray[np.int64],
    label: NDArray[np.int64] | None = None,
    *,
    resamples: int = 1000,
    seed: int = 0,
    stratify: Stratify = "auto",
) -> NDArray[np.int32]:
    """Draw patients with replacement, each with all its rows.

    Parameters
    ----------
    group : ndarray of int (n,)
        Of each row its patient, numbered from 0.
    label : ndarray of int (n,), optional
        Of each row its class, for strata.
    resamples
        How many.
    seed
        The same seed draws the same patients.
    stratify
        Whether as many patients are drawn of each stratum as there are. See
        :func:`patient_strata`.

    Returns
    -------
    ndarray of int32 (resamples, n)
        How often each row is in each resample.

    Examples
    --------
    >>> draw(np.array([0, 0, 1]), resamples=3, seed=1).tolist()
    [[1, 1, 1], [0, 0, 2], [2, 2, 0]]
    """
    if resamples < 1:
        raise EvaluationError(f"There must be resamples; {resamples} were asked for.")
    strata = patient_strata(group, label, stratify)
    patients = len(strata)
    rng = np.random.default_rng(seed)
    counts = np.empty((resamples, patients), dtype=np.int32)
    for stratum in np.unique(strata):
        members = np.flatnonzero(strata == stratum)
        for start in range(0, resamples, CACHED):
            block = counts[start : start + CACHED]
            block[:, members] = _counts(rng, len(block), len(members))
    each_row_alone = patients == len(group) and bool((np.diff(group) == 1).all())
    return counts if each_row_alone else np.take(counts, group, axis=1)


def _counts(rng: np.random.Generator, resamples: int, size: int) -> NDArray[np.int64]:
    """Draw as many of a stratum as it has, and count each: (resamples, size)."""
    drawn = rng.integers(size, size=(resamples, size)) + np.arange(resamples)[:, None] * size
    return np.bincount(drawn.ravel(), minlength=resamples * size).reshape(resamples, size)


def patient_strata(
    group: NDArray[np.int64],
    label: NDArray[np.int64] | None,
    stratify: Stratify = "auto",
) -> NDArray[np.int64]:
    """Give each patient its stratum: the rarest of its classes, or 0 if there are no strata.

    A patient may have lesions of several classes. It counts for the one that the fewest patients
    have (the first of equals), so that a rare class is in every resample. With ``"auto"`` there
    are strata only if some class has fewer than ``RARE`` patients.
    """
    patients = int(group.max()) + 1
    if label is None or stratify is False:
        return np.zeros(patients, dtype=np.int64)
    has = np.zeros((patients, int(label.max()) + 1), dtype=bool)
    has[group, label] = True
    found = has.sum(axis=0)
    if stratify == "auto" and found[found > 0].min() >= RARE:
        return np.zeros(patients, dtype=np.int64)
    rarest: NDArray[np.int64] = np.where(has, found, patients + 1).argmin(axis=1)
    return rarest


def leave_one_out(group: NDArray[np.int64]) -> Iterator[NDArray[np.int32]]:
    """Yield weights without each patient in turn: in blocks of (up to 256, n)."""
    patients = int(group.max()) + 1
    for start in range(0, patients, BLOCK):
        left_out = np.arange(start, min(start + BLOCK, patients))
        yield (group != left_out[:, None]).astype(np.int32)
