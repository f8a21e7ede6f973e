"""Columns that an L1-penalised logistic regression leaves a weight."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lesionary.adapt.selection.patients import grouped_folds
from lesionary.adapt.selection.selector import Selector, Training, Verdict, z_scores
from lesionary.adapt.selection.target import class_codes
from lesionary.errors import ModelError


class Lasso(Selector):
    """Keep the columns with a weight other than 0 in an L1-penalised logistic regression.

    Columns are z-scored inside. With more than two classes, each is told from the others, and a
    column stays that has a weight in any. The penalty is the one with the least log-loss over
    folds that hold out patients (pass ``groups``), or the strongest within one standard error
    of it.

    Parameters
    ----------
    C : float, optional
        Inverse strength of the penalty, as scikit-learn defines it. Without, it is chosen.
    folds : int
        To choose it with.
    one_se : bool
        Prefer the strongest penalty within a standard error of the best: fewer columns.
    seed : int
    """

    name = "lasso"

    def __init__(
        self, C: float | None = None, folds: int = 5, one_se: bool = False, seed: int = 0
    ) -> None:
        self.C = C
        self.folds = folds
        self.one_se = one_se
        self.seed = seed

    def _judge(self, rows: Training) -> Verdict:
        codes, classes = class_codes(rows.y)
        targets = [
            codes == code for code in (range(1, 2) if len(classes) == 2 else range(len(classes)))
        ]
        if self.C is None:
            self.C_ = self._chosen(rows.data, codes, targets, rows.groups)
        elif self.C > 0:
            self.C_ = self.C
        else:
            raise ModelError(f"The lasso's C is above 0, not {self.C}.")
        scaled = z_scores(rows.data)
        weights = np.max([np.abs(_fitted(scaled, t, self.C_).coef_[0]) for t in targets], axis=0)
        return Verdict(weights > 0, weights, [f"weight 0 at C = {self.C_:.3g}"] * len(rows.names))

    def _chosen(
        self,
        values: NDArray[np.float64],
        codes: NDArray[np.int64],
        targets: list[NDArray[np.bool_]],
        groups: ArrayLike | None,
    ) -> float:
        folds = grouped_folds(codes, groups, self.folds, self.seed)
        scaled = z_scores(values)
        # Below the smallest of these no column has a weight.
        weakest = max(float(np.abs(scaled.T @ (t - t.mean())).max()) for t in targets)
        if weakest == 0:
            raise ModelError("All columns are constant: the lasso has nothing to choose from.")
        strengths = np.geomspace(1.05, 300.0, 12) / weakest
        losses = np.zeros((len(folds), len(strengths)))
        for number, (fit, held) in enumerate(folds):
            mean, spread = values[fit].mean(axis=0), values[fit].std(axis=0)
            spread = np.where(spread > 0, spread, 1.0)
            inside, outside = (values[fit] - mean) / spread, (values[held] - mean) / spread
            for place, strength in enumerate(strengths):
                for target in targets:
                    model = _fitted(inside, target[fit], strength)
                    losses[number, place] += _log_loss(
                        model.decision_function(outside), target[held]
                    )
        mean = losses.mean(axis=0)
        best = int(np.argmin(mean))
        if self.one_se:
            error = losses[:, best].std(ddof=1) / np.sqrt(len(folds))
            best = int(np.argmax(mean <= mean[best] + error))
        return float(strengths[best])


def _log_loss(logit: NDArray[np.float64], target: NDArray[np.bool_]) -> float:
    return float(np.mean(np.logaddexp(0.0, np.where(target, -logit, logit))))


def _fitted(scaled: NDArray[np.float64], target: NDArray[np.bool_], C: float) -> Any:
    from sklearn.linear_model import LogisticRegression

    # scikit-learn 1.8 renamed the argument; liblinear penalises the intercept unless it is scaled.
    named = LogisticRegression().get_params()["penalty"] == "l2"
    l1: dict[str, Any] = {"penalty": "l1"} if named else {"l1_ratio": 1.0}
    model = LogisticRegression(
        solver="liblinear", C=C, intercept_scaling=1000.0, max_iter=2000, random_state=0, **l1
    )
    return model.fit(scaled, target)
