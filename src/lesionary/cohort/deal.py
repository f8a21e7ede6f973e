"""Dealing patients out to groups: by patient, in stated shares, alike in every kind of lesion."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lesionary.cohort.columns import PATIENT
from lesionary.errors import CohortError

_MAX_CLASSES = 10
_QUANTILES = 4
_TRIES = 100


def kinds_by_patient(table: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Count each patient's lesions (rows: patients, sorted) of each kind (columns).

    A kind is a combination of the values of ``columns``. A number with more than ten values
    is cut at its quartiles; a missing value is a value of its own.
    """
    values = pd.DataFrame(index=table.index)
    for column in columns:
        if column not in table:
            raise CohortError(f"There is no column '{column}' to stratify by.")
        distinct = table[column].nunique()
        if distinct < 2:
            raise CohortError(
                f"Column '{column}' has {distinct} class: there is nothing to stratify by."
            )
        values[column] = table[column]
        if pd.api.types.is_numeric_dtype(table[column]) and distinct > _MAX_CLASSES:
            values[column] = pd.qcut(table[column], _QUANTILES, labels=False, duplicates="drop")
    kind = pd.Series(0, index=table.index)
    if columns:
        kind = values.groupby(list(columns), dropna=False).ngroup()
    return pd.crosstab(table[PATIENT], kind)


def deal(kinds: pd.DataFrame, shares: Sequence[float], seed: int | Sequence[int]) -> pd.Series[int]:
    """Give each patient (row of ``kinds``) the number of a group, so that each gets its share.

    Patients who have the same kinds of lesion are shuffled and put one after another; each in
    turn goes to the group that lacks most, so that in every stretch of that order, and in all,
    a group's size is its share to within a patient or two. Of a hundred such deals the one is
    kept whose lesions are most alike: patients with many lesions would otherwise tip a class.
    """
    rng = np.random.default_rng(seed)
    counts = kinds.loc[:, kinds.any()].to_numpy(dtype=float)
    wanted = np.asarray(shares, dtype=float) / np.sum(shares)
    turns = _turns(len(counts), wanted)
    _, stratum = np.unique(counts > 0, axis=0, return_inverse=True)
    stratum = stratum.reshape(-1)
    expected = np.outer(wanted, counts.sum(axis=0))
    best, least = turns, np.inf
    for _ in range(_TRIES):
        place = rng.permutation(int(stratum.max()) + 1)[stratum]
        groups = np.empty_like(turns)
        groups[np.lexsort((rng.random(len(place)), place))] = turns
        found = np.stack([counts[groups == group].sum(axis=0) for group in range(len(wanted))])
        imbalance = float(((found - expected) ** 2 / expected).sum())
        if imbalance < least:
            best, least = groups, imbalance
    return pd.Series(best, index=kinds.index)


def _turns(count: int, wanted: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the group whose turn it is, for ``count`` patients in a row."""
    dealt = np.zeros(len(wanted))
    turns = np.empty(count, dtype=np.int64)
    for position in range(count):
        turns[position] = np.argmax(wanted * (position + 1) - dealt)
        dealt[turns[position]] += 1
    return turns
