"""Features and batches as given, checked and made arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lesionary.errors import ModelError


def feature_values(X: Any) -> tuple[list[str], NDArray[np.float64]]:
    """Return the columns' names and values (n, p); NaN where a cell is missing.

    Raises
    ------
    ModelError
        If a column is no number, infinite, or called as another.
    """
    if isinstance(X, pd.DataFrame):
        names = [str(name) for name in X.columns]
        if len(set(names)) < len(names):
            twice = X.columns[X.columns.duplicated()][0]
            raise ModelError(f"There are two features called {twice!r}: rename one.")
        text = [str(name) for name in X if not pd.api.types.is_numeric_dtype(X[name])]
        if text:
            raise ModelError(
                f"{len(text):,} columns are no numbers, first {text[0]!r}: give features only."
            )
        values = X.to_numpy(dtype=np.float64, na_value=np.nan)
    else:
        try:
            values = np.asarray(X, dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise ModelError("Features are not numbers.") from error
        if values.ndim != 2:
            raise ModelError(
                f"Features have the shape {values.shape}; wanted are rows and columns."
            )
        names = [f"x{number}" for number in range(values.shape[1])]
    if 0 in values.shape:
        raise ModelError(f"The features have {values.shape[0]} rows and {values.shape[1]} columns.")
    infinite = np.isinf(values).any(axis=0)
    if infinite.any():
        raise ModelError(
            f"{int(infinite.sum()):,} features are infinite somewhere, first "
            f"{names[int(np.argmax(infinite))]!r}: correct the table."
        )
    return names, values


def values_of(fitted: list[str], X: Any) -> NDArray[np.float64]:
    """Return the values (n, p) of the features that something was fitted to, found by name.

    Raises
    ------
    ModelError
        If one is missing, or of an array there are more or fewer.
    """
    if isinstance(X, pd.DataFrame):
        given = set(map(str, X.columns))
        lacking = [name for name in fitted if name not in given]
        if lacking:
            raise ModelError(
                f"The features lack {len(lacking):,} of the {len(fitted):,} that the harmoniser "
                f"was fitted to, first {lacking[0]!r}."
            )
        X = X.set_axis([str(name) for name in X.columns], axis=1)[fitted]
    names, values = feature_values(X)
    if len(names) != len(fitted):
        raise ModelError(
            f"There are {len(names):,} features; the harmoniser was fitted to {len(fitted):,}."
        )
    return values


def batch_names(batch: Any, X: Any, rows: int) -> NDArray[np.str_]:
    """Return each row's batch as text (n,).

    Raises
    ------
    ModelError
        If a row has none, or batches are several columns: ComBat removes one effect at a time.
    """
    same_index("batch", batch, X)
    if isinstance(batch, pd.DataFrame) and batch.shape[1] > 1:
        raise ModelError(
            f"The batches are {batch.shape[1]} columns ({', '.join(map(str, batch))}): one effect "
            "is removed at a time. Give one column, or use NestedComBat."
        )
    labels = np.asarray(batch, dtype=object)
    labels = labels[:, 0] if labels.ndim == 2 and labels.shape[1] == 1 else labels
    if labels.shape != (rows,):
        raise ModelError(f"Batches have the shape {labels.shape}; wanted is one a row, ({rows},).")
    missing = pd.isna(labels)
    if missing.any():
        raise ModelError(
            f"{int(missing.sum()):,} rows have no batch, the first is row "
            f"{int(np.argmax(missing))} (from 0): take them out, or say where they come from."
        )
    return np.array([name_of(label) for label in labels.tolist()], dtype=np.str_)


def name_of(label: Any) -> str:
    """Name a batch: whole numbers are the same with and without decimals.

    Examples
    --------
    >>> name_of(2.0), name_of("B60f")
    ('2', 'B60f')
    """
    whole = isinstance(label, float) and label.is_integer()
    return str(int(label)) if whole else str(label)


def same_index(what: str, given: Any, X: Any) -> None:
    """Raise if two tables have different indexes: rows are never joined by position then."""
    tables = (pd.Series, pd.DataFrame)
    if isinstance(given, tables) and isinstance(X, tables) and not given.index.equals(X.index):
        raise ModelError(
            f"Features and {what} have different indexes: join them by lesion_id first."
        )
