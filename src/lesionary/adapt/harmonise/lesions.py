"""Lesions that cannot be harmonised, and why."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lesionary.adapt.harmonise.given import name_of
from lesionary.adapt.harmonise.harmoniser import Harmoniser


def lacking(lesions: pd.DataFrame, needed: Sequence[str]) -> NDArray[np.object_]:
    """Return of each lesion which column it lacks, the first of them; empty where none."""
    reason = np.full(len(lesions), "", dtype=object)
    for name in reversed(needed):
        reason[lesions[name].isna().to_numpy()] = f"The lesion table lacks its {name}."
    return reason


def alone_in_batch(
    batches: pd.DataFrame, rows: NDArray[np.bool_], fewest: int
) -> NDArray[np.bool_]:
    """Find rows whose batch has fewer than so many rows, of any column of batches.

    Without them another batch may have too few: they are taken out until all that are left have
    enough.

    Examples
    --------
    >>> batches = pd.DataFrame({"scanner": ["A", "A", "B"], "kernel": ["x", "y", "y"]})
    >>> alone_in_batch(batches, np.full(3, True), 2).tolist()
    [True, True, True]
    """
    left = rows.copy()
    while True:
        small = np.zeros_like(left)
        for column in batches:
            names = batches[column].map(name_of, na_action="ignore")
            counts = names.map(names[left].value_counts()).fillna(0).to_numpy()
            small |= left & (counts < fewest)
        if not small.any():
            return rows & ~left
        left &= ~small


def of_small_batches(reason: NDArray[np.object_], batch: pd.Series, harmoniser: Harmoniser) -> None:
    """Give a reason to rows of batches that are new, and too small to be estimated."""
    names = batch.map(name_of, na_action="ignore")
    counts = names[reason == ""].value_counts()
    for name, count in counts.items():
        if name not in harmoniser.batches_ and count < harmoniser.fewest_new:
            reason[(names == name).to_numpy() & (reason == "")] = (
                f"The batch {name!r} was not in training, or too small there, and has {count:,} "
                f"lesions; it takes {harmoniser.fewest_new} to estimate its effect."
            )
