"""Blocks put together before the classifier sees them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin

from lesionary.adapt.fusion.blocks import checked_columns
from lesionary.adapt.fusion.classifier import fitted
from lesionary.adapt.fusion.imputation import make_imputer
from lesionary.adapt.selection.target import class_codes
from lesionary.errors import ModelError

T = TypeVar("T", bound="BlockScaler")
F = TypeVar("F", bound="EarlyFusion")


class BlockScaler(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # untyped
    """Fill, z-score, optionally reduce, and weight each block, learnt on the training rows.

    A missing value, also of a lesion that a block lacks altogether, is filled from the training
    rows. A block's z-scored columns are divided by the root of their number (relative to the
    mean of the blocks), so that a block of 4,096 columns counts as much as one of five; its
    weight multiplies that. Classifiers that
    scale columns themselves (``LinearProbe``), and trees, see nothing of either.

    Parameters
    ----------
    blocks : mapping
        Of each block its columns.
    pca : int, float or mapping, optional
        Principal components to keep of each block (or of the blocks named): how many, or below
        1, enough for that share of the variance. Blocks with no more columns stay as they are.
    weights : mapping, optional
        Of blocks; 1 where not named.
    imputer : str
        See :func:`~lesionary.adapt.fusion.make_imputer`.
    balance : bool
        Divide by the root of the number of columns.
    seed : int
    """

    def __init__(
        self,
        blocks: Mapping[str, Sequence[str]],
        pca: float | Mapping[str, float] | None = None,
        weights: Mapping[str, float] | None = None,
        imputer: str = "median",
        balance: bool = True,
        seed: int = 0,
    ) -> None:
        self.blocks = blocks
        self.pca = pca
        self.weights = weights
        self.imputer = imputer
        self.balance = balance
        self.seed = seed

    def fit(self: T, X: pd.DataFrame, y: Any = None) -> T:  # noqa: ARG002
        """Learn from training rows."""
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        checked_columns(X, self.blocks)
        self._check_names()
        self.steps_ = {}
        for name, columns in self.blocks.items():
            values = X[list(columns)]
            empty = values.columns[values.isna().all()]
            if len(empty):
                raise ModelError(
                    f"Column {empty[0]!r} has no value in the training rows: take it out "
                    "(selector 'missing')."
                )
            steps = make_pipeline(make_imputer(self.imputer, seed=self.seed), StandardScaler())
            scaled = steps.fit_transform(values.to_numpy(dtype=np.float64))
            reduction = self._reduction(name, scaled)
            self.steps_[name] = (steps, reduction)
        return self

    def transform(self, X: pd.DataFrame) -> pd.DataFrame:
        """Return the blocks side by side, with the same index."""
        checked_columns(X, self.blocks)
        mean_size = np.mean([len(columns) for columns in self.blocks.values()])
        parts = []
        for name, columns in self.blocks.items():
            steps, reduction = self.steps_[name]
            scaled = steps.transform(X[list(columns)].to_numpy(dtype=np.float64))
            factor = (self.weights or {}).get(name, 1.0)
            if self.balance:
                factor *= np.sqrt(mean_size / len(columns))
            names = list(columns)
            if reduction is not None:
                scaled = reduction.transform(scaled)
                names = [f"{name}:pc{i + 1}" for i in range(scaled.shape[1])]
            parts.append(pd.DataFrame(scaled * factor, X.index, names))
        return pd.concat(parts, axis=1)

    def _reduction(self, name: str, scaled: NDArray[np.float64]) -> Any:
        from sklearn.decomposition import PCA

        wanted = self.pca.get(name) if isinstance(self.pca, Mapping) else self.pca
        if wanted is None or wanted >= scaled.shape[1]:
            return None
        if wanted <= 0:
            raise ModelError(f"Block {name!r} keeps a component or more, not {wanted}.")
        kept = float(wanted) if wanted < 1 else min(int(wanted), len(scaled) - 1)
        return PCA(kept, svd_solver="full", random_state=self.seed).fit(scaled)

    def _check_names(self) -> None:
        named = [*(self.weights or {}), *(self.pca if isinstance(self.pca, Mapping) else ())]
        unknown = [name for name in named if name not in self.blocks]
        if unknown:
            raise ModelError(
                f"There is no block {unknown[0]!r}; there are {', '.join(self.blocks)}."
            )
        if any(weight < 0 for weight in (self.weights or {}).values()):
            raise ModelError("A block's weight is 0 or more.")


class EarlyFusion(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # untyped
    """One classifier on all blocks, each scaled as :class:`BlockScaler` says.

    Parameters
    ----------
    classifier : estimator
        Any with ``fit`` and ``predict_proba``: scikit-learn's, or a pipeline with selectors.
    blocks, pca, weights, imputer, balance, seed
        Of :class:`BlockScaler`.

    Attributes
    ----------
    classes_ : ndarray
    scaler_ : BlockScaler
    classifier_ : estimator
    """

    def __init__(
        self,
        classifier: Any,
        blocks: Mapping[str, Sequence[str]],
        pca: float | Mapping[str, float] | None = None,
        weights: Mapping[str, float] | None = None,
        imputer: str = "median",
        balance: bool = True,
        seed: int = 0,
    ) -> None:
        self.classifier = classifier
        self.blocks = blocks
        self.pca = pca
        self.weights = weights
        self.imputer = imputer
        self.balance = balance
        self.seed = seed

    def fit(self: F, X: pd.DataFrame, y: ArrayLike, groups: ArrayLike | None = None) -> F:
        """Fit scaling and classifier on training rows.

        ``groups``, of each row its patient, go to classifiers whose ``fit`` asks for them.
        """
        codes, classes = class_codes(y)
        if len(codes) != len(X):
            raise ModelError(f"There are {len(X):,} lesions but {len(codes):,} labels.")
        self.scaler_ = BlockScaler(
            self.blocks, self.pca, self.weights, self.imputer, self.balance, self.seed
        ).fit(X)
        self.classes_ = np.asarray(classes)
        self.classifier_ = fitted(self.classifier, self.scaler_.transform(X), codes, groups)
        return self

    def predict_proba(self, X: pd.DataFrame) -> NDArray[np.float64]:
        """Return probabilities (n, classes), in the order of ``classes_``."""
        if not hasattr(self, "classifier_"):
            raise ModelError("The fusion is not fitted yet: call fit first.")
        found = self.classifier_.predict_proba(self.scaler_.transform(X))
        return np.asarray(found, dtype=np.float64)

    def predict(self, X: pd.DataFrame) -> NDArray[Any]:
        """Return the likeliest class of each lesion."""
        likeliest: NDArray[Any] = self.classes_[np.argmax(self.predict_proba(X), axis=1)]
        return likeliest
