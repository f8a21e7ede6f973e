"""The probes by name."""

from __future__ import annotations

from typing import Any

from lesionary.adapt.probes.families import FAMILIES
from lesionary.adapt.probes.given import Selection
from lesionary.adapt.probes.probe import ClassWeight, Probe
from lesionary.adapt.probes.search import Search
from lesionary.errors import ModelError
from lesionary.spelling import hint


class LinearProbe(Probe):
    """Logistic regression on standardised features: the published linear evaluation.

    Parameters
    ----------
    metric : str
        What the penalty is chosen by.
    search : {"path", "optuna", "spread"}
        ``path`` follows the solution over the whole range of the penalty (C from 1e-6 to 1e3),
        looks between, and fits again where it looks best. ``optuna`` is the published
        procedure (TPE, 300 trials, at most 1,000 steps a fit), with a seed.
    trials, class_weight, selection, folds, seed
        See :class:`~lesionary.adapt.probes.Probe`.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> malignant = np.arange(90) % 2
    >>> features = rng.normal(size=(90, 200)) + 0.4 * malignant[:, None]
    >>> split = np.repeat(["train", "tune", "test"], 30)
    >>> probe = LinearProbe().fit(features, malignant, split=split)
    >>> probe.predict_proba(features[60:]).shape
    (30, 2)
    >>> bool((probe.predict(features[60:]) == malignant[60:]).mean() > 0.9)
    True
    """

    def __init__(
        self,
        *,
        metric: str = "auc",
        search: Search = "path",
        trials: int | None = None,
        class_weight: ClassWeight = None,
        selection: Selection = None,
        folds: int = 5,
        seed: int = 0,
    ) -> None:
        super().__init__(
            "linear",
            metric=metric,
            search=search,
            trials=trials,
            class_weight=class_weight,
            selection=selection,
            folds=folds,
            seed=seed,
        )


class KNNProbe(Probe):
    """Share of each class among the k nearest training rows, by cosine or Euclidean distance."""

    def __init__(self, **options: Any) -> None:
        super().__init__("knn", **options)


class ElasticNetProbe(Probe):
    """Logistic regression with both an absolute and a quadratic penalty."""

    def __init__(self, **options: Any) -> None:
        super().__init__("elastic_net", **options)


class SVMProbe(Probe):
    """Support vector machine; margins become probabilities by rows held out in training."""

    def __init__(self, **options: Any) -> None:
        super().__init__("svm", **options)


class ForestProbe(Probe):
    """Random forest of 300 trees."""

    def __init__(self, **options: Any) -> None:
        super().__init__("forest", **options)


class BoostingProbe(Probe):
    """Gradient boosting on histograms, 100 rounds."""

    def __init__(self, **options: Any) -> None:
        super().__init__("boosting", **options)


def make_probe(family: str, **options: Any) -> Probe:
    """Return a probe by its name: ``linear``, ``knn``, ``elastic_net``, ``svm``, ``forest``, ...

    Examples
    --------
    >>> make_probe("knn", metric="balanced_accuracy")
    Probe(family='knn', metric='balanced_accuracy')
    """
    if family not in FAMILIES:
        raise ModelError(f"There is no probe {family!r}{hint(family, FAMILIES)}.")
    return LinearProbe(**options) if family == "linear" else Probe(family, **options)
