"""What is to be predicted, as selectors need it: classes as numbers, or times with events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from lesionary.errors import ModelError


def class_codes(y: ArrayLike) -> tuple[NDArray[np.int64], tuple[Any, ...]]:
    """Give each class of ``y`` a number, in sorted order; refuse what cannot be told apart.

    Examples
    --------
    >>> codes, classes = class_codes(["benign", "malignant", "benign"])
    >>> codes.tolist(), classes
    ([0, 1, 0], ('benign', 'malignant'))
    """
    names = np.asarray(y)
    if names.ndim != 1 or names.dtype.names:
        raise ModelError(f"Labels have the shape {names.shape}; wanted is one label a row.")
    if pd.isna(names).any():
        raise ModelError(
            f"The label is missing in {int(pd.isna(names).sum()):,} of {len(names):,} rows: "
            "take these rows out before fitting."
        )
    classes, codes = np.unique(names, return_inverse=True)
    if len(classes) < 2:
        raise ModelError(
            f"All {len(names):,} training rows have one label ({', '.join(map(str, classes))}): "
            "with one class there is nothing to tell apart."
        )
    return codes.astype(np.int64), tuple(classes.tolist())


def is_survival(y: Any) -> bool:
    """Say whether a target is a time and an event (two named columns) instead of classes."""
    return _names(y) is not None


def time_and_event(y: Any) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return times and events of a table or structured array with columns of these names."""
    names = _names(y)
    if names is None:
        raise ModelError(
            "A survival screen needs a target with the columns 'time' and 'event': give y as "
            "table[['time', 'event']]."
        )
    time = np.asarray(y["time"], dtype=np.float64)
    event = np.asarray(y["event"], dtype=np.float64)
    if not np.isfinite(time).all() or (time <= 0).any():
        raise ModelError("Survival times must be numbers above 0: correct or take out such rows.")
    if not np.isin(event, (0, 1)).all():
        raise ModelError("Events are 1 (it happened) or 0 (not seen by then), and nothing else.")
    if not event.any():
        raise ModelError(f"None of the {len(event):,} training rows has an event.")
    return time, event.astype(bool)


def _names(y: Any) -> Sequence[str] | None:
    found = list(y.columns) if isinstance(y, pd.DataFrame) else getattr(y, "dtype", np.dtype(int))
    names = found if isinstance(found, list) else getattr(found, "names", None)
    return names if names is not None and {"time", "event"} <= set(names) else None
