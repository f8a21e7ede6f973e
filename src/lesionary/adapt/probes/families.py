"""The classifiers that a probe may be: how each is made, and which settings are tried.

A new one is a ``Family`` in ``FAMILIES``: a function that makes a scikit-learn classifier from a
setting, and the space of settings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from lesionary.adapt.probes.rows import Floats, Fold, Rows, Training, folds_of
from lesionary.adapt.probes.space import Log, OneOf, Setting, Share, Space


class Predictor(Protocol):
    """A fitted classifier, of prepared features."""

    def predict_proba(self, X: Floats) -> Floats:
        """Return the probability (n, classes) of each class."""


@dataclass(frozen=True)
class Making:
    """What a classifier is made with, besides its setting."""

    rows: Rows
    seed: int

    @property
    def class_weight(self) -> dict[int, float]:
        """Weight by number of class, as scikit-learn wants it."""
        return dict(enumerate(self.rows.class_weight.tolist()))


@dataclass(frozen=True)
class Family:
    """A kind of classifier.

    Attributes
    ----------
    title : str
        As a person says it.
    make : callable
        From a setting and a :class:`Making` to a scikit-learn classifier, not yet fitted.
    space : mapping
        Of each setting where it may lie.
    trials : int
        Settings tried, unless another number is asked for.
    many : callable, optional
        Yields the held rows' probabilities for many settings at once, where that is cheaper
        than a fit for each.
    weighted : bool
        Whether classes can have weights.
    """

    title: str
    make: Callable[[Setting, Making], Any]
    space: Space
    trials: int
    many: Callable[[Fold, Sequence[Setting]], Iterator[Floats]] | None = None
    weighted: bool = True

    def fit(self, train: Training, setting: Setting, seed: int) -> Predictor:
        """Fit to prepared features."""
        classifier = self.make(setting, Making(train.rows, seed))
        made: Predictor = classifier.fit(train.features, train.rows.code)
        return made

    def held_chances(self, fold: Fold, settings: Sequence[Setting], seed: int) -> Iterator[Floats]:
        """Fit to a fold with each setting; yield probabilities (m, classes) of the held rows."""
        if self.many is not None:
            yield from self.many(fold, settings)
            return
        for setting in settings:
            yield self.fit(fold.train, setting, seed).predict_proba(fold.held_features)


def _logistic(setting: Setting, making: Making) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(
        C=setting["C"],
        max_iter=1000,
        class_weight=making.class_weight,
        random_state=making.seed,
    )


def _elastic_net(setting: Setting, making: Making) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(
        C=setting["C"],
        l1_ratio=setting["l1_ratio"],
        solver="saga",
        tol=1e-3,
        max_iter=1000,
        class_weight=making.class_weight,
        random_state=making.seed,
    )


def _svm(setting: Setting, making: Making) -> Any:
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.svm import SVC

    machine = SVC(
        C=setting["C"],
        kernel=setting["kernel"],
        class_weight=making.class_weight,
        random_state=making.seed,
    )
    # Its margins become probabilities by rows that it was not fitted to, of other patients.
    folds = folds_of(making.rows, 5, making.seed)
    return CalibratedClassifierCV(machine, cv=folds, ensemble=False)


def _forest(setting: Setting, making: Making) -> Any:
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(
        n_estimators=300,
        max_features=setting["max_features"],
        min_samples_leaf=setting["min_samples_leaf"],
        class_weight=making.class_weight,
        random_state=making.seed,
    )


def _boosting(setting: Setting, making: Making) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(
        learning_rate=setting["learning_rate"],
        max_leaf_nodes=setting["max_leaf_nodes"],
        l2_regularization=setting["l2_regularization"],
        max_iter=100,
        max_features=0.3,
        early_stopping=False,
        class_weight=making.class_weight,
        random_state=making.seed,
    )


def _neighbours(setting: Setting, making: Making) -> Any:
    from sklearn.neighbors import KNeighborsClassifier

    k = min(setting["k"], len(making.rows))
    return KNeighborsClassifier(k, metric=setting["metric"], algorithm="brute")


def _many_neighbours(fold: Fold, settings: Sequence[Setting]) -> Iterator[Floats]:
    """Look for the neighbours once a metric; those of a smaller k are the first of them."""
    from sklearn.neighbors import NearestNeighbors

    most = min(max(one["k"] for one in settings), len(fold.train))
    votes = {}
    for metric in {one["metric"] for one in settings}:
        finder = NearestNeighbors(n_neighbors=most, metric=metric, algorithm="brute")
        near = finder.fit(fold.train.features).kneighbors(fold.held_features, return_distance=False)
        code = fold.train.rows.code[near]
        votes[metric] = np.eye(len(fold.held.classes))[code].cumsum(axis=1)
    for setting in settings:
        k = min(setting["k"], most)
        yield votes[setting["metric"]][:, k - 1] / k


STRENGTHS = Log(1e-6, 1e3)
"""C of the linear probe: the published range."""

FAMILIES = {
    "linear": Family("logistic regression", _logistic, {"C": STRENGTHS}, 300),
    "knn": Family(
        "nearest neighbours",
        _neighbours,
        {"metric": OneOf(("cosine", "euclidean")), "k": OneOf(tuple(range(1, 51)))},
        100,
        _many_neighbours,
        weighted=False,
    ),
    "elastic_net": Family(
        "logistic regression, elastic net",
        _elastic_net,
        {"C": Log(1e-4, 1e1), "l1_ratio": Share(0, 1)},
        20,
    ),
    "svm": Family(
        "support vector machine",
        _svm,
        {"kernel": OneOf(("linear", "rbf")), "C": Log(1e-4, 1e2)},
        20,
    ),
    "forest": Family(
        "random forest",
        _forest,
        {"max_features": OneOf(("sqrt", 0.1, 0.3)), "min_samples_leaf": OneOf((1, 3, 10))},
        9,
    ),
    "boosting": Family(
        "gradient boosting",
        _boosting,
        {
            "learning_rate": Log(0.02, 0.3),
            "max_leaf_nodes": OneOf((4, 8, 16, 31)),
            "l2_regularization": Log(1e-3, 1e2),
        },
        10,
    ),
}
