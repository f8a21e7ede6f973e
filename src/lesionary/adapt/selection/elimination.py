"""Fit, drop the least useful columns, fit again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from lesionary.adapt.selection.patients import grouped_folds
from lesionary.adapt.selection.selector import Selector, Training, Verdict, z_scores
from lesionary.adapt.selection.target import class_codes
from lesionary.errors import ModelError


class RFE(Selector):
    """Recursive feature elimination with any model that has weights or importances.

    Columns are z-scored inside, so that weights compare.

    Parameters
    ----------
    estimator : estimator, optional
        A classifier with ``coef_`` or ``feature_importances_``; default: logistic regression.
    count : int, optional
        How many columns to keep. None: as many as score best over folds that hold out
        patients (pass ``groups``); of equal scores the fewest.
    step : float
        Share of the columns still there that is dropped each time, at least one.
    metric : str
        scikit-learn's name of the score that decides the count, where that is not given.
    folds, seed : int
        For that decision.

    Attributes
    ----------
    statistics_ : Series
        Rank of each column: 1 is kept, 2 went last.
    """

    name = "rfe"

    def __init__(
        self,
        estimator: Any = None,
        count: int | None = 20,
        step: float = 0.1,
        metric: str = "roc_auc_ovr",
        folds: int = 5,
        seed: int = 0,
    ) -> None:
        self.estimator = estimator
        self.count = count
        self.step = step
        self.metric = metric
        self.folds = folds
        self.seed = seed

    def _judge(self, rows: Training) -> Verdict:
        if not 0 < self.step < 1 or (self.count is not None and self.count < 1):
            raise ModelError(
                f"RFE drops a share between 0 and 1 (step is {self.step}) and keeps one column or "
                f"more (count is {self.count})."
            )
        codes, _ = class_codes(rows.y)
        self.count_ = self._best_count(rows, codes) if self.count is None else self.count
        rank = np.zeros(len(rows.names), dtype=np.int64)
        for left, _ in self._path(z_scores(rows.data), codes, self.count_):
            rank += 1
            rank[left] = 1
        reasons = [f"eliminated: rank {r} of {rank.max()}" for r in rank]
        return Verdict(rank == 1, rank.astype(np.float64), reasons)

    def _path(
        self, scaled: NDArray[np.float64], codes: NDArray[np.int64], count: int
    ) -> Iterator[tuple[NDArray[np.int64], Any]]:
        """Yield the columns that are left, down to ``count``, each time with the model of them."""
        from sklearn.linear_model import LogisticRegression

        blank = LogisticRegression(max_iter=2000) if self.estimator is None else self.estimator
        left = np.arange(scaled.shape[1])
        while True:
            model = clone(blank).fit(scaled[:, left], codes)
            yield left, model
            drop = min(max(1, int(self.step * len(left))), len(left) - count)
            if drop <= 0:
                return
            least_last = np.argsort(-_importance(model), kind="stable")
            left = np.sort(left[least_last[:-drop]])

    def _best_count(self, rows: Training, codes: NDArray[np.int64]) -> int:
        from sklearn.metrics import get_scorer

        binary = codes.max() == 1 and self.metric.startswith("roc_auc")
        scorer = get_scorer("roc_auc" if binary else self.metric)
        scores: dict[int, list[float]] = {}
        for fit, held in grouped_folds(codes, rows.groups, self.folds, self.seed):
            mean, spread = rows.data[fit].mean(axis=0), rows.data[fit].std(axis=0)
            outside = (rows.data[held] - mean) / np.where(spread > 0, spread, 1.0)
            for left, model in self._path(z_scores(rows.data[fit]), codes[fit], 1):
                score = scorer(model, outside[:, left], codes[held])
                scores.setdefault(len(left), []).append(score)
        return min(scores, key=lambda count: (-round(float(np.mean(scores[count])), 12), count))


def _importance(model: Any) -> NDArray[np.float64]:
    """Return the size of each column's weights (over classes), or its importance."""
    found = getattr(model, "coef_", None)
    if found is None:
        found = getattr(model, "feature_importances_", None)
    if found is None:
        raise ModelError(
            f"RFE needs a model with coef_ or feature_importances_; {type(model).__name__} has "
            "neither."
        )
    return np.asarray(np.square(np.atleast_2d(found)).sum(axis=0), dtype=np.float64)
