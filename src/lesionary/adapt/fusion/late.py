"""A classifier for each block, and one probability from all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin

from lesionary.adapt.fusion.blocks import checked_columns, present
from lesionary.adapt.fusion.early import EarlyFusion
from lesionary.adapt.selection.patients import grouped_folds
from lesionary.adapt.selection.target import class_codes
from lesionary.errors import ModelError
from lesionary.spelling import hint

HOW = ("mean", "weighted", "stacking")
TOGETHER = "together"
"""Name of the member of a hybrid that sees all blocks at once."""

_LEAST = 1e-6
F = TypeVar("F", bound="LateFusion")
Probabilities = NDArray[np.float64]
Patients = NDArray[Any] | None


class LateFusion(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # untyped
    """A classifier for each block, whose probabilities are put together.

    A member is fitted to the training lesions that have its block, and a lesion without it is
    judged by the other members: the mean, and the weights, go to those that are there; in
    stacking, the missing member says what it says of training lesions on average. A lesion
    without any block gets the classes' shares in training.

    Parameters
    ----------
    classifier : estimator, or mapping of block to estimator
        Any with ``fit`` and ``predict_proba``.
    blocks : mapping
        Of each block its columns.
    how : {"mean", "weighted", "stacking"}
        Mean of the probabilities; or weighted, with the weights (0 or more, sum 1) that give
        the tune lesions the least log-loss; or a logistic regression on the members' log-odds for
        training lesions whose patient they have not seen (out of fold).
    hybrid : bool
        Add a member that sees all blocks together (:class:`EarlyFusion`).
    pca, imputer
        For each member's block, as in :class:`EarlyFusion`.
    folds : int
        That hold out patients, for stacking, and for weights without tune lesions.
    seed : int

    Attributes
    ----------
    classes_ : ndarray
    members_ : dict of EarlyFusion
    weights_ : dict of str to float
        Of the members (mean, weighted).
    out_of_fold_ : ndarray (members, n, classes) or None
        Probabilities of training lesions by models that did not see their patient; NaN without
        the block.
    """

    def __init__(
        self,
        classifier: Any,
        blocks: Mapping[str, Sequence[str]],
        how: str = "mean",
        hybrid: bool = False,
        pca: float | Mapping[str, float] | None = None,
        imputer: str = "median",
        folds: int = 5,
        seed: int = 0,
    ) -> None:
        self.classifier = classifier
        self.blocks = blocks
        self.how = how
        self.hybrid = hybrid
        self.pca = pca
        self.imputer = imputer
        self.folds = folds
        self.seed = seed

    def fit(
        self: F,
        X: pd.DataFrame,
        y: ArrayLike,
        groups: ArrayLike | None = None,
        tune: tuple[pd.DataFrame, ArrayLike] | None = None,
    ) -> F:
        """Fit members on training rows, and how to put them together.

        Parameters
        ----------
        X : DataFrame
            See :func:`~lesionary.adapt.fusion.join_blocks`.
        y : array_like (n,)
        groups : array_like (n,), optional
            Of each row its patient; without, each row is a patient.
        tune : (DataFrame, array_like), optional
            Features and labels of the tune lesions, for the weights. Without, the weights are
            learnt out of fold on the training lesions.
        """
        if self.how not in HOW:
            raise ModelError(f"Late fusion has no way {self.how!r}{hint(self.how, HOW)}.")
        checked_columns(X, self.blocks)
        codes, classes = class_codes(y)
        if len(codes) != len(X):
            raise ModelError(f"There are {len(X):,} lesions but {len(codes):,} labels.")
        self.classes_ = np.asarray(classes)
        self.prior_ = np.bincount(codes) / len(codes)
        sets = self._member_blocks()
        patients = None if groups is None else np.asarray(groups)
        self.members_ = {name: self._fitted(name, X, codes, patients) for name in sets}
        self.out_of_fold_ = None
        if self.how == "stacking" or (self.how == "weighted" and tune is None):
            self.out_of_fold_ = self._out_of_fold(X, codes, patients)
        if self.how == "stacking":
            self._stack(codes)
        else:
            self.weights_ = dict.fromkeys(sets, 1 / len(sets))
        if self.how == "weighted":
            self.weights_ = dict(zip(sets, self._weights(codes, tune).tolist(), strict=True))
        return self

    def predict_proba(self, X: pd.DataFrame) -> Probabilities:
        """Return probabilities (n, classes), in the order of ``classes_``."""
        if not hasattr(self, "members_"):
            raise ModelError("The fusion is not fitted yet: call fit first.")
        checked_columns(X, self.blocks)
        said = self.member_probabilities(X)
        there = ~np.isnan(said[:, :, 0])
        if self.how == "stacking":
            inputs = self._stacked_inputs(said)
            mixed = np.asarray(self.stacker_.predict_proba(inputs), dtype=np.float64)
        else:
            weight = np.array(list(self.weights_.values()))[:, None] * there
            # Where only members without weight are there, they share it evenly.
            weight = np.where(weight.sum(axis=0) > 0, weight, there)
            mixed = np.einsum("mn,mnc->nc", weight, np.nan_to_num(said))
            mixed /= np.maximum(weight.sum(axis=0), _LEAST)[:, None]
        mixed[~there.any(axis=0)] = self.prior_
        return mixed

    def predict(self, X: pd.DataFrame) -> NDArray[Any]:
        """Return the likeliest class of each lesion."""
        likeliest: NDArray[Any] = self.classes_[np.argmax(self.predict_proba(X), axis=1)]
        return likeliest

    def member_probabilities(self, X: pd.DataFrame) -> Probabilities:
        """Return what each member says (members, n, classes); NaN without its block."""
        return np.stack([self._said(model, X) for model in self.members_.values()])

    def _member_blocks(self) -> dict[str, dict[str, Sequence[str]]]:
        sets = {name: {name: columns} for name, columns in self.blocks.items()}
        if self.hybrid:
            if TOGETHER in sets:
                raise ModelError(f"A hybrid's block cannot be called {TOGETHER!r}: rename it.")
            sets[TOGETHER] = dict(self.blocks)
        return sets

    def _fitted(
        self, name: str, X: pd.DataFrame, codes: NDArray[np.int64], patients: Patients
    ) -> EarlyFusion:
        blocks = self._member_blocks()[name]
        rows = present(X, [column for columns in blocks.values() for column in columns])
        if len(np.unique(codes[rows])) < len(self.classes_):
            raise ModelError(
                f"Block {name!r} has {int(rows.sum()):,} of {len(X):,} training lesions, and not "
                "of every class: leave the block out, or its classifier cannot learn."
            )
        classifier = self.classifier
        if isinstance(classifier, Mapping):
            if name not in classifier:
                raise ModelError(f"There is no classifier for {name!r}: give one a member.")
            classifier = classifier[name]
        pca = self.pca
        if isinstance(pca, Mapping):
            pca = {block: count for block, count in pca.items() if block in blocks}
        model = EarlyFusion(classifier, blocks, pca, imputer=self.imputer, seed=self.seed)
        return model.fit(X[rows], codes[rows], None if patients is None else patients[rows])

    def _said(self, model: EarlyFusion, X: pd.DataFrame) -> Probabilities:
        rows = present(X, [column for columns in model.blocks.values() for column in columns])
        said = np.full((len(X), len(self.classes_)), np.nan)
        if rows.any():
            said[rows] = model.predict_proba(X[rows])
        return said

    def _out_of_fold(
        self, X: pd.DataFrame, codes: NDArray[np.int64], patients: Patients
    ) -> Probabilities:
        members = list(self.members_)
        said = np.full((len(members), len(X), len(self.classes_)), np.nan)
        for fit, held in grouped_folds(codes, patients, self.folds, self.seed):
            inside = None if patients is None else patients[fit]
            for place, name in enumerate(members):
                model = self._fitted(name, X.iloc[fit], codes[fit], inside)
                said[place, held] = self._said(model, X.iloc[held])
        return said

    def _weights(
        self, codes: NDArray[np.int64], tune: tuple[pd.DataFrame, ArrayLike] | None
    ) -> NDArray[np.float64]:
        said, label = self.out_of_fold_, codes
        if tune is not None:
            label = _codes_among(tune[1], self.classes_)
            said = self.member_probabilities(tune[0])
        assert said is not None
        there = ~np.isnan(said[:, :, 0]).any(axis=0)
        if not there.any():
            raise ModelError(
                "No lesion has all blocks, so members cannot be weighed against each other: use "
                "how='mean'."
            )
        right = said[:, there][:, np.arange(int(there.sum())), label[there]]
        return mixture_weights(np.maximum(right, _LEAST))

    def _stack(self, codes: NDArray[np.int64]) -> None:
        from sklearn.linear_model import LogisticRegression

        said = self.out_of_fold_
        assert said is not None
        logs = _log_odds(said)
        self.stack_fill_ = np.nanmean(logs, axis=1)
        self.stacker_ = LogisticRegression(max_iter=2000).fit(self._stacked_inputs(said), codes)

    def _stacked_inputs(self, said: Probabilities) -> NDArray[np.float64]:
        logs = _log_odds(said)
        filled = np.where(np.isnan(logs), self.stack_fill_[:, None, :], logs)
        return np.moveaxis(filled, 0, 1).reshape(said.shape[1], -1)


def mixture_weights(right: NDArray[np.float64], rounds: int = 2000) -> NDArray[np.float64]:
    """Return the weights of members that make the true classes likeliest, by EM.

    Parameters
    ----------
    right : ndarray (members, n)
        Probability, above 0, that a member gave the true class of a lesion.

    Returns
    -------
    ndarray (members,)
        0 or more, sum 1. The log-loss is convex in them, so this is the global optimum.

    Examples
    --------
    >>> mixture_weights(np.array([[0.9, 0.8], [0.5, 0.5]])).round(3).tolist()
    [1.0, 0.0]
    """
    weights = np.full(len(right), 1 / len(right))
    for _ in range(rounds):
        share = weights[:, None] * right
        new = (share / share.sum(axis=0)).mean(axis=1)
        if np.abs(new - weights).max() < 1e-10:
            break
        weights = new
    return np.asarray(weights, dtype=np.float64)


def _log_odds(said: Probabilities) -> NDArray[np.float64]:
    """Return log-probabilities against the first class (members, n, classes - 1)."""
    logs = np.log(np.clip(said, _LEAST, 1.0))
    return np.asarray(logs[:, :, 1:] - logs[:, :, :1], dtype=np.float64)


def _codes_among(y: ArrayLike, classes: NDArray[Any]) -> NDArray[np.int64]:
    place = {name: code for code, name in enumerate(classes.tolist())}
    names = np.asarray(y).tolist()
    unknown = [name for name in names if name not in place]
    if unknown:
        raise ModelError(
            f"Tune lesions have the label {unknown[0]!r}, which training lesions have not."
        )
    return np.array([place[name] for name in names], dtype=np.int64)
