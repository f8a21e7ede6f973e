"""What is done to features before a classifier sees them, learnt on training rows alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lesionary.errors import ModelError

_CONSTANT = 1e-10
"""Standard deviation, relative to the largest value, below which a column is constant."""


@dataclass(frozen=True)
class Preparation:
    """Columns kept, the values that stand in for missing ones, and the scaling.

    Attributes
    ----------
    kept : ndarray of int64 (q,)
        Positions of the columns that are used.
    fill, mean, scale : ndarray of float64 (q,)
        Median, and after filling in mean and standard deviation, of the training rows.
    """

    kept: NDArray[np.int64]
    fill: NDArray[np.float64]
    mean: NDArray[np.float64]
    scale: NDArray[np.float64]

    def __call__(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return features (n, p) as the classifier wants them (n, q)."""
        kept = features[:, self.kept]
        return (np.where(np.isnan(kept), self.fill, kept) - self.mean) / self.scale


Select = Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.intp]]
"""From columns as they are and as filled in (n, q), the positions of those to keep."""


def prepare(features: NDArray[np.float64], select: Select | None = None) -> Preparation:
    """Learn the preparation from training rows.

    Parameters
    ----------
    features : ndarray of float64 (n, p)
        NaN where missing.
    select : callable, optional
        Chooses among the columns that vary.
    """
    known = ~np.isnan(features)
    some = np.flatnonzero(known.any(axis=0))
    kept = features[:, some]
    fill = np.zeros(len(some))
    gaps = ~known[:, some].all(axis=0)
    fill[gaps] = np.nanmedian(kept[:, gaps], axis=0) if gaps.any() else 0
    filled = np.where(np.isnan(kept), fill, kept)
    mean, scale = filled.mean(axis=0), filled.std(axis=0)
    varied = scale > _CONSTANT * np.abs(filled).max(axis=0, initial=0)
    if not varied.any():
        raise ModelError("Every feature is constant or missing in the training rows.")
    chosen = np.flatnonzero(varied)
    if select is not None:
        chosen = chosen[select(kept[:, chosen], filled[:, chosen])]
    return Preparation(some[chosen], fill[chosen], mean[chosen], scale[chosen])


def unused_columns(
    features: NDArray[np.float64], preparation: Preparation, columns: Sequence[str]
) -> list[str]:
    """Say which columns the preparation of these training rows leaves out, and why."""
    missing = np.isnan(features).all(axis=0)
    varied = prepare(features).kept
    constant = np.setdiff1d(np.flatnonzero(~missing), varied)
    told = []
    for reason, found in (("missing", np.flatnonzero(missing)), ("constant", constant)):
        if len(found):
            first = ", ".join(columns[one] for one in found[:3])
            more = ", ..." if len(found) > 3 else ""
            told.append(
                f"{len(found):,} features are {reason} in all training rows and were left out: "
                f"{first}{more}."
            )
    if len(preparation.kept) < len(varied):
        told.append(f"Selection kept {len(preparation.kept):,} of {len(varied):,} features.")
    return told
