"""Clinical tables as numbers: text becomes columns of 0 and 1, for the levels of training."""

from __future__ import annotations

import warnings
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin

from lesionary.errors import ModelError

E = TypeVar("E", bound="ClinicalEncoder")


class UnknownLevelWarning(UserWarning):
    """A text column has values that the training rows did not have."""


class ClinicalEncoder(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # untyped
    """Turn text, category and boolean columns into columns of 0 and 1; numbers pass through.

    Levels are those of the training rows, sorted. A level that is met later is 0 in all
    columns, with a warning that counts the rows (:meth:`unknown` tells which). A missing level
    is 0 in all columns, too; missing numbers stay missing.

    Parameters
    ----------
    drop_first : bool
        Leave out each column's first level, as unpenalised regressions need it.

    Examples
    --------
    >>> table = pd.DataFrame({"age": [61, 70], "histology": ["adeno", "squamous"]})
    >>> ClinicalEncoder().fit_transform(table)
        age  histology=adeno  histology=squamous
    0  61.0              1.0                 0.0
    1  70.0              0.0                 1.0
    """

    def __init__(self, drop_first: bool = False) -> None:
        self.drop_first = drop_first

    def fit(self: E, X: pd.DataFrame, y: Any = None) -> E:  # noqa: ARG002
        """Learn the levels of the training rows."""
        if not isinstance(X, pd.DataFrame) or X.empty:
            raise ModelError("A clinical encoder needs a table with named columns and a row.")
        self.levels_: dict[str, list[Any]] = {}
        for column in X.columns:
            if not _is_number(X[column]):
                levels = sorted(set(_text(X[column]).dropna()))
                if not levels:
                    raise ModelError(f"Column {column!r} has no value in training: take it out.")
                self.levels_[str(column)] = levels
        self.feature_names_in_ = np.asarray([str(c) for c in X.columns], dtype=object)
        self.n_features_in_ = len(self.feature_names_in_)
        return self

    def transform(self, X: pd.DataFrame) -> pd.DataFrame:
        """Return the table as numbers, with the same index."""
        unknown = self.unknown(X)
        if len(unknown):
            warnings.warn(
                f"{int(unknown['rows'].sum()):,} values were not met in training and count as no "
                f"level; first {unknown['level'].iloc[0]!r} of {unknown['column'].iloc[0]!r}.",
                UnknownLevelWarning,
                stacklevel=2,
            )
        parts = []
        for column in self.feature_names_in_:
            levels = self.levels_.get(column)
            if levels is None:
                if not _is_number(X[column]):
                    raise ModelError(f"Column {column!r} was numbers in training and is not now.")
                parts.append(X[[column]].astype(np.float64))
            else:
                equal = _text(X[column]).to_numpy(dtype=object)[:, None] == np.array(
                    levels[int(self.drop_first) :], dtype=object
                )
                names = [f"{column}={level}" for level in levels[int(self.drop_first) :]]
                parts.append(pd.DataFrame(equal.astype(np.float64), X.index, names))
        return pd.concat(parts, axis=1)

    def unknown(self, X: pd.DataFrame) -> pd.DataFrame:
        """List levels that were not met in training: ``column, level, rows``."""
        if not hasattr(self, "levels_"):
            raise ModelError("The clinical encoder is not fitted yet: call fit first.")
        lacking = [column for column in self.feature_names_in_ if column not in X]
        if lacking:
            raise ModelError(f"The clinical table lacks the column {lacking[0]!r} of training.")
        rows = [
            {"column": column, "level": level, "rows": int(count)}
            for column, levels in self.levels_.items()
            for level, count in _text(X[column]).value_counts().items()
            if level not in levels
        ]
        return pd.DataFrame(rows, columns=["column", "level", "rows"])

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[Any]:  # noqa: ARG002
        """Return the names of the columns of numbers."""
        names: list[str] = []
        for column in self.feature_names_in_:
            levels = self.levels_.get(column)
            shown = None if levels is None else levels[int(self.drop_first) :]
            names += [column] if shown is None else [f"{column}={level}" for level in shown]
        return np.asarray(names, dtype=object)


def _is_number(values: pd.Series[Any]) -> bool:
    return bool(pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values))


def _text(values: pd.Series[Any]) -> pd.Series[Any]:
    """Return levels as text, missing ones as None: a level must survive being saved."""
    return values.astype(object).map(str, na_action="ignore")
