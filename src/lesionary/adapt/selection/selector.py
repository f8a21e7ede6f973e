"""What all selectors share: names in, names out, and a reason for each column that goes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin

from lesionary.errors import ModelError

S = TypeVar("S", bound="Selector")


@dataclass(frozen=True)
class Training:
    """The training rows as a selector judges them.

    Parameters
    ----------
    data : ndarray of float64 (n, columns)
        Finite, but for missing values (NaN) where the selector takes them.
    names : list of str
        Of the columns.
    y : target as given, or None
    groups : array_like (n,) or None
        Of each row its patient.
    """

    data: NDArray[np.float64]
    names: list[str]
    y: Any
    groups: ArrayLike | None


@dataclass(frozen=True)
class Verdict:
    """Which columns stay, and of each column the number and the words that decided.

    Parameters
    ----------
    keep : ndarray of bool (columns,)
    statistic : ndarray of float (columns,)
    reasons : list of str
        Of each column; only those of removed columns are shown.
    """

    keep: NDArray[np.bool_]
    statistic: NDArray[np.float64]
    reasons: list[str]


class Selector(TransformerMixin, BaseEstimator, ABC):  # type: ignore[misc]  # untyped
    """A scikit-learn transformer that keeps some columns as they are.

    A subclass names itself, sets its parameters, and judges columns in :meth:`_judge`.

    Attributes
    ----------
    reasons_ : DataFrame
        Of each removed column: ``feature, removed_by, statistic, reason``.
    statistics_ : Series
        Of each column that was seen in training, the number that decided.
    """

    name: str
    accepts_missing = False
    needs_target = True

    @abstractmethod
    def _judge(self, rows: Training) -> Verdict:
        """Judge the columns of the training rows."""

    def fit(self: S, X: Any, y: Any = None, groups: ArrayLike | None = None) -> S:
        """Decide, from training rows alone, which columns to keep.

        Parameters
        ----------
        X : DataFrame or array_like (n, columns)
        y : array_like (n,), or a table with ``time`` and ``event``
        groups : array_like (n,), optional
            Of each row its patient, for selectors that draw or hold out rows. In a Pipeline:
            ``pipeline.fit(X, y, <name of the step>__groups=patients)``.
        """
        names, values = self._columns(X)
        if self.needs_target and y is None:
            raise ModelError(f"Selector {self.name!r} needs the labels: fit(X, y).")
        for what, given in (("labels", y), ("groups", groups)):
            if given is not None and len(np.asarray(given)) != len(values):
                raise ModelError(
                    f"There are {len(values):,} rows but {len(np.asarray(given)):,} {what}."
                )
        verdict = self._judge(Training(values, names, y, groups))
        if not verdict.keep.any():
            first = verdict.reasons[0]
            raise ModelError(
                f"Selector {self.name!r} would remove all {len(names):,} columns (the first, "
                f"{names[0]!r}: {first}): loosen its settings, or look at the table."
            )
        self.n_features_in_ = len(names)
        self.names_in_ = names
        if isinstance(X, pd.DataFrame):
            self.feature_names_in_ = np.asarray(names, dtype=object)
        elif hasattr(self, "feature_names_in_"):
            del self.feature_names_in_
        self.support_ = np.asarray(verdict.keep, dtype=bool)
        self._statistic = np.asarray(verdict.statistic, dtype=np.float64)
        self._reasons = [
            "" if kept else reason
            for kept, reason in zip(self.support_, verdict.reasons, strict=True)
        ]
        return self

    def transform(self, X: Any) -> Any:
        """Return the kept columns of a table that has the training columns."""
        support = self.get_support()
        if isinstance(X, pd.DataFrame):
            missing = [name for name in self.names_in_ if name not in X.columns]
            if missing:
                raise ModelError(
                    f"{len(missing):,} of the {len(self.names_in_):,} training columns are "
                    f"missing, first {missing[0]!r}: give a table with the columns fitted to."
                )
            return X[self.get_feature_names_out().tolist()]
        values = np.asarray(X)
        if values.ndim != 2 or values.shape[1] != len(support):
            raise ModelError(
                f"The table has the shape {values.shape}; the selector was fitted to "
                f"{len(support):,} columns."
            )
        return values[:, support]

    def get_support(self, indices: bool = False) -> NDArray[Any]:
        """Return which training columns are kept: a mask, or their positions."""
        if not hasattr(self, "support_"):
            raise ModelError(f"Selector {self.name!r} is not fitted yet: call fit first.")
        return np.flatnonzero(self.support_) if indices else self.support_.copy()

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[Any]:  # noqa: ARG002
        """Return the names of the kept columns (``x0``, ``x1``, … of an array)."""
        support = self.get_support()
        names: NDArray[Any] = np.asarray(self.names_in_, dtype=object)[support]
        return names

    @property
    def reasons_(self) -> pd.DataFrame:
        """Which column was removed, by whom, and why."""
        removed = np.flatnonzero(~self.get_support())
        return pd.DataFrame(
            {
                "feature": [self.names_in_[i] for i in removed],
                "removed_by": self.name,
                "statistic": self._statistic[removed],
                "reason": [self._reasons[i] for i in removed],
            }
        )

    @property
    def statistics_(self) -> pd.Series[float]:
        """The number that decided, of each training column."""
        self.get_support()
        return pd.Series(self._statistic, index=self.names_in_, name=self.name)

    def _columns(self, X: Any) -> tuple[list[str], NDArray[np.float64]]:
        if isinstance(X, pd.DataFrame):
            names = [str(name) for name in X.columns]
            if len(set(names)) < len(names):
                twice = X.columns[X.columns.duplicated()][0]
                raise ModelError(f"There are two columns with the name {twice!r}: rename one.")
            text = [str(c) for c in X.columns if not pd.api.types.is_numeric_dtype(X[c])]
            if text:
                raise ModelError(
                    f"{len(text)} columns are not numbers, first {text[0]!r}: encode them first "
                    "(lesionary.adapt.fusion.ClinicalEncoder)."
                )
            values = X.to_numpy(dtype=np.float64)
        else:
            values = np.asarray(X, dtype=np.float64)
            if values.ndim != 2:
                raise ModelError(f"The table has the shape {values.shape}; wanted is 2-D.")
            names = [f"x{i}" for i in range(values.shape[1])]
        if 0 in values.shape:
            raise ModelError(f"The table has {values.shape[0]} rows and {values.shape[1]} columns.")
        if len(values) < 2:
            raise ModelError("Selectors learn from two rows or more; this table has one.")
        if np.isinf(values).any():
            first = names[int(np.argmax(np.isinf(values).any(axis=0)))]
            raise ModelError(f"Column {first!r} has infinite values: correct the table.")
        empty = np.isnan(values)
        if empty.any() and not self.accepts_missing:
            columns = empty.any(axis=0)
            worst = int(np.argmax(columns))
            raise ModelError(
                f"{int(columns.sum()):,} columns have missing values, first {names[worst]!r} in "
                f"{int(empty[:, worst].sum()):,} of {len(values):,} rows: drop such columns "
                f"('missing') or fill them before {self.name!r}."
            )
        return names, values


def z_scores(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scale columns to mean 0 and SD 1 (population); a constant column becomes 0."""
    centred = values - values.mean(axis=0)
    spread = centred.std(axis=0)
    # Rounding leaves a constant column a spread of about 1e-17 of its size.
    constant = spread <= 1e-12 * np.maximum(np.abs(values).max(axis=0), np.finfo(float).tiny)
    return np.where(constant, 0.0, centred / np.where(constant, 1.0, spread))


def top(scores: NDArray[np.float64], count: int) -> NDArray[np.bool_]:
    """Mark the ``count`` highest scores; of equal ones the first column."""
    keep = np.zeros(len(scores), dtype=bool)
    keep[np.argsort(-scores, kind="stable")[:count]] = True
    return keep
